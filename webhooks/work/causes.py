"""The steps around causes that have a pull request already: what became of it, and its end."""

from __future__ import annotations

import asyncio

from bot.report.pull_request import replies
from webhooks.github import marker
from webhooks.jobs.steps import step
from webhooks.work import preparing
from webhooks.work.context import current
from webhooks.work.records import About
from webhooks.work.store import State


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
async def end(about: About, fingerprint: str, reason: str, state: State) -> None:
    """Close a cause's pull request with the reason, and remember why."""
    context = current()
    cause = await asyncio.to_thread(context.store.cause, about.full_name, fingerprint, about.branch)
    if cause is None:
        return
    if cause.number:
        close = context.installation(about.installation).close_pull
        mark = marker("closed", fingerprint)
        await asyncio.to_thread(close, about.full_name, cause.number, replies.closed(reason), mark)
    await asyncio.to_thread(context.store.put, cause._replace(state=state))


@step("follow", seconds=120)
async def follow(full_name: str, installation: int, number: int, action: str, branch: str, sha: str, merged: bool) -> str:
    """Remember what somebody did to a pull request of ours; their commits on it are told of once."""
    context = current()
    cause = await asyncio.to_thread(context.store.cause_of, full_name, branch)
    if cause is None:
        return "unknown"
    state: State = cause.state
    match action:
        case "closed":
            state = "merged" if merged else "closed" if cause.state == "open" else cause.state
        case "reopened":
            state = "open"
        case _ if not await asyncio.to_thread(context.store.is_ours, full_name, sha):
            state = "hands-off"
            text, mark = replies.foreign_commits(), marker("hands-off", cause.fingerprint)
            say = context.installation(installation).ensure_comment
            await asyncio.to_thread(say, full_name, number, text, mark)
    await asyncio.to_thread(context.store.put, cause._replace(state=state, number=number))
    return state


@step("forget", seconds=120)
async def forget(repositories: list[str]) -> None:
    """Delete all that is known of repositories."""
    await asyncio.to_thread(current().store.forget, repositories)
