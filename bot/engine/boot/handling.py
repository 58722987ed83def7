"""What a middleware of the repository does with one request: answer it, hand it on, or something that was not followed.

The body is walked for the request of a health check, whose path, method and headers are known: a test on them is decided,
of any other both sides may run. Functions `(request, call_next)`, Django's `__call__` and `process_request`, and ASGI's
`__call__(scope, receive, send)`.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from bot.engine.boot.modules import parameters
from bot.engine.boot.values import Scope, dotted, truth

# "on": handed on; "host": Django looks at the Host here; "base": what the base class does; a number: answered with that status
Outcome = int | Literal["on", "host", "base", "unknown"]
_STATUS = {
    "HttpResponseRedirect": 302,
    "redirect": 302,
    "HttpResponsePermanentRedirect": 301,
    "RedirectResponse": 307,
    "HttpResponseBadRequest": 400,
    "HttpResponseForbidden": 403,
    "HttpResponseNotFound": 404,
    "HttpResponseServerError": 500,
    **dict.fromkeys(("HttpResponse", "JsonResponse", "Response", "PlainTextResponse", "HTMLResponse", "ORJSONResponse"), 200),
    **dict.fromkeys(("UJSONResponse", "JSONResponse"), 200),
}
_KEPT = frozenset("META path path_info headers _headers get_host scope method url".split())  # of a request, what decides
_CHANGING = frozenset("append add extend insert update remove discard pop popleft appendleft clear setdefault".split())
_BLOCKS = (ast.If, ast.Try, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While)
_HOST = ("get_host", "build_absolute_uri", "get_raw_uri")
_QUIET = re.compile(r"(?i)\b(?:log(?:ger|ging)?|print|warnings?|stats\w*|metrics?|capture_\w+|structlog|bind\w*)\b")


class Request(NamedTuple):
    """A health check's request; the names of its headers in small letters."""

    path: str
    method: str
    host: str
    headers: Mapping[str, str]
    bad_host: bool = False  # Django raises where it looks at the Host


class Roles(NamedTuple):
    """What the parameters of a function are: the request (or ASGI's scope), and what hands it on, as it is written."""

    request: str
    following: tuple[str, ...]
    asgi: bool = False
    silent: Outcome = "unknown"  # where it returns nothing


class Ended(NamedTuple):
    """How a function may end; `busy` are the tests, as far as they are known, behind which it answers 429."""

    found: frozenset[Outcome]
    busy: tuple[ast.expr, ...] = ()


def ended(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    roles: Roles,
    request: Request,
    scope: Scope,
    attributes: Mapping[str, ast.expr] | None = None,
) -> Ended:
    """Return how a function may end for a request; `attributes` are what `self.name` stands for."""
    run = _Run(roles, request, scope, attributes or {})
    if run.block(function.body):
        run.found.add(run.ending())
    return Ended(frozenset(run.found), tuple(run.busy))


def outcomes(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    roles: Roles,
    request: Request,
    scope: Scope,
    attributes: Mapping[str, ast.expr] | None = None,
) -> frozenset[Outcome]:
    """Return the ways in which a function may end for a request."""
    return ended(function, roles, request, scope, attributes).found


class _Known(ast.NodeTransformer):
    """Puts what is known of the request in place of the expressions that ask for it."""

    def __init__(self, roles: Roles, request: Request, attributes: Mapping[str, ast.expr]) -> None:
        name = roles.request
        self.request = request
        self.name = name
        self.attributes = attributes
        paths = ("path", "path_info", "url.path", "scope['path']", "scope.get('path')", "scope.get('path', '')")
        self.known: dict[str, object] = {f"{name}.{each}": request.path for each in paths}
        self.known |= {f"{name}.method": request.method, f"{name}.scope['type']": "http"}
        if roles.asgi:
            asked = {"path": request.path, "method": request.method, "type": "http"}
            for key, value in asked.items():
                self.known |= {f"{name}['{key}']": value, f"{name}.get('{key}')": value, f"{name}.get('{key}', '')": value}

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            text = ast.unparse(node)
            if text in self.known:
                return ast.copy_location(ast.Constant(self.known[text]), node)  # type: ignore[arg-type]
            if text.removeprefix("self.") in self.attributes and text.startswith("self."):
                return self.visit(copy.deepcopy(self.attributes[text.removeprefix("self.")]))
            if isinstance(node, ast.Call) and dotted(node.func) == f"{self.name}.headers.get" and node.args:
                return self._header(node)
        if isinstance(node, ast.Set):
            return ast.copy_location(ast.Tuple([self.visit(each) for each in node.elts], ast.Load()), node)  # type: ignore[misc]
        found = self.generic_visit(node)
        return _trimmed(found) if isinstance(found, ast.Call) else found

    def _header(self, node: ast.Call) -> ast.AST:
        asked = node.args[0]
        if not isinstance(asked, ast.Constant) or not isinstance(asked.value, str):
            return node
        value = self.request.headers.get(asked.value.lower())
        if value is None and len(node.args) > 1:
            return node.args[1]
        return ast.copy_location(ast.Constant(value), node)


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


class _Run:
    def __init__(self, roles: Roles, request: Request, scope: Scope, attributes: Mapping[str, ast.expr]) -> None:
        self.roles = roles
        self.request = request
        self.scope = scope
        self.known = _Known(roles, request, attributes)
        self.local: dict[str, ast.expr] = {}
        self.marks: dict[str, Outcome] = {}
        self.sent: Outcome | None = None
        self.found: set[Outcome] = set()
        self.busy: list[ast.expr] = []

    def ending(self) -> Outcome:
        """Return what it came to where nothing is returned."""
        return self.roles.silent if self.sent is None else self.sent

    def block(self, body: list[ast.stmt]) -> bool:
        """Walk statements; False where nothing comes behind them."""
        return all(self.statement(statement) for statement in body)

    def statement(self, statement: ast.stmt) -> bool:
        if self.request.bad_host and not isinstance(statement, _BLOCKS) and self.asks_host(statement):
            self.found.add("host")
            return False
        match statement:
            case ast.Return(value=value):
                self.found.add(self.ending() if value is None else self.outcome(value))
                return False
            case ast.Raise():
                self.found.add("unknown")
                return False
            case ast.If(test=test, body=body, orelse=orelse):
                return self.branch(test, body, orelse)
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                return self.assigned(target, value)
            case ast.Expr(value=value):
                return self.called(value)
            case ast.Try(body=body, orelse=orelse, finalbody=last):
                return self.tried(statement, [*body, *orelse, *last])
            case ast.With(body=body) | ast.AsyncWith(body=body):
                return self.block(body)
            case ast.For(body=body) | ast.AsyncFor(body=body) | ast.While(body=body):
                self.either(body, [])
        return True

    def decided(self, test: ast.expr) -> bool | None:
        constants = {name: node for name, node in {**self.scope.constants, **self.local}.items() if not _is_empty(node)}
        plain = self.known.visit(copy.deepcopy(test))
        names = {node.id for node in ast.walk(plain) if isinstance(node, ast.Name)}
        swapped = {name: self.known.visit(copy.deepcopy(constants[name])) for name in names if name in constants}
        scope = self.scope._replace(constants={**constants, **swapped}, memo=None)  # type: ignore[dict-item]
        return truth(plain, scope)  # type: ignore[arg-type]

    def branch(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> bool:
        if self.request.bad_host and self.asks_host(test):
            self.found.add("host")
            return False
        decided = self.decided(test)
        if decided is None:
            if any(self.answers_busy(each) for each in body):
                self.busy.append(self.known.visit(copy.deepcopy(test)))  # type: ignore[arg-type]
            return self.either(body, orelse)
        return self.block(body if decided else orelse)

    def answers_busy(self, statement: ast.stmt) -> bool:
        """Say whether a statement makes a response of 429."""
        return any(isinstance(each, ast.Call) and self.outcome(each) == 429 for each in ast.walk(statement))

    def either(self, body: list[ast.stmt], orelse: list[ast.stmt]) -> bool:
        """Walk two ways, of which one is gone."""
        before, marks = self.sent, dict(self.marks)
        one = self.block(body)
        sent, self.sent, self.marks = self.sent, before, {**self.marks, **marks}
        other = self.block(orelse)
        if one and other and sent != self.sent:
            self.sent = "unknown"
        elif one and not other:
            self.sent = sent
        return one or other

    def tried(self, statement: ast.Try, body: list[ast.stmt]) -> bool:
        if self.request.bad_host and statement.handlers and any(map(self.asks_host, statement.body)):
            self.found.add("unknown")
            return False
        return self.block(body)

    def assigned(self, target: ast.expr, value: ast.expr) -> bool:
        inner = value.value if isinstance(value, ast.Await) else value
        if isinstance(target, ast.Name):
            if isinstance(inner, ast.Call) and (found := self.outcome(inner)) != "unknown":
                self.marks[target.id] = found
            else:
                self.marks.pop(target.id, None)
                self.local[target.id] = value
            return True
        base = target.value if isinstance(target, ast.Subscript) else target
        if isinstance(target, ast.Attribute) and target.attr == "status_code":
            self.marks[dotted(target.value)] = _number(value) or "unknown"
        first, _, rest = dotted(base).partition(".")
        changes = first == self.roles.request and (self.roles.asgi or rest.partition(".")[0] in _KEPT)
        if changes:
            self.found.add("unknown")
        return not changes

    def called(self, value: ast.expr) -> bool:
        """A statement that is a call: of what follows, of a response, of something that may change the request."""
        call = value.value if isinstance(value, ast.Await) else value
        if not isinstance(call, ast.Call):
            return True
        if isinstance(call.func, ast.Name) and call.func.id in self.marks:
            self.sent = self.marks[call.func.id]
        elif isinstance(call.func, ast.Call) and (answered := self.outcome(call.func)) != "unknown":
            self.sent = answered
        elif (found := self.outcome(call)) != "unknown":
            self.sent = found
        elif self.roles.asgi and dotted(call.func) == "send" and call.args:
            self.started(call.args[0])
        elif any(dotted(each) == self.roles.request for each in call.args) and not _QUIET.search(dotted(call.func)):
            self.found.add("unknown")
            return False
        return True

    def started(self, message: ast.expr) -> None:
        """`send({"type": "http.response.start", "status": 200, …})`."""
        pairs = zip(message.keys, message.values, strict=True) if isinstance(message, ast.Dict) else ()
        for key, value in pairs:
            if isinstance(key, ast.Constant) and key.value == "status":
                self.sent = _number(value) or "unknown"

    def outcome(self, value: ast.expr) -> Outcome:
        """Return what it means to return a value."""
        if isinstance(value, ast.Await):
            return self.outcome(value.value)
        if isinstance(value, ast.Name):
            return self.marks.get(value.id, "unknown")
        if isinstance(value, ast.Constant) and value.value is None:
            return self.ending()
        if not isinstance(value, ast.Call):
            return "unknown"
        written = dotted(value.func)
        if written in self.roles.following:
            return "on"
        if ast.unparse(value.func).startswith("super()."):
            return "base"
        usual = _STATUS.get(written.rpartition(".")[2])
        if usual is None:
            return "unknown"
        given = [keyword.value for keyword in value.keywords if keyword.arg in ("status", "status_code")]
        return (_number(given[0]) or "unknown") if given else usual

    def asks_host(self, node: ast.AST) -> bool:
        """Say whether Django looks at the request's Host in some code."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                owner, _, name = dotted(inner.func).rpartition(".")
                if owner == self.roles.request and name in _HOST:
                    return True
                if name == "get_current_site" and any(dotted(each) == self.roles.request for each in inner.args):
                    return True
        return False


def _number(node: ast.expr) -> int | None:
    """Return a status: `429`, `status.HTTP_429_TOO_MANY_REQUESTS`, `HTTPStatus.TOO_MANY_REQUESTS`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    name = dotted(node).rpartition(".")[2]
    found = re.match(r"HTTP_(\d{3})_", name)
    return int(found[1]) if found else {"OK": 200, "TOO_MANY_REQUESTS": 429}.get(name)


def attributes(node: ast.ClassDef, options: Mapping[str, ast.expr] | None = None) -> dict[str, ast.expr]:
    """Return what a class, or its `__init__`, gives its objects; `options` are what that is called with."""
    found: dict[str, ast.expr] = {}
    for each in node.body:
        if isinstance(each, ast.Assign):
            found |= {target.id: each.value for target in each.targets if isinstance(target, ast.Name)}
        elif isinstance(each, ast.AnnAssign) and each.value is not None:
            found[dotted(each.target)] = each.value
        elif isinstance(each, ast.FunctionDef) and each.name == "__init__":
            found |= _given(each, options or {})
    changed = _changed(node)
    return {name: value for name, value in found.items() if name not in changed and not _is_empty(value)}


def _changed(node: ast.ClassDef) -> set[str]:
    """Return the attributes that a class changes after it has set them in `__init__`."""
    found: set[str] = set()
    for method in node.body:
        for each in ast.walk(method):
            if isinstance(each, ast.Attribute | ast.Subscript) and not isinstance(each.ctx, ast.Load):
                inner = each.value if isinstance(each, ast.Subscript) else each
                if isinstance(each, ast.Subscript) or getattr(method, "name", "") != "__init__":
                    found.add(dotted(inner).removeprefix("self."))
            elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in _CHANGING:
                found.add(dotted(each.func.value).removeprefix("self."))
    return found


def _is_empty(node: ast.expr) -> bool:
    """Say whether a value is a list or the like that is filled later."""
    return isinstance(node, ast.List | ast.Set) and not node.elts


def _given(start: ast.FunctionDef, options: Mapping[str, ast.expr]) -> dict[str, ast.expr]:
    given = {**parameters(start), **options}
    found: dict[str, ast.expr] = {}
    for each in ast.walk(start):
        if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None:
            value = given[each.value.id] if isinstance(each.value, ast.Name) and each.value.id in given else each.value
            if value is None or (value is each.value and _names(value) & {*given}):
                continue
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            names = [dotted(target) for target in targets]
            found |= {name.removeprefix("self."): value for name in names if name.startswith("self.")}
    return found


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
