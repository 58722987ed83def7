"""What functions and objects of the repository's own come to, for the few values that have to be followed through them.

A function is gone through statement by statement; what is not understood on its way makes the result unknown, never wrong. The
fields of settings classes (pydantic's, both versions) are read as `settings.py` tells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.engine.boot import modules
from bot.engine.boot.finder import package_of
from bot.engine.boot.importer import Frame
from bot.engine.boot.settings import Field, Own, made_plainly
from bot.engine.boot.values import UNKNOWN, Evaluated, Scope, dotted, evaluate, truth

if TYPE_CHECKING:
    from bot.engine.boot.finder import Loaded
    from bot.engine.boot.importer import Importer

_DEEPEST = 12  # calls inside of calls
_MOST = 300  # calls at all, for one value
_LONGEST = 20  # elements of a loop
_LOST = object()  # what a run of statements comes to that can't be told
_Outcome = Evaluated | object | None  # None: it goes on behind them


class Reader:
    """Follows calls and attributes for one value. `fields` are those of settings that were come to."""

    def __init__(self, walk: Importer) -> None:
        self.walk = walk
        self.depth = 0
        self.calls = 0
        self.fields: list[Field] = []

    def enters(self) -> bool:
        """Say whether one more call is followed, and count it; `depth` goes down behind it."""
        self.calls += 1
        if self.depth >= _DEEPEST or self.calls > _MOST:
            return False
        self.depth += 1
        return True

    def note(self, owner: Own, name: str, value: Evaluated) -> None:
        """Note a field that comes from the environment."""
        self.fields.append(Field(owner.loaded.found.tree or "", owner.node.name, name, value))

    def named(self, name: str, frame: Frame) -> Evaluated:
        """Return the class that a name of a module stands for, or what its last assignment leaves in it."""
        facts = frame.loaded.facts
        if name in facts.classes:
            return Own(self, frame.loaded, facts.classes[name])
        if name not in facts.bound or name in facts.constants or name in facts.functions or not self.enters():
            return UNKNOWN
        found = self._assigned(name, frame.loaded)
        self.depth -= 1
        return found

    def _assigned(self, name: str, loaded: Loaded) -> Evaluated:
        """Return what the statements of a module that bind a name leave in it."""
        source = self.walk.tree.read(loaded.found.tree) if loaded.found.tree else b""
        binding = [each for each in _body(source) if name in _bound([each])]
        scope = self.walk.scope(self.walk.frame(loaded))
        memo: dict[str, Evaluated] = {name: UNKNOWN}
        return memo[name] if _run(binding, scope._replace(memo=memo)) is None else UNKNOWN

    def called(self, frame: Frame, node: ast.Call, scope: Scope, depth: int) -> Evaluated:
        """Return what a call returns: of a function of ours, or an object of a class."""
        name = dotted(node.func)
        if not name or (frame.local and name.partition(".")[0] in frame.local):
            return UNKNOWN
        found = self.walk.function(name, frame.loaded)
        if found is None:
            owner = evaluate(node.func, scope, depth)
            return owner if isinstance(owner, Own) and made_plainly(node) else UNKNOWN
        if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
            return UNKNOWN
        loaded, own = found
        function = loaded.facts.functions[own]
        given = [evaluate(each, scope, depth) for each in node.args]
        more = {each.arg or "": evaluate(each.value, scope, depth) for each in node.keywords}
        return self.returned(loaded, function, given, more, modules.runs(function, False))

    def returned(
        self,
        loaded: Loaded,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        given: list[Evaluated],
        more: dict[str, Evaluated],
        plain: bool,
    ) -> Evaluated:
        """Return what a function returns; `plain`: nothing is known to be wrapped around it."""
        names = modules.parameters(function)
        if not plain or function.args.vararg or len(given) > len(names) or not self.enters():
            return UNKNOWN
        local = modules.function_constants(function)[1]
        module = self.walk.frame(loaded)
        memo: dict[str, Evaluated] = dict.fromkeys(local, UNKNOWN)
        for name, default in names.items():
            memo[name] = evaluate(default, self.walk.scope(module)) if default is not None else UNKNOWN
        memo |= dict(zip(names, given, strict=False)) | {name: value for name, value in more.items() if name in names}
        inner = Frame(loaded, package_of(loaded), False, {}, local)
        scope = self.walk.scope(inner)._replace(memo=memo, imported=lambda name: self._of_module(name, local, module))
        outcome = _run(function.body, scope)
        self.depth -= 1
        return UNKNOWN if outcome is _LOST else outcome  # type: ignore[return-value]  # what is left is evaluated, or None

    def _of_module(self, name: str, local: frozenset[str], module: Frame) -> Evaluated:
        """Return what a name that is not the function's own stands for in its module."""
        first, _, rest = name.partition(".")
        if first in local:
            return UNKNOWN
        node: ast.expr = ast.Attribute(ast.Name(first), rest) if rest else ast.Name(first)
        return evaluate(node, self.walk.scope(module))


def _body(source: bytes) -> list[ast.stmt]:
    """Return the statements of a file; none of one that does not parse."""
    try:
        return modules.parsed(source).body
    except SyntaxError:
        return []


def _run(body: list[ast.stmt], scope: Scope) -> _Outcome:
    """Go through statements; return what they return, None where they end without a `return`."""
    for statement in body:
        outcome = _step(statement, scope)
        if outcome is not None:
            return outcome
    return None


def _step(statement: ast.stmt, scope: Scope) -> _Outcome:
    match statement:
        case ast.Return(value=None):
            return _LOST
        case ast.Return(value=ast.expr() as value):
            found = evaluate(value, scope)
            return _LOST if found is None else found
        case ast.Assign(targets=targets, value=value):
            found = evaluate(value, scope)
            for target in targets:
                _bind(target, found, scope)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            _bind(target, evaluate(value, scope), scope)
        case ast.AugAssign(target=ast.Name(id=name) as target, op=operator, value=value):
            _bind(target, evaluate(ast.BinOp(ast.Name(name), operator, value), scope), scope)
        case ast.If(test=test, body=body, orelse=orelse):
            return _branch(test, body, orelse, scope)
        case ast.For(target=target, iter=iterated, body=body, orelse=[]):
            return _loop(target, evaluate(iterated, scope), body, scope)
        case ast.Try(body=body, orelse=orelse, finalbody=last):
            return _run([*body, *orelse, *last], scope)
        case ast.Expr() | ast.Pass() | ast.Import() | ast.ImportFrom() | ast.AnnAssign() | ast.FunctionDef() | ast.Assert():
            return None
        case _:
            return _LOST
    return None


def _bind(target: ast.expr, value: Evaluated, scope: Scope) -> None:
    memo = scope.memo if scope.memo is not None else {}
    match target:
        case ast.Name(id=name):
            memo[name] = value
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            known = value if isinstance(value, tuple) and len(value) == len(elements) else ()
            for index, element in enumerate(elements):
                part = known[index] if known else UNKNOWN
                _bind(element, part if isinstance(part, str | int | float) else UNKNOWN, scope)


def _branch(test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt], scope: Scope) -> _Outcome:
    """Take the branch that runs; where that is not known, both may change nothing that is needed later."""
    decided = truth(test, scope)
    if decided is not None:
        return _run(body if decided else orelse, scope)
    if any(isinstance(node, ast.Return | ast.Raise) for each in (*body, *orelse) for node in ast.walk(each)):
        return _LOST
    for name in _bound([*body, *orelse]):
        _bind(ast.Name(name), UNKNOWN, scope)
    return None


def _loop(target: ast.expr, values: Evaluated, body: list[ast.stmt], scope: Scope) -> _Outcome:
    leaves = any(isinstance(node, ast.Break | ast.Continue) for each in body for node in ast.walk(each))
    if not isinstance(values, tuple) or len(values) > _LONGEST or leaves:
        return _LOST
    for value in values:
        _bind(target, value if isinstance(value, str | int | float | tuple) else UNKNOWN, scope)
        outcome = _run(body, scope)
        if outcome is not None:
            return outcome
    return None


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
