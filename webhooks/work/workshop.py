"""The workshop: opens the database, takes events in, runs the jobs, and says whether all of it works."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from webhooks import journal
from webhooks.analysis import Analyst
from webhooks.github import GitHub, LogAccess
from webhooks.jobs.database import DatabaseRefused, open_engine
from webhooks.jobs.reaper import PACE, Pace
from webhooks.jobs.retention import ENDED
from webhooks.jobs.runtime import Runtime
from webhooks.metrics import Metrics
from webhooks.model import Event
from webhooks.settings import BadSettings, Settings
from webhooks.work import context, flows
from webhooks.work import store as stores
from webhooks.work.receiver import Job, Receiver, repair
from webhooks.work.records import About

_SWEEP = 30.0  # seconds between two looks for deliveries whose job never got into its queue
_ATTEMPTS = 3  # analyses of one commit that nobody asks for: more evidence came after the first
_ROOM = 200 * 1024 * 1024  # bytes on the disk without which no commit is fetched
_WAITING = frozenset({"ENQUEUED", "DELAYED"})


class Workshop:
    """See `webhooks.service.Workshop`."""

    def __init__(self, settings: Settings, metrics: Metrics, github: GitHub | None = None, pace: Pace = PACE) -> None:
        self.settings = settings
        self.metrics = metrics
        self.github = github or _github(settings)
        try:
            settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.engine = open_engine(settings.database_url or settings.data / "deploymend.db")
        except OSError as error:
            raise BadSettings(f"DEPLOYMEND_DATA: {settings.data} can't be used ({error.strerror}).") from None
        except DatabaseRefused as error:
            raise BadSettings(str(error)) from None
        self.store = stores.Store(self.engine)
        self.runtime = Runtime(
            self.engine,
            workers=max(1, settings.workers),
            serializer=flows.SERIALIZER,
            days=settings.retention_days,
            cleanings={"records": stores.clean},
            pace=pace,
        )
        self.receiver = Receiver(self.store, self._enqueue)
        self.analyst = Analyst()
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self, work: bool) -> None:
        """Open the database and, with `work`, take jobs from the queue; `BadSettings` where the database can't be used."""
        context.use(context.Context(self.settings, self.store, self.github, self.metrics, self.analyst))
        try:
            await asyncio.to_thread(self.store.create)
            await asyncio.to_thread(self.runtime.start, work)
            journal.adopt("dbos")
        except DatabaseRefused as error:
            raise BadSettings(str(error)) from None
        self.metrics.watch_jobs(self._states)
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Finish what can be finished in seconds and close everything; what is left goes on after the next start."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        await asyncio.to_thread(self.runtime.stop)
        # DBOS had put its threads in the place of this loop's own, and has ended them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="deploymend-"))
        self.analyst.close()
        context.use(None)
        self.github.close()
        await asyncio.to_thread(self.engine.dispose)

    async def receive(self, delivery: str, event: Event) -> bool:
        """Store an event durably and enqueue its job; see `webhooks.app.Receiver`."""
        return await self.receiver.receive(delivery, event)

    async def ready(self) -> dict[str, str]:
        """Say of each part (database, queue, disk) `ok` or what is wrong."""
        return await asyncio.to_thread(self._parts)

    # --- jobs

    async def _enqueue(self, job: Job) -> bool:
        """Put a job into the lane of its repository; False where that has to be asked again later."""
        match job.flow:
            case "repair":
                return await self._repair(About(**job.about)._replace(prove=self.settings.verify))
            case "recheck":
                await self.runtime.enqueue(flows.recheck, job.id, job.lane, *_in_order(job, "branch", "sha"))
            case "follow":
                given = _in_order(job, "number", "action", "branch", "sha", "merged")
                await self.runtime.enqueue(flows.follow, job.id, job.lane, *given)
            case "obey":
                given = _in_order(job, "number", "comment", "author", "text", "pull")
                await self.runtime.enqueue(flows.obey, job.id, job.lane, *given)
            case "forget":
                await self.runtime.enqueue(flows.forget, job.id, job.lane, job.about["repositories"])
            case _:  # of a later version of the service
                raise KeyError(job.flow)
        return True

    async def _repair(self, about: About) -> bool:
        """Enqueue the job of a commit; one whose job came to nothing gets another for what that had not seen.

        While a job runs, nobody can tell whether it will see what came last: False.
        """
        for attempt in range(about.attempt, _ATTEMPTS + 1):
            job = repair(about._replace(attempt=attempt))
            delay = float(self.settings.settle_seconds)
            if await self.runtime.enqueue(flows.repair, job.id, job.lane, about._replace(attempt=attempt), delay=delay):
                return True
            state, told = await self.runtime.outcome(job.id)
            if state in _WAITING:
                return True  # it reads what was added when it begins
            if state not in ENDED:
                return False
            if told in flows.SETTLED or not await asyncio.to_thread(self.store.unread, about.full_name, about.sha):
                return True
        return True

    async def _sweep(self) -> None:
        older = 0.0  # at the start: what the process before left behind
        while True:
            try:
                await self.receiver.sweep(older)
                await asyncio.to_thread(context.current().tidy_old)
            except (SQLAlchemyError, DatabaseRefused, dbos_error.DBOSException, OSError) as error:
                journal.log("webhooks.work", "sweep failed", error=type(error).__name__)
            older = _SWEEP
            await asyncio.sleep(_SWEEP)

    def _states(self) -> Mapping[str, int]:
        try:
            return self.runtime.counts()._asdict()
        except DatabaseRefused:
            return {}

    def _parts(self) -> dict[str, str]:
        parts = {"database": "ok", "queue": "ok", "disk": "ok"}
        try:
            self.store.ping()
            counts = self.runtime.counts()
            if not counts.workers:
                parts["queue"] = "No worker gives a sign of life."
            elif counts.stranded:
                parts["queue"] = f"{counts.stranded} jobs belong to another version of this service."
        except (SQLAlchemyError, DatabaseRefused):
            parts["database"] = "It does not answer."
        if shutil.disk_usage(self.settings.data).free < _ROOM:
            parts["disk"] = f"There are less than {_ROOM // 1024 // 1024} MB free for the commits that are fetched."
        return parts


def _github(settings: Settings) -> GitHub:
    assert settings.app_id is not None  # the settings are complete, or the service has no workshop
    assert settings.private_key is not None
    owners = dict(owned.split("=", 1) for owned in settings.fly_apps)
    logs = LogAccess(settings.log_hosts, settings.render_api_key, settings.fly_api_token, owners)
    return GitHub(settings.base_url, settings.app_id, settings.private_key, web_url=settings.web_url, logs=logs)


def _in_order(job: Job, *names: str) -> tuple[object, ...]:
    return (job.about["full_name"], job.about["installation"], *(job.about[name] for name in names))
