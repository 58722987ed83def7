"""Alembic: where its environment lies, what of that runs for a migration, and what stops it before.

Tried with alembic 1.13, 1.15, 1.16 and 1.20: up to 1.15 a missing config and a missing section have words of their own; from
1.16 on pyproject.toml may hold the settings, too. The console script leaves the current folder out of sys.path; what
`prepend_sys_path` lists counts from the current folder, `%(here)s` is the folder of the config.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping

from bot.engine.boot.launchers import Start
from bot.engine.boot.program import Script
from bot.engine.boot.surroundings import Course
from bot.engine.boot.values import dotted
from bot.engine.image import packages

NAME = "env_py"  # the module as which env.py is run
_TOML = (1, 16)  # from here on pyproject.toml may hold the settings
_OLD = "FAILED: No config file '{}' found, or file has no '[alembic]' section"
_NEW = "FAILED: No 'script_location' key found in configuration."
_NO_FOLDER = "FAILED: Path doesn't exist: {}.  Please use the 'init' command to create a new scripts folder."
_LEGACY = re.compile(r", *|(?: +)|:")  # what parts entries where no separator is told
_SEPARATORS = {"os": ":", "space": " ", "newline": "\n", ":": ":", ";": ";"}


def environment(start: Start, folder: str, course: Course) -> Start:
    """Return how a migration starts: env.py of the folder that the config names, or the line with which Alembic gives up.

    `start.settings` is the config, an absolute path in the image.
    """
    path, files = start.settings or "", course.image.files
    start = start._replace(settings=None)
    found = files.find(path)
    config = _config(course.text(found.tree)) if found else {}
    if config is None or (found is None and files.tainted(path)):
        return start._replace(unknown=f"{path} is not read")
    old = packages.installed(course.image.installs, course.image.base.python).before("alembic", _TOML)
    if "script_location" not in config and not old:
        project = files.find(posixpath.join(folder, "pyproject.toml"))
        config = {**_toml(course.text(project.tree) if project else None), **config}
    location = config.get("script_location")
    if not location:
        written = posixpath.relpath(path, folder)
        words = _OLD.format(written) if old and not config else _NEW
        return start._replace(problem=words, missing=None if found else path)
    where = _expanded(location, path)
    if ":" in where or "%(" in where:
        return start._replace(unknown="a folder of migrations that a package holds is not followed")
    scripts = posixpath.normpath(posixpath.join(folder, where))
    if files.find(scripts) is None and not files.tainted(scripts):
        return start._replace(problem=_NO_FOLDER.format(f"'{scripts}'" if old else where), missing=scripts)
    env = posixpath.join(scripts, "env.py")
    if files.find(env) is None:
        if files.tainted(env):
            return start._replace(unknown=f"{env} is not read")
        return start._replace(problem=f"ImportError: Can't find Python file {where}/env.py", missing=env)
    front = tuple(posixpath.normpath(posixpath.join(folder, entry)) for entry in _entries(config, path))
    return start._replace(entry=Script(env, location), front=front)


def _config(text: str | None) -> dict[str, str] | None:
    """Return the section of Alembic in its config; None where that can't be read."""
    import configparser  # few apps migrate with Alembic

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text or "")
    except configparser.Error:
        return None
    return dict(parser["alembic"]) if text is not None and parser.has_section("alembic") else {} if text is not None else None


def _toml(text: str | None) -> dict[str, str]:
    """Return what pyproject.toml says to Alembic."""
    import tomllib

    try:
        table: object = tomllib.loads(text or "").get("tool", {}).get("alembic", {})
    except (tomllib.TOMLDecodeError, AttributeError):
        return {}
    found = {}
    for key, value in table.items() if isinstance(table, dict) else ():
        listed = value if isinstance(value, list) else [value]
        if all(isinstance(each, str) for each in listed):
            found[key] = "\n".join(listed)
    return {**found, "path_separator": "newline"} if found else {}


def _expanded(value: str, config: str) -> str:
    return value.replace("%(here)s", posixpath.dirname(config)).replace("%%", "%").rstrip("/")


def _entries(config: Mapping[str, str], path: str) -> list[str]:
    """Return what goes first on sys.path."""
    written = _expanded(config.get("prepend_sys_path", ""), path)
    separator = config.get("path_separator")
    parts = written.split(_SEPARATORS.get(separator, ":")) if separator else _LEGACY.split(written)
    return [part.strip() for part in parts if part.strip()]


def decided(test: ast.expr) -> bool | None:
    """Return what a test comes to in env.py that runs against a database: `context.is_offline_mode()` is false then."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = decided(test.operand)
        return None if inner is None else not inner
    return False if isinstance(test, ast.Call) and dotted(test.func).rpartition(".")[2] == "is_offline_mode" else None
