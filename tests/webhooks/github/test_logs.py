"""Logs of jobs, runs and deployments, as evidence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.github.deploys import JobDone
from tests.github.standin import Standin
from tests.webhooks.github.conftest import NAME, client_of
from webhooks.github import Denied, Gone, Installation, JobPage, LogAccess, Trouble, platform_logs

TOKEN = "ghs_" + "c4n4ry" * 6
LOG = f"2026-11-29T11:00:00.0000000Z ##[group]Run flyctl deploy\n2026-11-29T11:00:01Z FLY_API_TOKEN={TOKEN}\n"
REDACTED = "2026-11-29T11:00:00.0000000Z ##[group]Run flyctl deploy\n2026-11-29T11:00:01Z FLY_API_TOKEN=•••\n"


def test_log_of_a_job_comes_from_the_other_host_without_our_token(ours: Installation, standin: Standin, head: str) -> None:
    run = standin.workflow_run(NAME, head, JobDone("deploy", log=LOG))
    assert ours.job_log(NAME, run.jobs[0].id) == REDACTED
    assert len(standin.shelf.fetched) == 1
    assert not standin.shelf.leaked


def test_log_that_is_thrown_away_is_gone(ours: Installation, standin: Standin, head: str) -> None:
    run = standin.workflow_run(NAME, head, JobDone("old", expired=True), JobDone("none", log=None))
    for job in run.jobs:
        with pytest.raises(Gone, match=f"Can't find the log of job {job.id} of {NAME}"):
            ours.job_log(NAME, job.id)


def test_address_that_ran_out_is_denied_without_it(
    ours: Installation, standin: Standin, head: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = standin.workflow_run(NAME, head, JobDone("deploy", log=LOG))
    put = standin.shelf.put
    monkeypatch.setattr(standin.shelf, "put", lambda content, *more: put(content, seconds=-5))
    with pytest.raises(Denied) as raised:
        ours.job_log(NAME, run.jobs[0].id)
    assert str(raised.value) == (f"Can't read the log of job {run.jobs[0].id} of {NAME}: GitHub's log store does not allow it.")


def test_failed_jobs_of_a_run(ours: Installation, standin: Standin, head: str) -> None:
    run = standin.workflow_run(
        NAME, head, JobDone("test", "success"), JobDone("deploy", steps=(("Build", "success"), ("Deploy", "failure"))),
        JobDone("late", "timed_out"), JobDone("skipped", "skipped"),
    )  # fmt: skip
    jobs = ours.run_jobs(NAME, run.id)
    assert [(one.id, one.name, one.conclusion) for one in jobs] == [
        (run.jobs[1].id, "deploy", "failure"),
        (run.jobs[2].id, "late", "timed_out"),
    ]
    assert jobs[0].failed_steps == ("Deploy",)


def test_pages_of_jobs_are_known(ours: Installation, standin: Standin) -> None:
    page = f"{standin.web}/{NAME}/actions/runs/12"
    assert ours.job_of(NAME, f"{page}/job/34") == JobPage(12, 34)
    assert ours.job_of(NAME, f"{page}/attempts/2?pr=1#step:5:1") == JobPage(12, None)
    assert ours.job_of(NAME, f"{standin.web}/acme/other/actions/runs/12/job/34") is None
    assert ours.job_of(NAME, f"https://evil.example/{NAME}/actions/runs/12/job/34") is None
    assert ours.job_of(NAME, f"{standin.web}/{NAME}/runs/12") is None


def test_deployment_that_names_a_job_means_its_log(ours: Installation, standin: Standin, head: str) -> None:
    run = standin.workflow_run(NAME, head, JobDone("test", "success", log="no"), JobDone("deploy", log=LOG))
    page = f"{standin.web}/{NAME}/actions/runs/{run.id}"
    assert ours.deployment_log(NAME, f"{page}/job/{run.jobs[1].id}") == REDACTED
    assert ours.deployment_log(NAME, page) == REDACTED


def test_run_without_a_failed_job_has_no_log(ours: Installation, standin: Standin, head: str) -> None:
    run = standin.workflow_run(NAME, head, JobDone("test", "success"))
    with pytest.raises(Gone, match="none of its jobs failed"):
        ours.deployment_log(NAME, f"{standin.web}/{NAME}/actions/runs/{run.id}")


@pytest.mark.parametrize(
    "host",
    [
        "https://127.0.0.1/log",
        "https://metadata.internal.example/",
        "http://logs.example.com/",
        "https://dashboard.render.com/web/srv-abc123def",
        "https://fly.io/apps/shop/monitoring",
        "",
    ],
)
def test_other_addresses_are_not_asked(host: str, ours: Installation) -> None:
    with pytest.raises(Denied, match="its address is not asked"):
        ours.deployment_log(NAME, host)


def test_page_on_a_private_host_is_not_asked(ours: Installation, standin: Standin) -> None:
    with pytest.raises(Denied):
        ours.deployment_log(NAME, standin.log_page("inside"))
    assert not standin.shelf.fetched


@pytest.fixture
def with_keys(standin: Standin, ours: Installation) -> Iterator[Installation]:
    """Return our client with a key for Render and a token for Fly."""
    logs = LogAccess(render_key="rnd_key", fly_token="fly_token", fly_apps={"shop": NAME})
    github = client_of(standin, logs=logs)
    yield github.installation(ours.identity)
    github.close()


def test_dashboards_mean_their_apis(with_keys: Installation, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        platform_logs, "render_log", lambda access, url, named, sha, **_: asked.append((url, named.service, sha)) or "r"
    )
    monkeypatch.setattr(platform_logs, "fly_log", lambda access, name, app, **_: asked.append((name, app)) or "f")
    assert with_keys.deployment_log(NAME, "https://dashboard.render.com/web/srv-abc123def", "f" * 40) == "r"
    assert with_keys.deployment_log(NAME, "https://fly.io/apps/shop/monitoring") == "f"
    assert asked == [(f"{standin.web}/{NAME}", "srv-abc123def", "f" * 40), (NAME, "shop")]


def test_trouble_with_the_jobs_is_told(ours: Installation, standin: Standin, head: str) -> None:
    run = standin.workflow_run(NAME, head, JobDone("deploy", log=LOG))
    standin.fail("GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs", 502, times=9)
    with pytest.raises(Trouble):
        ours.job_log(NAME, run.jobs[0].id)
