"""What a folder that is installed as a project gives to import, by the rules of the backend that builds it.

setuptools 84, hatchling 1.33, poetry-core 2.5 and flit-core 4.2 were tried, editable and not. What another backend makes of a
project is not known.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from bot.engine.image.filesystem import Gone, Linked
from bot.engine.image.projects.contents import Contents, Given, Refused
from bot.engine.image.projects.view import View, table

if TYPE_CHECKING:
    from bot.engine.image.filesystem import FileSystem
    from bot.engine.model.tree import Tree

__all__ = ["Contents", "Given", "Refused", "given", "laid", "site"]


def given(tree: Tree, files: FileSystem, folder: str, editable: bool) -> Contents | Refused | None:
    """Return what the project in a folder of an image gives as it lies there now, or why its backend gives up.

    None where that can't be told.
    """
    view = View(tree, files, folder)
    manifest = view.toml("pyproject.toml")
    if view.unclear or (manifest is None and view.is_file("pyproject.toml")):
        return None
    system = table((manifest or {}).get("build-system"))
    backend = system.get("build-backend", "setuptools")
    if not isinstance(backend, str) or "backend-path" in system:
        return None
    match re.split(r"[.:]", backend)[0]:
        case "setuptools":
            from bot.engine.image.projects import setuptools

            return setuptools.contents(view, manifest or {})
        case "hatchling" | "poetry" | "flit_core" | "uv_build":
            from bot.engine.image.projects import backends

            return backends.contents(view, manifest or {}, editable)
    return None


def site(prefix: str, python: tuple[int, int] | None) -> str:
    """Return the folder of an environment in which packages lie."""
    version = f"{python[0]}.{python[1]}" if python else "3"
    return posixpath.join(prefix, f"lib/python{version}/site-packages")


def laid(files: FileSystem, contents: Contents, site: str, editable: bool) -> Given:
    """Lay what a project gives into a file system, and return how it is found: in `site` a copy, or where it is editable."""
    if editable:
        names = () if contents.paths else tuple(contents.top())
        return Given(contents.folder, contents.paths, names, contents.scripts)
    before = files.copy()
    for name, folder in sorted(contents.packages.items()):
        target = posixpath.join(site, name.replace(".", "/"))
        files.add(Linked(target, folder, before))
        for inner in before.names(folder):
            if f"{name}.{inner}" not in contents.packages and before.folder(posixpath.join(folder, inner)):
                files.add(Gone(posixpath.join(target, inner)))
    for name, path in contents.modules.items():
        files.add(Linked(posixpath.join(site, name.replace(".", "/")) + ".py", path + ".py", before))
    return Given(contents.folder, (), (), contents.scripts)
