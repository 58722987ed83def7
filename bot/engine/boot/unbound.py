"""Names that code reads and that nothing has bound by then: `NameError: name 'logger' is not defined`.

`mark` puts an `Unbound` before each statement that surely reads such a name. Which names those are, Python's own symbol table
tells, scope by scope; in most files there are none.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot.engine.boot import evaluated
from bot.engine.boot.facts import Unbound
from bot.engine.boot.names import Names, bindings

_CONVERTED = re.compile(rb"\b(?:global_enum|_convert_)\b")  # an enum that puts its members into its module
_KNOWN = frozenset(dir(builtins)) | frozenset(
    "_ __annotations__ __class__ __module__ __qualname__ WindowsError PythonFinalizationError".split()
)  # `_` is what gettext installs; the others are there in some version, or in a class


class _Code(NamedTuple):
    """What is known of a file's names: those that nothing binds, for each scope (by name and line), and where others begin."""

    missing: Mapping[tuple[str, int], frozenset[str]]
    bound: Mapping[str, tuple[int, int]]
    annotated: bool


def mark(tree: ast.Module, source: bytes, names: Names, version: tuple[int, int]) -> None:
    """Put an `Unbound` before each statement of a module, of its classes and functions, that reads a name nothing binds.

    A module's own code may also read a name too early. Nothing is marked where names may come from elsewhere, or where this
    Python can't read the source.
    """
    if names.stars or names.dynamic or _CONVERTED.search(source):
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's string is not our matter
            table = symtable.symtable(source.decode("utf-8-sig"), "module", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return
    missing = _missing(table, names.found)
    later = {name: at for name, at in names.bound.items() if _stands_before(source, name.encode(), at[0])}
    code = _Code(missing, later, not evaluated.deferred(source, version))
    if missing or later:
        tree.body = list(_block(tree.body, code, missing.get(("top", 0), frozenset()), "module"))


def _stands_before(source: bytes, name: bytes, line: int) -> bool:
    """Say whether a name stands anywhere in the lines up to one."""
    at = source.find(name)
    while at >= 0:
        around = source[at - 1 : at] + source[at + len(name) : at + len(name) + 1]
        if not any(byte == 95 or chr(byte).isalnum() for byte in around):
            return source.count(b"\n", 0, at) < line - 1
        at = source.find(name, at + 1)
    return False


def _missing(table: symtable.SymbolTable, found: set[str]) -> dict[tuple[str, int], frozenset[str]]:
    """Return the names of the module that each scope reads, and that neither the module nor Python has."""
    wanted: dict[tuple[str, int], set[str]] = {}
    made: set[str] = set()
    queue = [table]
    while queue:
        scope = queue.pop()
        queue += scope.get_children()
        top = scope is table
        for symbol in scope.get_symbols():
            name = symbol.get_name()
            if symbol.is_assigned() and (top or symbol.is_declared_global()):
                made.add(name)  # in ways that `names` does not look for, too
            elif symbol.is_referenced() and (top or symbol.is_global()) and name not in found and name not in _KNOWN:
                wanted.setdefault(("top", 0) if top else (scope.get_name(), scope.get_lineno()), set()).add(name)
    return {scope: frozenset(names - made) for scope, names in wanted.items() if names - made}


def _block(body: list[ast.stmt], code: _Code, missing: frozenset[str], scope: str) -> Iterator[ast.stmt]:
    for statement in body:
        for expression in evaluated.of_statement(statement, code.annotated, scope == "function"):
            for name in _read(expression):
                early = scope != "function" and code.bound.get(name.id, (0, 0)) > (name.lineno, name.col_offset)
                if name.id in missing or (early and name.id not in _KNOWN):
                    yield ast.copy_location(Unbound(name), name)
        _inside(statement, code, missing, scope)
        yield statement


def _inside(statement: ast.stmt, code: _Code, missing: frozenset[str], scope: str) -> None:
    """Mark what stands inside a statement: its blocks, or the body of the function or class that it defines."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        missing = code.missing.get((statement.name, statement.lineno), frozenset())
        if isinstance(statement, ast.ClassDef) and scope != "function" and (missing or code.bound):
            own = {name for _, names in bindings(statement.body, shared=False) for name in names}
            later = {name: at for name, at in code.bound.items() if name not in own}
            statement.body = list(_block(statement.body, code._replace(bound=later), missing, "class"))
        elif missing and not isinstance(statement, ast.ClassDef):
            statement.body = list(_block(statement.body, code, missing, "function"))
        return
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if block:
            setattr(statement, field, list(_block(block, code, missing, scope)))
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        part.body = list(_block(part.body, code, missing, scope))


def _read(node: ast.expr) -> Iterator[ast.Name]:
    """Yield the names that an expression surely reads."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node
    for part in evaluated.of_expression(node):
        yield from _read(part)
