"""TOML with positions: values, the span of every key, and what go-toml would complain about.

Read by ourselves because three things are needed at once that no library gives together: the offsets of each key and
value (edits are spliced bytes), the content of a file that does not parse (to repair it), and the complaint of the parser
that flyctl uses, pelletier/go-toml v2, in its own words (its `errors.go`, `unstable/parser.go` and
`internal/tracker/seen.go`). TOML 1.1 is accepted, as go-toml 2.4 does. The tests hold it against tomllib and tomlkit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Path = tuple[str | int, ...]  # keys, and the index of an element where an array comes between
Value = object  # str, int, float, bool, Moment, list or dict


class Moment(str):
    """A date or a time, as written."""

    __slots__ = ()


class Span(NamedTuple):
    """Where a key stands: `key_start:key_end` is its name, `start:end` its value (for a table: its header)."""

    key_start: int
    key_end: int
    start: int
    end: int


class Problem(NamedTuple):
    """A complaint of the parser: the text that it marks, and its words."""

    start: int
    end: int
    message: str


class Statement(NamedTuple):
    """A line (or more) that says something: a `key = value`, a `[table]` or an `[[array]]`."""

    kind: Literal["key", "table", "array"]
    path: Path
    start: int  # of its first line
    end: int  # behind its last line's end
    problem: Problem | None


class Document(NamedTuple):
    """A TOML file as it was read. `data` is what the author meant, also where `problems` is not empty."""

    text: str
    data: dict[str, Value]
    spans: dict[Path, Span]
    statements: list[Statement]
    problems: list[Problem]

    def row_and_column(self, offset: int) -> tuple[int, int]:
        """Return the row and column of `offset` as go-toml counts them: from 1, columns in bytes."""
        line = self.text[self.text.rfind("\n", 0, offset) + 1 : offset]
        return self.text.count("\n", 0, offset) + 1, len(line.encode("utf-8")) + 1


class _Bad(Exception):
    def __init__(self, start: int, end: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(start, end, message)


_SPACE = re.compile(r"[ \t]*")
_FILLER = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?|\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
)
_NUMBER = re.compile(
    r"0x[0-9A-Fa-f]+(?:_[0-9A-Fa-f]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*|[+-]?(?:inf|nan)"
    r"|[+-]?(?:0|[1-9]\d*(?:_\d+)*)(?P<float>(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+(?:_\d+)*)?)"
)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(\s*\n\s*)|(.))", re.S)


class _Reader:
    """Walks once through the text; `state` remembers how each path came to be, as go-toml's tracker does."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.data: dict[str, Value] = {}
        self.spans: dict[Path, Span] = {}
        self.statements: list[Statement] = []
        self.problems: list[Problem] = []
        self.state: dict[Path, Literal["implicit", "explicit", "dotted", "value", "array"]] = {}
        self.table: Path = ()

    def document(self) -> Document:
        if self.text.startswith("\ufeff"):
            self.problems.append(Problem(0, 1, "invalid character at start of key: ï"))
            self.at = 1
        while self.at < len(self.text):
            self.statement()
        return Document(self.text, self.data, self.spans, self.statements, self.problems)

    def statement(self) -> None:
        start, known = self.at, len(self.problems)
        kind: Literal["key", "table", "array"] | None = None
        path: Path = ()
        try:
            self.skip(_SPACE)
            if self.text.startswith("[[", self.at):
                kind = "array"
                path = self.header("]]")
            elif self.text.startswith("[", self.at):
                kind = "table"
                path = self.header("]")
            elif self.at < len(self.text) and self.text[self.at] not in "#\r\n":
                kind = "key"
                path = self.assignment(self.table)
            self.end_of_line()
        except _Bad as bad:
            self.problems.append(bad.problem)
            newline = self.text.find("\n", max(self.at, bad.problem.start))
            self.at = len(self.text) if newline < 0 else newline + 1
        if kind:
            problem = self.problems[known] if len(self.problems) > known else None
            self.statements.append(Statement(kind, path, start, self.at, problem))

    def end_of_line(self) -> None:
        rest = _REST.match(self.text, self.at)
        if not rest:
            self.skip(_SPACE)
            found = self.text[self.at]
            raise _Bad(self.at, self.at + 1, f"expected newline but got U+{ord(found):04X} '{found}'")
        self.at = rest.end()

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def expect(self, wanted: str) -> None:
        for character in wanted:
            if self.at >= len(self.text):
                raise _Bad(self.at, self.at, f"expected character {character} but the document ended here")
            if self.text[self.at] != character:
                raise _Bad(self.at, self.at + 1, f"expected character {character}")
            self.at += 1

    # --- keys

    def key(self) -> list[tuple[str, int, int]]:
        """Read a dotted key; each part with its span."""
        parts = []
        while True:
            self.skip(_SPACE)
            start = self.at
            bare = _BARE.match(self.text, self.at)
            if bare:
                self.at = bare.end()
                part = bare[0]
            elif self.text[self.at : self.at + 1] in ('"', "'"):
                part = self.line_string(self.text[self.at])
            elif self.at >= len(self.text):
                raise _Bad(self.at, self.at, "expected key but found none")
            else:
                raise _Bad(self.at, self.at + 1, f"invalid character at start of key: {self.text[self.at]}")
            parts.append((part, start, self.at))
            self.skip(_SPACE)
            if self.text[self.at : self.at + 1] != ".":
                return parts
            self.at += 1

    def header(self, closing: str) -> Path:
        start = self.at
        self.at += len(closing)
        parts = self.key()
        self.expect(closing)
        path: Path = ()
        for part, first, last in parts[:-1]:
            path = self.step(path, part, first, last)
        part, first, last = parts[-1]
        path = self.open_array(path, part, first, last) if closing == "]]" else self.open_table(path, part, first, last)
        self.spans[path] = Span(parts[0][1], last, start, self.at)
        self.table = path
        return path

    def step(self, path: Path, part: str, start: int, end: int) -> Path:
        """Go one part of a header's key down, to the last element where it is an array of tables."""
        here = (*path, part)
        state = self.state.get(here)
        if state == "value":
            self.complain(start, end, f"expected {part} to be a table, not a value")
        if state in (None, "value"):
            self.put(here, {})
            self.state[here] = "implicit"
        return self.last_element(here)

    def open_table(self, path: Path, part: str, start: int, end: int) -> Path:
        here = (*path, part)
        state = self.state.get(here)
        if state in ("value", "array"):
            self.complain(start, end, f"key {part} should be a table, not a {'array table' if state == 'array' else state}")
        elif state in ("explicit", "dotted"):
            self.complain(start, end, f"table {part} already exists")
        if state in (None, "value"):
            self.put(here, {})
        if state == "array":
            return self.last_element(here)
        self.state[here] = "explicit"
        return here

    def open_array(self, path: Path, part: str, start: int, end: int) -> Path:
        here = (*path, part)
        state = self.state.get(here)
        if state not in (None, "array"):
            known = "value" if state == "value" else "table"
            self.complain(start, end, f"key {part} already exists as a {known}, but should be an array table")
        elements = self.get(here) if state == "array" else []
        assert isinstance(elements, list)
        elements.append({})
        self.put(here, elements)
        self.state[here] = "array"
        return (*here, len(elements) - 1)

    def last_element(self, path: Path) -> Path:
        elements = self.get(path)
        return (*path, len(elements) - 1) if isinstance(elements, list) and elements else path

    def assignment(self, table: Path) -> Path:
        parts = self.key()
        if self.at >= len(self.text):
            raise _Bad(self.at, self.at, "expected = after a key, but the document ends there")
        self.expect("=")
        self.skip(_SPACE)
        path = table
        for part, first, last in parts[:-1]:
            path = (*path, part)
            state = self.state.get(path)
            if state in ("value", "array"):
                self.complain(first, last, f"expected {part} to be a table, not a value")
            elif state == "explicit":
                self.complain(first, last, f"cannot redefine table {part} that has already been explicitly defined")
            if state != "explicit" and not isinstance(self.get(path), dict):
                self.put(path, {})
                self.state[path] = "dotted"
        part, first, last = parts[-1]
        path = (*path, part)
        if path in self.state:
            self.complain(first, last, f"key {part} is already defined")
        start = self.at
        value = self.value(path)
        self.put(path, value)
        self.state[path] = "value"
        self.spans[path] = Span(parts[0][1], last, start, self.at)
        return path

    def complain(self, start: int, end: int, message: str) -> None:
        self.problems.append(Problem(start, end, message))

    def get(self, path: Path) -> Value:
        node: Value = self.data
        for part in path:
            if isinstance(node, dict):
                node = node.get(part)
            elif isinstance(node, list) and isinstance(part, int) and part < len(node):
                node = node[part]
            else:
                return None
        return node

    def put(self, path: Path, value: Value) -> None:
        holder, last = self.get(path[:-1]), path[-1]
        if isinstance(holder, dict):
            holder[last] = value

    # --- values

    def value(self, path: Path) -> Value:
        """Read the value at `self.at`; keys of inline tables and elements get their spans below `path`."""
        first = self.text[self.at : self.at + 1]
        if first in ('"', "'"):
            return self.block_string(first * 3) if self.text.startswith(first * 3, self.at) else self.line_string(first)
        if first == "[":
            return self.array(path)
        if first == "{":
            return self.inline_table(path)
        for word, constant in (("true", True), ("false", False)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return constant
        if first in ("t", "f"):
            word = "true" if first == "t" else "false"
            raise _Bad(self.at, min(self.at + len(word), len(self.text)), f"expected '{word}'")
        moment = _MOMENT.match(self.text, self.at)
        if moment:
            self.at = moment.end()
            return Moment(moment[0])
        return self.number()

    def number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        if not match or not match[0]:
            if self.at >= len(self.text):
                raise _Bad(self.at, self.at, "expected value, not eof")
            raise _Bad(self.at, self.at, "incomplete number")
        self.at = match.end()
        digits = match[0].replace("_", "")
        if match["float"] or digits[-3:] in ("inf", "nan"):
            return float(digits)
        if digits.lstrip("+-") == "0" and self.text[self.at : self.at + 1].isdigit():
            raise _Bad(match.start(), self.at, "leading zero not allowed on decimal number")
        return int(digits, 0)

    def line_string(self, quote: str) -> str:
        start = self.at + 1
        at = start
        while at < len(self.text):
            character = self.text[at]
            if character == quote:
                self.at = at + 1
                raw = self.text[start:at]
                return self.unescape(raw, start) if quote == '"' else raw
            if character == "\n":
                kind = "basic" if quote == '"' else "literal"
                self.at = at
                raise _Bad(at, at + 1, f"{kind} strings cannot have new lines")
            at += 2 if character == "\\" and quote == '"' else 1
        words = 'basic string not terminated by "' if quote == '"' else "unterminated literal string"
        raise _Bad(len(self.text), len(self.text), words)

    def block_string(self, quotes: str) -> str:
        start = self.at + 3
        at = start
        while not self.text.startswith(quotes, at):
            if at >= len(self.text):
                kind = "basic" if quotes == '"""' else "literal"
                raise _Bad(at, at, f"multiline {kind} string not terminated by {quotes}")
            at += 2 if self.text[at] == "\\" and quotes == '"""' else 1
        end = at
        while end - at < 2 and self.text[end + 3 : end + 4] == quotes[0]:  # up to two quotes may belong to the text
            end += 1
        self.at = end + 3
        raw = self.text[start:end].replace("\r\n", "\n")
        raw = raw[1:] if raw.startswith("\n") else raw
        return self.unescape(raw, start) if quotes == '"""' else raw

    def unescape(self, raw: str, start: int) -> str:
        def character(match: re.Match[str]) -> str:
            code = match[1] or match[2] or match[3]
            if code:
                number = int(code, 16)
                if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                    raise _Bad(start, start + len(raw), "escape sequence is invalid Unicode code point")
                return chr(number)
            if match[4] is not None:
                return ""
            if match[5] not in _ESCAPES:
                at = start + match.start() + 1
                raise _Bad(at, at + 1, f"invalid escaped character U+{ord(match[5]):04X} '{match[5]}'")
            return _ESCAPES[match[5]]

        return _ESCAPE.sub(character, raw) if "\\" in raw else raw

    def array(self, path: Path) -> list[Value]:
        opening = self.at
        self.at += 1
        values: list[Value] = []
        while True:
            self.skip(_FILLER)
            if self.at >= len(self.text):
                raise _Bad(opening, opening + 1, "array is incomplete")
            if self.text[self.at] == "]":
                self.at += 1
                return values
            if self.text[self.at] == ",":
                raise _Bad(self.at, self.at + 1, "array cannot start with comma")
            start = self.at
            element = (*path, len(values))
            values.append(self.value(element))
            self.spans[element] = Span(start, start, start, self.at)
            self.separator("]", "array elements must be separated by commas")

    def inline_table(self, path: Path) -> dict[str, Value]:
        opening = self.at
        self.at += 1
        inner = _Reader(self.text)
        inner.at = self.at
        while True:
            inner.skip(_FILLER)
            if inner.at >= len(self.text):
                raise _Bad(opening, opening + 1, "inline table is incomplete")
            if self.text[inner.at] == "}":
                self.at = inner.at + 1
                self.problems.extend(inner.problems)
                self.spans.update({(*path, *below): span for below, span in inner.spans.items()})
                return inner.data
            inner.assignment(())
            inner.separator("}", "expected character ,")

    def separator(self, closing: str, words: str) -> None:
        self.skip(_FILLER)
        following = self.text[self.at : self.at + 1]
        if following == ",":
            self.at += 1
        elif following and following != closing:
            raise _Bad(self.at, self.at + 1, words)


@lru_cache(maxsize=64)
def read(text: str) -> Document:
    """Read a TOML document; never raises: what is wrong stands in `problems`, in the order of the text."""
    return _Reader(text).document()


def quoted(value: str, like: str = '"') -> str:
    """Return `value` as a TOML string on one line, in the quote style that `like` starts with where that can hold it."""
    if like.startswith("'") and "'" not in value and value.isprintable():
        return f"'{value}'"
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\u{ord(c):04X}") for c in value) + '"'
