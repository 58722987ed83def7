"""The steps with an effect outside: a branch, its pull request, and what keeps us from making one.

Each looks before it writes: cut at any point and run again, it ends with the same branch and the same pull request.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from bot.outside.commits import Access, Author, GitFailed
from bot.report import pull_request as words
from webhooks.analysis import Repair
from webhooks.github import PUSH, PUSH_WORKFLOWS, covers, marker
from webhooks.jobs.steps import step
from webhooks.work import causes, names, preparing
from webhooks.work.context import Context, current
from webhooks.work.records import About, Outcome, Place
from webhooks.work.store import Cause, State

_FAILED = 2  # repairs of one cause that did not help, after which there is no third
_SUMMARY = 60_000  # characters of a log that are kept with a cause


class _Foreign(Exception):
    """There are commits of somebody else on the branch of a repair."""


class _Made(NamedTuple):
    """A repair that is ready to be pushed: its commit, and what could not be put into it."""

    sha: str
    left: tuple[str, ...]
    workflows: bool  # the commit changes a workflow


@step("push", seconds=600)
async def push(about: About, place: Place, at: int, asked: bool) -> Outcome:
    """Bring a repair's commit onto its branch, unless a person or a rule of ours is against it.

    `asked`: a person wants it, so what was closed or ignored before counts no more.
    """
    context = current()
    repair = (await preparing.kept(context, about)).repairs[at]
    branch = names.branch(repair.fingerprint, place.base, place.default)
    known = await asyncio.to_thread(context.store.cause, about.full_name, repair.fingerprint, place.base)
    cause = known or Cause(about.full_name, repair.fingerprint, place.base, "open", branch)
    pull = await asyncio.to_thread(context.installation(about.installation).find_pull, about.full_name, branch)
    if pull is not None and pull.ours:  # a delivery that told of it may have been lost
        cause = causes.seen(cause, pull, context.github.login)
        if pull.merged:  # the cause is there again: that repair did not help
            cause = await asyncio.to_thread(context.store.did_not_help, cause, pull.head_sha)
    if asked and cause.state in ("closed", "ignored", "gone"):
        cause = await asyncio.to_thread(context.store.forgive, cause._replace(state="open"))
    why, left = _against(cause, asked), tuple[str, ...]()
    if not why:
        made = await _made(context, about, place, repair)
        if made is None:
            why = "All that it changes are workflows, which this App may not write."
            left = tuple(each.path for each in repair.changes)
        else:
            left = made.left
            try:
                why = await _pushed(context, about, place, branch, made)
            except _Foreign:
                cause = cause._replace(state="hands-off")
                await causes.say_hands_off(context, about.full_name, about.installation, cause)
                why = _against(cause, asked)
    log, _ = await asyncio.to_thread(context.store.kept, about.job)
    cause = cause._replace(branch=branch, log=log[-_SUMMARY:] or cause.log)
    await asyncio.to_thread(context.store.put, cause)
    if why:
        return Outcome(at, "kept", cause.number, cause.url, why, left)
    return Outcome(at, "pushed", cause.number, cause.url, left=left)


def _against(cause: Cause, asked: bool) -> str:
    """Return why nothing is pushed for a cause; empty where nothing is against it."""
    if cause.state == "closed":
        return "Its pull request was closed: nothing is done about this cause until it changes."
    if cause.state == "ignored":
        return "It was asked for that this cause is ignored."
    if cause.state == "hands-off":
        return "There are commits of somebody else on the branch of its pull request, which is not touched any more."
    if len(cause.failed) >= _FAILED and not asked:
        return f"{len(cause.failed)} repairs of this cause were tried and did not help: it needs a person."
    return ""


async def _made(context: Context, about: About, place: Place, repair: Repair) -> _Made | None:
    """Make the commit; the same repair on the same base is the same commit."""
    granted = await asyncio.to_thread(context.github.granted, about.installation)
    may = covers(granted.permissions, PUSH_WORKFLOWS)
    changes, left = preparing.pushable(repair, may)
    if not changes:
        return None
    objects = await preparing.base(context, about, place)
    author = await _author(context, about)
    sha = await objects.write(place.head, preparing.edits(changes), repair.commit_message, author)
    return _Made(sha, tuple(path for path, _ in left), any(each.workflow for each in changes))


async def _author(context: Context, about: About) -> Author:
    identity = await asyncio.to_thread(context.installation(about.installation).author)
    return Author(identity.login, identity.email)


async def _pushed(context: Context, about: About, place: Place, branch: str, made: _Made) -> str:
    """Push; return why not, empty where the branch is as it should be. Raises `_Foreign`."""
    access = await context.access(about.installation, about.full_name, PUSH_WORKFLOWS if made.workflows else PUSH)
    objects = context.objects(about.job)
    now = await asyncio.to_thread(context.installation(about.installation).branch_head, about.full_name, branch)
    try:
        return await _pushed_onto(context, about, place, branch, made, access, now)
    except GitFailed as error:
        if error.passing:
            raise
        if error.kind != "rejected":
            return f"GitHub did not take the commit: {error}"
    now = await objects.branch_head(access, branch)  # the API may tell of a moment ago; git itself knows
    try:
        return await _pushed_onto(context, about, place, branch, made, access, now)
    except GitFailed as error:
        if error.passing:
            raise
        return f"GitHub did not take the commit: {error}"


async def _pushed_onto(
    context: Context, about: About, place: Place, branch: str, made: _Made, access: Access, now: str | None
) -> str:
    """Push onto a branch that stands at `now`, unless somebody else was there; see `_pushed`."""
    store, objects = context.store, context.objects(about.job)
    if now == made.sha:
        await asyncio.to_thread(store.pushed, about.full_name, branch, made.sha)
        return ""
    if now is not None:
        own = (await _author(context, about)).email
        commits = await objects.history(access, branch, place.head)
        if any({commit.author_email, commit.committer_email} != {own} for commit in commits):
            raise _Foreign
    most = context.settings.pushes_per_day
    if await asyncio.to_thread(store.pushes, about.full_name, branch, made.sha) >= most:
        return f"There were {most} pushes to its branch within a day: there is none for now."
    await asyncio.to_thread(store.pushed, about.full_name, branch, made.sha)  # ours, also if we are cut right here
    await objects.push(access, branch, made.sha, now)
    return ""


@step("pull request", seconds=120)
async def offer(about: About, place: Place, at: int, asked: bool, left: tuple[str, ...]) -> Outcome:
    """Open the pull request of a branch that was pushed, or bring its title and body up to date.

    `left` are the paths of what could not be pushed.
    """
    context = current()
    repair = (await preparing.kept(context, about)).repairs[at]
    branch = names.branch(repair.fingerprint, place.base, place.default)
    installation = context.installation(about.installation)
    body = words.without_workflows(repair.body, [(each.path, each.patch) for each in repair.changes if each.path in left])
    mark = marker("cause", repair.fingerprint)
    pull = await asyncio.to_thread(installation.ensure_pull, about.full_name, branch, place.base, repair.title, body, mark)
    if pull.state != "open" and asked and pull.ours and not pull.merged:
        pull = await asyncio.to_thread(installation.reopen_pull, about.full_name, pull.number)
    cause = await asyncio.to_thread(context.store.cause, about.full_name, repair.fingerprint, place.base)
    cause = cause or Cause(about.full_name, repair.fingerprint, place.base, "open", branch)
    state: State = "open" if pull.state == "open" else "closed"
    await asyncio.to_thread(context.store.put, cause._replace(state=state, number=pull.number, url=pull.url))
    if pull.state != "open":
        return Outcome(at, "kept", pull.number, pull.url, "Its pull request was closed.")
    manual = tuple(f"make the change of {path} by hand: this App may not write workflows" for path in left)
    return Outcome(at, "open", pull.number, pull.url, "", manual)
