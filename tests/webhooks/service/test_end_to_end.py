"""A signed delivery goes in over HTTP, and the pull request stands: branch, diff, body, check run. On both databases."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.standin import running
from tests.webhooks import databases
from tests.webhooks.service.bench import NAME, STORIES, Bench, bench

STORY = "docflow/d"


@pytest.fixture(params=databases.KINDS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with (
        databases.database(request.param, tmp_path) as database,
        running(tmp_path / "github") as standin,
        bench(standin, tmp_path, database, (STORY,)) as made,
    ):
        yield made


def test_a_failed_check_becomes_one_pull_request(served: Bench) -> None:
    git = served.standin.find(NAME).git
    head = git.head("main")
    assert head
    served.start()
    answered = served.send("workflow_job", repository=NAME, action="completed", thing=served.failed_job(head, STORY))
    assert (answered.status_code, answered.json()["status"]) == (202, "stored")
    served.wait_done()
    [issue], [check], [branch] = served.pulls(), served.checks(), served.branches()
    assert issue.pull
    assert (issue.pull.head, issue.pull.base, issue.pull.draft, issue.state) == (branch, "main", False, "open")
    assert issue.title == 'Fix deploy: Error loading ASGI app. Could not import module "main"'
    assert issue.body
    for told in (
        'Could not import module "main".',
        "```mermaid",
        "**Simulated.**",
        "`fly.toml` (+1 −1)",
        "git revert",
        "bot check",
    ):
        assert told in issue.body
    expected = (STORIES / STORY / "expected.diff").read_text()
    assert [line for line in git.diff("main", branch).splitlines() if line[:1] in "+-"] == [
        line for line in expected.splitlines() if line[:1] in "+-"
    ]
    [commit] = git.commits(f"main..{branch}")
    assert commit.author.name == "deploymend[bot]"
    assert commit.parents == (head,)
    assert "Co-authored-by" not in commit.message
    assert (check.sha, check.name, check.status, check.conclusion) == (head, "Deploymend", "completed", "neutral")
    assert check.details_url.endswith(f"/pull/{issue.number}")
    assert [(note["path"], note["start_line"]) for note in check.annotations] == [("fly.toml", 13)]


def test_a_process_that_only_listens_leaves_the_work_to_a_worker(served: Bench) -> None:
    head = served.standin.find(NAME).git.head("main")
    assert head
    served.start(DEPLOYMEND_WORKERS="0")
    answered = served.send("workflow_job", repository=NAME, action="completed", thing=served.failed_job(head, STORY))
    assert (answered.status_code, answered.json()["status"]) == (202, "stored")
    time.sleep(2)
    assert (served.pulls(), served.checks(), served.branches()) == ([], [], [])
    worker = served.start("worker")
    served.wait_done()
    [issue], [check], [branch] = served.pulls(), served.checks(), served.branches()
    assert (issue.pull and issue.pull.head, check.conclusion) == (branch, "neutral")
    assert worker.stop() == 0


def test_all_signals_of_one_failure_are_one_job(served: Bench) -> None:
    head = served.standin.find(NAME).git.head("main")
    assert head
    served.start(DEPLOYMEND_SETTLE_SECONDS="2")
    job = served.failed_job(head, STORY)
    run = next(run for run in served.standin.find(NAME).runs.values() if job in run.jobs)
    for event, thing in (("workflow_job", job), ("workflow_run", run)):
        assert served.send(event, repository=NAME, action="completed", thing=thing).json()["status"] == "stored"
    assert served.send("status", repository=NAME, sha=head, context="ci/deploy").status_code == 202
    assert served.send("deployment_status", repository=NAME, sha=head, log_url="https://fly.io/apps/x").status_code == 202
    served.wait_done()
    assert (len(served.pulls()), len(served.checks()), len(served.branches())) == (1, 1, 1)
    assert len(served.standin.sent("POST /repos/{owner}/{repo}/pulls")) == 1


def test_a_delivery_that_comes_again_does_nothing(served: Bench) -> None:
    head = served.standin.find(NAME).git.head("main")
    assert head
    served.start()
    thing = served.failed_job(head, STORY)
    headers, body = served.standin.delivery("workflow_job", repository=NAME, action="completed", thing=thing)
    assert served.deliver(headers, body).json()["status"] == "stored"
    assert served.deliver(headers, body).json()["status"] == "repeated"
    served.wait_done()
    asked = len(served.standin.requests)
    assert served.deliver(headers, body).json()["status"] == "repeated"
    # GitHub sends it again under another id: the failure is known
    again, body = served.standin.delivery("workflow_job", repository=NAME, action="completed", thing=thing)
    assert served.deliver(again, body).status_code == 202
    served.processes[-1].stop()
    assert len(served.standin.requests) == asked
    assert (len(served.pulls()), len(served.checks())) == (1, 1)
