"""The database of the jobs: a SQLite file of our own making, or PostgreSQL by its URL.

What DBOS Transact 3.4 does not set by itself for SQLite is set here: the write-ahead log, without which a burst of deliveries
waits four times as long for the disk at the 99th percentile, and the file's mode, since results of steps stand in it as text.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

WAIT = 30.0  # seconds for which a writer waits for another
_MIGRATING = 7_305_112_842  # the advisory lock under which tables are made on PostgreSQL

_ORDER = """
CREATE TRIGGER IF NOT EXISTS deploymend_order AFTER INSERT ON workflow_status WHEN NEW.created_at % 1000 = 0 BEGIN
    UPDATE workflow_status SET created_at = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    WHERE workflow_uuid = NEW.workflow_uuid;
END
"""

# The columns of DBOS's own tables that the reaper reads and writes; everything else of them stays with DBOS.
_COLUMNS: tuple[tuple[str, type[sa.types.TypeEngine[Any]]], ...] = (
    ("workflow_uuid", sa.Text),
    ("status", sa.Text),
    ("executor_id", sa.Text),
    ("application_version", sa.Text),
    ("queue_name", sa.Text),
    ("owner_xid", sa.Text),
    ("started_at_epoch_ms", sa.BigInteger),
    ("updated_at", sa.BigInteger),
    ("recovery_attempts", sa.BigInteger),
)
_STEPS: tuple[tuple[str, type[sa.types.TypeEngine[Any]]], ...] = (
    ("workflow_uuid", sa.Text),
    ("completed_at_epoch_ms", sa.BigInteger),
)


class DatabaseRefused(Exception):
    """The database can't be used; the message is one sentence without a password in it."""


def open_engine(place: str | Path) -> sa.Engine:
    """Return an engine for a file of SQLite (a path, or `sqlite:///path`) or a PostgreSQL database (`postgresql://…`).

    The file and its folder are made where they are missing, for the owner alone (modes 600 and 700). Nothing is asked of
    PostgreSQL yet. Raises DatabaseRefused.
    """
    if isinstance(place, Path) or "://" not in place:
        return _sqlite(Path(place))
    try:
        url = sa.make_url(place)
    except (ArgumentError, ValueError) as error:
        raise DatabaseRefused(
            "The database's URL can't be read: it has the form postgresql://user:password@host/name."
        ) from error
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise DatabaseRefused("A database in memory would forget the jobs: name a file, as in sqlite:///jobs.sqlite.")
        return _sqlite(Path(url.database))
    if kind in {"postgres", "postgresql"}:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10, "application_name": "deploymend", "options": _options(url)},
        )
    raise DatabaseRefused(f"A database of the kind {kind!r} is not supported: it is PostgreSQL, or SQLite in a file.")


def prepare(engine: sa.Engine, tables: sa.MetaData) -> None:
    """Make the tables that are missing; any number of processes may do so at once. Raises DatabaseRefused."""
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                # The driver begins a transaction before a write alone, so two processes would both find no table.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
            tables.create_all(connection)
    except SQLAlchemyError as error:
        raise refused(engine, error) from error


def refused(engine: sa.Engine, error: SQLAlchemyError) -> DatabaseRefused:
    """Return what is said of a database that failed: where it is, and the first line of the reason."""
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0].rstrip(".")
    return DatabaseRefused(f"The database {engine.url.render_as_string(hide_password=True)} can't be used: {reason}.")


def now_ms(engine: sa.Engine) -> sa.ColumnElement[int]:
    """Return the database's own clock, in milliseconds: clocks of machines differ, and a dead worker is told by its age."""
    if engine.dialect.name == "sqlite":
        return sa.cast((sa.func.julianday("now") - 2440587.5) * 86_400_000, sa.BigInteger)
    return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)


def keep_order(engine: sa.Engine) -> None:
    """Let lanes keep their order on SQLite too; called when DBOS's tables are there.

    Before Python 3.12 DBOS stores there in which second a job came, and jobs of one second would run by the order of their ids.
    """
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.exec_driver_sql(_ORDER)


def jobs_table(engine: sa.Engine) -> sa.TableClause:
    """Return DBOS's table of jobs, as it lies in this database."""
    return sa.table("workflow_status", *(sa.column(name, kind) for name, kind in _COLUMNS), schema=_schema(engine))


def steps_table(engine: sa.Engine) -> sa.TableClause:
    """Return DBOS's table of recorded steps, as it lies in this database; a sleep's row has the time when it is to end."""
    return sa.table("operation_outputs", *(sa.column(name, kind) for name, kind in _STEPS), schema=_schema(engine))


def _schema(engine: sa.Engine) -> str | None:
    return None if engine.dialect.name == "sqlite" else "dbos"


def _options(url: sa.URL) -> str:
    """Return libpq's options: those of the URL, and an end for sessions that were left inside a transaction."""
    given = url.query.get("options", "")
    return f"{given if isinstance(given, str) else ' '.join(given)} -c idle_in_transaction_session_timeout=60000".strip()


def _sqlite(path: Path) -> sa.Engine:
    path = path.absolute()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made before SQLite makes it: the log and the index beside it take over this file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise DatabaseRefused(f"The database {path} can't be used: {error.strerror}.") from error
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), pool_size=10, max_overflow=20, connect_args={"timeout": WAIT}
    )
    event.listen(engine, "connect", _settle)
    return engine


def _settle(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # a transaction that writes takes its lock first, and can't fail half-way
    connection.execute(f"PRAGMA busy_timeout = {int(WAIT * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    give_up = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # the busy timeout does not count for the change of the journal
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
