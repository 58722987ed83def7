"""`.dockerignore`: which files of the build context reach the builder.

The rules are moby/patternmatcher's and its `ignorefile` reader's, which BuildKit uses; they differ from git's (patterns are
anchored at the root, `!` can re-include below an excluded folder). The tests hold this against vectors that moby's own
matcher produced.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from bot.engine.model import wildcards
from bot.engine.model.wildcards import Piece

_MOST_INSIDE = 2


class Rule(NamedTuple):
    """One line: the pattern as it is matched, whether it re-includes, and where it stands."""

    pattern: str
    includes: bool
    line: int


class Rules(NamedTuple):
    """An ignore file; `problem` is a pattern that the builder refuses (line and pattern)."""

    path: str
    rules: tuple[Rule, ...]
    problem: tuple[int, str] | None

    def excludes(self, path: str) -> bool:
        """Say whether `path` (relative to the context, a file or a folder) is kept out of the build."""
        return self.deciding(path) is not None

    def deciding(self, path: str) -> Rule | None:
        """Return the rule that keeps `path` out; None when it gets in."""
        parts = path.split("/")
        prefixes = ["/".join(parts[: length + 1]) for length in range(len(parts))]
        decided: Rule | None = None
        for rule in self.rules:
            if rule.includes is (decided is not None) and any(_matches(rule.pattern, prefix) for prefix in prefixes):
                decided = None if rule.includes else rule
        return decided


NOTHING = Rules("", (), None)


@lru_cache(maxsize=32)
def read(text: str, path: str = ".dockerignore") -> Rules:
    """Read an ignore file; `path` is kept for messages."""
    rules: list[Rule] = []
    problem: tuple[int, str] | None = None
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if line.startswith("#") or not line.strip():
            continue
        pattern = line.strip()
        includes = pattern.startswith("!")
        pattern = pattern[1:].strip() if includes else pattern
        if pattern:
            pattern = posixpath.normpath(pattern).replace("//", "/")
            pattern = pattern.lstrip("/") if len(pattern) > 1 else pattern
        if _compiled(pattern) is None or not pattern:
            problem = problem or (number, line.strip())
            continue
        rules.append(Rule(pattern, includes, number))
    return Rules(path, tuple(rules), problem)


def _matches(pattern: str, path: str) -> bool:
    if not any(special in pattern for special in "*?[]\\"):
        return pattern == path
    compiled = _compiled(pattern)
    return bool(compiled and compiled.match(path))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern as a regular expression; None when moby refuses it."""
    if pattern.startswith("**") and not any(special in pattern[2:] for special in "*?[]\\"):
        rest = pattern[2:]  # the end of a path, or all of it
        whole = f"|{re.escape(rest[1:])}" if rest.startswith("/") else ""
        return re.compile(rf"(?:.*{re.escape(rest)}{whole})\Z", re.S)
    pieces, at = [Piece(wildcards.START, [])], 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*" and pattern[at : at + 1] == "*":
            at += 2 if pattern[at + 1 : at + 2] == "/" else 1
            pieces.append(Piece(wildcards.ANYTHING if at >= len(pattern) else wildcards.FOLDERS, []))
        elif character == "*":
            pieces.append(Piece(wildcards.NAMES, []))
        elif character == "?":
            pieces[-1].text.append("[^/]")
        elif character == "\\":
            if at >= len(pattern):
                return None
            pieces[-1].text.append(re.escape(pattern[at]))
            at += 1
        elif character in "[]":
            pieces[-1].text.append(character)
        else:
            pieces[-1].text.append(re.escape(character) if character not in "^-" else character)
    try:
        return re.compile(_expression(pieces) + r"\Z", re.S)
    except re.error:
        return None


def _expression(pieces: list[Piece]) -> str:
    """Join the pieces; `**` in the middle of a name can't be held to its first match, and more than a few are refused."""
    inside = [
        before
        for before, piece in pairwise(pieces)
        if piece.skipped == wildcards.FOLDERS and before.text[-1:] not in ([], ["/"])
    ]
    if len(inside) > _MOST_INSIDE:
        raise re.error("too many `**` inside of names")
    if inside:
        return "".join(piece.skipped + "".join(piece.text) for piece in pieces)
    return wildcards.expression(pieces)
