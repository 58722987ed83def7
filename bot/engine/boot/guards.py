"""Dependencies that FastAPI asks before a route, and that refuse whoever brings no key: the app's, its routers', the route's.

From FastAPI 0.135: `dependencies/utils.py` (a parameter of a dependency that is required and missing is a 422),
`security/` (a scheme refuses before the function that asks for it is called, unless it is told `auto_error=False`; with 401,
older releases in part with 403).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot import bodies, handling, refusing
from bot.engine.boot.asked import Request, Roles
from bot.engine.boot.bodies import Function
from bot.engine.boot.finder import Loaded
from bot.engine.boot.modules import parameters, parsed
from bot.engine.boot.refusing import Refusal
from bot.engine.boot.startup import origin
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, Route
from bot.engine.model.tree import Unreadable

_SCHEMES = frozenset(
    "HTTPBearer HTTPBasic HTTPDigest APIKeyHeader APIKeyQuery APIKeyCookie OAuth2PasswordBearer OAuth2AuthorizationCodeBearer"
    " OpenIdConnect".split()
)
_TAKEN = ("Header", "Cookie", "Query")  # parameters that a check may not bring
_ASKING = ("Depends", "Security")
_CONNECTIONS = ("Request", "HTTPConnection")
_DEEPEST = 5


class Guard(NamedTuple):
    """A dependency that refuses a check: where it is written, and the function that does so, None where it is not called."""

    refusal: Refusal
    place: Place
    function: Place | None


def refused(walk: Walk, route: Route, request: Request) -> Guard | None:
    """Return the first dependency of a route that refuses a request; None where they all let it on, as far as is known."""
    asking = _Asking(walk, request)
    for place in route.guards:
        loaded, node = written(walk, place)
        found = asking.dependency(node, loaded, place, 0) if loaded and node is not None else None
        if found is not None:
            return found
    function = bodies.function_at(walk.tree, route.handler)
    loaded = _module(walk, route.handler) if route.handler else None
    if function is None or loaded is None:
        return None
    return next(asking.parameters(function, loaded, 0), None)


def _module(walk: Walk, place: Place) -> Loaded | None:
    return next((each for each in walk.loaded.values() if each and each.found.tree == place.path), None)


def written(walk: Walk, place: Place) -> tuple[Loaded | None, ast.expr | None]:
    """Return the module and the expression at a place."""
    try:
        nodes = ast.walk(parsed(walk.tree.read(place.path)))
    except (SyntaxError, Unreadable):
        return None, None
    at = (place.line, place.column - 1)
    found = (node for node in nodes if isinstance(node, ast.Call) and (node.lineno, node.col_offset) == at)
    return _module(walk, place), next(found, None)


class _Asking:
    def __init__(self, walk: Walk, request: Request) -> None:
        self.walk = walk
        self.request = request

    def dependency(self, node: ast.expr, loaded: Loaded, place: Place, depth: int) -> Guard | None:
        """Return how `Depends(verify)` refuses the request."""
        if not isinstance(node, ast.Call) or bodies.last(node) not in _ASKING or not node.args or depth > _DEEPEST:
            return None
        wanted = node.args[0]
        made, owner = self.made(wanted, loaded)
        if made is not None:
            return Guard(Refusal(401, True), place, None) if _refuses(made, self.request) else None
        found = self.walk.function(dotted(wanted), owner)
        if found is None:
            return None
        module, function = found[0], found[0].facts.functions[found[1]]
        if (before := next(self.parameters(function, module, depth + 1), None)) is not None:
            return Guard(before.refusal, place, None)
        refusal = self.called(function, module)
        where = Place(module.found.tree or "", function.lineno, function.col_offset + 1)
        return Guard(refusal, place, where) if refusal is not None else None

    def made(self, wanted: ast.expr, loaded: Loaded) -> tuple[ast.Call | None, Loaded]:
        """Return the call that makes a scheme of FastAPI's, here or in the module that it is imported from."""
        if isinstance(wanted, ast.Call):
            return (wanted if bodies.last(wanted) in _SCHEMES else None), loaded
        name = dotted(wanted)
        call = loaded.facts.constants.get(name)
        if call is None and (further := origin(self.walk, loaded, name)) is not None:
            call = further[0].facts.constants.get(further[1])
        return (call if isinstance(call, ast.Call) and bodies.last(call) in _SCHEMES else None), loaded

    def parameters(self, function: Function, loaded: Loaded, depth: int) -> Iterator[Guard]:
        """Yield what a function's parameters refuse before it is called."""
        for name, asked in _asked(function):
            place = Place(loaded.found.tree or "", asked.lineno, asked.col_offset + 1)
            if bodies.last(asked) in _ASKING:
                found = self.dependency(asked, loaded, place, depth)
                if found is not None:
                    yield found
            elif depth and _required(function, name, asked) and self.brought(name, asked) is None:
                yield Guard(Refusal(422, True), place, None)

    def brought(self, name: str, asked: ast.Call) -> str | None:
        """Return what the request brings for a parameter: a header alone is known."""
        alias = next((each.value for each in asked.keywords if each.arg == "alias"), None)
        given = alias.value if isinstance(alias, ast.Constant) else name.replace("_", "-")
        return self.request.headers.get(str(given).lower()) if bodies.last(asked) == "Header" else None

    def called(self, function: Function, loaded: Loaded) -> Refusal | None:
        """Return how a function refuses, whose parameters are what the request brings."""
        scope = self.walk.scope(self.walk.frame(loaded))
        known: dict[str, ast.expr] = {}
        for name, asked in _asked(function):
            if bodies.last(asked) in _TAKEN:
                brought = self.brought(name, asked)
                known[name] = ast.Constant(brought) if brought is not None else _default(function, name, asked)
            elif self.made(asked.args[0], loaded)[0] is not None if asked.args else False:
                known[name] = ast.Constant(None)  # a scheme that does not refuse by itself
        roles = Roles(connection(function) or "request", (), silent="on", kind="dependency")
        scope = scope._replace(constants={**scope.constants, **known}, memo=None)
        return refusing.refusal(handling.ended(function, roles, self.request, scope), function)


def connection(function: Function) -> str | None:
    """Return the parameter of a function that is the request."""
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return next((each.arg for each in given if each.annotation and _last(each.annotation) in _CONNECTIONS), None)


def _last(node: ast.expr) -> str:
    return dotted(node).rpartition(".")[2]


def _asked(function: Function) -> Iterator[tuple[str, ast.Call]]:
    """Yield the parameters that FastAPI fills, with the call that says how: a default, or a part of `Annotated`."""
    annotations = {each.arg: each.annotation for each in (*function.args.args, *function.args.kwonlyargs)}
    for name, default in parameters(function).items():
        annotation = annotations.get(name)
        parts = [default] if default is not None else []
        if isinstance(annotation, ast.Subscript) and _last(annotation.value) == "Annotated":
            parts += annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
        for each in parts:
            if isinstance(each, ast.Call) and bodies.last(each) in (*_ASKING, *_TAKEN):
                yield name, each


def _default(function: Function, name: str, asked: ast.Call) -> ast.expr:
    """Return what a parameter is where the request does not bring it; `...` where it has to."""
    given = next((each.value for each in asked.keywords if each.arg == "default"), None)
    own = parameters(function)[name]
    if own is asked:
        return given or (asked.args[0] if asked.args else ast.Constant(...))
    return own or ast.Constant(...)


def _required(function: Function, name: str, asked: ast.Call) -> bool:
    default = _default(function, name, asked)
    return isinstance(default, ast.Constant) and default.value is ...


def _refuses(made: ast.Call, request: Request) -> bool:
    """Say whether a scheme refuses a request that brings nothing of the kind."""
    automatic = next((each.value for each in made.keywords if each.arg == "auto_error"), None)
    if automatic is not None and not (isinstance(automatic, ast.Constant) and automatic.value is True):
        return False
    name = next((each.value for each in made.keywords if each.arg == "name"), None)
    header = str(name.value) if isinstance(name, ast.Constant) and bodies.last(made) == "APIKeyHeader" else "authorization"
    return header.lower() not in request.headers
