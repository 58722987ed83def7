"""Checks and statuses, jobs and their logs, deployments."""

from __future__ import annotations

import io
import zipfile

import httpx
import pytest
from github import GithubException
from github.Repository import Repository

from tests.github.conftest import client
from tests.github.deploys import JobDone
from tests.github.standin import Standin

ANNOTATION = {"path": "app.py", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "No module"}


@pytest.fixture
def sha(standin: Standin) -> str:
    found = standin.find("acme/shop").git.head("main")
    assert found
    return found


def test_a_check_begins_and_ends(standin: Standin, shop: Repository, sha: str):
    check = shop.create_check_run(
        "Deploymend", sha, status="in_progress", external_id="abc", details_url="https://example.com/1"
    )
    assert (check.status, check.conclusion, check.app.slug, check.external_id) == ("in_progress", None, "deploymend", "abc")
    check.edit(conclusion="neutral", output={"title": "Nothing", "summary": "To do", "text": "More"})
    found = shop.get_check_run(check.id)
    assert (found.status, found.conclusion, found.output.title, found.output.text) == (
        "completed",
        "neutral",
        "Nothing",
        "More",
    )
    assert found.completed_at == found.started_at or found.completed_at > found.started_at
    assert [(suite.app.slug, suite.conclusion) for suite in shop.get_commit(sha).get_check_suites()] == [
        ("deploymend", "neutral")
    ]


def test_annotations_come_fifty_a_call_and_add_up(shop: Repository, sha: str):
    check = shop.create_check_run("Deploymend", sha)
    output = {"title": "Two", "summary": ""}
    check.edit(output={**output, "annotations": [ANNOTATION] * 50})
    check.edit(output={**output, "annotations": [{**ANNOTATION, "start_column": 1, "end_column": 3, "title": "Here"}]})
    found = list(check.get_annotations())
    assert len(found) == 51
    assert (found[-1].title, found[-1].start_column, found[0].annotation_level) == ("Here", 1, "failure")
    assert shop.get_check_run(check.id).output.annotations_count == 51


REFUSED = {
    "fifty-one": ({"annotations": [ANNOTATION] * 51}, "No more than 50 items are allowed; 51"),
    "long summary": ({"summary": "x" * 65_536}, "Only 65535 characters are allowed"),
    "long text": ({"text": "x" * 65_536}, "Only 65535 characters are allowed"),
    "level": ({"annotations": [{**ANNOTATION, "annotation_level": "note"}]}, "note is not a member"),
    "line": ({"annotations": [{**ANNOTATION, "start_line": 0}]}, "begin at 1"),
    "lines": ({"annotations": [{**ANNOTATION, "start_line": 2}]}, "end where they begin or below"),
    "columns": ({"annotations": [{**ANNOTATION, "end_line": 2, "start_column": 1}]}, "columns only where"),
    "path": ({"annotations": [{**ANNOTATION, "path": "/app.py"}]}, "relative to the root"),
    "long title": ({"annotations": [{**ANNOTATION, "title": "x" * 256}]}, "title is too long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_output_has_its_limits(shop: Repository, sha: str, name: str):
    output, says = REFUSED[name]
    with pytest.raises(GithubException, match=says) as refused:
        shop.create_check_run("Deploymend", sha, output={"title": "T", "summary": "S", **output})
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"status": "completed"}, "conclusion"),
        ({"conclusion": "stale"}, "stale"),
        ({"conclusion": "failed"}, "failed"),
        ({"output": {"title": "no summary"}}, "summary. wasn't supplied"),
        ({"details_url": "ftp://example.com"}, "http or https"),
        ({"head_sha": "1" * 40}, "No commit found"),
    ],
)
def test_a_check_needs_what_github_needs(shop: Repository, sha: str, given: dict[str, object], says: str):
    with pytest.raises(GithubException, match=says) as refused:
        shop.create_check_run("Deploymend", **{"head_sha": sha, **given})
    assert refused.value.status == 422


def test_the_checks_of_others_can_be_read_and_not_changed(standin: Standin, shop: Repository, sha: str):
    made = standin.check("acme/shop", sha, "web", app="render", title="Failed", summary="exit 1", annotations=(ANNOTATION,))
    found = shop.get_check_run(made.id)
    assert (found.app.slug, found.conclusion, found.output.summary) == ("render", "failure", "exit 1")
    assert [note.message for note in found.get_annotations()] == ["No module"]
    with pytest.raises(GithubException, match="can only be modified by the GitHub App that created it"):
        found.edit(conclusion="success")


def test_checks_are_told_apart_by_name_app_and_newness(standin: Standin, shop: Repository, sha: str):
    standin.check("acme/shop", sha, "web", app="render")
    old, new = (
        shop.create_check_run("Deploymend", sha, external_id="1"),
        shop.create_check_run("Deploymend", sha, external_id="2"),
    )
    commit = shop.get_commit(sha)
    assert [run.id for run in commit.get_check_runs(check_name="Deploymend")] == [new.id]
    assert [run.id for run in commit.get_check_runs(check_name="Deploymend", filter="all")] == [new.id, old.id]
    _, told = shop.requester.requestJsonAndCheck("GET", f"{shop.url}/commits/{sha}/check-runs?app_id={standin.app.id}")
    assert [run["name"] for run in told["check_runs"]] == ["Deploymend"]
    assert {run.name for run in commit.get_check_runs(status="completed")} == {"web"}
    suite = next(suite for suite in commit.get_check_suites() if suite.app.slug == "render")
    assert (suite.conclusion, suite.head_branch, [run.name for run in suite.get_check_runs()]) == ("failure", "main", ["web"])
    assert shop.get_check_suite(suite.id).head_commit.message == "Begin"


def test_an_open_pull_request_stands_on_the_checks_of_its_head(standin: Standin, shop: Repository, sha: str):
    head = standin.commit("acme/shop", "fix", {"app.py": "2\n"}, parent=sha)
    shop.create_pull(base="main", head="fix", title="Fix", body="")
    assert [pull.number for pull in shop.create_check_run("Deploymend", head).pull_requests] == [1]


def test_the_newest_status_of_each_context_counts(standin: Standin, shop: Repository, sha: str):
    standin.commit_status("acme/shop", sha, "ci/fly", "pending")
    standin.commit_status("acme/shop", sha, "ci/fly", "failure", "exit 1", "https://fly.io/x")
    commit = shop.get_commit(sha)
    combined = commit.get_combined_status()
    assert (combined.state, [(status.context, status.description) for status in combined.statuses]) == (
        "failure",
        [("ci/fly", "exit 1")],
    )
    assert [status.state for status in commit.get_statuses()] == ["failure", "pending"]
    writes = client(standin, standin.token("acme/shop", {"statuses": "write", "contents": "read"})).get_repo("acme/shop")
    writes.get_commit(sha).create_status("success", description="fine", context="ci/other")
    with pytest.raises(GithubException, match="maximum is 140"):
        writes.get_commit(sha).create_status("success", description="x" * 141)
    with pytest.raises(GithubException, match="not accessible"):
        commit.create_status("success")


def test_a_jobs_log_lies_on_another_host_that_wants_no_token(standin: Standin, shop: Repository, sha: str):
    run = standin.workflow_run("acme/shop", sha, JobDone("deploy", log="Error: boom\n"), JobDone("test", "success"))
    found = shop.get_workflow_run(run.id)
    assert (found.conclusion, found.head_sha, found.name) == ("failure", sha, "Deploy")
    jobs = {job.name: job for job in found.jobs()}
    assert {name: job.conclusion for name, job in jobs.items()} == {"deploy": "failure", "test": "success"}
    assert [(step.name, step.conclusion) for step in jobs["deploy"].steps] == [("Set up job", "success"), ("Deploy", "failure")]
    assert shop.get_check_run(jobs["deploy"].id).name == "deploy"  # a job is a check run too
    address = jobs["deploy"].logs_url()
    assert address.startswith(standin.shapes.logs)
    assert httpx.get(address).text == "Error: boom\n"
    standin.advance(61)
    assert httpx.get(address).status_code == 403


def test_a_token_that_reaches_the_host_of_the_logs_is_a_problem(standin: Standin, shop: Repository, sha: str):
    run = standin.workflow_run("acme/shop", sha, JobDone("deploy", log="x"))
    address = shop.get_workflow_run(run.id).jobs()[0].logs_url()
    assert httpx.get(address, headers={"Authorization": "Bearer x"}).status_code == 400
    assert standin.shelf.leaked
    standin.shelf.leaked.clear()


def test_logs_may_be_gone_or_packed(standin: Standin, shop: Repository, sha: str):
    run = standin.workflow_run("acme/shop", sha, JobDone("deploy / web", log="boom"), JobDone("old", log=None))
    gone = standin.workflow_run("acme/shop", sha, JobDone("deploy", expired=True))
    ask = shop.requester.requestJsonAndCheck
    with pytest.raises(GithubException, match="404"):
        ask("GET", f"{shop.url}/actions/jobs/{run.jobs[1].id}/logs")
    with pytest.raises(GithubException, match="410"):
        ask("GET", f"{shop.url}/actions/jobs/{gone.jobs[0].id}/logs")
    token = {"Authorization": f"Bearer {standin.token('acme/shop')}"}
    found = httpx.get(f"{standin.api}/repos/acme/shop/actions/runs/{run.id}/logs", headers=token)
    assert found.status_code == 302
    archive = zipfile.ZipFile(io.BytesIO(httpx.get(found.headers["location"]).content))
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "0_deploy  web.txt": b"boom",
        "deploy  web/1_Deploy.txt": b"boom",
    }


def test_workflow_runs_are_found_by_commit_and_outcome(standin: Standin, shop: Repository, sha: str):
    standin.workflow_run("acme/shop", sha, JobDone("test", "success"), name="CI")
    standin.workflow_run("acme/shop", sha, JobDone("deploy"))
    assert [run.name for run in shop.get_workflow_runs(head_sha=sha)] == ["Deploy", "CI"]
    assert [run.name for run in shop.get_workflow_runs(status="failure")] == ["Deploy"]


def test_deployments_say_where_their_log_is(standin: Standin, shop: Repository, sha: str):
    address = standin.log_page("Error: boom")
    made = standin.deployment("acme/shop", sha, "production", "failure", log_url=address, description="exit 1")
    found = shop.get_deployment(made.id)
    assert (found.sha, found.environment) == (sha, "production")
    status = next(iter(found.get_statuses()))
    assert (status.state, status.log_url, status.description) == ("failure", address, "exit 1")
    assert found.get_status(status.id).state == "failure"
    standin.advance(600)
    assert httpx.get(address).text == "Error: boom"
    assert [deployment.id for deployment in shop.get_deployments(environment="production")] == [made.id]
    assert list(shop.get_deployments(environment="staging")) == []
    writes = client(standin, standin.token("acme/shop", {"deployments": "write"})).get_repo("acme/shop")
    other = writes.create_deployment("main", environment="staging", required_contexts=[], auto_merge=False)
    assert other.create_status("error", target_url=address).state == "error"
