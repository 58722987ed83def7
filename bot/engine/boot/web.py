"""The routes of an app, as far as they can be read: enough to tell whether a health check's path is answered at all.

FastAPI, Starlette and Flask apps whose object is made at a module's top level: decorated functions, routers with their
prefixes, blueprints. Anything else that could answer (a mount, a router made by a function, a middleware that answers
itself, a catch-all) makes the answer unknown. What happens to a path: Starlette 0.40 and later (`routing.py`: an unknown
path is 404, a path that differs by its last slash is a 307), Flask 3 (404; 308 to the form with a slash).
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import NamedTuple

from bot.engine.boot.facts import Import
from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.modules import function_constants, function_events
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model import wildcards
from bot.engine.model.findings import Place, Route, Unanswered
from bot.engine.model.target import Check
from bot.engine.model.tree import Unreadable

_METHODS = frozenset("get post put delete patch head options api_route route websocket".split())
_APPS = {
    "FastAPI": "starlette",
    "Starlette": "starlette",
    "APIRouter": "starlette",
    "Flask": "flask",
    "Blueprint": "flask",
}
_TRANSPARENT = frozenset({"CORSMiddleware", "GZipMiddleware", "SessionMiddleware"})  # they leave a plain GET alone
_INCLUDING = ("include_router", "register_blueprint")
_HARMLESS = re.compile(  # what may be called on an app without a change to what it answers
    r"(?:config|state|logger|cli|jinja_env|dependency_overrides|extensions|json|jinja_loader)\b.*"
    r"|on_event|add_event_handler|run|openapi|teardown_\w+|context_processor|template_\w+|shell_context_processor|app_context"
    r"|add_template_\w+|test_client|test_request_context|url_path_for|url_for|make_response|websocket"
)


class Routes(NamedTuple):
    """All routes of an app; `open` says why there may be more of them."""

    framework: str
    found: tuple[Route, ...]
    open: str | None

    def status(self, path: str, method: str) -> int | None:
        """Return what a request is answered with: 404, 405, 307 or 308; None when a route takes it or nobody knows."""
        path = path.partition("?")[0]
        taken = [route for route in self.found if _matches(route.path, path)]
        of_itself = self.framework == "flask" and method in ("HEAD", "OPTIONS")
        if any(method in route.methods or of_itself for route in taken):
            return None
        if self.open:
            return None
        if taken:
            return 405
        other = path.rstrip("/") if path.endswith("/") else path + "/"
        if other and any(_matches(route.path, other) for route in self.found):
            if self.framework == "starlette":
                return 307
            return 308 if other.endswith("/") else 404
        return 404

    def answering(self, path: str, method: str) -> Route | None:
        """Return the route that takes a request first."""
        path = path.partition("?")[0]
        return next((route for route in self.found if method in route.methods and _matches(route.path, path)), None)

    def about(self, check: Check, status: int) -> Unanswered:
        """Return what is known about a check that is answered with this status."""
        return Unanswered(check.path or "/", check.method, status, self.found)


@lru_cache(maxsize=512)
def _parsed(source: bytes) -> ast.Module:
    return ast.parse(source)


def _matches(route: str, path: str) -> bool:
    pieces = [wildcards.Piece(wildcards.START, [])]
    for index, piece in enumerate(re.split(r"(\{[^{}]*\}|<[^<>]*>)", route)):
        if index % 2 == 0:
            pieces[-1].text.append(re.escape(piece))
        elif piece.endswith(":path}") or piece.startswith("<path:"):
            pieces.append(wildcards.Piece(wildcards.ANYTHING, []))
        else:
            pieces[-1].text.append("[^/]")
            pieces.append(wildcards.Piece(wildcards.NAMES, []))
    return re.fullmatch(wildcards.expression(pieces), path) is not None


def routes(walk: Walk, module: Loaded, attribute: str) -> Routes | None:
    """Return the routes of the app object `attribute` of a module that the walk has loaded; None when it is no such app."""
    reader = _Reader(walk)
    framework = reader.framework(module, attribute)
    if framework is None:
        return None
    reader.collect(module, attribute, "")
    return Routes(framework, tuple(reader.found), reader.open)


class _Reader:
    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.found: list[Route] = []
        self.open: str | None = None
        self.seen: set[tuple[str, str, str]] = set()
        self.imports: dict[str, list[Import]] = {}  # by module

    def body(self, module: Loaded) -> list[ast.stmt]:
        if module.found.tree is None:
            return []
        try:
            return _parsed(self.walk.tree.read(module.found.tree)).body
        except (SyntaxError, ValueError, Unreadable):
            self.open = f"{module.found.tree} was not read"
            return []

    def maker(self, module: Loaded, name: str) -> ast.Call | None:
        """Return the call that makes a module's name."""
        value = module.facts.constants.get(name)
        return value if isinstance(value, ast.Call) else None

    def framework(self, module: Loaded, name: str) -> str | None:
        call = self.maker(module, name)
        return _APPS.get(dotted(call.func).rpartition(".")[2]) if call else None

    def collect(self, module: Loaded, name: str, prefix: str) -> None:
        """Add the routes of one app or router object below `prefix`."""
        call = self.maker(module, name)
        if (module.name, name, prefix) in self.seen:
            return
        self.seen.add((module.name, name, prefix))
        if call is None or dotted(call.func).rpartition(".")[2] not in _APPS:
            self.open = f"`{name}` in {module.name} is not made where it can be seen"
            return
        own = _text(_keyword(call, "prefix") or _keyword(call, "url_prefix"))
        given = {keyword.arg for keyword in call.keywords}
        if own is None or given & {None, "routes", "middleware", "root_path", "exception_handlers"}:
            self.open = f"`{name}` in {module.name} is made with values that were not followed"
            return
        self.lifespan(_keyword(call, "lifespan"), module, name)
        kind = dotted(call.func).rpartition(".")[2]
        if kind == "FastAPI":
            self.builtin(call, module)
        elif kind == "Flask":
            static = Place(module.found.tree or "", call.lineno)
            self.found.append(Route("/static/<path:filename>", frozenset({"GET", "HEAD"}), static))
            if _keyword(call, "static_url_path") is not None:
                self.open = f"{module.found.tree}:{call.lineno} serves files at a path of its own"
        for statement in self.body(module):
            self.statement(statement, module, name, prefix + own)
        self.elsewhere(module, name)

    def lifespan(self, node: ast.expr | None, module: Loaded, name: str) -> None:
        """Look at the function that runs when the app starts and is given it, as its first argument."""
        function = module.facts.functions.get(dotted(node)) if node is not None else None
        if function is not None and function.args.args:
            for inner in function.body:
                self.hidden(inner, module, function.args.args[0].arg)
        elif node is not None:
            self.open = f"`{name}` in {module.name} is given a lifespan that was not followed"

    def builtin(self, call: ast.Call, module: Loaded) -> None:
        """Add what FastAPI serves by itself, unless it is told otherwise."""
        place = Place(module.found.tree or "", call.lineno)
        for option, path in (("docs_url", "/docs"), ("redoc_url", "/redoc"), ("openapi_url", "/openapi.json")):
            given = _keyword(call, option)
            self.found.append(Route(_text(given) or path if given is not None else path, frozenset({"GET", "HEAD"}), place))

    def statement(self, statement: ast.stmt, module: Loaded, name: str, prefix: str) -> None:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in statement.decorator_list:
                self.decorated(decorator, module, name, prefix)
            if name not in function_constants(statement)[1]:
                for inner in statement.body:
                    self.hidden(inner, module, name)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            self.call(statement.value, module, name, prefix)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            self.hidden(statement, module, name)

    def hidden(self, statement: ast.stmt, module: Loaded, name: str) -> None:
        """Look at code that may run or not (a branch, a loop, a function, a class): what it does with the app is not known."""
        made = self.maker(module, name)
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and node is not made:
                verb = dotted(node.func).removeprefix(f"{name}.")
                own = dotted(node.func).startswith(f"{name}.") and not _HARMLESS.fullmatch(verb)
                if own or _hands_on(node, name):
                    self.open = f"{module.found.tree}:{node.lineno} does something with `{name}` that was not followed"
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                verb = dotted(node).removeprefix(f"{name}.")
                if dotted(node).startswith(f"{name}.") and not _HARMLESS.fullmatch(verb):
                    self.open = f"{module.found.tree}:{node.lineno} changes `{name}` in a way that was not followed"

    def elsewhere(self, module: Loaded, name: str) -> None:
        """Look for other modules that import the object and add to it."""
        for other in self.walk.loaded.values():
            if other is None or other.found.kind == "outside" or other.found.tree == module.found.tree:
                continue
            for alias in self.called(other, module.name, name):
                for node in ast.walk(ast.Module(self.body(other), [])):
                    hands_on = isinstance(node, ast.Call) and not _includes(node) and _hands_on(node, alias)
                    verb = node.attr if isinstance(node, ast.Attribute) and dotted(node.value) == alias else "state"
                    if hands_on or not _HARMLESS.fullmatch(verb):
                        self.open = f"{other.found.tree} does something with `{name}` of {module.name}"

    def decorated(self, decorator: ast.expr, module: Loaded, name: str, prefix: str) -> None:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(function, ast.Attribute) or dotted(function.value) != name:
            return
        method = function.attr
        if method not in _METHODS and not _HARMLESS.fullmatch(method):
            self.open = f"{module.found.tree}:{decorator.lineno} may answer requests itself"
        if method in _METHODS and isinstance(decorator, ast.Call):
            if _keyword(decorator, "strict_slashes") is not None:
                self.open = f"{module.found.tree}:{decorator.lineno} has a rule of its own for slashes"
            path = (
                _text(decorator.args[0])
                if decorator.args
                else _text(_keyword(decorator, "path") or _keyword(decorator, "rule"))
            )
            self.add(path, _methods(decorator, method), prefix, Place(module.found.tree or "", decorator.lineno))

    def add(self, path: str | None, methods: frozenset[str] | None, prefix: str, place: Place) -> None:
        if path is None or methods is None:
            self.open = f"{place.path}:{place.line} names its path or its methods in a way that was not followed"
        elif methods:
            self.found.append(Route(prefix + path, methods, place))

    def call(self, call: ast.Call, module: Loaded, name: str, prefix: str) -> None:
        function = dotted(call.func)
        if not function.startswith(f"{name}."):
            others = [node for node in ast.walk(call) if isinstance(node, ast.Call) and not _includes(node)]
            if any(_hands_on(node, name) for node in others):
                self.open = f"{module.found.tree}:{call.lineno} hands `{name}` to a function"
            return
        verb = function.removeprefix(f"{name}.")
        if verb in _INCLUDING and call.args:
            self.included(call, module, prefix)
        elif verb == "add_middleware" and call.args:
            if dotted(call.args[0]).rpartition(".")[2] not in _TRANSPARENT:
                self.open = f"{module.found.tree}:{call.lineno} adds a middleware that may answer requests itself"
        elif not _HARMLESS.fullmatch(verb):
            self.open = f"{module.found.tree}:{call.lineno} adds routes in a way that was not followed"

    def included(self, call: ast.Call, module: Loaded, prefix: str) -> None:
        more = _text(_keyword(call, "prefix") or _keyword(call, "url_prefix"))
        found = self.named(dotted(call.args[0]), module)
        if more is None or found is None:
            self.open = f"{module.found.tree}:{call.lineno} includes a router that was not followed"
            return
        if dotted(call.func).endswith("register_blueprint") and _keyword(call, "url_prefix") is not None:
            inner = self.maker(*found)  # the registration's prefix replaces the blueprint's own
            if inner is not None and _keyword(inner, "url_prefix") is not None:
                self.open = f"{module.found.tree}:{call.lineno} replaces a blueprint's prefix"
                return
        self.collect(*found, prefix + more)

    def called(self, other: Loaded, module: str, name: str) -> list[str]:
        """Return under which names a module knows an object of another one."""
        if other.name not in self.imports:
            self.imports[other.name] = _imports(other)
        found = []
        for event in self.imports[other.name]:
            base = self.walk.absolute(event, package_of(other))
            if event.names is None and event.module == module:
                found.append(f"{module}.{name}")
            for original, alias in zip(event.names or (), event.aliases, strict=False):
                if base == module and original == name:
                    found.append(alias)
                elif base == module and original == "*":
                    found.append(name)
                elif base and f"{base}.{original}" == module:
                    found.append(f"{alias}.{name}")
        return found

    def named(self, name: str, module: Loaded) -> tuple[Loaded, str] | None:
        """Return the module and name behind `router`, `users.router` or `package.users.router`."""
        first, _, rest = name.partition(".")
        if not rest and first in module.facts.constants:
            return module, first
        for event in module.facts.events:
            if not isinstance(event, Import) or event.names is None or not name:
                continue
            base = self.walk.absolute(event, package_of(module))
            for original, alias in zip(event.names, event.aliases, strict=True):
                if alias != first or base is None:
                    continue
                child = self.walk.loaded.get(f"{base}.{original}")
                if rest and child and "." not in rest:
                    return self.within(child, rest)
                owner = self.walk.loaded.get(base)
                if not rest and owner:
                    return self.within(owner, original)
        return None

    def within(self, module: Loaded, name: str) -> tuple[Loaded, str] | None:
        """Follow a name that a module only hands on."""
        if name in module.facts.constants:
            return module, name
        return self.named(name, module) if name in module.facts.names else None


def _hands_on(call: ast.Call, name: str) -> bool:
    """Say whether an object is among the arguments of a call, `uvicorn.run(app)` left out."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(dotted(each) == name for each in given) and dotted(call.func) not in ("uvicorn.run", "hypercorn.run", "serve")


def _includes(call: ast.Call) -> bool:
    """Say whether a call hangs a router into an app, which leaves the router's own routes alone."""
    return dotted(call.func).rpartition(".")[2] in _INCLUDING


def _imports(other: Loaded) -> list[Import]:
    """Return all imports of a module, those of its functions too."""
    found = []
    queue: list[object] = [*other.facts.events, *map(function_events, other.facts.functions.values())]
    while queue:
        event = queue.pop()
        if isinstance(event, Import):
            found.append(event)
        elif isinstance(event, tuple):
            queue.extend(each for each in event if isinstance(each, tuple))
    return found


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(node: ast.expr | None) -> str | None:
    """Return a constant string, `""` for nothing; None for anything else."""
    if node is None:
        return ""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _methods(call: ast.Call, verb: str) -> frozenset[str] | None:
    given = _keyword(call, "methods")
    if verb == "websocket":
        return frozenset()
    if verb not in ("route", "api_route"):
        return frozenset({verb.upper()})
    if given is None:
        return frozenset({"GET", "HEAD"})
    if not isinstance(given, ast.List | ast.Tuple | ast.Set):
        return None
    listed = [_text(element) for element in given.elts]
    return None if None in listed else frozenset(str(method).upper() for method in listed)
