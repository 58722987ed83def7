"""What the routes of an app make of a path, as far as they can be read: enough to tell whether a health check is answered.

What happens to a path: Starlette 0.40 and later (`routing.py`: an unknown path is 404, a path that differs by its last slash is
a 307), Flask 3 (404; 308 to the form with a slash), Litestar 2 (404; the last slash makes no difference), Django (see
`django_urls.py`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.boot import bodies
from bot.engine.boot.finder import Loaded
from bot.engine.boot.walk import Walk
from bot.engine.model import wildcards
from bot.engine.model.findings import App, Place, Route, Unanswered
from bot.engine.model.target import Check

FRAMEWORKS = {"FastAPI": "fastapi", "Starlette": "starlette", "Flask": "flask", "Litestar": "litestar"}


class Routes(NamedTuple):
    """All routes of an app; `open` says why there may be more of them.

    `appends`: Django's APPEND_SLASH sends a path that lacks its last slash on.
    """

    app: App
    found: tuple[Route, ...]
    open: str | None
    appends: bool = False

    def status(self, path: str, method: str) -> int | None:
        """Return what a request is answered with: 404, 405, 301, 307 or 308; None when a route takes it or nobody knows."""
        path = path.partition("?")[0]
        if self.app.framework == "litestar":
            path = path.rstrip("/") or "/"
        taken = [route for route in self.found if matches(route.path, path)]
        of_itself = self.app.framework == "flask" and method in ("HEAD", "OPTIONS")
        if any(method in route.methods or of_itself for route in taken):
            return None
        if self.open:
            return None
        if taken:
            return 405
        other = path.rstrip("/") if path.endswith("/") else path + "/"
        if other and any(matches(route.path, other) for route in self.found):
            if self.app.framework in ("fastapi", "starlette"):
                return 307
            if self.app.framework == "django":
                return 301 if self.appends and other.endswith("/") else 404
            return 308 if other.endswith("/") else 404
        return 404

    def answering(self, path: str, method: str) -> Route | None:
        """Return the route that takes a request first."""
        path = path.partition("?")[0]
        return next((route for route in self.found if method in route.methods and matches(route.path, path)), None)

    def about(self, check: Check, status: int) -> Unanswered:
        """Return what is known about a check that is answered with this status."""
        return Unanswered(check.path or "/", check.method, status, self.found, self.app)


def matches(route: str, path: str) -> bool:
    """Say whether a route, with its parameters, takes a path."""
    pieces = [wildcards.Piece(wildcards.START, [])]
    for index, piece in enumerate(re.split(r"(\{[^{}]*\}|<[^<>]*>)", route)):
        if index % 2 == 0:
            pieces[-1].text.append(re.escape(piece))
        elif piece.endswith(":path}") or piece.startswith("<path:"):
            pieces.append(wildcards.Piece(wildcards.ANYTHING, []))
        else:
            pieces[-1].text.append("[^/]")
            pieces.append(wildcards.Piece(wildcards.NAMES, []))
    return re.fullmatch(wildcards.expression(pieces), path) is not None


def routes(walk: Walk, module: Loaded, attribute: str) -> Routes | None:
    """Return the routes of the app object `attribute` of a module that the walk has loaded; None when it is no such app."""
    made = bodies.made(walk, module, attribute, FRAMEWORKS)
    if made is None:
        return None
    if bodies.last(made.call) == "Litestar":
        from bot.engine.boot import litestar  # few apps are made with it

        found, more = litestar.read(walk, made)
    else:
        from bot.engine.boot import routing  # only for an app that can be read

        found, more = routing.read(walk, made)
    place = Place(made.body.loaded.found.tree or "", made.call.lineno, made.call.col_offset + 1)
    return Routes(App(FRAMEWORKS[bodies.last(made.call)], place, made.name), found, more)  # type: ignore[arg-type]
