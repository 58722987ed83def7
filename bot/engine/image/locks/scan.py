"""Tables of a TOML file that a tool wrote, line by line: lock files are long, and always laid out in the same way.

A reader of all TOML takes fifty times as long. Arrays of files and hashes, by far the longest part, are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADER = re.compile(r"\[\[?([^\[\]\n]+)\]\]?\s*$")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"|\'([^\'\n]*)\'')
_KEY = re.compile(r"""\s*(?:"([^"\n]*)"|'([^'\n]*)'|([\w.-]+))\s*=\s*(.*)$""")
_PAIR = re.compile(
    r"""(?:^|[{,])\s*(?:"([^"\n]*)"|([\w-]+))\s*=\s*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\[[^\]]*\]|\{[^}]*\}|[\w.]+)"""
)
_ESCAPE = re.compile(r"\\(.)")
_SKIPPED = ("wheels", "files", "sdist", "description")
_FILES = re.compile(r"^(?:wheels|files) = \[\n(?:[ \t].*\n)*\]", re.M)


class Table(NamedTuple):
    """A table: the path in its header, the line of that (from 1), and the text of each value by key."""

    path: str
    line: int
    values: dict[str, str]

    def string(self, key: str) -> str:
        """Return a string; `""` where there is none."""
        return string(self.values.get(key, ""))


def tables(text: str) -> Iterator[Table]:
    """Yield the tables of a lock file in order; the first one, without a header, is called `""`."""
    table = Table("", 1, {})
    text = _FILES.sub(lambda found: "\n" * found[0].count("\n"), text.replace("\r\n", "\n"))
    lines = iter(enumerate(text.split("\n"), start=1))
    for number, line in lines:
        if not line:
            continue
        if line.startswith("["):
            header = _HEADER.match(line)
            if header:
                yield table
                table = Table(header[1].strip(), number, {})
            continue
        key = _KEY.match(line) if not line.startswith((" ", "#", "]")) else None
        if key is None:
            continue
        name, value = key[1] or key[2] or key[3], key[4]
        if value.rstrip().endswith("[") and value.lstrip().startswith("["):
            value = _block(lines, value, name in _SKIPPED)
        if name not in _SKIPPED:
            table.values[name] = value
    yield table


def _block(lines: Iterator[tuple[int, str]], first: str, skipped: bool) -> str:
    """Return an array that is spread over lines, up to the bracket that stands alone."""
    taken = [first]
    for _, line in lines:
        if line.startswith("]"):
            break
        if not skipped:
            taken.append(line)
    return "\n".join((*taken, "]"))


def string(text: str) -> str:
    """Return the first string in a text, without its quotes."""
    found = _STRING.search(text)
    return _unescaped(found) if found else ""


def strings(text: str) -> tuple[str, ...]:
    """Return all strings in a text, such as an array's."""
    return tuple(_unescaped(found) for found in _STRING.finditer(text))


def pairs(text: str) -> dict[str, str]:
    """Return the values of an inline table as they are written."""
    return {found[1] or found[2]: found[3] for found in _PAIR.finditer(text.strip())}


def inline_tables(text: str) -> list[dict[str, str]]:
    """Return the inline tables of an array."""
    return [pairs(each) for each in _braced(text)]


def _braced(text: str) -> Iterator[str]:
    """Yield the outermost `{…}` of a text; quotes are minded."""
    depth, start, at = 0, 0, 0
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[{}]', text):
        at = found.start()
        if found[0] == "{":
            start = at if depth == 0 else start
            depth += 1
        elif found[0] == "}":
            depth -= 1
            if depth == 0:
                yield text[start : at + 1]


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[2]
    return _ESCAPE.sub(r"\1", found[1]) if "\\" in found[1] else found[1]
