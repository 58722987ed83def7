"""Takes events in: remembers each delivery together with the job that it asks for, then puts that job into its queue.

The order makes it safe to be cut anywhere: what is remembered and not queued is queued by `sweep`, and a job that is there
already is not made twice, since its id says what it is about.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, assert_never

from sqlalchemy.exc import SQLAlchemyError

from webhooks import journal
from webhooks.app import Unavailable
from webhooks.events import OUR_BRANCHES
from webhooks.jobs.database import DatabaseRefused
from webhooks.model import Commented, Event, Failure, Installed, PullChanged, Pushed, Repository
from webhooks.work.records import About
from webhooks.work.store import Store, Taken

_GRACE = 30.0  # seconds that a delivery may take from the table to the queue


class Job(NamedTuple):
    """One run of a flow. `lane` is the repository: of one lane only one job runs at a time."""

    flow: str  # repair, recheck, follow, obey, forget
    id: str
    lane: str
    about: dict[str, Any]  # what the flow is given, by its parameters; JSON


class Receiver:
    """What stands behind the webhook.

    `enqueue` sees to a job and may be called again for the same one; it says whether all is done, or to ask again later.
    """

    def __init__(self, store: Store, enqueue: Callable[[Job], Awaitable[bool]]) -> None:
        self.store = store
        self.enqueue = enqueue

    async def receive(self, delivery: str, event: Event) -> bool:
        """Remember an event durably and see to its job; the same delivery again changes nothing and is answered False.

        Raises `Unavailable` when the database does not answer.
        """
        try:
            job, taken = await asyncio.to_thread(self._taken, delivery, event)
            if job is not None and taken.news:
                await self._queue(delivery, job)
        except (SQLAlchemyError, DatabaseRefused) as error:
            raise Unavailable(f"The database does not answer ({type(error).__name__}).") from None
        return taken.delivery

    async def sweep(self, older: float = _GRACE) -> int:
        """Queue what was remembered `older` seconds ago and never queued; returns how many jobs that were."""
        waiting = await asyncio.to_thread(self.store.waiting, older)
        for delivery, job in waiting:
            try:
                await self._queue(delivery, Job(**job))
            except (TypeError, KeyError) as error:  # another version wrote it: one that can't be read must not hold up the rest
                with journal.concerning(delivery=delivery):
                    journal.log("webhooks.work", "delivery not understood", level=logging.ERROR, error=type(error).__name__)
                await asyncio.to_thread(self.store.queued, delivery)
        return len(waiting)

    async def _queue(self, delivery: str, job: Job) -> None:
        if await self.enqueue(job):
            await asyncio.to_thread(self.store.queued, delivery)

    def _taken(self, delivery: str, event: Event) -> tuple[Job | None, Taken]:
        job = self._job(delivery, event)
        if job is None:
            return None, Taken(True, False)
        return job, self.store.take(delivery, job._asdict(), event if isinstance(event, Failure) else None)

    def _job(self, delivery: str, event: Event) -> Job | None:
        """Return the job that an event asks for; None when it concerns nothing that is known."""
        match event:
            case Failure():
                return self._of_failure(delivery, event)
            case Pushed(repository=repository):
                if event.branch.startswith(OUR_BRANCHES) or not self._concerned(repository.full_name, event.branch):
                    return None
                return Job(
                    "recheck",
                    f"{repository.full_name}@{event.sha}:{delivery}",
                    repository.full_name,
                    {**_where(repository), "branch": event.branch, "sha": event.sha},
                )
            case PullChanged(repository=repository):
                if self.store.cause_of(repository.full_name, event.branch) is None:
                    return None
                names = ("number", "action", "branch", "sha", "merged")
                about = _where(repository) | {name: getattr(event, name) for name in names}
                return Job("follow", f"{repository.full_name}#{event.number}:{delivery}", repository.full_name, about)
            case Commented(repository=repository):
                names = ("number", "comment", "author", "text", "pull")
                about = _where(repository) | {name: getattr(event, name) for name in names}
                return Job("obey", f"{repository.full_name}#comment:{event.comment}", repository.full_name, about)
            case Installed():
                if event.action not in ("deleted", "removed") or not event.repositories:
                    return None
                about = {"repositories": list(event.repositories)}
                return Job("forget", f"installation:{event.installation}:{delivery}", event.repositories[0], about)
            case _:
                assert_never(event)

    def _concerned(self, full_name: str, branch: str) -> bool:
        """Say whether new commits on a branch can matter: a repair stands on it, or a job is about to make one."""
        return bool(self.store.open_causes(full_name, branch)) or self.store.busy(full_name)

    def _of_failure(self, delivery: str, failure: Failure) -> Job | None:
        """Return the one job of a commit; what fails on a branch of ours says that the repair there did not help."""
        repository = failure.repository
        if failure.branch is not None and failure.branch.startswith(OUR_BRANCHES):
            cause = self.store.cause_of(repository.full_name, failure.branch)
            if cause is not None and self.store.is_ours(repository.full_name, failure.sha):
                self.store.did_not_help(cause, failure.sha)
            return None
        if failure.branch is None and self.store.is_ours(repository.full_name, failure.sha):
            return None
        return repair(About(repository.full_name, repository.installation, failure.sha, delivery=delivery))


def repair(about: About) -> Job:
    """Return the job that repairs a repository at a commit."""
    return Job("repair", about.job, about.full_name, about._asdict())


def _where(repository: Repository) -> dict[str, Any]:
    return {"full_name": repository.full_name, "installation": repository.installation}
