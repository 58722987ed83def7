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
from functools import lru_cache

from bot.engine.boot import newer, unbound
from bot.engine.boot.events import events
from bot.engine.boot.facts import EMPTY, Attempt, Branch, Event, Facts, Import, Syntax
from bot.engine.boot.names import Names, bindings, constants_of
from bot.engine.boot.values import dotted

_TRANSPARENT = frozenset(
    "cache lru_cache cached command group option argument pass_context".split()
)  # they call what they decorate
_ALIASED = ("sys", "os", "os.path", "pathlib")
_ALIASES = re.compile(rb"\b(?:sys|os|path|pathlib|Path|dirname|abspath|realpath|join)\s+as\s|from\s+sys\s+import")
_MADE = re.compile(rb"\b(?:globals|locals|vars|exec|eval|setattr|__path__|sys\.modules)\b|sys\s+as\s|from\s+sys\s+import")
_MERGE = (re.compile(rb"^<{7} ", re.M), re.compile(rb"^={7}\r?$", re.M), re.compile(rb"^>{7} ", re.M))


@lru_cache(maxsize=4096)  # as many as one walk follows
def read(source: bytes, version: tuple[int, int]) -> Facts:
    """Read a module's source as a version of Python does; a file that does not parse has `error` and no events."""
    return read_once(source, version)


def read_once(source: bytes, version: tuple[int, int]) -> Facts:
    """Do the same as `read`, and keep nothing of it."""
    try:
        return _facts(_parsed(source, version), source, version)
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


def _facts(tree: ast.Module, source: bytes, version: tuple[int, int]) -> Facts:
    statements = bindings(tree.body, b":=" in source, b"global" in source)
    names = Names(_MADE.search(source) is not None)
    names.block(statements)
    unbound.mark(tree, source, names, version)
    functions = [each for each, _ in statements if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    bound = Counter(name for statement in statements for name in statement.names)
    return Facts(
        tuple(events(tree.body)),
        frozenset(names.found),
        names.bound,
        tuple(names.stars),
        names.dynamic or "__getattr__" in names.found,
        {function.name: function for function in functions if bound[function.name] == 1},
        constants_of(statements),
        None,
        {each.name: each for each, _ in statements if isinstance(each, ast.ClassDef) and bound[each.name] == 1},
        _guarded(tree.body, source),
    )


def _guarded(body: list[ast.stmt], source: bytes) -> frozenset[str]:
    """Return the names that nothing but `if __name__ == "__main__":` binds."""
    guards: list[ast.stmt] = [each for each in body if isinstance(each, ast.If) and not each.orelse and _is_guard(each.test)]
    if not guards:
        return frozenset()
    given = b":=" in source, b"global" in source
    inside, outside = (
        {name for _, names in bindings(block, *given) for name in names}
        for block in (guards, [each for each in body if each not in guards])
    )
    return frozenset(inside - outside)


def _is_guard(test: ast.expr) -> bool:
    match test:
        case ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")]):
            return True
        case ast.Compare(ast.Constant("__main__"), [ast.Eq()], [ast.Name("__name__")]):
            return True
    return False


@lru_cache(maxsize=512)
def parsed(source: bytes) -> ast.Module:
    """Parse a file once, whatever is wrong with it raises SyntaxError; nobody may change what comes out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from None


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


def imported_as(facts: Facts) -> dict[str, str]:
    """Return what the names that a file imports from outside are called in full, those of its branches included."""
    found: dict[str, str] = {}
    queue: list[Event] = list(facts.events)
    while queue:
        event = queue.pop()
        match event:
            case Branch(body=body, orelse=orelse):
                queue += [*body, *orelse]
            case Attempt(body=body, handlers=handlers, orelse=orelse):
                queue += [*body, *orelse, *(inner for handler in handlers for inner in handler.body)]
            case Import(module=module, names=None, aliases=(alias,)):
                found[alias] = module
            case Import(module=module, names=tuple(names), level=0, aliases=aliases):
                found.update((alias, f"{module}.{name}") for name, alias in zip(names, aliases, strict=True))
    return found


@lru_cache(maxsize=16384)
def function_events(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Event, ...]:
    """Return what happens when a function is called."""
    try:
        return tuple(events(function.body))
    except RecursionError:
        return ()


@lru_cache(maxsize=64)
def startup_events(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Event, ...]:
    """Return what happens in a function up to its first `yield`: what follows belongs to the shutdown."""
    try:
        return tuple(events(_until_yield(function.body)))
    except RecursionError:
        return ()


def _until_yield(body: list[ast.stmt]) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for statement in body:
        if not any(isinstance(node, ast.Yield) for node in ast.walk(statement)):
            kept.append(statement)
            continue
        match statement:
            case ast.With(items=items, body=inner):
                kept.append(ast.copy_location(ast.With(items, _until_yield(inner)), statement))
            case ast.AsyncWith(items=items, body=inner):
                kept.append(ast.copy_location(ast.AsyncWith(items, _until_yield(inner)), statement))
            case ast.Try(body=inner, handlers=handlers):
                kept.append(ast.copy_location(ast.Try(_until_yield(inner), handlers, [], []), statement))
        break
    return kept


@lru_cache(maxsize=512)
def function_constants(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[dict[str, ast.expr], frozenset[str]]:
    """Return the constants of a function's body, and all names that are its own."""
    arguments = function.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    own = {argument.arg for argument in listed if argument}
    statements = bindings(function.body)
    own |= {name for statement in statements for name in statement.names}
    return constants_of(statements), frozenset(own)


@lru_cache(maxsize=512)
def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr | None]:
    """Return the parameters of a function in order, each with its default."""
    arguments = function.args
    listed = [*arguments.posonlyargs, *arguments.args]
    without = len(listed) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [None] * without + list(arguments.defaults)
    found = {argument.arg: default for argument, default in zip(listed, defaults, strict=True)}
    found |= {argument.arg: default for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
    return found


@lru_cache(maxsize=512)
def rebound(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names that a function's body binds."""
    return frozenset(name for statement in bindings(function.body) for name in statement.names)


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
