"""A route in the URL configuration of a Django project."""

from __future__ import annotations

import re

import libcst as cst

from bot.engine.model.findings import App
from bot.engine.model.tree import Splice, Tree
from codemods import _python, _sources
from codemods._sources import Source

_NAMES = ("health", "health_check", "healthcheck")
_RESPONSES = (("JsonResponse", 'JsonResponse({"status": "ok"})'), ("HttpResponse", 'HttpResponse("ok")'))


def with_route(tree: Tree, app: App, path: str) -> str | None:
    """Return the configuration's text with a view that answers a path, before all others; None where its list is not plain."""
    source = _sources.read(tree, app.place.path)
    found = _list(source) if source is not None else None
    name = next((each for each in _NAMES if source and not re.search(rf"\b{each}\b", source.plain)), None)
    if source is None or found is None or name is None:
        return None
    statement, listed = found
    making = source.importing_from("django.urls", "path")
    response, answer = next(
        (
            each
            for each in _RESPONSES
            if re.search(rf"^from django\.http import [^#]*?\b{each[0]}\b", source.plain, re.M | re.S)
        ),
        _RESPONSES[0],
    )
    called = source.importing_from("django.http", response)
    answer = answer.replace(response, called)
    start = source.starts[source.above(statement)]
    above = source.plain[:start].splitlines()[-2:]
    gap = "\n" * sum(bool(line.strip()) for line in above)
    view = f"{gap}def {name}(request):\n    return {answer}\n\n\n"
    source.splices.append(Splice(start, start, _python.styled(view, source.plain)))
    entry = _python.styled(f'{making}("{path.lstrip("/")}", {name}),', source.plain)
    first = listed.elements[0]
    at = source.offset(first)
    alone = source.line(first) != source.line(listed)
    indent = source.plain[source.starts[source.line(first) - 1] : at] if alone else ""
    if indent.strip():
        return None
    source.splices.append(Splice(at, at, entry + (source.newline + indent if alone else " ")))
    return source.edited()


def _list(source: Source) -> tuple[cst.SimpleStatementLine, cst.List] | None:
    """Return the statement that makes `urlpatterns`, and its first list, which has entries."""
    for statement in source.module.body:
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(small, cst.Assign):
            continue
        if source.module.code_for_node(small.targets[0].target) != "urlpatterns":
            continue
        value: cst.BaseExpression = small.value
        while isinstance(value, cst.BinaryOperation):
            value = value.left
        return (statement, value) if isinstance(value, cst.List) and value.elements else None
    return None
