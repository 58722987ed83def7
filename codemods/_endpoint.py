"""A health check of an app's own, and a config that asks for it."""

from __future__ import annotations

from bot.engine.codemod import Proposal, Skip
from bot.engine.model.findings import Failing, Place, Unanswered
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _health, _ready, _routes
from codemods._routes import Wanted

Asked = list[tuple[Unanswered | Failing, Place | None]]
_NAMES = ("health", "health_check", "healthcheck", "health_endpoint")
_PATH = "/health"


def proposal(asked: Asked, report: Report, tree: Tree) -> Proposal | Skip:
    """Return the edit that gives an app a route, and lets the config ask for it; `asked` are what is asked now, and where."""
    first = asked[0][0]
    known = [each for each in first.routes if _health.is_clear(each.path) and _health.answers(tree, each)]
    if known and isinstance(first, Unanswered):
        return Skip(f"the app has a health check: {known[0].path}")
    path = known[0].path if known else _path(asked)
    changed = tree if known else _with_route(tree, report, first, path)
    if isinstance(changed, Skip):
        return changed
    edited = _asking(changed, report, asked, path)
    if edited is None:
        return Skip("the check is not written in a way that is edited")
    return Proposal(edited, _why(first, path, bool(known)), "unsafe", _manual(asked))


def _path(asked: Asked) -> str:
    """Return the path of the route: the checked one, where it is called like a health check."""
    paths = {_health.plain(each.path) for each, _ in asked if isinstance(each, Unanswered)}
    return paths.pop() if len(paths) == 1 and all(map(_health.is_clear, paths)) else _PATH


def _with_route(tree: Tree, report: Report, detail: Unanswered | Failing, path: str) -> Tree | Skip:
    """Return the tree whose app answers a path."""
    app, routes = detail.app, detail.routes
    if app is None:
        return Skip("the app's framework is not edited")
    if app.framework == "django":
        from codemods import _urlconf  # LibCST costs more than a check

        written = _urlconf.with_route(tree, app, path)
        return tree.write(app.place.path, written) if written else Skip(f"{app.place.path} lists its routes in another way")
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


def _asking(tree: Tree, report: Report, asked: Asked, path: str) -> Tree | None:
    """Return the tree whose config asks for a path, at every place that asks for another one."""
    config = report.target.config
    checks = [(place, each.path) for each, place in asked if place is not None]
    if not checks:
        return _health.with_check(tree, report, path)
    text: str | None = tree.text(config)
    for place, other in sorted(checks, reverse=True):
        if _health.plain(other) != path and text is not None:
            text = None if config.endswith((".json", "fly.yaml")) else _health.asking(text, report, place, path)
    return tree.write(config, text) if text is not None else None


def _why(first: Unanswered | Failing, path: str, known: bool) -> str:
    if isinstance(first, Failing):
        what = f"{first.path} fails for want of {first.lacks}" if first.lacks else f"{first.path} asks others before it answers"
        return f"{what}; {path} needs nothing of the kind" + ("." if known else ", and is new.")
    return f"No route answers {_health.plain(first.path)}: {path} is new, and needs nothing but the app itself."


def _manual(asked: Asked) -> tuple[str, ...]:
    """Name what is still missing."""
    lacking = dict.fromkeys(each.lacks for each, _ in asked if isinstance(each, Failing) and each.lacks)
    return tuple(f"Add {name} to the repository: the page that renders it goes on to fail." for name in lacking)
