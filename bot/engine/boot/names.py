"""The names that a file or function binds: where, how often, and to what.

Only statements that run at import count, those in branches, loops and attempts included.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.facts import Import
from bot.engine.boot.values import dotted

_NEVER = (sys.maxsize, 0)


class Binding(NamedTuple):
    """A statement that runs at import, and the names that it binds or deletes."""

    statement: ast.stmt
    names: list[str]


class Names:
    """Collects the names that a module's statements may define, and where the first one stands that does.

    `made`: the source has words with which names can be made in ways that can't be seen, so each statement is looked at.
    """

    def __init__(self, made: bool = True) -> None:
        self.made = made
        self.found: set[str] = set(
            "__name__ __file__ __doc__ __package__ __spec__ __loader__ __path__ __dict__ __cached__ __builtins__".split()
        )
        self.bound: dict[str, tuple[int, int]] = {}
        self.stars: list[Import] = []
        self.dynamic = False

    def block(self, bindings: list[Binding]) -> None:
        """Take in the statements of a file."""
        for statement, names in bindings:
            self.found.update(names)
            for name in names:
                self.bound[name] = min(_bound_at(statement), self.bound.get(name, _NEVER))
            self.statement(statement)

    def statement(self, statement: ast.stmt) -> None:
        """Note what one statement does to the names besides binding some."""
        match statement:
            case ast.ImportFrom(module=module, names=names, level=level) if any(alias.name == "*" for alias in names):
                self.stars.append(Import(module or "", ("*",), level, statement.lineno, statement.col_offset + 1))
            case ast.ClassDef() | ast.Import() | ast.ImportFrom():
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef() if self.made:
                self.dynamic = self.dynamic or any(_makes_names(node, ("globals",)) for node in ast.walk(statement))
            case _ if self.made:
                made = ("globals", "locals", "vars", "exec", "eval", "setattr", "__path__")
                self.dynamic = self.dynamic or any(_makes_names(node, made) for node in _own_expressions(statement))


def _bound_at(statement: ast.stmt) -> tuple[int, int]:
    """Return from where on the names that a statement binds are there: behind what it computes, or a class's body."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.ClassDef):
        return statement.end_lineno or statement.lineno, statement.end_col_offset or 0
    return statement.lineno, statement.col_offset


def top_level(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that run at import, those in branches, loops and attempts included."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        for block in _blocks(statement):
            found.extend(top_level(block))
    return found


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    typing_only = isinstance(statement, ast.If) and dotted(statement.test).endswith("TYPE_CHECKING")
    for field in ("orelse",) if typing_only else ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list):
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def bindings(body: list[ast.stmt], inside: bool = True, shared: bool = True) -> list[Binding]:
    """Return the statements of a module or a function with what they bind.

    `inside`: expressions may bind names, with `:=`; `shared`: functions may bind names of the module, with `global`.
    """
    return [Binding(statement, bound_names(statement, inside, shared)) for statement in top_level(body)]


def constants_of(bindings: list[Binding]) -> dict[str, ast.expr]:
    """Return the names that a module's or function's body binds exactly once, by a plain assignment."""
    found: dict[str, ast.expr] = {}
    bound: Counter[str] = Counter()
    for statement, names in bindings:
        bound.update(names)
        if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
            bound.update(list(found))  # it may bind any of them again
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.AnnAssign):
            targets, value = [statement.target], statement.value
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                found[target.id] = value
    return {name: value for name, value in found.items() if bound[name] == 1}


def bound_names(statement: ast.stmt, inside: bool = True, shared: bool = True) -> list[str]:
    """Return the names that a statement binds or deletes, those of the statements inside it left out; see `bindings`."""
    match statement:
        case ast.Import(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names if alias.name != "*"]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            told = [inner.names for inner in ast.walk(statement) if isinstance(inner, ast.Global)] if shared else []
            return [name, *(each for names in told for each in names)]
        case ast.ClassDef(name=name):
            return [name]
        case ast.AnnAssign(value=None):
            return []
    found = [
        node.id
        for node in (_own_expressions(statement) if inside else _targets(statement))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    found += [handler.name for handler in getattr(statement, "handlers", ()) if handler.name]
    if type(statement).__name__ == "TypeAlias":  # Python 3.12's `type X = …`
        found.append(statement.name.id)  # type: ignore[attr-defined]
    return found


def _targets(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the expressions in the targets of a statement: the only ones that bind names, but for `:=`."""
    if isinstance(statement, ast.Match):
        yield from _own_expressions(statement)
    targets = [*getattr(statement, "targets", ()), getattr(statement, "target", None)]
    targets += [item.optional_vars for item in getattr(statement, "items", ())]
    for target in targets:
        if isinstance(target, ast.Name):
            yield target
        elif target is not None:
            yield from ast.walk(target)


def _makes_names(node: ast.AST, makers: tuple[str, ...]) -> bool:
    """Say whether names, or submodules, may come from here that can't be seen."""
    return (isinstance(node, ast.Name) and node.id in makers) or dotted(node) == "sys.modules"


def _own_expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the expressions of a statement, without those of the statements inside it."""
    queue: list[ast.AST] = [
        child
        for child in ast.iter_child_nodes(statement)
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
    ]
    if isinstance(statement, ast.Match):
        queue += [case.pattern for case in statement.cases]
    while queue:
        node = queue.pop()
        yield node
        if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield ast.Name(node.name, ast.Store())
        if isinstance(node, ast.MatchMapping) and node.rest:
            yield ast.Name(node.rest, ast.Store())
        queue.extend(ast.iter_child_nodes(node))
