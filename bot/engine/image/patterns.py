"""Patterns of an ignore file as moby/patternmatcher reads them: Go's `filepath.Match` checks them, its `regexp` matches.

Between the two lies a trap: a backslash that was meant as a folder's separator makes the next letter an escape of `regexp`
(`\\d` is a digit there), or one that it does not know. Expressions are built so that no pattern and no path make them slow.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from bot.engine.model import wildcards
from bot.engine.model.wildcards import Piece

_MOST_INSIDE = 2
_SPECIAL = "*?[]\\"
_CHARACTER = r"(?:\\.|[^\\\]-])"
_CLASS = rf"\[\^?+(?:{_CHARACTER}(?:-{_CHARACTER})?)++\]"
_WELL_FORMED = re.compile(rf"(?:[^\\\[]|\\.|{_CLASS})*+", re.S)
_WHOLE_CLASS = re.compile(_CLASS, re.S)
_NEVER = "(?!)"
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CLASSES = {"d": "[0-9]", "D": "[^0-9]", "s": r"[\t\n\f\r ]", "S": r"[^\t\n\f\r ]", "w": r"[0-9A-Za-z_]", "W": r"[^0-9A-Za-z_]"}
_PLACES = {"A": r"\A", "b": r"\b", "B": r"\B", "z": r"\Z"}
_NUMBER = re.compile(r"(?P<octal>0[0-7]{0,2}|[1-7][0-7]{1,2})|x(?P<hex>[0-9A-Fa-f]{2})|x\{(?P<long>[0-9A-Fa-f]{1,6})\}")
_GROUP = re.compile(r"[pP](?:[CLMNPSZ]|\{\^?\w+\})|Q")  # classes of Unicode, and a quotation: no file is called so


class Unreadable(Exception):
    """A pattern whose expression could take too long; moby takes it."""


def well_formed(pattern: str) -> bool:
    """Say whether `filepath.Match` takes a pattern; it minds a backslash at the end and a class that is not closed."""
    return _WELL_FORMED.fullmatch(pattern) is not None


def matches(pattern: str, path: str) -> bool:
    """Say whether a pattern matches a whole path; one that does not compile matches none."""
    if not any(special in pattern for special in _SPECIAL):
        return pattern == path
    expression = compiled(pattern)
    return bool(expression and expression.match(path))


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern as a regular expression; None when Go's `regexp` refuses it. Raises `Unreadable`."""
    if pattern.startswith("**") and not any(special in pattern[2:] for special in _SPECIAL):
        rest = pattern[2:]  # the end of a path, or all of it
        whole = f"|{re.escape(rest[1:])}" if rest.startswith("/") else ""
        return re.compile(rf"(?:.*{re.escape(rest)}{whole})\Z", re.S)
    pieces = _pieces(pattern)
    try:
        return re.compile(_expression(pieces) + r"\Z", re.S | re.A) if pieces is not None else None
    except re.error:  # a range that runs backwards
        return None


def _pieces(pattern: str) -> list[Piece] | None:
    """Split a pattern at its wildcards; None where an escape means nothing to Go's `regexp`."""
    pieces, at = [Piece(wildcards.START, [])], 0
    while at < len(pattern):
        character = pattern[at]
        if character == "*" and pattern.startswith("**", at):
            at += 3 if pattern.startswith("/", at + 2) else 2
            pieces.append(Piece(wildcards.ANYTHING if at >= len(pattern) else wildcards.FOLDERS, []))
            continue
        text, at = _token(pattern, at)
        if text is None:
            return None
        if character == "*":
            pieces.append(Piece(wildcards.NAMES, []))
        else:
            pieces[-1].text.append(text)
    return pieces


def _token(pattern: str, at: int) -> tuple[str | None, int]:
    """Return the expression of what begins at `at`, None for what Go refuses, and where the next token begins."""
    character = pattern[at]
    if character == "?":
        return "[^/]", at + 1
    if character == "\\":
        return _escape(pattern, at + 1)
    if character == "[" and (found := _WHOLE_CLASS.match(pattern, at)):
        return _class(found[0]), found.end()
    return character if character in "^-" else re.escape(character), at + 1


def _escape(pattern: str, at: int) -> tuple[str | None, int]:
    """Return what `regexp` takes for the characters behind a backslash."""
    character = pattern[at]
    if character in _CLASSES or character in _PLACES:
        return _CLASSES.get(character) or _PLACES[character], at + 1
    if found := _GROUP.match(pattern, at):
        return _NEVER, found.end()
    plain, end = _plain(pattern, at)
    return re.escape(plain) if plain is not None else None, end


def _plain(text: str, at: int) -> tuple[str | None, int]:
    """Return the one character that an escape stands for."""
    character = text[at]
    if found := _NUMBER.match(text, at):
        number = int(found["octal"], 8) if found["octal"] else int(found["hex"] or found["long"], 16)
        return chr(number) if number <= 0x10FFFF else None, found.end()
    known = not character.isalnum() and character.isascii()
    return _CONTROLS.get(character, character if known else None), at + 1


def _class(written: str) -> str | None:
    """Return `[…]` for Python; None where `regexp` refuses it. Names of classes (`[:alpha:]`) are taken to match nothing."""
    inner, at, negated = written[1:-1], 0, written.startswith("[^")
    inner = inner[negated:]
    if "[:" in inner:
        return _NEVER
    made = ""
    while at < len(inner):
        if inner[at] == "\\" and inner[at + 1] in _CLASSES:
            if _CLASSES[inner[at + 1]].startswith("[^"):
                return _NEVER
            made, at = made + _CLASSES[inner[at + 1]][1:-1], at + 2
        elif inner[at] == "\\":
            plain, at = _plain(inner, at + 1)
            if plain is None:
                return None
            made += re.escape(plain)
        else:
            made, at = made + (inner[at] if inner[at] == "-" else re.escape(inner[at])), at + 1
    return f"[{'^' if negated else ''}{made}]"


def _expression(pieces: list[Piece]) -> str:
    """Join the pieces; `**` in the middle of a name can't be held to its first match, and more than a few are not read."""
    inside = [
        before
        for before, piece in pairwise(pieces)
        if piece.skipped == wildcards.FOLDERS and before.text[-1:] not in ([], ["/"])
    ]
    if len(inside) > _MOST_INSIDE:
        raise Unreadable("too many `**` inside of names")
    if inside:
        return "".join(piece.skipped + "".join(piece.text) for piece in pieces)
    return wildcards.expression(pieces)
