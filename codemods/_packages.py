"""What of a folder of the repository belongs into a distribution: its packages and modules, without tests and backups."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.model.tree import Tree, Unreadable
from bot.engine.platforms import survey

_NEVER = re.compile(  # folders and modules that are no part of an app
    r"(?:unit_|integration_|e2e_)?tests?|test_.*|testing|docs?|examples?|samples?|benchmarks?|build|dist|env|venv|node_modules"
    r"|notebooks?|conftest|setup|noxfile|fabfile|_.*|.*[_-]?(?:backup|bak|old|copy)\d*"
)
_SELDOM = frozenset("scripts tools data static templates assets migrations manage tasks".split())  # where the code imports them
_MOST = 600  # files that are read for their imports


class Layout(NamedTuple):
    """The packages and modules at the top of a folder; `aside` are packages in it that don't belong to an app."""

    packages: tuple[str, ...]
    modules: tuple[str, ...]
    aside: tuple[str, ...]


def layout(tree: Tree, folder: str) -> Layout:
    """Return what lies at the top of a folder."""
    packages: list[str] = []
    modules: list[str] = []
    aside: list[str] = []
    for entry, kind in sorted(tree.entries(folder).items()):
        path = f"{folder}/{entry}" if folder else entry
        stem = entry.removesuffix(".py")
        if (
            not stem.isidentifier()
            or tree.kind(path) is None
            or not (stem != entry if kind == "file" else _has_python(tree, path))
        ):
            continue
        apart = _NEVER.fullmatch(stem) or (stem in _SELDOM and imports(tree, folder, stem) is None)
        if kind == "folder":
            (aside if apart else packages).append(stem)
        elif not apart:
            modules.append(stem)
    return Layout(tuple(packages), tuple(modules), tuple(aside))


def for_setuptools(found: Layout) -> str | None:
    """Return the table that tells setuptools what there is; None where it finds that by itself, or there is nothing."""
    if found.packages:
        listed = ", ".join(f'"{name}*"' for name in found.packages)
        caught = [name for name in found.aside if any(name.startswith(each) for each in found.packages)]
        excluded = ", ".join(f'"{name}*"' for name in caught)
        exclude = f"exclude = [{excluded}]\n" if excluded else ""
        return f"[tool.setuptools.packages.find]\ninclude = [{listed}]\n{exclude}"
    listed = ", ".join(f'"{name}"' for name in found.modules)
    return f"[tool.setuptools]\npy-modules = [{listed}]\n" if listed else None


def imports(tree: Tree, folder: str, name: str) -> str | None:
    """Return a file below a folder that imports a top-level module of a name, by a search for the words."""
    pattern = re.compile(rf"^[ \t]*(?:import|from)[ \t]+{re.escape(name)}(?:[. \t\r,]|$)", re.M)
    prefix = f"{folder}/" if folder else ""
    own = [path for path in survey.files(tree) if path.startswith(prefix) and path.endswith(".py")]
    for path in own[:_MOST]:
        try:
            if pattern.search(tree.text(path)):
                return path
        except Unreadable:
            continue
    return None


def _has_python(tree: Tree, folder: str, depth: int = 0) -> bool:
    entries = tree.entries(folder)
    if any(name.endswith(".py") for name in entries):
        return True
    inner = [f"{folder}/{name}" for name, kind in entries.items() if kind == "folder" and name not in survey.SKIPPED]
    return depth < 2 and any(_has_python(tree, path, depth + 1) for path in inner)
