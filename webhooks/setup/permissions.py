"""What the App asks for, each line with its reason: shown by /setup, sent in the manifest, and held against docs/service.md."""

from __future__ import annotations

from typing import Literal, NamedTuple

from webhooks.github.permissions import covers

Access = Literal["read", "write"]


class Permission(NamedTuple):
    """A permission of the App in repositories; an optional one is asked for only when the person ticks it."""

    name: str  # GitHub's own
    access: Access
    title: str  # as GitHub's pages call it
    reason: str
    optional: bool = False

    @property
    def access_words(self) -> str:
        """The access as GitHub's pages call it."""
        return "read and write" if self.access == "write" else "read-only"


class Subscription(NamedTuple):
    """An event that GitHub sends, and why it is asked for."""

    name: str
    reason: str


PERMISSIONS = (
    Permission("metadata", "read", "Metadata", "GitHub gives it to every App: the default branch, and who may give commands."),
    Permission(
        "contents", "write", "Contents", "To read the commit that failed, and to push the repair to a branch of its own."
    ),
    Permission("pull_requests", "write", "Pull requests", "To open the pull request with the repair, update it and close it."),
    Permission(
        "checks",
        "write",
        "Checks",
        "To see that a deploy's check failed, and to report on that commit with notes at the lines.",
    ),
    Permission("actions", "read", "Actions", "To read the log of the job that deployed: it shows which cause is the real one."),
    Permission("deployments", "read", "Deployments", "To see that a deployment failed (Render and others report it this way)."),
    Permission(
        "statuses", "read", "Commit statuses", "To see that a commit's status failed (older integrations report it this way)."
    ),
    Permission(
        "issues", "write", "Issues", "To see and answer commands in comments: GitHub counts a comment as part of an issue."
    ),
    Permission(
        "workflows",
        "write",
        "Workflows",
        "To repair the files in .github/workflows too. Without it such a change is only described, as a step for you.",
        optional=True,
    ),
)

EVENTS = (
    Subscription("check_run", "a deploy's check failed"),
    Subscription("check_suite", "the checks of a commit failed"),
    Subscription("workflow_run", "a workflow that deploys failed"),
    Subscription("workflow_job", "a job that deploys failed"),
    Subscription("deployment_status", "a deployment failed"),
    Subscription("status", "a commit's status failed"),
    Subscription("push", "the default branch moved: the cause may be gone"),
    Subscription("pull_request", "one of our pull requests was closed, opened again, or got commits"),
    Subscription("issue_comment", "somebody gave a command"),
)
# installation, installation_repositories and ping come to every App and can't be subscribed to.


def wanted(workflows: bool) -> dict[str, Access]:
    """Return the permissions as the manifest names them."""
    return {one.name: one.access for one in PERMISSIONS if workflows or not one.optional}


def lacking(granted: dict[str, str]) -> list[Permission]:
    """Return what `granted` (as GET /app tells it) does not cover of what the App can't work without."""
    return [one for one in PERMISSIONS if not one.optional and not covers(granted, {one.name: one.access})]
