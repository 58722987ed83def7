"""Reads the URL configuration of a Django project: which paths it answers.

From Django 5.2 (`urls/conf.py`, `urls/resolvers.py`, `middleware/common.py`): `urlpatterns` of ROOT_URLCONF, with what it
includes, is searched in order; a path that none takes is a 404, or a 301 to the one with a last slash, where CommonMiddleware
is there and APPEND_SLASH is on. `static()` adds nothing unless DEBUG is. What is not followed (routers of other packages, the
admin's site) may answer anything below its prefix.
"""

from __future__ import annotations

import ast
import re

from bot.engine.boot import bodies, django_checks
from bot.engine.boot.bodies import Body, last
from bot.engine.boot.django_settings import Settings
from bot.engine.boot.finder import Loaded
from bot.engine.boot.importer import Importer
from bot.engine.boot.startup import origin
from bot.engine.boot.values import dotted, evaluate
from bot.engine.boot.walk import Walk
from bot.engine.boot.web import Routes
from bot.engine.model.findings import App, Place, Route

_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())  # a view looks at the method itself
_OF_DEBUG = ("static", "staticfiles_urlpatterns")
_REST = "<path:rest>"
_OPTIONAL = ("?$", r"?\Z")  # the last slash of an expression
_FARTHEST = 8  # configurations that include each other
_LITERAL = re.compile(r"(?:[\w/ ~%@:,;&=!'-]|\\[./\-_])*")


def routes(walk: Walk, app: tuple[Loaded, str] | None) -> Routes | None:
    """Return what the project answers; None where it has no URL configuration that is read."""
    found = read(walk) if django_checks.is_plain(app) else None
    if found is None or walk.django is None:
        return None
    settings = Settings(walk, walk.django)
    stacks = settings.lists("MIDDLEWARE") or []
    where, more = walk.django.found.tree, found.open
    answering = [reason for stack in stacks if (reason := django_checks.may_answer(stack))]
    if not stacks or answering or settings.values("WHITENOISE_ROOT"):
        more = answering[0] if answering else f"{where} lets something else answer"
    asking = all(any(item.text == django_checks.COMMON for item in stack) for stack in stacks)
    appends = settings.values("APPEND_SLASH")
    if any(not sure for _, sure in appends):
        more = f"{where} sets APPEND_SLASH to what a variable says"
    return found._replace(open=more, appends=asking and not any(value is False for value, _ in appends))


def read(walk: Importer) -> Routes | None:
    """Return the routes of ROOT_URLCONF, whatever stands before them; None where the project names none that is read."""
    if walk.django is None:
        return None
    settings = Settings(walk, walk.django)
    named = settings.values("ROOT_URLCONF")
    root = walk.loaded.get(str(named[0][0])) if len(named) == 1 and named[0][1] else None
    if root is None or root.found.tree is None:
        return None
    reader = _Reader(walk, settings)
    reader.module(root, "/")
    if "handler404" in root.facts.names:
        reader.open = f"{root.found.tree} answers itself what no view does"
    return Routes(App("django", reader.place_of(root), "urlpatterns"), tuple(reader.found), reader.open)


def view(walk: Importer, route: Route) -> tuple[Loaded, ast.expr] | None:
    """Return the expression of a route's view, and the module that it stands in; None for what was not followed."""
    loaded = next((each for each in walk.loaded.values() if each and each.found.tree == route.place.path), None)
    for statement in bodies.statements(walk, loaded) if loaded is not None else ():
        for node in ast.walk(statement):
            here = isinstance(node, ast.Call) and (node.lineno, node.col_offset + 1) == (route.place.line, route.place.column)
            if loaded is not None and isinstance(node, ast.Call) and here and (given := _view(node)) is not None:
                return loaded, given
    return None


def class_of(walk: Importer, loaded: Loaded, named: str) -> tuple[Loaded, ast.ClassDef] | None:
    """Return a class of views, `views.Home` or `Home`, and its module; None where it is not the repository's own."""
    first, _, rest = named.partition(".")
    owner: Loaded | None = loaded
    wanted = first
    if rest or first not in loaded.facts.classes:
        owner, wanted = origin(walk, loaded, first) or (None, "")
    if owner is not None and rest:
        owner, wanted = walk.loaded.get(f"{owner.name}.{wanted}"), rest
    made = owner.facts.classes.get(wanted) if owner is not None else None
    return (owner, made) if owner is not None and made is not None else None


class _Reader:
    def __init__(self, walk: Importer, settings: Settings) -> None:
        self.walk = walk
        self.settings = settings
        self.found: list[Route] = []
        self.open: str | None = None
        self.within: list[str] = []  # the configurations that are being read

    def module(self, loaded: Loaded, prefix: str) -> None:
        """Add what the `urlpatterns` of a module answer below a prefix."""
        body = bodies.of_module(self.walk, loaded)
        if loaded.name in self.within or len(self.within) > _FARTHEST or not body.statements:
            self.rest(prefix, Place(loaded.found.tree or "", 1), f"{loaded.name} was not read")
            return
        self.within.append(loaded.name)
        for statement in body.statements:
            self.statement(statement, body, prefix)
        self.within.pop()

    def place_of(self, loaded: Loaded) -> Place:
        """Return where a module sets `urlpatterns` first."""
        value = loaded.facts.constants.get("urlpatterns")
        line, column = loaded.facts.bound.get("urlpatterns", (value.lineno if value is not None else 1, 0))
        return Place(loaded.found.tree or "", line, column + 1)

    def statement(self, statement: ast.stmt, body: Body, prefix: str) -> None:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="urlpatterns")], value=value)
                | ast.AnnAssign(target=ast.Name(id="urlpatterns"), value=ast.expr() as value)
                | ast.AugAssign(target=ast.Name(id="urlpatterns"), value=value)
            ):
                self.listed(value, body, prefix)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="urlpatterns"), attr=verb), args=[*_, given])):
                one = ast.copy_location(ast.List([given], ast.Load()), given)
                self.listed(given if verb == "extend" else one, body, prefix)
            case ast.If(test=test, body=inner, orelse=[]) if dotted(test) == "settings.DEBUG":
                states = self.settings.values("DEBUG")
                if any(value is not False or not sure for value, sure in states) or not states:
                    self.hidden(ast.Module(inner, []), statement, body, prefix)
            case _:
                self.hidden(statement, statement, body, prefix)

    def hidden(self, code: ast.AST, at: ast.stmt, body: Body, prefix: str) -> None:
        """Note that there may be more, where other code does something with the list."""
        if any(isinstance(node, ast.Name) and node.id == "urlpatterns" for node in ast.walk(code)):
            place = Place(body.loaded.found.tree or "", at.lineno)
            self.rest(prefix, place, f"{place.path}:{place.line} adds routes in a way that was not followed")

    def listed(self, node: ast.expr, body: Body, prefix: str) -> None:
        """Add the entries of a list, of a sum of lists, or of a list with a name of its own."""
        match node:
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                for each in entries:
                    if isinstance(each, ast.Starred):
                        self.listed(each.value, body, prefix)
                    else:
                        self.entry(each, body, prefix)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                self.listed(left, body, prefix)
                self.listed(right, body, prefix)
            case ast.Name(id=name) if name != "urlpatterns" and isinstance(body.constants.get(name), ast.List):
                self.listed(body.constants[name], body, prefix)
            case ast.Call() if last(node) in _OF_DEBUG:
                return
            case _:
                self.unclear(node, body, prefix)

    def entry(self, node: ast.expr, body: Body, prefix: str) -> None:
        """Add what one entry answers: `path("health/", view)`, `re_path("^health/$", view)`, or what it includes."""
        made = last(node) if isinstance(node, ast.Call) else ""
        if not isinstance(node, ast.Call) or made not in ("path", "re_path", "url") or not node.args:
            self.unclear(node, body, prefix)
            return
        written = evaluate(node.args[0], self.walk.scope(self.walk.frame(body.loaded)))
        view = _view(node)
        if not isinstance(written, str) or view is None:
            self.unclear(node, body, prefix)
            return
        place = Place(body.loaded.found.tree or "", node.lineno, node.col_offset + 1)
        includes = isinstance(view, ast.Call) and last(view) == "include"
        start, known = (str(written), True) if made == "path" else _plain(str(written), includes)
        if not known:
            self.rest(prefix + start, Place(place.path, place.line), f"{place.path}:{place.line} was not followed")
            return
        for route in [start, *([start[:-1]] if str(written).endswith(_OPTIONAL) and made != "path" else [])]:
            if isinstance(view, ast.Call) and includes:
                self.included(view, body, prefix + route, place)
            elif isinstance(view, ast.Tuple) or dotted(view).endswith(".urls"):
                self.rest(prefix + route, place, f"{place.path}:{place.line} hangs in routes that were not followed")
            else:
                self.found.append(Route(prefix + route, _METHODS, place, self.handler(view, body)))

    def included(self, call: ast.Call, body: Body, prefix: str, place: Place) -> None:
        """Add what `include()` brings: a module by its name, a list, or something of another package."""
        given = call.args[0] if call.args else None
        given = given.elts[0] if isinstance(given, ast.Tuple) and given.elts else given
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            loaded = self.walk.loaded.get(given.value)
            if loaded is not None and loaded.found.tree is not None:
                self.module(loaded, prefix)
                return
        elif isinstance(given, ast.List) or (isinstance(given, ast.Name) and given.id in body.constants):
            self.listed(given, body, prefix)
            return
        self.rest(prefix, place, f"{place.path}:{place.line} includes routes that were not followed")

    def handler(self, node: ast.expr, body: Body) -> Place | None:
        """Return where the function is defined that answers."""
        found = self.walk.function(dotted(node), body.loaded) if dotted(node) else None
        if found is None:
            return None
        function = found[0].facts.functions[found[1]]
        return Place(found[0].found.tree or "", function.lineno, function.col_offset + 1)

    def unclear(self, node: ast.expr, body: Body, prefix: str) -> None:
        place = Place(body.loaded.found.tree or "", node.lineno)
        self.rest(prefix, place, f"{place.path}:{place.line} lists routes in a way that was not followed")

    def rest(self, prefix: str, place: Place, why: str) -> None:
        """Let anything below a prefix be answered; below the root that is everything."""
        if prefix == "/":
            self.open = why
        else:
            self.found.append(Route(prefix + _REST, _METHODS, place))


def _view(entry: ast.Call) -> ast.expr | None:
    """Return what an entry of `urlpatterns` is given as its view."""
    given = next((word.value for word in entry.keywords if word.arg == "view"), None)
    return entry.args[1] if len(entry.args) > 1 else given


def _plain(expression: str, prefix: bool) -> tuple[str, bool]:
    """Return the literal start of a regular expression, and whether that is all of it."""
    text = expression.removeprefix("^")
    literal = _LITERAL.match(text)
    start = re.sub(r"\\(.)", r"\1", literal[0]) if literal else ""
    left = text[len(literal[0]) if literal else 0 :]
    return start, left in ("$", r"\Z") or (prefix and not left) or (left in _OPTIONAL and start != "")
