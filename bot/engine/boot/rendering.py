"""Templates that the function of a route renders and the image does not have.

Flask looks for them in `templates/` beside the module of the app, or in its `template_folder`; Jinja2Templates of Starlette in
the directory that it is told, from the working directory. Jinja says `TemplateNotFound` at the first request, which is
answered with 500: nothing shows when the app starts.
"""

from __future__ import annotations

import ast
import posixpath
import re
from typing import NamedTuple

from bot.engine.boot import bodies
from bot.engine.boot.bodies import Made
from bot.engine.boot.startup import origin
from bot.engine.boot.values import dotted, evaluate
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, Route

_ELSEWHERE = re.compile(rb"jinja_loader|jinja_options|(?:Choice|Dict|Package|Function|Prefix)Loader|env\.loader")
_FOLDERS = re.compile(rb"template_folder")
_ENDS = (ast.Return, ast.Raise, ast.Yield)


class Lacking(NamedTuple):
    """A template that is not there: its name, where it was looked for (an absolute path in the image), and who asks for it."""

    name: str
    path: str
    place: Place


def lacking(walk: Walk, made: Made, route: Route) -> Lacking | None:
    """Return the template that a route surely renders, and that surely lies nowhere."""
    function = bodies.function_at(walk.tree, route.handler)
    sources = [walk.tree.read(each.found.tree) for each in walk.loaded.values() if each and each.found.tree]
    if function is None or route.handler is None or len(function.decorator_list) > 1 or any(map(_ELSEWHERE.search, sources)):
        return None
    call = _rendered(function.body)
    name = _template(call) if call is not None else None
    if call is None or not name:
        return None
    if bodies.last(made.call) == "Flask":
        told = _folder_of_flask(made) if sum(len(_FOLDERS.findall(each)) for each in sources) <= _own(made) else None
    else:
        told = _folder_of_starlette(walk, call, route.handler.path)
    path = posixpath.join(told, name) if told is not None else ""
    if not path or walk.files.lies(path) != "":
        return None
    full = posixpath.normpath(posixpath.join(walk.folder, path))
    return Lacking(name, full, Place(route.handler.path, call.lineno, call.col_offset + 1))


def _rendered(body: list[ast.stmt]) -> ast.Call | None:
    """Return the call that renders a page, where a plain GET surely comes to it."""
    for statement in body:
        value = statement.value if isinstance(statement, ast.Return | ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Call) and bodies.last(value) in ("render_template", "TemplateResponse"):
            return value
        if isinstance(statement, ast.Return | ast.Raise):
            return None
        if any(isinstance(each, _ENDS) for each in ast.walk(statement)) and not is_for_posts(statement):
            return None
    return None


def is_for_posts(statement: ast.stmt) -> bool:
    """Say whether a statement is `if request.method == "POST":`, whose body a GET passes over."""
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    return re.fullmatch(r"(?:\w+\.)?request\.method == 'POST'", ast.unparse(statement.test)) is not None


def _template(call: ast.Call) -> str | None:
    """Return the name of the template: the first text among the arguments, or `name`."""
    given = [*call.args[:2], *(each.value for each in call.keywords if each.arg == "name")]
    return next((each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)), None)


def _own(made: Made) -> int:
    return sum(each.arg == "template_folder" for each in made.call.keywords)


def _folder_of_flask(made: Made) -> str | None:
    """Return the folder of an app's templates; None where it is not told plainly."""
    given = next((each.value for each in made.call.keywords if each.arg == "template_folder"), ast.Constant("templates"))
    plain = [dotted(each) for each in made.call.args] == ["__name__"]
    if not plain or not isinstance(given, ast.Constant) or not isinstance(given.value, str):
        return None
    return posixpath.join(posixpath.dirname(made.body.loaded.found.path), given.value)


def _folder_of_starlette(walk: Walk, call: ast.Call, path: str) -> str | None:
    """Return the directory of the Jinja2Templates that a call renders with."""
    name = dotted(call.func).rpartition(".")[0]
    loaded = next((each for each in walk.loaded.values() if each and each.found.tree == path), None)
    if loaded is not None and name not in loaded.facts.constants:
        loaded, name = origin(walk, loaded, name) or (None, name)
    templates = loaded.facts.constants.get(name) if loaded is not None else None
    if loaded is None or not isinstance(templates, ast.Call) or bodies.last(templates) != "Jinja2Templates":
        return None
    named = {each.arg: each.value for each in templates.keywords}
    given = named.get("directory", templates.args[0] if templates.args else None)
    value = evaluate(given, walk.scope(walk.frame(loaded))) if given is not None and set(named) <= {"directory"} else None
    return str(value) if isinstance(value, str) else None
