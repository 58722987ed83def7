"""Edits that put one more decorator on a function."""

from __future__ import annotations

import ast

from bot.engine.model.findings import Place
from bot.engine.model.tree import Splice, newline, splice
from codemods import _settings


def decorated(text: str, place: Place, package: str, name: str, nearest: bool = False) -> str | None:
    """Return a file whose function at a place has a decorator of a package: above all others, or right above its `def`.

    None where the name stands for something else, or there is no such function.
    """
    read = _settings.source(text)
    nodes = ast.walk(read.module) if read is not None else ()
    functions = (each for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    found = next((each for each in functions if each.lineno == place.line), None)
    importing = _settings.importing(read, package, name) if read is not None else None
    if read is None or found is None or importing is None:
        return None
    first = found.lineno if nearest else min((each.lineno for each in found.decorator_list), default=found.lineno)
    at = read.starts[first - 1]
    start = read.starts[found.lineno - 1]
    lead = read.text[start : read.at(found.lineno, found.col_offset)]
    return splice(text, [*importing, Splice(at, at, f"{lead}@{name}{newline(text)}")])
