"""Processes of the service are killed at every step and at random, on both databases, with one worker and with two.

Whatever was answered 202 ends in one branch, one pull request and one check run for each commit that failed. More kills:
`DEPLOYMEND_KILLS=1000 pytest tests/webhooks/service/test_kills.py`.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from tests.github.deploys import JobDone
from tests.github.standin import Standin, running
from tests.webhooks import databases, kills
from tests.webhooks.kills import Process, Trial
from tests.webhooks.service import bench as benches
from tests.webhooks.service.bench import Bench

STORY = "docflow/d"
STEPS = ("look", "gather", "prepare", "push", "pull request", "report", "finish")
POINTS = tuple(f"{when}:{step}" for step in STEPS for when in ("before", "done", "recorded"))


class Post(threading.Thread):
    """Sends deliveries to any process that serves, each until it is answered 202: nothing is promised before that."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(daemon=True)
        self.bench = bench
        self.waiting: list[tuple[dict[str, str], bytes]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        with httpx.Client(timeout=5) as client:
            while not self.ended.wait(0.05):
                for letter in list(self.waiting):
                    for address in self.addresses():
                        try:
                            answered = client.post(f"{address}/webhooks/github", headers=letter[0], content=letter[1])
                        except httpx.HTTPError:
                            continue
                        if answered.status_code == 202:
                            self.waiting.remove(letter)
                            break

    def addresses(self) -> list[str]:
        """Return where the processes that live can be reached; the files of the dead, named by their ids, stay behind."""
        living = [place for place in self.bench.ready.iterdir() if Path("/proc", place.name).exists()]
        return [address for place in living if (address := place.read_text()).startswith("http")]


class Work:
    """A repository for each kill, in which two commits fail one after the other."""

    def __init__(self, standin: Standin, bench: Bench) -> None:
        self.standin = standin
        self.post = Post(bench)
        self.repositories: list[str] = []
        self.failed: dict[str, list[str]] = {}
        self.files = benches.files(STORY)

    def feed(self, kills: int) -> None:
        name = f"acme/shop-{len(self.repositories)}"
        self.repositories.append(name)
        self.standin.repository(name, self.files)
        first = self.standin.find(name).git.head("main")
        assert first
        self.fail(name, first)
        self.fail(name, self.standin.commit(name, "main", {"NOTES.md": f"{kills}\n"}))

    def fail(self, name: str, sha: str) -> None:
        job = self.standin.workflow_run(name, sha, JobDone("deploy", log=benches.log(STORY))).jobs[0]
        self.failed.setdefault(name, []).append(sha)
        self.post.waiting.append(self.standin.delivery("workflow_job", repository=name, action="completed", thing=job))

    # --- what must hold

    def finished(self) -> bool:
        return not self.post.waiting and all(self.checked(name) == set(self.failed[name]) for name in self.repositories)

    def checked(self, name: str) -> set[str]:
        return {check.sha for check in benches.our_checks(self.standin, self.standin.find(name)) if check.conclusion}

    def one_of_each(self) -> Iterable[str]:
        for name in self.repositories:
            repository = self.standin.find(name)
            pulls, branches = list(repository.pulls.values()), benches.our_branches(repository)
            ours = benches.our_checks(self.standin, repository)
            if (len(pulls), len(branches)) != (1, 1) or len(ours) != len(self.failed[name]):
                yield f"{name} has {len(pulls)} pull requests, {len(branches)} branches, {len(ours)} check runs"
            for pull in pulls:
                head = repository.git.head("main")
                [commit] = repository.git.commits(f"main..{pull.pull.head}") if pull.pull else []
                if pull.state != "open" or commit.parents != (head,):
                    yield f"{name}: the pull request is {pull.state}, on top of {commit.parents}"


def overlaps(database: sa.Engine) -> Iterable[str]:
    """Pairs of jobs of one repository of which one did a step between two steps of the other."""
    schema = "" if database.dialect.name == "sqlite" else "dbos."
    query = sa.text(
        "SELECT s.queue_partition_key AS lane, s.workflow_uuid AS job, MIN(o.started_at_epoch_ms) AS begun, "
        f"MAX(o.completed_at_epoch_ms) AS ended FROM {schema}workflow_status s JOIN {schema}operation_outputs o "
        "ON o.workflow_uuid = s.workflow_uuid WHERE s.queue_name = 'jobs' GROUP BY s.queue_partition_key, s.workflow_uuid "
        "ORDER BY lane, begun"
    )
    with database.connect() as connection:
        rows = connection.execute(query).all()
    assert rows
    for one, other in itertools.pairwise(rows):
        if one.lane == other.lane and other.begun < one.ended:
            yield f"{other.job} began {one.ended - other.begun} ms before {one.job} ended"


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", databases.KINDS)
def test_nothing_is_lost_and_nothing_is_done_twice(kind: str, workers: int, tmp_path: Path) -> None:
    with databases.database(kind, tmp_path) as database, running(tmp_path / "github") as standin:
        bench = Bench(standin, tmp_path, database if kind == "postgres" else "")
        work = Work(standin, bench)
        engine = sa.create_engine(
            database.replace("postgresql:", "postgresql+psycopg:")
            if kind == "postgres"
            else f"sqlite:///{tmp_path}/data/deploymend.db"
        )

        def ready(process: Process) -> bool:
            return bench.address(process) is not None

        trial = Trial(
            command=benches.command("serve"),
            folder=tmp_path / "trial",
            ready=ready,
            finished=work.finished,
            invariants={"one of each": work.one_of_each, "lanes": lambda: overlaps(engine)},
            feed=work.feed,
            environment=bench.environment(),
            workers=workers,
            kills=kills.number(10),
            points=POINTS,
            window=3.0,
            patience=20.0,
            finish=120.0 + 5 * kills.number(10),
        )
        work.post.start()
        began = time.monotonic()
        try:
            assert trial.run() == []
        finally:
            work.post.ended.set()
            engine.dispose()
        died = [kill.point for kill in trial.done if kill.point]
        print(f"{kind}, {workers} workers: {len(trial.done)} kills, {len(died)} at a point, {time.monotonic() - began:.0f} s")
        assert len(trial.done) >= kills.number(10)
        assert len(set(died)) >= min(len(POINTS), kills.number(10) // 4)
