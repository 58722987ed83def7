"""Jobs outlive their processes: nothing is lost, no two of one lane run at once, and a job that kills ends at some time.

More kills a database: DEPLOYMEND_KILLS=1000 .venv/bin/pytest -n0 tests/webhooks/test_jobs.py -k whenever
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS

from tests.webhooks import jobbing, kills
from tests.webhooks.databases import KINDS, database
from tests.webhooks.jobbing import hand_in, state
from tests.webhooks.kills import Journal, Process, Trial
from tests.webhooks.waiting import until
from webhooks.jobs import Runtime
from webhooks.jobs.steps import RECOVERIES

EFFECTS = [f"{point}:{step}" for step in jobbing.STEPS for point in ("before", "done", "recorded")]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as where:
        yield where


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
def receiver(place: str) -> Iterator[Runtime]:
    """A process that hands jobs in and works on none: this one."""
    runtime = jobbing.runtime(place)
    runtime.start(listen=False)
    yield runtime
    runtime.stop(0)
    runtime.engine.dispose()


@pytest.fixture
def start(place: str, journal: Journal, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start a worker in a process of its own."""
    processes: list[Process] = []

    def started(point: str | None = None, **environment: str) -> Process:
        log = tmp_path / f"worker-{len(processes)}.log"
        processes.append(Process(command(place, journal), environment, log, point))
        return processes[-1]

    yield started
    for process in processes:
        process.clear()


def command(place: str, journal: Journal) -> list[str]:
    return [sys.executable, "-m", "tests.webhooks.jobbing", place, str(journal.path)]


def result(job: str) -> Any:
    return DBOS.list_workflows(workflow_ids=[job])[0].output


def entries(journal: Journal, **named: Any) -> list[dict[str, Any]]:
    return [entry for entry in journal.read() if named.items() <= entry.items()]


def is_ready(journal: Journal, process: Process) -> bool:
    return journal.path.with_name(f"ready-{process.pid}").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_lost_and_no_lane_overlaps_whenever_a_worker_is_killed(
    workers: int, place: str, journal: Journal, receiver: Runtime, tmp_path: Path
) -> None:
    chance, jobs, number = random.Random(workers), [], -(-kills.number() // 2)

    def feed(killed: int) -> None:
        for _ in range(6):
            job = f"job-{len(jobs)}"
            assert hand_in(receiver, jobbing.work, job, f"lane-{chance.randrange(30)}", 0.05)
            jobs.append(job)

    def unfinished() -> list[str]:
        return [f"{job} is {now}" for job in jobs if (now := state(receiver, job)) != "SUCCESS"]

    trial = Trial(
        command=command(place, journal),
        folder=tmp_path / "processes",
        ready=lambda process: is_ready(journal, process),
        feed=feed,
        finished=lambda: receiver.counts()[:2] == (0, 0),
        invariants={
            "lost": unfinished,
            "undone": lambda: kills.undone(journal, jobs, jobbing.STEPS),
            "overlap": lambda: kills.overlaps(journal),
            "order": lambda: kills.steps_back(journal, jobbing.STEPS),
        },
        environment={"JOBBING_RECOVERIES": "1000"},
        workers=workers,
        kills=number,
        finish=60 + number,
        points=chance.sample(EFFECTS, len(EFFECTS)),
        seed=workers,
    )
    assert trial.run() == []
    assert len(trial.done) >= number
    cut = len(entries(journal, what="begin")) - len(jobs) * len(jobbing.STEPS)
    assert cut > len(trial.done) / 4  # the kills did hit work


def test_a_job_that_kills_its_process_is_given_up_and_its_lane_goes_on(
    journal: Journal, receiver: Runtime, start: Callable[..., Process]
) -> None:
    hand_in(receiver, jobbing.poison, "poison", "a")
    hand_in(receiver, jobbing.work, "behind it", "a", 0.01)
    hand_in(receiver, jobbing.napping, "asleep all the while", "b", time.time() + 15)
    beside = [f"beside it {number}" for number in range(4)]
    for job in beside:
        hand_in(receiver, jobbing.work, job, job, 0.3)
    worker = start(JOBBING_DEAD="1.5")

    def done() -> bool:
        nonlocal worker
        if not worker.running():
            worker = start(JOBBING_DEAD="1.5")
        return receiver.counts()[:2] == (0, 0)

    until(done, 90)
    assert len(entries(journal, step="drink")) == RECOVERIES + 1
    assert state(receiver, "poison") == "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
    assert receiver.counts().given_up == 1
    assert state(receiver, "behind it") == "SUCCESS"
    assert [state(receiver, job) for job in ("asleep all the while", *beside)] == ["SUCCESS"] * 5  # no killers, these


def test_a_worker_that_was_silent_for_too_long_does_not_go_on_with_what_was_taken_from_it(
    journal: Journal, receiver: Runtime, start: Callable[..., Process]
) -> None:
    zombie = start(JOBBING_DEAD="2")
    hand_in(receiver, jobbing.watching, "watch", "a")
    hand_in(receiver, jobbing.work, "work", "b", 0.8)
    until(lambda: entries(journal, job="work", step="analyse") and entries(journal, what="tick"))
    zombie.send(signal.SIGSTOP)
    heir = start(JOBBING_DEAD="2")
    until(lambda: entries(journal, pid=heir.pid, job="watch") and entries(journal, pid=heir.pid, what="end", step="report"))
    awake = time.time_ns()
    zombie.send(signal.SIGCONT)
    until(lambda: entries(journal, pid=zombie.pid, what="ended", step="watch"))
    time.sleep(1.0)
    late = [entry for entry in entries(journal, pid=zombie.pid) if entry["at"] > awake]
    assert [entry for entry in late if entry["what"] == "begin"] == []
    assert late[-1]["what"] == "ended"
    assert late[-1]["at"] - awake < 2e9
    assert heir.running()
    assert zombie.running()
    assert entries(journal, pid=heir.pid, what="ended") == []
    hand_in(receiver, jobbing.work, "next", "c", 0.01)  # both go on working
    until(lambda: state(receiver, "next") == "SUCCESS")


def test_of_many_reapers_one_takes_a_dead_workers_job(
    journal: Journal, receiver: Runtime, start: Callable[..., Process]
) -> None:
    first = start()
    jobs = [f"job-{number}" for number in range(8)]
    for job in jobs:
        hand_in(receiver, jobbing.work, job, job, 1.0)
    until(lambda: len(entries(journal, what="begin", step="fetch")) == len(jobs))
    first.kill()
    others = [start() for _ in range(3)]
    until(lambda: receiver.counts()[:2] == (0, 0))
    for job in jobs:
        assert len({entry["pid"] for entry in entries(journal, job=job)} - {first.pid}) == 1
    assert list(kills.steps_back(journal, jobbing.STEPS)) == []
    assert list(kills.undone(journal, jobs, jobbing.STEPS)) == []
    assert all(other.running() for other in others)


def test_jobs_in_flight_outlive_an_upgrade_and_a_roll_back(
    journal: Journal, receiver: Runtime, start: Callable[..., Process]
) -> None:
    first = start()
    hand_in(receiver, jobbing.work, "before", "a", 1.0)
    until(lambda: entries(journal, job="before", step="push", what="begin"))
    first.kill()
    hand_in(receiver, jobbing.work, "between", "b", 1.0)
    second = start(JOBBING_FLAVOUR="longer")
    until(lambda: entries(journal, job="between", step="extra", what="end"))
    until(lambda: state(receiver, "before") == state(receiver, "between") == "SUCCESS")
    assert result("before") == "fetch analyse push open report"  # begun before the step was there
    assert result("between") == "fetch extra analyse push open report"
    assert second.stop() == 0

    third = start(JOBBING_FLAVOUR="other")
    hand_in(receiver, jobbing.work, "later", "c", 1.0)
    until(lambda: entries(journal, job="later", step="analyse", what="begin"))
    third.kill()
    start()
    until(lambda: state(receiver, "later") == "SUCCESS")
    assert {entry["flavour"] for entry in entries(journal, job="later")} == {"other", ""}
    assert list(kills.overlaps(journal)) == []


def test_new_jobs_are_taken_after_the_order_of_steps_was_raised_and_rolled_back(
    receiver: Runtime, start: Callable[..., Process]
) -> None:
    newer = start(JOBBING_VERSION="2")
    hand_in(receiver, jobbing.work, "new", "a", 0.01)
    until(lambda: state(receiver, "new") == "SUCCESS")
    assert newer.stop() == 0
    start(JOBBING_VERSION="1")
    hand_in(receiver, jobbing.work, "old", "a", 0.01)
    until(lambda: state(receiver, "old") == "SUCCESS")


def test_an_error_is_caught_by_its_class_after_a_restart_too_and_a_sleep_is_not_begun_anew(
    journal: Journal, receiver: Runtime, start: Callable[..., Process]
) -> None:
    dying = start("recorded:look")
    hand_in(receiver, jobbing.catching, "job", "a")
    until(lambda: not dying.running())
    start()
    until(lambda: state(receiver, "job") == "SUCCESS")
    assert result("job") == "('the branch', 404)"
    assert len(entries(journal, step="look")) == 1


def test_a_worker_that_is_asked_to_stop_gives_its_jobs_back_at_once(
    journal: Journal, receiver: Runtime, start: Callable[..., Process]
) -> None:
    worker = start(JOBBING_GRACE="1")
    hand_in(receiver, jobbing.watching, "job", "a")
    until(lambda: entries(journal, what="tick"))
    assert worker.stop() == 0
    assert entries(journal, what="ended")
    assert receiver.counts()[:2] == (1, 0)
    assert "Traceback" not in worker.said()
