"""Let the health check ask for a path that the app answers.

A check whose path the app does not serve is answered with 404, and one that differs from a route by its last slash with a
redirect (FastAPI's 307, Flask's 308, Django's 301), which Fly does not follow: the machines never become healthy, and nothing
is routed to them. The path is taken from the app's own routes where one of them is clearly the health check (`/health`,
`/healthz`, `/api/health`, `/ping`, …), or where it is the same but for the slash. A method that the path does not take
(`HEAD`, where FastAPI serves `GET` alone) is changed instead. Without such a route, `/` is a suggestion: it may be a page that
says little about the app. Routes that redirect, or that want a user, are no answer.

Before (the app serves /health):          After:

    [[http_service.checks]]                   [[http_service.checks]]
      path = "/up"                              path = "/health"

References: https://fly.io/docs/reference/configuration/#http_service-checks, https://render.com/docs/health-checks
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Safety, Unanswered, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _health

CODEMOD = Codemod(answers=("health-path",), since="0.1")


class _Choice(NamedTuple):
    """What the check should ask for."""

    path: str
    method: str | None = None  # another one
    safety: Safety = "safe"

    @property
    def served(self) -> str:
        """What is to be asked for, in words."""
        return f"{self.method} {self.path}" if self.method else self.path


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the path for every check that fails in the same words."""
    config = report.target.config
    if config.endswith((".json", "fly.yaml")):
        yield Skip("only TOML is edited")
        return
    told = {fault.place: fault.detail for fault in report.faults if fault.identity == finding.identity and fault.place}
    text: str | None = tree.text(config)
    words, safeties = "", set()
    for place, detail in sorted(told.items(), reverse=True):
        choice = _choice(detail, tree) if isinstance(detail, Unanswered) else None
        if choice is None or not isinstance(detail, Unanswered):
            yield Skip("the app answers no path that is clearly its health check")
            return
        text = _health.asking(text, report, place, choice.path, choice.method) if text is not None else None
        words = f"{detail.method} {detail.path} is answered with {detail.status}, and the app serves {choice.served}."
        safeties.add(choice.safety)
    if text is None:
        yield Skip("the check is not a table of its own")
    else:
        yield Proposal(tree.write(config, text), words, "unsafe" if "unsafe" in safeties else "safe")


# --- which path


def _choice(detail: Unanswered, tree: Tree) -> _Choice | None:
    """Return the path that is meant, best first: the same but for the slash, the one health check, `/`."""
    asked = detail.path.partition("?")[0]
    same = [route for route in detail.routes if route.path == asked]
    if detail.status == 405 and any("GET" in route.methods for route in same):
        return _Choice(detail.path, "GET")
    if detail.status == 301:  # Django adds a slash where a view is called so, and nowhere else
        return _Choice(f"{asked}/")
    routes = [route for route in detail.routes if detail.method in route.methods and _health.answers(tree, route)]
    paths = list(dict.fromkeys(route.path for route in routes))
    slashed = [path for path in paths if path.rstrip("/") == asked.rstrip("/") and path != "/"]
    if slashed:
        return _Choice(slashed[0])
    clear = [path for path in paths if _health.is_clear(path)]
    last = _last(asked)
    for group in (
        [path for path in clear if _last(path) == last],
        [path for path in clear if _last(path) in _health.CLEAR],
        clear,
        [path for path in paths if _last(path) in _health.CLEAR],
    ):
        if group:
            only = len(group) == 1 and group[0] in clear
            return _Choice(min(group, key=lambda path: (path.count("/"), len(path))), safety="safe" if only else "unsafe")
    return _Choice("/", safety="unsafe") if "/" in paths else None


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2].lower()
