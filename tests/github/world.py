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
    Installation,
    Permissions,
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
        """Push a commit to a branch as a person does, and return it; None takes a file away.

        A new branch begins at `parent`, or where the default branch is.
        """
        repository = self.find(full_name)
        parent = parent or repository.git.head(branch) or repository.git.head(repository.default_branch)
        return repository.git.write(branch, files, message, self.signature(self.person(by)), parent, whole)

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

    def who(self, by: Account | str) -> Account:
        """Return an account by itself or by its name."""
        return by if isinstance(by, Account) else self.person(by)
