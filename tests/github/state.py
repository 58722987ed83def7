"""What the stand-in remembers: accounts, the App, repositories, and everything that hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

from tests.github.bare import Bare

Json = Any
Role = Literal["admin", "maintain", "write", "triage", "read"]
Permissions = dict[str, str]

LEVELS = {"none": 0, "read": 1, "write": 2, "admin": 3}


@dataclass
class Account:
    """A person, an organization or an App's bot."""

    id: int
    login: str
    kind: str = "User"  # User, Organization, Bot
    name: str = ""

    @property
    def email(self) -> str:
        """The address that GitHub gives to those who hide theirs."""
        return f"{self.id}+{self.login}@users.noreply.github.com"


@dataclass
class App:
    """A GitHub App: ours, or another that reports checks."""

    id: int
    slug: str
    name: str
    owner: Account
    bot: Account
    created: datetime
    client_id: str = ""
    permissions: Permissions = field(default_factory=dict)
    events: tuple[str, ...] = ()
    private_key: str = field(default="", repr=False)
    public_key: str = field(default="", repr=False)
    webhook_secret: str = field(default="", repr=False)
    webhook_url: str = "https://example.com/webhooks/github"


@dataclass
class Installation:
    """An App on an account: for all of its repositories, or for chosen ones."""

    id: int
    app: App
    account: Account
    permissions: Permissions
    created: datetime
    chosen: set[int] | None = None  # ids of repositories, None: all of the account's
    suspended: datetime | None = None


@dataclass
class Token:
    """An installation token."""

    value: str = field(repr=False)
    installation: Installation
    permissions: Permissions
    repositories: set[int] | None  # None: all of the installation's
    expires: datetime

    def allows(self, permission: str, level: str) -> bool:
        """Say whether the token carries a permission; reading what the repository is comes with every token."""
        held = "read" if permission == "metadata" else self.permissions.get(permission, "none")
        return LEVELS[held] >= LEVELS[level]


@dataclass
class Reaction:
    """A reaction to an issue or a comment."""

    id: int
    user: Account
    content: str
    created: datetime


@dataclass
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    number: int
    user: Account
    body: str
    created: datetime
    updated: datetime
    app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass
class Pull:
    """What an issue has besides when it is a pull request."""

    id: int
    head: str  # a branch
    head_owner: str
    base: str
    head_sha: str  # the branch's tip as it was last seen
    base_sha: str
    draft: bool = False
    fork: Repository | None = None  # where the branch is, when it is not here
    merged: datetime | None = None
    merged_by: Account | None = None
    merge_sha: str | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        """What there is one open pull request for."""
        return self.head_owner.lower(), self.head, self.base


@dataclass
class Issue:
    """An issue, or a pull request."""

    id: int
    number: int
    title: str
    body: str | None
    user: Account
    created: datetime
    updated: datetime
    state: str = "open"
    reason: str | None = None
    closed: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    app: App | None = None
    pull: Pull | None = None


@dataclass
class Suite:
    """The check runs of one App at one commit."""

    id: int
    app: App
    sha: str
    branch: str | None
    created: datetime
    updated: datetime


@dataclass
class CheckRun:
    """A check run."""

    id: int
    suite: Suite
    name: str
    status: str = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str = ""
    started: datetime | None = None
    completed: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)

    @property
    def sha(self) -> str:
        """The commit that was checked."""
        return self.suite.sha


@dataclass
class Status:
    """A commit status."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: Account
    created: datetime


@dataclass
class Job:
    """A job of a workflow run; its id is that of its check run, as on GitHub."""

    id: int
    name: str
    conclusion: str | None
    log: bytes | None  # None: there is none, or not any more
    steps: list[tuple[str, str | None]] = field(default_factory=list)
    check: CheckRun | None = None
    expired: bool = False


@dataclass
class WorkflowRun:
    """A run of a workflow of GitHub Actions."""

    id: int
    name: str
    path: str
    sha: str
    branch: str | None
    event: str
    suite: Suite
    actor: Account
    created: datetime
    jobs: list[Job] = field(default_factory=list)
    fork: Repository | None = None  # whose commit it is, when it is not the repository's own

    @property
    def conclusion(self) -> str | None:
        """What became of it: the worst of its jobs."""
        found = [job.conclusion for job in self.jobs]
        return next((bad for bad in (None, "failure", "timed_out", "cancelled") if bad in found), "success")


@dataclass
class DeploymentStatus:
    """What became of a deployment at some time."""

    id: int
    state: str
    creator: Account
    created: datetime
    description: str = ""
    log_url: str = ""
    environment_url: str = ""


@dataclass
class Deployment:
    """A deployment."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    creator: Account
    created: datetime
    payload: Json = field(default_factory=dict)
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass
class Repository:
    """A repository; its commits and branches lie in `git`, a bare repository on disk."""

    id: int
    owner: Account
    name: str
    git: Bare
    created: datetime
    private: bool = False
    archived: bool = False
    size: int = 100  # kilobytes
    default_branch: str = "main"
    source: Repository | None = None  # of a fork
    drafts: bool = True  # whether draft pull requests are to be had (not in private repositories of free accounts)
    has_issues: bool = True
    protected: tuple[str, ...] = ()  # names of branches, or shell patterns
    collaborators: dict[str, Role] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    suites: dict[int, Suite] = field(default_factory=dict)
    checks: dict[int, CheckRun] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    runs: dict[int, WorkflowRun] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner.login}/{self.name}"

    @property
    def pulls(self) -> Mapping[int, Issue]:
        """The issues that are pull requests, by number; `pull` of each is set."""
        return {number: issue for number, issue in self.issues.items() if issue.pull}

    def protects(self, branch: str) -> bool:
        """Say whether a branch is protected."""
        return any(fnmatchcase(branch, pattern) for pattern in self.protected)

    def role(self, login: str) -> str:
        """Return what a person may do here."""
        if login.lower() == self.owner.login.lower() and self.owner.kind == "User":
            return "admin"
        roles = {name.lower(): role for name, role in self.collaborators.items()}
        return roles.get(login.lower(), "none" if self.private else "read")

    def job(self, identity: int) -> tuple[WorkflowRun, Job] | None:
        """Return a job and its run."""
        return next(((run, job) for run in self.runs.values() for job in run.jobs if job.id == identity), None)
