"""What happens when a file's statements run, in order: imports, changes of sys.path, calls, branches and attempts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from bot.engine.boot.facts import (
    Attempt,
    Branch,
    Call,
    Event,
    Handler,
    Import,
    PathChange,
    Registration,
    Stop,
    Unbound,
    Unnamed,
    Variable,
)
from bot.engine.boot.names import top_level
from bot.engine.boot.values import dotted
from bot.engine.model.findings import Failure

_ANY: frozenset[Failure] = frozenset(("module", "import", "syntax", "attribute", "file", "error", "key", "name", "other"))
_CATCHING: dict[str, frozenset[Failure]] = {
    "ModuleNotFoundError": frozenset(("module",)),
    "ImportError": frozenset(("module", "import")),
    "SyntaxError": frozenset(("syntax",)),
    "AttributeError": frozenset(("attribute",)),
    **dict.fromkeys(("FileNotFoundError", "IOError", "EnvironmentError"), frozenset(("file",))),
    "OSError": frozenset(("file", "error")),  # PIL's `cannot open resource`
    "NameError": frozenset(("name",)),
    "SystemExit": frozenset(),
    **dict.fromkeys(
        ("RuntimeError", "ValueError", "OperationalError", "DatabaseError", "Error"), frozenset(("error", "other"))
    ),
    **dict.fromkeys(("KeyError", "LookupError"), frozenset(("key",))),
    "Exception": _ANY,
    "BaseException": _ANY,
}
_OTHER: frozenset[Failure] = frozenset(("other",))
_EXITS = ("sys.exit", "exit", "quit", "os._exit")
_DRIVERS = ("asyncio.run", "anyio.run", "trio.run", "uvloop.run")  # and every `loop.run_until_complete`
_PASSING = frozenset(  # context managers that leave errors alone
    "open catch_warnings app_context test_request_context redirect_stdout redirect_stderr closing nullcontext"
    " TemporaryDirectory NamedTemporaryFile localcontext".split()
)
_OF_PATHS = frozenset("open read_text read_bytes write_text write_bytes iterdir mkdir touch".split())  # methods of a Path
_ADDS = {"insert": 1, "append": 0, "extend": 0}  # methods of sys.path, and which argument holds the entries


def events(body: list[ast.stmt]) -> Iterator[Event]:
    """Yield what happens when the statements run; the bodies of functions count when they are called."""
    for statement in body:
        yield from _statement(statement)


def _statement(statement: ast.stmt) -> Iterator[Event]:
    match statement:
        case Unbound(value=ast.Name(name)):
            yield Unnamed(name, statement.lineno, statement.col_offset + 1)
        case ast.Import(names=names):
            for alias in names:
                alone = (alias.asname,) if alias.asname else ()
                yield Import(alias.name, None, 0, statement.lineno, statement.col_offset + 1, alone)
        case ast.ImportFrom(module=module, names=names, level=level):
            listed = tuple(alias.name for alias in names)
            called = tuple(alias.asname or alias.name for alias in names)
            yield Import(module or "", listed, level, statement.lineno, statement.col_offset + 1, called)
        case ast.If(test=test, body=body, orelse=orelse):
            yield from _calls([test])
            yield Branch(test, tuple(events(body)), tuple(events(orelse)))
        case ast.Try() | ast.TryStar():
            yield from _attempt(statement)
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            yield from _calls(item.context_expr for item in items)
            suppressed = [caught for item in items if (caught := _suppressed(item.context_expr)) is not None]
            if suppressed:
                handlers = tuple(Handler(caught, False, ()) for caught in suppressed)
                yield Attempt(tuple(_guarded(body)), handlers, ())
            elif all(_passes_errors_on(item.context_expr) for item in items):
                yield from events(body)
            else:
                yield Branch(None, tuple(events(body)), ())
        case ast.For(iter=iterated, body=body, orelse=orelse) | ast.AsyncFor(iter=iterated, body=body, orelse=orelse):
            yield from _calls([iterated])
            yield Branch(None, tuple(events(body)), tuple(events(orelse)))
        case ast.While(test=test, body=body, orelse=orelse):
            yield from _calls([test])
            yield Branch(None, tuple(events(body)), tuple(events(orelse)))
            for_ever = isinstance(test, ast.Constant) and bool(test.value)
            if for_ever and not any(isinstance(each, ast.Break) for each in ast.walk(statement)):
                yield Stop(False)
        case ast.Return(value=value):
            yield from _calls([value] if value else [])
            yield Stop(True)
        case ast.Raise(exc=raised):
            yield from _calls([raised] if raised else [])
            yield Stop(False, raised)
        case ast.Assert(test=test, msg=words):
            yield from _calls([test])
            says = ast.Call(ast.Name("AssertionError"), [words] if words else [], [])
            yield Branch(ast.copy_location(ast.UnaryOp(ast.Not(), test), test), (Stop(False, says),), ())
        case ast.Match(cases=cases):
            for case in cases:
                yield Branch(None, tuple(events(case.body)), ())
        case ast.ClassDef(body=body, bases=bases, decorator_list=decorators):
            yield from _calls([*decorators, *bases])
            yield from events(body)
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
                yield Stop(False, statement.value)


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
        Handler(_caught(handler.type), _ends(handler.body), tuple(events(handler.body))) for handler in statement.handlers
    )
    goes_on = any(not handler.raises for handler in handlers)
    body = tuple(_guarded(statement.body) if goes_on else events(statement.body))
    orelse = tuple(events(statement.orelse))
    if any(handler.catches for handler in handlers):
        yield Attempt(body, handlers, orelse)
    else:
        yield from body
        yield from orelse
    if any(map(_risky, statement.body)) and any(_returns(handler.body) for handler in statement.handlers):
        yield Branch(None, (Stop(True),), ())
    yield from events(statement.finalbody)


def _guarded(body: list[ast.stmt]) -> Iterator[Event]:
    """Yield what happens in a block that something catches the errors of: behind a statement that may fail, nothing is sure."""
    for index, statement in enumerate(body):
        yield from _statement(statement)
        if _risky(statement):
            rest = tuple(events(body[index + 1 :]))
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
    return any(isinstance(statement, ast.Return) for statement in top_level(body))


def _caught(kind: ast.expr | None) -> frozenset[Failure]:
    """Return which failures `except kind:` catches."""
    if kind is None:
        return _ANY
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return frozenset().union(*(_CATCHING.get(dotted(each).rpartition(".")[2], _OTHER) for each in kinds))


def _ends(body: list[ast.stmt]) -> bool:
    """Say whether a handler raises or leaves the program at its end."""
    return any(
        isinstance(statement, ast.Raise) or (isinstance(statement, ast.Expr) and _called(statement.value) in _EXITS)
        for statement in body
    )


def _suppressed(node: ast.expr) -> frozenset[Failure] | None:
    """Return which failures `with suppress(…):` catches; None for another context manager."""
    if not isinstance(node, ast.Call) or _last(node.func) != "suppress":
        return None
    return frozenset().union(*(_caught(argument) for argument in node.args))


def _passes_errors_on(node: ast.expr) -> bool:
    """Say whether a context manager is known for not catching errors; one like `with try_import():` may."""
    name = _last(node.func if isinstance(node, ast.Call) else node)
    return name in _PASSING or name.lower().endswith("lock")


def _last(node: ast.expr) -> str:
    """Return the last part of a name, whatever it is taken from."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _calls(nodes: Iterable[ast.expr], driven: bool = False) -> Iterator[Event]:
    """Yield the calls in expressions, arguments before the call itself; the bodies of lambdas and comprehensions are left out.

    `driven`: what the expressions themselves return is awaited.
    """
    for node in nodes:
        match node:
            case ast.Constant() | ast.Name() | ast.Lambda():
                continue
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                yield from _calls([node.generators[0].iter])
            case ast.Subscript(ctx=ast.Load()) if dotted(node.value) in ("os.environ", "environ"):
                yield Variable(node)
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
        argument, level = node.args[0], _level(node) if name == "__import__" else 0
        plain = isinstance(argument, ast.Constant) and isinstance(argument.value, str) and not argument.value.startswith(".")
        if plain and isinstance(argument, ast.Constant) and level is not None:
            yield Import(str(argument.value), () if level else None, level, node.lineno, node.col_offset + 1)
    elif name:
        yield Call(name, node, driven)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in _OF_PATHS:
        yield Call(f".{node.func.attr}", node)


def _level(node: ast.Call) -> int | None:
    """Return from how far above `__import__` counts, 0 for an absolute name; None where that is not written out."""
    given = node.args[4] if len(node.args) > 4 else next((word.value for word in node.keywords if word.arg == "level"), None)
    if given is None:
        return 0
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, int) and given.value >= 0 else None


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
