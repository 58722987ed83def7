"""GitHub's own samples of deliveries, as they are and as failures."""

import copy
import json
from pathlib import Path

import pytest

from webhooks import events
from webhooks.events import Me
from webhooks.model import Commented, Dropped, Failure, Installed, PullChanged, Pushed
from webhooks.rules import Rules

SAMPLES = json.loads((Path(__file__).parents[1] / "github/data/samples.json").read_text())
ME = Me(2**40, "deploymend-of-the-tests")
ALL = Rules(("*",))
FAILING = {
    "check_run.completed": ("check_run", "conclusion"),
    "check_suite.completed": ("check_suite", "conclusion"),
    "workflow_run.completed": ("workflow_run", "conclusion"),
    "workflow_job.completed": ("workflow_job", "conclusion"),
    "deployment_status.created": ("deployment_status", "state"),
    "status": (None, "state"),
}


def read(name, payload, rules=ALL):
    payload = {"installation": {"id": 12}, **payload}  # a webhook of a repository has none, an App's delivery always does
    return events.read(name.partition(".")[0], payload, ME, rules)


def failed(name, **more):
    payload = copy.deepcopy(SAMPLES[name])
    thing, key = FAILING[name]
    (payload if thing is None else payload[thing]).update({key: "failure"} | more)
    return payload


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_as_we_take_deliveries_to_be(name):
    found = read(name, SAMPLES[name])
    assert not (isinstance(found, Dropped) and found.reason.startswith("malformed"))


@pytest.mark.parametrize("name", FAILING)
def test_a_sample_that_failed(name):
    payload = failed(name)
    if name == "check_suite.completed":
        payload["check_suite"]["app"] = {"id": 1, "slug": "render", "name": "Render"}
    found = read(name, payload)
    assert isinstance(found, Failure)
    assert found.repository.full_name == payload["repository"]["full_name"]
    assert len(found.sha) == 40
    assert found.source == name.partition(".")[0]


@pytest.mark.parametrize("name", FAILING)
def test_no_sample_is_a_deploy_of_fly_or_render(name):
    assert read(name, failed(name), Rules()) in (Dropped("no deploy"), Dropped("told by its jobs"))


def test_the_samples_that_concern_us_as_they_are():
    kinds = {name: type(read(name, payload)) for name, payload in SAMPLES.items()}
    assert {name for name, kind in kinds.items() if kind is Installed} == {
        "installation.created",
        "installation.deleted",
        "installation.new_permissions_accepted",
        "installation.suspend",
        "installation.unsuspend",
        "installation_repositories.added",
        "installation_repositories.removed",
    }
    assert not {Commented, PullChanged, Pushed} & set(kinds.values())


def test_a_comment_a_push_and_a_pull_request():
    comment = copy.deepcopy(SAMPLES["issue_comment.created"])
    comment["comment"]["body"] = "/deploymend fix"
    found = read("issue_comment.created", comment)
    assert (type(found), found.text, found.number) == (Commented, "/deploymend fix", comment["issue"]["number"])
    branch = SAMPLES["push"]["repository"]["default_branch"]
    push = {**SAMPLES["push"], "ref": f"refs/heads/{branch}", "deleted": False, "after": "0123456789" * 4}
    pushed = read("push", push)
    assert (type(pushed), pushed.branch, pushed.sha) == (Pushed, branch, push["after"])
    pull = copy.deepcopy(SAMPLES["pull_request.closed"])
    pull["pull_request"]["head"]["ref"] = "deploymend/0123456789ab"
    assert isinstance(read("pull_request.closed", pull), PullChanged)
