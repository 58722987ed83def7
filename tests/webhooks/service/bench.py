"""A stand-in for GitHub with a repository whose deploy failed, and the service beside it in processes of its own."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.github.deploys import JobDone
from tests.github.standin import Standin
from tests.github.state import CheckRun, Issue, Job, Repository
from tests.webhooks.kills import Process
from tests.webhooks.waiting import until as wait

STORIES = Path(__file__).parents[3] / "fixtures" / "repos"
NAME = "acme/docflow"


def files(story: str) -> dict[str, Any]:
    """Return the tree of a story's broken state as the stand-in takes it."""
    root = STORIES / story / "before"
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found[path.relative_to(root).as_posix()] = (data, "100755" if os.access(path, os.X_OK) else "100644")
    return found


def log(story: str) -> str:
    return (STORIES / story / "deploy.log").read_text()


def command(kind: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.webhooks.service.process", kind)


def our_checks(standin: Standin, repository: Repository) -> list[CheckRun]:
    return [check for check in repository.checks.values() if check.suite.app is standin.app]


def our_branches(repository: Repository) -> list[str]:
    return sorted(ref.removeprefix("refs/heads/") for ref in repository.git.refs("refs/heads/deploymend/"))


class Bench:
    """One test's world. `processes` are those of the service, newest last."""

    def __init__(self, standin: Standin, folder: Path, database: str) -> None:
        self.standin = standin
        self.folder = folder
        self.database = database
        self.processes: list[Process] = []
        self.started = itertools.count(1)
        self.ready = folder / "ready"
        self.ready.mkdir()
        (folder / "key.pem").write_text(standin.app.private_key)

    def environment(self) -> dict[str, str]:
        own = {
            "DEPLOYMEND_APP_ID": str(self.standin.app.id),
            "DEPLOYMEND_PRIVATE_KEY_FILE": str(self.folder / "key.pem"),
            "DEPLOYMEND_WEBHOOK_SECRET": self.standin.app.webhook_secret,
            "DEPLOYMEND_BASE_URL": self.standin.api,
            "DEPLOYMEND_WEB_URL": self.standin.web,
            "DEPLOYMEND_DATA": str(self.folder / "data"),
            "DEPLOYMEND_SETTLE_SECONDS": "0",
            "DEPLOYMEND_PUSHES_PER_DAY": "1000",
            "DEPLOYMEND_PORT": "0",
            "READY": str(self.ready),
        }
        return own | ({"DEPLOYMEND_DATABASE_URL": self.database} if "://" in self.database else {})

    def start(self, kind: str = "serve", point: str | None = None, **more: str) -> Process:
        """Start a process of the service and wait until it works."""
        number = next(self.started)
        process = Process(command(kind), self.environment() | more, self.folder / f"service-{number}.log", point)
        self.processes.append(process)
        wait(lambda: self.address(process) is not None or not process.running(), 60, "the service is up", process.said)
        assert process.running() or point is not None, process.said()
        return process

    def address(self, process: Process) -> str | None:
        """Return what a process announced once it worked."""
        try:
            return (self.ready / str(process.pid)).read_text()
        except FileNotFoundError:
            return None

    @property
    def url(self) -> str:
        """Where deliveries go: to the newest process that serves."""
        for process in reversed(self.processes):
            if process.running() and (text := self.address(process)) and text.startswith("http"):
                return f"{text}/webhooks/github"
        raise AssertionError("nothing serves")

    def send(self, event: str, **told: Any) -> httpx.Response:
        return self.standin.send(self.url, event, **told)

    def deliver(self, headers: dict[str, str], body: bytes) -> httpx.Response:
        return httpx.post(self.url, headers=headers, content=body, timeout=10)

    def failed_job(self, sha: str, story: str, name: str = NAME, **more: Any) -> Job:
        """Let a job of Actions fail at a commit, with the story's log."""
        return self.standin.workflow_run(name, sha, JobDone("deploy", log=log(story), **more)).jobs[0]

    def pulls(self, name: str = NAME) -> list[Issue]:
        return list(self.standin.find(name).pulls.values())

    def checks(self, name: str = NAME) -> list[CheckRun]:
        return our_checks(self.standin, self.standin.find(name))

    def branches(self, name: str = NAME) -> list[str]:
        return our_branches(self.standin.find(name))

    def wait_done(self, name: str = NAME, seconds: float = 90) -> None:
        """Wait for a check run of ours that is completed."""
        wait(lambda: any(check.conclusion for check in self.checks(name)), seconds, "a check run", self.said)

    def said(self) -> str:
        return "\n".join(process.said()[-3000:] for process in self.processes)

    def end(self) -> None:
        for process in self.processes:
            process.clear()


@contextmanager
def bench(standin: Standin, folder: Path, database: str, stories: Sequence[str] = ("docflow/d",)) -> Iterator[Bench]:
    """Lay out a repository of each story's state; the first is acme/docflow."""
    for number, story in enumerate(stories):
        standin.repository(NAME if number == 0 else f"acme/{story.replace('/', '-')}", files(story))
    made = Bench(standin, folder, database)
    try:
        yield made
    finally:
        made.end()
