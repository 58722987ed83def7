"""Who we are to GitHub: the App with its key, and its tokens for each installation.

The App signs a JSON Web Token with its private key; with that it gets tokens that are good for an hour, for one installation
and the permissions that it names. (GitHub's "Authenticating as a GitHub App installation".)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from github import Auth
from github.GithubException import GithubException
from github.Requester import Requester
from jwt import PyJWTError
from urllib3 import Retry

from webhooks import values
from webhooks.github import secrecy
from webhooks.github.errors import RAISED, Denied, Failed, Gone, Refused, answered, failure
from webhooks.github.installation import Identity, Installation
from webhooks.github.permissions import Permissions, lacking, shared
from webhooks.github.platform_logs import LogAccess

_EARLY = 300.0  # seconds before its end from which a token is not used any more
_TIMEOUT = 20  # seconds for an answer to begin
_AGENT = "Deploymend"
_VERSION = "2022-11-28"  # of the REST API; GitHub Enterprise Server knows it since 3.9


class Granted(NamedTuple):
    """What an installation is and what it was given."""

    account: str
    permissions: dict[str, str]
    suspended: bool


class _Token(NamedTuple):
    text: str
    until: float

    def __repr__(self) -> str:
        return "_Token(hidden)"


class _Requester(Requester):
    """PyGithub's requester, for which an error is always an object: a proxy's may be any JSON."""

    @classmethod
    def createException(cls, status: int, headers: dict[str, Any], output: Any) -> GithubException:  # noqa: N802
        """Return the exception for an answer."""
        return super().createException(status, headers, output if isinstance(output, dict) else {})


class GitHub:
    """The App, once per process; all of it may be used from many threads.

    `base_url` is https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise Server. `pauses` waits a second
    between two writes of one installation, as GitHub advises. Raises `Denied` when the private key is none.
    """

    def __init__(
        self,
        base_url: str,
        app_id: int | str,
        private_key: str,
        *,
        pauses: bool = True,
        web_url: str | None = None,
        logs: LogAccess | None = None,
    ) -> None:
        secrecy.keep_quiet()
        self.base_url = base_url.rstrip("/")
        self.web_url = (web_url or values.web_of(self.base_url)).rstrip("/")
        self.app_id = int(app_id)
        self.logs = logs or LogAccess()
        self.pauses = pauses
        self._app = self.requester(_key(self.app_id, private_key))
        self._lock = threading.Lock()  # for what is kept below, never held while GitHub is asked
        self._asking = threading.Lock()  # one request with the App's own token at a time
        self._tokens: dict[tuple[object, ...], _Token] = {}
        self._installations: dict[int, Installation] = {}
        self._slug: str | None = None
        self.bot: Identity | None = None  # the bot user, once it was asked for

    def __repr__(self) -> str:
        return f"GitHub({self.base_url!r}, {self.app_id})"

    def requester(self, auth: Auth.Auth, *, apart: bool = False) -> Requester:
        """Return a new PyGithub requester; with `apart`, a second lies between two of its writes if there are to be pauses.

        It repeats only what was not sent or what reads, and never waits for a rate limit: PyGithub's own `GithubRetry`
        sends a POST again after a 5xx, and sleeps as long as `Retry-After` says, whatever its limit.
        """
        retry = Retry(
            total=3,
            allowed_methods=frozenset({"GET", "HEAD"}),
            status_forcelist=(500, 502, 503, 504),
            backoff_factor=0.5 if self.pauses else 0,
            backoff_jitter=0.5 if self.pauses else 0,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        return _Requester(
            auth=auth,
            base_url=self.base_url,
            timeout=_TIMEOUT,
            user_agent=_AGENT,
            per_page=100,
            verify=True,
            retry=retry,
            pool_size=4,
            seconds_between_requests=None,
            seconds_between_writes=1.0 if apart and self.pauses else None,
            lazy=True,  # an object that is only a step on the way costs no request
            api_version=_VERSION,
        )

    def installation(self, identity: int) -> Installation:
        """Return what acts in the repositories of an installation; asks nothing."""
        with self._lock:
            if identity not in self._installations:
                self._installations[identity] = Installation(self, identity)
            return self._installations[identity]

    @property
    def slug(self) -> str:
        """The App's name in URLs; its bot user is `slug[bot]`."""
        if self._slug is None:
            self._slug = str(self._asked("GET", "/app", None, "read who the App is")["slug"])
        return self._slug

    @property
    def login(self) -> str:
        """The login of the App's bot user, as whom it comments and opens pull requests."""
        return f"{self.slug}[bot]"

    def granted(self, installation: int) -> Granted:
        """Return what an installation has been given; asked anew each time."""
        data = self._asked("GET", f"/app/installations/{installation}", None, f"read installation {installation}")
        return Granted(str(data["account"]["login"]), dict(data["permissions"]), data.get("suspended_at") is not None)

    def token(
        self, installation: int, permissions: Permissions, *, repositories: Sequence[str] = (), partly: bool = False
    ) -> str:
        """Return a token of an installation with these permissions and no others, good for five minutes at least.

        `repositories` (names, or owner/name) narrows it to these. With `partly`, permissions that have not been granted are
        left out; otherwise they raise `Denied`, which names them. It is kept in memory and used again until it gets old.
        """
        names = tuple(sorted({one.rpartition("/")[2] for one in repositories}))
        key = (installation, tuple(sorted(permissions.items())), names, partly)
        with self._lock:
            kept = self._tokens.get(key)
        if kept is None or kept.until - _EARLY < time.time():
            kept = self._new_token(installation, dict(permissions), names, partly)
            with self._lock:
                self._tokens = {one: token for one, token in self._tokens.items() if token.until > time.time()}
                self._tokens[key] = kept
        return kept.text

    def forget(self, installation: int) -> None:
        """Use none of an installation's tokens again: one was not accepted, or its permissions were changed."""
        with self._lock:
            self._tokens = {key: token for key, token in self._tokens.items() if key[0] != installation}

    def close(self) -> None:
        """Close all connections."""
        self._app.close()
        with self._lock:
            for one in self._installations.values():
                one.close()

    def _new_token(self, installation: int, permissions: dict[str, str], names: tuple[str, ...], partly: bool) -> _Token:
        doing = f"get a token for installation {installation}"
        body: dict[str, Any] = {"permissions": permissions} | ({"repositories": list(names)} if names else {})
        path = f"/app/installations/{installation}/access_tokens"
        try:
            return _token(self._asked("POST", path, body, doing))
        except Refused as refused:  # 422: a permission that has not been granted, or a repository that is not in it
            granted = self.granted(installation)
            missing = lacking(granted.permissions, permissions)
            failed: Failed = refused
        if not missing:
            raise Gone(f"Can't {doing}: it does not have {' and '.join(names)}.") if names else failed
        left = shared(granted.permissions, permissions)
        if not partly or not left:
            wanted = ", ".join(f"{name}: {level}" for name, level in missing.items())
            raise Denied(f"Can't {doing}: {granted.account} has not granted the App {wanted}.")
        return _token(self._asked("POST", path, {**body, "permissions": left}, doing))

    def _asked(self, verb: str, path: str, body: dict[str, Any] | None, doing: str) -> dict[str, Any]:
        """Return the answer to a request that is made as the App itself."""
        failed: Failed
        try:
            with self._asking:
                headers, data = self._app.requestJsonAndCheck(verb, path, input=body)
            if isinstance(data, dict) and not data.get("documentation_url"):
                return data
            failed = answered(500, headers, data, doing)
        except GithubException as error:
            failed = failure(error, doing)
            if error.status == 401:
                failed = Denied(f"Can't {doing}: GitHub does not accept the App's id and private key, or our clock is wrong.")
        except RAISED as error:
            failed = failure(error, doing)
        raise failed


def _token(data: dict[str, Any]) -> _Token:
    return _Token(str(data["token"]), datetime.fromisoformat(str(data["expires_at"]).replace("Z", "+00:00")).timestamp())


def _key(app_id: int, private_key: str) -> Auth.AppAuth:
    """Return what signs as the App; it signs once, so that a key that is none is told at the start."""
    auth = Auth.AppAuth(app_id, private_key or "none")
    try:
        auth.create_jwt()
    except (ValueError, TypeError, UnsupportedAlgorithm, PyJWTError):
        pass  # what they say may quote the key
    else:
        return auth
    raise Denied("The App's private key is not a private key in PEM form, as GitHub hands it out.")
