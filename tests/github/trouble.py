"""What goes wrong on demand: rate limits, and failures of single operations before or after their effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from tests.github.state import App, Token
from tests.github.world import Refused

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    " If you reach out to GitHub Support for help, please include the request ID."
)


@dataclass
class Fault:
    """A failure that waits for its request; `status` 0: the connection ends in the middle of the answer."""

    pattern: str
    status: int
    times: int
    after_effect: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    delay: float = 0

    def meets(self, operation: str, request: str) -> bool:
        """Say whether it is for this request, and count it if so."""
        if self.times <= 0 or not (operation == self.pattern or fnmatchcase(request, self.pattern)):
            return False
        self.times -= 1
        return True


@dataclass
class Limit:
    """The requests that one installation, or the App itself, has in an hour."""

    limit: int
    remaining: int
    reset: int

    @property
    def used(self) -> int:
        """How many were made."""
        return self.limit - self.remaining


class Limits:
    """Primary limits by installation, and secondary ones for a while."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._limits: dict[int, Limit] = {}
        self._status = 403
        self._secondary_until = 0.0
        self._retry_after = True

    def _clock(self) -> int:
        return int(self._now().timestamp())

    def of(self, actor: Token | App) -> Limit:
        """Return the limit of who asks."""
        key = actor.installation.id if isinstance(actor, Token) else actor.id
        known = self._limits.get(key)
        if known is None or known.reset <= self._clock():
            known = self._limits[key] = Limit(5000, 5000, self._clock() + 3600)
        return known

    def primary(self, actor: Token | App, remaining: int = 0, seconds: int = 3600, status: int = 403) -> None:
        """Leave somebody so many requests, until so many seconds from now; GitHub refuses with 403 or with 429."""
        self._status = status
        key = actor.installation.id if isinstance(actor, Token) else actor.id
        self._limits[key] = Limit(5000, remaining, self._clock() + seconds)

    def secondary(self, seconds: int = 60, retry_after: bool = True, status: int = 403) -> None:
        """Refuse everything for a while, with or without saying how long; GitHub does so with 403 or with 429."""
        self._status = status
        self._secondary_until, self._retry_after = self._clock() + seconds, retry_after

    def count(self, actor: Token | App) -> dict[str, str]:
        """Count a request and return the headers that tell of it; Refused: there were too many."""
        limit = self.of(actor)
        left = self._secondary_until - self._clock()
        if left > 0:
            told = {"Retry-After": str(int(left))} if self._retry_after else {}
            raise Refused(self._status, SECONDARY, headers={**told, **_headers(limit)})
        if limit.remaining <= 0:
            name = f"installation ID {actor.installation.id}" if isinstance(actor, Token) else f"app ID {actor.id}"
            raise Refused(self._status, f"API rate limit exceeded for {name}.", headers=_headers(limit))
        limit.remaining -= 1
        return _headers(limit)

    def uncount(self, actor: Token | App) -> dict[str, str]:
        """Take a request back: one whose answer was that nothing changed."""
        limit = self.of(actor)
        limit.remaining += 1
        return _headers(limit)


def _headers(limit: Limit) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit.limit),
        "X-RateLimit-Remaining": str(limit.remaining),
        "X-RateLimit-Used": str(limit.used),
        "X-RateLimit-Reset": str(limit.reset),
        "X-RateLimit-Resource": "core",
    }
