"""The whole service in this process, against a stand-in for GitHub: each test has a repository of its own."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from tests.github.deploys import JobDone
from tests.github.standin import Standin, running
from tests.github.state import CheckRun, Comment, Issue, Job, Repository
from tests.webhooks.service import bench as benches
from webhooks import events
from webhooks.analysis import Analysis, Analyst, Request, sources
from webhooks.analysis.parent import Fetch
from webhooks.github import GitHub
from webhooks.jobs.reaper import Pace
from webhooks.jobs.steps import pause_until
from webhooks.metrics import Metrics
from webhooks.model import Dropped
from webhooks.rules import Rules
from webhooks.settings import Settings
from webhooks.work import flows
from webhooks.work.workshop import Workshop

T = TypeVar("T")
STORY = "docflow/d"
PACE = Pace(beat=0.5, dead=20.0, poll=0.05)


class Shops:
    """The service with its stand-in; `take` hands a delivery to it as the rim would."""

    def __init__(self, standin: Standin, folder: Path, **told: Any) -> None:
        self.standin = standin
        self.folder = folder
        self.numbers = itertools.count(1)
        given = {"data": folder / "data", "settle_seconds": 0, "pushes_per_day": 1000, "workers": 2, **told}
        secret = (standin.app.webhook_secret,)
        self.settings = Settings(
            app_id=standin.app.id,
            private_key=standin.app.private_key,
            webhook_secrets=secret,
            base_url=standin.api,
            web_url=standin.web,
            **given,
        )
        self.me = events.Me(standin.app.id, standin.app.slug)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.workshop = self.open()

    def open(self) -> Workshop:
        github = GitHub(self.standin.api, self.standin.app.id, self.standin.app.private_key, pauses=False)
        return Workshop(self.settings, Metrics(), github, PACE)

    def start(self, work: bool = True) -> None:
        self.run(self.workshop.start(work))

    def stop(self) -> None:
        self.run(self.workshop.stop())

    def restart(self) -> None:
        """As a deployment of the service does it."""
        self.stop()
        self.workshop = self.open()
        self.start()

    def run(self, doing: Coroutine[Any, Any, T], seconds: float = 120) -> T:
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(seconds)

    def close(self) -> None:
        self.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    # --- deliveries

    def take(self, event: str, **told: Any) -> str:
        """Hand a delivery in, and return what the rim would answer: stored, repeated, or why it is dropped."""
        return self.hand(*self.standin.delivery(event, **told))

    def hand(self, headers: Mapping[str, str], body: bytes) -> str:
        """Hand in a delivery that was made before."""
        found = events.read(headers["X-GitHub-Event"], json.loads(body), self.me, Rules())
        if isinstance(found, Dropped):
            return found.reason
        return "stored" if self.run(self.workshop.receive(headers["X-GitHub-Delivery"], found)) else "repeated"

    def idle(self, seconds: float = 90) -> None:
        """Wait until no job is left, and see that none of them broke."""

        def done() -> bool:
            counts = self.workshop.runtime.counts()
            return counts.queued + counts.running == 0

        benches.wait(done, seconds, "rest")
        assert self.broken() == []

    def broken(self) -> list[str]:
        with self.workshop.engine.connect() as connection:
            found = connection.execute(sa.text("SELECT workflow_uuid FROM workflow_status WHERE status = 'ERROR'"))
            return list(found.scalars())

    def jobs(self, name: str) -> dict[str, str]:
        """Return the jobs of a repository with their states, in their order."""
        query = "SELECT workflow_uuid, status FROM workflow_status WHERE queue_partition_key = :name ORDER BY created_at"
        with self.workshop.engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(sa.text(query), {"name": name})}

    def shop(self, files: Mapping[str, Any] | None = None, story: str = STORY, **more: Any) -> Shop:
        """Return a new repository with a story's broken state, or with these files."""
        name = f"acme/shop-{next(self.numbers)}"
        made = self.standin.repository(name, benches.files(story) if files is None else files, **more)
        return Shop(self, made, story)


class Shop:
    """One repository."""

    def __init__(self, shops: Shops, repository: Repository, story: str) -> None:
        self.shops = shops
        self.standin = shops.standin
        self.repository = repository
        self.name = repository.full_name
        self.story = story

    # --- what happens

    @property
    def head(self) -> str:
        found = self.repository.git.head("main")
        assert found
        return found

    def failed_job(self, sha: str | None = None, log: str | None = None, branch: str | None = "main") -> Job:
        done = JobDone("deploy", log=benches.log(self.story) if log is None else log)
        return self.standin.workflow_run(self.name, sha or self.head, done, branch=branch).jobs[0]

    def fail(self, sha: str | None = None, log: str | None = None, branch: str | None = "main", wait: bool = True) -> str:
        """Let a deploy fail at a commit, and wait until all is done about it."""
        job = self.failed_job(sha, log, branch)
        answered = self.take("workflow_job", action="completed", thing=job)
        if wait:
            self.shops.idle()
        return answered

    def take(self, event: str, **told: Any) -> str:
        return self.shops.take(event, repository=self.name, **told)

    def commit(self, files: Mapping[str, Any], branch: str = "main", **more: Any) -> str:
        return self.standin.commit(self.name, branch, files, **more)

    def push(self, files: Mapping[str, Any], branch: str = "main") -> str:
        """Push a commit, tell of it, and wait."""
        sha = self.commit(files, branch)
        self.take("push", branch=branch, sha=sha)
        self.shops.idle()
        return sha

    def close(self, number: int, by: str = "alice") -> None:
        self.standin.close(self.name, number, by)
        self.told("closed", number, by)

    def merge(self, number: int, by: str = "alice") -> str:
        sha = self.standin.merge(self.name, number, by)
        self.told("closed", number, by)
        return sha

    def told(self, action: str, number: int, by: str = "alice") -> None:
        """Tell of what was done to a pull request, and wait."""
        self.take("pull_request", action=action, number=number, sender=by)
        self.shops.idle()

    def say(self, text: str, number: int, by: str = "alice", role: Any = "write") -> Comment:
        """Comment, and wait."""
        if role:
            self.standin.collaborate(self.name, by, role)
        comment = self.standin.comment(self.name, number, text, by)
        self.take("issue_comment", action="created", thing=comment, sender=by)
        self.shops.idle()
        return comment

    # --- what stands

    @property
    def pulls(self) -> list[Issue]:
        return list(self.repository.pulls.values())

    @property
    def pull(self) -> Issue:
        """The newest pull request."""
        return self.standin.seen(self.repository, max(self.repository.pulls))

    @property
    def branches(self) -> list[str]:
        return benches.our_branches(self.repository)

    @property
    def checks(self) -> list[CheckRun]:
        return benches.our_checks(self.standin, self.repository)

    def check(self, sha: str | None = None) -> CheckRun:
        """Our one check run of a commit."""
        [found] = [check for check in self.checks if check.sha == (sha or self.head)]
        return found

    def comments(self, number: int | None = None) -> list[str]:
        """Return what we said, without the hidden marks."""
        mine = [each for each in self.repository.comments.values() if each.user is self.standin.app.bot]
        return [each.body.partition("\n\n<!--")[0].strip() for each in mine if number in (None, each.number)]

    def changed(self, branch: str) -> set[str]:
        """Return the files that a branch changes."""
        tip = self.repository.git.head(branch)
        assert tip
        return {file.path for file in self.repository.git.files(self.head, tip)}

    def parents(self) -> tuple[str, ...]:
        """Return what the newest pull request's one commit is on top of."""
        assert self.pull.pull
        [commit] = self.repository.git.commits(f"main..{self.pull.pull.head}")
        return commit.parents


async def at_once(_: Analyst, request: Request, fetch: Fetch) -> Analysis:
    """Analyse in this process: starting the child, which tests of its own cover, takes most of a job's time."""
    while True:
        found = await asyncio.to_thread(lambda: sources.looked_at(request, sources.commit(request)))
        if not found.wanted:
            return found
        await fetch(found.wanted)


@contextmanager
def shops(folder: Path, prefix: str = "", **told: Any) -> Iterator[Shops]:
    """Serve both; waits between two tries are short, and those for rate limits exact."""
    with pytest.MonkeyPatch.context() as patch, running(folder / "github", prefix) as standin:
        patch.setattr(Analyst, "analyse", at_once)
        patch.setattr(flows, "_PAUSES", (0.1, 0.2, 0.4, 0.4, 0.4))
        patch.setattr(flows, "pause_until", functools.partial(pause_until, spread=0.0))
        made = Shops(standin, folder, **told)
        made.start()
        try:
            yield made
        finally:
            made.close()
