"""Give the app a route for the health check.

A check whose path no route answers is answered with 404, and one whose page fails (a template that git does not have) with 500:
the machines never become healthy. Where the app has a route that is a health check, the check is pointed at that one
(align-health-path). Where it has none, it gets one: it answers without asking a database or anybody else, since a check that
does so takes every machine out of service when that is slow. It stands beside the other routes, in their style.

The same is done where the repair of another fault is at hand and the first page of an app, which nothing else is checked by,
asks a library's client (a database, an API): the page fails, or hangs, whenever that does. This is looked for only when the
last fault of a deploy has been repaired, or when this codemod is selected by name.

Where the file has an engine of SQLAlchemy at hand, a second route, `/health/ready`, asks the database, and says in which
region, and which version, answers. Nothing checks that one by itself: it is for people, and for monitoring.

Before (the config checks /health):           After:

    @app.get("/")                                 @app.get("/")
    async def index():                            async def index():
        return {"hello": "world"}                     return {"hello": "world"}


                                                  @app.get("/health")
                                                  async def health():
                                                      return {"status": "ok"}

References: https://fly.io/docs/reference/health-checks/, https://render.com/docs/health-checks,
https://fly.io/docs/machines/runtime-environment/, https://render.com/docs/environment-variables
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Failing, Fault, Unanswered, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _depends, _health, _ready, _routes
from codemods._routes import Wanted

CODEMOD = Codemod(answers=("health-path", "template-missing", "health-depends"), since="0.1", along="target", opt_in=True)
_NAMES = ("health", "health_check", "healthcheck", "health_endpoint")
_PATH = "/health"


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the page of each process that asks others before it answers, where nothing but that page is checked."""
    for each in _depends.pages(report, tree):
        message = f"{each.page.path} asks `{each.asked}` before it answers"
        reason = "The page fails, or hangs, where that does, and no other path says how the app itself is."
        yield Weakness("health-depends", "health", message, reason, each.place, each.process)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the route, and where another path is checked, that the check asks for it."""
    told = [fault.detail for fault in report.faults if fault.identity == finding.identity]
    if isinstance(finding, Weakness):
        told = [each.page for each in _depends.pages(report, tree) if each.place == finding.place]
    details = [each for each in told if isinstance(each, Unanswered | Failing)]
    app = details[0].app if details else None
    if app is None:
        return
    if any(isinstance(each, Unanswered) and each.status != 404 for each in details):
        yield Skip("the path is there: it is asked for in another way than it answers")
        return
    first = details[0]
    known = [each for each in first.routes if _health.is_clear(each.path) and _health.answers(tree, each)]
    if known and isinstance(first, Unanswered):
        yield Skip(f"the app has a health check: {known[0].path}")
        return
    path = known[0].path if known else _path(details)
    changed = tree if known else _with_route(tree, report, first, path)
    if isinstance(changed, Skip):
        yield changed
        return
    asked = _asked(changed, report, details, path)
    if asked is None:
        yield Skip("the check is not written in a way that is edited")
        return
    yield Proposal(asked, _why(details, path, bool(known)), "unsafe", _manual(details))


def _path(details: list[Unanswered | Failing]) -> str:
    """Return the path of the route: the checked one, where it is called like a health check."""
    asked = {_health.plain(each.path) for each in details if isinstance(each, Unanswered)}
    return asked.pop() if len(asked) == 1 and all(map(_health.is_clear, asked)) else _PATH


def _with_route(tree: Tree, report: Report, detail: Unanswered | Failing, path: str) -> Tree | Skip:
    """Return the tree whose app answers a path."""
    app, routes = detail.app, detail.routes
    if app is None or app.framework == "django":
        return Skip("the app's framework is not edited")
    text = tree.text(app.place.path)
    answer = _routes.response(text, app)
    if answer is None:
        return Skip(f"{app.place.path} imports no response that a route could return")
    early = any(_health.takes(route, path) for route in routes)
    wanted = [Wanted(path, _NAMES, (f"return {answer}",), early=early)]
    ready = _ready.route(tree, report, app)
    if ready is not None:
        wanted.append(ready.route._replace(early=early))
    changed = _routes.with_routes(tree, app, routes, wanted)
    if changed is None:
        return Skip(f"the app is not made plainly at {app.place.path}:{app.place.line}")
    if ready is not None:
        changed = _ready.with_imports(changed, ready)
    return tree.write(app.place.path, changed)


def _asked(tree: Tree, report: Report, details: list[Unanswered | Failing], path: str) -> Tree | None:
    """Return the tree whose config asks for a path, at every place that asks for another one."""
    config = report.target.config
    places = [fault.place for fault in report.faults if isinstance(fault.detail, Unanswered) and fault.detail in details]
    checks = [(place, each.path) for place, each in zip(places, details, strict=False) if place is not None]
    if any(isinstance(each, Failing) for each in details):
        checks = [(each.check, each.path) for each in details if isinstance(each, Failing) and each.check is not None]
        if not checks:
            return _health.with_check(tree, report, path)
    text: str | None = tree.text(config)
    for place, asked in sorted(checks, reverse=True):
        if _health.plain(asked) != path and text is not None:
            text = None if config.endswith((".json", "fly.yaml")) else _health.asking(text, report, place, path)
    return tree.write(config, text) if text is not None else None


def _why(details: list[Unanswered | Failing], path: str, known: bool) -> str:
    first = details[0]
    if isinstance(first, Failing):
        what = f"{first.path} fails for want of {first.lacks}" if first.lacks else f"{first.path} asks others before it answers"
        return f"{what}; {path} needs nothing of the kind" + ("." if known else ", and is new.")
    return f"No route answers {_health.plain(first.path)}: {path} is new, and needs nothing but the app itself."


def _manual(details: list[Unanswered | Failing]) -> tuple[str, ...]:
    """Name what is still missing."""
    lacking = dict.fromkeys(each.lacks for each in details if isinstance(each, Failing) and each.lacks)
    return tuple(f"Add {name} to the repository: the page that renders it goes on to fail." for name in lacking)
