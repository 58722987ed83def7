"""What a Flask app answers a health check with before a view sees it: the functions of `@app.before_request`, in their order.

From Flask 3.1: `app.py` (`preprocess_request`: the first that returns something ends it).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engine.boot import bodies, handling, refusing, web
from bot.engine.boot.asked import Request, Roles
from bot.engine.boot.bodies import Body, Function
from bot.engine.boot.finder import Loaded
from bot.engine.boot.startup import origin
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, Route, TurnedAway
from bot.engine.model.target import Check

_FARTHEST = 4  # functions that hand an app on


def turned_away(walk: Walk, app: tuple[Loaded, str], check: Check, request: Request) -> TurnedAway | None:
    """Return the function that turns a check away; None where none is known to."""
    made = bodies.made(walk, *app, ("Flask",))
    if made is None:
        return None
    routes = web.routes(walk, *app)
    route = routes.answering(request.path, request.method) if routes is not None else None
    asking = _Asking(walk, request._replace(endpoint=_endpoint(walk, route, made.name)))
    for loaded, function in asking.all(made):
        ended = handling.ended(
            function,
            Roles("request", (), silent="on", kind="flask"),
            asking.request,
            walk.scope(walk.frame(loaded)),
        )
        refusal = refusing.refusal(ended, function)
        if refusal is not None:
            place = Place(loaded.found.tree or "", function.lineno, function.col_offset + 1)
            told = TurnedAway("before", check.path or "/", refusal.status, place, check.place, loaded.name)
            return told._replace(sure=refusal.sure, route=route.handler if route is not None else None)
        if ended.found != {"on"}:
            return None
    return None


def _endpoint(walk: Walk, route: Route | None, app: str) -> str | None:
    """Return what Flask calls the view of a route that the app itself has."""
    function = bodies.function_at(walk.tree, route.handler) if route is not None else None
    for each in function.decorator_list if function is not None else ():
        if isinstance(each, ast.Call) and dotted(each.func).startswith(f"{app}."):
            named = next((keyword.value for keyword in each.keywords if keyword.arg == "endpoint"), None)
            name = named.value if isinstance(named, ast.Constant) else None if named else function.name if function else None
            return name if isinstance(name, str) else None
    return None


class _Asking:
    def __init__(self, walk: Walk, request: Request) -> None:
        self.walk = walk
        self.request = request

    def all(self, made: bodies.Made) -> Iterator[tuple[Loaded, Function]]:
        """Yield the functions that are asked before each view, in their order."""
        yield from self.of(made.body, made.name, 0)
        if made.held is not None:
            yield from self.of(bodies.of_module(self.walk, made.held[0]), made.held[1], 0)
        home, name = made.held if made.held is not None else (made.body.loaded, made.name)
        for other in self.walk.loaded.values():
            if other is None or other.found.kind == "outside" or other is home or other.found.tree is None:
                continue
            for alias in other.facts.names:
                if origin(self.walk, other, alias) == (home, name):
                    yield from self.of(bodies.of_module(self.walk, other), alias, 0)

    def of(self, body: Body, name: str, depth: int) -> Iterator[tuple[Loaded, Function]]:
        for statement in body.statements:
            match statement:
                case ast.FunctionDef() if any(dotted(each) == f"{name}.before_request" for each in statement.decorator_list):
                    yield body.loaded, statement
                case ast.Expr(value=ast.Call() as call):
                    yield from self.called(call, body, name, depth)

    def called(self, call: ast.Call, body: Body, name: str, depth: int) -> Iterator[tuple[Loaded, Function]]:
        """`app.before_request(check_key)`, `protect(app)`."""
        if dotted(call.func) == f"{name}.before_request" and call.args:
            found = self.walk.function(dotted(call.args[0]), body.loaded)
            if found is not None:
                yield found[0], found[0].facts.functions[found[1]]
            return
        at = [index for index, each in enumerate(call.args) if dotted(each) == name]
        found = self.walk.function(dotted(call.func), body.loaded) if at and depth < _FARTHEST else None
        function = found[0].facts.functions[found[1]] if found is not None else None
        if found is not None and function is not None and at[0] < len(function.args.args):
            yield from self.of(bodies.of_function(found[0], function), function.args.args[at[0]].arg, depth + 1)
