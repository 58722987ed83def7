"""A module of its own for what the modules of a ring share: it is taken out of one of them, which hands it out further on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot import modules as reading
from bot.engine.boot.facts import Attempt, Branch, Event, Import
from bot.engine.boot.names import bound_names
from bot.engine.codemod import Skip
from bot.engine.model import stdlib
from bot.engine.model.findings import Ring
from bot.engine.model.tree import Tree, Unreadable, parent
from codemods import _rings
from codemods._imports import Edit, Python
from codemods._modules import Modules

_MOST = 8  # statements that move: with more of them, it is the module that has to be cut up by a person
_FARTHEST = 400  # modules that are looked at behind the import
_CALLED = {  # what people call the modules for such names
    "Base": ("base", "base_class"),
    "db": ("extensions", "database"),
    "app": ("application", "instance"),
    "settings": ("settings", "configuration"),
    "engine": ("database", "engine"),
    "SessionLocal": ("database", "session"),
    "celery": ("celery_app", "worker_app"),
}
_Link = tuple[str, Python, ast.Import | ast.ImportFrom]


class Shared(NamedTuple):
    """The tree with a new module at `path`, which holds `names`."""

    tree: Tree
    path: str
    names: tuple[str, ...]


def imported(modules: Modules, path: str) -> frozenset[str]:
    """Return the dotted names of the modules that a file imports as it runs."""
    return frozenset(name for name, _ in _imports(modules, path))


def _imports(modules: Modules, path: str) -> Iterator[tuple[str, Import]]:
    """Yield the modules that a file imports as it runs, each with the import."""
    own = modules.named(path)
    try:
        facts = reading.read(modules.tree.read(path), modules.finder.version)
    except Unreadable:
        return
    queue: list[Event] = list(facts.events)
    while queue:
        event = queue.pop(0)
        match event:
            case Branch(body=body, orelse=orelse) | Attempt(body=body, orelse=orelse):
                queue += [*body, *orelse]
            case Import():
                base = _absolute(own, path, event.module, event.level)
                if base is None:
                    continue
                parts = base.split(".")
                yield from ((".".join(parts[: count + 1]), event) for count in range(len(parts)))
                yield from ((f"{base}.{each}", event) for each in event.names or ())


def _absolute(own: str | None, path: str, module: str | None, level: int) -> str | None:
    """Return the absolute name that an import in a file names."""
    if not level:
        return module or None
    if own is None:
        return None
    parts = own.split(".") if path.endswith("/__init__.py") else own.split(".")[:-1]
    kept = parts[: len(parts) - level + 1]
    return ".".join([*kept, *([module] if module else [])]) if level <= len(parts) else None


def shared(modules: Modules, ring: Ring, links: list[_Link]) -> Shared | Skip:
    """Return the tree in which what the ring's first module is asked for too early has a module of its own."""
    path, python, first = links[0]
    own, asking = modules.named(path), links[-1][2]
    assert python.tree
    if own is None or own != ring.module or first not in python.tree.body:
        return Skip(f"{path} does not import as its own code runs")
    if not isinstance(asking, ast.ImportFrom) or ring.name not in {alias.name for alias in asking.names}:
        return Skip(f"`{ring.name}` is not imported by its name")
    later = {name for each in python.tree.body if each.lineno > first.lineno for name in bound_names(each)}
    names = frozenset(alias.name for alias in asking.names if alias.name in later)
    needed = _rings.closure(python, names)
    if not needed or first in needed or not all(_rings.alone(python, each) for each in needed):
        return Skip(f"`{ring.name}` hangs on more of {path} than can be taken out of it")
    taken = [each for each in needed if not isinstance(each, ast.Import | ast.ImportFrom)]
    target = _path(modules, path, ring.name)
    if len(taken) > _MOST or target is None:
        return Skip(f"`{ring.name}` hangs on {len(taken)} statements of {path}" if target else "no name is free for a module")
    new = target.rpartition("/")[2].removesuffix(".py")
    tree = modules.tree.write(target, _module(python, needed).decode("utf-8"))
    tree = tree.write(path, python.edited(_left(python, first, needed, names, _from(own, path, first, new))))
    exported = frozenset(name for each in taken for name in bound_names(each))
    for follower in _reached(modules, path, first):
        changed = _following(modules, follower, own, path.endswith("__init__.py"), new, exported)
        if isinstance(changed, Skip):
            return changed
        tree = tree.write(follower, changed) if changed else tree
    return Shared(tree, target, tuple(sorted(names)))


def _path(modules: Modules, path: str, name: str) -> str | None:
    """Return a path for the new module beside an old one that stands for nothing yet."""
    folder, package = parent(path), (modules.named(path) or "").rpartition(".")[0]
    package = modules.named(path) or "" if path.endswith("__init__.py") else package
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for each in (*_CALLED.get(name, ()), plain, f"{plain}_module", f"shared_{plain}"):
        free = not modules.tree.entries(folder).keys() & {each, f"{each}.py"}
        if free and (package or not (modules.find(each) or stdlib.has(each, modules.finder.version))):
            return f"{folder}/{each}.py".lstrip("/")
    return None


def _from(own: str, path: str, like: ast.Import | ast.ImportFrom, new: str) -> str:
    """Return what the old module calls the new one, with dots where the import beside it has some."""
    if getattr(like, "level", 0):
        return f".{new}"
    package = own if path.endswith("__init__.py") else own.rpartition(".")[0]
    return f"{package}.{new}" if package else new


# --- the new module


def _module(python: Python, needed: list[ast.stmt]) -> bytes:
    """Return the text of the new module: the imports that it needs, and the statements as they were written."""
    taken = [each for each in needed if not isinstance(each, ast.Import | ast.ImportFrom)]
    wanted = {node.id for each in taken for node in ast.walk(each) if isinstance(node, ast.Name)}
    brought = [each for each in needed if isinstance(each, ast.Import | ast.ImportFrom)]
    annotated = any(isinstance(each, ast.AnnAssign | ast.ClassDef | _rings.Function) for each in taken)
    future = annotated and b"from __future__ import annotations" in python.source
    lines = [b"from __future__ import annotations", b""] if future else []
    lines += [_import(each, [alias for alias in each.names if _name(alias) in wanted]).encode() for each in brought]
    text = python.newline.join(lines) + python.newline if lines else b""
    before: ast.stmt | None = None
    for statement in taken:
        start, end = _rings.lines(python, statement)
        wide = isinstance(statement, ast.ClassDef | _rings.Function) or isinstance(before, ast.ClassDef | _rings.Function)
        close = before is not None and start - _rings.lines(python, before)[1] <= len(python.newline)
        gap = 2 if wide else 0 if close else 1
        text += python.newline * (gap if text else 0) + python.source[start:end].rstrip(b"\r") + python.newline
        before = statement
    return text


def _name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _import(node: ast.Import | ast.ImportFrom, names: list[ast.alias], module: str | None = None) -> str:
    """Return an import of some names, on one line."""
    listed = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in names)
    if isinstance(node, ast.Import):
        return f"import {listed}"
    return f"from {module or '.' * node.level + (node.module or '')} import {listed}"


# --- the old module


def _left(python: Python, first: ast.stmt, needed: list[ast.stmt], names: frozenset[str], source: str) -> list[Edit]:
    """Return the edits of the old module: what moved is gone, with the imports that served it alone, and handed out again."""
    assert python.tree
    taken = [each for each in needed if not isinstance(each, ast.Import | ast.ImportFrom)]
    rest = [each for each in python.tree.body if each not in needed]
    used = {node.id for each in rest for node in ast.walk(each) if isinstance(node, ast.Name)} | _rings.listed(python)
    exported = [name for each in taken for name in bound_names(each)]
    kept = [name for name in exported if name in names or name in used or not name.startswith("_")]
    note = "  # noqa: F401" if set(kept) - used else ""
    at = _rings.lines(python, first, False)[0]
    edits = [Edit(at, at, f"from {source} import {', '.join(sorted(kept))}{note}".encode() + python.newline)]
    edits += [Edit(*_rings.without(python, each), b"") for each in taken]
    for each in needed:
        if isinstance(each, ast.Import | ast.ImportFrom):
            edits += _less(python, each, {_name(alias) for alias in each.names} - used)
    return edits


def _less(python: Python, node: ast.Import | ast.ImportFrom, names: set[str]) -> list[Edit]:
    """Return the edits that take names out of an import; none where that is not done as it is written."""
    left = [alias for alias in node.names if _name(alias) not in names]
    if not left:
        return [Edit(*_rings.without(python, node), b"")]
    start, end = python.span(node)
    written = python.source[start:end]
    if b"\n" not in written and b"(" not in written:
        return [Edit(start, end, _import(node, left).encode())] if len(left) < len(node.names) else []
    edits = []
    for alias in node.names:
        line = python.source[python.lines[alias.lineno - 1] : python.lines[alias.lineno]]
        whole = re.fullmatch(rb"[ \t]*\w+(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*\r?\n", line)
        if _name(alias) in names and whole:
            edits.append(Edit(python.lines[alias.lineno - 1], python.lines[alias.lineno], b""))
    return edits


# --- who follows


def _reached(modules: Modules, path: str, first: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the files that run while the old module is still at its import of the ring."""
    events = [(name, event) for name, event in _imports(modules, path) if event.line == first.lineno]
    queue, seen, found = [name for name, _ in events], {path}, []
    while queue and len(seen) < _FARTHEST:
        where = modules.find(queue.pop(0))
        if where is None or where.tree is None or where.tree in seen:
            continue
        seen.add(where.tree)
        found.append(where.tree)
        queue += [name for name, _ in _imports(modules, where.tree)]
    return found


def _following(modules: Modules, path: str, own: str, package: bool, new: str, exported: frozenset[str]) -> str | Skip | None:
    """Return a file's text that takes the names from the new module; None where it does not take them from the old one."""
    python = Python(modules.tree.read(path))
    edits: list[Edit] = []
    for node in python.imports():
        names = [alias for alias in node.names if alias.name in exported]
        if not isinstance(node, ast.ImportFrom) or not names:
            continue
        if _absolute(modules.named(path), path, node.module, node.level) != own:
            continue
        module = node.module or ""
        module = f"{module}.{new}".lstrip(".") if package else f"{module.rpartition('.')[0]}.{new}".lstrip(".")
        line = _import(node, names, "." * node.level + module).encode()
        if len(names) == len(node.names):
            start, end = python.span(node)
            written = python.source[start:end]
            at = re.compile(rb"from[ \t]+([.\w]+)").match(written)
            if not at:
                return Skip(f"{path}:{node.lineno} is not edited as it is written")
            edits.append(Edit(start + at.start(1), start + at.end(1), ("." * node.level + module).encode()))
            continue
        less = _less(python, node, {_name(alias) for alias in names})
        start = python.span(node)[0]
        indent = python.source[python.lines[node.lineno - 1] : start]
        if not less or indent.strip():
            return Skip(f"{path}:{node.lineno} is not edited as it is written")
        edits += [Edit(start, start, line + python.newline + indent), *less]
    return python.edited(edits) if edits else None
