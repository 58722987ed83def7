"""Edits of a Python file by splices, at the nodes of LibCST: what gets a function or `try` around it, and imports."""

from __future__ import annotations

import re

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from bot.engine.model import stdlib
from bot.engine.model.tree import Splice, newline, splice
from codemods import _python

_LINES = re.compile(r"\r\n|\n|\r")
_BLANK = re.compile(r"[ \t\f]*(?:\r\n|\n|\r)")
_COMMENT = re.compile(r"[ \t\f]*#")


class Edits:
    """One file, parsed, with the splices that are made so far."""

    def __init__(self, path: str, text: str, module: cst.Module) -> None:
        self.path, self.text, self.module = path, text, module
        self.wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.positions = self.wrapper.resolve(PositionProvider)
        self.plain = text.removeprefix("\ufeff")
        self.starts = [0, *(match.end() for match in _LINES.finditer(self.plain))]
        self.splices: list[Splice] = []
        self.boundaries: dict[int, Splice] = {}
        self.wraps: list[cst.CSTNode] = []
        self.taken: set[str] = set()
        self.newline, self.indent = newline(text), module.default_indent

    def edited(self) -> str:
        """Return the text with all splices."""
        mark = "\ufeff" * self.text.startswith("\ufeff")
        return mark + splice(self.plain, [*self.boundaries.values(), *self.splices])

    def offset(self, node: cst.CSTNode, end: bool = False) -> int:
        """Return where a node starts, or ends, in the text."""
        place = self.positions[node].end if end else self.positions[node].start
        return self.starts[place.line - 1] + place.column

    def line(self, node: cst.CSTNode) -> int:
        """Return the line in which a node starts."""
        return self.positions[node].start.line

    def spans(self, node: cst.CSTNode, line: int) -> bool:
        """Say whether a node stands in a line."""
        return self.positions[node].start.line <= line <= self.positions[node].end.line

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Put text in the place of a node."""
        self.splices.append(Splice(self.offset(node), self.offset(node, True), text))

    def function(self, statement: cst.CSTNode, result: cst.CSTNode, head: list[str]) -> None:
        """Turn an assignment into a function that returns its value; `head` are the lines before it."""
        start, value = self.offset(statement), self.offset(result)
        inner = self.plain[value : self.offset(result, True)]
        left = self.plain[start:value]
        opening = left[left.index("=") + 1 :].lstrip(" \t") if "(" in left.rpartition("=")[2] else ""
        self.splices.append(Splice(start, value, self.newline.join(head) + opening))
        if '"""' not in inner and "'''" not in inner:
            self._indent(value, self.offset(statement, True))
        self._apart(statement)

    def wrapped(self, statement: cst.CSTNode, head: str, last: str) -> None:
        """Put a statement into a function that starts with `head` and ends with `last`."""
        start, end = self.offset(statement), self.offset(statement, True)
        text = self.plain[start:end].rstrip()
        line_end = _LINES.search(self.plain, start + len(text))  # behind its comment
        end = line_end.start() if line_end else len(self.plain)
        self.splices.append(Splice(start, start, f"{head}{self.newline}{self.indent}"))
        self._indent(start, end)
        self.splices.append(Splice(end, end, f"{self.newline}{self.indent}{last}"))
        self.wraps.append(statement)
        self._apart(statement)

    def tried(self, statement: cst.CSTNode, errors: str, handler: str) -> None:
        """Put a statement into `try`, with a handler of one line."""
        end, outer = self.nested(statement, "try:")
        words = _python.styled(handler, self.plain)
        tail = f"{outer}except {errors}:{self.newline}{outer}{self.indent}{words}"
        self.splices.append(Splice(end, end, f"{self.newline}{tail}"))

    def nested(self, statement: cst.CSTNode, head: str) -> tuple[int, str]:
        """Put a statement into a block; return where its last line ends, and the indentation that it had."""
        start, end = self.offset(statement), self.offset(statement, True)
        end = start + len(self.plain[start:end].rstrip())
        line_end = _LINES.search(self.plain, end)
        end = line_end.start() if line_end else len(self.plain)
        outer = self.plain[self.starts[self.line(statement) - 1] : start]
        self.splices.append(Splice(start, start, f"{head}{self.newline}{outer}{self.indent}"))
        self._indent(start, end, outer)
        return end, outer

    def _indent(self, start: int, end: int, outer: str = "") -> None:
        """Move the lines behind the first one of a passage to the right, but for comments that stand apart."""
        for at in self.starts:
            apart = _COMMENT.match(self.plain, at) and not self.plain.startswith(outer + self.indent, at)
            if start < at < end and not _BLANK.match(self.plain, at) and not apart:
                self.splices.append(Splice(at, at, self.indent))

    def above(self, statement: cst.CSTNode) -> int:
        """Return the number of the line, counted from 0, in which the comments right above a statement begin, or itself."""
        first = self.line(statement) - 1
        while first and _COMMENT.match(self.plain, self.starts[first - 1]):
            first -= 1
        return first

    def _apart(self, statement: cst.CSTNode) -> None:
        """Put two blank lines before a statement and its comments, and behind it."""
        first = self.above(statement)
        self._boundary(first)
        self._boundary(self.positions[statement].end.line if self.offset(statement, True) else first)

    def _boundary(self, number: int) -> None:
        """See that two blank lines stand before the first line, counted from 0, from here on that is not blank."""
        at = number
        while at < len(self.starts) and _BLANK.match(self.plain, self.starts[at]):
            at += 1
        if at >= len(self.starts) or self.starts[at] >= len(self.plain.rstrip()):
            return
        blank = at
        while blank and _BLANK.match(self.plain, self.starts[blank - 1]):
            blank -= 1
        if blank:
            here = self.starts[at]
            self.boundaries[here] = Splice(here, here, self.newline * max(0, 2 - (at - blank)))

    def importing(self, package: str, name: str) -> str:
        """See that something of the standard library is imported; return what it is called here."""
        word = name.partition("(")[0]
        if re.search(rf"^import {package}\b", self.plain, re.M):
            return f"{package}.{name}"
        if re.search(rf"^from {package} import [^\n]*\b{word}\b", self.plain, re.M) or f"import {word}" in self.taken:
            return name
        self.taken.add(f"import {word}")
        self._own(package, word)
        return name

    def _own(self, package: str, word: str) -> None:
        """Import a name of the standard library, beside others from the same module where that has one line."""
        if not self._listed(package, word):
            at = self._import_at()
            self.splices.append(Splice(at, at, f"from {package} import {word}{self.newline}"))

    def _listed(self, package: str, word: str) -> bool:
        """Put a name into the import of others from the same module, where that has one line."""
        listed = re.search(rf"^from {re.escape(package)} import (?!\()([^\n#]*[^\s#,])", self.plain, re.M)
        if listed is None:
            return False
        first = word < listed[1].split(",")[0].strip()
        at = listed.start(1) if first else listed.end(1)
        self.splices.append(Splice(at, at, f"{word}, " if first else f", {word}"))
        return True

    def importing_module(self, package: str) -> str:
        """See that a module of the standard library is imported; return its name."""
        if not re.search(rf"^import {package}\b", self.plain, re.M):
            at = self._import_at()
            self.splices.append(Splice(at, at, f"import {package}{self.newline}"))
        return package

    def bring(self, module: str, name: str | None) -> None:
        """Import a module, or a name of one, that nothing here imports so far."""
        own = bool(module) and not module.startswith(".") and stdlib.has(module.partition(".")[0], (3, 12))
        if name is None and own:
            self.importing_module(module)
        elif name is None:
            at = self._import_end()
            self.splices.append(Splice(at, at, f"import {module}{self.newline}"))
        elif own:
            self._own(module, name)
        else:
            self.importing_from(module, name)

    def future(self, feature: str) -> None:
        """Put a `from __future__ import` before everything but the docstring."""
        first = self.module.body[0]
        small = first.body[0] if isinstance(first, cst.SimpleStatementLine) and first.body else None
        docstring = isinstance(small, cst.Expr) and isinstance(small.value, cst.SimpleString | cst.ConcatenatedString)
        gap, at = "", self.starts[self.line(first) - 1]
        end = self.positions[first].end.line
        if docstring and end < len(self.starts):
            blank = _BLANK.match(self.plain, self.starts[end])
            gap, at = ("", blank.end()) if blank else (self.newline, self.starts[end])
        line = f"from __future__ import {feature}{self.newline}"
        self.splices.append(Splice(at, at, f"{gap}{line}{self.newline}"))

    def making_logger(self, name: str) -> None:
        """Make a logger behind the imports at the head of the file."""
        self.importing_module("logging")
        end = 0
        for statement in self.module.body:
            small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
            if not isinstance(small, cst.Import | cst.ImportFrom) and (end or not isinstance(small, cst.Expr)):
                break
            end = self.positions[statement].end.line
        at = self.starts[end] if end < len(self.starts) else len(self.plain)
        gap = "" if _BLANK.match(self.plain, at) else self.newline
        made = f"{name} = logging.getLogger(__name__){self.newline}"
        self.splices.append(Splice(at, at, f"{self.newline}{made}{gap}"))

    def importing_from(self, package: str, name: str) -> str:
        """See that a name of an installed package is imported, in the order of its distribution's imports; return the name."""
        bringing = rf"^from {re.escape(package)} import (?:\([^)]*|[^\n]*)\b{name}\b"
        if re.search(bringing, self.plain, re.M) or self._listed(package, name):
            return name
        top = package.partition(".")[0]
        imports = {each: code for each in self.module.body if re.match(rf"(?:from|import) {top}\b", code := self._small(each))}
        later = next((each for each, code in imports.items() if code.split()[1] > package), None)
        if later is not None:
            at = self.starts[self.line(later) - 1]
        else:
            last = self.positions[list(imports)[-1]].end.line if imports else len(self.starts)
            at = self.starts[last] if last < len(self.starts) else self._import_end()
        self.splices.append(Splice(at, at, f"from {package} import {name}{self.newline}"))
        return name

    def _small(self, statement: cst.CSTNode) -> str:
        """Return the code of a statement of one line, without the comments above it."""
        single = isinstance(statement, cst.SimpleStatementLine) and statement.body
        return self.module.code_for_node(statement.body[0]) if single and isinstance(statement, cst.SimpleStatementLine) else ""

    def _import_at(self) -> int:
        """Return where a new import of the standard library stands: behind the last one of the first block, or before all."""
        first: int | None = None
        last: int | None = None
        for statement in self.module.body:
            small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
            if isinstance(small, cst.Expr) and first is None:
                continue
            if not isinstance(small, cst.Import | cst.ImportFrom):
                break
            code = self.module.code_for_node(small).split()
            line = self.positions[statement].end.line
            if code[1] == "__future__":
                continue
            first = self.starts[self.line(statement) - 1] if first is None else first
            if isinstance(small, cst.ImportFrom) and small.relative:
                continue
            if stdlib.has(code[1].partition(".")[0].rstrip(","), (3, 12)) and line < len(self.starts):
                last = self.starts[line]
        return last if last is not None else first if first is not None else 0

    def _import_end(self) -> int:
        """Return where the first group of imports from installed packages ends; behind the standard library's without one."""
        end: int | None = None
        for statement in self.module.body:
            small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
            if not isinstance(small, cst.Import | cst.ImportFrom):
                continue
            top = self.module.code_for_node(small).split()[1].partition(".")[0].rstrip(",")
            if stdlib.has(top, (3, 12)) or top == "__future__":
                continue
            if not top or (end is not None and self.line(statement) != end + 1):
                break
            end = self.positions[statement].end.line
        return self.starts[end] if end is not None and end < len(self.starts) else self._import_at()
