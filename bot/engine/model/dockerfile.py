"""Dockerfiles with positions: instructions, their flags and words, heredocs, and where each of them stands.

Splits as BuildKit's own parser does (moby/buildkit `frontend/dockerfile/parser/parser.go`): comments and empty lines
inside a continuation are dropped, heredocs belong to RUN, COPY and ADD, a list in brackets is JSON or else plain shell
text. The tests hold it against that parser (PyPI `dockerfile`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
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
_HEREDOC = re.compile(r"[0-9]*<<(-?)\s*([^<]*)", re.S)
_BLANK = " \t\r\v\f"  # what separates words for BuildKit; a no-break space does not
_WORD = re.compile(rf"[^{_BLANK}\n]+")
_BRACED = r"\$\{(?:[0-9]+|\w+|[@*#?$!-])(?:(?::?[-+?]|[#%/])(?:\"[^\"]*\"|'[^']*'|[^}'\"])*)?\}"
_SHELL_WORD = re.compile(rf"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|{_BRACED}|<<[ \t\r]*|\$(?!\{{)|[^\s'\"\\$])+", re.S)
_PAIR = r"(?:{0}.?|'[^']*'?|\"(?:{0}.|[^\"{0}])*\"?|[^\s'\"{0}])+"  # {0} is the escape character
_STAGE = re.compile(r"[a-z][a-z0-9_.-]*")
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
        self.lines = re.findall(r"[^\n]*\n|[^\n]+", text)
        self.problems: list[Problem] = []  # of the parser itself, which come before all others
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
        problem = self.problems[0] if self.problems else _problem(self.text, found)
        return Dockerfile(self.text, tuple(found), problem)

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
        empty = len(text) - len(text.lstrip())  # a backslash alone on the first line
        return _Logical(text[empty:], offsets[empty:], first_line, offsets[empty] if text[empty:] else begin, self.at)

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
        elif match[1].lower() == "escape" and match[2] in ("`", "\\"):
            self.escape = match[2]
        elif match[1].lower() == "escape":
            words = f"invalid escape token '{match[2]}' does not match ` or \\"
            self.problems.append(Problem(self.number, words))

    def instruction(self, logical: _Logical) -> Instruction:
        name, rest = _head(logical.text)
        begin = len(logical.text) - len(rest)
        flags, at = _flags(logical, begin, self.escape)
        at += len(logical.text[at:]) - len(logical.text[at:].lstrip())
        value = logical.text[at:].rstrip()
        words, is_json = _words(logical, at, name)
        owner = _head(value)[0] if name == "ONBUILD" else name
        if not is_json and name in _LISTS and value.startswith("[") and _other_json(value):
            words_only = "when using JSON array syntax, arrays must be comprised of strings only"
            self.problems.append(Problem(logical.line, words_only))
        if name in ("ENV", "LABEL"):
            self.problems += [Problem(logical.line, words) for words in _no_pairs(name, value, self.escape)]
        heredocs = self.heredocs(logical) if owner in _HEREDOCS and not is_json and "<<" in rest else ()
        return Instruction(name, logical.line, logical.start, self.at, flags, value, words, is_json, heredocs)

    def heredocs(self, logical: _Logical) -> tuple[Heredoc, ...]:
        found = []
        for dashed, written in _heredoc_words(logical.text):
            word = _unquoted(written)
            content = ""
            while self.number < len(self.lines):
                raw, _ = self.take()
                line_end = raw.rstrip("\r\n")
                if (line_end.lstrip("\t") if dashed else line_end) == word:
                    break
                content += raw.lstrip("\t") if dashed else raw
            else:
                self.problems.append(Problem(logical.line, "unterminated heredoc"))
            quoted = sum(map(written.count, "'\"")) != sum(map(word.count, "'\""))
            found.append(Heredoc(word, content, not quoted))
        return tuple(found)


def _heredoc_words(line: str) -> list[tuple[bool, str]]:
    """Return the words behind `<<` that stand alone, each with whether a dash strips its tabs; none where quotes are open."""
    at, found = 0, []
    while at < len(line):
        word = _SHELL_WORD.match(line, at)
        if not word and not line[at].isspace():
            return []
        heredoc = _HEREDOC.fullmatch(word[0]) if word else None
        if heredoc and _unquoted(heredoc[2]):
            found.append((bool(heredoc[1]), heredoc[2]))
        at = word.end() if word else at + 1
    return found


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)|'([^']*)'|\"((?:\\.|[^\"\\])*)\"", _inside, word, flags=re.S)


def _inside(match: re.Match[str]) -> str:
    return match[1] or match[2] or re.sub(r"\\([\"$\\])", r"\1", match[3] or "")


def _no_pairs(name: str, value: str, escape: str) -> list[str]:
    """Return what BuildKit's parser says of an ENV or LABEL that is no list of `name=value`, nor `name value`."""
    words = re.findall(_PAIR.format(re.escape(escape)), value, re.S)
    if words and "=" not in words[0]:
        return [] if len(_WORD.findall(value)) > 1 else [f"{name} must have two arguments"]
    wrong = [word for word in words if "=" not in word]
    return [f"Syntax error - can't find = in {_go_quoted(word)}. Must be of the form: name=value" for word in wrong]


def _go_quoted(text: str) -> str:
    """Return a text as Go's `%q` shows it."""
    escapes = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\r": "\\r", "\n": "\\n", "\v": "\\v", "\f": "\\f"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\u{ord(c):04x}") for c in text) + '"'


def _head(text: str) -> tuple[str, str]:
    """Split an instruction's name from the rest."""
    match = re.match(rf"({_WORD.pattern})[{_BLANK}]*", text)
    return (match[1].upper(), text[match.end() :]) if match else ("", "")


def _flags(logical: _Logical, at: int, escape: str) -> tuple[tuple[Text, ...], int]:
    """Read the `--flag=value` words at the front, without their quotes; return them and where they end."""
    flags: list[Text] = []
    text = logical.text.rstrip()
    while True:
        start = at + len(text[at:]) - len(text[at:].lstrip())
        if not text.startswith("--", start):
            return tuple(flags), at
        value, quote, at = "", "", start
        while at < len(text) and (quote or not text[at].isspace()):
            character = text[at]
            if character == quote:
                quote = ""
            elif character == escape:
                at += 1
                value += text[at : at + 1]
            elif character in "'\"" and not quote:
                quote = character
            else:
                value += character
            at += 1
        at = min(at, len(text))
        if value == "--":  # alone, it ends the flags
            return tuple(flags), at
        flags.append(_piece(logical, value, start, at))


def _piece(logical: _Logical, value: str, start: int, end: int) -> Text:
    return Text(value, logical.offsets[start], logical.offsets[end - 1] + 1)


def _words(logical: _Logical, at: int, name: str) -> tuple[tuple[Text, ...], bool]:
    if name in _LISTS and logical.text.startswith("[", at):
        listed = _json(logical, at)
        if listed is not None:
            return listed, True
    found = [
        _piece(logical, match[0], match.start(), match.end())
        for match in _WORD.finditer(logical.text, at, len(logical.text.rstrip()))
    ]
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
    return result.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # joins the halves of an escaped pair


def _other_json(value: str) -> bool:
    """Say whether a list that is none of strings is JSON all the same."""
    import json  # rarely needed

    try:
        return isinstance(json.loads(value), list)
    except ValueError:
        return False


def _problem(text: str, found: list[Instruction]) -> Problem | None:
    """Return the first thing that BuildKit refuses to build."""
    if not found:
        return Problem(1, "file with no instructions" if text else "the Dockerfile cannot be empty")
    staged = False
    for item in found:
        words = _refusal(text, item)
        if words:
            return Problem(item.line, f"dockerfile parse error on line {item.line}: {words}")
        staged = staged or item.name == "FROM"
        if not staged and item.name != "ARG":
            return Problem(item.line, "no build stage in current context")
    return None if staged else Problem(1, "dockerfile contains no stages to build")


def _refusal(text: str, item: Instruction) -> str | None:
    """Return why BuildKit takes an instruction for none, in its words."""
    count = len(item.words)
    if item.name not in INSTRUCTIONS:
        written = text[item.start : item.start + len(item.name)]
        return _unknown(written if written.upper() == item.name else item.name)
    if item.name in ("COPY", "ADD"):
        if count < 2:
            return (
                f"{item.name} requires at least two arguments, but only one was provided. Destination could not be determined"
            )
        if _heredoc_words(item.words[-1].value):
            return f"{item.name} cannot accept a heredoc as a destination"
    if item.name == "FROM":
        if count != 1 and (count != 3 or item.words[1].value.lower() != "as"):
            return "FROM requires either one or three arguments"
        if count == 3 and not _STAGE.fullmatch(item.words[2].value.lower()):
            why = "name can't start with a number or contain symbols"
            return f"invalid name for build stage: {_go_quoted(item.words[2].value)}, {why}"
    if item.name in ("WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER") and not item.value:
        return f"{item.name} requires exactly one argument"
    if item.name in ("ENV", "LABEL", "ARG", "EXPOSE", "VOLUME", "HEALTHCHECK", "ONBUILD", "SHELL") and not count:
        return f"{item.name} requires at least one argument"
    pairs = re.findall(_PAIR.format(r"\\"), item.value, re.S) if item.name in ("ENV", "LABEL", "ARG") else []
    if any(word.startswith("=") for word in pairs) and (item.name == "ARG" or "=" in pairs[0]):
        return f"{item.name} names can not be blank"
    if item.name == "SHELL" and not item.json:
        return "SHELL requires the arguments to be in JSON form"
    if item.name == "HEALTHCHECK":
        kind = item.words[0].value.upper()
        if kind == "CMD" and count == 1:
            return "Missing command after HEALTHCHECK CMD"
        if kind not in ("CMD", "NONE"):
            return f"Unknown type {_go_quoted(kind)} in HEALTHCHECK (try CMD)"
    return None


def _unknown(name: str) -> str:
    distances = {known: _distance(name.upper(), known) for known in INSTRUCTIONS}
    least = min(distances.values())
    if least > 2:
        return f"unknown instruction: {name}"
    near = [known for known, distance in distances.items() if distance == least]
    hint = "…" if len(near) > 1 else near[0] if name == name.upper() else near[0].lower()  # of several, any one is named
    return f"unknown instruction: {name} (did you mean {hint}?)"


def _distance(one: str, other: str) -> int:
    """Return how many letters have to be added, dropped or changed."""
    row = list(range(len(other) + 1))
    for letter in one:
        last, row = row, [row[0] + 1]
        for at, known in enumerate(other):
            row.append(min(last[at + 1] + 1, row[at] + 1, last[at] + (letter != known)))
    return row[-1]


@lru_cache(maxsize=64)
def read(text: str) -> Dockerfile:
    """Read a Dockerfile; never raises: what BuildKit refuses stands in `problem`."""
    return _Reader(text).dockerfile()


def exposed(instructions: Iterable[Instruction]) -> list[int]:
    """Return the TCP ports that EXPOSE names, in order; none where one of them is made at build time."""
    words = [word.value.partition("/") for item in instructions if item.name == "EXPOSE" for word in item.words]
    told = [port for port, _, protocol in words if protocol in ("", "tcp")]
    return [int(port) for port in dict.fromkeys(told)] if all(port.isdecimal() for port in told) else []


def pairs(value: str) -> list[tuple[str, shell.Word]]:
    """Return the names and values of an ENV or LABEL, or of one word of an ARG; `ENV NAME value` is the old form."""
    words = shell.plain_words(value)
    if words and "=" not in value[words[0].start : words[0].end] and len(words) > 1:
        return [(value[words[0].start : words[0].end], shell.one_word(value[words[1].start :].rstrip()))]
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


def replace_words(words: tuple[Text, ...], values: tuple[str, ...]) -> list[Splice]:
    """Return the splices that put `values` in place of a run of a list's words; what is more of them follows the last."""
    changed = [
        replace_word(word, value, is_json=True) for word, value in zip(words, values, strict=False) if word.value != value
    ]
    more = "".join(f", {_json_string(value)}" for value in values[len(words) :])
    return [*changed, Splice(words[-1].end, words[-1].end, more)]


def insert_after(file: Dockerfile, item: Instruction, line: str) -> Splice:
    """Return the splice that puts a line of its own behind an instruction."""
    ending = newline(file.text)
    closed = file.text[: item.end].endswith("\n")
    return Splice(item.end, item.end, line + ending if closed else ending + line)


def expand(text: str, variable: Callable[[str], str | None]) -> str | None:
    """Return an argument of COPY, WORKDIR, FROM … with its variables filled in; None where one is unknown."""
    if not any(special in text for special in "$\\\"'"):
        return text
    return shell.expand(shell.one_word(text), variable)
