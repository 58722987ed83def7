"""Edits of Django's views: one is left out of LoginRequiredMiddleware."""

from __future__ import annotations

import ast

from bot.engine.model.findings import Place, TurnedAway
from bot.engine.model.tree import Splice, Tree, splice
from codemods import _decorators, _settings

_PACKAGE, _NAME = "django.contrib.auth.decorators", "login_not_required"


def open_to_all(tree: Tree, turned: TurnedAway) -> Tree | None:
    """Return the tree whose view is open to who is not logged in: by a decorator, else where the URLs name it."""
    place = turned.route
    text = _decorators.decorated(tree.text(place.path), place, _PACKAGE, _NAME) if place is not None else None
    return tree.write(place.path, text) if place is not None and text is not None else _wrapped(tree, turned.place)


def _wrapped(tree: Tree, place: Place) -> Tree | None:
    """Return the tree whose URLs name `login_not_required(view)`."""
    read = _settings.source(tree.text(place.path))
    found = [
        each
        for each in (ast.walk(read.module) if read is not None else ())
        if isinstance(each, ast.expr) and (each.lineno, each.col_offset + 1) == place[1:]
    ]
    importing = _settings.importing(read, _PACKAGE, _NAME) if read is not None else None
    if read is None or not found or importing is None:
        return None
    start, end = max((read.span(each) for each in found), key=lambda span: span[1])
    text = splice(read.text, [*importing, Splice(start, start, f"{_NAME}("), Splice(end, end, ")")])
    return tree.write(place.path, text)
