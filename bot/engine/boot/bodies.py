"""Where an app object is made: in a module's own code, or in a function of the repository that makes and returns it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import NamedTuple

from bot.engine.boot.finder import Loaded
from bot.engine.boot.importer import Importer
from bot.engine.boot.modules import function_constants, parsed
from bot.engine.boot.startup import origin
from bot.engine.boot.values import dotted
from bot.engine.model.findings import Place
from bot.engine.model.tree import Tree, Unreadable

Function = ast.FunctionDef | ast.AsyncFunctionDef
_FARTHEST = 4  # functions and modules that hand an app on


class Body(NamedTuple):
    """Code in which an app is made: a module's own, or that of a function."""

    loaded: Loaded
    statements: list[ast.stmt]
    constants: Mapping[str, ast.expr]
    function: Function | None = None


class Made(NamedTuple):
    """An app where it is made: the code, its name there, the call. `held`: the module and name of what a function returns."""

    body: Body
    name: str
    call: ast.Call
    held: tuple[Loaded, str] | None = None


def of_module(walk: Importer, loaded: Loaded) -> Body:
    """Return a module's own code; no statements where it can't be read."""
    return Body(loaded, statements(walk, loaded), loaded.facts.constants)


def of_function(loaded: Loaded, function: Function) -> Body:
    """Return the code of a function of a module."""
    return Body(loaded, function.body, {**loaded.facts.constants, **function_constants(function)[0]}, function)


def statements(walk: Importer, loaded: Loaded) -> list[ast.stmt]:
    """Return the statements of a module's file; none where it can't be read."""
    try:
        return parsed(walk.tree.read(loaded.found.tree)).body if loaded.found.tree else []
    except (SyntaxError, Unreadable):
        return []


def function_at(tree: Tree, place: Place | None) -> Function | None:
    """Return the function whose `def` stands on the line of a place; None where there is none, or its file is not read."""
    try:
        nodes = list(ast.walk(parsed(tree.read(place.path)))) if place is not None else []
    except (SyntaxError, Unreadable):
        return None
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return next((node for node in functions if place is not None and node.lineno == place.line), None)


def made(walk: Importer, module: Loaded, name: str, classes: Collection[str]) -> Made | None:
    """Return where the object `name` of a module is made by a call of one of the classes; None where that is not followed."""
    held: tuple[Loaded, str] | None = None
    for _ in range(_FARTHEST):
        call = module.facts.constants.get(name)
        if isinstance(call, ast.Call) and last(call) in classes:
            return Made(of_module(walk, module), name, call)
        if isinstance(call, ast.Call):
            return _returned(walk, module, dotted(call.func), classes, (module, name))
        if name in module.facts.functions:
            return _returned(walk, module, name, classes, held)
        further = origin(walk, module, name)
        if further is None:
            return None
        module, name = further
    return None


def _returned(
    walk: Importer, module: Loaded, called: str, classes: Collection[str], held: tuple[Loaded, str] | None
) -> Made | None:
    """Return the app that a function makes and returns."""
    found = walk.function(called, module)
    if found is None:
        return None
    owner, function = found[0], found[0].facts.functions[found[1]]
    returned = [each.value.id for each in function.body if isinstance(each, ast.Return) and isinstance(each.value, ast.Name)]
    call = function_constants(function)[0].get(returned[0]) if len(returned) == 1 else None
    if not isinstance(call, ast.Call) or last(call) not in classes:
        return None
    return Made(of_function(owner, function), returned[0], call, held)


def last(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    return dotted(call.func).rpartition(".")[2]
