"""What the service remembers beside its jobs: deliveries, failures, logs, causes with their pull requests, pushes.

One set of tables on SQLite and on PostgreSQL. Every function is one transaction; none of them waits for anything else.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from webhooks.github import excerpt
from webhooks.jobs.database import prepare
from webhooks.model import Failure, Repository

State = Literal["open", "merged", "closed", "ignored", "gone", "hands-off"]
_DAY = 86_400.0  # seconds

_tables = sa.MetaData()
_deliveries = sa.Table(
    "deploymend_delivery",
    _tables,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("received", sa.Float, nullable=False, index=True),
    sa.Column("job", sa.Text),  # what it asks for, as JSON; NULL once the job is in its queue
)
_failures = sa.Table(
    "deploymend_failure",
    _tables,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("sha", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(30), primary_key=True),
    sa.Column("identity", sa.BigInteger, primary_key=True),
    sa.Column("received", sa.Float, nullable=False, index=True),
    sa.Column("read", sa.Boolean, nullable=False, server_default=sa.false()),  # whether a job has taken it up
    sa.Column("document", sa.Text, nullable=False),
)
_jobs = sa.Table(
    "deploymend_job",
    _tables,
    sa.Column("id", sa.String(300), primary_key=True),
    sa.Column("received", sa.Float, nullable=False, index=True),
    sa.Column("log", sa.Text, nullable=False, server_default=""),
    sa.Column("analysis", sa.Text),
)
_causes = sa.Table(
    "deploymend_cause",
    _tables,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.String(40), primary_key=True),
    sa.Column("base", sa.String(255), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("branch", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False, server_default="0"),
    sa.Column("url", sa.Text, nullable=False, server_default=""),
    sa.Column("log", sa.Text, nullable=False, server_default=""),
    sa.Column("changed", sa.Float, nullable=False),
)
# Of its own, since a delivery adds to it while a job works on the cause.
_failed = sa.Table(
    "deploymend_failed_repair",
    _tables,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("fingerprint", sa.String(40), primary_key=True),
    sa.Column("base", sa.String(255), primary_key=True),
    sa.Column("sha", sa.String(64), primary_key=True),
)
_pushes = sa.Table(
    "deploymend_push",
    _tables,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("branch", sa.String(255), primary_key=True),
    sa.Column("sha", sa.String(64), primary_key=True),
    sa.Column("at", sa.Float, nullable=False, index=True),
)


class Cause(NamedTuple):
    """One cause at one target and base, and what became of the pull request for it.

    `failed` are the commits of ours that did not help; `put` leaves them as they are.
    """

    repository: str
    fingerprint: str
    base: str
    state: State
    branch: str
    number: int = 0
    url: str = ""
    failed: tuple[str, ...] = ()
    log: str = ""


class Taken(NamedTuple):
    """Whether a delivery was a new one, and whether what it tells was not known before."""

    delivery: bool
    news: bool


class Store:
    """The tables, in the database that the jobs are in. `clock` gives seconds since 1970."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.time) -> None:
        self.engine = engine
        self.clock = clock
        # SQLite has one writer: threads that wait for each other here are faster than those that try again and again.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else contextlib.nullcontext()

    def create(self) -> None:
        """Make the tables that are missing; raises `DatabaseRefused`."""
        prepare(self.engine, _tables)

    # --- deliveries

    def take(self, delivery: str, job: Mapping[str, Any], failure: Failure | None = None) -> Taken:
        """Remember a delivery with the job that it asks for; of a failure that is known already it asks for none."""
        with self._turn, self.engine.begin() as connection:
            if not self._insert(connection, _deliveries, {"id": delivery, "received": self.clock(), "job": json.dumps(job)}):
                return Taken(False, False)
            if failure is None or self._is_new(connection, failure):
                return Taken(True, True)
            connection.execute(sa.update(_deliveries).where(_deliveries.c.id == delivery).values(job=None))
        return Taken(True, False)

    def queued(self, delivery: str) -> None:
        """Note that a delivery's job is in its queue."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(_deliveries).where(_deliveries.c.id == delivery).values(job=None))

    def waiting(self, older: float = 0) -> list[tuple[str, dict[str, Any]]]:
        """Return the deliveries, received `older` seconds ago or earlier, whose job never got into its queue."""
        wanted = sa.select(_deliveries.c.id, _deliveries.c.job).where(
            _deliveries.c.job.is_not(None), _deliveries.c.received <= self.clock() - older
        )
        with self.engine.connect() as connection:
            return [(row.id, json.loads(row.job)) for row in connection.execute(wanted.order_by(_deliveries.c.received))]

    def failures(self, repository: str, sha: str) -> list[Failure]:
        """Return all that failed at a commit, in the order in which it came."""
        wanted = sa.select(_failures.c.document).where(_failures.c.repository == repository, _failures.c.sha == sha)
        with self.engine.connect() as connection:
            rows = connection.execute(wanted.order_by(_failures.c.received, _failures.c.source, _failures.c.identity))
            return [_failure(json.loads(row.document)) for row in rows]

    def read(self, failures: Iterable[Failure]) -> None:
        """Note that a job has taken up failures."""
        with self.engine.begin() as connection:
            for failure in failures:
                connection.execute(sa.update(_failures).where(_same(failure)).values(read=True))

    def unread(self, repository: str, sha: str) -> bool:
        """Say whether something failed at a commit that no job has taken up yet."""
        wanted = sa.select(sa.literal(1)).where(
            _failures.c.repository == repository, _failures.c.sha == sha, _failures.c.read.is_(False)
        )
        with self.engine.connect() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def _is_new(self, connection: sa.Connection, failure: Failure) -> bool:
        """Remember a failure, what it says redacted; False where it was known."""
        if connection.execute(sa.select(sa.literal(1)).where(_same(failure))).first() is not None:
            return False  # what follows takes its time
        return self._insert(connection, _failures, _row(failure) | {"received": self.clock()})

    # --- jobs

    def keep(self, job: str, *, log: str | None = None, analysis: str | None = None) -> None:
        """Note that a job has begun, and keep its log or analysis until it is done."""
        values = {name: value for name, value in (("log", log), ("analysis", analysis)) if value is not None}
        with self.engine.begin() as connection:
            self._insert(connection, _jobs, {"id": job, "received": self.clock()})
            if values:
                connection.execute(sa.update(_jobs).where(_jobs.c.id == job).values(values))

    def kept(self, job: str) -> tuple[str, str | None]:
        """Return a job's log and analysis."""
        with self.engine.connect() as connection:
            row = connection.execute(sa.select(_jobs.c.log, _jobs.c.analysis).where(_jobs.c.id == job)).first()
        return (row.log, row.analysis) if row else ("", None)

    def busy(self, repository: str) -> bool:
        """Say whether a job of a repository has begun and not ended."""
        wanted = sa.select(sa.literal(1)).where(_jobs.c.id.startswith(f"{repository}@", autoescape=True))
        with self.engine.connect() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def forget_job(self, job: str) -> None:
        """Drop what was kept for a job."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(_jobs).where(_jobs.c.id == job))

    # --- causes

    def cause(self, repository: str, fingerprint: str, base: str) -> Cause | None:
        """Return what is known of a cause."""
        return next(iter(self._causes(_is(_causes, repository, fingerprint, base))), None)

    def cause_of(self, repository: str, branch: str) -> Cause | None:
        """Return the cause whose repair lies on a branch."""
        return next(iter(self._causes(_causes.c.repository == repository, _causes.c.branch == branch)), None)

    def open_causes(self, repository: str, base: str | None = None) -> list[Cause]:
        """Return the causes with an open pull request of ours, of one base or of all."""
        wanted = [_causes.c.repository == repository, _causes.c.state == "open"]
        return self._causes(*wanted, *([_causes.c.base == base] if base is not None else []))

    def causes_on(self, repository: str, base: str) -> list[Cause]:
        """Return the causes that nobody has seen go, whatever became of their pull requests."""
        there = _causes.c.state.not_in(("gone", "merged"))
        return self._causes(_causes.c.repository == repository, _causes.c.base == base, there)

    def put(self, cause: Cause) -> None:
        """Remember a cause, in the place of what was known of it."""
        values = {**cause._asdict(), "changed": self.clock()}
        del values["failed"]
        this = _is(_causes, cause.repository, cause.fingerprint, cause.base)
        with self.engine.begin() as connection:
            if not self._insert(connection, _causes, values):
                connection.execute(sa.update(_causes).where(this).values(values))

    def did_not_help(self, cause: Cause, sha: str) -> Cause:
        """Note that a repair did not help, by its commit, and return the cause with it; the same one again is the same."""
        with self.engine.begin() as connection:
            self._insert(connection, _failed, {**_key(cause), "sha": sha})
        return cause if sha in cause.failed else cause._replace(failed=(*cause.failed, sha))

    def forgive(self, cause: Cause) -> Cause:
        """Forget which repairs of a cause did not help, and return it without them."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(_failed).where(_is(_failed, cause.repository, cause.fingerprint, cause.base)))
        return cause._replace(failed=())

    def _causes(self, *conditions: sa.ColumnElement[bool]) -> list[Cause]:
        columns = [_causes.c[name] for name in Cause._fields if name != "failed"]
        found = []
        with self.engine.connect() as connection:
            for row in connection.execute(sa.select(*columns).where(*conditions).order_by(_causes.c.changed)).mappings().all():
                this = _is(_failed, row["repository"], row["fingerprint"], row["base"])
                failed = connection.execute(sa.select(_failed.c.sha).where(this).order_by(_failed.c.sha)).scalars()
                found.append(Cause(**row, failed=tuple(failed)))
        return found

    # --- pushes

    def pushed(self, repository: str, branch: str, sha: str) -> None:
        """Note a push; the same one again is the same."""
        with self.engine.begin() as connection:
            self._insert(connection, _pushes, {"repository": repository, "branch": branch, "sha": sha, "at": self.clock()})

    def pushes(self, repository: str, branch: str, but: str = "") -> int:
        """Return how many commits were pushed to a branch within the last day, one of them not counted."""
        wanted = sa.select(sa.func.count()).where(
            _pushes.c.repository == repository,
            _pushes.c.branch == branch,
            _pushes.c.sha != but,
            _pushes.c.at > self.clock() - _DAY,
        )
        with self.engine.connect() as connection:
            return int(connection.execute(wanted).scalar_one())

    def is_ours(self, repository: str, sha: str) -> bool:
        """Say whether a commit was pushed by us."""
        wanted = sa.select(sa.literal(1)).where(_pushes.c.repository == repository, _pushes.c.sha == sha)
        with self.engine.connect() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    # --- the end

    def started(self, job: str) -> float | None:
        """Return when the first thing was kept for a job."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(_jobs.c.received).where(_jobs.c.id == job)).scalar()

    def ping(self) -> None:
        """Ask the database for nothing; raises SQLAlchemyError where it does not answer."""
        with self.engine.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))

    def forget(self, repositories: Iterable[str]) -> None:
        """Delete all that is known of repositories: the App was taken out of them."""
        names = list(repositories)
        with self.engine.begin() as connection:
            for table in (_failures, _causes, _failed, _pushes):
                connection.execute(sa.delete(table).where(table.c.repository.in_(names)))
            for name in names:
                connection.execute(sa.delete(_jobs).where(_jobs.c.id.startswith(f"{name}@", autoescape=True)))

    def _insert(self, connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
        """Insert a row unless its key is there; says whether it was inserted."""
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        inserting = dialect.insert(table).values(values).on_conflict_do_nothing().returning(*table.primary_key)
        return connection.execute(inserting).first() is not None


def clean(connection: sa.Connection, border: datetime) -> int:
    """Delete what is older than `border`: deliveries, failures, left-over jobs, pushes. Causes are kept.

    Returns how many rows went. A delivery whose job is not queued yet stays.
    """
    limit, gone = border.timestamp(), 0
    for table, column in ((_failures, "received"), (_jobs, "received"), (_pushes, "at")):
        gone += connection.execute(sa.delete(table).where(table.c[column] < limit)).rowcount
    old = sa.delete(_deliveries).where(_deliveries.c.received < limit, _deliveries.c.job.is_(None))
    return gone + connection.execute(old).rowcount


def _is(table: sa.Table, repository: str, fingerprint: str, base: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.repository == repository, table.c.fingerprint == fingerprint, table.c.base == base)


def _key(cause: Cause) -> dict[str, str]:
    return {"repository": cause.repository, "fingerprint": cause.fingerprint, "base": cause.base}


def _same(failure: Failure) -> sa.ColumnElement[bool]:
    return sa.and_(
        _failures.c.repository == failure.repository.full_name,
        _failures.c.sha == failure.sha,
        _failures.c.source == failure.source,
        _failures.c.identity == failure.identity,
    )


def _row(failure: Failure) -> dict[str, Any]:
    document = {**failure._asdict(), "text": excerpt.clean(failure.text), "repository": failure.repository._asdict()}
    return {
        "repository": failure.repository.full_name,
        "sha": failure.sha,
        "source": failure.source,
        "identity": failure.identity,
        "document": json.dumps(document),
    }


def _failure(document: dict[str, Any]) -> Failure:
    return Failure(**{**document, "repository": Repository(**document["repository"])})
