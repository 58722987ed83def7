"""What an app of Starlette or FastAPI answers a health check with before a route sees it: its middleware, outermost first.

From Starlette 1.0: `applications.py` (`add_middleware` puts each before those that are there; those of the constructor come in
their order), `middleware/trustedhost.py` (400), `middleware/httpsredirect.py` (307). Middleware of the repository is read, also
one that is made from these; behind one that nobody knows, nothing is said.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot import bodies, handling, instances, limits, refusing, web
from bot.engine.boot.asked import Outcome, Request, Roles
from bot.engine.boot.bodies import Body, Function
from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.importer import Frame
from bot.engine.boot.modules import imported_as
from bot.engine.boot.startup import origin
from bot.engine.boot.told import Item, Reader
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, TurnedAway
from bot.engine.model.target import Asked, Check

_APPS = ("FastAPI", "Starlette")
_FARTHEST = 4  # functions that hand an app on
_TRUSTED, _HTTPS, _USERS = "TrustedHostMiddleware", "HTTPSRedirectMiddleware", "AuthenticationMiddleware"
_TRANSPARENT = frozenset(  # they leave a plain GET alone
    "CORSMiddleware GZipMiddleware SessionMiddleware BrotliMiddleware CorrelationIdMiddleware PrometheusMiddleware"
    " SentryAsgiMiddleware ProxyHeadersMiddleware RawContextMiddleware ContextMiddleware"
    " DBSessionMiddleware TimingMiddleware OpenTelemetryMiddleware ServerErrorMiddleware SlowAPIMiddleware"
    " SlowAPIASGIMiddleware".split()
)


class Layer(NamedTuple):
    """One middleware: its class, or the function that a decorator makes one of, and where it is put on."""

    name: str
    node: ast.expr | ast.FunctionDef | ast.AsyncFunctionDef
    options: dict[str, ast.expr]
    where: Body
    place: Place
    sure: bool


class Stack(NamedTuple):
    """The middleware of an app, outermost first; `whole` False: there may be more."""

    layers: tuple[Layer, ...]
    whole: bool


def stack(walk: Walk, module: Loaded, name: str) -> Stack | None:
    """Return the middleware of an app that a module names; None where it is not made in a way that is followed."""
    return _Reading(walk).app(module, name)


def turned_away(walk: Walk, app: tuple[Loaded, str], check: Check, asked: Asked, trusted: bool) -> TurnedAway | None:
    """Return what turns a check away; `trusted`: the server believes what a proxy says of the scheme."""
    headers = {key.lower(): value for key, value in check.headers.items()}
    path = (check.path or "/").partition("?")[0]
    request = Request(path, check.method, headers.get("host", asked.host), headers)
    found = stack(walk, *app)
    if found is None or not found.whole:
        from bot.engine.boot import flask_checks  # only for an app that is none of these

        return flask_checks.turned_away(walk, app, check, request) or limits.limited(walk, app, check, ())
    busy: TurnedAway | None = None
    for layer in found.layers:
        turned = _Asking(walk, layer, request, check, asked, trusted).outcome()
        if isinstance(turned, TurnedAway) and turned.by == "limit":
            busy = busy or turned
        elif isinstance(turned, TurnedAway):
            return turned._replace(sure=turned.sure and layer.sure)
        elif turned != "on":
            return busy
    names = tuple(layer.name.rpartition(".")[2] for layer in found.layers)
    return _guarded(walk, app, check, request) or busy or limits.limited(walk, app, check, names)


def _guarded(walk: Walk, app: tuple[Loaded, str], check: Check, request: Request) -> TurnedAway | None:
    """Return the dependency that refuses a check, of the route that answers it."""
    routes = web.routes(walk, *app)
    route = routes.answering(request.path, request.method) if routes and routes.app.framework == "fastapi" else None
    if route is None or "?" in (check.path or ""):
        return None
    from bot.engine.boot import guards  # only for a route that is known

    guard = guards.refused(walk, route, request)
    if guard is None:
        return None
    module = next((each.name for each in walk.loaded.values() if each and each.found.tree == guard.place.path), "")
    told = TurnedAway("dependency", check.path or "/", guard.refusal.status, guard.place, check.place, module)
    return told._replace(sure=guard.refusal.sure, route=guard.function)


class _Reading:
    """Follows an app to where it is made, and what is put on it."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.whole = True

    def app(self, module: Loaded, name: str) -> Stack | None:
        found = bodies.made(self.walk, module, name, _APPS)
        if found is None:
            return None
        stack = self.of(found.body, found.name, found.call)
        outer = bodies.of_module(self.walk, found.held[0]) if found.held else None
        more = self.added(outer, found.held[1], True, 0) if outer and found.held else ()
        return Stack((*reversed(list(more)), *stack.layers), self.whole)

    def of(self, body: Body, name: str, made: ast.Call) -> Stack:
        layers: list[Layer] = []
        given = next((keyword.value for keyword in made.keywords if keyword.arg == "middleware"), None)
        listed = given if given is None or isinstance(given, ast.List) else body.constants.get(dotted(given))
        for each in listed.elts if isinstance(listed, ast.List) else ():
            if isinstance(each, ast.Call) and dotted(each.func).rpartition(".")[2] == "Middleware" and each.args:
                layers.append(self.layer(each, body, True))
            else:
                self.whole = False
        self.whole = self.whole and (given is None or isinstance(listed, ast.List))
        for layer in self.added(body, name, True, 0):
            layers.insert(0, layer)
        return Stack(tuple(layers), self.whole)

    def added(self, body: Body, name: str, sure: bool, depth: int) -> Iterator[Layer]:
        """Yield what statements put on an app, in their order."""
        for statement in body.statements:
            match statement:
                case ast.Expr(value=ast.Call() as call):
                    yield from self.called(call, body, name, sure, depth)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    if any(_is_http(each, name) for each in statement.decorator_list):
                        place = Place(body.loaded.found.tree or "", statement.lineno, statement.col_offset + 1)
                        yield Layer(statement.name, statement, {}, body, place, sure)
                case ast.If(test=test, body=inner, orelse=orelse):
                    decided, told = Reader(self.walk, body.loaded, body.constants).decide(test)
                    if decided is not False:
                        yield from self.added(body._replace(statements=inner), name, sure and decided is True and told, depth)
                    if decided is not True:
                        yield from self.added(body._replace(statements=orelse), name, sure and decided is False and told, depth)
                case ast.Try(body=inner) | ast.With(body=inner):
                    yield from self.added(body._replace(statements=inner), name, sure, depth)
                case ast.For() | ast.While() | ast.Match():
                    calls = (each for each in ast.walk(statement) if isinstance(each, ast.Call))
                    self.whole = self.whole and all(dotted(each.func) != f"{name}.add_middleware" for each in calls)

    def called(self, call: ast.Call, body: Body, name: str, sure: bool, depth: int) -> Iterator[Layer]:
        function = dotted(call.func)
        if function == f"{name}.add_middleware" and call.args:
            yield self.layer(call, body, sure)
            return
        given = [index for index, each in enumerate(call.args) if dotted(each) == name]
        found = self.walk.function(function, body.loaded) if given and depth < _FARTHEST else None
        if found is not None:
            owner, inner = found[0], found[0].facts.functions[found[1]]
            parameters = inner.args.args
            if given[0] < len(parameters):
                yield from self.added(bodies.of_function(owner, inner), parameters[given[0]].arg, sure, depth + 1)

    def layer(self, call: ast.Call, body: Body, sure: bool) -> Layer:
        options = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        place = Place(body.loaded.found.tree or "", call.args[0].lineno, call.args[0].col_offset + 1)
        return Layer(dotted(call.args[0]), call.args[0], options, body, place, sure)


def _is_http(decorator: ast.expr, name: str) -> bool:
    """Say whether a decorator is `@app.middleware("http")`."""
    return (
        isinstance(decorator, ast.Call)
        and dotted(decorator.func) == f"{name}.middleware"
        and [each.value for each in decorator.args if isinstance(each, ast.Constant)] == ["http"]
    )


class _Asking:
    """Asks one middleware for a check's path."""

    def __init__(self, walk: Walk, layer: Layer, request: Request, check: Check, asked: Asked, trusted: bool) -> None:
        self.walk = walk
        self.layer = layer
        self.request = request
        self.check = check
        self.asked = asked
        self.trusted = trusted

    def outcome(self) -> TurnedAway | Outcome:
        node = self.layer.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [each.arg for each in node.args.args]
            if len(given) != 2:
                return "unknown"
            return self.judged(node, self.layer.where.loaded, Roles(given[0], (given[1],)), {})
        return self.of_class(self.layer.name, self.layer.where.loaded, 0)

    def frame(self, loaded: Loaded) -> Frame:
        return Frame(loaded, package_of(loaded), False, loaded.facts.constants)

    def of_class(self, name: str, loaded: Loaded, depth: int) -> TurnedAway | Outcome:
        """Return what a class does: one of Starlette's, or one of the repository, which may be made from it."""
        found = self.named(name, loaded) if depth < _FARTHEST else None
        if found is None:
            last = imported_as(loaded.facts).get(name, name).rpartition(".")[2]
            if last == _TRUSTED:
                return self.hosts()
            if last == _HTTPS:
                return self.https()
            if last == _USERS:
                return self.users()
            return "on" if last in _TRANSPARENT else "unknown"
        owner, node = found
        methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        bases = [dotted(base) for base in node.bases]
        own = instances.attributes(node, self.layer.options)
        ended: TurnedAway | Outcome = "base"
        called = methods.get("__call__")
        if called is not None and len(called.args.args) == 4:
            given = called.args.args[1].arg
            roles = Roles(given, ("self.app",), asgi=True)
            ended = self.judged(called, owner, roles, own)
        elif (called := methods.get("dispatch")) is not None and len(called.args.args) == 3:
            given, following = called.args.args[1].arg, called.args.args[2].arg
            ended = self.judged(called, owner, Roles(given, (following,)), own)
        if ended != "base":
            return ended
        return self.of_class(bases[0], owner, depth + 1) if len(bases) == 1 else "unknown"

    def judged(self, function: Function, loaded: Loaded, roles: Roles, own: dict[str, ast.expr]) -> TurnedAway | Outcome:
        """Return how a function of the repository ends, or the limit that it holds the check to."""
        scope = self.walk.scope(self.frame(loaded))
        ended = handling.ended(function, roles, self.request, scope, own)
        if (refusal := refusing.refusal(ended, function)) is not None:
            return self.at(function, loaded, "auth", refusal.status, refusal.sure)
        if ended.found != {"on", 429}:
            return next(iter(ended.found)) if len(ended.found) == 1 else "unknown"
        reader = Reader(self.walk, loaded, {**loaded.facts.constants, **own})
        limit = limits.by_hand(function, ended.busy, reader, self.check)
        if limit is None:
            return "on"
        return self.at(function, loaded, "limit", 429, False)._replace(limit=limit)

    def at(self, function: Function, loaded: Loaded, by: str, status: int, sure: bool) -> TurnedAway:
        """Return what a function of the repository turns away."""
        place = Place(loaded.found.tree or "", function.lineno, function.col_offset + 1)
        return self.about(by, status, sure)._replace(place=place, module=loaded.name)

    def named(self, name: str, loaded: Loaded) -> tuple[Loaded, ast.ClassDef] | None:
        """Return a class of the repository, and the module that defines it."""
        for _ in range(_FARTHEST):
            for each in bodies.statements(self.walk, loaded):
                if isinstance(each, ast.ClassDef) and each.name == name:
                    return loaded, each
            further = origin(self.walk, loaded, name)
            if further is None or further[0].found.tree is None:
                return None
            loaded, name = further
        return None

    def about(self, by: str, status: int, sure: bool) -> TurnedAway:
        module = self.layer.where.loaded.name
        path, place = self.check.path or "/", self.layer.place
        return TurnedAway(by, path, status, place, self.check.place, module, sure=sure)  # type: ignore[arg-type]

    # --- Starlette's own

    def hosts(self) -> TurnedAway | Outcome:
        """Return what TrustedHostMiddleware does with the check's Host."""
        given = self.layer.options.get("allowed_hosts")
        if given is None:
            return "on"
        where = self.layer.where
        items = Reader(self.walk, where.loaded, where.constants).items(given)
        return self.refusal(items)

    def refusal(self, items: tuple[Item, ...]) -> TurnedAway | Outcome:
        told = [item.text for item in items if item.text is not None]
        sure = all(item.why == "told" for item in items)
        if any(item.why == "open" for item in items) or not (sure or any(map(_is_public, told))):
            return "unknown"
        host = self.request.host.rpartition(":")[0] or self.request.host
        if any(pattern == "*" or host == pattern or (pattern[:1] == "*" and host.endswith(pattern[1:])) for pattern in told):
            return "on"
        if "host" not in self.request.headers and self.asked.perhaps_other and any(map(_is_public, told)):
            return "on"
        return self.about("host", 400, sure)._replace(allowed=tuple(dict.fromkeys(told)))

    def users(self) -> TurnedAway | Outcome:
        """Return what AuthenticationMiddleware does, whose backend may raise."""
        backend, loaded = self.layer.options.get("backend"), self.layer.where.loaded
        made = self.layer.where.constants.get(backend.id) if isinstance(backend, ast.Name) else backend
        found = self.named(dotted(made.func), loaded) if isinstance(made, ast.Call) else None
        if found is None:
            return "on"
        functions = [each for each in found[1].body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        function = next((each for each in functions if each.name == "authenticate" and len(each.args.args) == 2), None)
        scope = self.walk.scope(self.frame(found[0]))
        status = refusing.on_error(self.layer.options.get("on_error"), loaded.facts.functions, scope)
        if function is None:
            return "unknown"
        roles = Roles(function.args.args[1].arg, (), silent="on", kind="backend")
        ended = handling.ended(function, roles, self.request, scope, instances.attributes(found[1]))
        refusal = refusing.refusal(ended, function)
        if refusal is None or status is None:
            return "on" if ended.found == {"on"} else "unknown"
        return self.at(function, found[0], "backend", status, refusal.sure)

    def https(self) -> TurnedAway | Outcome:
        """Return what HTTPSRedirectMiddleware does with a check, which asks over plain HTTP."""
        if self.trusted and self.request.headers.get("x-forwarded-proto") == "https":
            return "on"
        return self.about("https", 307, True)._replace(header="X-Forwarded-Proto" if self.trusted else "")


def _is_public(host: str) -> bool:
    return host.lower() not in ("localhost", "127.0.0.1", "0.0.0.0", "[::1]", "testserver", "test", "")
