"""What people ask for in comments: `/deploymend fix | retry | verify | ignore | explain NAME`."""

from __future__ import annotations

import asyncio

from bot.report.pull_request import replies
from webhooks.events import OUR_BRANCHES
from webhooks.github import Installation, Pull, marker
from webhooks.jobs.steps import step
from webhooks.work.context import Context, current
from webhooks.work.records import About, Asked


@step("allowed", seconds=120)
async def allowed(full_name: str, installation: int, asked: Asked) -> bool:
    """Say whether the author of a command may write to the repository; if so, the comment gets a reaction first."""
    client = current().installation(installation)
    if await asyncio.to_thread(client.permission, full_name, asked.author) not in ("admin", "write"):
        return False
    await asyncio.to_thread(client.react, full_name, asked.comment, "eyes")
    return True


@step("carry out", seconds=120)
async def carry_out(full_name: str, installation: int, asked: Asked, pull: bool) -> About | None:
    """Answer a command that needs no analysis; return what is to be repaired for one that does."""
    context = current()
    client = context.installation(installation)
    wanted = replies.parse(asked.command)
    if wanted is None:
        return None
    asked = asked._replace(command=wanted.word)
    match wanted.command.name if wanted.command else "":
        case "fix" | "retry":
            return await asyncio.to_thread(_about, client, full_name, installation, asked, pull, False)
        case "verify":
            return await asyncio.to_thread(_about, client, full_name, installation, asked, pull, True)
        case "ignore":
            text = await asyncio.to_thread(_ignored, context, client, full_name, asked, pull)
        case "explain":
            text = replies.explain(wanted.argument)
        case _:
            text = replies.unknown(wanted.word)
    await asyncio.to_thread(client.ensure_comment, full_name, asked.number, text, marker("answer", str(asked.comment)))
    return None


def _about(client: Installation, full_name: str, installation: int, asked: Asked, pull: bool, prove: bool) -> About:
    """Return what a command is about: the base of a pull request of ours, the head of another one, else the default branch."""
    about = About(full_name, installation, "", asked.comment, asked, prove=prove)
    branch = client.repository(full_name).default_branch
    if pull:
        found = client.pull(full_name, asked.number)
        if found.ours or found.head.startswith(OUR_BRANCHES):
            branch = found.base
        elif _is_here(client, full_name, found):
            branch = found.head
        else:
            return about._replace(sha=found.head_sha, foreign=True)
    return about._replace(sha=client.branch_head(full_name, branch) or "", branch=branch)


def _is_here(client: Installation, full_name: str, pull: Pull) -> bool:
    """Say whether the head of a pull request is a branch of the repository itself."""
    return client.branch_head(full_name, pull.head) == pull.head_sha


def _ignored(context: Context, client: Installation, full_name: str, asked: Asked, pull: bool) -> str:
    """Ignore the cause of a pull request of ours from now on, and close it."""
    found = client.pull(full_name, asked.number) if pull else None
    cause = context.store.cause_of(full_name, found.head) if found and found.ours else None
    if cause is None:
        return replies.refused("ignore", "This is no pull request of a repair.")
    context.store.put(cause._replace(state="ignored"))
    client.close_pull(full_name, asked.number, replies.ignored(), marker("answer", str(asked.comment)))
    return replies.ignored()
