"""Let the health check in where the app wants a key or a user.

Fly's and Render's checks bring no key, no token and no cookie. Where the app asks for one before every route, the check is
answered with 401 or 403, or sent to a page to log in, and the machines never become healthy. The checked path alone is let
through, in the way that the app has for it: one more entry in its list of open paths, else a test that comes first. Everything
else stays as closed as it was.

Middleware, and a function before Flask's views, hands the path on. A dependency of FastAPI that is a function of the app's own
lets it on; one that refuses by itself (HTTPBearer, a header that is required) moves from the app to all of its routes and
routers but the checked one. Of Django's LoginRequiredMiddleware a view is left out by `@login_not_required`. A route that asks
for a key itself is left alone: that was somebody's wish.

Before:                                           After:

    @app.middleware("http")                           @app.middleware("http")
    async def check_key(request, call_next):          async def check_key(request, call_next):
        if request.headers.get("X-API-Key") …             if request.url.path == "/health":
                                                              return await call_next(request)
                                                          if request.headers.get("X-API-Key") …

References: https://fly.io/docs/reference/health-checks/, https://render.com/docs/health-checks,
https://fastapi.tiangolo.com/tutorial/dependencies/global-dependencies/,
https://flask.palletsprojects.com/en/stable/api/#flask.Flask.before_request,
https://docs.djangoproject.com/en/stable/ref/middleware/#django.contrib.auth.middleware.LoginRequiredMiddleware
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.boot import bodies
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, TurnedAway, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _dependencies, _handing, _health, _views

CODEMOD = Codemod(answers=("health-auth",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose that what refuses the check lets its path on."""
    told = _health.turned(finding, report)
    if not told:
        return
    first = told[0]
    paths = sorted({_health.plain(each.path) for each in told})
    if not all(map(_health.is_clear, paths)):
        yield Skip("the checked path is a page that asks for a user: better check one that is meant for it")
        return
    edited = list(_edited(first, paths, tree))
    if not edited:
        yield Skip(f"what refuses the check is not written plainly at {first.place.path}:{first.place.line}")
    for each in edited:
        if isinstance(each, Skip):
            yield each
        else:
            why = f"{' and '.join(paths)} is answered without a key or a user; everything else asks for one as before."
            yield Proposal(each, why, "unsafe")


def _edited(turned: TurnedAway, paths: list[str], tree: Tree) -> Iterator[Tree | Skip]:
    """Yield the trees whose app lets the paths on."""
    path = turned.place.path
    if turned.by == "dependency":
        yield from _of_a_dependency(turned, paths, tree)
        return
    if turned.by == "django-login":
        changed = _views.open_to_all(tree, turned)
        if changed is not None:
            yield changed
        return
    view = bodies.function_at(tree, turned.route) if turned.by == "before" else None
    for text in _handing.handed_on(tree.text(path), turned, paths, view.name if view else None):
        yield tree.write(path, text)


def _of_a_dependency(turned: TurnedAway, paths: list[str], tree: Tree) -> Iterator[Tree | Skip]:
    if _dependencies.is_of_a_route(tree.text(turned.place.path), turned.place):
        yield Skip("the route asks for a key itself")
        return
    text = _dependencies.knowing(tree, turned, paths)
    if text is not None and turned.route is not None:
        yield tree.write(turned.route.path, text)
        return
    moved = _dependencies.at_each_route(tree, turned, paths)
    if moved is not None:
        yield tree.write(turned.place.path, moved)
