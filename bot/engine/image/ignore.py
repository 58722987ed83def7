"""`.dockerignore`: which files of the build context reach the builder.

The rules are moby/patternmatcher's and its `ignorefile` reader's, which BuildKit uses as it walks through the context
(tonistiigi/fsutil `filter.go`); they differ from git's: patterns are anchored at the root, `!` can re-include below an
excluded folder. The tests hold this against vectors that moby's own matcher produced.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import NamedTuple

from bot.engine.image import patterns


class Rule(NamedTuple):
    """One line: the pattern as it is matched, whether it re-includes, and where it stands."""

    pattern: str
    includes: bool
    line: int


class Problem(NamedTuple):
    """A pattern that is refused: where it stands, how it is written, and moby's words.

    `builder` False: only a client on Linux or macOS refuses it, as it walks through the context; on Windows a backslash
    divides folders. A `!` pattern is not looked at before something is excluded, so one of those is not among them.
    """

    line: int
    written: str
    message: str
    builder: bool


class Rules(NamedTuple):
    """An ignore file; `problem` is the first pattern that is refused."""

    path: str
    rules: tuple[Rule, ...]
    problem: Problem | None

    def excludes(self, path: str) -> bool:
        """Say whether `path` (relative to the context, a file or a folder) is kept out of the build."""
        return self.deciding(path) is not None

    def deciding(self, path: str) -> Rule | None:
        """Return the rule that keeps `path` out; None when it gets in.

        As in the walk, a rule that matches a folder counts for all below it, and one is looked at only where it would
        change what was decided so far.
        """
        parts = path.split("/")
        above = [False] * len(self.rules)
        decided: Rule | None = None
        for length in range(1, len(parts) + 1):
            here = "/".join(parts[:length])
            decided = None
            for number, rule in enumerate(self.rules):
                if not above[number] and rule.includes is (decided is not None):
                    above[number] = patterns.matches(rule.pattern, here)
                if above[number]:
                    decided = None if rule.includes else rule
        return decided


NOTHING = Rules("", (), None)


@lru_cache(maxsize=32)
def read(text: str, path: str = ".dockerignore") -> Rules:
    """Read an ignore file; `path` is kept for messages."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        written = line.strip()
        if line.startswith("#") or not written:
            continue
        includes = written.startswith("!")
        pattern = cleaned(written[1:].strip() if includes else written)
        problem = _problem(pattern, includes, Problem(number, written, "", True))
        if problem:
            problems.append(problem)
        else:
            rules.append(Rule(_affordable(pattern, includes), includes, number))
    problems.sort(key=lambda problem: not problem.builder)  # those of the builder come first
    return Rules(path, tuple(rules), problems[0] if problems else None)


def cleaned(pattern: str) -> str:
    """Return a pattern as it is matched: the shortest spelling of the path, counted from the context's root."""
    if not pattern:
        return ""
    shortest = posixpath.normpath(pattern).replace("//", "/")
    return shortest[1:] if len(shortest) > 1 and shortest.startswith("/") else shortest


def _problem(pattern: str, includes: bool, problem: Problem) -> Problem | None:
    """Return why moby refuses a pattern: as it reads it (`New`), or once it has to match it."""
    if includes and pattern in ("", "/"):
        return problem._replace(message='illegal exclusion pattern: "!"')
    if not patterns.well_formed(pattern):
        return problem._replace(message="syntax error in pattern")
    try:
        if patterns.compiled(pattern) is not None:
            return None
    except patterns.Unreadable:
        return None
    words = "failed to match excludepatterns: syntax error in pattern"
    return None if includes else problem._replace(message=words, builder=False)


def _affordable(pattern: str, includes: bool) -> str:
    """Return a pattern that can be matched; where one takes too long, files count as there."""
    try:
        patterns.compiled(pattern)
    except patterns.Unreadable:
        return "**" if includes else "."
    return pattern
