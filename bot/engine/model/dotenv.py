"""Files of variables (`.env`), as python-dotenv reads them, with the spans of their values.

Read as python-dotenv 1.x does: a name, `=`, and a value that is quoted (over several lines, too) or runs to the end of the line
or to ` #`; `export ` may stand before it; a line that is none of this is passed over. What `${NAME}` stands for is not told.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ENTRY = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<key>'[^'\n]+'|[^\s=#'][^\s=#]*)[ \t]*
        (?:=[ \t]*(?P<value>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?!['"])[^\r\n]*))?""",
    re.M | re.X | re.S,
)
_COMMENT = re.compile(r"(?:\A|[ \t]+)#.*|[ \t]+\Z")
_ESCAPE = re.compile(r"\\([\\'\"abfnrtv])")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Entry(NamedTuple):
    """A variable of such a file. `value` None: it has none, or one that another variable is part of; `raw` is its text."""

    key: str
    value: str | None
    line: int
    start: int
    end: int
    raw: str


def read(text: str) -> tuple[Entry, ...]:
    """Return the variables of a file in their order."""
    found = []
    at = 0
    while match := _ENTRY.search(text, at):
        at = match.end()
        rest = text[at : text.find("\n", at) + 1 or len(text)].strip()
        if rest and not rest.startswith("#"):  # something stands behind a quoted value
            at += 1
            continue
        raw = match["value"]
        if raw is not None and raw[:1] not in ("'", '"'):
            raw = _COMMENT.split(raw, maxsplit=1)[0]
        start = match.start("value") if raw is not None else at
        line = text.count("\n", 0, match.start("key")) + 1
        found.append(Entry(match["key"].strip("'"), _value(raw), line, start, start + len(raw or ""), raw or ""))
    return tuple(found)


def _value(raw: str | None) -> str | None:
    if raw is None:
        return None
    if raw[:1] in ("'", '"') and len(raw) > 1:
        inner = raw[1:-1]
        known = "\\'" if raw[0] == "'" else None
        raw = _ESCAPE.sub(lambda e: e[0] if known and e[1] not in known else _ESCAPED.get(e[1], e[1]), inner)
    return None if "${" in raw else raw
