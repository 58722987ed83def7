"""What building a project itself needs of its files: the README that it names, and the package that carries its name.

Tried with hatchling 1.28, poetry-core 2.3 and 1.9, uv_build 0.13 and flit_core 3.12; setuptools only warns of a missing README.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from bot.engine.image import manifests
from bot.engine.image.managers.call import Call, Outcome
from bot.engine.image.manifests import Project, listed, table
from bot.engine.image.stage import Stage
from bot.engine.model.tree import Unreadable


class Lack(NamedTuple):
    """A file that the build of a project misses: its path in the image, and the words of the backend."""

    path: str
    message: str


def check(call: Call, outcome: Outcome, folder: str, tool: str) -> None:
    """Note what the build of the project in `folder` stops at, as far as its backend is known to stop."""
    looked = call.look(posixpath.join(folder, "pyproject.toml"))
    if looked.tree is None:
        return
    try:
        project = manifests.read(call.tree, looked.tree)
    except Unreadable:
        return
    lack = lacking(call.stage, project, folder)
    if lack is None:
        return
    named = posixpath.relpath(lack.path, folder)
    reason = f"{tool} builds the project in {folder}, and the image has no {named} there at this point."
    certain, reason = call.stage.files.judged(lack.path, reason)
    outcome.stop("project-files-missing", lack.message, reason, lack.path, certain)


def lacking(stage: Stage, project: Project, folder: str) -> Lack | None:
    """Return the first file that the backend of a project stops at."""
    backend = project.backend.partition(":")[0]
    lack = readme(stage, project, folder)
    if lack:
        return lack
    module = project.name.replace("-", "_")
    if backend == "uv_build":
        return _of_uv_build(stage, project, folder, module)
    if backend.startswith("poetry.core") and not package(stage, project, folder, module):
        words = "poetry.core.masonry.utils.module.ModuleOrPackageNotFoundError: No file/folder found for package"
        return Lack(_path(module, folder), f"{words} {project.name}")
    return None


def readme(stage: Stage, project: Project, folder: str) -> Lack | None:
    """Return the README that a project names, where its backend stops without it and the image does not have it."""
    for name in project.readme:
        path = _path(name, folder)
        message = _readme(project.backend.partition(":")[0], name, path)
        if message and not there(stage, path):
            return Lack(path, message)
    return None


def there(stage: Stage, path: str) -> bool:
    """Say whether something lies at a path, or may."""
    files = stage.files
    return files.find(path) is not None or files.assumed(path)


def _readme(backend: str, name: str, path: str) -> str | None:
    """Return the words with which a backend gives up without its README; None for one that goes on."""
    if backend.startswith("hatchling"):
        return f"OSError: Readme file does not exist: {name}"
    if backend.startswith("poetry.core"):
        return f"FileNotFoundError: Readme path `{path}` does not exist."
    if backend == "uv_build":
        return f"failed to open file `{path}`: No such file or directory (os error 2)"
    if backend.startswith("flit_core"):
        return f"flit_core.config.ConfigError: Description file {name} does not exist"
    return None


def _of_uv_build(stage: Stage, project: Project, folder: str, module: str) -> Lack | None:
    settings = table(project.tool("uv").get("build-backend"))
    if "module-name" in settings or settings.get("namespace"):
        return None
    root = str(settings.get("module-root", "src"))
    name = posixpath.join(root, module, "__init__.py")
    path = _path(name, folder)
    stubs = path.replace("/__init__.py", "-stubs/__init__.pyi")
    return None if there(stage, path) or there(stage, stubs) else Lack(path, f"Expected a Python module at: {name}")


def package(stage: Stage, project: Project, folder: str, module: str) -> bool:
    """Say whether poetry-core finds the package by the project's name, or is told which it is."""
    settings = project.tool("poetry")
    if listed(settings.get("packages")) or not project.name:
        return True
    names = (module, f"{module}.py", f"src/{module}", f"src/{module}.py")
    return any(there(stage, _path(name, folder)) for name in names)


def _path(name: str, folder: str) -> str:
    return posixpath.normpath(posixpath.join(folder, name))
