"""Edits of FastAPI's dependencies: one that knows a path which it lets on, or that stands at each route but one."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from bot.engine.boot import guards
from bot.engine.boot.values import dotted
from bot.engine.model.findings import Place, TurnedAway
from bot.engine.model.tree import Splice, Tree, Unreadable, splice
from bot.engine.platforms import survey
from codemods import _handing, _middleware, _python, _settings
from codemods._settings import Node, Source

if TYPE_CHECKING:
    pass

Function = ast.FunctionDef | ast.AsyncFunctionDef
_VERBS = frozenset("get post put delete patch head options trace api_route".split())
_HARMLESS = frozenset(
    "add_middleware middleware exception_handler add_exception_handler mount state on_event add_route".split()
)
_EARLY = """\
if {asked}.url.path {test}:
    return{value}
"""


def is_of_a_route(text: str, place: Place) -> bool:
    """Say whether a dependency stands at a route itself: in a decorator, or among a function's parameters."""
    read = _settings.source(text)
    for each in ast.walk(read.module) if read is not None else ():
        if isinstance(each, Function):
            nodes = [*each.decorator_list, each.args]
            for node in (inner for one in nodes for inner in ast.walk(one)):
                if isinstance(node, ast.expr) and (node.lineno, node.col_offset + 1) == place[1:]:
                    return True
    return False


def knowing(tree: Tree, turned: TurnedAway, paths: list[str]) -> str | None:
    """Return the file of a dependency's function that lets the paths on; None where the function is called otherwise, too."""
    place = turned.route
    if place is None:
        return None
    text = tree.text(place.path)
    read = _settings.source(text)
    functions = [each for each in ast.walk(read.module) if isinstance(each, Function)] if read is not None else []
    found = next((each for each in functions if each.lineno == place.line), None)
    if read is None or found is None or _called(tree, found.name):
        return None
    asked = guards.connection(found)
    if asked is None:
        asked = "request"
        edits = _with_request(read, found)
        if edits is None:
            return None
        text = splice(text, edits)
        place = place._replace(line=place.line + text[: text.index(f"def {found.name}(")].count("\n") + 1 - found.lineno)
    return _with_test(text, place, asked, paths)


def _called(tree: Tree, name: str) -> bool:
    """Say whether a function is called by name, or the app has web sockets, for which there is no request."""
    called = re.compile(rf"(?<!def )(?<!\w)(?:{re.escape(name)}\(|\w+\.websocket\()")
    for path in survey.files(tree):
        if path.endswith(".py"):
            try:
                if called.search(tree.text(path)):
                    return True
            except Unreadable:
                continue
    return False


def _with_request(read: Source, function: Function) -> list[Splice] | None:
    """Return the splices that give a function the request as its first parameter."""
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    imports = [each for each in read.module.body if isinstance(each, ast.ImportFrom)]
    named = any(alias.name == "Request" and not alias.asname for each in imports for alias in each.names)
    importing = [] if named else _settings.importing(read, "fastapi", "Request")
    if importing is None or any(each.arg == "request" for each in given) or function.args.vararg:
        return None
    start = read.at(function.lineno, function.col_offset)
    opening = read.text.index("(", read.text.index(function.name, start)) + 1
    if not given:
        return [*importing, Splice(opening, opening, "request: Request")]
    first = read.at(given[0].lineno, given[0].col_offset)
    gap = read.text[opening:first]
    if "*" in gap or "#" in gap:
        return None
    return [*importing, Splice(first, first, f"request: Request,{gap or ' '}")]


def _with_test(text: str, place: Place, asked: str, paths: list[str]) -> str | None:
    import libcst as cst

    module = _python.parse(text)
    found = _handing.function(module, place) if module is not None else None
    if module is None or found is None or not isinstance(found.body, cst.IndentedBlock):
        return None
    returns = re.search(r"\breturn +\S", module.code_for_node(found.body))
    source = _EARLY.format(asked=asked, test=_middleware.test(paths), value=" None" if returns else "")
    changed = module.deep_replace(found, _handing.before_all(module, found, source, text))
    return _python.written(changed, text) if isinstance(changed, cst.Module) else None


# --- at each route but one


def at_each_route(tree: Tree, turned: TurnedAway, paths: list[str]) -> str | None:
    """Return the file of an app whose own dependencies stand at all that it serves but the paths.

    None where not all that is put on the app is seen in its file, where the paths are not its own, or where nothing else is.
    """
    path = turned.place.path
    read = _settings.source(tree.text(path))
    made = _made(read.module, turned.place) if read is not None else None
    if read is None or made is None or _elsewhere(tree, path, made[0]):
        return None
    name, call, given = made
    uses = _uses(read.module, name)
    others = [use for use in uses or () if _path(use) not in paths]
    if uses is None or not others or not set(paths) <= {_path(use) for use in uses} or not isinstance(given.value, ast.List):
        return None
    listed = ", ".join(read.text[slice(*read.span(each))] for each in given.value.elts)
    if "\n" in listed or "#" in read.text[slice(*read.span(given.value))]:
        return None
    edits = _without(read, call, given)
    for use in others:
        more = _also(read, use, listed)
        if more is None:
            return None
        edits += more
    return splice(read.text, edits)


def _made(module: ast.Module, place: Place) -> tuple[str, ast.Call, ast.keyword] | None:
    """Return the app that is given a dependency at a place: its name, the call, the keyword."""
    for each in module.body:
        value = each.value if isinstance(each, ast.Assign | ast.AnnAssign) else None
        target = each.targets[0] if isinstance(each, ast.Assign) else getattr(each, "target", None)
        if isinstance(value, ast.Call) and isinstance(target, ast.Name) and dotted(value.func).rpartition(".")[2] == "FastAPI":
            given = next((keyword for keyword in value.keywords if keyword.arg == "dependencies"), None)
            listed = given.value.elts if given is not None and isinstance(given.value, ast.List) else []
            if given is not None and (place.line, place.column) in [(node.lineno, node.col_offset + 1) for node in listed]:
                return target.id, value, given
    return None


def _elsewhere(tree: Tree, path: str, name: str) -> bool:
    """Say whether another file may put something on the app."""
    verbs = "|".join((*_VERBS, "include_router", "add_api_route", "websocket"))
    puts = re.compile(rf"(?<!\w){re.escape(name)}(?:\.(?:{verbs})\(|\s+as\b)")
    for other in survey.files(tree):
        if other.endswith(".py") and other != path:
            try:
                if puts.search(tree.text(other)):
                    return True
            except Unreadable:
                return True
    return False


def _uses(module: ast.Module, name: str) -> list[ast.Call] | None:
    """Return the calls that put routes and routers on an app; None where something else is done with it."""
    found: list[ast.Call] = []
    known: set[ast.AST] = set()
    for node in ast.walk(module):
        owner, _, verb = dotted(node.func).rpartition(".") if isinstance(node, ast.Call) else ("", "", "")
        if owner == name and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if verb in _VERBS or verb == "include_router":
                found.append(node)
            elif verb not in _HARMLESS:
                return None
            known.add(node.func.value)
        elif isinstance(node, ast.Call) and dotted(node.func) in ("uvicorn.run", "hypercorn.run"):
            known |= set(node.args)
        elif isinstance(node, ast.Attribute) and dotted(node.value) == name and node.attr in _HARMLESS:
            known.add(node.value)
    names = [node for node in ast.walk(module) if isinstance(node, ast.Name) and node.id == name]
    return found if all(node in known or isinstance(node.ctx, ast.Store) for node in names) else None


def _path(use: ast.Call) -> str:
    """Return the path of a route; empty for a router."""
    given = use.args[0] if use.args else next((each.value for each in use.keywords if each.arg == "path"), None)
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""


def _without(read: Source, call: ast.Call, given: ast.keyword) -> list[Splice]:
    """Return the splice that takes a keyword out of a call."""
    others: list[Node] = [*call.args, *(each for each in call.keywords if each is not given)]
    start, end = read.span(given)
    before = [read.span(each)[1] for each in others if read.span(each)[1] <= start]
    after = [read.span(each)[0] for each in others if read.span(each)[0] >= end]
    if after:
        return [Splice(start, min(after), "")]
    if before:
        return [Splice(max(before), end, "")]
    tail = re.match(r"\s*,", read.text[end:])
    return [Splice(start, end + (tail.end() if tail else 0), "")]


def _also(read: Source, use: ast.Call, listed: str) -> list[Splice] | None:
    """Return the splices that give a route, or a router, the dependencies as well; before those that it has."""
    given = next((each for each in use.keywords if each.arg == "dependencies"), None)
    if given is not None:
        if not isinstance(given.value, ast.List) or not given.value.elts:
            return None
        at = read.span(given.value.elts[0])[0]
        return [Splice(at, at, f"{listed}, ")]
    last = [*use.args, *(each.value for each in use.keywords)]
    heads: list[Node] = [*use.args, *use.keywords]
    if not last:
        return None
    close = read.span(use)[1] - 1
    return _settings.behind(read, use.lineno, heads[-1], last[-1], close, f"dependencies=[{listed}]")
