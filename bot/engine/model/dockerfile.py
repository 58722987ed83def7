"""Dockerfiles with positions: instructions, their flags and words, heredocs, and where each of them stands.

Splits as BuildKit's own parser does (moby/buildkit `frontend/dockerfile/parser/parser.go`): comments and empty lines
inside a continuation are dropped, heredocs belong to RUN, COPY and ADD, a list in brackets is JSON or else plain shell
text. The tests hold it against that parser (PyPI `dockerfile`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from bot.engine.model import shell
from bot.engine.model.tree import Splice, newline

INSTRUCTIONS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER"
    " VOLUME WORKDIR".split()
)
_HEREDOCS = ("RUN", "COPY", "ADD")
_LISTS = ("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME")
_HEREDOC = re.compile(r"(?<![<\w])(\d*)<<(-?)(\"[^\"]+\"|'[^']+'|[^\s<'\"|;&]+)")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.)*)"')


class Text(NamedTuple):
    """A piece of an instruction: its value, and the span in the file that holds it."""

    value: str
    start: int
    end: int


class Heredoc(NamedTuple):
    """A here-document: its word, its lines, and whether variables in it are expanded."""

    word: str
    content: str
    expands: bool


class Instruction(NamedTuple):
    """One instruction. `value` is what follows the name and the flags, with continuations joined."""

    name: str
    line: int  # counted from 1
    start: int
    end: int  # behind its last line's end, heredocs included
    flags: tuple[Text, ...]
    value: str
    words: tuple[Text, ...]  # separated by white space, or the elements of the JSON list
    json: bool
    heredocs: tuple[Heredoc, ...]

    def flag(self, name: str) -> str | None:
        """Return the value of `--name=…`, `""` for a bare `--name`, None where it is not given."""
        for flag in self.flags:
            key, _, value = flag.value.partition("=")
            if key == f"--{name}":
                return value
        return None

    @property
    def argv(self) -> list[str]:
        """The words alone."""
        return [word.value for word in self.words]


class Problem(NamedTuple):
    """What BuildKit refuses, in its words."""

    line: int
    message: str


class Dockerfile(NamedTuple):
    """A Dockerfile as it was read."""

    text: str
    instructions: tuple[Instruction, ...]
    problem: Problem | None


class _Logical(NamedTuple):
    """A line with its continuations joined; `offsets[i]` is where character `i` stands in the file."""

    text: str
    offsets: list[int]
    line: int
    start: int
    end: int


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True) if "\x0b" not in text and "\x0c" not in text else text.split("\n")
        if "".join(self.lines) != text or any(c in text for c in "\x1c\x1d\x1e\x85\u2028\u2029"):
            self.lines = [line + "\n" for line in text.split("\n")]
            self.lines[-1] = self.lines[-1][:-1]
        self.number = 0
        self.at = 0
        self.escape = "\\"
        self.directives = True

    def dockerfile(self) -> Dockerfile:
        found: list[Instruction] = []
        while self.number < len(self.lines):
            logical = self.logical()
            if logical:
                found.append(self.instruction(logical))
        return Dockerfile(self.text, tuple(found), _problem(found))

    def take(self) -> tuple[str, int]:
        line, start = self.lines[self.number], self.at
        self.number += 1
        self.at += len(line)
        return line, start

    def logical(self) -> _Logical | None:
        """Read one logical line; None for a comment, a directive or an empty line."""
        raw, start = self.take()
        line = raw.rstrip("\r\n")
        if start == 0 and line.startswith("\ufeff"):
            line, start = line[1:], 1
        stripped = line.lstrip()
        self.directive(stripped)
        if not stripped or stripped.startswith("#"):
            return None
        first_line = self.number
        begin = start + len(line) - len(stripped)
        text, more = self.continued(stripped)
        offsets = list(range(begin, begin + len(text)))
        while more and self.number < len(self.lines):
            raw, at = self.take()
            line = raw.rstrip("\r\n")
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            piece, more = self.continued(line)
            text += piece
            offsets.extend(range(at, at + len(piece)))
        return _Logical(text, offsets, first_line, begin, self.at) if text else None

    def continued(self, line: str) -> tuple[str, bool]:
        bare = line.rstrip(" \t")
        if bare.endswith(self.escape) and not bare.endswith(self.escape * 2):
            return bare[:-1], True
        return line, False

    def directive(self, line: str) -> None:
        if not self.directives:
            return
        match = _DIRECTIVE.match(line)
        if not match or match[1].lower() not in ("syntax", "escape", "check"):
            self.directives = False
        elif match[1].lower() == "escape" and match[2] == "`":
            self.escape = "`"

    def instruction(self, logical: _Logical) -> Instruction:
        name, rest = _head(logical.text)
        begin = len(logical.text) - len(rest)
        if name == "ONBUILD":
            _, inner = _head(rest)
            heredoc_owner = rest.split(None, 1)[0].upper() if rest.split() else ""
        else:
            inner, heredoc_owner = rest, name
        flags, at = _flags(logical, begin)
        value = logical.text[at:].strip() if at < len(logical.text) else ""
        at = len(logical.text) - len(logical.text[at:].lstrip())
        words, is_json = _words(logical, at, name)
        heredocs = self.heredocs(inner) if heredoc_owner in _HEREDOCS and "<<" in rest else ()
        return Instruction(name, logical.line, logical.start, self.at, flags, value, words, is_json, heredocs)

    def heredocs(self, line: str) -> tuple[Heredoc, ...]:
        found = []
        for match in _HEREDOC.finditer(line):
            quoted = match[3][0] in "'\""
            word = match[3].strip("'\"")
            content = ""
            while self.number < len(self.lines):
                raw, _ = self.take()
                line_end = raw.rstrip("\r\n")
                if (line_end.lstrip("\t") if match[2] else line_end) == word:
                    break
                content += raw.lstrip("\t") if match[2] else raw
            found.append(Heredoc(word, content, not quoted))
        return tuple(found)


def _head(text: str) -> tuple[str, str]:
    """Split an instruction's name from the rest."""
    match = re.match(r"(\S+)\s*", text)
    return (match[1].upper(), text[match.end() :]) if match else ("", "")


def _flags(logical: _Logical, at: int) -> tuple[tuple[Text, ...], int]:
    """Read the `--flag=value` words at the front; return them and where they end."""
    flags: list[Text] = []
    pattern = re.compile(r"\s*(--(?:[^\s\"'\\]|\\.|\"[^\"]*\"|'[^']*')+)(?=\s|$)")
    while True:
        match = pattern.match(logical.text, at)
        if not match:
            bare = re.match(r"\s*--(?=\s|$)", logical.text[at:])  # a lone `--` ends the flags
            return tuple(flags), at + (bare.end() if bare else 0)
        flags.append(_piece(logical, match[1], match.start(1), match.end(1)))
        at = match.end()


def _piece(logical: _Logical, value: str, start: int, end: int) -> Text:
    return Text(value, logical.offsets[start], logical.offsets[end - 1] + 1)


def _words(logical: _Logical, at: int, name: str) -> tuple[tuple[Text, ...], bool]:
    if name in _LISTS and logical.text.startswith("[", at):
        listed = _json(logical, at)
        if listed is not None:
            return listed, True
    found = [_piece(logical, match[0], match.start(), match.end()) for match in re.compile(r"\S+").finditer(logical.text, at)]
    return tuple(found), False


def _json(logical: _Logical, at: int) -> tuple[Text, ...] | None:
    """Read a JSON list of strings with the span of each; None when it is none (BuildKit then takes it as shell text)."""
    text, found = logical.text, []
    at = _blank(text, at + 1)
    if text[at : at + 1] == "]":
        return () if not text[at + 1 :].strip() else None
    while True:
        match = _STRING.match(text, at)
        if not match:
            return None
        value = _unescape(match[1])
        if value is None:
            return None
        found.append(_piece(logical, value, match.start(), match.end()))
        at = _blank(text, match.end())
        if text[at : at + 1] == ",":
            at = _blank(text, at + 1)
        elif text[at : at + 1] == "]" and not text[at + 1 :].strip():
            return tuple(found)
        else:
            return None


def _blank(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n"):
        at += 1
    return at


def _unescape(raw: str) -> str | None:
    if "\\" not in raw:
        return raw
    simple = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "/": "/"}
    result, at = "", 0
    while at < len(raw):
        if raw[at] != "\\":
            result, at = result + raw[at], at + 1
        elif raw[at + 1] in simple:
            result, at = result + simple[raw[at + 1]], at + 2
        elif re.match(r"\\u[0-9A-Fa-f]{4}", raw[at:]):
            result, at = result + chr(int(raw[at + 2 : at + 6], 16)), at + 6
        else:
            return None
    return result


def _problem(found: list[Instruction]) -> Problem | None:
    """Return the first thing that BuildKit refuses to build."""
    if not found:
        return Problem(1, "file with no instructions")
    staged = False
    for item in found:
        if item.name not in INSTRUCTIONS:
            return Problem(item.line, f"dockerfile parse error on line {item.line}: unknown instruction: {item.name}")
        staged = staged or item.name == "FROM"
        if not staged and item.name != "ARG":
            return Problem(item.line, "no build stage in current context")
        plain = len(item.words) + len(item.heredocs)
        if item.name in ("COPY", "ADD") and plain < 2:
            words = (
                f"{item.name} requires at least two arguments, but only one was provided. Destination could not be determined"
            )
            return Problem(item.line, f"dockerfile parse error on line {item.line}: {words}")
        if item.name == "FROM" and len(item.words) not in (1, 3):
            words = "FROM requires either one or three arguments"
            return Problem(item.line, f"dockerfile parse error on line {item.line}: {words}")
    return None if staged else Problem(1, "no build stage in current context")


@lru_cache(maxsize=64)
def read(text: str) -> Dockerfile:
    """Read a Dockerfile; never raises: what BuildKit refuses stands in `problem`."""
    return _Reader(text).dockerfile()


def pairs(value: str) -> list[tuple[str, shell.Word]]:
    """Return the names and values of an ENV, ARG or LABEL; `ENV NAME value` is the old form."""
    words = shell.plain_words(value)
    if words and "=" not in value[words[0].start : words[0].end] and len(words) > 1:
        rest = shell.plain_words(value[words[0].end :])
        pieces = [piece for word in rest for piece in (*word.pieces, shell.Piece("text", " "))][:-1]
        return [(words[0].literal or "", rest[0]._replace(pieces=tuple(pieces)))]
    found = []
    for word in words:
        name, equals, _ = value[word.start : word.end].partition("=")
        found.append((name, shell.without(word, name + equals) if equals else word._replace(pieces=())))
    return found


def json_list(words: list[str]) -> str:
    """Return an exec-form list."""
    return "[" + ", ".join(_json_string(word) for word in words) + "]"


def _json_string(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def replace_word(word: Text, value: str, is_json: bool) -> Splice:
    """Return the splice that puts `value` in place of one word, in the notation that stands there."""
    return Splice(word.start, word.end, _json_string(value) if is_json else value)


def insert_after(file: Dockerfile, item: Instruction, line: str) -> Splice:
    """Return the splice that puts a line of its own behind an instruction."""
    ending = newline(file.text)
    closed = file.text[: item.end].endswith("\n")
    return Splice(item.end, item.end, line + ending if closed else ending + line)


def insert_before(file: Dockerfile, item: Instruction, line: str) -> Splice:
    """Return the splice that puts a line of its own before an instruction."""
    start = file.text.rfind("\n", 0, item.start) + 1
    return Splice(start, start, line + newline(file.text))


def expand(text: str, variable: Callable[[str], str | None]) -> str | None:
    """Return an argument of COPY, WORKDIR, FROM … with its variables filled in; None where one is unknown."""
    if not any(special in text for special in "$\\\"'"):
        return text
    words = shell.plain_words(text)
    return shell.expand(words[0], variable) if len(words) == 1 else None
