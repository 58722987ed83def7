"""What the parts of an installation's client share: its PyGithub objects, one request at a time, errors in one sentence."""

from __future__ import annotations

import functools
import inspect
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from github import Auth, BadCredentialsException
from github.Repository import Repository

from webhooks.github.errors import RAISED, Failed, failure
from webhooks.github.permissions import READ, TALK, Permissions

if TYPE_CHECKING:
    from webhooks.github.identity import GitHub

P = ParamSpec("P")
S = TypeVar("S", bound="Client")
T = TypeVar("T")

_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}")


class InstallationToken(Auth.Auth):
    """Signs PyGithub's requests with a token that is taken from the App for each of them."""

    def __init__(self, app: GitHub, installation: int, permissions: Permissions) -> None:
        self._app = app
        self._installation = installation
        self._permissions = permissions

    @property
    def token_type(self) -> str:
        """The word in front of the token."""
        return "token"

    @property
    def token(self) -> str:
        """The token; it may cost a request."""
        return self._app.token(self._installation, self._permissions, partly=True)


class Client:
    """Acts in the repositories of one installation.

    GitHub asks Apps to send one request after the other, and PyGithub's pauses are not made for threads: so whatever asks
    GitHub (see `told`) holds the lock. Reading and writing have tokens of their own.
    """

    def __init__(self, app: GitHub, identity: int) -> None:
        self.app = app
        self.identity = identity
        self.lock = threading.RLock()
        self.reads = app.requester(InstallationToken(app, identity, READ))
        self.writes = app.requester(InstallationToken(app, identity, TALK), apart=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.identity})"

    def read(self, full_name: str) -> Repository:
        """Return a repository for reading; asks nothing by itself."""
        return Repository(self.reads, url=_path(full_name))

    def write(self, full_name: str) -> Repository:
        """Return a repository for pull requests, checks and comments, and for looking before these; asks nothing by itself."""
        return Repository(self.writes, url=_path(full_name))

    def close(self) -> None:
        """Close the connections."""
        self.reads.close()
        self.writes.close()


def told(doing: str) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Make a method ask GitHub under the client's lock and raise one of `errors` alone.

    `doing` names its arguments: "open a pull request in {full_name}". What PyGithub raised is not chained to what is raised
    here: it carries the request with its token.
    """

    def wrap(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        signature = inspect.signature(method)

        def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
            failed: Failed
            try:
                with self.lock:
                    return method(self, *args, **kwargs)
            except RAISED as error:
                if isinstance(error, BadCredentialsException):
                    self.app.forget(self.identity)
                failed = failure(error, doing.format_map(signature.bind(self, *args, **kwargs).arguments))
            raise failed

        functools.update_wrapper(call, method)
        return call

    return wrap


def maybe(value: T) -> T | None:
    """Return it: GitHub has null in some places where PyGithub declares an object."""
    return value


def _path(full_name: str) -> str:
    if not _FULL_NAME.fullmatch(full_name) or full_name.endswith(("/.", "/..")):
        raise ValueError(f"not the name of a repository: {full_name!r}")
    return f"/repos/{full_name}"
