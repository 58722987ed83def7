"""One Python file, read: what happens when it is imported, in order, and which names it defines.

`read` gives events instead of statements: imports, changes of sys.path, calls of functions, branches and attempts. Only
what can run at import counts; a function's body does when it is called.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

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
    """`sys.path.insert(0, …)` and its like: `values` go in at the index `at`, or to the end where that is None.

    `values` None: the search for modules changes in a way that is not followed.
    """

    at: ast.expr | None
    values: tuple[ast.expr, ...] | None
    line: int


class Registration(NamedTuple):
    """`sys.modules[name] = …`: from here on, that module is there."""

    name: ast.expr
    line: int


class Call(NamedTuple):
    """A call of something by its dotted name. `driven`: what it returns is awaited, or run by an event loop."""

    name: str
    node: ast.Call
    driven: bool = False


class Stop(NamedTuple):
    """Nothing behind it runs: `return` (`returns`), or the end of the program (`raise`, `sys.exit()`)."""

    returns: bool


class Branch(NamedTuple):
    """`if test:`; with `test` None both sides may run."""

    test: ast.expr | None
    body: tuple[Event, ...]
    orelse: tuple[Event, ...]


Failure = Literal["module", "import", "syntax"]  # ModuleNotFoundError, another ImportError, SyntaxError


class Handler(NamedTuple):
    """`except …:`. `raises`: it ends the program, or raises again."""

    catches: frozenset[Failure]
    raises: bool
    body: tuple[Event, ...]


class Attempt(NamedTuple):
    """`try:` (or `with suppress(ImportError):`) with handlers that catch an import which fails inside."""

    body: tuple[Event, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Event, ...]

    def handler(self, failure: Failure) -> Handler | None:
        """Return the handler that Python takes for a failed import; None where nothing catches it in the end."""
        first = next((handler for handler in self.handlers if failure in handler.catches), None)
        return None if first is None or first.raises else first


Event = Import | PathChange | Registration | Call | Stop | Branch | Attempt


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
    bound: dict[str, tuple[int, int]]  # line and column of the statement that binds each name first
    stars: tuple[Import, ...]
    dynamic: bool  # names may appear that can't be seen: __getattr__, globals(), exec
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
    constants: dict[str, ast.expr]
    error: Syntax | None


_ANY: frozenset[Failure] = frozenset(("module", "import", "syntax"))
_CATCHING: dict[str, frozenset[Failure]] = {
    "ModuleNotFoundError": frozenset(("module",)),
    "ImportError": frozenset(("module", "import")),
    "SyntaxError": frozenset(("syntax",)),
    "Exception": _ANY,
    "BaseException": _ANY,
}
_EXITS = ("sys.exit", "exit", "quit", "os._exit")
_DRIVERS = ("asyncio.run", "anyio.run", "trio.run", "uvloop.run")  # and every `loop.run_until_complete`
_TRANSPARENT = frozenset("cache lru_cache command group option argument pass_context".split())  # they call what they decorate
_ADDS = {"insert": 1, "append": 0, "extend": 0}  # methods of sys.path, and which argument holds the entries
_ALIASED = ("sys", "os", "os.path", "pathlib")
_ALIASES = re.compile(rb"\b(?:sys|os|path|pathlib|Path|dirname|abspath|realpath|join)\s+as\s|from\s+sys\s+import")
_MERGE = (re.compile(rb"^<{7} ", re.M), re.compile(rb"^={7}\r?$", re.M), re.compile(rb"^>{7} ", re.M))
EMPTY = Facts((), frozenset(), {}, (), True, {}, {}, None)


@lru_cache(maxsize=2048)
def read(source: bytes, version: tuple[int, int]) -> Facts:
    """Read a module's source as a version of Python does; a file that does not parse has `error` and no events."""
    try:
        return _facts(_parsed(source, version))
    except SyntaxError as error:
        marker = all(pattern.search(source) for pattern in _MERGE)
        kind = type(error).__name__
        return EMPTY._replace(error=Syntax(error.lineno or 1, error.offset or 1, f"{kind}: {error.msg}", marker))
    except ValueError as error:
        return EMPTY._replace(error=Syntax(1, 1, f"SyntaxError: {error}"))
    except (RecursionError, MemoryError):
        return EMPTY


def _parsed(source: bytes, version: tuple[int, int]) -> ast.Module:
    try:
        return _parse(source)
    except SyntaxError as error:
        if version > sys.version_info[:2]:
            try:
                return _parse(newer.plain(source.decode("utf-8")).encode())
            except (SyntaxError, ValueError):
                pass
        raise error


def _facts(tree: ast.Module) -> Facts:
    names = _Names()
    names.block(tree.body)
    functions = [each for each in _top_level(tree.body) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    bound = [name for statement in _top_level(tree.body) for name in _bound(statement)]
    return Facts(
        tuple(_events(tree.body)),
        frozenset(names.found),
        names.bound,
        tuple(names.stars),
        names.dynamic or "__getattr__" in names.found,
        {function.name: function for function in functions if bound.count(function.name) == 1},
        constants_of(tree.body),
        None,
    )


def _parse(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in somebody's string is not our matter
        tree = ast.parse(source)
    if _ALIASES.search(source):
        _rename(tree)
    return tree


def _rename(tree: ast.Module) -> None:
    """Write the names that a file gives to `sys`, `os`, `os.path` and `pathlib`, or to what they hold, in full."""
    called: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            called |= {alias.asname: alias.name for alias in node.names if alias.asname and alias.name in _ALIASED}
        elif isinstance(node, ast.ImportFrom) and node.module in _ALIASED and not node.level:
            for alias in node.names:
                if alias.asname or node.module == "sys":
                    called[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if called and isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            node.id = called.get(node.id, node.id)


@lru_cache(maxsize=512)
def function_events(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Event, ...]:
    """Return what happens when a function is called."""
    try:
        return tuple(_events(function.body))
    except RecursionError:
        return ()


@lru_cache(maxsize=512)
def function_constants(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[dict[str, ast.expr], frozenset[str]]:
    """Return the constants of a function's body, and all names that are its own."""
    arguments = function.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    own = {argument.arg for argument in listed if argument}
    own |= {name for statement in _top_level(function.body) for name in _bound(statement)}
    return constants_of(function.body), frozenset(own)


@lru_cache(maxsize=512)
def runs(function: ast.FunctionDef | ast.AsyncFunctionDef, driven: bool) -> bool:
    """Say whether a call surely runs a function's body: no generator, no coroutine that nobody awaits, no unknown wrapper."""
    if isinstance(function, ast.AsyncFunctionDef) and not driven:
        return False
    queue: list[ast.AST] = list(function.body)
    while queue:
        node = queue.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return False
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            queue.extend(ast.iter_child_nodes(node))
    wrappers = [dotted(each.func if isinstance(each, ast.Call) else each) for each in function.decorator_list]
    return all(wrapper.rpartition(".")[2] in _TRANSPARENT for wrapper in wrappers)


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
    typing_only = isinstance(statement, ast.If) and dotted(statement.test).endswith("TYPE_CHECKING")
    for field in ("orelse",) if typing_only else ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list):
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def constants_of(body: list[ast.stmt]) -> dict[str, ast.expr]:
    """Return the names that a module's or function's body binds exactly once, by a plain assignment."""
    found: dict[str, ast.expr] = {}
    bound: Counter[str] = Counter()
    for statement in _top_level(body):
        bound.update(_bound(statement))
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


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds or deletes, those of the statements inside it left out."""
    match statement:
        case ast.Import(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names if alias.name != "*"]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            told = [inner.names for inner in ast.walk(statement) if isinstance(inner, ast.Global)]
            return [name, *(each for names in told for each in names)]
        case ast.ClassDef(name=name):
            return [name]
        case ast.AnnAssign(value=None):
            return []
    found = [
        node.id
        for node in _own_expressions(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    ]
    found += [handler.name for handler in getattr(statement, "handlers", ()) if handler.name]
    if type(statement).__name__ == "TypeAlias":  # Python 3.12's `type X = …`
        found.append(statement.name.id)  # type: ignore[attr-defined]
    return found


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
            yield Branch(test, tuple(_events(body)), tuple(_events(orelse)))
        case ast.Try() | ast.TryStar():
            yield from _attempt(statement)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            yield from _calls(item.context_expr for item in items)
            suppressed = [caught for item in items if (caught := _suppressed(item.context_expr)) is not None]
            if suppressed:
                handlers = tuple(Handler(caught, False, ()) for caught in suppressed)
                yield Attempt(tuple(_guarded(body)), handlers, ())
            else:
                yield from _events(body)
        case ast.For(iter=iterated, body=body, orelse=orelse) | ast.AsyncFor(iter=iterated, body=body, orelse=orelse):
            yield from _calls([iterated])
            yield Branch(None, tuple(_events(body)), tuple(_events(orelse)))
        case ast.While(test=test, body=body, orelse=orelse):
            yield from _calls([test])
            yield Branch(None, tuple(_events(body)), tuple(_events(orelse)))
            for_ever = isinstance(test, ast.Constant) and bool(test.value)
            if for_ever and not any(isinstance(each, ast.Break) for each in ast.walk(statement)):
                yield Stop(False)
        case ast.Return(value=value):
            yield from _calls([value] if value else [])
            yield Stop(True)
        case ast.Raise(exc=raised):
            yield from _calls([raised] if raised else [])
            yield Stop(False)
        case ast.Match(cases=cases):
            for case in cases:
                yield Branch(None, tuple(_events(case.body)), ())
        case ast.ClassDef(body=body, bases=bases, decorator_list=decorators):
            yield from _calls([*decorators, *bases])
            yield from _events(body)
        case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
            yield from _calls(decorators)
        case ast.AugAssign(target=target, value=value) if dotted(target) == "sys.path":
            yield PathChange(None, _elements(value), statement.lineno)
        case ast.Assign(targets=[target], value=value) if dotted(target) == "sys.path" or _is_slice_of_path(target):
            yield from _calls([value])
            yield from _new_path(target, value, statement.lineno)
        case ast.Assign(targets=[ast.Subscript(value=target, slice=key)], value=value) if dotted(target) == "sys.modules":
            yield from _calls([value])
            yield Registration(key, statement.lineno)
        case ast.Delete(targets=targets) if any(_is_slice_of_path(target) for target in targets):
            yield PathChange(None, None, statement.lineno)
        case _:
            yield from _calls(child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr))
            if isinstance(statement, ast.Expr) and _called(statement.value) in _EXITS:
                yield Stop(False)


def _called(node: ast.expr) -> str:
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def _is_slice_of_path(target: ast.expr) -> bool:
    return isinstance(target, ast.Subscript) and dotted(target.value) == "sys.path"


def _new_path(target: ast.expr, value: ast.expr, line: int) -> Iterator[Event]:
    """Read `sys.path = … + sys.path`, `sys.path[:] = [*sys.path, …]` and `sys.path[0:0] = […]`."""
    whole = dotted(target) == "sys.path"
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
        low, high = target.slice.lower, target.slice.upper
        if isinstance(high, ast.Constant) and high.value == 0 and _is_start(low):
            yield PathChange(high, _elements(value), line)
            return
        whole = low is None and high is None
    listed = _elements(value)
    kept = [index for index, element in enumerate(listed) if dotted(_starred(element)) == "sys.path"]
    if not whole or len(kept) != 1:
        yield PathChange(None, None, line)
        return
    if listed[: kept[0]]:
        yield PathChange(ast.Constant(0), listed[: kept[0]], line)
    if listed[kept[0] + 1 :]:
        yield PathChange(None, listed[kept[0] + 1 :], line)


def _is_start(low: ast.expr | None) -> bool:
    return low is None or (isinstance(low, ast.Constant) and low.value == 0)


def _starred(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node


def _attempt(statement: ast.Try | ast.TryStar) -> Iterator[Event]:
    handlers = tuple(
        Handler(_caught(handler.type), _ends(handler.body), tuple(_events(handler.body))) for handler in statement.handlers
    )
    goes_on = any(not handler.raises for handler in handlers)
    body = tuple(_guarded(statement.body) if goes_on else _events(statement.body))
    orelse = tuple(_events(statement.orelse))
    if any(handler.catches for handler in handlers):
        yield Attempt(body, handlers, orelse)
    else:
        yield from body
        yield from orelse
    if any(map(_risky, statement.body)) and any(_returns(handler.body) for handler in statement.handlers):
        yield Branch(None, (Stop(True),), ())
    yield from _events(statement.finalbody)


def _guarded(body: list[ast.stmt]) -> Iterator[Event]:
    """Yield what happens in a block that something catches the errors of: behind a statement that may fail, nothing is sure."""
    for index, statement in enumerate(body):
        yield from _statement(statement)
        if _risky(statement):
            rest = tuple(_events(body[index + 1 :]))
            if rest:
                yield Branch(None, rest, ())
            return


def _risky(statement: ast.stmt) -> bool:
    """Say whether a statement may raise something else than an import's errors."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Pass():
            return False
        case ast.Expr(value=ast.Call(func=called)) if dotted(called) == "print" or "log" in dotted(called).partition(".")[0]:
            return False
        case ast.Try(body=body):
            return any(map(_risky, body))
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Assign(value=ast.Constant() | ast.Name()) | ast.AnnAssign(value=ast.Constant() | ast.Name() | None):
            return False
    return True


def _returns(body: list[ast.stmt]) -> bool:
    return any(isinstance(statement, ast.Return) for statement in _top_level(body))


def _caught(kind: ast.expr | None) -> frozenset[Failure]:
    """Return which failures of an import `except kind:` catches."""
    if kind is None:
        return _ANY
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return frozenset().union(*(_CATCHING.get(dotted(each).rpartition(".")[2], frozenset()) for each in kinds))


def _ends(body: list[ast.stmt]) -> bool:
    """Say whether a handler raises or leaves the program at its end."""
    return any(
        isinstance(statement, ast.Raise) or (isinstance(statement, ast.Expr) and _called(statement.value) in _EXITS)
        for statement in body
    )


def _suppressed(node: ast.expr) -> frozenset[Failure] | None:
    """Return which failures of an import `with suppress(…):` catches; None for another context manager."""
    if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] != "suppress":
        return None
    return frozenset().union(*(_caught(argument) for argument in node.args))


def _calls(nodes: Iterable[ast.expr], driven: bool = False) -> Iterator[Event]:
    """Yield the calls in expressions, arguments before the call itself; the bodies of lambdas and comprehensions are left out.

    `driven`: what the expressions themselves return is awaited.
    """
    for node in nodes:
        match node:
            case ast.Lambda():
                continue
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                yield from _calls([node.generators[0].iter])
            case ast.Await(value=value):
                yield from _calls([value], True)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                yield from _calls([test])
                yield from _perhaps(test, tuple(_calls([body])), tuple(_calls([orelse])))
            case ast.BoolOp(op=operator, values=[first, *rest]):
                yield from _calls([first])
                more = tuple(_calls(rest))
                known = first if len(rest) == 1 else None
                yield from _perhaps(known, *(((), more) if isinstance(operator, ast.Or) else (more, ())))
            case ast.Call():
                runs_it = _called(node) in _DRIVERS or dotted(node.func).endswith(".run_until_complete")
                yield from _calls([node.func])
                yield from _calls([*node.args, *(keyword.value for keyword in node.keywords)], runs_it)
                yield from _call(node, driven)
            case _:
                yield from _calls(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def _perhaps(test: ast.expr | None, body: tuple[Event, ...], orelse: tuple[Event, ...]) -> Iterator[Event]:
    if body or orelse:
        yield Branch(test, body, orelse)


def _call(node: ast.Call, driven: bool) -> Iterator[Event]:
    name = dotted(node.func)
    owner, _, verb = name.rpartition(".")
    if owner == "sys.path" and verb in (*_ADDS, "remove", "pop", "clear", "reverse", "sort"):
        yield _path_change(verb, node)
    elif name == "site.addsitedir" and node.args:
        yield PathChange(None, (node.args[0],), node.lineno)
    elif owner in ("sys.meta_path", "sys.path_hooks"):
        yield PathChange(None, None, node.lineno)
    elif name == "sys.modules.setdefault" and node.args:
        yield Registration(node.args[0], node.lineno)
    elif name == "sys.modules.update":
        yield PathChange(None, None, node.lineno)
    elif name in ("importlib.import_module", "import_module", "__import__") and node.args:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and not argument.value.startswith("."):
            yield Import(argument.value, None, 0, node.lineno, node.col_offset + 1)
    elif name:
        yield Call(name, node, driven)


def _path_change(verb: str, node: ast.Call) -> PathChange:
    at = _ADDS.get(verb)
    if at is None or len(node.args) <= at:
        return PathChange(None, None, node.lineno)
    values = _elements(node.args[0]) if verb == "extend" else (node.args[at],)
    return PathChange(node.args[0] if verb == "insert" else None, values, node.lineno)


def _elements(node: ast.expr) -> tuple[ast.expr, ...]:
    """Return the entries of a list that is written out, or joined of such; a list that is not is one entry itself."""
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _elements(node.left) + _elements(node.right)
    return (node,)


# --- names


class _Names:
    """Collects the names that a module's statements may define, and where the first one stands that does."""

    def __init__(self) -> None:
        self.found: set[str] = set(
            "__name__ __file__ __doc__ __package__ __spec__ __loader__ __path__ __dict__ __cached__ __builtins__".split()
        )
        self.bound: dict[str, tuple[int, int]] = {}
        self.stars: list[Import] = []
        self.dynamic = False

    def block(self, body: list[ast.stmt]) -> None:
        for statement in _top_level(body):
            self.found.update(_bound(statement))
            for name in _bound(statement):
                self.bound.setdefault(name, (statement.lineno, statement.col_offset))
            self.statement(statement)

    def statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.ImportFrom(module=module, names=names, level=level) if any(alias.name == "*" for alias in names):
                self.stars.append(Import(module or "", ("*",), level, statement.lineno, statement.col_offset + 1))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.dynamic = self.dynamic or any(_makes_names(node, ("globals",)) for node in ast.walk(statement))
            case ast.ClassDef() | ast.Import() | ast.ImportFrom():
                pass
            case _:
                made = ("globals", "locals", "vars", "exec", "eval", "setattr", "__path__")
                self.dynamic = self.dynamic or any(_makes_names(node, made) for node in _own_expressions(statement))


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
