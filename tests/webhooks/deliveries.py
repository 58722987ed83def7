"""Deliveries for tests, with what GitHub documents of each event as far as anybody reads it."""

from __future__ import annotations

import json
from typing import Any

from tests.github.deliveries import headers

SECRET = "the secret of the tests"
APP = 4711
SLUG = "deploymend-test"
SHA = "0123456789abcdef0123456789abcdef01234567"
BEFORE = "89abcdef0123456789abcdef0123456789abcdef"
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
NAME = "octo-org/docflow"


def signed(payload: Any, event: str, delivery: str = DELIVERY, secret: str = SECRET) -> dict[str, Any]:
    """Return body and headers of a delivery as GitHub sends it."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {"content": body, "headers": headers(event, body, secret, delivery, APP)}


def about(action: str | None = None, sender: str = "octocat", **more: Any) -> dict[str, Any]:
    """Return what every payload has."""
    repository = {
        "full_name": NAME,
        "default_branch": "main",
        "private": True,
        "fork": False,
        "archived": False,
        "size": 321,
    }
    action_of = {} if action is None else {"action": action}
    return action_of | {"repository": repository, "installation": {"id": 99}, "sender": {"login": sender}} | more


def check_run(name: str = "deploy", app: str = "github-actions", **more: Any) -> dict[str, Any]:
    """Return a check run that failed."""
    check = {
        "id": 128620228,
        "name": name,
        "head_sha": SHA,
        "status": "completed",
        "conclusion": "failure",
        "html_url": f"https://github.com/{NAME}/runs/128620228",
        "details_url": f"https://github.com/{NAME}/actions/runs/3/job/4",
        "output": {"title": "Deploy failed", "summary": "exit code 1", "text": None},
        "check_suite": {"id": 5, "head_branch": "main"},
        "app": {"id": 15368, "slug": app},
        "pull_requests": [],
    }
    return about("completed", check_run=check | more)


def workflow_job(name: str = "deploy", workflow: str = "Fly Deploy", **more: Any) -> dict[str, Any]:
    """Return a job that failed."""
    job = {
        "id": 2832853555,
        "run_id": 940463255,
        "name": name,
        "workflow_name": workflow,
        "head_sha": SHA,
        "head_branch": "main",
        "status": "completed",
        "conclusion": "failure",
        "html_url": f"https://github.com/{NAME}/runs/2832853555",
        "steps": [{"name": "Set up job", "conclusion": "success"}, {"name": "flyctl deploy", "conclusion": "failure"}],
    }
    return about("completed", workflow_job=job | more)


def workflow_run(name: str = "Fly Deploy", **more: Any) -> dict[str, Any]:
    """Return a run of a workflow that failed."""
    run = {
        "id": 289782451,
        "name": name,
        "path": ".github/workflows/fly-deploy.yml",
        "head_sha": SHA,
        "head_branch": "main",
        "status": "completed",
        "conclusion": "failure",
        "html_url": f"https://github.com/{NAME}/actions/runs/289782451",
        "head_repository": {"full_name": NAME},
    }
    return about("completed", workflow_run=run | more)


def deployment_status(creator: str = "render[bot]", environment: str = "main - docflow", **more: Any) -> dict[str, Any]:
    """Return a deployment that failed."""
    status = {
        "id": 7,
        "state": "failure",
        "creator": {"login": creator, "type": "Bot"},
        "description": "Exited with status 1 while running your code",
        "environment": environment,
        "environment_url": "https://docflow.onrender.com",
        "target_url": "https://dashboard.render.com/web/srv-1/deploys/dep-1",
        "log_url": "https://dashboard.render.com/web/srv-1/deploys/dep-1",
    }
    deployment = {"id": 145988746, "sha": SHA, "ref": "main", "environment": environment, "creator": {"login": creator}}
    return about("created", deployment_status=status | more, deployment=deployment)


def status(context: str = "deploy/fly", **more: Any) -> dict[str, Any]:
    """Return a commit status that failed; it stands in the payload itself."""
    said = {
        "id": 6805126730,
        "sha": SHA,
        "state": "failure",
        "context": context,
        "description": "Deploy failed",
        "target_url": "https://ci.example.com/1",
        "branches": [{"name": "changes"}, {"name": "main"}],
    }
    return about(**(said | more))


def push(branch: str = "main", **more: Any) -> dict[str, Any]:
    """Return new commits on a branch."""
    return about(**({"ref": f"refs/heads/{branch}", "before": BEFORE, "after": SHA, "deleted": False} | more))


def pull_request(action: str = "closed", branch: str = "deploymend/0123456789ab", sender: str = "octocat") -> dict[str, Any]:
    """Return a change of a pull request."""
    head = {"ref": branch, "sha": SHA, "repo": {"full_name": NAME}}
    return about(action, sender, number=12, pull_request={"number": 12, "merged": False, "head": head})


def issue_comment(text: str = "/deploymend retry", kind: str = "User", sender: str = "octocat") -> dict[str, Any]:
    """Return a comment on a pull request."""
    comment = {"id": 492700400, "body": text, "user": {"login": sender, "type": kind}, "performed_via_github_app": None}
    return about("created", sender, comment=comment, issue={"number": 12, "pull_request": {"url": "https://api.github.com/x"}})
