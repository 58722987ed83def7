"""Edits of import statements by their positions: every byte outside of the edited part stays as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bot.engine.boot.values import dotted

_MARK = b"\xef\xbb\xbf"
_GAP = rb"(?:[ \t\f]|\\\r?\n)"
_FROM = re.compile(rb"from" + _GAP + rb"*(?P<dots>(?:\." + _GAP + rb"*)*)(?P<name>(?!import\b)\w[\w.]*)?")
_CATCHES = frozenset("ImportError ModuleNotFoundError Exception BaseException".split())


class Edit(NamedTuple):
    """Bytes to put in place of `source[start:end]`."""

    start: int
    end: int
    new: bytes


class Python:
    """A file of Python with the positions of its nodes in its bytes. `tree` is None where it is not edited."""

    def __init__(self, source: bytes) -> None:
        self.mark = _MARK if source.startswith(_MARK) else b""
        self.source = source[len(self.mark) :]
        self.tree: ast.Module | None = None
        if b"\r" in self.source.replace(b"\r\n", b""):
            return  # such an end of a line counts for Python, and not here
        try:
            self.source.decode("utf-8")
            self.tree = ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError):
            return
        self.lines = [0]
        for line in self.source.split(b"\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)

    @property
    def newline(self) -> bytes:
        """How its lines end."""
        return b"\r\n" if b"\r\n" in self.source else b"\n"

    def span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        """Return where a node stands."""
        start = self.lines[node.lineno - 1] + node.col_offset
        return start, self.lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def text(self, node: ast.stmt | ast.expr) -> bytes:
        """Return a node as it is written."""
        start, end = self.span(node)
        return self.source[start:end]

    def edited(self, edits: list[Edit]) -> str:
        """Return the file's text after edits that do not overlap."""
        made, at = self.mark, 0
        for edit in sorted(edits):
            made += self.source[at : edit.start] + edit.new
            at = edit.end
        return (made + self.source[at:]).decode("utf-8")

    def imports(self, tried: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
        """Yield the imports of the file, functions and branches included.

        What is only tried (its ImportError is caught) is left out; with `tried` only where another name of it is tried, too.
        """
        skipped: set[ast.AST] = set()
        for node in ast.walk(self.tree) if tried and self.tree else ():
            if isinstance(node, ast.Try | ast.TryStar) and any(map(_catches, node.handlers)):
                skipped |= _either(node)
        queue: list[ast.AST] = [self.tree] if self.tree else []
        while queue:
            node = queue.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                if node not in skipped:
                    yield node
            elif tried or not (isinstance(node, ast.Try | ast.TryStar) and any(map(_catches, node.handlers))):
                queue += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt | ast.excepthandler)]
                queue += getattr(node, "cases", [])


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    return not kinds or any(dotted(kind).rpartition(".")[2] in _CATCHES for kind in kinds)


def _either(node: ast.Try | ast.TryStar) -> set[ast.AST]:
    """Return the imports of a `try` that stand there a second time, by a longer name or with dots (or without them)."""
    sides = [[each for one in part for each in ast.walk(one) if isinstance(each, ast.Import | ast.ImportFrom)]
             for part in (node.body, node.handlers)]  # fmt: skip
    pairs = [(one, other) for one in sides[0] for other in sides[1]]
    return {one for one, other in (*pairs, *((other, one) for one, other in pairs)) if _stands_for(other, one)}


def _stands_for(other: ast.Import | ast.ImportFrom, node: ast.Import | ast.ImportFrom) -> bool:
    """Say whether an import would find what another one is about, from elsewhere."""
    dots = [bool(getattr(each, "level", 0)) for each in (other, node)]
    return any(
        theirs.endswith(f".{ours}") or (dots[0] != dots[1] and (theirs == ours or ours.endswith(f".{theirs}")))
        for theirs in _targets(other)
        for ours in _targets(node)
    )


def _targets(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return what an import names: modules, or names in them."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if node.module is None:
        return {alias.name for alias in node.names}
    return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}


# --- edits


def prefixed(python: Python, node: ast.Import | ast.ImportFrom, prefix: str, moves: Callable[[str], bool]) -> list[Edit]:
    """Return the edits with which an absolute import counts from further above; `moves` says whose modules do."""
    start, end = python.span(node)
    if isinstance(node, ast.ImportFrom):
        written = _FROM.match(python.source, start)
        if node.level or not node.module or not moves(node.module) or not written:
            return []
        return [Edit(written.start("name"), written.start("name"), f"{prefix}.".encode())]
    moved = [alias for alias in node.names if moves(alias.name)]
    if not moved:
        return []
    if all(alias.asname for alias in moved):
        return [Edit(at, at, f"{prefix}.".encode()) for at in (python.span(alias)[0] for alias in moved)]
    others = [alias for alias in node.names if alias not in moved]
    lines = [f"import {', '.join(map(_written, others))}"] if others else []
    for alias in moved:
        top, _, rest = alias.name.partition(".")
        if alias.asname or rest:
            lines.append(f"import {prefix}.{_written(alias)}")
        if not alias.asname and f"from {prefix} import {top}" not in lines:
            lines.append(f"from {prefix} import {top}")
    return _lines(python, start, end, lines)


def absolute(python: Python, node: ast.ImportFrom, base: str) -> list[Edit] | None:
    """Return the edits with which a relative import is absolute; `base` is what its dots stand for, empty for no package.

    None where it can't be edited.
    """
    start, end = python.span(node)
    written = _FROM.match(python.source, start)
    if not written:
        return None
    if node.module or base:
        at = written.start("dots")
        stop = written.end("name") if written["name"] else at + written["dots"].rindex(b".") + 1
        name = ".".join(part for part in (base, node.module) if part).encode()
        before, after = python.source[at - 1 : at], python.source[stop : stop + 1]
        return [Edit(at, stop, b" " * (before == b"m") + name + b" " * (after == b"i"))]
    if b"#" in python.source[start:end] or any(alias.name == "*" for alias in node.names):
        return None
    return _lines(python, start, end, [f"import {', '.join(map(_written, node.names))}"])


def named(python: Python, node: ast.Constant | ast.JoinedStr, prefix: str, moves: Callable[[str], bool]) -> list[Edit]:
    """Return the edit with which a string names a module from further above; also one whose rest is only made at run time."""
    parts = node.values[:1] if isinstance(node, ast.JoinedStr) else [node]
    value = str(parts[0].value) if parts and isinstance(parts[0], ast.Constant) else ""
    first = re.match(r"[A-Za-z_]\w*(?:\.\w+)*(?=(?:\.|\.\*|:\w+)?$)", value)
    opening = re.match(rb"[A-Za-z]?[\"']{1,3}", python.text(node))
    if not first or not moves(first[0]) or not opening or not python.text(node)[opening.end() :].startswith(value.encode()):
        return []
    if isinstance(node, ast.JoinedStr) and not value.endswith("."):
        return []
    at = python.span(node)[0] + opening.end()
    return [Edit(at, at, f"{prefix}.".encode())]


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _lines(python: Python, start: int, end: int, statements: list[str]) -> list[Edit]:
    """Return the edit that puts statements in place of one: on lines of their own where it has its line for itself."""
    before = python.source[python.source.rfind(b"\n", 0, start) + 1 : start]
    between = python.newline + before if not before.strip() else b"; "
    return [Edit(start, end, between.join(statement.encode() for statement in statements))]
