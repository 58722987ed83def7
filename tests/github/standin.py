"""The stand-in for GitHub: its state, who may do what, a journal of what was asked, and what is to go wrong.

    with running(tmp_path) as standin:
        standin.repository("acme/shop", {"app.py": "…"})
        …  # standin.api is the address for PyGithub, standin.web the one of the pages and of git, standin.app has the key
        assert standin.sent("POST /repos/{owner}/{repo}/pulls")

What is no refusal of GitHub's but a mistake (an operation that is not answered here, a name that no body has, an answer of
our own that does not fit the description, a token sent to the host of the logs) stands in `standin.problems`, and at the end
of `running` it fails the test.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt

from tests.github.deliveries import Deliveries
from tests.github.gitside import GitSide, protect
from tests.github.shelf import Shelf
from tests.github.state import App, Permissions, Repository, Token
from tests.github.trouble import Fault, Limits
from tests.github.world import Refused
from tests.servers.git_http import serve

Json = Any
TOKENS = "POST /app/installations/{installation_id}/access_tokens"


@dataclass
class Sent:
    """A request as it came in, and what it was answered."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Json
    operation: str | None
    actor: Token | App | None = None
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # without the authorization


class Standin(Deliveries):
    """The whole of it; `folder` is where the bare repositories lie."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        super().__init__(folder)
        self.prefix = prefix  # of the API on the host: "/api/v3" as GitHub Enterprise Server has it
        self.lock = threading.RLock()
        self.tokens: dict[str, Token] = {}
        self.manifests: dict[str, App] = {}
        self.requests: list[Sent] = []
        self.problems: list[str] = []
        self.faults: list[Fault] = []
        self.limits = Limits(self.now)
        self.shelf = Shelf(self.now)
        self.git = GitSide(self, folder)

    @property
    def api(self) -> str:
        """The address of the API, without a slash at the end."""
        return self.shapes.api

    @property
    def web(self) -> str:
        """The address of the pages, and of git: `web/owner/name.git`."""
        return self.shapes.web

    # what tests ask for and about

    def fail(
        self,
        pattern: str,
        status: int = 502,
        times: int = 1,
        *,
        after_effect: bool = False,
        headers: Mapping[str, str] | None = None,
        body: Json = None,
        delay: float = 0,
    ) -> Fault:
        """Let an operation fail the next few times: `POST /repos/{owner}/{repo}/pulls`, or a path with stars.

        `after_effect`: what was asked for is done, and the answer is lost. Status 0: the connection ends in the middle of the
        answer; 200: only the delay counts. For git the pattern is `git-upload-pack owner/name` or `git-receive-pack …`.
        """
        fault = Fault(pattern, status, times, after_effect, headers or {}, body, delay)
        self.faults.append(fault)
        return fault

    def sent(self, operation: str) -> list[Sent]:
        """Return the requests for an operation, in their order."""
        return [request for request in self.requests if request.operation == operation]

    @property
    def written(self) -> list[str]:
        """The operations that changed something, in their order: those that were no questions and were not refused."""
        changes = (sent for sent in self.requests if sent.method not in ("GET", "HEAD") and sent.status < 400)
        return [sent.operation or "" for sent in changes if sent.operation != TOKENS]

    def token(self, full_name: str, permissions: Permissions | None = None) -> str:
        """Return a token for the installation that has a repository, as a test wants one without asking for it."""
        installation = self.installation_of(self.find(full_name))
        assert installation is not None, f"the App is not installed on {full_name}"
        held = {**(permissions if permissions is not None else installation.permissions), "metadata": "read"}
        made = Token(f"ghs_{secrets.token_hex(18)}", installation, held, None, self.now() + timedelta(hours=1))
        self.tokens[made.value] = made
        return made.value

    def app_token(self, seconds: int = 300) -> str:
        """Return a token with which the App itself asks."""
        now = int(self.now().timestamp())
        claims = {"iat": now - 30, "exp": now + seconds, "iss": str(self.app.id)}
        return jwt.encode(claims, self.app.private_key, algorithm="RS256")

    def log_page(self, text: str) -> str:
        """Keep a page on the other host for good, as a deployment's `log_url` may lead to one, and return its address."""
        return self.shelf.put(text.encode(), seconds=None)

    def problem(self, words: str) -> None:
        """Remember a mistake: the test fails in the end."""
        self.problems.append(words)

    # who may do what

    def actor(self, authorization: str | None) -> Token | App | None:
        """Return who sent a request; Refused: 401, in GitHub's words."""
        if not authorization:
            return None
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            raise Refused(401, "Bad credentials")
        if credential.count(".") == 2:
            return self._by_jwt(credential)
        token = self.known_token(credential)
        if token is None:
            raise Refused(401, "Bad credentials")
        if token.installation.suspended:
            raise Refused(403, "This installation has been suspended")
        return token

    def known_token(self, credential: str) -> Token | None:
        """Return a token that is neither expired nor revoked, and whose installation is there."""
        token = self.tokens.get(credential)
        good = token is not None and token.expires > self.now() and token.installation.id in self.installations
        return token if good else None

    def _by_jwt(self, credential: str) -> App:
        try:
            issuer = str(jwt.decode(credential, options={"verify_signature": False}).get("iss"))
        except jwt.DecodeError:
            raise Refused(401, "A JSON web token could not be decoded") from None
        app = next((app for app in self.apps.values() if issuer in (str(app.id), app.client_id) and app.public_key), None)
        if app is None:
            raise Refused(404, "Integration not found")
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_iss": False, "require": ["exp", "iat", "iss"]}
        try:
            claims = jwt.decode(credential, app.public_key, algorithms=["RS256"], options=options)
        except jwt.InvalidTokenError:
            raise Refused(401, "A JSON web token could not be decoded") from None
        now = self.now().timestamp()
        if claims["iat"] > now + 60:
            raise Refused(
                401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            )
        if claims["exp"] <= now:
            raise Refused(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the future time",
            )
        if claims["exp"] > now + 630:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        return app

    def sees(self, token: Token, repository: Repository) -> bool:
        """Say whether a repository is one of a token's."""
        mine = self.reaches(token.installation, repository)
        return mine and (token.repositories is None or repository.id in token.repositories)

    def changed(self, repository: Repository) -> None:
        """Give a new repository the server's hook."""
        protect(repository.git)

    def protect(self, full_name: str, *patterns: str) -> None:
        """Protect branches: no push and no request of the API changes them."""
        repository = self.find(full_name)
        repository.protected = patterns
        protect(repository.git, *patterns)


@contextmanager
def running(folder: Path, prefix: str = "") -> Iterator[Standin]:
    """Serve a stand-in on free ports of this machine, each host in a thread of its own; fails in the end for its problems."""
    from tests.github.server import create_app

    standin = Standin(folder, prefix)
    with serve(standin.shelf.app) as logs, serve(standin.git.beside(create_app(standin))) as web:
        standin.shelf.address = standin.shapes.logs = logs
        standin.shapes.web = web
        standin.shapes.api = web + prefix
        yield standin
    leaked = [f"a token was sent to the host of the logs: {path}" for path in standin.shelf.leaked]
    assert not (problems := [*standin.problems, *leaked]), "\n".join(problems)
