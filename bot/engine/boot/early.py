"""What a module's own code takes from another one that is still being imported: attributes, in a ring of imports.

`from x import y` is the importer's matter. `import x` works in a ring, and `x.y` fails where it runs before `x` binds it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot import evaluated
from bot.engine.boot.facts import Import
from bot.engine.boot.failures import Early
from bot.engine.boot.finder import Loaded
from bot.engine.boot.importer import Frame, Importer
from bot.engine.boot.modules import parsed
from bot.engine.boot.names import bound_names
from bot.engine.boot.values import dotted
from bot.engine.model import stdlib
from bot.engine.model.findings import Place

_SUBMODULES = (3, 11)  # from which on Python knows a submodule that is still being imported
_RENAMING = (3, 13)  # from which on it advises to rename what may hide another module


class Use(NamedTuple):
    """An attribute that code asks a name for as its module is imported: `a.b.x`, and where."""

    name: str
    line: int
    column: int  # counted from 0


def watch(walk: Importer, event: Import, frame: Frame) -> None:
    """Look for what a module's code will ask too early of what it just imported; `reached` tells when it does."""
    name = walk.absolute(event, frame.package)
    loaded = walk.loaded.get(name or "")
    if loaded and loaded.found.kind != "outside" and frame.local is None and not walk.failures.unsure:
        found = list(_watched(walk, event, frame, loaded))
        if found:
            waiting = walk.early.setdefault(_key(frame), [])
            waiting += found
            waiting.sort(key=lambda each: each.place)


def reached(walk: Importer, frame: Frame, at: tuple[int, int] | None) -> None:
    """Note what a module's code asked too early, up to the line and column where it is now (None: its end)."""
    waiting = walk.early.get(_key(frame), [])
    while waiting and (at is None or (waiting[0].place.line, waiting[0].place.column - 1) <= at):
        walk.failures.used(waiting.pop(0), walk.at)
    if at is None:
        walk.early.pop(_key(frame), None)


def _key(frame: Frame) -> str:
    return "__main__" if frame.main else frame.loaded.name


def _watched(walk: Importer, event: Import, frame: Frame, loaded: Loaded) -> Iterator[Early]:
    tree = frame.loaded.found.tree
    source = walk.tree.read(tree) if tree else b""
    for alias, module in _brought(event, loaded):
        for partial in list(walk.at):
            if partial != module and not partial.startswith(f"{module}."):
                continue
            written = alias + partial[len(module) :]
            if f"{written}.".encode() in source:
                for use in uses(source, alias, (event.line, event.column - 1), walk.finder.version):
                    place = Place(tree or "", use.line, use.column + 1)
                    found = _judged(walk, use, module, place) if use.name.startswith(f"{written}.") else None
                    if found:
                        yield found


def _brought(event: Import, loaded: Loaded) -> list[tuple[str, str]]:
    """Return the names that an import binds to modules, with the modules."""
    if event.names is None:
        top = event.module.partition(".")[0]
        return [(event.aliases[0], event.module)] if event.aliases else [(top, top)]
    named = zip(event.aliases, event.names, strict=True)
    return [(alias, f"{loaded.name}.{name}") for alias, name in named if name not in loaded.facts.names]


def _judged(walk: Importer, use: Use, module: str, place: Place) -> Early | None:
    """Return why an attribute is not there when it is used; None where it is, or where that can't be told."""
    for attribute in use.name.split(".")[1:]:
        owner = walk.loaded.get(module)
        if owner is None or owner.found.kind == "outside" or owner.facts.stars or attribute.startswith("__"):
            return None
        partial, inner = owner.name in walk.at, f"{module}.{attribute}"
        if walk.loaded.get(inner) and attribute not in owner.facts.names:
            if inner in walk.at:
                message = _words(walk, owner, attribute) if partial else _no_submodule(walk, owner, attribute)
                return Early(place, message, walk.loaded[inner] or owner, attribute, use.name.rpartition(".")[2])
            module = inner
            continue
        later = walk.comes_later(owner, attribute) or not walk.defines(owner, attribute, set())
        return Early(place, _words(walk, owner, attribute), owner, attribute, attribute) if partial and later else None
    return None


def _words(walk: Importer, owner: Loaded, attribute: str) -> str:
    """Return what Python says of an attribute that a module does not have yet (tried on 3.9 to 3.13)."""
    path, lacks = owner.found.path, f"has no attribute '{attribute}'"
    if walk.finder.version < _RENAMING:
        return f"AttributeError: partially initialized module '{owner.name}' {lacks} (most likely due to a circular import)"
    if walk.finder.hides(owner.found):
        why = "if it has the same name as a third-party module you intended to import"
        if stdlib.has(owner.name, walk.finder.version):
            why = f"since it has the same name as the standard library module named '{owner.name}'"
            why += " and the import system gives it precedence"
        return f"AttributeError: module '{owner.name}' {lacks} (consider renaming '{path}' {why})"
    origin = f" from '{path}'" if path and owner.found.kind != "namespace" else ""
    return f"AttributeError: partially initialized module '{owner.name}'{origin} {lacks} (most likely due to a circular import)"


def _no_submodule(walk: Importer, owner: Loaded, attribute: str) -> str:
    if walk.finder.version < _SUBMODULES:
        return f"AttributeError: module '{owner.name}' has no attribute '{attribute}'"
    circular = "(most likely due to a circular import)"
    return f"AttributeError: cannot access submodule '{attribute}' of module '{owner.name}' {circular}"


# --- what runs at import


def uses(source: bytes, name: str, after: tuple[int, int], version: tuple[int, int]) -> list[Use]:
    """Return the attributes that a module's own code surely asks `name` for, behind a line and column.

    What stands in branches, loops, attempts and functions may not run.
    """
    try:
        body = parsed(source).body
    except SyntaxError:
        return []
    annotated = not evaluated.deferred(source, version)
    found = []
    for statement in body:
        if (statement.lineno, statement.col_offset) <= after:
            continue
        for expression in _run(statement, annotated):
            found += [use for use in _chains(expression) if use.name.partition(".")[0] == name]
        if name in bound_names(statement):
            break
    return found


def _run(statement: ast.stmt, annotated: bool) -> Iterator[ast.expr]:
    """Yield the expressions that surely run with a statement, those of a class's body included."""
    yield from evaluated.of_statement(statement, annotated)
    for inner in statement.body if isinstance(statement, ast.ClassDef) else ():
        yield from _run(inner, annotated)


def _chains(node: ast.expr) -> Iterator[Use]:
    """Yield the attributes of names in an expression, as far as it surely runs."""
    whole = dotted(node) if isinstance(node, ast.Attribute) else ""
    if whole:
        yield Use(whole, node.lineno, node.col_offset)
        return
    for part in evaluated.of_expression(node):
        yield from _chains(part)
