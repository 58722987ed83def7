"""Reads single values of a payload that anybody may have written: of the right type, of a bounded length, fit to be stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FULL_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_.-]{1,100}")
_LONGEST_NAME, _LONGEST_TEXT, _LONGEST_URL = 300, 60_000, 2_000
LARGEST_ID = 2**63 - 1  # what a database column holds


class Malformed(Exception):
    """A value that is not as GitHub describes it; the text names its place, in words of ours alone."""


class Reader:
    """Looks into one JSON value; a path is keys with dots between them."""

    def __init__(self, value: Any, place: str = "") -> None:
        self.value, self.place = value, place

    def get(self, path: str) -> Any:
        """Return what stands at a path, None where nothing does."""
        value = self.value
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def wrong(self, path: str) -> Malformed:
        """Return the error for a path."""
        return Malformed(f"malformed {self.place}{path}")

    def inside(self, path: str) -> Reader:
        """Return a reader of the object at a path."""
        value = self.get(path)
        if not isinstance(value, dict):
            raise self.wrong(path)
        return Reader(value, f"{self.place}{path}.")

    def items(self, path: str) -> Sequence[Reader]:
        """Return readers of a list's items, none where there is no list."""
        value = self.get(path)
        return [Reader(item, f"{self.place}{path}.") for item in value] if isinstance(value, list) else []

    def id(self, path: str) -> int:
        """Return GitHub's id of something."""
        value = self.get(path)
        if type(value) is not int or not 0 < value <= LARGEST_ID:
            raise self.wrong(path)
        return value

    def count(self, path: str) -> int:
        """Return a number that may be missing: 0 then."""
        value = self.get(path)
        return value if type(value) is int and 0 <= value <= LARGEST_ID else 0

    def flag(self, path: str) -> bool:
        """Say whether something is true."""
        return self.get(path) is True

    def sha(self, path: str) -> str:
        """Return a commit's id."""
        value = self.get(path)
        if not isinstance(value, str) or not _SHA.fullmatch(value):
            raise self.wrong(path)
        return value

    def full_name(self, path: str) -> str:
        """Return owner/name of a repository; it becomes a part of addresses, so nothing else passes."""
        value = self.get(path)
        if not isinstance(value, str) or not _FULL_NAME.fullmatch(value) or value.partition("/")[2] in (".", ".."):
            raise self.wrong(path)
        return value

    def branch(self, path: str) -> str:
        """Return the name of a branch, as git allows one."""
        found = self.branch_if_any(path)
        if found is None:
            raise self.wrong(path)
        return found

    def branch_if_any(self, path: str) -> str | None:
        """Return the name of a branch, None where there is none; a name that git does not allow is none."""
        value = self.get(path)
        return value if isinstance(value, str) and allowed(value) else None

    def name(self, path: str) -> str:
        """Return a short text that has to be there."""
        value = self.get(path)
        if not isinstance(value, str) or not value:
            raise self.wrong(path)
        return storable(value, _LONGEST_NAME)

    def word(self, path: str) -> str:
        """Return a short text that may be missing: empty then."""
        value = self.get(path)
        return storable(value, _LONGEST_NAME) if isinstance(value, str) else ""

    def text(self, *paths: str) -> str:
        """Return the texts of some paths, one below the other."""
        found = (self.get(path) for path in paths)
        return storable("\n".join(value[:_LONGEST_TEXT] for value in found if isinstance(value, str) and value), _LONGEST_TEXT)

    def url(self, path: str) -> str | None:
        """Return an address for people, or of a log; None where there is none that could be opened."""
        value = self.get(path)
        if not isinstance(value, str) or not value.startswith(("https://", "http://")) or len(value) > _LONGEST_URL:
            return None
        return value if value.isascii() and value.isprintable() and " " not in value else None


def storable(text: str, longest: int) -> str:
    """Return text that every database takes: no NUL, no half of a surrogate pair, not longer than this."""
    return text[:longest].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def allowed(branch: str) -> bool:
    """Say whether git allows a branch of this name (the rules of git-check-ref-format)."""
    if not 0 < len(branch) <= 255 or branch == "@" or branch.startswith(("-", "/")) or branch.endswith(("/", ".")):
        return False
    if any(part in branch for part in ("..", "//", "@{", "/.")) or branch.startswith("."):
        return False
    if any(character in " ~^:?*[\\\x7f" or character < " " for character in branch):
        return False
    return not any("\ud800" <= character <= "\udfff" for character in branch) and not any(
        part.endswith(".lock") for part in branch.split("/")
    )
