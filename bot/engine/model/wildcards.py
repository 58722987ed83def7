"""Patterns with wildcards as regular expressions that no pattern and no path make slow.

But for the last wildcard of a pattern, the first match of what follows one is as good as any other: it is held on to. Without
that, a pattern like `*a*a*a*a*b` tries every way to share out a long name.
"""

from __future__ import annotations

from typing import NamedTuple

START, NAMES, FOLDERS, ANYTHING = "", "[^/]*", "(?:.*/)?", ".*"  # what a wildcard may stand for
_SHORTEST = {START: "", NAMES: "[^/]*?", FOLDERS: "(?:.*?/)??", ANYTHING: ".*?"}


class Piece(NamedTuple):
    """What a wildcard may stand for, and the expressions of the characters that have to follow it."""

    skipped: str
    text: list[str]


def expression(pieces: list[Piece]) -> str:
    """Join the pieces of a pattern. A piece of folders is held against everything up to the next one of its sort."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if piece.skipped != NAMES or not groups:
            groups.append([])
        groups[-1].append(piece)
    made = ""
    for number, group in enumerate(groups, start=1):
        last = number == len(groups)
        head, *names = group
        inner = "".join(head.text)
        for count, name in enumerate(names, start=1):
            text = "".join(name.text)
            open_end = last and count == len(names)
            inner += name.skipped + text if open_end else f"(?>{_SHORTEST[name.skipped]}{text})"
        made += head.skipped + inner if last else f"(?>{_SHORTEST[head.skipped]}{inner})"
    return made
