"""Databases for the tests: a file, or a database of its own on the PostgreSQL of this machine, dropped afterwards."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

KINDS = ("sqlite", "postgres")
SERVER = os.environ.get("DEPLOYMEND_TEST_POSTGRES", "postgresql://postgres:postgres@127.0.0.1:5432")


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the place of an empty database; skips the test where no PostgreSQL answers."""
    if kind == "sqlite":
        yield str(folder / "jobs" / "jobs.sqlite")
        return
    name = f"deploymend_test_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER.rpartition('@')[2]}: {str(error).splitlines()[0]}")
    with server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{SERVER}/{name}"
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
