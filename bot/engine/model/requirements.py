"""Requirements files as pip reads them: what each line asks for, and which other files it names.

The format is pip's ("Requirements File Format" in its documentation; `req/req_file.py`): comments, continuations, options,
`-r` and `-c`, editable and local paths, URLs; UTF-16 is read where a byte-order mark says so (PowerShell's `pip freeze >`).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from bot.engine.model.findings import Place

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)$", re.S)
_NESTED = re.compile(r"(?:-r\s*|-c\s*|--requirement[=\s]\s*|--constraint[=\s]\s*)(\S.*)$")
_EDITABLE = re.compile(r"(?:-e\s*|--editable[=\s]\s*)(\S.*)$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_AT = re.compile(r"[A-Za-z0-9._-]+\s*(?:\[[^\]]*\]\s*)?@")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma")
_OPTIONS = re.compile(r"(?:^|\s)-.*$", re.S)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")


class Line(NamedTuple):
    """One logical line. `value` is a distribution's normalised name, a file (nested), a path, an address, or the whole line."""

    kind: Literal["name", "nested", "constraint", "path", "url", "option", "invalid"]
    value: str
    extras: tuple[str, ...]
    rest: str  # the version and the marker, without options; "editable" for a path behind -e
    line: int
    text: str = ""  # how it is written, where pip can't read it

    @property
    def valid(self) -> bool:
        """Say whether pip can read it (PEP 508, PEP 440)."""
        return not self.text


_RELEASE = (  # a version (PEP 440), but for its local part
    r"v?(?:\d+!)?\d+(?:\.\d+)*(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?"
    r"(?:-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?(?:[-_.]?dev[-_.]?\d*)?"
)
_CLAUSE = (
    rf"(?:===\s*[^\s;,)]*|(?:==|!=)\s*{_RELEASE}(?:\.\*|\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?"
    rf"|(?:~=(?=\s*v?(?:\d+!)?\d+\.\d)|<=?|>=?)\s*{_RELEASE})"
)
_CLAUSES = rf"{_CLAUSE}(?:\s*,\s*{_CLAUSE})*\s*,?"
_REST = re.compile(rf"(?:@\s*\S+(?:\s+;.*)?|(?:{_CLAUSES}|\(\s*(?:{_CLAUSES})?\s*\))?\s*(?:;.*)?)", re.I | re.S)


class Requirement(NamedTuple):
    """A distribution that an install asks for, and where that is written."""

    line: Line
    place: Place


def decode(data: bytes) -> str:
    """Return a requirements file's text as pip does: by its byte-order mark, else as UTF-8, else as Latin-1."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def encoding(data: bytes) -> str | None:
    """Return how a requirements file that can be edited is encoded: PowerShell writes UTF-16, others UTF-8."""
    wide = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "utf-8")
    try:
        data.decode(wide)
    except UnicodeDecodeError:
        return None
    return wide


def normal(name: str) -> str:
    """Return a distribution's name in the index's spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=64)
def read(text: str) -> tuple[Line, ...]:
    """Read every line that asks for something."""
    found = []
    for number, joined in _joined(text):
        line = _line(_COMMENT.sub("", joined).strip(), number)
        if line:
            found.append(line)
    return tuple(found)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Join continued lines as pip does: before comments are cut off, a line that is a comment ends the continuation."""
    pending, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        comment = raw.lstrip().startswith("#")
        pending += raw.strip("\\") if raw.endswith("\\") and not comment else " " + raw if comment else raw
        first = first or number
        if not raw.endswith("\\") or comment:
            yield first, pending
            pending, first = "", 0
    if pending:
        yield first, pending


def _line(text: str, number: int) -> Line | None:
    if not text:
        return None
    nested = _NESTED.match(text)
    if nested:
        constraint = text.startswith(("-c", "--constraint"))
        return Line("constraint" if constraint else "nested", nested[1].strip("'\""), (), "", number)
    editable = _EDITABLE.match(text)
    if editable:
        text = editable[1].strip("'\"")
        if not _is_url(text):
            return _path(text, number)._replace(rest="editable")
    elif text.startswith("-"):
        return Line("option", text, (), "", number)
    if _is_url(text):
        egg = _EGG.search(text)
        return Line("url", normal(egg[1]) if egg else text, (), text, number)
    bare = re.split(r";|\s-", text, maxsplit=1)[0].rstrip()  # without the marker and options
    if not _AT.match(text) and (bare.startswith(".") or "/" in bare or "\\" in bare or bare.lower().endswith(_ARCHIVES)):
        return _path(bare, number)
    return requirement(text, number) or Line("invalid", text, (), "", number, text)


def requirement(text: str, number: int = 0) -> Line | None:
    """Read one requirement such as `uvicorn[standard]>=0.30; python_version >= "3.9"` (PEP 508)."""
    match = _NAMED.match(text.strip())
    if not match:
        return None
    rest = _OPTIONS.sub("", match[3]).strip()
    refused = "" if _REST.fullmatch(rest) else _OPTIONS.sub("", text).strip()
    return Line("name", normal(match[1]), _extras(match[2] or ""), rest, number, refused)


def _path(text: str, number: int) -> Line:
    path, bracket, listed = text[:-1].rpartition("[") if text.endswith("]") else ("", "", "")
    return Line("path", (path if bracket else text).strip(), _extras(listed), "", number)


def _extras(listed: str) -> tuple[str, ...]:
    return tuple(normal(extra.strip()) for extra in listed.split(",") if extra.strip())


def _is_url(text: str) -> bool:
    return bool(re.match(r"(?:[a-z]+\+)?(?:https?|ssh|git|file|svn|hg|bzr)(?:\+\w+)?://|git\+|git@", text, re.I))
