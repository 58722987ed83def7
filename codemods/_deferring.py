"""An import that moves to the functions, or under the TYPE_CHECKING, where alone it is needed."""

from __future__ import annotations

import ast
import re

from codemods import _rings
from codemods._imports import Edit, Python

_MOST = 2  # functions that get the import: more of them want a module of its own
EVALUATED = re.compile(rb"\b(?:fastapi|pydantic|sqlmodel|litestar|strawberry|typer|ninja|dataclass|get_type_hints)\b")


def moved(python: Python, node: ast.Import | ast.ImportFrom) -> tuple[str, str] | None:
    """Return a file's text with an import where it is needed alone, and where that is; None where it is needed at once."""
    assert python.tree
    names = _rings.bound(node)
    found = _rings.uses(python, names, node)
    elsewhere = node not in python.tree.body or not _rings.alone(python, node) or "*" in {each.name for each in node.names}
    if elsewhere or found.at_import or names & _rings.listed(python):
        return None
    if found.annotations:
        lazy = not found.functions and not EVALUATED.search(python.source)
        return (python.edited(_for_types(python, node)), "annotations") if lazy else None
    if not 0 < len(found.functions) <= _MOST:
        return None
    edits = [_into(python, node, function) for function in found.functions]
    if None in edits:
        return None
    where = " and ".join(f"`{function.name}`" for function in found.functions)
    return python.edited([_gone(python, node), *(edit for edit in edits if edit)]), where


def _gone(python: Python, node: ast.stmt) -> Edit:
    return Edit(*_rings.without(python, node), b"")


def _written(python: Python, node: ast.stmt, indent: bytes) -> bytes:
    """Return a statement with the comment behind it, indented."""
    start, end = python.span(node)[0], _rings.lines(python, node)[1]
    return indent + python.source[start:end].rstrip().replace(b"\n", b"\n" + indent) + python.newline


def _into(python: Python, node: ast.stmt, function: _rings.Function) -> Edit | None:
    """Return the edit that imports something at the beginning of a function."""
    body = function.body
    documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
    first = body[1] if documented else body[0]
    at = python.lines[min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", []))]) - 1]
    indent = python.source[at : python.span(first)[0]]
    if first.lineno == function.lineno or indent.strip():
        return None
    gap = b"" if isinstance(first, ast.Import | ast.ImportFrom) else python.newline
    return Edit(at, at, _written(python, node, indent) + gap)


def _for_types(python: Python, node: ast.Import | ast.ImportFrom) -> list[Edit]:
    """Return the edits with which only type checkers see an import."""
    assert python.tree
    body = python.tree.body
    imports = list(_rings.importing(python))
    known = [each for each in body if isinstance(each, ast.If) and python.text(each.test).endswith(b"TYPE_CHECKING")]
    if known:
        end = _rings.lines(python, known[0].body[-1])[1] + 1
        return [_gone(python, node), Edit(end, end, _written(python, node, b"    "))]
    ours = [each for each in imports if getattr(each, "module", "") != "__future__"]
    block = python.newline + b"if TYPE_CHECKING:" + python.newline + _written(python, node, b"    ")
    brings = b"from typing import TYPE_CHECKING" + python.newline
    start, end = _rings.lines(python, node, False)
    own = Edit(start, min(end + 1, len(python.source)), b"")
    first, last = python.lines[ours[0].lineno - 1], min(_rings.lines(python, ours[-1])[1] + 1, len(python.source))
    if ours == [node]:
        return [own._replace(new=brings + block)]
    if node is ours[-1]:
        return [Edit(first, first, brings), own._replace(new=block)]
    if node is ours[0]:
        return [own._replace(new=brings), Edit(last, last, block)]
    return [Edit(first, first, brings), _gone(python, node), Edit(last, last, block)]
