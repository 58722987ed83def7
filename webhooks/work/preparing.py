"""The step between evidence and repair: fetch one commit without a checkout, and analyse it in a child process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.engine.model.tree import Change as Changed
from bot.evidence.redaction import redact
from bot.outside.commits import Store
from webhooks.analysis import Analysis, Change, Repair, Request, Told, model
from webhooks.github import FETCH
from webhooks.jobs.steps import step
from webhooks.model import Failure
from webhooks.work.context import Context, current
from webhooks.work.records import About, Found, Place


class NothingKept(Exception):
    """The analysis of a job is not there: the database lost it, or it was cleaned away. The job has to begin again."""


@step("prepare", seconds=1800, heavy=True)
async def prepare(about: About, place: Place) -> Found:
    """Analyse the commit that a repair would go on top of, and keep what came of it for the steps behind."""
    context = current()
    analysis = await _analysed(context, about, place)
    await asyncio.to_thread(lambda: context.store.keep(about.job, analysis=model.dump(analysis).decode("ascii")))
    meant = tuple(at for at, repair in enumerate(analysis.repairs) if repair.meant)
    return Found(meant, analysis.causes, redact(analysis.trouble or ""), analysis.unreadable)


async def _analysed(context: Context, about: About, place: Place) -> Analysis:
    objects = await base(context, about, place)  # it may be there; files that are missing in it are asked for
    access = await context.access(about.installation, about.full_name, FETCH)
    log, _ = await asyncio.to_thread(context.store.kept, about.job)
    failures = await asyncio.to_thread(context.store.failures, about.full_name, about.sha)
    request = Request(objects.folder, place.head, log, None, context.settings.unsafe, _told(about, failures))

    async def fetch(wanted: tuple[str, ...]) -> None:
        await objects.want(access, wanted, place.head)

    return await context.analyst.analyse(request, fetch)


def _told(about: About, failures: Sequence[Failure]) -> Told:
    """Return what GitHub told of the failure: of several signals the one with a page, a job before a whole run."""
    order = ("workflow_job", "check_run", "deployment_status", "status", "workflow_run", "check_suite")
    best = min(failures, key=lambda each: (each.url is None, order.index(each.source)), default=None)
    return Told(about.full_name, best.name if best else "", (best.url or "") if best else "")


async def kept(context: Context, about: About) -> Analysis:
    """Return the analysis that a job has kept; raises `NothingKept`."""

    def read() -> Analysis | None:
        _, found = context.store.kept(about.job)
        return None if found is None else model.load(found.encode("ascii"))  # it may be large: not on the event loop

    analysis = await asyncio.to_thread(read)
    if analysis is None:
        raise NothingKept(f"The analysis of {about.job} is gone.")
    return analysis


async def base(context: Context, about: About, place: Place) -> Store:
    """Return a job's object store with the commit that a repair goes on top of, fetched again where it is missing."""
    objects = context.objects(about.job)
    if not objects.holds(place.head):
        await objects.fetch(await context.access(about.installation, about.full_name, FETCH), place.head)
    return objects


def edits(changes: Sequence[Change]) -> list[Changed]:
    """Return changes as the object store writes them."""
    return [Changed(each.path, each.old, b"", each.content, each.executable) for each in changes]


def pushable(repair: Repair, workflows: bool) -> tuple[tuple[Change, ...], tuple[tuple[str, str], ...]]:
    """Return the changes that may be pushed, and the paths with the patches of those that only a person can make."""
    may = tuple(each for each in repair.changes if workflows or not each.workflow)
    left = tuple((each.path, each.patch) for each in repair.changes if each not in may)
    return may, left
