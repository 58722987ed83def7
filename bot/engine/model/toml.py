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
_COMMENT = re.compile(r"#[^\x00-\x08\x0a-\x1f\x7f]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = {  # what needs no second look, by the quotes around it
    '"': re.compile(r'[^"\\\x00-\x08\x0a-\x1f\x7f]*'),
    "'": re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*"),
    '"""': re.compile(r'(?:[^"\\\x00-\x08\x0b-\x1f\x7f]|\r\n)*'),
    "'''": re.compile(r"(?:[^'\x00-\x08\x0b-\x1f\x7f]|\r\n)*"),
}
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}
_WIDTHS = {"x": 2, "u": 4, "U": 8}
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")
_FOLDED = re.compile(r"\\[ \t]*\r?\n(?:[ \t\n]|\r\n)*")
_DIGITS = {"": re.compile("[0-9]*"), "x": re.compile("[0-9A-Fa-f]*"), "o": re.compile("[0-7]*"), "b": re.compile("[01]*")}
_RADIX = {"": "decimal", "x": "hexadecimal", "o": "octal", "b": "binary"}
_MOMENT = re.compile(r"(?=[0-9]{2}:|[0-9]{4}-)(?:[0-9:+.TtZz-]| (?=[0-9]))+")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?")


def _named(character: str) -> str:
    """Return a character as Go's `%#U` shows it; go-toml takes the first byte of what is not ASCII."""
    code = character.encode("utf-8", "surrogatepass")[0]
    return f"U+{code:04X} '{chr(code)}'" if chr(code).isprintable() else f"U+{code:04X}"


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
        self.clashes: list[Problem] = []  # keys of the statement at hand that are there already
        self.impossible: list[Problem] = []  # values of it that can't be converted

    def document(self) -> Document:
        if self.text.startswith("\ufeff"):
            self.problems.append(Problem(0, 1, f"invalid character at start of key: {_named(self.text[0])}"))
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
        except (_Bad, RecursionError) as error:
            bad = error.problem if isinstance(error, _Bad) else Problem(start, start + 1, "nested too deeply")
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
                raise self.bad(f"expected newline but got {_named(self.text[self.at])}")
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

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def bad(self, message: str) -> _Bad:
        """Return a complaint about the next character; at the end of the text about the last one."""
        start = min(self.at, len(self.text) - 1)
        return _Bad(start, start + 1, message)

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
                raise self.bad(f"invalid character at start of key: {_named(self.text[self.at])}")
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
        first = self.text[self.at : self.at + 1]
        if first in ('"', "'"):
            return self.block_string(first * 3) if self.text.startswith(first * 3, self.at) else self.line_string(first)
        if first == "[":
            return self.array(path)
        if first == "{":
            return self.inline_table(path)
        if not first:
            raise self.bad("expected value, not end of input")
        for word, constant in (("true", True), ("false", False), ("inf", float("inf")), ("nan", float("nan"))):
            if first == word[0]:
                if not self.text.startswith(word, self.at):
                    raise self.bad(f'expected keyword "{word}"')
                self.at += len(word)
                return constant
        if _MOMENT.match(self.text, self.at):
            return self.moment()
        if first not in "+-0123456789":
            raise self.bad(f"unexpected character {_named(first)} at start of value")
        return self.number()

    def number(self) -> int | float:
        start, text = self.at, self.text
        signed = text[start] in "+-"
        self.at += signed
        following = text[self.at : self.at + 1]
        if not following:
            raise _Bad(start, start + 1, "expected number after sign")
        if following in "in":
            word = "inf" if following == "i" else "nan"
            if not text.startswith(word, self.at):
                raise self.bad(f'expected "{word}"')
            self.at += len(word)
            return float(text[start : self.at])
        if following not in "0123456789":
            raise self.bad(f"expected digit but got {_named(following)}")
        letter = text[self.at + 1 : self.at + 2] if following == "0" else ""
        if letter and letter in "xob":
            if signed:
                raise _Bad(start, start + 2, "sign is not allowed on numbers with a radix prefix")
            self.at += 2
            if not self.digits(letter):
                raise _Bad(start, start + 2, "radix prefix must be followed by at least one digit")
            return self.integer(start, letter)
        if self.digits("") > 1 and following == "0":
            raise _Bad(start + signed, start + signed + 2, "integers cannot have leading zeroes")
        end = self.at
        if text.startswith(".", self.at):
            self.at += 1
            if not self.digits(""):
                raise self.bad("decimal point must be followed by a digit")
        if text[self.at : self.at + 1] in ("e", "E"):
            self.at += 2 if text[self.at + 1 : self.at + 2] in ("+", "-") else 1
            if not self.digits(""):
                raise self.bad("exponent must contain at least one digit")
        following = text[self.at : self.at + 1]
        if following.isascii() and following.isalpha():
            raise self.bad("strings must be quoted")
        return self.integer(start, "") if self.at == end else self.real(start)

    def digits(self, radix: str) -> int:
        """Skip digits with underscores between them; return how many characters that were."""
        start, text = self.at, self.text
        while True:
            before = self.at
            self.skip(_DIGITS[radix])
            if self.at == before and before > start:
                raise _Bad(before - 1, before + 1, "number must have at least one digit between underscores")
            if self.at == start or not text.startswith("_", self.at):
                return self.at - start
            self.at += 1

    def integer(self, start: int, radix: str) -> int:
        digits = self.text[start : self.at].replace("_", "")
        value = int(digits, 0 if radix else 10) if radix or len(digits) < 100 else 2**63  # Python refuses thousands of digits
        if not -(2**63) <= value < 2**63:
            words = f"{_RADIX[radix]} number is too large to fit in a 64-bit signed integer"
            self.impossible.append(Problem(start, self.at, words))
        return value

    def real(self, start: int) -> float:
        digits = self.text[start : self.at].replace("_", "")
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            words = f'unable to parse float: strconv.ParseFloat: parsing "{digits}": value out of range'
            self.impossible.append(Problem(start, self.at, words))
        return value

    def moment(self) -> Moment:
        start = self.at
        self.skip(_MOMENT)
        written = self.text[start : self.at]
        dated = written[4:5] == "-"
        date = _DATE.fullmatch(written[:10])
        time = _TIME.fullmatch(written[11:] if dated else written)
        limits: list[tuple[int, int, int, str]] = []  # where two digits stand, their least and greatest value, the words
        if dated and (not date or written[10:11] not in ("", "T", "t", " ")):
            self.impossible.append(Problem(start, self.at, "dates are expected to have the format YYYY-MM-DD"))
        elif date:
            limits += [(5, 1, 12, "impossible date"), (8, 1, _days(int(date[1]), int(date[2])), "impossible date")]
        if len(written) > 10 or not dated:
            at = 11 if dated else 0
            if not time or (time[4] and not dated):
                words = "times are expected to have the format HH:MM[:SS[.NNNNNN]]"
                self.impossible.append(Problem(min(start + at, len(self.text) - 1), self.at, words))
            else:
                limits += [(at, 0, 23, "hour cannot be greater 23"), (at + 3, 0, 59, "minutes cannot be greater 59")]
                limits += [(at + 6, 0, 59, "seconds cannot be greater than 59")] if time[3] else []
        for at, least, greatest, words in limits:
            if not least <= int(written[at : at + 2]) <= greatest:
                self.impossible.append(Problem(start + at, start + at + 2, words))
        return Moment(written)

    def line_string(self, quote: str) -> str:
        kind = "basic" if quote == '"' else "literal"
        self.at += 1
        value = ""
        while True:
            start = self.at
            self.skip(_PLAIN[quote])
            value += self.text[start : self.at]
            character = self.text[self.at : self.at + 1]
            if character == quote:
                self.at += 1
                return value
            if not character:
                raise self.bad(f"unterminated {kind} string")
            if character != "\\":
                what = "new lines" if character in "\r\n" else "control characters"
                raise self.bad(f"{kind} strings cannot have {what}")
            value += self.escape()

    def block_string(self, quotes: str) -> str:
        kind = "basic" if quotes == '"""' else "literal"
        self.at += 3
        ending = "\r\n" if self.text.startswith("\r\n", self.at) else "\n"
        self.at += len(ending) if self.text.startswith(ending, self.at) else 0
        value = ""
        while True:
            start = self.at
            self.skip(_PLAIN[quotes])
            value += self.text[start : self.at].replace("\r\n", "\n")
            character = self.text[self.at : self.at + 1]
            if character == quotes[0]:
                end = self.at
                while self.text.startswith(character, end):
                    end += 1
                count = end - self.at
                if count > 5:
                    raise self.bad(f"too many quotes at the end of a multiline {kind} string")
                value += character * (count if count < 3 else count - 3)
                self.at = end
                if count > 2:
                    return value
            elif not character:
                raise self.bad(f"multiline {kind} string not terminated by {quotes}")
            elif character == "\r":
                raise self.bad("carriage returns must be followed by a newline character")
            elif character != "\\":
                raise self.bad(f"multiline {kind} strings cannot have control characters")
            elif _FOLDED.match(self.text, self.at):
                self.skip(_FOLDED)
            else:
                value += self.escape()

    def escape(self) -> str:
        """Read the escape sequence whose backslash stands at `self.at`."""
        start = self.at
        letter = self.text[start + 1 : start + 2]
        if not letter:
            raise self.bad("need a character after \\")
        if letter in _ESCAPES:
            self.at += 2
            return _ESCAPES[letter]
        if letter not in _WIDTHS:
            raise _Bad(start, start + 2, f"invalid escape character {_named(letter)}")
        self.at += 2 + _WIDTHS[letter]
        digits = self.text[start + 2 : self.at]
        wrong = _NOT_HEX.search(digits)
        if self.at > len(self.text):
            raise _Bad(start, len(self.text), "unicode escape sequence is too short")
        if wrong:
            at = start + 2 + wrong.start()
            raise _Bad(at, at + 1, "invalid hexadecimal digit in unicode escape sequence")
        number = int(digits, 16)
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise _Bad(start, self.at, "escape sequence is not a valid unicode code point")
        return chr(number)

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
                raise self.bad(f"expected value but got {_named(following)}")
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


def _days(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31


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
