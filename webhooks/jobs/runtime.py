"""The process's part in the jobs: starting, taking jobs or only handing them in, stopping without loss."""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, EnqueueOptions
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from webhooks.jobs import logs, retention
from webhooks.jobs.database import jobs_table, keep_order, prepare, refused
from webhooks.jobs.reaper import PACE, TABLES, WORKERS, Pace, Reaper
from webhooks.jobs.retention import Cleaning
from webhooks.jobs.serializer import JsonSerializer, refuse_pickle
from webhooks.jobs.steps import RUNNING

log = logging.getLogger(__name__)

NAME = "deploymend"
QUEUE = "jobs"
VERSION = "1"  # of the order of steps, not of the code: raising it strands what is in flight, see `workflow`
_WAITING = 8  # jobs a worker holds for each heavy step that it may run: most of a job is waiting for others


class Counts(NamedTuple):
    """How many jobs there are in each state."""

    queued: int
    running: int
    given_up: int  # their process died too often
    stranded: int  # of another version of the order of steps, and no process that could go on with them
    workers: int  # processes that give signs of life


class Runtime:
    """One for each process; all processes on one database share its jobs.

    Workflows are registered by being imported before `start`. Jobs with the same lane run one after the other, in the order of
    their coming, over all processes.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        workers: int = 2,
        serializer: JsonSerializer | None = None,
        days: int = retention.LEAST,
        cleanings: Mapping[str, Cleaning] | None = None,
        pace: Pace = PACE,
        version: str = VERSION,
    ):
        """`workers` is how many heavy steps run here at once; `cleanings` are done with the nightly retention of `days`."""
        self.engine = engine
        self.workers = workers
        self.serializer = serializer or JsonSerializer()
        self.days = days
        self.cleanings = dict(cleanings or {})
        self.pace = pace
        self.version = version
        self.executor = ""
        self._reaper: Reaper | None = None

    def start(self, listen: bool = True) -> None:
        """Take part: hand jobs in, and with `listen` also work on them. Returns when both are possible.

        Not to be called on an event loop (use asyncio.to_thread): the jobs get a loop of their own, beside the web server's.
        Raises DatabaseRefused.
        """
        if self._reaper is not None:
            raise RuntimeError("The runtime was started already.")
        logs.quieten()
        refuse_pickle()
        prepare(self.engine, TABLES)
        self.executor = str(uuid.uuid4())
        reaper = Reaper(self.engine, self.executor, self.version, self.pace)
        RUNNING.prepare(self.workers, reaper)
        # What the hosting service of DBOS sets would override the configuration.
        for name in ("DBOS__CLOUD", "DBOS__VMID", "DBOS__APPVERSION", "DBOS__APPID"):
            os.environ.pop(name, None)
        try:
            DBOS(config=self._config())
            DBOS.listen_queues([QUEUE, retention.QUEUE] if listen else [])
            reaper.live()
            DBOS.launch()
            keep_order(self.engine)
            reaper.look()
            # New jobs carry no version: the version that was made the latest takes them, also after a roll back.
            DBOS.set_latest_application_version(self.version)
            DBOS.register_queue(
                QUEUE,
                partition_concurrency=1,  # with no other limit beside it, all lanes are asked for in one query
                worker_concurrency=self.workers * _WAITING,
                polling_interval_sec=self.pace.poll,
            )
            DBOS.register_queue(retention.QUEUE, worker_concurrency=1, global_concurrency=1, polling_interval_sec=5.0)
            retention.schedule(self.engine, self.days, self.cleanings)
        except SQLAlchemyError as error:
            self._undo(reaper)
            raise refused(self.engine, error) from error
        except BaseException:
            self._undo(reaper)
            raise
        self._reaper = reaper

    def stop(self, seconds: int = 3) -> None:
        """Take no more jobs, wait for those that run, end what is left, and give it back to the queue.

        A job that was cut goes on in another process, or at the next start, at the step that it was in.
        """
        if self._reaper is None:
            return
        reaper, self._reaper = self._reaper, None
        # With no wait at all the loop would be closed while jobs are being begun on it.
        DBOS.destroy(workflow_completion_timeout_sec=max(1, seconds))
        reaper.stop()
        try:
            reaper.leave()
        except SQLAlchemyError as error:  # the reaper of another process, or of the next start, does it in time
            log.warning("The jobs of this process could not be given back: %s", refused(self.engine, error))

    async def enqueue(
        self, workflow: Callable[..., Coroutine[Any, Any, Any]], identity: str, lane: str, *args: Any, delay: float = 0.0
    ) -> bool:
        """Store a job, to be run in its lane; False when there was one of this identity, whatever became of it.

        It is durable when this returns. In a workflow it is a step of it. Raises DatabaseRefused.
        """
        options = EnqueueOptions(
            workflow_name=_name(workflow),
            queue_name=QUEUE,
            workflow_id=identity,
            workflow_id_reuse_policy="reject",
            queue_partition_key=lane,
        )
        if delay > 0:
            options["delay_seconds"] = delay
        try:
            await DBOS.enqueue_workflow_with_options_async(options, *args)
        except dbos_error.DBOSWorkflowIDInUseError:
            return False
        except SQLAlchemyError as error:
            raise refused(self.engine, error) from error
        return True

    async def cancel(self, identity: str) -> None:
        """End a job wherever it runs, within about a second; its lane goes on when its step has ended.

        Raises DatabaseRefused.
        """
        if self._reaper is None:
            raise RuntimeError("The runtime was not started.")
        try:
            await asyncio.to_thread(self._reaper.cancel, identity)
        except SQLAlchemyError as error:
            raise refused(self.engine, error) from error

    async def state(self, identity: str) -> str | None:
        """Return what DBOS calls the state of a job, or None when there is none of this identity."""
        status = await DBOS.get_workflow_status_async(identity)
        return None if status is None else str(status.status)

    async def outcome(self, identity: str) -> tuple[str | None, Any]:
        """Return the state of a job as `state` does, and what it returned if it came to its end."""
        status = await DBOS.get_workflow_status_async(identity)
        return (None, None) if status is None else (str(status.status), status.output)

    def counts(self) -> Counts:
        """Return how many jobs there are. Raises DatabaseRefused when the database does not answer."""
        jobs = jobs_table(self.engine)
        ours = sa.or_(jobs.c.queue_name == QUEUE, jobs.c.queue_name.is_(None))  # a job that was given up is in no queue
        each = sa.select(jobs.c.status, sa.func.count().label("number")).where(ours).group_by(jobs.c.status)
        reaper = self._reaper or Reaper(self.engine, self.executor, self.version, self.pace)
        fresh = sa.select(WORKERS.c.version).where(WORKERS.c.beat_ms >= reaper.limit())
        stranded = sa.select(sa.func.count()).where(
            jobs.c.queue_name == QUEUE, jobs.c.status.in_(("PENDING", "ENQUEUED")), jobs.c.application_version.not_in(fresh)
        )
        try:
            with self.engine.connect() as connection:
                states = {row.status: row.number for row in connection.execute(each)}
                return Counts(
                    queued=states.get("ENQUEUED", 0) + states.get("DELAYED", 0),
                    running=states.get("PENDING", 0),
                    given_up=states.get("MAX_RECOVERY_ATTEMPTS_EXCEEDED", 0),
                    stranded=connection.execute(stranded).scalar() or 0,
                    workers=len(connection.execute(fresh).all()),
                )
        except SQLAlchemyError as error:
            raise refused(self.engine, error) from error

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name=NAME,
            system_database_engine=self.engine,
            application_version=self.version,
            executor_id=self.executor,
            serializer=self.serializer,
            log_level="WARNING",
            enable_otlp=False,
        )

    def _undo(self, reaper: Reaper) -> None:
        reaper.stop()
        try:
            DBOS.destroy()
            reaper.leave()
        except (SQLAlchemyError, dbos_error.DBOSException) as error:
            log.warning("The start was undone in part: %s.", str(error).partition("\n")[0])


def _name(workflow: Callable[..., Any]) -> str:
    """Return the name under which a workflow is stored."""
    name = getattr(workflow, "dbos_function_name", None)
    if not isinstance(name, str):
        raise TypeError(f"{workflow!r} is no workflow.")
    return name
