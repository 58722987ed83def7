"""Command lines: as a POSIX shell reads them, and as google/shlex splits them (which is what flyctl does).

`parse` gives the simple commands of a script in order, with what joins them. It does not evaluate: loops, branches and
functions are flattened, and their commands marked as optional. What it can't tell (command substitution, arithmetic)
stays in the words as unknown, so that expanding them says so instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple


class Piece(NamedTuple):
    """A part of a word: literal text, a variable (with `${name:-default}` and its like), or something unknown."""

    kind: Literal["text", "variable", "unknown"]
    text: str
    operator: str = ""
    default: tuple[Piece, ...] = ()


class Word(NamedTuple):
    """One word with its span in the script."""

    pieces: tuple[Piece, ...]
    start: int
    end: int
    quoted: bool

    @property
    def literal(self) -> str | None:
        """The word's text where nothing in it has to be expanded."""
        return "".join(p.text for p in self.pieces) if all(p.kind == "text" for p in self.pieces) else None


class Command(NamedTuple):
    """A simple command. `joined` is the operator before it; `then` the one behind it."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Word, ...]  # the files that it writes to or reads from
    joined: str
    then: str
    optional: bool  # inside a branch, a loop, a function or a subshell: it may not run
    start: int
    end: int


class Script(NamedTuple):
    """What a script says, in order; `unknown` names a construct that was not followed."""

    commands: tuple[Command, ...]
    unknown: str | None


_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_BRACED = re.compile(r"\$\{([A-Za-z_]\w*|[0-9@*])(?:(:?[-=+?])|\})")
_HEREDOC = re.compile(r"\d*<<(-?)[ \t]*\\?(['\"]?)([A-Za-z_][\w.-]*)\2")
_REDIRECT = re.compile(r"\d*(?:>>|>&|<&|<>|>\||<<<|>|<)|&>>?")
_OPERATOR = re.compile(r"&&|\|\||;;|\|&|[;|&\n()]")
_OPENERS = {"if", "while", "until", "for", "case", "{", "select"}
_CLOSERS = {"fi", "done", "esac", "}"}
_DEFINED = re.compile(r"^\s*(?:function\s+)?([\w-]+)\s*\(\s*\)|^\s*function\s+([\w-]+)", re.M)
_LONGEST = 100_000  # characters of a word: variables that hold each other twice over have no end
_MIDDLE = {"then", "else", "elif", "do", "!", "time"}


class _Reader:
    def __init__(self, text: str, stops: str = " \t\r\n;|&()<>") -> None:
        self.text = text
        self.stops = stops  # what ends a word
        self.at = 0
        self.depth = 0  # of branches, loops, functions and groups
        self.parentheses = 0
        self.unknown: str | None = None
        self.heredocs: list[tuple[bool, str]] = []

    def script(self) -> Script:
        commands: list[Command] = []
        joined = ""
        while self.at < len(self.text):
            command, operator = self.command(joined)
            if command:
                commands.append(command)
            if command or operator not in ("\n", ""):
                joined = operator
        return Script(tuple(commands), self.unknown)

    def command(self, joined: str) -> tuple[Command | None, str]:
        """Read up to the next operator; a reserved word opens or closes a depth instead of being a word."""
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Word] = []
        self.blanks()
        start = end = self.at
        looping = False
        deepest = self.depth + self.parentheses
        while True:
            self.blanks()
            mark = _REDIRECT.match(self.text, self.at) or _OPERATOR.match(self.text, self.at)
            if mark and words and words[0].literal == "[[" and words[-1].literal != "]]":  # && and < are part of the test
                words.append(Word((Piece("text", mark[0]),), self.at, mark.end(), False))
                self.at = end = mark.end()
                continue
            if self.at >= len(self.text) or (mark and mark.re is _OPERATOR):
                break
            if self.redirect(redirects):
                end = self.at
                continue
            word = self.word()
            end = self.at
            literal = None if word.quoted else word.literal
            if not words and not assignments and literal in _OPENERS | _CLOSERS | _MIDDLE:
                looping = literal in ("for", "select", "case")
                if literal == "case":
                    self.unknown = self.unknown or "a case statement"
                self.depth = max(0, self.depth + (literal in _OPENERS) - (literal in _CLOSERS))
                deepest = max(deepest, self.depth + self.parentheses)
                self.blanks()
                start = end = self.at
                continue
            assigned = None if words else _ASSIGNMENT.match(self.text, word.start)
            if assigned and assigned.end() == self.at and self.text.startswith("(", self.at):  # an array
                self.at = end = self.closing(self.at - 1)
                array = Piece("unknown", self.text[assigned.end() : self.at])
                assignments.append((assigned[1], Word((array,), assigned.end(), self.at, False)))
            elif assigned and assigned.end() <= word.end:
                assignments.append((assigned[1], without(word, assigned[0])))
            elif literal == "{" and words and words[0].literal == "function":  # bash's other way to begin a function
                self.depth += 1
                deepest = max(deepest, self.depth + self.parentheses)
                words = []
                self.blanks()
                start = self.at
            else:
                words.append(word)
        pattern = self.parentheses == 0  # of a case statement, if a bracket closes now
        operator = self.operator()
        if operator == "(" and words:  # name() { … }: a function
            operator = self.operator() if self.text[self.at : self.at + 1] == ")" else operator
            words, assignments = [], []
        if looping or (operator == ")" and pattern) or not (words or assignments):
            return None, operator
        optional = deepest > 0
        return Command(tuple(assignments), tuple(words), tuple(redirects), joined, operator, optional, start, end), operator

    def operator(self) -> str:
        match = _OPERATOR.match(self.text, self.at)
        if not match:
            return ""
        self.at = match.end()
        self.parentheses = max(0, self.parentheses + (match[0] == "(") - (match[0] == ")"))
        if match[0] == "\n":
            self.skip_heredocs()
        return match[0]

    def blanks(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] in " \t\r":
                self.at += 1
            elif self.text.startswith("\\\n", self.at) or self.text.startswith("\\\r\n", self.at):
                self.at = self.text.index("\n", self.at) + 1
            elif self.text[self.at] == "#" and ";" in self.stops and (self.at == 0 or self.text[self.at - 1] in " \t\n;&|("):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def redirect(self, found: list[Word]) -> bool:
        heredoc = _HEREDOC.match(self.text, self.at)
        if heredoc:
            self.at = heredoc.end()
            self.heredocs.append((bool(heredoc[1]), heredoc[3]))
            return True
        match = _REDIRECT.match(self.text, self.at)
        if not match:
            return False
        self.at = match.end()
        self.blanks()
        if self.at < len(self.text) and not _OPERATOR.match(self.text, self.at):
            word = self.word()
            if not (match[0].endswith("&") and (word.literal or "").strip("0123456789-") == ""):  # 2>&1 names no file
                found.append(word)
        return True

    def skip_heredocs(self) -> None:
        for dashed, word in self.heredocs:
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end].rstrip("\r")
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if dashed else line) == word:
                    break
        self.heredocs = []

    def word(self) -> Word:
        start, pieces, quoted = self.at, [], False
        while self.at < len(self.text):
            character = self.text[self.at]
            if character in self.stops:
                break
            if character == "'":
                end = self.text.find("'", self.at + 1)
                end = len(self.text) if end < 0 else end
                pieces.append(Piece("text", self.text[self.at + 1 : end]))
                self.at, quoted = end + 1, True
            elif character == '"':
                self.at, quoted = self.at + 1, True
                pieces.extend(self.double_quoted())
            elif character == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                pieces.append(Piece("text", "" if escaped == "\n" else escaped))
                self.at, quoted = self.at + 2, True
            elif character in "$`":
                pieces.append(self.expansion())
            else:
                pieces.append(Piece("text", character))
                self.at += 1
        if self.at == start:  # never stand still
            self.at += 1
        self.at = min(self.at, len(self.text))
        return Word(_joined(pieces), start, self.at, quoted)

    def double_quoted(self) -> list[Piece]:
        pieces = []
        while self.at < len(self.text) and self.text[self.at] != '"':
            character = self.text[self.at]
            if character == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "\n"):
                escaped = self.text[self.at + 1]
                pieces.append(Piece("text", "" if escaped == "\n" else escaped))
                self.at += 2
            elif character in "$`":
                pieces.append(self.expansion())
            else:
                pieces.append(Piece("text", character))
                self.at += 1
        self.at += 1
        return [*pieces, Piece("text", "")]

    def expansion(self) -> Piece:
        """Read `$NAME`, `${NAME…}`; command substitution and arithmetic are unknown."""
        start = self.at
        if self.text.startswith("$(", start) or self.text[start] == "`":
            self.at = self.closing(start)
            return Piece("unknown", self.text[start : self.at])
        braced = _BRACED.match(self.text, start)
        if braced:
            self.at = braced.end()
            if not braced[2]:
                return Piece("variable", braced[1])
            inner, self.at = self.at, self.closing(start)
            if self.text.count("${", inner, self.at) > 50:  # each costs a level of the interpreter's stack
                return Piece("unknown", self.text[start : self.at])
            return Piece("variable", braced[1], braced[2], one_word(self.text[inner : self.at - 1]).pieces)
        if self.text.startswith("${", start):
            self.at = self.closing(start)
            return Piece("unknown", self.text[start : self.at])
        name = _NAME.match(self.text, start + 1)
        if not name:
            self.at = start + 1
            return Piece("text", "$")
        self.at = name.end()
        return Piece("variable", name[0])

    def closing(self, start: int) -> int:
        """Return the offset behind the bracket (or backtick) that closes what opens at `start`."""
        if self.text[start] == "`":
            end = self.text.find("`", start + 1)
            return len(self.text) if end < 0 else end + 1
        opening = self.text[start + 1]
        close = {"(": ")", "{": "}"}[opening]
        depth = 0
        for at in range(start + 1, len(self.text)):
            depth += (self.text[at] == opening) - (self.text[at] == close)
            if depth == 0:
                return at + 1
        return len(self.text)


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Merge neighbouring literal pieces."""
    merged: list[Piece] = []
    for piece in pieces:
        if piece.kind == "text" and merged and merged[-1].kind == "text":
            merged[-1] = Piece("text", merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return tuple(merged)


@lru_cache(maxsize=256)
def parse(text: str) -> Script:
    """Read a script's commands; never raises."""
    return _Reader(text).script()


def defined(text: str) -> set[str]:
    """Return the names of the functions that a script defines."""
    return {name for names in _DEFINED.findall(text) for name in names if name}


def plain_words(text: str) -> list[Word]:
    """Split text into words by white space alone, with quotes and variables, as BuildKit does in ENV, ARG and LABEL."""
    reader = _Reader(text, " \t\r\n")
    words: list[Word] = []
    while True:
        reader.blanks()
        if reader.at >= len(text):
            return words
        words.append(reader.word())


def one_word(text: str) -> Word:
    """Read all of a text as one word, white space included, as BuildKit does with an argument that stands alone."""
    return _Reader(text, "").word()


def without(word: Word, prefix: str) -> Word:
    """Return an assignment's word without its `NAME=`."""
    first = word.pieces[0]
    rest = Piece("text", first.text[len(prefix) :])
    return word._replace(pieces=(rest, *word.pieces[1:]), start=word.start + len(prefix))


def expand(word: Word | tuple[Piece, ...], variable: Callable[[str], str | None]) -> str | None:
    """Return a word's text with variables filled in; None where it can't be told.

    `variable` gives a variable's value, `""` for one that is known to be unset, None for one that is unknown.
    """
    result = ""
    for piece in word.pieces if isinstance(word, Word) else word:
        if piece.kind == "text":
            result += piece.text
            continue
        value = variable(piece.text) if piece.kind == "variable" else None
        if piece.operator and value is not None:
            if piece.operator.endswith("+"):
                value = expand(piece.default, variable) if value else ""
            elif not value and piece.operator.endswith(("-", "=")):
                value = expand(piece.default, variable)
        if value is None or len(result) + len(value) > _LONGEST:
            return None
        result += value
    return result


class Unclosed(ValueError):
    """A quote that is never closed, in google/shlex's words."""


def split(text: str) -> list[str]:
    """Split a command as google/shlex does, which knows no shell: operators and `$` are plain text; raises `Unclosed`.

    A `#` starts a comment where a word could begin; inside double quotes a backslash escapes any character.
    """
    words: list[str] = []
    current: str | None = None
    quote = ""
    at = 0
    while at < len(text):
        character = text[at]
        if quote and character == quote:
            quote = ""
        elif quote != "'" and character == "\\":
            at += 1
            if at >= len(text):
                raise Unclosed("EOF found after escape character")
            current = (current or "") + text[at]
        elif quote:
            current = (current or "") + character
        elif character in "'\"":
            quote, current = character, current or ""
        elif character in " \t\r\n":
            words, current = ([*words, current] if current is not None else words), None
        elif character == "#" and current is None:
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
        else:
            current = (current or "") + character
        at += 1
    if quote:
        raise Unclosed("EOF found when expecting closing quote")
    return words if current is None else [*words, current]


def quote(text: str) -> str:
    """Return `text` as one shell word."""
    if text and re.fullmatch(r"[\w@%+=:,./-]+", text):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"
