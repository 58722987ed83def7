"""What Django imports by name when it starts: the settings, the apps and their models, the middleware, the URL configuration.

`get_wsgi_application()` and its like read the settings module and import every entry of INSTALLED_APPS, then the `models` of
each, then the classes of MIDDLEWARE; the module of ROOT_URLCONF comes with the first request, or with the checks that
`manage.py runserver` and `migrate` run before. From Django 5.2 (`apps/registry.py`, `apps/config.py`, `core/handlers/base.py`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.facts import Call, Import
from bot.engine.boot.finder import Loaded, package_of
from bot.engine.boot.importer import Frame, Importer
from bot.engine.boot.modules import parsed
from bot.engine.boot.values import Scope, dotted, evaluate, truth
from bot.engine.model.findings import Place
from bot.engine.model.tree import Unreadable

_NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*(?:,|\]\s*=)\s*[\"']([\w.]+)[\"']")
_CHECKING = frozenset("runserver migrate check test".split())  # commands whose checks read the URL configuration
_DRIVERS = {  # the database's backend: the modules of which it needs one, what to require, and its words
    "postgresql": (("psycopg", "psycopg2"), "psycopg2", "Error loading psycopg2 or psycopg module"),
    "postgresql_psycopg2": (("psycopg", "psycopg2"), "psycopg2", "Error loading psycopg2 or psycopg module"),
    "mysql": (("MySQLdb", "pymysql"), "MySQLdb", "Error loading MySQLdb module."),
}


class Named(NamedTuple):
    """A module or class that a setting names, and where."""

    name: str
    place: Place


def started(walk: Importer, event: Call, frame: Frame) -> None:
    """Follow the call with which a program starts Django."""
    settings = _settings(walk, frame)
    if settings is None:
        return
    line, column = event.node.lineno, event.node.col_offset + 1
    walk.imported(Import(settings, None, 0, line, column), frame)
    loaded = walk.loaded.get(settings)
    if loaded is None or loaded.found.kind == "outside" or loaded.facts.error:
        return
    walk.django = loaded
    reader = _Django(walk, loaded)
    walk.failures.chain.append(f"{frame.loaded.found.tree}:{line}")
    reader.populate()
    if event.name.endswith("_application"):
        reader.middleware()
        with walk.failures.at_stage("health"):
            reader.urls()
    elif _CHECKING & {*walk.argv}:
        reader.urls()
    walk.failures.chain.pop()


def _settings(walk: Importer, frame: Frame) -> str | None:
    """Return the settings module: the environment's, or the one that the file falls back to; None where that can't be told."""
    if "DJANGO_SETTINGS_MODULE" in walk.env:
        return walk.env["DJANGO_SETTINGS_MODULE"]
    try:
        found = _NAMED.search(walk.tree.text(frame.loaded.found.tree)) if frame.loaded.found.tree else None
    except Unreadable:
        return None
    return found[1] if found else None


class _Django:
    def __init__(self, walk: Importer, settings: Loaded) -> None:
        self.walk = walk
        self.settings = settings

    def populate(self) -> None:
        """Import the apps, then their models, which need the database's driver."""
        apps = list(self.listed("INSTALLED_APPS"))
        for app in apps:
            self.load(_module(app.name), app.place)
        if apps:
            self.driver()
        for app in apps:
            module = _module(app.name)
            package = module.removesuffix(".apps") if module != app.name else module
            owner = self.walk.loaded.get(package)
            if owner and owner.found.kind != "outside" and owner.found.folders:
                for name in ("apps", "models"):
                    if self.walk.find(name, owner):
                        self.load(f"{package}.{name}", app.place)
            elif self.walk.is_outside(package) and (site := self.walk.finder.installed.site) and site.has(f"{package}.models"):
                self.outside(f"{package}.models", app.place)

    def middleware(self) -> None:
        """Import the classes of MIDDLEWARE."""
        for each in self.listed("MIDDLEWARE"):
            self.load(each.name.rpartition(".")[0], each.place)

    def urls(self) -> None:
        """Import the URL configuration; what it includes by name follows from its own calls."""
        value = self.settings.facts.constants.get("ROOT_URLCONF")
        name = evaluate(value, self.scope(self.settings)) if value is not None else None
        if isinstance(name, str):
            self.load(name, Place(self.settings.found.tree or "", value.lineno if value else 1))

    def load(self, name: str, place: Place) -> None:
        """Import a module that a setting names."""
        if not name:
            return
        self.walk.failures.chain.append(f"{place.path}:{place.line}")
        loaded = self.walk.load(name, place)
        if loaded is None and self.walk.is_outside(name):
            self.outside(name, place)
        self.walk.failures.chain.pop()

    def outside(self, name: str, place: Place) -> None:
        self.walk.from_outside(name, Import(name, None, 0, place.line, place.column), place)

    def driver(self) -> None:
        """The models of the first app already ask for the database, and so for its driver."""
        value = self.settings.facts.constants.get("DATABASES")
        for node in ast.walk(value) if value is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("django.db.backends."):
                needed = _DRIVERS.get(node.value.rpartition(".")[2])
                installed = self.walk.finder.installed
                if needed and not any(installed.gives(module) for module in needed[0]):
                    message = f"django.core.exceptions.ImproperlyConfigured: {needed[2]}"
                    place = Place(self.settings.found.tree or "", node.lineno, node.col_offset + 1)
                    self.walk.failures.driver(node.value, needed[1], message, place)

    # --- settings

    def listed(self, name: str) -> Iterator[Named]:
        """Yield what a setting lists, in order, as far as it is told without doubt."""
        found = _listed(self.walk, self.settings, name, frozenset())
        yield from found or ()

    def scope(self, loaded: Loaded) -> Scope:
        return _scope(self.walk, loaded)


def _module(entry: str) -> str:
    """Return the module of an entry of INSTALLED_APPS, which may name a class of configuration."""
    head, _, last = entry.rpartition(".")
    return head if head and last[:1].isupper() else entry


def _scope(walk: Importer, loaded: Loaded) -> Scope:
    return walk.scope(walk.frame(loaded))


def _listed(walk: Importer, loaded: Loaded, name: str, seen: frozenset[str]) -> list[Named] | None:
    """Return what a module makes of a list; None where it has none. Of a branch that may run or not, nothing counts."""
    if loaded.found.tree is None or loaded.name in seen:
        return None
    try:
        body = parsed(walk.tree.read(loaded.found.tree)).body
    except (SyntaxError, Unreadable):
        return None
    return _Lists(walk, loaded, name, seen | {loaded.name}).block(body, None)


class _Lists:
    """Follows one name through the statements of a settings module."""

    def __init__(self, walk: Importer, loaded: Loaded, name: str, seen: frozenset[str]) -> None:
        self.walk = walk
        self.loaded = loaded
        self.name = name
        self.seen = seen
        self.scope = _scope(walk, loaded)

    def block(self, body: list[ast.stmt], found: list[Named] | None) -> list[Named] | None:
        for statement in body:
            found = self.statement(statement, found)
        return found

    def statement(self, statement: ast.stmt, found: list[Named] | None) -> list[Named] | None:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=self.name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=self.name), value=ast.expr() as value)
            ):
                return self.values(value, found)
            case ast.AugAssign(target=ast.Name(id=self.name), value=value):
                return [*(found or ()), *self.values(value, found)]
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=self.name), attr=verb), args=args)) if args:
                more = self.values(args[-1], found)
                return [*(found or ()), *more] if verb in ("append", "insert", "extend") else found
            case ast.ImportFrom(names=[ast.alias(name="*")], module=module, level=level):
                base = self.walk.absolute(Import(module or "", ("*",), level, 0, 0), package_of(self.loaded))
                other = self.walk.loaded.get(base or "")
                inherited = _listed(self.walk, other, self.name, self.seen) if other and other.found.tree else None
                return found if inherited is None else inherited
            case ast.If(test=test, body=body, orelse=orelse):
                decided = truth(test, self.scope)
                return found if decided is None else self.block(body if decided else orelse, found)
        return found

    def values(self, node: ast.expr, found: list[Named] | None) -> list[Named]:
        """Return the strings that an expression comes to; those that can't be told are left out."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [Named(node.value, Place(self.loaded.found.tree or "", node.lineno, node.col_offset + 1))]
        if isinstance(node, ast.List | ast.Tuple):
            return [each for element in node.elts for each in self.values(element, found)]
        if isinstance(node, ast.Starred):
            return self.values(node.value, found)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return [*self.values(node.left, found), *self.values(node.right, found)]
        if isinstance(node, ast.Name) and node.id == self.name:
            return list(found or ())
        if isinstance(node, ast.Name) and node.id in self.loaded.facts.constants:
            return self.values(self.loaded.facts.constants[node.id], found)
        if isinstance(node, ast.Call) and dotted(node.func) in ("list", "tuple") and node.args:
            return self.values(node.args[0], found)
        return []
