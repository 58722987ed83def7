"""Edits of Django's views: one is left out of LoginRequiredMiddleware."""

from __future__ import annotations

import ast

from bot.engine.model.findings import Place, TurnedAway
from bot.engine.model.tree import Splice, Tree, newline, splice
from codemods import _settings

_PACKAGE, _NAME = "django.contrib.auth.decorators", "login_not_required"


def open_to_all(tree: Tree, turned: TurnedAway) -> Tree | None:
    """Return the tree whose view is open to who is not logged in: by a decorator, else where the URLs name it."""
    return (_decorated(tree, turned.route) if turned.route is not None else None) or _wrapped(tree, turned.place)


def _decorated(tree: Tree, place: Place) -> Tree | None:
    """Return the tree with one more decorator at a function, above all others."""
    read = _settings.source(tree.text(place.path))
    functions = (
        (each for each in ast.walk(read.module) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)) if read else ()
    )
    found = next((each for each in functions if each.lineno == place.line), None)
    importing = _settings.importing(read, _PACKAGE, _NAME) if read is not None else None
    if read is None or found is None or importing is None:
        return None
    first = min((each.lineno for each in found.decorator_list), default=found.lineno)
    at = read.starts[first - 1]
    lead = read.text[at : read.at(found.lineno, found.col_offset)] if first == found.lineno else ""
    text = splice(read.text, sorted([*importing, Splice(at, at, f"{lead}@{_NAME}{newline(read.text)}")]))
    return tree.write(place.path, text)


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
    text = splice(read.text, sorted([*importing, Splice(start, start, f"{_NAME}("), Splice(end, end, ")")]))
    return tree.write(place.path, text)
