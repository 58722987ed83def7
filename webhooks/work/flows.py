"""The jobs: in which order the steps run. What happens between two steps is the same each time a job is taken up again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from bot.outside.commits import GitFailed
from webhooks import journal
from webhooks.github import Denied, Failed, Gone, Limited, Refused, Trouble
from webhooks.jobs.serializer import JsonSerializer
from webhooks.jobs.steps import StepTimedOut, pause_until, workflow
from webhooks.work import causes, commands, looking, preparing, proving, publishing, reporting
from webhooks.work.records import About, Asked, Found, Outcome, Place, Verdict

P = ParamSpec("P")
R = TypeVar("R")

_PAUSES = (15.0, 60.0, 300.0, 900.0, 3600.0)  # seconds before the network, or the other side, is tried again
_LIMITS = 50  # rate limits that a job waits out
SETTLED = frozenset({"pull request", "left alone"})  # after these, what else comes of the same failure changes nothing

SERIALIZER = JsonSerializer(
    records=(About, Asked, Place, Found, Outcome, Verdict),
    errors=(Limited, Trouble, Gone, Denied, Refused, GitFailed, StepTimedOut, preparing.NothingKept),
)
_FOR_GOOD = (Failed, GitFailed, StepTimedOut, preparing.NothingKept)  # what `patiently` gives up on


async def patiently(run: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a step; a rate limit is slept out, and what the network or the other side did is tried again after a while.

    The sleep is durable, and no thread waits. What another try won't change is raised.
    """
    return await _tried(_PAUSES, run, *args, **kwargs)


async def _tried(waits: tuple[float, ...], run: Callable[P, Awaitable[R]], *args: P.args, **kwargs: P.kwargs) -> R:
    pauses, limits = list(waits), _LIMITS
    while True:
        try:
            return await run(*args, **kwargs)
        except Limited as error:
            limits -= 1
            if not limits:
                raise
            await pause_until(error.retry_at)
        except (Trouble, StepTimedOut) as error:
            if not pauses:
                raise error
            await pause_until(time.time() + pauses.pop(0))
        except GitFailed as error:
            if not error.passing or not pauses:
                raise
            await pause_until(time.time() + pauses.pop(0))


@workflow("repair")
async def repair(about: About) -> str:
    """From a commit that failed to its pull request: look, gather, prepare, push, offer, report. Returns what came of it."""
    with journal.concerning(job=about.job, delivery=about.delivery):
        return await _repair(about)


async def _repair(about: About) -> str:
    found: Found = Found()
    outcomes: tuple[Outcome, ...] = ()
    try:
        place = await patiently(looking.look, about)
        if not place.refused:
            await _gathered(about, place)
            found, outcomes = await _repaired(about, place)
        told = _told(place, found, outcomes)
        if not place.silent:
            await patiently(reporting.report, about, place, found, outcomes)
        if about.asked is not None:
            await patiently(reporting.reply, about, place, found, outcomes, about.asked)
    except _FOR_GOOD as error:  # nothing can be said on GitHub any more
        told = "trouble"
        journal.log("webhooks.work", "job broke off", reason=str(error))
    await reporting.finish(about, told)
    return told


async def _gathered(about: About, place: Place) -> None:
    """Read the logs; where they can't be had for long, the commit alone is looked at."""
    try:
        await _tried(_PAUSES[:2], looking.gather, about, place)
    except _FOR_GOOD as error:
        journal.log("webhooks.work", "logs not read", reason=str(error))


async def _repaired(about: About, place: Place) -> tuple[Found, tuple[Outcome, ...]]:
    """Analyse, and publish each repair that was found; what fails for good is the job's trouble, said on the commit."""
    try:
        found = await patiently(preparing.prepare, about, place)
    except _FOR_GOOD as error:
        return Found(trouble=str(error)), ()
    if found.trouble or place.foreign:
        return found, ()
    return found, await _published(about, place, found.repairs, about.asked is not None)


async def _published(about: About, place: Place, which: tuple[int, ...], asked: bool) -> tuple[Outcome, ...]:
    return tuple([await _offered(about, place, at, asked) for at in which])


async def _offered(about: About, place: Place, at: int, asked: bool) -> Outcome:
    """Bring one repair into its pull request; what goes wrong with it concerns no other one."""
    try:
        verdict = await patiently(proving.prove, about, place, at) if about.prove else Verdict("", "")
        if verdict.outcome == "refuted":
            return Outcome(at, "kept", why=verdict.why)
        outcome = await patiently(publishing.push, about, place, at, asked)
        if outcome.state == "pushed":
            outcome = await patiently(publishing.offer, about, place, at, asked, outcome.left)
        if outcome.state == "open" and verdict.outcome == "not proven":  # it is offered as simulated
            return outcome._replace(why=f"It could not be verified: {verdict.why}")
        return outcome
    except _FOR_GOOD as error:
        return Outcome(at, "kept", why=str(error))


def _told(place: Place, found: Found, outcomes: tuple[Outcome, ...]) -> str:
    if place.refused:
        return "left alone"
    if found.trouble:
        return "trouble"
    if any(each.state == "open" for each in outcomes):
        return "pull request"
    return "kept" if outcomes else "no repair"


# --- what happened to pull requests and their base


@workflow("recheck")
async def recheck(full_name: str, installation: int, branch: str, sha: str) -> str:
    """After a push: bring our pull requests on top of it, and close those whose cause is gone."""
    told = []
    for number, fingerprint in enumerate(await causes.standing(full_name, branch)):
        about = About(full_name, installation, sha, -1 - number, branch=branch)
        try:
            place = await patiently(looking.look, about)
            told.append(await _rechecked(about, place, fingerprint))
        except _FOR_GOOD as error:
            told.append("trouble")
            journal.log("webhooks.work", "job broke off", reason=str(error))
        await reporting.finish(about, told[-1])
    return ", ".join(told)


async def _rechecked(about: About, place: Place, fingerprint: str) -> str:
    if place.refused or place.base != about.branch:
        return "left alone"
    await causes.evidence(about, fingerprint)
    found = await patiently(preparing.prepare, about, place)
    if found.trouble or found.unreadable:
        return "trouble"
    if fingerprint not in found.causes:
        reason = f"at {place.head[:7]} nothing of it is left."
        await patiently(causes.end, about, fingerprint, reason)
        return "closed"
    which = await causes.which(about, fingerprint)
    if which is None:
        return "kept"
    outcomes = await _published(about, place, (which,), False)
    return outcomes[0].state


@workflow("follow")
async def follow(full_name: str, installation: int, number: int, action: str, branch: str, sha: str, merged: bool) -> str:
    """After something was done to a pull request of ours by somebody else: remember it."""
    try:
        return await patiently(causes.follow, full_name, installation, number, action, branch, sha, merged)
    except _FOR_GOOD as error:
        journal.log("webhooks.work", "job broke off", reason=str(error))
        return "trouble"


@workflow("forget")
async def forget(repositories: list[str]) -> None:
    """After the App was taken out of repositories: forget all that is known of them."""
    await causes.forget(repositories)


# --- what people ask for


@workflow("obey")
async def obey(full_name: str, installation: int, number: int, comment: int, author: str, text: str, pull: bool) -> str:
    """Carry out a command of a comment, if its author may write to the repository; else nothing is said."""
    asked = Asked(number, comment, author, text)
    try:
        if not await patiently(commands.allowed, full_name, installation, asked):
            return "not allowed"
        wanted = await patiently(commands.carry_out, full_name, installation, asked, pull)
    except _FOR_GOOD as error:  # as when the comment was deleted meanwhile
        journal.log("webhooks.work", "job broke off", reason=str(error))
        return "trouble"
    if wanted is None:
        return "answered"
    with journal.concerning(job=wanted.job):
        return await _repair(wanted)
