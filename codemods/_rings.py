"""How a module uses what it imports, and where its statements stand with their comments: what breaking a ring asks for."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.names import bound_names
from codemods._imports import Python

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Uses(NamedTuple):
    """Where a file uses some names: in which functions, in how many annotations alone, and whether its own code does."""

    functions: tuple[Function, ...]
    annotations: int
    at_import: bool


def bound(node: ast.Import | ast.ImportFrom) -> frozenset[str]:
    """Return the names that an import binds."""
    return frozenset(bound_names(node))


def uses(python: Python, names: frozenset[str], apart: ast.stmt) -> Uses:
    """Return where a file uses names, the statement that binds them left out."""
    functions: list[Function] = []
    found = {"annotations": 0, "import": 0}
    lazy = b"from __future__ import annotations" in python.source

    def visit(node: ast.AST, function: Function | None, annotation: bool) -> None:
        if node is apart:
            return
        if isinstance(node, ast.Name) and node.id in names:
            if annotation and (lazy or not isinstance(node.ctx, ast.Load)):
                found["annotations"] += 1
            elif function is None:
                found["import"] += 1
            elif function not in functions:
                functions.append(function)
        if annotation and isinstance(node, ast.Constant) and isinstance(node.value, str):
            found["annotations"] += any(name in node.value for name in names)
        if isinstance(node, Function):
            outer = node.args.defaults + [each for each in node.args.kw_defaults if each] + node.decorator_list
            listed = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            for each in outer:
                visit(each, function, False)
            for told in [node.returns, *(arg.annotation for arg in listed if arg)]:
                if told is not None:
                    visit(told, function, True)
            for statement in node.body:
                visit(statement, function or node, False)
            return
        for field, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    visit(child, function, annotation or field == "annotation")

    assert python.tree
    visit(python.tree, None, False)
    return Uses(tuple(functions), found["annotations"], bool(found["import"]))


def listed(python: Python) -> frozenset[str]:
    """Return the names in a file's `__all__`, which others may take from it."""
    assert python.tree
    named = [each for each in python.tree.body if isinstance(each, ast.Assign) and "__all__" in bound_names(each)]
    return frozenset(
        node.value
        for each in named
        for node in ast.walk(each)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


# --- statements and what they need


def closure(python: Python, names: frozenset[str]) -> list[ast.stmt] | None:
    """Return the statements of a file that bind names, and all that those need of it, in order; None where that isn't clear.

    A name counts that one statement at the top level binds, and no function changes.
    """
    assert python.tree
    body = python.tree.body
    makers = {name: statement for statement in body for name in bound_names(statement)}
    inner = (each for statement in body for each in ast.walk(statement) if isinstance(each, ast.stmt) and each not in body)
    elsewhere = {name for each in inner if not isinstance(each, Function | ast.ClassDef) for name in _shared(each)}
    counts = Counter(name for statement in body for name in bound_names(statement))
    wanted, taken = list(names), []
    while wanted:
        name = wanted.pop()
        statement = makers.get(name)
        if statement is None or statement in taken:
            continue
        plain = isinstance(statement, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.ClassDef | Function)
        if not plain or counts[name] > 1 or name in elsewhere or (name in names and isinstance(statement, ast.Import)):
            return None
        taken.append(statement)
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            wanted += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return [statement for statement in body if statement in taken]


def _shared(statement: ast.stmt) -> list[str]:
    """Return the names of the module that a statement in a block changes."""
    return statement.names if isinstance(statement, ast.Global) else []


def lines(python: Python, statement: ast.stmt, comments: bool = True) -> tuple[int, int]:
    """Return the lines of a statement with its decorators and the `comments` right above it, without the end of the last."""
    start = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))]) - 1
    while comments and start and python.source[python.lines[start - 1] :].lstrip(b" \t").startswith(b"#"):
        start -= 1
    end = python.lines[statement.end_lineno or statement.lineno] - 1
    return python.lines[start], min(end, len(python.source))


def alone(python: Python, statement: ast.stmt) -> bool:
    """Say whether a statement has its lines for itself."""
    start, end = python.span(statement)
    first = python.source[python.lines[statement.lineno - 1] : start]
    rest = python.source[end : lines(python, statement)[1]].strip()
    return not first.strip() and (not rest or rest.startswith(b"#"))


def without(python: Python, statement: ast.stmt) -> tuple[int, int]:
    """Return what to cut out so that a statement is gone, and as many blank lines are left as there were on one side.

    Comments above it belong to it, but for those above an import, which may be the title of several.
    """
    start, end = lines(python, statement, not isinstance(statement, ast.Import | ast.ImportFrom))
    end = min(end + 1, len(python.source))
    text = python.source[:start].rstrip(b"\r\n")
    above = start - len(text) - (len(python.newline) if text else 0)
    below = len(python.source) - end - len(python.source[end:].lstrip(b"\r\n"))
    if not python.source[end:].strip() or below > above > 0:
        return start - above, end
    return start, end + (below if above or not text else 0)


def importing(python: Python) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports at the top level of a file."""
    assert python.tree
    yield from (each for each in python.tree.body if isinstance(each, ast.Import | ast.ImportFrom))
