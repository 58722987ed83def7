"""What an ASGI app runs before it serves: its lifespan up to `yield`, else its startup handlers.

Starlette (`routing.py`): with a lifespan the handlers are passed over. What fails there ends the server:
`Application startup failed. Exiting.`
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from bot.engine.boot.facts import Import
from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.values import dotted

if TYPE_CHECKING:
    from bot.engine.boot.importer import Importer

_APPS = ("FastAPI", "Starlette")
_FARTHEST = 4  # modules that hand an app on


def functions(walk: Importer, loaded: Loaded, name: str) -> list[tuple[Loaded, str]]:
    """Return what runs at the startup of the app `name` of a module, if it is made there, or where it is imported from."""
    for _ in range(_FARTHEST):
        maker = loaded.facts.constants.get(name)
        if isinstance(maker, ast.Call):
            makes_app = dotted(maker.func).rpartition(".")[2] in _APPS
            return _functions(walk, loaded, name, maker) if makes_app else []
        found = origin(walk, loaded, name)
        if found is None:
            return []
        loaded, name = found
    return []


def origin(walk: Importer, loaded: Loaded, name: str) -> tuple[Loaded, str] | None:
    """Return the module that a name is imported from, and what it is called there."""
    for event in loaded.facts.events:
        if isinstance(event, Import) and event.names and name in event.aliases:
            owner = walk.loaded.get(walk.absolute(event, package_of(loaded)) or "")
            return (owner, event.names[event.aliases.index(name)]) if owner else None
    return None


def _functions(walk: Importer, loaded: Loaded, name: str, maker: ast.Call) -> list[tuple[Loaded, str]]:
    """Return the functions that run at startup, in order."""
    given = {keyword.arg: keyword.value for keyword in maker.keywords}
    if "lifespan" in given:
        found = walk.function(dotted(given["lifespan"]), loaded)
        return [found] if found else []
    listed = given.get("on_startup")
    named = [dotted(each) for each in listed.elts] if isinstance(listed, ast.List | ast.Tuple) else []
    named += [function.name for function in loaded.facts.functions.values() if _decorated(function, name)]
    return [found for each in named if (found := walk.function(each, loaded))]


def _decorated(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    return any(
        isinstance(each, ast.Call)
        and dotted(each.func) == f"{name}.on_event"
        and [argument.value for argument in each.args if isinstance(argument, ast.Constant)] == ["startup"]
        for each in function.decorator_list
    )
