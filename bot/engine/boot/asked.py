"""A health check's request, and what code finds that asks it for a path, a method, a header; it has no cookie and no user."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from bot.engine.boot.values import dotted

# "on": handed on; "host": Django looks at the Host here; "base": what the base class does; a number: answered with that status
Outcome = int | Literal["on", "host", "base", "unknown"]
_GIVEN = ("query_params", "cookies", "GET", "COOKIES", "args", "session", "POST", "form")  # a check has none of it
_PATHS = ("path", "path_info", "url.path", "scope['path']", "scope.get('path')", "scope.get('path', '')")
_ANONYMOUS = ("user.is_authenticated", "user.is_active", "authorization")
_PATH = re.compile(r"\b(?:path\w*|url\w*|endpoint|resolver_match|blueprint)\b")


class Request(NamedTuple):
    """A health check's request; the names of its headers in small letters. `endpoint` is Flask's name of the view."""

    path: str
    method: str
    host: str
    headers: Mapping[str, str]
    bad_host: bool = False  # Django raises where it looks at the Host
    endpoint: str | None = None


class Roles(NamedTuple):
    """What the parameters of a function are: the request (or ASGI's scope), and what hands it on, as it is written.

    `kind` says who calls it, and so what an exception comes to; a dependency of FastAPI, or a backend of Starlette's
    AuthenticationMiddleware, lets the request on whatever it returns.
    """

    request: str
    following: tuple[str, ...]
    asgi: bool = False
    silent: Outcome = "unknown"  # where it returns nothing
    kind: Literal["starlette", "django", "flask", "dependency", "backend"] = "starlette"


class Known(ast.NodeTransformer):
    """Puts what is known of the request in place of the expressions that ask for it."""

    def __init__(self, roles: Roles, request: Request, attributes: Mapping[str, ast.expr]) -> None:
        name = roles.request
        self.request = request
        self.name = name
        self.attributes = attributes
        self.known: dict[str, object] = {f"{name}.{each}": request.path for each in _PATHS}
        self.known |= {f"{name}.method": request.method, f"{name}.scope['type']": "http"}
        self.known |= {f"{name}.{each}": None for each in _ANONYMOUS}
        if roles.kind == "flask":
            self.known |= {f"{name}.endpoint": request.endpoint, "current_user.is_authenticated": False}
            if request.endpoint is None:
                del self.known[f"{name}.endpoint"]
        if roles.asgi:
            asked = {"path": request.path, "method": request.method, "type": "http"}
            for key, value in asked.items():
                self.known |= {f"{name}['{key}']": value, f"{name}.get('{key}')": value, f"{name}.get('{key}', '')": value}
        self.empty = {*(f"{name}.{each}" for each in _GIVEN), *(("session",) if roles.kind == "flask" else ())}

    def visit(self, node: ast.AST) -> ast.AST:
        """Return what stands for an expression."""
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            text = ast.unparse(node)
            if text in self.known:
                return ast.copy_location(ast.Constant(self.known[text]), node)  # type: ignore[arg-type]
            if text.removeprefix("self.") in self.attributes and text.startswith("self."):
                return self.visit(copy.deepcopy(self.attributes[text.removeprefix("self.")]))
            if isinstance(node, ast.Call) and node.args and (found := self._asked(node)) is not None:
                return found
        if isinstance(node, ast.Set):
            return ast.copy_location(ast.Tuple([self.visit(each) for each in node.elts], ast.Load()), node)  # type: ignore[misc]
        if isinstance(node, ast.Compare) and (held := self._held(node)) is not None:
            return held
        found = self.generic_visit(node)
        return _trimmed(found) if isinstance(found, ast.Call) else found

    def _asked(self, node: ast.Call) -> ast.AST | None:
        """Return what `request.headers.get(…)` and the like come to."""
        owner, _, verb = dotted(node.func).rpartition(".")
        given = node.args[0]
        if verb != "get" or not isinstance(given, ast.Constant) or not isinstance(given.value, str):
            return None
        name = given.value.lower()
        if owner == f"{self.name}.META" and name.startswith("http_"):
            name = name.removeprefix("http_").replace("_", "-")
        elif owner in self.empty:
            name = ""
        elif owner != f"{self.name}.headers":
            return None
        value = self.request.headers.get(name)
        if value is None and len(node.args) > 1:
            return node.args[1]
        return ast.copy_location(ast.Constant(value), node)

    def _held(self, node: ast.Compare) -> ast.AST | None:
        """Return what `"X-API-Key" in request.headers` comes to, and `"user" not in session`."""
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn) or not isinstance(node.left, ast.Constant):
            return None
        owner, name = dotted(node.comparators[0]), str(node.left.value).lower()
        if owner != f"{self.name}.headers" and owner not in self.empty:
            return None
        held = owner not in self.empty and name in self.request.headers
        return ast.copy_location(ast.Constant(held is isinstance(node.ops[0], ast.In)), node)


def asks_path(node: ast.expr, local: Mapping[str, ast.expr]) -> bool:
    """Say whether an expression asks for the request's path, or a view's name; `local` is what names stand for."""
    names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    return any(_PATH.search(ast.unparse(each)) for each in (node, *(local[name] for name in names if name in local)))


def _trimmed(node: ast.Call) -> ast.AST:
    """`"/health/".rstrip("/")` is a text; `frozenset({…})` is what it holds."""
    if dotted(node.func) in ("frozenset", "set", "tuple", "list") and len(node.args) == 1:
        return node.args[0]
    if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Constant):
        return node
    text, given = node.func.value.value, [each.value if isinstance(each, ast.Constant) else None for each in node.args]
    if isinstance(text, str) and node.func.attr in ("rstrip", "lstrip", "strip") and all(isinstance(g, str) for g in given):
        return ast.copy_location(ast.Constant(getattr(text, node.func.attr)(*given)), node)
    return node
