"""Code that turns away whoever brings no key, no token and no user, as a health check does.

From Starlette 1.0 (`middleware/authentication.py`: what a backend raises is a 400, unless `on_error` makes an answer) and
Flask 3.1 (`app.py`, `preprocess_request`: what a function before the request returns is the answer).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import NamedTuple

from bot.engine.boot import handling
from bot.engine.boot.asked import Request, Roles
from bot.engine.boot.bodies import Function
from bot.engine.boot.handling import Ended
from bot.engine.boot.values import Scope

_STATUSES = frozenset({400, 401, 403, 500})  # 500: an exception that nothing turns into an answer
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CREDENTIALS = re.compile(  # what such code asks for
    r"(?i)authori[sz]|api[-_ ]?key|token|secret|bearer|session|is_authenticated|credential|passw|login"
    r"|\bkeys?\b|\buser(?:name|_id)?\b(?!-)"
)
_LOGIN = re.compile(r"(?i)log[-_]?in|sign[-_]?in|auth|sso")


class Refusal(NamedTuple):
    """The status that a check gets; `sure` False where a variable, or a value that is not known, may let it in."""

    status: int
    sure: bool


def refusal(ended: Ended, function: ast.AST) -> Refusal | None:
    """Return how a function turns the check away, from how it may end; None where it does not, or for another reason."""
    text = ast.unparse(function)
    statuses = sorted(each for each in ended.found if isinstance(each, int) and each in _STATUSES | _REDIRECTS)
    others = ended.found - {*statuses, "on"}
    if not statuses or others or _CREDENTIALS.search(text) is None:
        return None
    if statuses[0] in _REDIRECTS and _LOGIN.search(text) is None:
        return None
    if "on" not in ended.found:
        return Refusal(statuses[0], len(statuses) == 1)
    return None if ended.vague else Refusal(statuses[0], False)


def on_error(node: ast.expr | None, functions: Mapping[str, Function], scope: Scope) -> int | None:
    """Return the status that `on_error` of AuthenticationMiddleware makes of an exception; None where it is not followed."""
    if node is None:
        return 400
    if isinstance(node, ast.Lambda):
        given, body = node.args, [ast.Return(node.body)]
    elif isinstance(node, ast.Name) and node.id in functions:
        given, body = functions[node.id].args, functions[node.id].body  # type: ignore[assignment]
    else:
        return None
    if not given.args:
        return None
    run = handling.of_body(body, Roles(given.args[0].arg, ()), Request("", "GET", "", {}), scope)  # type: ignore[arg-type]
    found = next(iter(run.found)) if len(run.found) == 1 else None
    return found if isinstance(found, int) else None
