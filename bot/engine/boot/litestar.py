"""Reads the routes of a Litestar app: the handlers that it, its routers and its controllers are given.

From Litestar 2 (`app.py`, `handlers/http_handlers/decorators.py`): `@get("/health")` makes a handler of a function, whose path
is `/` without one; the app takes handlers, `Router(path=…, route_handlers=[…])` and classes of `Controller`.
"""

from __future__ import annotations

import ast

from bot.engine.boot import bodies
from bot.engine.boot.bodies import Body, Function, Made, last
from bot.engine.boot.startup import origin
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, Route

_VERBS = frozenset("get post put patch delete head".split())
_FARTHEST = 4
_PLAIN = frozenset("route_handlers debug cors_config logging_config on_startup on_shutdown lifespan dependencies state".split())


def read(walk: Walk, made: Made) -> tuple[tuple[Route, ...], str | None]:
    """Return the routes of an app, and why there may be more of them."""
    reader = _Reader(walk)
    given = {keyword.arg for keyword in made.call.keywords}
    if given - _PLAIN:
        reader.open = f"{made.body.loaded.found.tree}:{made.call.lineno} makes the app with values that were not followed"
    reader.listed(made.call, made.body, "", 0)
    return tuple(reader.found), reader.open


class _Reader:
    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.found: list[Route] = []
        self.open: str | None = None

    def listed(self, call: ast.Call, body: Body, prefix: str, depth: int) -> None:
        """Add what an app or a router is given."""
        node = next((each.value for each in call.keywords if each.arg == "route_handlers"), None)
        node = call.args[0] if node is None and call.args else node
        value = body.constants.get(dotted(node)) if isinstance(node, ast.Name) else node
        for each in value.elts if isinstance(value, ast.List | ast.Tuple) else [value] if value is not None else []:
            if depth > _FARTHEST or not self.entry(dotted(each), body, prefix, depth):
                self.open = f"{body.loaded.found.tree}:{call.lineno} is given handlers that were not followed"

    def entry(self, name: str, body: Body, prefix: str, depth: int) -> bool:
        """Add what one entry answers; False where it is not known what that is."""
        for _ in range(_FARTHEST):
            made = body.constants.get(name)
            if isinstance(made, ast.Call) and last(made) == "Router":
                path = next((each.value for each in made.keywords if each.arg == "path"), made.args[0] if made.args else None)
                if not isinstance(path, ast.Constant) or not isinstance(path.value, str):
                    return False
                self.listed(made, body, _join(prefix, path.value), depth + 1)
                return True
            for node in body.statements:
                if isinstance(node, ast.ClassDef) and node.name == name:
                    return self.controller(node, body, prefix)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                    return self.function(node, body, prefix)
            further = origin(self.walk, body.loaded, name)
            if further is None or further[0].found.tree is None:
                return False
            body, name = bodies.of_module(self.walk, further[0]), further[1]
        return False

    def controller(self, node: ast.ClassDef, body: Body, prefix: str) -> bool:
        path = "/"
        for each in node.body:
            if isinstance(each, ast.Assign) and [dotted(target) for target in each.targets] == ["path"]:
                value = each.value
                if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
                    return False
                path = value.value
        methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        handlers = [each for each in methods if each.decorator_list]
        return [dotted(base).rpartition(".")[2] for base in node.bases] == ["Controller"] and all(
            self.function(each, body, _join(prefix, path)) for each in handlers
        )

    def function(self, node: Function, body: Body, prefix: str) -> bool:
        """Add the paths of a function that a decorator makes a handler of."""
        calls = [each for each in node.decorator_list if isinstance(each, ast.Call) and last(each) in _VERBS]
        if len(calls) != 1 or len(node.decorator_list) != 1:
            return False
        given = calls[0].args[0] if calls[0].args else None
        given = given or next((each.value for each in calls[0].keywords if each.arg == "path"), ast.Constant("/"))
        paths = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
        place = Place(body.loaded.found.tree or "", calls[0].lineno)
        handler = Place(place.path, node.lineno, node.col_offset + 1)
        for path in paths:
            if not isinstance(path, ast.Constant) or not isinstance(path.value, str):
                return False
            methods = frozenset({last(calls[0]).upper()})
            self.found.append(Route(_join(prefix, path.value), methods, place, handler))
        return True


def _join(prefix: str, path: str) -> str:
    return "/" + "/".join(part for part in f"{prefix}/{path}".split("/") if part)
