"""The view that Django asks for a path, and whether LoginRequiredMiddleware leaves it alone.

From Django 5.2: `contrib/auth/middleware.py` (a view whose `login_required` is False is not asked for a user),
`contrib/auth/decorators.py` (`login_not_required` sets that).
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from bot.engine.boot import bodies, django_urls
from bot.engine.boot.bodies import last
from bot.engine.boot.importer import Importer
from bot.engine.boot.values import dotted
from bot.engine.model.findings import Place

_EXEMPT = "login_not_required"


class View(NamedTuple):
    """A view: where the URLs name it, its `def` or class, if that is in the repository, and whether it is open to all."""

    place: Place
    defined: Place | None
    open: bool


def view(walk: Importer, path: str) -> View | None:
    """Return the view that a path is answered by; None where that is not followed."""
    routes = django_urls.read(walk)
    route = routes.answering(path, "GET") if routes is not None and routes.open is None else None
    named = django_urls.view(walk, route) if route is not None else None
    if route is None or named is None:
        return None
    loaded, node = named
    place = Place(loaded.found.tree or "", node.lineno, node.col_offset + 1)
    if isinstance(node, ast.Lambda):
        return View(place, None, False)
    if isinstance(node, ast.Call) and last(node) == _EXEMPT:
        return View(place, None, True)
    if isinstance(node, ast.Call):
        found = django_urls.class_of(walk, loaded, dotted(node.func).removesuffix(".as_view"))
        if found is None or last(node) != "as_view" or any("View" not in dotted(base) for base in found[1].bases):
            return None  # made by something else, or a class that its base may open
        defined, made = Place(found[0].found.tree or "", found[1].lineno, found[1].col_offset + 1), found[1].decorator_list
    else:
        function = bodies.function_at(walk.tree, route.handler)
        if function is None or route.handler is None:
            return None
        defined, made = route.handler, function.decorator_list
    return View(place, defined, any(_EXEMPT in ast.unparse(each) for each in made))
