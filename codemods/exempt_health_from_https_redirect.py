"""Let the health check in where the app sends plain HTTP to HTTPS.

Fly ends TLS at its proxy, and its checks ask the machine over plain HTTP: `SECURE_SSL_REDIRECT` answers them with 301,
Starlette's HTTPSRedirectMiddleware with 307, and Fly, which follows no redirect, takes the machine for sick. Where the app
believes what the proxy says of the scheme, the check says the same, as Fly's documentation has it:
`headers = { X-Forwarded-Proto = "https" }`. Where it does not, the checked path is left out of the redirect: by
`SECURE_REDIRECT_EXEMPT` in Django, by a subclass of the middleware in Starlette.

Before (SECURE_PROXY_SSL_HEADER is set):      After:

    [[http_service.checks]]                       [[http_service.checks]]
      path = "/health"                              path = "/health"
                                                    headers = { X-Forwarded-Proto = "https" }

References: https://fly.io/docs/reference/configuration/#http_service-checks,
https://docs.djangoproject.com/en/stable/ref/settings/#secure-redirect-exempt,
https://www.starlette.io/middleware/#httpsredirectmiddleware
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, TurnedAway, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _health, _middleware, _python

CODEMOD = Codemod(answers=("health-https",), since="0.1")
_SAYS = "Lets the health check through, which asks over plain HTTP."
_LOOP = (
    "The proxy speaks plain HTTP with the app: unless the server believes X-Forwarded-Proto, visitors are redirected in circles"
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the header that the proxy sends, where it is believed, else that the path is left out."""
    told = _health.turned(finding, report)
    if not told:
        return
    if told[0].header:
        yield _with_header(told, report, tree)
    elif not all(_health.is_clear(_health.plain(each.path)) for each in told):
        yield Skip("the checked path is a page, which is better not served over plain HTTP")
    else:
        yield _left_out(told, tree)


def _with_header(told: list[TurnedAway], report: Report, tree: Tree) -> Proposal | Skip:
    config = report.target.config
    if not config.endswith(".toml"):
        return Skip("only TOML is edited")
    text = _health.with_headers(tree.text(config), [each.check for each in told], told[0].header, "https")
    if text is None:
        return Skip("the check is not a table of its own, or has headers that are written otherwise")
    return Proposal(tree.write(config, text), f"The check of {told[0].path} says HTTPS, as the proxy does for visitors.")


def _left_out(told: list[TurnedAway], tree: Tree) -> Proposal | Skip:
    path, paths = told[0].place.path, sorted({_health.plain(each.path) for each in told})
    before = tree.text(path)
    if told[0].by == "django-https":
        after = _exempt(before, told[0], paths)
    else:
        after = _middleware.exempted(before, told[0], "HTTPSRedirectMiddleware", "HTTPSRedirectExceptHealth", _SAYS, paths)
    if after is None:
        return Skip(f"what redirects is not written plainly at {path}:{told[0].place.line}")
    why = f"{' and '.join(paths)} is not redirected any more; everything else is."
    return Proposal(tree.write(path, after), why, "unsafe", (_LOOP,))


def _exempt(text: str, turned: TurnedAway, paths: list[str]) -> str | None:
    """Return settings that leave paths out of the redirect, below the line that switches it on."""
    lines = text.splitlines(keepends=True)
    line = lines[turned.place.line - 1]
    if (
        re.match(r"SECURE_SSL_REDIRECT\s*(?::[^=]*)?=", line) is None
        or "SECURE_REDIRECT_EXEMPT" in text
        or line.rstrip()[-1:] in "(\\"
    ):
        return None
    quote, ending = _python.quote(text), newline(text)
    patterns = ", ".join(f"r{quote}^{re.escape(path.lstrip('/'))}${quote}".replace("\\-", "-") for path in paths)
    at = sum(map(len, lines[: turned.place.line]))
    gap = "" if line.endswith("\n") else ending
    return splice(text, [Splice(at, at, f"{gap}SECURE_REDIRECT_EXEMPT = [{patterns}]{ending}")])
