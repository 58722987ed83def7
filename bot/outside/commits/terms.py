"""What the store is asked with, and how it says no."""

from __future__ import annotations

import base64
import re
import unicodedata
from typing import Literal, NamedTuple

from bot.engine.model.tree import LARGEST
from bot.evidence.redaction import HIDDEN, redact

FailureKind = Literal["missing", "refused", "too-large", "timeout", "network", "rejected", "hostile"]

_URL = re.compile(r"(?P<base>(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?)(?:/[\w.~-]+)+")
_HERE = ("127.0.0.1", "localhost", "[::1]")
_BRANCH_REFUSED = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|\A[-./]|[./]\Z|\A@\Z")
SHA = re.compile(r"[0-9a-f]{40}")


class GitFailed(Exception):
    """git did not do what it was asked; the text is one sentence without secrets.

    `kind`: missing (no such repository, commit or file), refused (no right to it), too-large, timeout, network (worth
    another try), rejected (the branch is not where it was expected), hostile (what came is not a repository as git makes it).
    """

    def __init__(self, kind: FailureKind, sentence: str) -> None:
        super().__init__(kind, sentence)
        self.kind = kind

    def __str__(self) -> str:
        return str(self.args[1])

    @property
    def passing(self) -> bool:
        """Whether another try after a while may help."""
        return self.kind in ("network", "timeout")


class Access(NamedTuple):
    """Where a repository lies, `https://host/owner/name.git`, and the token for it; it hides the token when it is shown."""

    url: str
    token: str | None

    def __repr__(self) -> str:
        return f"Access(url={self.url!r}, token={HIDDEN if self.token else None})"

    @property
    def scheme(self) -> str:
        """The protocol; raises `GitFailed` for an address that is not one of a server as we know them."""
        return self._parts()["scheme"]

    @property
    def base(self) -> str:
        """The server's part of the address, to which alone the token is shown."""
        return self._parts()["base"]

    @property
    def header(self) -> str | None:
        """The header with the token, as GitHub wants it for an installation's token."""
        if not self.token:
            return None
        coded = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return f"Authorization: Basic {coded}"

    def without_secrets(self, text: str) -> str:
        """Return a line of git's or a server's without the token in any of its forms, and without control characters."""
        if self.token and self.header:
            for secret in (self.header.rpartition(" ")[2], self.token):
                text = text.replace(secret, HIDDEN)
        return plain(redact(text[:12_000]))  # before it is cut: half a secret is not known as one

    def _parts(self) -> re.Match[str]:
        found = _URL.fullmatch(self.url)
        if found is None or "/../" in f"{self.url}/" or "/./" in f"{self.url}/":
            raise GitFailed("hostile", "The repository's address is not one of a server that is reached by https.")
        if found["scheme"] == "http" and found["host"] not in _HERE:
            raise GitFailed(
                "refused", f"{found['host']} is asked by https alone: http would show the token to everyone between."
            )
        return found


class Limits(NamedTuple):
    """What one repository may cost: seconds for each call of git, and the size of what is kept of it."""

    seconds: float = 120
    bytes: int = 500 * 1024 * 1024
    files: int = 50_000  # files and folders in one commit
    blob: int = LARGEST  # a larger file is there, and not read


class Author(NamedTuple):
    """Who makes a commit."""

    name: str
    email: str


def check_branch(branch: str) -> None:
    """Raise `GitFailed` for a name that git takes for no branch (git-check-ref-format(1)), or for an option."""
    if not branch or len(branch) > 250 or _BRANCH_REFUSED.search(branch):
        raise GitFailed("hostile", f"{plain(branch)!r} is no name of a branch.")


def check_sha(sha: str) -> None:
    """Raise `GitFailed` for what is not the whole SHA-1 of an object."""
    if not SHA.fullmatch(sha):
        raise GitFailed("hostile", f"{plain(sha)!r} is no commit's whole name.")


def plain(text: str) -> str:
    """Return a piece of text fit for one line of a message: no control characters, not endless."""
    printed = "".join(character if unicodedata.category(character)[0] != "C" else " " for character in text[:1000])
    return printed.strip() if len(text) <= 300 else printed[:300].strip() + "…"
