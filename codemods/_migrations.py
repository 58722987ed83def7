"""Migrations of a database: which program of a process makes them, and the command that a platform runs before a deploy."""

from __future__ import annotations

import posixpath

from bot.engine.boot.program import Program, Script
from bot.engine.codemod import Skip
from bot.engine.image.stage import Image
from bot.engine.model import shell
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.platforms import rules
from bot.engine.report import Booted, Report

_BEFORE = (
    "buildCommand",
    "dockerContext",
    "dockerfilePath",
    "rootDir",
    "runtime",
    "env",
)  # keys of a service, in Render's order


def migrates(program: Program) -> bool:
    """Say whether a program brings a database's tables up to date: Alembic, Django or Flask-Migrate."""
    argv = program.argv
    if program.launcher == "alembic":
        return "upgrade" in argv
    if program.launcher == "flask":
        return "db" in argv and "upgrade" in argv
    script = program.entry.path if isinstance(program.entry, Script) else ""
    return "migrate" in argv and (posixpath.basename(script) == "manage.py" or program.launcher == "django-admin")


def before_serving(booted: Booted) -> Program | None:
    """Return the program that migrates in a process which serves afterwards."""
    serves = bool(booted.programs) and booted.programs[-1].listen is not None
    return next((each for each in booted.programs[:-1] if migrates(each)), None) if serves else None


def can_release(report: Report, tree: Tree) -> bool:
    """Say whether a command before the deploy may be added: Render runs one for paid instances alone."""
    target = report.target
    if target.release is not None or not target.processes:
        return False
    if target.platform == "render":
        return plan(report, tree) != "free"
    return target.config.endswith(".toml")


def plan(report: Report, tree: Tree) -> object:
    """Return the plan of a service of Render; None where its Blueprint names none."""
    from codemods import _yaml

    return _yaml.find(tree.text(report.target.config), (*report.target.key, "plan"))


def on_a_file(report: Report, tree: Tree) -> bool:
    """Say whether the database may be an SQLite file: the machine of a release command has another disk.

    It is not where the repository says which database the platform gives.
    """
    image, target = report.image, report.target
    given = rules.of(target.platform).database(tree, target, "DATABASE_URL", False)
    if image is None or (given and given.known == "told"):
        return image is None
    if any("sqlite" in (value or "") for value in (*target.env.values(), *image.env.values())):
        return True
    return any(_mentions(tree, source) for suffix in (".py", ".ini", ".env") for _, source in image.files.files("/", suffix))


def _mentions(tree: Tree, path: str) -> bool:
    try:
        return b"sqlite" in tree.read(path)
    except Unreadable:
        return False


def line(program: Program, image: Image, platform: str) -> str:
    """Return the command that runs a program alone, in its folder: Fly hands it to no shell."""
    words = " ".join(shell.quote(word) for word in program.argv)
    if program.folder == image.workdir:
        return words
    folder = posixpath.relpath(program.folder, image.workdir)
    changed = f"cd {shell.quote(folder)} && "
    return f'sh -c "{changed}exec {words}"' if platform == "fly" else changed + words


def with_release(tree: Tree, report: Report, command: str) -> Tree | Skip:
    """Return the tree whose config runs a command before each deploy."""
    target = report.target
    from codemods import _toml, _yaml

    text = tree.text(target.config)
    if target.platform == "fly":
        changed = _toml.insert_string(text, "deploy", "release_command", command)
    else:
        changed = _yaml.insert(text, target.key, _BEFORE, "preDeployCommand", command)
    return tree.write(target.config, changed) if changed else Skip(f"{target.config} is written in a way that is not edited")
