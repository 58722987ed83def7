"""A delivery's payload → what happened (`model.Event`), or why it concerns nobody (`model.Dropped`).

Pure, and never an error: whatever is missing or of the wrong kind is `Dropped("malformed …")` with the place. Reasons are
words of ours, never of a payload, so they can be labels of counters. What we did ourselves (our checks, our bot's commits,
comments and closed pull requests) is `Dropped("ours")`.

Source of the shapes: docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from webhooks.model import Commented, Dropped, Event, Failure, Installed, PullChanged, Pushed, Repository
from webhooks.payload import Malformed, Reader, allowed
from webhooks.rules import Rules, Signal, is_deploy

OUR_BRANCHES = "deploymend/"  # the branches that we push begin with it
COMMAND = "/deploymend"
_LONGEST_COMMAND = 2_000
_FAILED = ("failure", "timed_out")
_BROKEN = ("failure", "error")
_COMMAND = re.compile(rf"\s*{COMMAND}(?![\w/-])", re.IGNORECASE)


class Me(NamedTuple):
    """Who we are on GitHub; the slug may not be known yet."""

    app_id: int
    slug: str | None = None

    @property
    def login(self) -> str | None:
        """The login of the App's bot."""
        return None if self.slug is None else f"{self.slug}[bot]"


class _Seen(NamedTuple):
    """One delivery, with what is needed to judge it."""

    payload: Reader
    action: str
    sender: str
    me: Me
    rules: Rules

    def is_ours(self, app: str = "") -> bool:
        """Say whether we did this ourselves; `app` is the place of the App that GitHub names for it."""
        if app and self.payload.get(f"{app}.id") == self.me.app_id:
            return True
        return self.me.login is not None and self.sender.lower() == self.me.login


def read(event: str, payload: Any, me: Me, rules: Rules) -> Event | Dropped:
    """Return what happened, or why a delivery is dropped; `event` is what X-GitHub-Event says, `payload` any JSON value."""
    reading = _READERS.get(event)
    if reading is None:
        return Dropped("ping" if event == "ping" else "event")
    reader = Reader(payload)
    try:
        return reading(_Seen(reader, reader.word("action"), reader.word("sender.login"), me, rules))
    except Malformed as error:
        return Dropped(str(error))


def _repository(payload: Reader) -> Repository:
    found = payload.inside("repository")
    return Repository(
        found.full_name("full_name"),
        payload.id("installation.id"),
        found.branch("default_branch"),
        found.flag("private"),
        found.flag("fork"),
        found.flag("archived"),
        found.count("size"),
    )


def _failure(
    seen: _Seen, signal: Signal, thing: Reader, sha: str, branch: str | None, conclusion: str, **more: Any
) -> Failure | Dropped:
    """Return the failure if a rule takes it for a deploy; it has the id, and usually the address, of the thing that failed."""
    if not is_deploy(signal, seen.rules):
        return Dropped("no deploy")
    more.setdefault("url", thing.url("html_url"))
    repository = _repository(seen.payload)
    return Failure(repository, sha, branch, signal.source, thing.id("id"), signal.name, conclusion, **more)


def _check_run(seen: _Seen) -> Failure | Dropped:
    if seen.action != "completed":
        return Dropped("action")
    check = seen.payload.inside("check_run")
    if check.get("app.id") == seen.me.app_id:
        return Dropped("ours")
    if (conclusion := check.word("conclusion")) not in _FAILED:
        return Dropped("passed")
    addresses = (check.url("details_url"), check.url("html_url"))
    signal = Signal("check_run", check.name("name"), app=check.word("app.slug"), addresses=addresses)
    text = check.text("output.title", "output.summary", "output.text")
    branch = check.branch_if_any("check_suite.head_branch")  # null for a branch of a fork
    more = {"text": text, "foreign": branch is None}
    return _failure(seen, signal, check, check.sha("head_sha"), branch, conclusion, **more)


def _check_suite(seen: _Seen) -> Failure | Dropped:
    if seen.action != "completed":
        return Dropped("action")
    suite = seen.payload.inside("check_suite")
    if suite.get("app.id") == seen.me.app_id:
        return Dropped("ours")
    if (conclusion := suite.word("conclusion")) not in _FAILED:
        return Dropped("passed")
    app = suite.word("app.slug")
    if app == "github-actions":  # its jobs and workflows come by themselves, with names
        return Dropped("told by its jobs")
    branch = suite.branch_if_any("head_branch")
    signal = Signal("check_suite", suite.word("app.name") or app, app=app)
    more = {"url": None, "foreign": branch is None}
    return _failure(seen, signal, suite, suite.sha("head_sha"), branch, conclusion, **more)


def _workflow_run(seen: _Seen) -> Failure | Dropped:
    if seen.action != "completed":
        return Dropped("action")
    run = seen.payload.inside("workflow_run")
    if (conclusion := run.word("conclusion")) not in _FAILED:
        return Dropped("passed")
    path = run.word("path").partition("@")[0]
    signal = Signal("workflow_run", run.word("name") or path, path=path)
    foreign = run.get("head_repository.full_name") != seen.payload.get("repository.full_name")
    branch = run.branch_if_any("head_branch")
    return _failure(seen, signal, run, run.sha("head_sha"), None if foreign else branch, conclusion, foreign=foreign)


def _workflow_job(seen: _Seen) -> Failure | Dropped:
    if seen.action != "completed":
        return Dropped("action")
    job = seen.payload.inside("workflow_job")
    if (conclusion := job.word("conclusion")) not in _FAILED:
        return Dropped("passed")
    signal = Signal("workflow_job", job.name("name"), group=job.word("workflow_name"))
    failed = [step.word("name") for step in job.items("steps") if step.get("conclusion") in _FAILED]
    text = "\n".join(f"step failed: {name}" for name in failed[:20])
    branch = job.branch_if_any("head_branch")  # of a fork's pull request it is the fork's branch, which is not told here
    return _failure(seen, signal, job, job.sha("head_sha"), branch, conclusion, text=text, foreign=branch is None)


def _deployment_status(seen: _Seen) -> Failure | Dropped:
    status, deployment = seen.payload.inside("deployment_status"), seen.payload.inside("deployment")
    if seen.is_ours("deployment_status.performed_via_github_app"):
        return Dropped("ours")
    if (state := status.word("state")) not in _BROKEN:
        return Dropped("passed")
    sha = deployment.sha("sha")
    log_url = status.url("log_url") or status.url("target_url")
    addresses = (log_url, status.url("target_url"), status.url("environment_url"))
    app = status.word("creator.login") or deployment.word("creator.login")
    name = deployment.word("environment") or status.name("environment")
    run = Reader(seen.payload.get("workflow_run"))  # null for a deployment that no workflow made
    path = run.word("path").partition("@")[0]
    signal = Signal("deployment_status", name, run.word("name"), path, app, addresses)
    ref = deployment.word("ref").removeprefix("refs/heads/")  # a branch, a tag or the commit
    branch = None if ref == sha or deployment.branch_if_any("ref") is None else ref
    more = {"url": log_url, "log_url": log_url, "text": status.text("description")}
    return _failure(seen, signal, deployment, sha, branch, state, **more)


def _status(seen: _Seen) -> Failure | Dropped:
    status = seen.payload
    if seen.is_ours():
        return Dropped("ours")
    if (state := status.word("state")) not in _BROKEN:
        return Dropped("passed")
    target = status.url("target_url")
    signal = Signal("status", status.name("context"), app=seen.sender, addresses=(target,))
    branches = [branch.word("name") for branch in status.items("branches") if branch.branch_if_any("name")]
    default = status.get("repository.default_branch")  # of several that contain the commit, it is the one that is deployed
    branch = default if default in branches else next(iter(branches), None)
    more = {"url": target, "text": status.text("description"), "foreign": not branches}
    return _failure(seen, signal, status, status.sha("sha"), branch, state, **more)


def _push(seen: _Seen) -> Pushed | Dropped:
    payload = seen.payload
    ref = payload.word("ref")
    branch = ref.removeprefix("refs/heads/")
    if branch == ref or branch.startswith(OUR_BRANCHES):  # a tag; what is pushed to a branch of ours, its pull request tells
        return Dropped("branch")
    if payload.flag("deleted"):
        return Dropped("action")
    if seen.is_ours():
        return Dropped("ours")
    if not allowed(branch):
        raise payload.wrong("ref")
    return Pushed(_repository(payload), branch, payload.sha("before"), payload.sha("after"), seen.sender)


def _pull_request(seen: _Seen) -> PullChanged | Dropped:
    action: Literal["closed", "reopened", "synchronize"]
    match seen.action:
        case "closed" | "reopened" | "synchronize":
            action = seen.action
        case _:
            return Dropped("action")
    pull = seen.payload.inside("pull_request")
    repository = _repository(seen.payload)
    head = pull.branch_if_any("head.ref") or ""
    if not head.startswith(OUR_BRANCHES) or pull.get("head.repo.full_name") != repository.full_name:
        return Dropped("branch")  # anybody can name a fork's branch like ours
    if seen.is_ours():
        return Dropped("ours")
    return PullChanged(repository, pull.id("number"), action, head, pull.sha("head.sha"), pull.flag("merged"), seen.sender)


def _issue_comment(seen: _Seen) -> Commented | Dropped:
    if seen.action != "created":
        return Dropped("action")
    comment = seen.payload.inside("comment")
    if seen.is_ours("comment.performed_via_github_app"):
        return Dropped("ours")
    body = comment.text("body")
    if not _COMMAND.match(body):
        return Dropped("no command")
    if comment.get("user.type") == "Bot":  # bots that answer bots never end
        return Dropped("bot")
    issue = seen.payload.inside("issue")
    pull = isinstance(issue.get("pull_request"), dict)
    repository, author = _repository(seen.payload), comment.name("user.login")
    return Commented(repository, issue.id("number"), comment.id("id"), author, body.strip()[:_LONGEST_COMMAND], pull)


def _installation(seen: _Seen) -> Installed | Dropped:
    if seen.action not in ("created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"):
        return Dropped("action")
    return Installed(seen.payload.id("installation.id"), seen.action, _full_names(seen.payload, "repositories"))


def _installation_repositories(seen: _Seen) -> Installed | Dropped:
    if seen.action not in ("added", "removed"):
        return Dropped("action")
    return Installed(seen.payload.id("installation.id"), seen.action, _full_names(seen.payload, f"repositories_{seen.action}"))


def _full_names(payload: Reader, path: str) -> tuple[str, ...]:
    return tuple(repository.full_name("full_name") for repository in payload.items(path))


_READERS: dict[str, Callable[[_Seen], Event | Dropped]] = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "workflow_run": _workflow_run,
    "workflow_job": _workflow_job,
    "deployment_status": _deployment_status,
    "status": _status,
    "push": _push,
    "pull_request": _pull_request,
    "issue_comment": _issue_comment,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
}
EVENTS = (*_READERS, "ping")  # those that GitHub may send us: labels of the counters
READ: frozenset[str] = frozenset(_READERS)
