"""What the build of a project writes beside its sources, where pip is asked to install a folder.

setuptools writes `NAME.egg-info` there before it builds anything, PDM's backend `.pdm-build` for an editable install;
hatchling, poetry-core, flit and uv's backend write nothing (tried). The name as in setuptools: `pkg_resources.safe_name`, then
`to_filename`.
"""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
from typing import Any, NamedTuple

from bot.engine.image.filesystem import FileSystem
from bot.engine.model import toml
from bot.engine.model.tree import Tree, Unreadable


class Egg(NamedTuple):
    """A folder that a build makes: its path from the project, and the words when it can't."""

    path: str
    message: str


def written(tree: Tree, files: FileSystem, folder: str, editable: bool, legacy: bool) -> Egg | None:
    """Return what the build of the project in `folder` makes there; None where nothing is known of it.

    `legacy`: pip runs setup.py itself, as it does for a project without pyproject.toml where it is old and finds wheel.
    """
    project = _document(tree, files, posixpath.join(folder, "pyproject.toml"))
    backend = _backend(project)
    if backend == "pdm" and editable:
        path = posixpath.join(folder, ".pdm-build")
        return Egg(".pdm-build", f"PermissionError: [Errno 13] Permission denied: '{path}'")
    if backend != "setuptools":
        return None
    if legacy and not editable and project is None:
        return Egg("build", "error: could not create 'build': Permission denied")
    setup = _setup(tree, files, posixpath.join(folder, "setup.py"))
    config = _config(tree, files, posixpath.join(folder, "setup.cfg"))
    base = _base(project or {}, setup, config, files.find(posixpath.join(folder, "src")) is not None)
    name = _name(project or {}, setup, config)
    path = posixpath.join(base, f"{_file_name(name) if name else '…'}.egg-info")
    if files.find(posixpath.join(folder, path)):
        return Egg(path, f"error: Cannot update time stamp of directory '{path}'")
    return Egg(path, f"error: could not create '{path}': Permission denied")


def _text(tree: Tree, files: FileSystem, path: str) -> str | None:
    found = files.find(path)
    try:
        return tree.text(found.tree) if found and found.tree else None
    except Unreadable:
        return None


def _document(tree: Tree, files: FileSystem, path: str) -> dict[str, Any] | None:
    text = _text(tree, files, path)
    return None if text is None else toml.read(text).data


def _backend(project: dict[str, Any] | None) -> str:
    """Return the backend that builds a project: setuptools where nothing is said."""
    system = _table(project or {}, "build-system")
    named = system.get("build-backend")
    if not isinstance(named, str):
        return "setuptools"
    return {"setuptools": "setuptools", "pdm": "pdm"}.get(re.split(r"[.:]", named)[0], "")


def _table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    for key in keys:
        found = data.get(key)
        data = found if isinstance(found, dict) else {}
    return data


def _setup(tree: Tree, files: FileSystem, path: str) -> dict[str, ast.expr]:
    """Return the arguments of the call of `setup` in a setup.py."""
    text = _text(tree, files, path)
    try:
        parsed = ast.parse(text or "")
    except (SyntaxError, ValueError, RecursionError):
        return {}
    for node in ast.walk(parsed):
        called = node.func if isinstance(node, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if isinstance(node, ast.Call) and name == "setup":
            return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return {}


def _config(tree: Tree, files: FileSystem, path: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(tree, files, path) or "")
    except configparser.Error:
        parser.clear()
    return parser


def _name(project: dict[str, Any], setup: dict[str, ast.expr], config: configparser.ConfigParser) -> str | None:
    said = _table(project, "project").get("name")
    if isinstance(said, str):
        return said
    value = setup.get("name")
    if value is not None:
        return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None
    return config.get("metadata", "name", fallback=None)


def _base(project: dict[str, Any], setup: dict[str, ast.expr], config: configparser.ConfigParser, has_src: bool) -> str:
    """Return the folder that the modules count from: egg-info goes there."""
    tool = _table(project, "tool", "setuptools")
    folder = _table(tool, "package-dir").get("")
    where = _table(tool, "packages", "find").get("where")
    if isinstance(folder, str):
        return folder
    if isinstance(where, list) and len(where) == 1 and isinstance(where[0], str):
        return "" if where[0] == "." else where[0]
    packed = setup.get("package_dir")
    if isinstance(packed, ast.Dict):
        for key, value in zip(packed.keys, packed.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "" and isinstance(value, ast.Constant):
                return str(value.value)
    told = re.search(r"^\s*=\s*(\S+)", config.get("options", "package_dir", fallback=""), re.M)
    if told:
        return told[1]
    listed = "packages" in tool or "py-modules" in tool or "packages" in setup or "py_modules" in setup
    return "src" if has_src and not listed and not config.has_section("options") else ""


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).replace("-", "_")
