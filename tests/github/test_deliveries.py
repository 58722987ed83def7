"""Deliveries: signed, of the right shape, and of one mind with what the API answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.github import deliveries
from tests.github.deploys import JobDone
from tests.github.standin import Standin


@pytest.fixture
def sha(standin: Standin) -> str:
    found = standin.find("acme/shop").git.head("main")
    assert found
    return found


def told(standin: Standin, event: str, **given: Any) -> Any:
    return json.loads(standin.delivery(event, **given)[1])


@pytest.mark.parametrize("name", sorted(deliveries._samples()))
def test_githubs_samples_fit_githubs_schema(name: str):
    event, _, action = name.partition(".")
    assert deliveries.errors(event, deliveries.sample(event, action or None)) == []


def test_a_delivery_is_signed_and_named(standin: Standin, sha: str):
    headers, body = standin.delivery(
        "check_run", repository="acme/shop", sha=sha, delivery="11111111-2222-3333-4444-555555555555"
    )
    expected = hmac.new(standin.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    assert headers["X-GitHub-Event"] == "check_run"
    assert headers["X-GitHub-Delivery"] == "11111111-2222-3333-4444-555555555555"


def test_a_check_run_tells_what_the_api_has(standin: Standin, sha: str):
    payload = told(standin, "check_run", repository="acme/shop", sha=sha, name="web", summary="exit 1")
    made = next(iter(standin.find("acme/shop").checks.values()))
    check = payload["check_run"]
    assert (payload["action"], check["id"], check["head_sha"], check["conclusion"]) == ("completed", made.id, sha, "failure")
    assert (check["output"]["summary"], check["check_suite"]["head_branch"]) == ("exit 1", "main")
    assert check["app"]["slug"] == "render"
    assert payload["repository"]["full_name"] == "acme/shop"
    assert payload["repository"]["clone_url"] == f"{standin.web}/acme/shop.git"
    assert payload["installation"]["id"] in standin.installations
    assert payload["sender"]["login"] == "render[bot]"


def test_a_thing_that_is_there_already_is_told_of(standin: Standin, sha: str):
    run = standin.workflow_run("acme/shop", sha, JobDone("deploy", log="x"))
    whole = told(standin, "workflow_run", repository="acme/shop", thing=run)["workflow_run"]
    assert (whole["id"], whole["conclusion"], whole["head_sha"], whole["name"]) == (run.id, "failure", sha, "Deploy")
    job = told(standin, "workflow_job", repository="acme/shop", thing=run.jobs[0], action="completed")["workflow_job"]
    assert (job["id"], job["run_id"], job["conclusion"], job["name"]) == (run.jobs[0].id, run.id, "failure", "deploy")
    suite = told(standin, "check_suite", repository="acme/shop", thing=run.suite)["check_suite"]
    assert (suite["id"], suite["conclusion"], suite["app"]["slug"]) == (run.suite.id, "failure", "github-actions")


def test_a_run_for_a_fork_says_whose_commit_it_is(standin: Standin):
    standin.repository("bob/shop", fork_of="acme/shop", installed=False)
    sha = standin.commit("bob/shop", "idea", {"app.py": "idea\n"}, by="bob")
    run = standin.workflow_run("acme/shop", sha, JobDone("deploy"), branch="idea", fork="bob/shop", event="pull_request")
    payload = told(standin, "workflow_run", repository="acme/shop", thing=run)
    assert payload["workflow_run"]["head_repository"]["full_name"] == "bob/shop"
    assert payload["repository"]["full_name"] == "acme/shop"
    assert payload["workflow_run"]["pull_requests"] == []


def test_a_deployment_and_a_status(standin: Standin, sha: str):
    payload = told(standin, "deployment_status", repository="acme/shop", sha=sha, state="error", log_url="https://fly.io/logs")
    assert (payload["deployment_status"]["state"], payload["deployment_status"]["log_url"]) == ("error", "https://fly.io/logs")
    assert (payload["deployment"]["sha"], payload["deployment"]["environment"]) == (sha, "production")
    status = told(standin, "status", repository="acme/shop", sha=sha, context="ci/fly", description="exit 1")
    assert (status["sha"], status["state"], status["context"], status["name"]) == (sha, "failure", "ci/fly", "acme/shop")
    assert [branch["name"] for branch in status["branches"]] == ["main"]


def test_a_command_in_a_comment(standin: Standin, sha: str):
    standin.commit("acme/shop", "fix", {"app.py": "2\n"}, parent=sha)
    standin.issue("acme/shop", "Broken")
    standin.open_pull("acme/shop", "fix", "main", "Fix")
    on_issue = told(standin, "issue_comment", repository="acme/shop", number=1, body="/deploymend fix", by="bob")
    assert (on_issue["comment"]["body"], on_issue["sender"]["login"]) == ("/deploymend fix", "bob")
    assert "pull_request" not in on_issue["issue"]
    on_pull = told(standin, "issue_comment", repository="acme/shop", number=2, body="/deploymend fix")
    assert on_pull["issue"]["pull_request"]["url"] == f"{standin.api}/repos/acme/shop/pulls/2"
    assert on_pull["comment"]["id"] in standin.find("acme/shop").comments


def test_a_pull_request_that_people_closed_or_pushed_to(standin: Standin, sha: str):
    first = standin.commit("acme/shop", "fix", {"app.py": "2\n"}, parent=sha)
    standin.open_pull("acme/shop", "fix", "main", "Fix")
    second = standin.commit("acme/shop", "fix", {"app.py": "3\n"})
    payload = told(standin, "pull_request", repository="acme/shop", number=1, action="synchronize", before=first, sender="bob")
    assert (payload["before"], payload["after"], payload["pull_request"]["head"]["sha"]) == (first, second, second)
    standin.merge("acme/shop", 1, by="bob")
    payload = told(standin, "pull_request", repository="acme/shop", number=1, action="closed")
    assert (payload["pull_request"]["merged"], payload["pull_request"]["state"], payload["sender"]["login"]) == (
        True,
        "closed",
        "bob",
    )


def test_a_push(standin: Standin, sha: str):
    after = standin.commit("acme/shop", "main", {"app.py": None, "new.py": ""}, "More")
    payload = told(standin, "push", repository="acme/shop", branch="main", sender="bob")
    assert (payload["ref"], payload["before"], payload["after"], payload["forced"]) == ("refs/heads/main", sha, after, False)
    assert [(commit["id"], commit["added"], commit["removed"]) for commit in payload["commits"]] == [
        (after, ["new.py"], ["app.py"])
    ]
    assert payload["sender"]["login"] == "bob"
    standin.find("acme/shop").git.update("refs/heads/main", sha)
    assert told(standin, "push", repository="acme/shop", branch="main", before=after)["forced"] is True


def test_an_installation_and_its_repositories(standin: Standin):
    standin.repository("acme/two", {"a": ""})
    payload = told(standin, "installation", action="created")
    assert [repository["full_name"] for repository in payload["repositories"]] == ["acme/shop", "acme/two"]
    assert payload["installation"]["id"] in standin.installations
    payload = told(standin, "installation_repositories", action="removed", removed=("acme/two",))
    assert [repository["name"] for repository in payload["repositories_removed"]] == ["two"]
    ping = told(standin, "ping")
    assert (ping["hook"]["type"], ping["hook"]["app_id"]) == ("App", standin.app.id)


def test_what_does_not_fit_the_schema_is_not_sent(standin: Standin, sha: str):
    made = standin.check("acme/shop", sha, "web")
    made.status = "broken"
    with pytest.raises(AssertionError, match="check_run/status"):
        standin.delivery("check_run", repository="acme/shop", thing=made)


def test_a_payload_can_be_spoiled_before_it_is_signed(standin: Standin, sha: str):
    headers, body = standin.delivery(
        "check_run", repository="acme/shop", sha=sha, altered=lambda payload: payload.pop("repository")
    )
    assert "repository" not in json.loads(body)
    expected = hmac.new(standin.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
