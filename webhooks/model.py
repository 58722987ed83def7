"""What happens on GitHub that concerns us, as plain data: no client, no database, no framework."""

from __future__ import annotations

from typing import Literal, NamedTuple

Source = Literal["check_run", "check_suite", "workflow_run", "workflow_job", "deployment_status", "status"]


class Repository(NamedTuple):
    """A repository as a delivery describes it; `installation` is the one through which we may act in it."""

    full_name: str  # owner/name
    installation: int
    default_branch: str
    private: bool = False
    fork: bool = False
    archived: bool = False
    size: int = 0  # kilobytes, as GitHub counts them

    @property
    def owner(self) -> str:
        """The account that it belongs to."""
        return self.full_name.partition("/")[0]


class Failure(NamedTuple):
    """A check, a job, a deployment or a status that failed at a commit, and that a rule takes for a deploy.

    `text` is what the delivery itself says of it (titles, summaries), not yet redacted; `identity` is GitHub's id of the
    thing, by which its log and its annotations are asked for.
    """

    repository: Repository
    sha: str
    branch: str | None
    source: Source
    identity: int
    name: str
    conclusion: str
    url: str | None = None  # the page for people
    text: str = ""
    log_url: str | None = None
    foreign: bool = False  # the commit belongs to a fork: nothing can be pushed for it


class Pushed(NamedTuple):
    """New commits on a branch."""

    repository: Repository
    branch: str
    before: str
    sha: str
    sender: str


class PullChanged(NamedTuple):
    """A pull request from a branch of ours was closed, opened again, or got commits."""

    repository: Repository
    number: int
    action: Literal["closed", "reopened", "synchronize"]
    branch: str  # its head
    sha: str  # of its head
    merged: bool
    sender: str


class Commented(NamedTuple):
    """A comment on an issue or a pull request that begins with a command for us."""

    repository: Repository
    number: int
    comment: int
    author: str
    text: str
    pull: bool  # on a pull request


class Installed(NamedTuple):
    """The App was installed, changed or removed; `repositories` are those that were added or taken away."""

    installation: int
    action: str
    repositories: tuple[str, ...]


Event = Failure | Pushed | PullChanged | Commented | Installed


class Dropped(NamedTuple):
    """A delivery that concerns nobody, and why: a short word for the counters."""

    reason: str
