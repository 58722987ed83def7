"""What hatchling, poetry-core, flit and uv's backend make of a project: the package that carries its name, or those it lists.

From hatchling 1.33 (`builders/wheel.py`), poetry-core 2.5 (`masonry/utils/module.py`) and flit-core 4.2, tried. An editable
install of any of them puts the folder of the packages on sys.path.
"""

from __future__ import annotations

import posixpath
import re

from bot.engine.image.projects.contents import Contents, Refused
from bot.engine.image.projects.view import Table, View, strings, table
from bot.engine.model.requirements import normal

_DEEPEST = 12
_HATCHLING_MORE = "include only-include sources force-include bypass-selection artifacts hooks dev-mode-dirs".split()


def contents(view: View, manifest: Table, editable: bool) -> Contents | Refused | None:
    """Return what a project gives, or why its backend gives up; None where that can't be told."""
    backend = str(table(manifest.get("build-system")).get("build-backend"))
    match re.split(r"[.:]", backend)[0]:
        case "hatchling":
            found = _hatchling(view, manifest)
        case "poetry":
            found = _poetry(view, manifest)
        case "flit_core":
            found = _by_name(view, _name(manifest).replace("-", "_"), ("", "src"))
        case _:
            found = _by_name(view, normal(_name(manifest)).replace("-", "_"), ("src",))
    if not isinstance(found, list):
        return found
    scripts = (*table(table(manifest.get("project")).get("scripts")), *table(_tool(manifest, "poetry").get("scripts")))
    return _contents(view, found, editable, scripts)


def _tool(manifest: Table, name: str) -> Table:
    return table(table(manifest.get("tool")).get(name))


def _name(manifest: Table) -> str:
    written = table(manifest.get("project")).get("name") or _tool(manifest, "poetry").get("name")
    return written if isinstance(written, str) else ""


def _contents(view: View, listed: list[str], editable: bool, scripts: tuple[str, ...]) -> Contents:
    """Return the contents of packages and modules by their paths in the project; the last name is what they are called."""
    packages: dict[str, str] = {}
    modules: dict[str, str] = {}
    for path in listed:
        name = posixpath.basename(path)
        if name.endswith(".py"):
            modules[name[:-3]] = view.path(path[:-3])
        else:
            packages |= _nested(view, name, path, 0)
    paths = tuple(dict.fromkeys(view.path(posixpath.dirname(path)) for path in listed))
    return Contents(view.root, packages, modules, paths if editable else (), scripts)


def _nested(view: View, name: str, path: str, depth: int) -> dict[str, str]:
    found = {name: view.path(path)}
    for inner in view.names(path) if depth < _DEEPEST else ():
        folder = posixpath.join(path, inner)
        if inner != "__pycache__" and view.is_folder(folder):
            found |= _nested(view, f"{name}.{inner}", folder, depth + 1)
    return found


def _by_name(view: View, name: str, folders: tuple[str, ...]) -> list[str] | None:
    """Return the package or the module of a name in the first folder that has it."""
    for folder in folders:
        for path in (posixpath.join(folder, name), posixpath.join(folder, f"{name}.py")):
            if name and (view.is_file(posixpath.join(path, "__init__.py")) or (path.endswith(".py") and view.is_file(path))):
                return [path]
    return None


def _hatchling(view: View, manifest: Table) -> list[str] | Refused | None:
    build = table(_tool(manifest, "hatch").get("build"))
    wheel = table(table(build.get("targets")).get("wheel"))
    if any(option in wheel or option in build for option in _HATCHLING_MORE):
        return None
    listed = wheel.get("packages", build.get("packages"))
    if listed:
        paths = strings(listed)
        return [path.strip("/") for path in paths if view.files.find(view.path(path))] if paths is not None else None
    name = _name(manifest)
    names = list(dict.fromkeys((re.sub(r"[^\w.]+", "_", name), normal(name).replace("-", "_"))))
    for each in names:
        for path in (each, f"src/{each}"):
            if view.is_file(f"{path}/__init__.py"):
                return [path]
        if view.is_file(f"{each}.py"):
            return [f"{each}.py"]
        inside = [folder for folder in view.names("") if view.is_file(f"{folder}/{each}/__init__.py")]
        if len(inside) == 1:
            return inside
    message = (
        "ValueError: Unable to determine which files to ship inside the wheel using the following heuristics: "
        "https://hatch.pypa.io/latest/plugins/builder/wheel/#default-file-selection"
    )
    return Refused(message, f"hatchling looks for a package `{names[-1]}` in {view.root}, and there is none at this point.")


def _poetry(view: View, manifest: Table) -> list[str] | Refused | None:
    settings = _tool(manifest, "poetry")
    if settings.get("package-mode") is False:
        message = "RuntimeError: Building a package is not possible in non-package mode."
        return Refused(message, "`package-mode = false` says that this project is no package, and pip is asked to install it.")
    listed = settings.get("packages")
    if "build" in settings or (listed is not None and not isinstance(listed, list)):
        return None
    paths = []
    for each in listed or ():
        include, source = table(each).get("include"), table(each).get("from", "")
        if (
            not isinstance(include, str)
            or not isinstance(source, str)
            or "*" in include
            or "/" in include
            or "to" in table(each)
        ):
            return None
        paths.append(posixpath.join(source, include))
    lacking = next((path for path in paths if view.files.find(view.path(path)) is None), None)
    if lacking is not None:
        message = f"ValueError: {view.path(lacking)} does not contain any element"
        return Refused(message, f"pyproject.toml lists the package {lacking}, and {view.root} has none at this point.")
    if paths:
        return paths
    name = _name(manifest)
    module = normal(name).replace("-", "_")
    for path in (module, f"{module}.py", f"src/{module}", f"src/{module}.py"):
        if module and view.files.find(view.path(path)):
            return [path]
    message = f"poetry.core.masonry.utils.module.ModuleOrPackageNotFoundError: No file/folder found for package {name}"
    return Refused(message, f"poetry-core looks for a package `{module}` in {view.root}, and there is none at this point.")
