"""TOML with positions: values, the span of every key, and what go-toml would complain about.

Read by ourselves because three things are needed at once that no library gives together: the offsets of each key and
value (edits are spliced bytes), the content of a file that does not parse (to repair it), and the complaint of the parser
that flyctl uses, pelletier/go-toml v2.4.3, in its own words and at its own position (its `decode_fused.go`, `decode.go`,
`unstable/parser.go` and `internal/tracker/seen.go`). TOML 1.1 is accepted, as go-toml does. The tests hold it against
tomllib and tomlkit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from bot.engine.model.toml_scalars import Bad, Problem, Scalars, named

Path = tuple[str | int, ...]  # keys, and the index of an element where an array comes between
Value = object  # str, int, float, bool, Moment, list or dict


class Span(NamedTuple):
    """Where a key stands: `key_start:key_end` is its name, `start:end` its value (for a table: its header)."""

    key_start: int
    key_end: int
    start: int
    end: int


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


_SPACE = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"#[^\x00-\x08\x0a-\x1f\x7f]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class _Reader(Scalars):
    """Walks once through the text; `state` remembers how each path came to be, as go-toml's tracker does."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.data: dict[str, Value] = {}
        self.spans: dict[Path, Span] = {}
        self.statements: list[Statement] = []
        self.problems: list[Problem] = []
        self.state: dict[Path, Literal["implicit", "explicit", "dotted", "value", "array"]] = {}
        self.table: Path = ()
        self.clashes: list[Problem] = []  # keys of the statement at hand that are there already

    def document(self) -> Document:
        if self.text.startswith("\ufeff"):
            self.problems.append(Problem(0, 1, f"invalid character at start of key: {named(self.text[0])}"))
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
            self.problems += (self.clashes + self.impossible)[:1]
        except (Bad, RecursionError) as error:
            bad = error.problem if isinstance(error, Bad) else Problem(start, start + 1, "nested too deeply")
            self.problems.append(bad)
            newline = self.text.find("\n", bad.start)
            self.at = len(self.text) if newline < 0 else newline + 1
        self.clashes.clear()
        self.impossible.clear()
        if kind:
            problem = self.problems[known] if len(self.problems) > known else None
            self.statements.append(Statement(kind, path, start, self.at, problem))

    def end_of_line(self) -> None:
        self.skip(_SPACE)
        self.comment()
        if self.at < len(self.text):
            ending = "\r\n" if self.text.startswith("\r\n", self.at) else "\n"
            if not self.text.startswith(ending, self.at):
                raise self.bad(f"expected newline but got {named(self.text[self.at])}")
            self.at += len(ending)

    def comment(self) -> None:
        if not self.text.startswith("#", self.at):
            return
        self.skip(_COMMENT)
        if self.text[self.at : self.at + 1] not in ("", "\n") and not self.text.startswith("\r\n", self.at):
            kind = "carriage returns" if self.text[self.at] == "\r" else "control characters"
            raise self.bad(f"{kind} are not allowed in comments")

    def filler(self) -> str:
        """Skip what may stand between the elements of an array or an inline table; return the character behind it."""
        while True:
            self.skip(_SPACE)
            self.comment()
            following = self.text[self.at : self.at + 1]
            if following not in ("\n", "\r"):
                return following
            self.end_of_line()

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
                raise self.bad("expected key but reached end of input")
            else:
                raise self.bad(f"invalid character at start of key: {named(self.text[self.at])}")
            parts.append((part, start, self.at))
            self.skip(_SPACE)
            if self.text[self.at : self.at + 1] != ".":
                return parts
            self.at += 1

    def header(self, closing: str) -> Path:
        start = self.at
        self.at += len(closing)
        parts = self.key()
        if not self.text.startswith(closing, self.at):
            raise self.bad(f"expected '{closing}' to close {'array table' if closing == ']]' else 'table'} name")
        self.at += len(closing)
        first, last = parts[0][1], parts[-1][2]
        path: Path = ()
        for part, _, _ in parts[:-1]:
            path = self.step(path, part, first, last)
        part = parts[-1][0]
        path = self.open_array(path, part, first, last) if closing == "]]" else self.open_table(path, part, first, last)
        self.spans[path] = Span(first, last, start, self.at)
        self.table = path
        return path

    def step(self, path: Path, part: str, start: int, end: int) -> Path:
        """Go one part of a header's key down, to the last element where it is an array of tables."""
        here = (*path, part)
        state = self.state.get(here)
        if state == "value":
            self.clash(start, end, f"key {part} already exists as a value")
        if state in (None, "value"):
            self.put(here, {})
            self.state[here] = "implicit"
        return self.last_element(here)

    def open_table(self, path: Path, part: str, start: int, end: int) -> Path:
        here = (*path, part)
        state = self.state.get(here)
        if state == "value":
            self.clash(start, end, f"key {part} should be a table, not a value")
        elif state not in (None, "implicit"):
            known = {"array": " as an array of tables", "dotted": " as defined by a dotted key"}
            self.clash(start, end, f"table {part} already exists{known.get(state, '')}")
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
            known = {"value": "value", "dotted": "kv-table"}.get(state, "table")
            self.clash(start, end, f"key {part} already exists as a {known}, but should be an array table")
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
        if not self.text.startswith("=", self.at):
            raise self.bad("expected '=' after key")
        self.at += 1
        self.skip(_SPACE)
        first, last = parts[0][1], parts[-1][2]
        path, known = table, len(self.clashes)
        for part, _, _ in parts[:-1]:
            path = (*path, part)
            state = self.state.get(path)
            if state not in (None, "dotted"):
                self.clash(first, last, f"key {part} is already defined")
            if state != "explicit" and not isinstance(self.get(path), dict):
                self.put(path, {})
                self.state[path] = "dotted"
        part = parts[-1][0]
        path = (*path, part)
        if path in self.state:
            self.clash(first, last, f"key {part} is already defined")
        start = self.at
        value = self.value(path)
        self.clashes[known:] = [clash._replace(start=first, end=last) for clash in self.clashes[known:]]
        self.put(path, value)
        self.state[path] = "value"
        self.spans[path] = Span(first, last, start, self.at)
        return path

    def clash(self, start: int, end: int, message: str) -> None:
        self.clashes.append(Problem(start, end, message))

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
        if self.text.startswith("[", self.at):
            return self.array(path)
        if self.text.startswith("{", self.at):
            return self.inline_table(path)
        return self.scalar()

    def array(self, path: Path) -> list[Value]:
        self.at += 1
        values: list[Value] = []
        while True:
            following = self.filler()
            if not following:
                raise self.bad("array is incomplete")
            if following == "]":
                self.at += 1
                return values
            if following == ",":
                raise self.bad(f"expected value but got {named(following)}")
            start = self.at
            element = (*path, len(values))
            values.append(self.value(element))
            self.spans[element] = Span(start, start, start, self.at)
            self.separator("]", "expected ',' or ']' after array value")

    def inline_table(self, path: Path) -> dict[str, Value]:
        inner = _Reader(self.text)
        inner.at = self.at + 1
        inner.clashes, inner.impossible = self.clashes, self.impossible
        while True:
            following = inner.filler()
            if not following:
                raise inner.bad("inline table is incomplete")
            if following == "}":
                self.at = inner.at + 1
                self.spans.update({(*path, *below): span for below, span in inner.spans.items()})
                return inner.data
            if following == ",":
                raise inner.bad("unexpected comma in inline table")
            inner.assignment(())
            inner.separator("}", "expected ',' or '}' after inline table key-value")

    def separator(self, closing: str, words: str) -> None:
        following = self.filler()
        if following == ",":
            self.at += 1
        elif following and following != closing:
            raise self.bad(words)


@lru_cache(maxsize=64)
def read(text: str) -> Document:
    """Read a TOML document; never raises: what is wrong stands in `problems`, in the order of the text."""
    return _Reader(text).document()


def quoted(value: str, like: str = '"') -> str:
    """Return `value` as a TOML string on one line, in the quote style that `like` starts with where that can hold it."""
    if like.startswith("'") and "'" not in value and value.isprintable():
        return f"'{value}'"
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else _escaped(c)) for c in value) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
