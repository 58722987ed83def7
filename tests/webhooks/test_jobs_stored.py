"""What jobs leave in the database: its mode, what rows hold, what is refused, what goes after the retention."""

from __future__ import annotations

import asyncio
import base64
import logging
import pickle
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from dbos import DBOS

from tests.webhooks import jobbing
from tests.webhooks.databases import KINDS, database
from tests.webhooks.jobbing import hand_in, state
from tests.webhooks.kills import Journal
from tests.webhooks.waiting import until
from webhooks.jobs import DatabaseRefused, Failed, JsonSerializer, Runtime, open_engine
from webhooks.jobs import retention as nightly
from webhooks.jobs.database import jobs_table
from webhooks.jobs.logs import Sentences


class Point(NamedTuple):
    x: int
    y: tuple[str, ...] = ("default",)


class Limited(Exception):
    def __init__(self, sentence: str, retry_at: float):
        super().__init__(sentence)
        self.retry_at = retry_at


class Unknown(Exception):
    pass


SERIALIZER = JsonSerializer(records=[Point], errors=[Limited])


def again(data: Any) -> Any:
    return SERIALIZER.deserialize(SERIALIZER.serialize(data))


@pytest.fixture(params=KINDS)
def runtime(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setattr(jobbing, "journal", Journal(tmp_path / "journal"))
    with database(request.param, tmp_path) as place:
        started = jobbing.runtime(place)
        started.start()
        yield started
        started.stop(0)
        started.engine.dispose()


def settled(runtime: Runtime, seconds: float = 30.0) -> None:
    until(lambda: runtime.counts()[:2] == (0, 0), seconds, "rest", lambda: str(runtime.counts()))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [1, 2.5, "é\0\ud800", True],
        {"a": {"b": []}},
        {"$tuple": [1]},
        {1: "one"},
        ("a", ["b"], ()),
        b"\x00\xff",
        datetime(2026, 11, 29, 12, tzinfo=UTC),
        Point(1, ("a", "b")),
        {"args": (Point(2),), "kwargs": {}},
    ],
)
def test_a_value_is_read_as_it_was_stored(data: Any) -> None:
    read = again(data)
    assert read == data
    assert type(read) is type(data)


@pytest.mark.parametrize("data", [object(), {1, 2}, [Path("x")], float("nan"), type("Point", (tuple,), {})()])
def test_what_could_not_be_read_again_is_not_stored(data: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        SERIALIZER.serialize(data)


def test_a_record_of_another_version_is_read() -> None:
    stored = '{"$record":"Point","fields":{"x":1,"gone":2}}'
    assert SERIALIZER.deserialize(stored) == Point(1, ("default",))
    with pytest.raises(ValueError, match="'Line'"):
        SERIALIZER.deserialize('{"$record":"Line","fields":{}}')


def test_an_error_that_is_known_keeps_its_class_and_what_it_carries() -> None:
    read = again(Limited("Wait.", 12.5))
    assert type(read) is Limited
    assert (str(read), read.retry_at) == ("Wait.", 12.5)


def test_any_other_error_becomes_a_sentence_without_secrets() -> None:
    read = again(Unknown("at https://x-access-token:ghs_0123456789abcdefghij0123456789abcdef@github.com/o/r.git"))
    assert type(read) is Failed
    assert str(read).startswith("Unknown: at https://")
    assert "ghs_" not in str(read)
    assert type(again(Unknown(object()))) is Failed


def test_the_database_file_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "jobs.sqlite"
    path.parent.mkdir()
    path.touch(0o644)
    for place in (path, str(path), f"sqlite:///{path}", tmp_path / "new" / "jobs.sqlite"):
        engine = open_engine(place)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS t (x)"))
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(sa.text("PRAGMA busy_timeout")).scalar() == 30_000
            assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 1
            files = list(Path(str(engine.url.database)).parent.iterdir())
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
            assert len(files) == 3  # the log and its index too
        engine.dispose()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://root:hunter2@db/jobs", "'mysql' is not supported"),
        ("postgres://:::bad", "can't be read"),
        ("/proc/nothing/jobs.sqlite", "can't be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_one_sentence(place: str, sentence: str) -> None:
    with pytest.raises(DatabaseRefused) as refused:
        open_engine(place)
    assert sentence in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_server_that_does_not_answer_is_one_sentence_without_the_password() -> None:
    engine = open_engine("postgresql://someone:hunter2@127.0.0.1:9/jobs")
    with pytest.raises(DatabaseRefused) as refused:
        Runtime(engine).start()
    assert "someone:***@127.0.0.1:9/jobs can't be used" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)
    engine.dispose()


def test_a_job_is_stored_once_and_a_lane_keeps_its_order(runtime: Runtime) -> None:
    for job in "zyxabc":
        assert hand_in(runtime, jobbing.work, job, "lane", 0.01) is True
        assert hand_in(runtime, jobbing.work, job, "lane", 0.01) is False
        time.sleep(0.002)  # the order is that of the milliseconds
    settled(runtime)
    assert hand_in(runtime, jobbing.work, "z", "lane", 0.01) is False
    begun = [entry["job"] for entry in jobbing.journal.read() if (entry["step"], entry["what"]) == ("fetch", "begin")]
    assert begun == list("zyxabc")
    assert state(runtime, "nobody's") is None


def test_a_cancelled_step_ends_before_the_next_job_of_its_lane_begins(runtime: Runtime) -> None:
    hand_in(runtime, jobbing.watching, "long", "lane")
    until(jobbing.journal.read)
    hand_in(runtime, jobbing.work, "next", "lane", 0.01)
    asyncio.run(runtime.cancel("long"))
    settled(runtime)
    assert state(runtime, "long") == "CANCELLED"
    assert state(runtime, "next") == "SUCCESS"
    assert [entry["what"] for entry in jobbing.journal.read() if entry["job"] == "long"][-1] == "ended"


def test_a_job_that_sleeps_through_many_restarts_is_not_given_up(runtime: Runtime) -> None:
    hand_in(runtime, jobbing.napping, "job", "lane", time.time() + 3600)
    for _ in range(6):
        until(lambda: runtime.counts().running == 1, 20)
        runtime.stop(0)
        assert runtime.counts()[:2] == (1, 0)
        runtime.start()
    assert runtime.counts().given_up == 0
    assert len([entry for entry in jobbing.journal.read() if entry["what"] == "begin"]) <= 2
    asyncio.run(runtime.cancel("job"))
    settled(runtime)
    assert state(runtime, "job") == "CANCELLED"


def test_a_job_that_slept_while_no_process_ran_goes_on_behind_its_sleep(runtime: Runtime) -> None:
    hand_in(runtime, jobbing.napping, "job", "lane", time.time() + 2)
    until(lambda: [entry for entry in jobbing.journal.read() if entry["what"] == "end"])
    runtime.stop(0)
    time.sleep(2)
    runtime.start()
    settled(runtime)
    assert state(runtime, "job") == "SUCCESS"
    assert [entry["step"] for entry in jobbing.journal.read() if entry["what"] == "end"] == ["fetch", "report"]


def test_a_process_that_only_hands_in_works_on_nothing(runtime: Runtime) -> None:
    runtime.stop(0)
    runtime.start(listen=False)
    hand_in(runtime, jobbing.work, "job", "lane", 0.01)
    time.sleep(1.5)
    assert runtime.counts()[:2] == (1, 0)
    runtime.stop(0)
    runtime.start()
    settled(runtime)
    assert state(runtime, "job") == "SUCCESS"


def test_a_pickle_that_was_planted_is_not_read(runtime: Runtime, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "boom",))

    runtime.stop(0)
    runtime.start(listen=False)
    hand_in(runtime, jobbing.work, "job", "lane", 0.01)
    schema = "" if runtime.engine.dialect.name == "sqlite" else "dbos."
    planted = base64.b64encode(pickle.dumps({"args": (Bomb(),), "kwargs": {}})).decode()
    with runtime.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {schema}workflow_status SET serialization = 'py_pickle'"))
        rows = connection.execute(sa.text(f"UPDATE {schema}workflow_input SET inputs = :planted"), {"planted": planted})
        assert rows.rowcount == 1
    runtime.stop(0)
    runtime.start()
    hand_in(runtime, jobbing.work, "next", "lane", 0.01)
    settled(runtime)
    assert not (tmp_path / "boom").exists()
    assert state(runtime, "job") == "ERROR"
    assert state(runtime, "next") == "SUCCESS"


def test_the_nightly_sweep_deletes_what_is_too_old_and_nothing_else(runtime: Runtime) -> None:
    for job in ("old", "young", "asleep"):
        hand_in(
            runtime, *((jobbing.napping, job, job, time.time() + 60) if job == "asleep" else (jobbing.work, job, job, 0.01))
        )
    until(lambda: state(runtime, "young") == state(runtime, "old") == "SUCCESS")
    long_ago = int((time.time() - 15 * 86_400) * 1000)
    jobs = jobs_table(runtime.engine)
    jobs.append_column(sa.column("completed_at", sa.BigInteger))
    jobs.append_column(sa.column("created_at", sa.BigInteger))
    with runtime.engine.begin() as connection:
        connection.execute(sa.update(jobs).where(jobs.c.workflow_uuid != "young").values(created_at=long_ago))
        connection.execute(sa.update(jobs).where(jobs.c.workflow_uuid == "old").values(completed_at=long_ago))
    asked: list[datetime] = []

    def clean(connection: sa.Connection, border: datetime) -> int:
        asked.append(border)
        return connection.execute(sa.text("SELECT 7")).scalar() or 0

    nightly.schedule(runtime.engine, 14, {"deliveries": clean})
    now = datetime.now(UTC)
    assert nightly.sweep(now) == {"jobs": 1, "deliveries": 7}
    assert nightly.sweep(now) == {"jobs": 0, "deliveries": 7}
    assert asked == [now - timedelta(days=14)] * 2
    assert [state(runtime, job) is None for job in ("old", "young", "asleep")] == [True, False, False]
    assert hand_in(runtime, jobbing.work, "old", "old", 0.01) is True
    with pytest.raises(ValueError, match="14 days"):
        nightly.schedule(runtime.engine, 3, {})


def test_the_nightly_sweep_is_a_job_of_one_worker(runtime: Runtime) -> None:
    assert [schedule["schedule_name"] for schedule in DBOS.list_schedules()] == ["retention"]
    job = DBOS.trigger_schedule("retention")
    assert job.get_result() is None
    assert [step["output"] for step in DBOS.list_workflow_steps(job.workflow_id)] == [{"jobs": 0}]


def test_what_dbos_says_is_a_sentence_without_a_traceback_or_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.Logger("dbos")
    logger.addFilter(Sentences())
    logger.addHandler(caplog.handler)
    try:
        raise Unknown("no\nmore: token=abcdef0123456789abcdef")
    except Unknown as error:
        logger.error("Exception encountered in asynchronous workflow:", exc_info=error)
    logger.warning("Exception in schedule 'x': Traceback (most recent call last):\n  File …\nKeyError: password='hunter2'")
    logger.warning("Asyncio task cancelled for workflow or step f")
    logger.warning("It holds.")
    assert [record.getMessage() for record in caplog.records] == [
        "Exception encountered in asynchronous workflow: Unknown: no",
        "Exception in schedule 'x': Traceback (most recent call last): KeyError: password='•••'",
        "It holds.",
    ]
    assert not any(record.exc_info for record in caplog.records)
