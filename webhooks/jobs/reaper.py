"""Signs of life of the processes that work on jobs, and the reaper that takes a dead one's jobs back.

DBOS recovers a job only in a process that has the same executor id as the one that died. Here every process has an id of its
own, writes that it lives, and looks for jobs whose process has stopped doing so; for ever, since a single look can fail.
Ages are told by the database's clock.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

import sqlalchemy as sa
from dbos import DBOS
from dbos import error as dbos_error
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from webhooks.jobs.database import jobs_table, now_ms, steps_table
from webhooks.jobs.steps import RUNNING, End

log = logging.getLogger(__name__)

TABLES = sa.MetaData()
WORKERS = sa.Table(
    "deploymend_workers",
    TABLES,
    sa.Column("executor_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("beat_ms", sa.BigInteger, nullable=False),
    sa.Column("suspect", sa.Text),  # the job that runs there on suspicion of having killed a process
)
CANCELS = sa.Table(
    "deploymend_cancels",
    TABLES,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("asked_ms", sa.BigInteger, nullable=False),
)

PENDING, ENQUEUED = "PENDING", "ENQUEUED"
_FORGET_MS = 24 * 3600 * 1000


class Pace(NamedTuple):
    """How often a process says that it lives, and after how many seconds of silence it counts as dead.

    The silence is long beside the beat: a machine under load, or a long lock on the database, is no death, and a job that is
    taken from a living process does the step in flight twice.
    """

    beat: float = 1.0
    dead: float = 15.0
    poll: float = 0.5  # how often the queue is asked for jobs


PACE = Pace()


class Reaper:
    """One process's signs of life, and its look for the dead; each in a thread of its own, since a look can block."""

    def __init__(self, engine: sa.Engine, executor: str, version: str, pace: Pace):
        self.engine = engine
        self.executor = executor
        self.version = version
        self.pace = pace
        self._jobs = jobs_table(engine)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def live(self) -> None:
        """Begin to give signs of life; the first is written when this returns, so that no job is taken without one."""
        self.beat()
        self._begin(self.check, "deploymend-beat")

    def look(self) -> None:
        """Begin to look for the dead; DBOS's tables are there by now. What is known of long ago is forgotten here."""
        with self.engine.begin() as connection:
            connection.execute(WORKERS.delete().where(WORKERS.c.beat_ms < now_ms(self.engine) - _FORGET_MS))
            connection.execute(CANCELS.delete().where(CANCELS.c.asked_ms < now_ms(self.engine) - _FORGET_MS))
        self._begin(self.reap, "deploymend-reaper")

    def stop(self, seconds: float = 5.0) -> None:
        """Stop both threads; the sign of life stays until it is too old, or until `leave`."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
        self._threads.clear()

    def check(self) -> None:
        """Say that this process lives; after a long silence, look first which jobs it has lost to others, and drop them."""
        if not self._alive():
            lost = self.lost(RUNNING.tasks.values())
            if lost:
                log.warning("This process was silent for too long; others took over: %s.", ", ".join(sorted(lost)))
                RUNNING.end(lost, End.TAKEN)
        self.beat()
        self._cancel(RUNNING.jobs)

    def beat(self) -> None:
        """Write that this process lives now."""
        now = now_ms(self.engine)
        statement = self._insert(WORKERS).values(executor_id=self.executor, version=self.version, beat_ms=now)
        with self.engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["executor_id"], set_={"beat_ms": now}))

    def lost(self, jobs: Iterable[str]) -> set[str]:
        """Return those of the jobs that run here by this process's own account and elsewhere by the database's."""
        mine = set(jobs)
        if not mine:
            return mine
        owner = sa.select(self._jobs.c.workflow_uuid).where(
            self._jobs.c.workflow_uuid.in_(mine), self._jobs.c.executor_id == self.executor, self._jobs.c.status == PENDING
        )
        with self.engine.connect() as connection:
            return mine - set(connection.execute(owner).scalars())

    def dead(self) -> list[str]:
        """Return the executors that hold jobs and give no sign of life; none when this process itself gave none lately."""
        if not self._alive():
            return []
        lives = sa.select(WORKERS.c.executor_id).where(WORKERS.c.beat_ms >= self.limit())
        holders = (
            sa.select(self._jobs.c.executor_id)
            .where(self._jobs.c.status == PENDING, self._jobs.c.executor_id.is_not(None))
            .where(self._jobs.c.executor_id.not_in(lives), self._jobs.c.application_version == self.version)
            .distinct()
        )
        with self.engine.connect() as connection:
            return list(connection.execute(holders).scalars())

    def reap(self) -> None:
        """Put the jobs of dead processes back into the queue, in their lanes.

        One conditional statement, so that of two reapers one alone does it, and a failure leaves nothing half done.
        """
        dead = self.dead()
        if dead:
            log.warning("Processes have died; their jobs go on here or elsewhere: %s.", ", ".join(sorted(dead)))
            self._give_back(dead, self._deaths())

    def cancel(self, job: str) -> None:
        """Have a job cancelled: at once when it does not run, else by the process that it runs in.

        DBOS alone would free its lane at once, while its step still runs for up to a second, and the next job would begin.
        """
        running = sa.select(self._jobs.c.status).where(self._jobs.c.workflow_uuid == job)
        asked = self._insert(CANCELS).values(job=job, asked_ms=now_ms(self.engine)).on_conflict_do_nothing()
        with self.engine.begin() as connection:
            connection.execute(asked)
            if connection.execute(running).scalar() == PENDING:
                return
        DBOS.cancel_workflow(job)

    def leave(self) -> None:
        """Give the jobs that this process still holds back to the queue, and say that it is gone.

        Called when nothing runs here any more. The start of such a job is not counted: a job that sleeps through many
        deployments must not be taken for one that kills its process.
        """
        self._give_back([self.executor], self._jobs.c.recovery_attempts - 1)
        with self.engine.begin() as connection:
            connection.execute(WORKERS.delete().where(WORKERS.c.executor_id == self.executor))

    def suspected(self, job: str) -> bool:
        """Return whether a process died in which the job ran, before the job came any further."""
        counted = sa.select(self._jobs.c.recovery_attempts).where(self._jobs.c.workflow_uuid == job)
        try:
            with self.engine.connect() as connection:
                return (connection.execute(counted).scalar() or 0) > 1
        except SQLAlchemyError as error:
            log.warning("It could not be read whether %s is suspected: %s.", job, _first_line(error))
            return False

    def watch(self, job: str) -> None:
        """Note that this suspected job is the one that runs in this process now."""
        try:
            with self.engine.begin() as connection:
                connection.execute(WORKERS.update().where(WORKERS.c.executor_id == self.executor).values(suspect=job))
        except SQLAlchemyError as error:
            log.warning("It could not be written that %s is suspected: %s.", job, _first_line(error))

    def _cancel(self, jobs: Iterable[str]) -> None:
        """Cancel those of the jobs here for which it was asked."""
        mine = set(jobs)
        if not mine:
            return
        with self.engine.connect() as connection:
            asked = set(connection.execute(sa.select(CANCELS.c.job).where(CANCELS.c.job.in_(mine))).scalars())
        for job in asked - RUNNING.end(asked, End.CANCELLED):
            DBOS.cancel_workflow(job)  # it sleeps, or is between two steps

    def _insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        return sqlite.insert(table) if self.engine.dialect.name == "sqlite" else postgresql.insert(table)

    def _deaths(self) -> sa.ColumnElement[int]:
        """Return how many starts are counted against a job of a dead process; after too many it is given up.

        None when it came further than before, or slept: it was not the reason. Of several jobs that were suspected already,
        the death counts against the one that was being watched.
        """
        jobs, steps = self._jobs, steps_table(self.engine)
        further = sa.exists().where(
            steps.c.workflow_uuid == jobs.c.workflow_uuid, steps.c.completed_at_epoch_ms >= jobs.c.started_at_epoch_ms
        )
        watched = sa.exists().where(WORKERS.c.executor_id == jobs.c.executor_id, WORKERS.c.suspect == jobs.c.workflow_uuid)
        counted = jobs.c.recovery_attempts
        return sa.case((further, 0), (sa.and_(counted > 1, ~watched), counted - 1), else_=counted)

    def _give_back(self, executors: list[str], counted: sa.ColumnElement[int]) -> None:
        jobs = self._jobs
        statement = (
            sa.update(jobs)
            .where(jobs.c.executor_id.in_(executors), jobs.c.status == PENDING, jobs.c.queue_name.is_not(None))
            .values(
                status=ENQUEUED,
                owner_xid=None,  # whatever the dead process may still want to record is refused by this
                started_at_epoch_ms=None,
                recovery_attempts=counted,
                updated_at=now_ms(self.engine),
            )
        )
        with self.engine.begin() as connection:
            connection.execute(statement)

    def _alive(self) -> bool:
        """Whether the database has a sign of life of this process that others still take for one."""
        mine = sa.select(WORKERS.c.beat_ms >= self.limit()).where(WORKERS.c.executor_id == self.executor)
        with self.engine.connect() as connection:
            return bool(connection.execute(mine).scalar())

    def limit(self) -> sa.ColumnElement[int]:
        """Return the time before which a sign of life is too old."""
        return now_ms(self.engine) - int(self.pace.dead * 1000)

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=self._repeat, args=(work,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _repeat(self, work: Callable[[], None]) -> None:
        while not self._stop.wait(self.pace.beat):
            try:
                work()
            except (SQLAlchemyError, dbos_error.DBOSException) as error:
                log.warning("The signs of life could not be read or written: %s.", _first_line(error))


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0].rstrip(".")
