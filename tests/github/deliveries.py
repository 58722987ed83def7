"""Signed deliveries as GitHub sends them: its own samples, with our state laid over them.

Each is held against GitHub's schema of the events. That schema is older than the samples and than what GitHub sends today;
what it does not know is on a list, with the reason.
"""

from __future__ import annotations

import copy
import hmac
import json
import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from tests.github.bare import Commit
from tests.github.deploys import Deploys, JobDone
from tests.github.description import DATA
from tests.github.reports import Reports
from tests.github.shapes import node
from tests.github.state import (
    Account,
    CheckRun,
    Comment,
    Deployment,
    Installation,
    Issue,
    Job,
    Repository,
    Status,
    Suite,
    WorkflowRun,
)

Json = Any
Thing = CheckRun | Suite | Comment | Deployment | Issue | Job | Status | WorkflowRun
ZERO = "0" * 40
# What the schema refuses although GitHub sends it: the event, a pattern of what the validator says, the reason.
DEVIATIONS = (
    ("deployment_status", "^(check_run|workflow_run): null is not", "null, when it is no deployment of Actions"),
    ("check_run", r'app/\w+: "2018-04-25 20:42:10" is not', "the oldest sample has a time of a form long gone"),
)


def headers(event: str, body: bytes, secret: str, delivery: str | None, app: int) -> dict[str, str]:
    """Return the headers of a delivery, signed with a secret."""
    signed = {name: hmac.new(secret.encode(), body, name).hexdigest() for name in ("sha1", "sha256")}
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": "292430182",
        "X-GitHub-Hook-Installation-Target-ID": str(app),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": f"sha1={signed['sha1']}",
        "X-Hub-Signature-256": f"sha256={signed['sha256']}",
    }


@cache
def _samples() -> dict[str, Json]:
    found: dict[str, Json] = json.loads((DATA / "samples.json").read_text(encoding="utf-8"))
    return found


@cache
def _schema(event: str, action: str | None) -> jsonschema_rs.Validator:
    whole = json.loads((DATA / "webhooks.json").read_text(encoding="utf-8"))
    names = (f"{event}${action}", whole["events"][event])
    name = next(name for name in names if name in whole["definitions"])
    return jsonschema_rs.Draft7Validator({**whole, "$ref": f"#/definitions/{name}"}, validate_formats=True)


def errors(event: str, payload: Json) -> list[str]:
    """Return what GitHub's schema has against a payload, without the deviations that we know."""
    found = []
    for error in _schema(event, payload.get("action")).iter_errors(payload):
        words = f"{'/'.join(map(str, error.instance_path))}: {error.message[-200:]}"
        if not any(known == event and re.search(pattern, words) for known, pattern, _ in DEVIATIONS):
            found.append(words)
    return found


def sample(event: str, action: str | None) -> Json:
    """Return a copy of GitHub's own sample of an event; without an action of the first that there is."""
    names = [
        name for name in _samples() if name.partition(".")[0] == event and action in (None, name.partition(".")[2] or None)
    ]
    if not names:
        raise LookupError(f"{event} {action}: see tools/octokit/events.txt")
    return copy.deepcopy(_samples()[names[0]])


def over(like: Json, ours: Json) -> Json:
    """Lay our state over a sample: where the sample has a name, and no further, so that the answers' extra names stay out."""
    if isinstance(like, dict) and isinstance(ours, dict):
        return {key: over(value, ours[key]) if key in ours else value for key, value in like.items()}
    if isinstance(like, list) and isinstance(ours, list):
        return [over(like[0], item) if like else item for item in ours]
    if isinstance(like, int) and isinstance(ours, str):
        return like  # pushes have a repository's times as numbers
    return ours


class Deliveries(Deploys):
    """A world that tells of itself by webhook."""

    def delivery(
        self,
        event: str,
        *,
        repository: str | None = None,
        action: str | None = None,
        thing: Thing | None = None,
        sha: str | None = None,
        sender: str | None = None,
        delivery: str | None = None,
        altered: Callable[[Json], None] | None = None,
        **told: Any,
    ) -> tuple[dict[str, str], bytes]:
        """Return the headers and the body of a signed delivery.

        It tells of `thing`, which is there already; or of one that is made now, at the commit `sha`, as the method of that name
        takes it: `delivery("check_run", repository="acme/shop", sha=sha, name="web", conclusion="failure")`. For a push `told`
        has `branch` and may have `before`; for the events of an installation it may have `added` or `removed`. `altered`
        changes the payload before it is signed, and takes the check against the schema away.
        """
        payload = sample(event, action)
        repo = self.find(repository) if repository else None
        if repo is None:
            owner = next(iter(self.installations.values())) if self.installations else None
        else:
            owner = self.installation_of(repo)
        by = self.person(sender or "alice")
        if repo is not None:
            thing = thing or self._made(event, repo, sha, told)
            parts = self._parts(event, repo, thing, payload, sha, told)
            by = by if sender or thing is None else _sender(thing, by)
            payload["repository"] = over(payload.get("repository", {}), self.shapes.repository(repo))
        else:
            parts = self._installed(event, owner, told)
        payload = {**payload, **{key: over(payload.get(key), part) for key, part in parts.items()}}
        payload["sender"] = over(payload["sender"], self.shapes.user(by))
        payload.pop("organization", None)
        if event == "ping":  # of an App, not of a repository's hook
            del payload["repository"], payload["sender"]
            payload["hook"] |= {"type": "App", "app_id": self.app.id}
        elif owner is not None and not event.startswith("installation"):
            payload["installation"] = {"id": owner.id, "node_id": node("Installation", owner.id)}
        if altered:
            payload = copy.deepcopy(payload)
            altered(payload)
        elif wrong := errors(event, payload):
            raise AssertionError(f"the delivery of {event} does not fit GitHub's schema: {'; '.join(wrong)}")
        body = json.dumps(payload).encode()
        return headers(event, body, self.app.webhook_secret, delivery, self.app.id), body

    def send(self, url: str, event: str, **told: Any) -> httpx.Response:
        """Send a delivery and return what it is answered."""
        given, body = self.delivery(event, **told)
        return httpx.post(url, headers=given, content=body, timeout=10)  # as long as GitHub waits

    def _made(self, event: str, repo: Repository, sha: str | None, told: dict[str, Any]) -> Thing | None:
        name = repo.full_name
        match event:
            case "check_run":
                return self.check(name, sha or "", told.pop("name", "web"), **told)
            case "check_suite":
                return self.check(name, sha or "", told.pop("name", "web"), **told).suite
            case "status":
                return self.commit_status(name, sha or "", told.pop("context", "ci/deploy"), **told)
            case "deployment_status":
                return self.deployment(name, sha or "", **told)
            case "workflow_run":
                return self.workflow_run(name, sha or "", JobDone("deploy"), **told)
            case "workflow_job":
                return self.workflow_run(name, sha or "", JobDone(**{"name": "deploy", **told})).jobs[0]
            case "issue_comment":
                return self.comment(name, told["number"], told["body"], told.get("by", "alice"))
            case "pull_request":
                return self.seen(repo, told["number"])
        return None

    def _parts(
        self, event: str, repo: Repository, thing: Thing | None, like: Json, sha: str | None, told: dict[str, Any]
    ) -> Json:
        """Return what an event tells, by the names of its payload."""
        shapes = self.shapes
        match thing:
            case CheckRun():
                return {"check_run": {**shapes.check(repo, thing), "check_suite": shapes.suite(repo, thing.suite)}}
            case Suite():
                return {"check_suite": shapes.suite(repo, thing)}
            case Status():
                return _status(shapes, repo, thing)
            case Deployment():
                status = shapes.deployment_status(repo, thing, thing.statuses[-1])
                parts = {"deployment": shapes.deployment(repo, thing), "deployment_status": status}
                return {**parts, "check_run": None, "workflow_run": None}
            case WorkflowRun():
                return {"workflow_run": shapes.run(repo, thing), "workflow": {"name": thing.name, "path": thing.path}}
            case Job():
                found = repo.job(thing.id)
                assert found is not None
                return {"workflow_job": {**shapes.job(repo, *found), "runner_name": None, "runner_id": None}}
            case Comment():
                issue = repo.issues[thing.number]
                whole = shapes.issue(repo, issue, 1)
                parts = {"comment": shapes.comment(repo, thing), "issue": whole}
                if issue.pull:  # the sample is of an issue: its shape lacks what says that it is a pull request
                    like["issue"]["pull_request"] = {"url": "", "html_url": "", "diff_url": "", "patch_url": ""}
                return parts
            case Issue():
                parts = {"number": thing.number, "pull_request": shapes.pull(repo, thing, whole=True)}
                if like["action"] == "synchronize":
                    parts |= {"before": told.get("before", ZERO), "after": thing.pull.head_sha if thing.pull else ZERO}
                return parts
        return _pushed(shapes, repo, sha, told) if event == "push" else {}

    def _installed(self, event: str, owner: Installation | None, told: dict[str, Any]) -> Json:
        """Return what the events of an installation tell."""
        if owner is None or event == "ping":
            return {}
        parts: Json = {"installation": self.shapes.installation(owner)}
        mine = [repo.full_name for repo in self.repositories.values() if self.reaches(owner, repo)]
        if event == "installation":
            return {**parts, "repositories": [self._short(name) for name in mine]}
        for key in ("added", "removed"):
            parts[f"repositories_{key}"] = [self._short(name) for name in told.get(key, ())]
        return {**parts, "requester": None}

    def _short(self, full_name: str) -> Json:
        repo = self.find(full_name)
        whole = self.shapes.repository(repo)
        return {key: whole[key] for key in ("id", "node_id", "name", "full_name", "private")}


def _sender(thing: Thing, otherwise: Account) -> Account:
    match thing:
        case CheckRun():
            return thing.suite.app.bot
        case Suite():
            return thing.app.bot
        case Comment():
            return thing.user
        case Status() | Deployment():
            return thing.creator
        case WorkflowRun():
            return thing.actor
        case Issue():
            return thing.closed_by or thing.user
    return otherwise


def _status(shapes: Reports, repo: Repository, status: Status) -> Json:
    names = [ref.removeprefix("refs/heads/") for ref, tip in repo.git.refs("refs/heads/").items() if tip == status.sha]
    commit = {"sha": status.sha, "url": shapes.repo_url(repo, f"/commits/{status.sha}")}
    told = {key: value for key, value in shapes.status(repo, status).items() if key not in ("url", "node_id", "creator")}
    return {
        **told,
        "sha": status.sha,
        "name": repo.full_name,
        "commit": shapes.commit(repo, repo.git.commit(status.sha)),
        "branches": [{"name": name, "commit": commit, "protected": False} for name in names],
    }


def _pushed(shapes: Reports, repo: Repository, sha: str | None, told: dict[str, Any]) -> Json:
    branch = told["branch"]
    after = sha or repo.git.head(branch) or ZERO
    known = repo.git.commits(after, limit=2) if after != ZERO else []
    before = told.get("before") or (known[1].sha if len(known) > 1 else ZERO)
    new = repo.git.commits(*([f"{before}..{after}"] if ZERO not in (before, after) else [after] if after != ZERO else []))[::-1]
    return {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "created": before == ZERO,
        "deleted": after == ZERO,
        "forced": ZERO not in (before, after) and not repo.git.ancestor(before, after),
        "base_ref": None,
        "compare": shapes.page(repo, f"/compare/{before[:12]}...{after[:12]}"),
        "commits": [_commit(shapes, repo, commit) for commit in new],
        "head_commit": _commit(shapes, repo, new[-1]) if new else None,
    }


def _commit(shapes: Reports, repo: Repository, commit: Commit) -> Json:
    base = commit.parents[0] if commit.parents else repo.git.tree_of(b"")
    files = repo.git.files(base, commit.sha)
    by = {status: [file.path for file in files if file.status == status] for status in ("added", "removed", "modified")}
    simple = shapes.simple_commit(repo, commit.sha)
    who = {role: {**simple[role], "username": simple[role]["name"]} for role in ("author", "committer")}
    return {**simple, **who, "distinct": True, "url": shapes.page(repo, f"/commit/{commit.sha}"), **by}
