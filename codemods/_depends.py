"""Pages that ask others before they answer: what a module makes of libraries, and what its functions call of that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot import bodies, modules, web
from bot.engine.boot.bodies import Function
from bot.engine.boot.rendering import is_for_posts
from bot.engine.boot.values import dotted
from bot.engine.model import stdlib
from bot.engine.model.findings import App, Failing, Place, Route
from bot.engine.model.target import Service
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _health

_ASKING = frozenset("requests httpx aiohttp urllib3".split())  # what is called of them asks at once
_OWN = frozenset(  # libraries whose objects answer by themselves
    "flask fastapi starlette litestar jinja2 markupsafe werkzeug pydantic pydantic_settings dotenv structlog loguru flask_cors"
    " flask_login flask_bcrypt flask_limiter flask_wtf flask_babel slowapi markdown pytz babel numpy pandas passlib jose jwt"
    " prometheus_client sentry_sdk rich click attrs yaml ujson orjson".split()
)
_VERBS = ("get", "route", "api_route")
_DEEPEST = 4  # functions that call each other


class Page(NamedTuple):
    """The page of a process: what it is, the call that asks, and what is asked, as it is written."""

    process: str
    page: Failing
    place: Place
    asked: str


def pages(report: Report, tree: Tree) -> Iterator[Page]:
    """Yield the page of each process that asks others, where no path is checked that says how the app itself is."""
    for process, path, name, service in served(report):
        found = _page(tree, path, name, service)
        if found is not None:
            yield Page(process, *found)


def served(report: Report) -> Iterator[tuple[str, str, str, Service]]:
    """Yield each process that one service leads to, the file and the name of its app, and the service."""
    for booted in report.processes:
        services = [each for each in report.target.services if booted.process.name in each.processes]
        app = next((program.app for program in booted.programs if program.app), None)
        if app is not None and len(services) == 1:
            yield booted.process.name, *app, services[0]


def _page(tree: Tree, path: str, name: str, service: Service) -> tuple[Failing, Place, str] | None:
    checks = [check for check in service.checks if check.path is not None]
    asked = _health.plain(checks[0].path or "/") if checks else "/"
    if len(checks) > 1 or _health.is_clear(asked):
        return None
    try:
        module = modules.parsed(tree.read(path))
    except (SyntaxError, Unreadable):
        return None
    app = app_of(module, path, name)
    routes = tuple(routes_of(module, path, name))
    route = next((each for each in routes if each.path == asked and "GET" in each.methods), None)
    function = bodies.function_at(tree, route.handler) if route is not None else None
    found = _asks(module, function, _own(tree, path)) if function is not None else None
    if app is None or found is None:
        return None
    place = Place(path, found.lineno, found.col_offset + 1)
    return Failing(asked, "", routes, app, checks[0].place if checks else None), place, ast.unparse(found.func)


def app_of(module: ast.Module, path: str, name: str) -> App | None:
    """Return the app that a module's own code makes."""
    for each in module.body:
        value = each.value if isinstance(each, ast.Assign | ast.AnnAssign) else None
        targets = each.targets if isinstance(each, ast.Assign) else [each.target] if isinstance(each, ast.AnnAssign) else []
        if isinstance(value, ast.Call) and [dotted(target) for target in targets] == [name]:
            framework = web.FRAMEWORKS.get(bodies.last(value))
            place = Place(path, value.lineno, value.col_offset + 1)
            return App(framework, place, name) if framework in ("fastapi", "flask") else None  # type: ignore[arg-type]
    return None


def routes_of(module: ast.Module, path: str, name: str) -> Iterator[Route]:
    """Yield the routes of the app that answer a GET, among a module's own functions."""
    for each in module.body:
        for call in each.decorator_list if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) else ():
            if not isinstance(call, ast.Call) or not call.args or dotted(call.func) not in [f"{name}.{v}" for v in _VERBS]:
                continue
            given = call.args[0]
            methods = ast.unparse(next((word.value for word in call.keywords if word.arg == "methods"), ast.Constant("GET")))
            if isinstance(given, ast.Constant) and isinstance(given.value, str) and re.search(r"['\"]GET['\"]", methods):
                handler = Place(path, each.lineno, each.col_offset + 1)
                yield Route(given.value, frozenset({"GET", "HEAD"}), Place(path, call.lineno), handler)


def _own(tree: Tree, path: str) -> frozenset[str]:
    """Return the names of modules that lie beside a file, or in a folder above it."""
    found: set[str] = set()
    folder = path.rpartition("/")[0]
    while True:
        found |= {name.removesuffix(".py") for name in tree.entries(folder)}
        if not folder:
            return _OWN | found
        folder = folder.rpartition("/")[0]


def _asks(module: ast.Module, function: Function, own: frozenset[str]) -> ast.Call | None:
    """Return the first call of a function, or of those of its module that it calls, that asks somebody else."""
    outside = _outside(module, own)
    functions = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    queue, seen = [(function, 0)], {function.name}
    while queue:
        here, depth = queue.pop(0)
        for call in _calls(here.body):
            root = _root(call.func)
            if root in outside or (root in _ASKING and isinstance(call.func, ast.Attribute)):
                return call
            if isinstance(call.func, ast.Name) and root in functions and root not in seen and depth < _DEEPEST:
                seen.add(root)
                queue.append((functions[root], depth + 1))
    return None


def _calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Yield the calls of statements, without those that only a POST comes to, in their order."""
    queue: list[ast.AST] = list(body)
    while queue:
        node = queue.pop(0)
        if isinstance(node, ast.stmt) and is_for_posts(node):
            continue
        if isinstance(node, ast.Call):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            queue = [*ast.iter_child_nodes(node), *queue]


def _outside(module: ast.Module, own: frozenset[str]) -> set[str]:
    """Return the names of objects that a module's own code makes of libraries, and of what it takes from such an object."""
    libraries: set[str] = set()
    found: set[str] = set()
    queue: list[ast.stmt] = list(module.body)
    while queue:
        each = queue.pop(0)
        if isinstance(each, ast.Import):
            libraries |= {(a.asname or a.name).partition(".")[0] for a in each.names if _is_library(a.name, own)}
        elif isinstance(each, ast.ImportFrom) and not each.level and _is_library(each.module or "", own):
            libraries |= {alias.asname or alias.name for alias in each.names}
        elif isinstance(each, ast.Try | ast.If | ast.With):
            queue = [*each.body, *queue]
        elif isinstance(each, ast.Assign) and not isinstance(each.value, ast.Constant):
            root = _root(each.value)
            if root in found or (root in libraries and isinstance(each.value, ast.Call)):
                found |= {dotted(target) for target in each.targets}
    return found


def _is_library(name: str, own: frozenset[str]) -> bool:
    top = name.partition(".")[0]
    return top not in own and not stdlib.has(top, (3, 11))


def _root(node: ast.expr) -> str:
    """Return the name that an expression begins with: `client` of `client["db"].find()`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
