"""Reads the routes of an app where it is made, and of what is hung into it.

FastAPI, Starlette and Flask: decorated functions, lists of routes, routers with their prefixes, blueprints, in a
module's own code or in a function that makes the app. Anything else that could answer (a router made by a function, a
middleware that answers itself, a catch-all) leaves it open what more there is.
"""

from __future__ import annotations

import ast
import re

from bot.engine.boot import bodies
from bot.engine.boot.bodies import Body, Function, Made, last
from bot.engine.boot.facts import Import
from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.modules import function_constants, function_events
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, Route

_METHODS = frozenset("get post put delete patch head options api_route route websocket".split())
_ROUTERS = frozenset("FastAPI Starlette APIRouter Router Flask Blueprint".split())
_TRANSPARENT = frozenset({"CORSMiddleware", "GZipMiddleware", "SessionMiddleware"})  # they leave a plain GET alone
_EXTENSIONS = frozenset(  # of Flask: they add no route
    "SQLAlchemy Migrate CORS Bcrypt JWTManager LoginManager Mail CSRFProtect Marshmallow Compress Cache Session MongoEngine"
    " PyMongo FlaskRedis".split()
)
_INCLUDING = ("include_router", "register_blueprint")
_ADDING = ("add_url_rule", "add_api_route", "add_route")
_HARMLESS = re.compile(  # what may be called on an app without a change to what it answers
    r"(?:config|state|logger|cli|jinja_env|dependency_overrides|extensions|json|jinja_loader)\b.*"
    r"|on_event|add_event_handler|run|openapi|teardown_\w+|context_processor|template_\w+|shell_context_processor|app_context"
    r"|add_template_\w+|test_client|test_request_context|url_path_for|url_for|make_response|websocket"
)
_READ = frozenset({"GET", "HEAD"})
_FARTHEST = 4  # functions that hand an app on


def read(walk: Walk, made: Made) -> tuple[tuple[Route, ...], str | None]:
    """Return the routes of an app, and why there may be more of them."""
    reader = _Reader(walk)
    reader.collect(made.body, made.name, "")
    if made.held is not None:
        outer = bodies.of_module(walk, made.held[0])
        reader.guards = _guards(made.call, made.body)
        for statement in outer.statements:
            reader.statement(statement, outer, made.held[1], "")
        reader.elsewhere(*made.held)
    return tuple(reader.found), reader.open


class _Reader:
    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.found: list[Route] = []
        self.open: str | None = None
        self.seen: set[tuple[str, str, str, str]] = set()
        self.imports: dict[str, list[Import]] = {}  # by module
        self.hops = 0  # into functions that are handed the app
        self.guards: tuple[Place, ...] = ()  # the dependencies of the routers that are read

    def place(self, body: Body, node: ast.expr | ast.stmt) -> Place:
        return Place(body.loaded.found.tree or "", node.lineno)

    def unclear(self, body: Body, node: ast.AST, does: str) -> None:
        """Note that there may be more routes."""
        self.open = f"{body.loaded.found.tree}:{getattr(node, 'lineno', 1)} {does}"

    def collect(self, body: Body, name: str, prefix: str) -> None:
        """Add the routes of one app or router object below `prefix`."""
        call = body.constants.get(name)
        key = (body.loaded.name, body.function.name if body.function else "", name, prefix)
        if key in self.seen:
            return
        self.seen.add(key)
        if not isinstance(call, ast.Call) or last(call) not in _ROUTERS:
            self.open = f"`{name}` in {body.loaded.name} is not made where it can be seen"
            return
        own = _text(_keyword(call, "prefix") or _keyword(call, "url_prefix"))
        given = {keyword.arg for keyword in call.keywords}
        if own is None or given & {None, "middleware", "root_path", "exception_handlers"}:
            self.open = f"`{name}` in {body.loaded.name} is made with values that were not followed"
            return
        outer, self.guards = self.guards, (*self.guards, *_guards(call, body))
        self.lifespan(_keyword(call, "lifespan"), body, name)
        self.listed(_keyword(call, "routes"), body, prefix + own)
        self.builtin(call, body)
        if not body.statements:
            self.open = f"{body.loaded.found.tree} was not read"
        for statement in body.statements:
            self.statement(statement, body, name, prefix + own)
        if body.function is None:
            self.elsewhere(body.loaded, name)
        self.guards = outer

    def lifespan(self, node: ast.expr | None, body: Body, name: str) -> None:
        """Look at the function that runs when the app starts and is given it, as its first argument."""
        function = body.loaded.facts.functions.get(dotted(node)) if node is not None else None
        if function is not None and function.args.args:
            for inner in function.body:
                self.hidden(inner, body, function.args.args[0].arg)
        elif node is not None:
            self.open = f"`{name}` in {body.loaded.name} is given a lifespan that was not followed"

    def builtin(self, call: ast.Call, body: Body) -> None:
        """Add what FastAPI and Flask serve by themselves, unless they are told otherwise."""
        place = self.place(body, call)
        if last(call) == "FastAPI":
            for option, path in (("docs_url", "/docs"), ("redoc_url", "/redoc"), ("openapi_url", "/openapi.json")):
                given = _keyword(call, option)
                self.found.append(Route(_text(given) or path if given is not None else path, _READ, place))
        elif last(call) == "Flask":
            self.found.append(Route("/static/<path:filename>", _READ, place))
            if _keyword(call, "static_url_path") is not None:
                self.unclear(body, call, "serves files at a path of its own")

    def listed(self, node: ast.expr | None, body: Body, prefix: str) -> None:
        """Add the routes of a list: `[Route("/health", health), Mount("/static", app=files)]`."""
        if node is None:
            return
        value = body.constants.get(dotted(node), node) if isinstance(node, ast.Name) else node
        if isinstance(node, ast.Name) and any(_grows(statement, node.id) for statement in body.statements):
            self.unclear(body, node, "lists routes in a way that was not followed")
        for each in value.elts if isinstance(value, ast.List | ast.Tuple) else [value]:
            path = _text(each.args[0] if each.args else _keyword(each, "path")) if isinstance(each, ast.Call) else None
            if not isinstance(each, ast.Call) or path is None or last(each) not in ("Route", "Mount", "WebSocketRoute"):
                self.unclear(body, each, "lists routes in a way that was not followed")
            elif last(each) == "Route":
                handler = each.args[1] if len(each.args) > 1 else _keyword(each, "endpoint")
                self.add(path, _methods(each, "route"), prefix, self.place(body, each), self.handler(handler, body))
            elif last(each) == "Mount" and _keyword(each, "routes") is not None:
                self.listed(_keyword(each, "routes"), body, prefix + path)
            elif last(each) == "Mount":
                self.found.append(Route(f"{prefix}{path.rstrip('/')}/{{rest:path}}", _READ, self.place(body, each)))

    def handler(self, node: ast.expr | None, body: Body) -> Place | None:
        """Return where the function is defined that a route is given."""
        found = self.walk.function(dotted(node), body.loaded) if node is not None and dotted(node) else None
        if found is None:
            return None
        function = found[0].facts.functions[found[1]]
        return Place(found[0].found.tree or "", function.lineno, function.col_offset + 1)

    # --- statements

    def statement(self, statement: ast.stmt, body: Body, name: str, prefix: str) -> None:
        """Look at what a statement does with an app or a router."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in statement.decorator_list:
                self.decorated(decorator, body, name, prefix, statement)
            if name not in function_constants(statement)[1]:
                for inner in statement.body:
                    self.hidden(inner, body, name)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            self.call(statement.value, body, name, prefix)
        elif not isinstance(statement, ast.Import | ast.ImportFrom):
            self.hidden(statement, body, name)

    def hidden(self, statement: ast.stmt, body: Body, name: str) -> None:
        """Look at code that may run or not (a branch, a loop, a function, a class): what it does with the app is not known."""
        made = body.constants.get(name)
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and node is not made:
                verb = dotted(node.func).removeprefix(f"{name}.")
                own = dotted(node.func).startswith(f"{name}.") and not _HARMLESS.fullmatch(verb)
                if own or (_hands_on(node, name) and not (_includes(node) or self.extends(node, body))):
                    self.unclear(body, node, f"does something with `{name}` that was not followed")
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                verb = dotted(node).removeprefix(f"{name}.")
                if dotted(node).startswith(f"{name}.") and not _HARMLESS.fullmatch(verb):
                    self.unclear(body, node, f"changes `{name}` in a way that was not followed")
            elif isinstance(node, ast.Import | ast.ImportFrom) and body.function is not None:
                self.unclear(body, node, f"imports what may add to `{name}`")

    def elsewhere(self, module: Loaded, name: str) -> None:
        """Look for other modules that import the object and add to it."""
        for other in self.walk.loaded.values():
            if other is None or other.found.kind == "outside" or other.found.tree == module.found.tree:
                continue
            body = bodies.of_module(self.walk, other)
            for alias in self.called(other, module.name, name):
                for node in ast.walk(ast.Module(body.statements, [])):
                    hands_on = isinstance(node, ast.Call) and not _includes(node) and _hands_on(node, alias)
                    verb = node.attr if isinstance(node, ast.Attribute) and dotted(node.value) == alias else "state"
                    if (hands_on and not self.extends(node, body)) or not _HARMLESS.fullmatch(verb):
                        self.open = f"{other.found.tree} does something with `{name}` of {module.name}"

    def decorated(self, decorator: ast.expr, body: Body, name: str, prefix: str, function: Function) -> None:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(called, ast.Attribute) or dotted(called.value) != name:
            return
        method = called.attr
        if method not in _METHODS and not _HARMLESS.fullmatch(method):
            self.unclear(body, decorator, "may answer requests itself")
        if method in _METHODS and isinstance(decorator, ast.Call):
            if _keyword(decorator, "strict_slashes") is not None:
                self.unclear(body, decorator, "has a rule of its own for slashes")
            path = _keyword(decorator, "path") or _keyword(decorator, "rule")
            place = self.place(body, decorator)
            handler = Place(place.path, function.lineno, function.col_offset + 1)
            given = decorator.args[0] if decorator.args else path
            self.add(_text(given), _methods(decorator, method), prefix, place, handler, _guards(decorator, body))

    def add(
        self,
        path: str | None,
        methods: frozenset[str] | None,
        prefix: str,
        place: Place,
        handler: Place | None = None,
        guards: tuple[Place, ...] = (),
    ) -> None:
        if path is None or methods is None:
            self.open = f"{place.path}:{place.line} names its path or its methods in a way that was not followed"
        elif methods:
            self.found.append(Route(prefix + path, methods, place, handler, (*self.guards, *guards)))

    def call(self, call: ast.Call, body: Body, name: str, prefix: str) -> None:
        function = dotted(call.func)
        if not function.startswith(f"{name}."):
            others = [node for node in ast.walk(call) if isinstance(node, ast.Call) and not _includes(node)]
            if any(_hands_on(node, name) and not self.extends(node, body) for node in others):
                self.handed(call, body, name, prefix)
            return
        verb = function.removeprefix(f"{name}.")
        if verb in _INCLUDING and call.args:
            self.included(call, body, prefix)
        elif verb in _ADDING and call.args:
            self.added(call, body, verb, prefix)
        elif verb == "add_middleware" and call.args:
            if dotted(call.args[0]).rpartition(".")[2] not in _TRANSPARENT:
                self.unclear(body, call, "adds a middleware that may answer requests itself")
        elif not _HARMLESS.fullmatch(verb):
            self.unclear(body, call, "adds routes in a way that was not followed")

    def added(self, call: ast.Call, body: Body, verb: str, prefix: str) -> None:
        """`app.add_url_rule("/health", view_func=health)`, `app.add_api_route("/health", health)`."""
        at = 2 if verb == "add_url_rule" else 1
        handler = call.args[at] if len(call.args) > at else _keyword(call, "view_func") or _keyword(call, "endpoint")
        methods, found = _methods(call, "route"), self.handler(handler, body)
        outer = self.guards
        if verb == "add_route":  # of Starlette, which knows no dependencies
            self.guards = ()
        self.add(_text(call.args[0]), methods, prefix, self.place(body, call), found, _guards(call, body))
        self.guards = outer

    def extends(self, call: ast.AST, body: Body) -> bool:
        """Say whether a call hands an app to an extension that adds no routes: `CORS(app)`, `db.init_app(app)`."""
        if not isinstance(call, ast.Call):
            return False
        owner, _, verb = dotted(call.func).rpartition(".")
        if verb != "init_app":
            return verb in _EXTENSIONS
        found = bodies.made(self.walk, body.loaded, owner, _EXTENSIONS)
        here = body.constants.get(owner)
        return found is not None or (isinstance(here, ast.Call) and last(here) in _EXTENSIONS)

    def handed(self, call: ast.Call, body: Body, name: str, prefix: str) -> None:
        """Go on in a function of the repository that is given the app: `register_routes(app)`."""
        at = [index for index, each in enumerate(call.args) if dotted(each) == name]
        found = self.walk.function(dotted(call.func), body.loaded) if len(at) == 1 and self.hops < _FARTHEST else None
        function = found[0].facts.functions[found[1]] if found else None
        if found is None or function is None or at[0] >= len(function.args.args) or function.decorator_list:
            self.unclear(body, call, f"hands `{name}` to a function")
            return
        inner = bodies.of_function(found[0], function)
        self.hops += 1
        for statement in function.body:
            self.statement(statement, inner, function.args.args[at[0]].arg, prefix)
        self.hops -= 1

    def included(self, call: ast.Call, body: Body, prefix: str) -> None:
        more = _text(_keyword(call, "prefix") or _keyword(call, "url_prefix"))
        found = self.named(dotted(call.args[0]), body)
        if more is None or found is None:
            self.unclear(body, call, "includes a router that was not followed")
            return
        if last(call) == "register_blueprint" and _keyword(call, "url_prefix") is not None:
            inner = found[0].constants.get(found[1])  # the registration's prefix replaces the blueprint's own
            if isinstance(inner, ast.Call) and _keyword(inner, "url_prefix") is not None:
                self.unclear(body, call, "replaces a blueprint's prefix")
                return
        outer, self.guards = self.guards, (*self.guards, *_guards(call, body))
        self.collect(*found, prefix + more)
        self.guards = outer

    # --- names

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

    def named(self, name: str, body: Body) -> tuple[Body, str] | None:
        """Return the code and the name behind `router`, `users.router` or `package.users.router`."""
        first, _, rest = name.partition(".")
        if not rest and first in body.constants:
            here = body.function is None or first in function_constants(body.function)[0]
            return (body if here else bodies.of_module(self.walk, body.loaded)), first
        own = function_events(body.function) if body.function is not None else ()
        for event in (*own, *body.loaded.facts.events):
            if not isinstance(event, Import) or event.names is None or not name:
                continue
            base = self.walk.absolute(event, package_of(body.loaded))
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

    def within(self, module: Loaded, name: str) -> tuple[Body, str] | None:
        """Follow a name that a module only hands on."""
        body = bodies.of_module(self.walk, module)
        if name in module.facts.constants:
            return body, name
        return self.named(name, body) if name in module.facts.names else None


def _grows(statement: ast.stmt, name: str) -> bool:
    """Say whether a statement does something with a list."""
    calls = (dotted(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call))
    return isinstance(statement, ast.AugAssign) or any(call.startswith(f"{name}.") for call in calls)


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


def _guards(call: ast.Call, body: Body) -> tuple[Place, ...]:
    """Return the dependencies that a call is given: `dependencies=[Depends(verify)]`."""
    given = _keyword(call, "dependencies")
    listed = body.constants.get(given.id) if isinstance(given, ast.Name) else given
    elements = listed.elts if isinstance(listed, ast.List | ast.Tuple) else []
    return tuple(Place(body.loaded.found.tree or "", each.lineno, each.col_offset + 1) for each in elements)


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
