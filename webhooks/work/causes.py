"""The steps around causes that have a pull request already: what became of it, and its end."""

from __future__ import annotations

import asyncio

from bot.report.pull_request import replies
from webhooks.github import Pull, marker
from webhooks.jobs.steps import step
from webhooks.work import preparing
from webhooks.work.context import Context, current
from webhooks.work.records import About
from webhooks.work.store import Cause


@step("standing", seconds=60)
async def standing(full_name: str, branch: str) -> list[str]:
    """Return the fingerprints of the causes with an open pull request on a base."""
    found = await asyncio.to_thread(current().store.open_causes, full_name, branch)
    return [cause.fingerprint for cause in found]


@step("evidence", seconds=60)
async def evidence(about: About, fingerprint: str) -> None:
    """Keep the log by which a cause became known for another analysis of it."""
    store = current().store
    cause = await asyncio.to_thread(store.cause, about.full_name, fingerprint, about.branch)
    await asyncio.to_thread(lambda: store.keep(about.job, log=cause.log if cause else ""))


@step("which", seconds=60)
async def which(about: About, fingerprint: str) -> int | None:
    """Return which of the repairs of an analysis answers a cause."""
    repairs = (await preparing.kept(current(), about)).repairs
    return next((at for at, each in enumerate(repairs) if each.fingerprint == fingerprint), None)


@step("end", seconds=120)
async def end(about: About, fingerprint: str, reason: str) -> None:
    """Close the pull request of a cause that is gone, with the reason, and remember it."""
    context = current()
    cause = await asyncio.to_thread(context.store.cause, about.full_name, fingerprint, about.branch)
    if cause is None:
        return
    if cause.number:
        close = context.installation(about.installation).close_pull
        mark = marker("closed", fingerprint)
        await asyncio.to_thread(close, about.full_name, cause.number, replies.closed(reason), mark)
    await asyncio.to_thread(context.store.put, cause._replace(state="gone"))


@step("follow", seconds=120)
async def follow(full_name: str, installation: int, number: int, action: str, branch: str, sha: str, merged: bool) -> str:
    """Remember what somebody did to a pull request of ours; their commits on it are told of once.

    Deliveries come late, twice and out of order: what counts is how the pull request stands now, and the newest of the branch.
    """
    context = current()
    cause = await asyncio.to_thread(context.store.cause_of, full_name, branch)
    client = context.installation(installation)
    pull = await asyncio.to_thread(client.find_pull, full_name, branch) if cause else None
    if cause is None or pull is None or not pull.ours:
        return "unknown"
    if action == "synchronize" and pull.state == "open" and not await asyncio.to_thread(context.store.is_ours, full_name, sha):
        cause = cause._replace(state="hands-off", number=pull.number)
        await say_hands_off(context, full_name, installation, cause)
    cause = seen(cause, pull, context.github.login)
    await asyncio.to_thread(context.store.put, cause)
    return cause.state


async def say_hands_off(context: Context, full_name: str, installation: int, cause: Cause) -> None:
    """Say once on a cause's pull request, where it has one, that its branch is somebody else's now."""
    if cause.number:
        text, mark = replies.foreign_commits(), marker("hands-off", cause.fingerprint)
        say = context.installation(installation).ensure_comment
        await asyncio.to_thread(say, full_name, cause.number, text, mark)


def seen(cause: Cause, pull: Pull, login: str) -> Cause:
    """Return a cause with what GitHub shows of its pull request; what we ourselves (`login`) closed is not a person's no."""
    cause = cause._replace(number=pull.number, url=pull.url)
    if pull.merged:
        return cause._replace(state="merged")
    if pull.state == "open":
        return cause._replace(state="open") if cause.state in ("closed", "merged", "gone") else cause
    if cause.state == "open" and pull.closed_by != login:
        return cause._replace(state="closed")
    return cause


@step("forget", seconds=120)
async def forget(repositories: list[str]) -> None:
    """Delete all that is known of repositories."""
    await asyncio.to_thread(current().store.forget, repositories)
