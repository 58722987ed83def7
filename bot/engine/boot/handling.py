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
from typing import NamedTuple

from bot.engine.boot.asked import Known, Outcome, Request, Roles, asks_path
from bot.engine.boot.instances import is_empty
from bot.engine.boot.values import Scope, dotted, truth

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
_NAMED = {"OK": 200, "UNAUTHORIZED": 401, "FORBIDDEN": 403, "TOO_MANY_REQUESTS": 429}  # in http.HTTPStatus
_KEPT = frozenset("META path path_info headers _headers get_host scope method url".split())  # of a request, what decides
_BLOCKS = (ast.If, ast.Try, ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.While)
_HOST = ("get_host", "build_absolute_uri", "get_raw_uri")
_QUIET = re.compile(r"(?i)\b(?:log(?:ger|ging)?|print|warnings?|stats\w*|metrics?|capture_\w+|structlog|bind\w*)\b")


class Ended(NamedTuple):
    """How a function may end.

    `busy` are the tests, as far as they are known, behind which it answers 429; `vague`: whether it ends so or so hangs on a
    test of the path that was not followed.
    """

    found: frozenset[Outcome]
    busy: tuple[ast.expr, ...] = ()
    vague: bool = False


def ended(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    roles: Roles,
    request: Request,
    scope: Scope,
    attributes: Mapping[str, ast.expr] | None = None,
) -> Ended:
    """Return how a function may end for a request; `attributes` are what `self.name` stands for."""
    return of_body(function.body, roles, request, scope, attributes)


def of_body(
    body: list[ast.stmt], roles: Roles, request: Request, scope: Scope, attributes: Mapping[str, ast.expr] | None = None
) -> Ended:
    """Return how the statements of a function may end."""
    run = _Run(roles, request, scope, attributes or {})
    if run.block(body):
        run.found.add(run.ending())
    return Ended(frozenset(run.found), tuple(run.busy), run.vague)


def outcomes(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    roles: Roles,
    request: Request,
    scope: Scope,
    attributes: Mapping[str, ast.expr] | None = None,
) -> frozenset[Outcome]:
    """Return the ways in which a function may end for a request."""
    return ended(function, roles, request, scope, attributes).found


class _Run:
    def __init__(self, roles: Roles, request: Request, scope: Scope, attributes: Mapping[str, ast.expr]) -> None:
        self.roles = roles
        self.request = request
        self.scope = scope
        self.known = Known(roles, request, attributes)
        self.local: dict[str, ast.expr] = {}
        self.marks: dict[str, Outcome] = {}
        self.sent: Outcome | None = None
        self.found: set[Outcome] = set()
        self.busy: list[ast.expr] = []
        self.vague = False
        self.caught = 0  # how many handlers of exceptions stand around

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
            case ast.Raise(exc=raised):
                self.found.add(self.raised(raised))
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
        constants = {name: node for name, node in {**self.scope.constants, **self.local}.items() if not is_empty(node)}
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
            self.vague = self.vague or asks_path(test, self.local)
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
        self.caught += bool(statement.handlers)
        goes_on = self.block(body)
        self.caught -= bool(statement.handlers)
        return goes_on

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
        if self.roles.kind == "flask" and dotted(call.func).rpartition(".")[2] == "abort":
            self.found.add("unknown" if self.caught else _status(call) or "unknown")
            return False
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
        if self.roles.kind in ("dependency", "backend"):
            return "on"
        if isinstance(value, ast.Await):
            return self.outcome(value.value)
        if self.roles.kind == "flask" and (plain := _of_flask(value)) is not None:
            return plain
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
        if not given and len(value.args) > 1 and usual == 200:
            return _number(value.args[1]) or usual
        return (_number(given[0]) or "unknown") if given else usual

    def raised(self, exception: ast.expr | None) -> Outcome:
        """Return what an exception is answered with.

        From Starlette 1.0: an HTTPException is turned into an answer inside of the middleware, so that one which a middleware
        raises is an error of the server (`middleware/exceptions.py`, `applications.py`); AuthenticationError is answered by
        its middleware (`middleware/authentication.py`). From Django 5.2: `core/handlers/exception.py`, around each middleware.
        """
        if self.caught:
            return "unknown"
        name = dotted(exception.func if isinstance(exception, ast.Call) else exception or ast.Constant(None)).rpartition(".")[2]
        status = _status(exception) if isinstance(exception, ast.Call) and name == "HTTPException" else None
        if self.roles.kind in ("starlette", "dependency") and status is not None:
            return status if self.roles.kind == "dependency" else 500
        known = {"flask": {"Unauthorized": 401, "Forbidden": 403}, "django": {"PermissionDenied": 403}}
        known["backend"] = {"AuthenticationError": 400}
        return known.get(self.roles.kind, {}).get(name, "unknown")

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


def _of_flask(value: ast.expr) -> int | None:
    """Return the status of what only Flask takes for an answer: a text, a dictionary, `(answer, 401)`, `make_response(…)`."""
    if isinstance(value, ast.Tuple) and len(value.elts) > 1:
        return next((found for each in value.elts[1:] if (found := _number(each))), None)
    if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] in ("make_response", "jsonify"):
        return _number(value.args[1]) or 200 if len(value.args) > 1 and "make" in dotted(value.func) else 200
    return 200 if isinstance(value, ast.Dict | ast.Constant | ast.JoinedStr) and ast.unparse(value) != "None" else None


def _status(call: ast.Call) -> int | None:
    """Return the status that a call is told: `HTTPException(status_code=401)`, `abort(401)`."""
    given = [keyword.value for keyword in call.keywords if keyword.arg in ("status_code", "code")]
    return _number((given or call.args)[0]) if given or call.args else None


def _number(node: ast.expr) -> int | None:
    """Return a status: `429`, `status.HTTP_429_TOO_MANY_REQUESTS`, `HTTPStatus.TOO_MANY_REQUESTS`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    name = dotted(node).rpartition(".")[2]
    found = re.match(r"HTTP_(\d{3})_", name)
    return int(found[1]) if found else _NAMED.get(name)
