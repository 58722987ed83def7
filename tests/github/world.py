"""The stand-in's world: who and what there is, and what people, other Apps and GitHub itself do in it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.github.bare import Bare, Content, Person
from tests.github.reports import Reports
from tests.github.state import (
    Account,
    App,
    Comment,
    Installation,
    Issue,
    Permissions,
    Pull,
    Repository,
    Role,
)

# what the App asks for, as our manifest does
PERMISSIONS: Permissions = {
    "actions": "read",
    "checks": "write",
    "contents": "write",
    "deployments": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "read",
}
EVENTS = (
    "check_run",
    "check_suite",
    "deployment_status",
    "issue_comment",
    "pull_request",
    "push",
    "status",
    "workflow_job",
    "workflow_run",
)


class Refused(Exception):
    """GitHub's refusal of a request."""

    def __init__(
        self,
        status: int,
        message: str,
        *errors: Mapping[str, str] | str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})


def invalid(resource: str, field: str | None, code: str, message: str | None = None) -> Refused:
    """Return the refusal of a value: 422 with one error."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    return Refused(422, "Validation Failed", {key: value for key, value in error.items() if value is not None})


@cache
def _keys() -> tuple[str, str]:
    """Return a private and a public key, one pair a process: making them takes a tenth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class World:
    """Accounts, Apps, installations and repositories; `shapes` writes them as JSON."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accounts: dict[str, Account] = {}
        self.shapes = Reports(self.accounts)
        self._ids = itertools.count(700_000_001)
        self._passed = timedelta()
        self.repositories: dict[int, Repository] = {}
        self.renamed: dict[str, int] = {}
        self.installations: dict[int, Installation] = {}
        self.apps: dict[str, App] = {}
        self.app = self.other_app("deploymend", "Deploymend")
        self.app.private_key, self.app.public_key = _keys()
        self.app.permissions = dict(PERMISSIONS)
        self.app.events = EVENTS
        self.app.webhook_secret = "a secret for deliveries"

    # time and numbers

    def now(self) -> datetime:
        """Return the stand-in's time, to the second."""
        return (datetime.now(UTC) + self._passed).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Let time pass: tokens expire, limits end."""
        self._passed += timedelta(seconds=seconds)

    def identity(self) -> int:
        """Return a number that nothing else has."""
        return next(self._ids)

    # accounts and Apps

    def person(self, login: str, kind: str = "User") -> Account:
        """Return an account, which is made when it is first named."""
        known = self.accounts.get(login.lower())
        if known is None:
            known = self.accounts[login.lower()] = Account(self.identity(), login, kind)
        return known

    def organization(self, login: str) -> Account:
        """Return an organization."""
        return self.person(login, "Organization")

    def other_app(self, slug: str, name: str | None = None) -> App:
        """Return an App, which is made when it is first named: one that reports checks, as `render` or `github-actions`."""
        if slug not in self.apps:
            bot = self.person(f"{slug}[bot]", "Bot")
            app = App(self.identity(), slug, name or slug, self.organization(f"{slug}-makers"), bot, self.now())
            app.client_id = f"Iv23li{app.id:014}"
            self.apps[slug] = app
        return self.apps[slug]

    def install(
        self,
        login: str,
        permissions: Permissions | None = None,
        repositories: tuple[str, ...] | None = None,
        app: App | None = None,
    ) -> Installation:
        """Install our App on an account, on all of its repositories or on some; once more changes what is there."""
        app = app or self.app
        account = self.person(login)
        found = next((known for known in self.installations.values() if known.account is account and known.app is app), None)
        if found is None:
            found = Installation(self.identity(), app, account, dict(app.permissions), self.now())
            self.installations[found.id] = found
        found.permissions = dict(permissions if permissions is not None else app.permissions)
        found.chosen = None if repositories is None else {self.find(name).id for name in repositories}
        return found

    def uninstall(self, installation: Installation) -> None:
        """Take an installation away; its tokens are nobody's from then on."""
        del self.installations[installation.id]

    def installation_of(self, repository: Repository) -> Installation | None:
        """Return our App's installation that has a repository."""
        for installation in self.installations.values():
            if installation.app is self.app and self.reaches(installation, repository):
                return installation
        return None

    def reaches(self, installation: Installation, repository: Repository) -> bool:
        """Say whether an installation has a repository."""
        mine = repository.owner is installation.account
        return mine and (installation.chosen is None or repository.id in installation.chosen)

    # repositories and commits

    def repository(
        self,
        full_name: str,
        files: Mapping[str, Content] | None = None,
        *,
        private: bool = False,
        archived: bool = False,
        fork_of: str | None = None,
        size: int = 100,
        default_branch: str = "main",
        installed: bool = True,
    ) -> Repository:
        """Make a repository with one commit of some files (none: it is empty); our App is installed on its owner's account.

        A fork has the commits of its source.
        """
        owner, _, name = full_name.partition("/")
        git = Bare(self.folder / f"{full_name}.git")
        git.folder.mkdir(parents=True)
        git.run("init", "-q", "--bare", f"--initial-branch={default_branch}", "--template=", str(git.folder))
        source = self.find(fork_of) if fork_of else None
        account = self.person(owner)
        made = Repository(self.identity(), account, name, git, self.now(), private, archived, size, default_branch, source)
        self.repositories[made.id] = made
        self.renamed.pop(full_name.lower(), None)
        if source:
            git.run("fetch", "-q", str(source.git.folder), "refs/heads/*:refs/heads/*")
        if files is not None:
            self.commit(full_name, default_branch, files, "Begin")
        if installed and not any(known.account is account for known in self.installations.values()):
            self.install(owner)
        self.changed(made)
        return made

    def changed(self, repository: Repository) -> None:
        """Hear that a repository is new, or that its branches may have moved; the server has something to do then."""

    def commit(
        self,
        full_name: str,
        branch: str,
        files: Mapping[str, Content],
        message: str = "Change",
        by: str = "alice",
        parent: str | None = None,
        whole: bool = False,
    ) -> str:
        """Push a commit to a branch as a person does, and return it; None takes a file away."""
        account = self.person(by)
        return self.find(full_name).git.write(branch, files, message, self.signature(account), parent, whole)

    def signature(self, account: Account) -> Person:
        """Return how an account signs a commit now."""
        return Person(account.name or account.login, account.email, self.now())

    def find(self, full_name: str) -> Repository:
        """Return a repository by its name of today, in any case; LookupError: there is none."""
        for repository in self.repositories.values():
            if repository.full_name.lower() == full_name.lower():
                return repository
        raise LookupError(full_name)

    def rename(self, full_name: str, new: str) -> Repository:
        """Give a repository another name, or another owner; the old name redirects."""
        repository = self.find(full_name)
        owner, _, name = new.partition("/")
        self.renamed[repository.full_name.lower()] = repository.id
        repository.owner, repository.name = self.person(owner), name
        folder = self.folder / f"{new}.git"
        folder.parent.mkdir(parents=True, exist_ok=True)
        repository.git.folder.rename(folder)
        repository.git = Bare(folder)
        return repository

    def collaborate(self, full_name: str, login: str, role: Role) -> Account:
        """Give somebody a role in a repository."""
        self.find(full_name).collaborators[login] = role
        return self.person(login)

    # issues, comments and pull requests

    def issue(self, full_name: str, title: str, body: str | None = None, by: Account | str = "alice") -> Issue:
        """Open an issue."""
        repository = self.find(full_name)
        return self._number(repository, title, body, self._who(by))

    def _who(self, by: Account | str) -> Account:
        return by if isinstance(by, Account) else self.person(by)

    def _number(self, repository: Repository, title: str, body: str | None, user: Account) -> Issue:
        now = self.now()
        number = max(repository.issues, default=0) + 1
        made = Issue(self.identity(), number, title, body, user, now, now)
        repository.issues[number] = made
        return made

    def comment(self, full_name: str, number: int, body: str, by: Account | str = "alice", app: App | None = None) -> Comment:
        """Comment on an issue or a pull request."""
        repository = self.find(full_name)
        now = self.now()
        made = Comment(self.identity(), number, self._who(by), body, now, now, app)
        repository.comments[made.id] = made
        repository.issues[number].updated = now
        return made

    def open_pull(
        self,
        full_name: str,
        head: str,
        base: str,
        title: str,
        body: str | None = None,
        by: Account | str = "alice",
        draft: bool = False,
    ) -> Issue:
        """Open a pull request for a branch; Refused: in GitHub's words."""
        repository = self.find(full_name)
        owner, _, branch = head.rpartition(":")
        owner = owner or repository.owner.login
        head_sha, base_sha = repository.git.head(branch), repository.git.head(base)
        if base_sha is None:
            raise invalid("PullRequest", "base", "invalid")
        if head_sha is None or owner.lower() != repository.owner.login.lower():
            raise invalid("PullRequest", "head", "invalid")
        for number in repository.pulls:
            known = self.seen(repository, number)
            if known.state == "open" and known.pull and (known.pull.head, known.pull.base) == (branch, base):
                words = f"A pull request already exists for {owner}:{branch}."
                raise invalid("PullRequest", None, "custom", words)
        if repository.git.count(base_sha, head_sha) == 0:
            raise invalid("PullRequest", None, "custom", f"No commits between {base} and {branch}")
        if draft and not repository.drafts:
            raise Refused(422, "Draft pull requests are not supported in this repository.")
        made = self._number(repository, title, body, self._who(by))
        made.pull = Pull(self.identity(), branch, owner, base, head_sha, base_sha, draft)
        return made

    def seen(self, repository: Repository, number: int) -> Issue:
        """Return a pull request as it stands after what was pushed: its head follows the branch while it is open.

        A branch that was deleted closes it, and one whose commits reached the base makes it merged.
        """
        issue = repository.issues[number]
        pull = issue.pull
        assert pull is not None
        if issue.state != "open":
            return issue
        head, base = repository.git.head(pull.head), repository.git.head(pull.base)
        if base is not None:
            pull.base_sha = base
        if head is None:
            self.close(repository.full_name, number, by="ghost")
        elif base is not None and repository.git.ancestor(head, base):
            merged = head == pull.head_sha
            self.close(repository.full_name, number, by="ghost")
            if merged:
                pull.merged, pull.merged_by, pull.merge_sha = self.now(), issue.closed_by, base
        elif head != pull.head_sha:
            pull.head_sha, issue.updated = head, self.now()
        return issue

    def close(self, full_name: str, number: int, by: Account | str = "alice", reason: str | None = None) -> Issue:
        """Close an issue or a pull request."""
        issue = self.find(full_name).issues[number]
        if issue.state == "open":
            issue.state, issue.closed, issue.closed_by = "closed", self.now(), self._who(by)
            issue.reason = None if issue.pull else reason or "completed"
            issue.updated = self.now()
        return issue

    def reopen(self, full_name: str, number: int) -> Issue:
        """Open an issue or a pull request again; Refused: merged, its branch is gone, or another one is open for the branch."""
        repository = self.find(full_name)
        issue = repository.issues[number]
        if issue.state == "open":
            return issue
        if pull := issue.pull:
            changed = "state cannot be changed."
            if pull.merged:
                raise invalid("PullRequest", "state", "invalid", f"{changed} The pull request has been merged.")
            head = repository.git.head(pull.head)
            if head is None:
                raise invalid("PullRequest", "state", "invalid", f"{changed} The {pull.head} branch has been deleted.")
            if not repository.git.ancestor(pull.head_sha, head):
                words = f"{changed} The {pull.head} branch was force-pushed or recreated."
                raise invalid("PullRequest", "state", "invalid", words)
            for other in repository.pulls.values():
                if other.pull and other.state == "open" and (other.pull.head, other.pull.base) == (pull.head, pull.base):
                    words = f"{changed} There is already an open pull request for {pull.head}."
                    raise invalid("PullRequest", "state", "invalid", words)
        issue.state, issue.closed, issue.closed_by, issue.updated = "open", None, None, self.now()
        issue.reason = None if issue.pull else "reopened"
        return issue

    def merge(
        self, full_name: str, number: int, by: Account | str = "alice", method: str = "merge", message: str | None = None
    ) -> str:
        """Merge a pull request, and return the commit that did it; Refused: it can't be merged."""
        repository = self.find(full_name)
        issue = self.seen(repository, number)
        pull = issue.pull
        assert pull is not None
        tree = repository.git.merged_tree(pull.base_sha, pull.head_sha) if issue.state == "open" and not pull.draft else None
        if tree is None:
            raise Refused(405, "Pull Request is not mergeable")
        who = self.signature(self._who(by))
        parents = [pull.base_sha, pull.head_sha] if method == "merge" else [pull.base_sha]
        words = message or f"Merge pull request #{number} from {pull.head_owner}/{pull.head}\n\n{issue.title}"
        sha = repository.git.make_commit(tree, parents, words, who, Person("GitHub", "noreply@github.com", self.now()))
        repository.git.update(f"refs/heads/{pull.base}", sha)
        self.close(full_name, number, by)
        pull.merged, pull.merged_by, pull.merge_sha = self.now(), self._who(by), sha
        return sha
