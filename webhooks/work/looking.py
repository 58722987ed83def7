"""The first steps of a job: where a repair would go, and what the logs say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from bot.outside.commits import GitFailed
from webhooks import journal
from webhooks.github import Denied, Failed, Gone, Installation, Refused
from webhooks.github.excerpt import clean
from webhooks.jobs.steps import step
from webhooks.model import Failure
from webhooks.work import preparing
from webhooks.work.context import current
from webhooks.work.records import About, Place

LARGEST = 2_000_000  # kilobytes: a repository that GitHub counts as larger is left alone
_LOG = 400_000  # characters of one log that are kept, its end
_LOGS = 8  # logs of one commit that are read


@step("look", seconds=120)
async def look(about: About) -> Place:
    """Return where a repair of a failed commit would go: on the branch that failed, else on the default one."""
    context = current()
    await asyncio.to_thread(context.store.keep, about.job)  # from here on, a push concerns this job
    installation = context.installation(about.installation)
    failures = await asyncio.to_thread(context.store.failures, about.full_name, about.sha)
    place = await asyncio.to_thread(_place, installation, about, failures)
    if place.refused:
        journal.log("webhooks.work", "left alone", reason=place.refused)
    return place


def _place(installation: Installation, about: About, failures: list[Failure]) -> Place:
    try:
        info = installation.repository(about.full_name)
    except Gone:
        return Place("The repository is not there any more.", silent=True)
    if info.full_name.lower() != about.full_name.lower():
        return Place("The repository has another name now.", silent=True)  # under which its next failure is told
    if info.archived or info.disabled:
        return Place("The repository is archived: nothing can be written to it.", silent=True)
    if info.size > LARGEST:
        return Place(f"The repository is too large to be looked at ({info.size // 1000:,} MB).", default=info.default_branch)
    if about.foreign or (failures and all(failure.foreign for failure in failures)):
        return Place(base="", head=about.sha, default=info.default_branch, foreign=True)
    branches = [failure.branch for failure in failures if failure.branch]
    for base in dict.fromkeys((about.branch, *branches, info.default_branch)):
        if not base:
            continue
        head = installation.branch_head(about.full_name, base)
        if head is not None:
            return Place(base=base, head=head, default=info.default_branch)
    return Place("The repository is empty.", silent=True)


@step("gather", seconds=300)
async def gather(about: About, place: Place) -> int:
    """Read the logs of all that failed at a commit and keep them for the analysis; returns how many there were.

    Where nothing failed at it, the logs by which the causes on its branch became known are taken. What is kept has passed the
    redactor. A log that is gone, or that we may not read, is no reason to give up.
    """
    context = current()
    failures = await asyncio.to_thread(context.store.failures, about.full_name, about.sha)
    fetching = asyncio.create_task(_fetched(about, place))
    try:
        reading = partial(_texts, context.installation(about.installation), about.full_name, failures)
        texts = await asyncio.to_thread(lambda: list(reading()))
        await fetching
    finally:
        fetching.cancel()
    if not failures and about.branch:
        causes = await asyncio.to_thread(context.store.causes_on, about.full_name, about.branch)
        texts = [cause.log for cause in causes if cause.log]
    await asyncio.to_thread(lambda: context.store.keep(about.job, log="\n".join(texts)))
    await asyncio.to_thread(context.store.read, failures)
    return len(texts)


async def _fetched(about: About, place: Place) -> None:
    """Fetch the commit meanwhile; what goes wrong is told by the step that needs it."""
    with contextlib.suppress(GitFailed, Failed):
        await preparing.base(current(), about, place)


def _texts(installation: Installation, full_name: str, failures: list[Failure]) -> Iterator[str]:
    """Yield what each failure says, and then its log; one log only once, however many signals lead to it."""
    jobs: set[int] = set()
    read = 0
    for failure in failures:
        if failure.source == "check_run":
            yield from _tried(partial(installation.check_text, full_name, failure.identity))
        elif failure.text:
            yield clean(failure.text)
    for failure in failures:
        for job in _jobs(installation, full_name, failure):
            if job not in jobs and read < _LOGS:
                jobs.add(job)
                read += 1
                yield from _tried(partial(installation.job_log, full_name, job))
        if failure.log_url and read < _LOGS and not installation.job_of(full_name, failure.log_url):
            read += 1
            yield from _tried(partial(installation.deployment_log, full_name, failure.log_url, failure.sha))


def _jobs(installation: Installation, full_name: str, failure: Failure) -> list[int]:
    """Return the jobs of GitHub Actions that a failure is about."""
    if failure.source == "workflow_job":
        return [failure.identity]
    found: list[int] = []
    try:
        if failure.source == "workflow_run":
            found = [job.id for job in installation.run_jobs(full_name, failure.identity)]
        elif failure.source == "check_suite":
            pages = [check.url for check in installation.failed_checks(full_name, failure.identity)]
            found = [page.job for url in pages if (page := installation.job_of(full_name, url)) and page.job]
        else:
            page = installation.job_of(full_name, failure.log_url or failure.url or "")
            if page and page.job:
                found = [page.job]
            elif page:
                found = [job.id for job in installation.run_jobs(full_name, page.run)]
    except (Gone, Denied, Refused):
        return []
    return found


def _tried(read: Callable[[], str]) -> Iterator[str]:
    try:
        text = read()
    except (Gone, Denied, Refused):
        return
    if text.strip():
        yield text[-_LOG:]
