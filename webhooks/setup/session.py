"""Who may set the service up: the key that is printed at start, the cookie that it buys, and the state for GitHub.

Nothing is stored: cookie and state carry a signature made with the key, so they end with it (and hold over a restart when the
operator chose the key). The state is bound to the cookie, and each is good for an hour, as GitHub's own code is.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Callable

HOUR = 3600
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


def new_key() -> str:
    """Return a fresh setup key: 20 characters (99 bits) in groups that can be typed from a log."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def announcement(address: str, public_url: str | None, key: str | None) -> str:
    """Return what is printed at start for the person who sets the service up, who has chosen the key where it is None."""
    words = f"set it up at {_seen_at(address, public_url)}/setup with the key "
    return words + (key or "that DEPLOYMEND_SETUP_KEY holds")


def _seen_at(address: str, public_url: str | None) -> str:
    """Return where a browser finds the service that listens at an address; Fly and Render tell it."""
    if public_url:
        return public_url
    if app := os.environ.get("FLY_APP_NAME"):
        return f"https://{app}.fly.dev"
    anywhere = address.replace("//0.0.0.0:", "//localhost:").replace("//[::]:", "//localhost:")
    return os.environ.get("RENDER_EXTERNAL_URL") or anywhere


class Doorkeeper:
    """Tells the person who has the key from everybody else."""

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        self._key = _plain(key)
        self._clock = clock
        self._used: set[str] = set()

    def __repr__(self) -> str:
        return "Doorkeeper(…)"

    def admits(self, typed: str) -> bool:
        """Whether this is the key; case, spaces and hyphens don't matter."""
        return hmac.compare_digest(_plain(typed).encode(), self._key.encode())

    def session(self) -> str:
        """Return a new cookie."""
        return self._seal("session", "")

    def knows(self, cookie: str | None) -> bool:
        """Whether the cookie is one of ours that has not run out."""
        return bool(cookie) and self._opens("session", "", cookie or "")

    def state(self, cookie: str) -> str:
        """Return a new state for the browser that has this cookie."""
        return self._seal("state", cookie)

    def takes(self, state: str, cookie: str | None) -> bool:
        """Whether the state was given to the browser with this cookie, and was not spent."""
        return bool(cookie) and state not in self._used and self._opens("state", cookie or "", state)

    def spend(self, state: str) -> None:
        """Take the state never again."""
        self._used.add(state)

    def _seal(self, purpose: str, bound: str) -> str:
        body = f"{int(self._clock())}.{secrets.token_hex(12)}"
        return f"{body}.{self._sign(purpose, bound, body)}"

    def _opens(self, purpose: str, bound: str, sealed: str) -> bool:
        body, _, signature = sealed.rpartition(".")
        if not hmac.compare_digest(self._sign(purpose, bound, body).encode(), signature.encode()):
            return False
        return 0 <= self._clock() - int(body.partition(".")[0]) <= HOUR

    def _sign(self, purpose: str, bound: str, body: str) -> str:
        return hmac.digest(self._key.encode(), f"{purpose}\n{bound}\n{body}".encode(), "sha256").hex()


def _plain(key: str) -> str:
    return "".join(key.split()).replace("-", "").lower()
