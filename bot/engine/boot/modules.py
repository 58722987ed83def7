"""One Python file, read: what happens when it is imported, in order, and which names it defines.

`read` gives events instead of statements: imports, changes of sys.path, calls of functions, branches and attempts. Only
what can run at import counts; a function's body does when it is called.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from bot.engine.boot import newer
from bot.engine.boot.values import dotted


class Import(NamedTuple):
    """`import module` (`names` None) or `from module import names`; `level` counts the leading dots.

    `aliases` are what the names are called here.
    """

    module: str
    names: tuple[str, ...] | None
    level: int
    line: int
    column: int
    aliases: tuple[str, ...] = ()


class PathChange(NamedTuple):
    """`sys.path.insert(0, …)` and its like; `values` are the added entries."""

    front: bool
    values: tuple[ast.expr, ...]
    line: int


class Call(NamedTuple):
    """A call of something by its dotted name."""

    name: str
    node: ast.Call


class Branch(NamedTuple):
    """`if test:`; with `test` None both sides may run."""

    test: ast.expr | None
    body: tuple[Event, ...]
    orelse: tuple[Event, ...]


class Attempt(NamedTuple):
    """`try:` (or `with suppress(ImportError):`). `catches`: an import that fails inside ends in `handler`."""

    body: tuple[Event, ...]
    catches: bool
    raises: bool  # the handler ends the program, or raises again
    handler: tuple[Event, ...]
    orelse: tuple[Event, ...]


Event = Import | PathChange | Call | Branch | Attempt


class Syntax(NamedTuple):
    """Why a file does not parse."""

    line: int
    column: int
    message: str  # as Python prints it: `SyntaxError: invalid syntax`
    merge: bool = False  # a conflict that was committed, which no version accepts


class Facts(NamedTuple):
    """What is known of one file."""

    events: tuple[Event, ...]
    names: frozenset[str]
    stars: tuple[Import, ...]
    dynamic: bool  # names may appear that can't be seen: __getattr__, globals(), exec
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
    constants: dict[str, ast.expr]
    error: Syntax | None


_CATCHING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_MERGE = re.compile(rb"^<{7} .*\n(?:.*\n)*?={7}\r?$", re.M)
EMPTY = Facts((), frozenset(), (), True, {}, {}, None)


@lru_cache(maxsize=2048)
def read(source: bytes, version: tuple[int, int]) -> Facts:
    """Read a module's source as a version of Python does; a file that does not parse has `error` and no events."""
    try:
        tree = _parse(source)
    except SyntaxError as error:
        try:
            if version <= sys.version_info[:2]:
                raise
            tree = _parse(newer.plain(source.decode("utf-8")).encode())
        except (SyntaxError, ValueError):
            kind = type(error).__name__
            marker = bool(_MERGE.search(source))
            return EMPTY._replace(error=Syntax(error.lineno or 1, error.offset or 1, f"{kind}: {error.msg}", marker))
    except ValueError as error:
        return EMPTY._replace(error=Syntax(1, 1, f"SyntaxError: {error}"))
    except (RecursionError, MemoryError):
        return EMPTY
    names = _Names()
    names.block(tree.body)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for statement in _top_level(tree.body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            functions[statement.name] = statement
    return Facts(
        tuple(_events(tree.body)),
        frozenset(names.found),
        tuple(names.stars),
        names.dynamic or "__getattr__" in functions,
        functions,
        constants_of(tree.body),
        None,
    )


def _parse(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in somebody's string is not our matter
        return ast.parse(source)


@lru_cache(maxsize=512)
def function_events(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Event, ...]:
    """Return what happens when a function is called."""
    return tuple(_events(function.body))


def _top_level(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that run at import, those in branches, loops and attempts included."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        for block in _blocks(statement):
            found.extend(_top_level(block))
    return found


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list):
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def constants_of(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Return the names that are assigned exactly once in a module's or function's body."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for statement in _top_level(body):
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        for target in targets:
            if isinstance(target, ast.Name) and value is not None:
                twice |= {target.id} & found.keys()
                found[target.id] = value
    return {name: value for name, value in found.items() if name not in twice}


# --- events


def _events(body: list[ast.stmt]) -> Iterator[Event]:
    for statement in body:
        yield from _statement(statement)


def _statement(statement: ast.stmt) -> Iterator[Event]:
    match statement:
        case ast.Import(names=names):
            for alias in names:
                yield Import(alias.name, None, 0, statement.lineno, statement.col_offset + 1)
        case ast.ImportFrom(module=module, names=names, level=level):
            listed = tuple(alias.name for alias in names)
            called = tuple(alias.asname or alias.name for alias in names)
            yield Import(module or "", listed, level, statement.lineno, statement.col_offset + 1, called)
        case ast.If(test=test, body=body, orelse=orelse):
            yield from _calls([test])
            yield Branch(_decidable(test), tuple(_events(body)), tuple(_events(orelse)))
        case ast.Try() | ast.TryStar():
            yield from _attempt(statement)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            yield from _calls(item.context_expr for item in items)
            suppressed = any(_suppresses(item.context_expr) for item in items)
            inner = tuple(_events(body))
            yield from ([Attempt(inner, True, False, (), ())] if suppressed else inner)
        case ast.For(iter=iterated, body=body, orelse=orelse) | ast.AsyncFor(iter=iterated, body=body, orelse=orelse):
            yield from _calls([iterated])
            yield Branch(None, tuple(_events(body)), tuple(_events(orelse)))
        case ast.While(body=body, orelse=orelse):
            yield Branch(None, tuple(_events(body)), tuple(_events(orelse)))
        case ast.Match(cases=cases):
            for case in cases:
                yield Branch(None, tuple(_events(case.body)), ())
        case ast.ClassDef(body=body, bases=bases, decorator_list=decorators):
            yield from _calls([*decorators, *bases])
            yield from _events(body)
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            yield from _calls(decorators)
        case ast.AugAssign(target=target, value=value) if dotted(target) == "sys.path":
            yield PathChange(False, _elements(value), statement.lineno)
        case ast.Assign(targets=[target], value=value) if dotted(target) == "sys.path":
            yield PathChange(True, _elements(value), statement.lineno)
        case _:
            yield from _calls(child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr))


def _decidable(test: ast.expr) -> ast.expr:
    """Return a test with the forms of TYPE_CHECKING turned into a constant."""
    if dotted(test).endswith("TYPE_CHECKING"):
        return ast.Constant(False)
    return test


def _attempt(statement: ast.Try | ast.TryStar) -> Iterator[Event]:
    catching = [handler for handler in statement.handlers if _catches(handler.type)]
    handler = catching[0] if catching else None
    body = tuple(_events(statement.body))
    if handler is None:
        yield from body
        yield from _events(statement.orelse)
    else:
        yield Attempt(body, True, _ends(handler.body), tuple(_events(handler.body)), tuple(_events(statement.orelse)))
    yield from _events(statement.finalbody)


def _catches(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(dotted(each).rpartition(".")[2] in _CATCHING for each in kinds)


def _ends(body: list[ast.stmt]) -> bool:
    """Say whether a handler raises or leaves the program at its end."""
    for statement in body:
        if isinstance(statement, ast.Raise):
            return True
        called = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(called, ast.Call) and dotted(called.func) in ("sys.exit", "exit", "quit", "os._exit"):
            return True
    return False


def _suppresses(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] != "suppress":
        return False
    return any(dotted(argument).rpartition(".")[2] in _CATCHING for argument in node.args)


def _calls(nodes: Iterable[ast.expr]) -> Iterator[Event]:
    """Yield the calls in expressions, arguments before the call itself; lambdas and comprehensions are left out."""
    for node in nodes:
        if isinstance(node, ast.Lambda | ast.GeneratorExp):
            continue
        yield from _calls(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                yield from _calls([keyword.value])
            yield from _call(node)


def _call(node: ast.Call) -> Iterator[Event]:
    name = dotted(node.func)
    if name in ("sys.path.insert", "sys.path.append", "site.addsitedir") and node.args:
        yield PathChange(name == "sys.path.insert", (node.args[-1],), node.lineno)
    elif name == "sys.path.extend" and node.args:
        yield PathChange(False, _elements(node.args[0]), node.lineno)
    elif name in ("importlib.import_module", "import_module", "__import__") and node.args:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and not argument.value.startswith("."):
            yield Import(argument.value, None, 0, node.lineno, node.col_offset + 1)
    elif name:
        yield Call(name, node)


def _elements(node: ast.expr) -> tuple[ast.expr, ...]:
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(node.elts)
    if isinstance(node, ast.BinOp):
        return _elements(node.left) + _elements(node.right)
    return () if dotted(node) == "sys.path" else (node,)


# --- names


class _Names:
    """Collects the names that a module's statements may define."""

    def __init__(self) -> None:
        self.found: set[str] = {
            "__name__",
            "__file__",
            "__doc__",
            "__package__",
            "__spec__",
            "__loader__",
            "__path__",
            "__dict__",
        }
        self.stars: list[Import] = []
        self.dynamic = False

    def block(self, body: list[ast.stmt]) -> None:
        for statement in _top_level(body):
            self.statement(statement)

    def statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import(names=names):
                self.found |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module=module, names=names, level=level):
                if any(alias.name == "*" for alias in names):
                    self.stars.append(Import(module or "", ("*",), level, statement.lineno, statement.col_offset + 1))
                self.found |= {alias.asname or alias.name for alias in names if alias.name != "*"}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.found.add(name)
                for inner in ast.walk(statement):
                    if isinstance(inner, ast.Global):
                        self.found |= set(inner.names)
            case ast.ClassDef(name=name):
                self.found.add(name)
            case _:
                self.targets(statement)

    def targets(self, statement: ast.stmt) -> None:
        for node in _own_expressions(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.found.add(node.id)
            elif (isinstance(node, ast.Name) and node.id in ("globals", "locals", "vars", "exec", "eval")) or dotted(node) in (
                "sys.modules",
                "setattr",
            ):
                self.dynamic = True
        for handler in getattr(statement, "handlers", ()):
            if handler.name:
                self.found.add(handler.name)
        if type(statement).__name__ == "TypeAlias":  # Python 3.12's `type X = …`
            self.found.add(statement.name.id)  # type: ignore[attr-defined]


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
        queue.extend(ast.iter_child_nodes(node))
