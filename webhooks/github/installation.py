"""All that the service says to GitHub about the repositories of one installation."""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import quote, urlsplit

from github import GithubException
from github.NamedUser import NamedUser

from webhooks.github.checks import Checks
from webhooks.github.client import told
from webhooks.github.logs import Logs
from webhooks.github.pulls import Pulls

Permission = Literal["admin", "write", "read", "none"]


class RepositoryInfo(NamedTuple):
    """A repository as it is now; `full_name` is its present name, which counts from then on."""

    id: int
    full_name: str
    default_branch: str
    archived: bool
    disabled: bool
    fork: bool
    private: bool
    size: int  # kilobytes, as GitHub counts them
    url: str  # the page for people
    clone_url: str


class Identity(NamedTuple):
    """The App's bot user, who is the author of our commits."""

    id: int
    login: str  # slug[bot]
    email: str  # the address by which GitHub links a commit to the user


class Installation(Pulls, Checks, Logs):
    """Acts in the repositories of one installation.

    Methods are for threads (`asyncio.to_thread`). They raise one of `errors`: `Limited` with the time to ask again,
    `Trouble` for the network and 5xx, `Gone`, `Denied` and `Refused` for what another try won't change. Those named ensure_…
    look first, so that a step that was cut after its effect can run again.
    """

    @told("read the repository {full_name}")
    def repository(self, full_name: str) -> RepositoryInfo:
        """Return what GitHub knows of a repository, also under a former name of it."""
        one = self.read(full_name)
        return RepositoryInfo(
            id=one.id,
            full_name=one.full_name,
            default_branch=one.default_branch,
            archived=one.archived,
            disabled=bool(one.raw_data.get("disabled")),
            fork=one.fork,
            private=one.private,
            size=one.size,
            url=one.html_url,
            clone_url=one.clone_url,
        )

    @told("read the branch {branch} of {full_name}")
    def branch_head(self, full_name: str, branch: str) -> str | None:
        """Return the commit that a branch stands at; None when there is no such branch."""
        try:
            return str(self.read(full_name).get_git_ref(f"heads/{branch}").object.sha)
        except GithubException as error:
            if error.status == 404 or (error.status == 409 and "empty" in str(error.data)):  # 409: the repository is empty
                return None
            raise

    @told("read what {login} may do in {full_name}")
    def permission(self, full_name: str, login: str) -> Permission:
        """Return what a person may do in a repository; none for somebody whom GitHub does not know there."""
        try:
            found = self.read(full_name).get_collaborator_permission(login)
        except GithubException as error:
            if error.status == 404:
                return "none"
            raise
        match found:
            case "admin" | "write" | "read":
                return found
            case _:
                return "none"

    @told("read who the App's bot user is")
    def author(self) -> Identity:
        """Return the App's bot user, with the address that GitHub gives it for commits.

        Source: GitHub's "Setting your commit email address": ID+LOGIN@users.noreply.github.com, and the same below the host
        name of an Enterprise Server.
        """
        if self.app.bot is None:  # it stays who it is
            login = self.app.login
            user = NamedUser(self.reads, url=f"/users/{quote(login)}")
            host = urlsplit(self.app.web_url).hostname
            self.app.bot = Identity(user.id, login, f"{user.id}+{login}@users.noreply.{host}")
        return self.app.bot
