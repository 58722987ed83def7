"""Steps that a build has to take before code can run: a client that is generated, static files that are collected.

Prisma Client Python 0.15 (`prisma/__init__.py`): its `Prisma` is not there before `prisma generate`. Django 5.2
(`contrib/staticfiles/storage.py`): a storage with a manifest knows no file before `collectstatic`, and `{% static %}` raises.
A step counts as taken where anything of the repository names it: what runs a build is not always followed.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.boot import bodies, django_urls
from bot.engine.boot.bodies import last
from bot.engine.boot.django_settings import Settings
from bot.engine.boot.facts import Import
from bot.engine.boot.values import dotted, evaluate
from bot.engine.model.findings import MissingStep, Place, Route
from bot.engine.model.tree import Tree, Unreadable, name

if TYPE_CHECKING:
    from bot.engine.boot.importer import Importer
    from bot.engine.boot.walk import Walk
    from bot.engine.boot.web import Routes

_PRISMA = re.compile(r"\bprisma\s+(?:py\s+)?(?:generate|db\s+push|migrate\s+dev)")
_COLLECTING = re.compile(r"\bcollectstatic\b")
_RUNNING = re.compile(
    r"(?:.*\.(?:sh|bash|ya?ml|toml|json|cfg|mk)|(?:.*[/.])?Dockerfile(?:\..*)?|Makefile|makefile|justfile|Procfile|.*\.py)"
)
_UNGENERATED = (
    "RuntimeError: The Client hasn't been generated yet, you must run `prisma generate` before you can use the client."
)
_STATIC = re.compile(r"\{%-?\s*static\s+([\"'])([^\"'{}]+)\1\s*(?:as\s+\w+\s*)?-?%\}")
_EXTENDS = re.compile(r"\{%-?\s*(?:extends|include)\s+([\"'])([^\"'{}]+)\1")
_SKIPPED = frozenset("node_modules .git .venv venv env site-packages __pycache__".split())
_DEEPEST = 5  # templates that extend each other


def taken(tree: Tree, step: re.Pattern[str]) -> bool:
    """Say whether something of the repository that may run names a step."""
    for path in tree.walk("", _SKIPPED):
        if _RUNNING.fullmatch(name(path)):
            try:
                text = tree.text(path)
            except Unreadable:
                continue
            if any(not line.lstrip().startswith("#") and step.search(line) for line in text.splitlines()):
                return True
    return False


# --- Prisma


def generated(walk: Importer, event: Import, place: Place) -> None:
    """Note an import of Prisma's client where nothing generates it."""
    if event.module != "prisma" or not {"Prisma", "Client"} & {*(event.names or ())} or walk.failures.unsure:
        return
    installed = walk.finder.installed
    if not installed.has("prisma") or taken(walk.tree, _PRISMA):
        return
    reason = f"{place.path}:{place.line} imports the client, and no step of the build generates it from the schema."
    detail = MissingStep("prisma generate")
    walk.failures.fail("client-not-generated", _UNGENERATED, reason, place, detail, False, "other")


# --- Django's static files


class Uncollected(NamedTuple):
    """A static file that a page names, and the template that does, with the line."""

    file: str
    template: str
    line: int


def uncollected(walk: Walk, routes: Routes, path: str) -> Uncollected | None:
    """Return the static file without which a page of a Django project can't be rendered; None where nothing shows that."""
    route = routes.answering(path, "GET")
    if walk.django is None or routes.open is not None or route is None or not _wants_manifest(walk):
        return None
    template = _template(walk, route)
    found = _static(walk.tree, template, 0) if template else None
    return None if found is None or taken(walk.tree, _COLLECTING) else found


def _wants_manifest(walk: Walk) -> bool:
    """Say whether the files are looked up in a manifest that is not there."""
    if walk.django is None:
        return False
    settings = Settings(walk, walk.django)
    plain = [str(value) for value, _ in settings.values("STATICFILES_STORAGE")]
    named = walk.django.facts.constants.get("STORAGES")
    texts = [node.value for node in ast.walk(named) if isinstance(node, ast.Constant)] if named is not None else []
    manifest = any("Manifest" in each for each in (*plain, *map(str, texts)))
    debug = settings.values("DEBUG")
    root = walk.django.facts.constants.get("STATIC_ROOT")
    told = evaluate(root, walk.scope(walk.frame(walk.django))) if root is not None else None
    there = walk.files.lies(f"{told}/staticfiles.json") if isinstance(told, str) else "file"
    return manifest and bool(debug) and all(value is False for value, _ in debug) and there == ""


def _template(walk: Walk, route: Route) -> str | None:
    """Return the name of the template that a view renders for a plain GET."""
    named = django_urls.view(walk, route)
    if named is not None and isinstance(named[1], ast.Call) and last(named[1]) == "as_view":
        given = next((word.value for word in named[1].keywords if word.arg == "template_name"), None)
        found = django_urls.class_of(walk, named[0], dotted(named[1].func).rpartition(".")[0])
        for statement in found[1].body if found is not None and given is None else ():
            if isinstance(statement, ast.Assign) and [dotted(each) for each in statement.targets] == ["template_name"]:
                given = statement.value
        return _text(given) if given is not None else None
    function = bodies.function_at(walk.tree, route.handler)
    for statement in function.body if function is not None else ():
        value = statement.value if isinstance(statement, ast.Return) else None
        if isinstance(value, ast.Call) and last(value) == "render" and len(value.args) > 1:
            return _text(value.args[1])
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            return None
    return None


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _static(tree: Tree, template: str, depth: int) -> Uncollected | None:
    """Return the first static file that a template, or one that it extends or includes, names."""
    found = [path for path in tree.walk("", _SKIPPED) if path == template or path.endswith(f"/{template}")]
    if len(found) != 1 or depth > _DEEPEST:
        return None
    try:
        text = tree.text(found[0])
    except Unreadable:
        return None
    if named := _STATIC.search(text):
        return Uncollected(named[2], found[0], text.count("\n", 0, named.start()) + 1)
    for further in _EXTENDS.finditer(text):
        if inner := _static(tree, further[2], depth + 1):
            return inner
    return None
