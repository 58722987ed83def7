"""What `absolute-imports` makes of a repository for one way to start it, and how its modules are called before and after."""

from __future__ import annotations

import ast
import difflib
import re
from pathlib import Path
from typing import NamedTuple

import packages
from listing import Row

from bot.engine.model import diff
from bot.engine.model.tree import Change, Tree, Unreadable, parent
from bot.engine.plan import Allowed, plan
from bot.engine.platforms import survey
from bot.engine.simulate import Options, simulate
from bot.outside.folder import Folder
from codemods import Shelf, _imports, absolute_imports

_NAME = "absolute-imports"
_CONFIG = re.compile(
    r"(?:^|/)(?:fly[\w.-]*\.toml|render\.ya?ml|(?:[\w.-]*\.)?[Dd]ockerfile[\w.-]*|\.dockerignore|Procfile|deploymend\.toml"
    r"|[\w-]*compose[\w.-]*\.ya?ml)$"
)
_FLY = 'app = "roundtrip"\n\n[build]\n  dockerfile = "Dockerfile"\n\n[http_service]\n  internal_port = 8080\n'
_DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app/{folder}
COPY . /app/
RUN pip install {packages}
CMD ["uvicorn", "{entry}:app", "--host", "0.0.0.0", "--port", "8080"]
"""


class Names(NamedTuple):
    """How the modules are found: what stands on sys.path, and the dotted name of each file."""

    path: tuple[str, ...]
    modules: dict[str, str]  # file, name
    settings: str | None


class Rewritten(NamedTuple):
    """The changed files, who changed them and what `bot fix` said if it did not; how many lines are not as they were."""

    changes: list[Change]
    patch: str
    by: str
    why: str
    lines: int


class NotRewritten(Exception):
    """The codemod does not rewrite the repository."""


def start(folder: Path, row: Row) -> None:
    """Give a repository one way to start, in the place of all that it had."""
    for path in [*folder.rglob("*")]:
        if path.is_file() and _CONFIG.search(path.relative_to(folder).as_posix()):
            path.unlink()
    wanted = ["uvicorn", *(each for path in row.requirements for each in packages.required(folder / path))]
    entry = row.entry if row.way == "dots" else f"{row.folder.replace('/', '.')}.{row.entry}"
    place = row.folder if row.way == "dots" else ""
    text = _DOCKERFILE.format(folder=place, packages=" ".join(sorted({*wanted})), entry=entry)
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    (folder / "fly.toml").write_text(_FLY, encoding="utf-8")


def rewrite(folder: Path, row: Row) -> Rewritten:
    """Rewrite by `bot fix` where the start shows the fault, else by the codemod's own functions; raises `NotRewritten`."""
    tree = Tree(Folder(str(folder)))
    by, why = "functions", ""
    if row.way == "base":
        changed = _from_base(tree, row.folder)
    else:
        made = plan(tree, Shelf(), Options(), Allowed(True, (_NAME,)))
        changed, by = made.tree, "bot fix"
        if not made.steps:
            why = "; ".join({each.reason for each in made.dropped if each.codemod == _NAME}) or "no fault"
            changed, by = _by_functions(tree, row), "functions"
    changes = changed.changes()
    return Rewritten(changes, diff.unified(changed), by, why, sum(map(_edited, changes)))


def _by_functions(tree: Tree, row: Row) -> Tree:
    report = simulate(tree, Options())[0]
    program = next((each for booted in report.started for each in booted.programs if each.entry), None)
    if report.image is None or program is None:
        raise NotRewritten(f"{row.repo} is not started")
    found = absolute_imports._Search(tree, report.image, program, report)
    place = found.place(row.folder)
    made = found.without_dots(place) if place and row.way == "dots" else found.with_package(place) if place else None
    if not isinstance(made, absolute_imports._Rewritten):
        raise NotRewritten(f"{row.folder} of {row.repo} is not rewritten: {made}")
    return made.tree


def _from_base(tree: Tree, folder: str) -> Tree:
    """Write out the dots of a package's own imports."""
    inside = f"{folder}/" if folder else ""
    for path in survey.files(tree):
        if not path.endswith(".py") or not path.startswith(inside):
            continue
        try:
            python = _imports.Python(tree.read(path))
        except Unreadable:
            continue
        within = parent(path[len(inside) :])
        parts = within.split("/") if within else []
        edits: list[_imports.Edit] = []
        for node in python.imports(tried=True):
            if isinstance(node, ast.ImportFrom) and 0 < node.level <= len(parts):
                edits += _imports.absolute(python, node, ".".join(parts[: len(parts) + 1 - node.level])) or []
        if edits:
            tree = tree.write(path, python.edited(edits))
    return tree


def _edited(change: Change) -> int:
    """Return how many lines of a file are not as they were."""
    old, new = (change.before or b"").decode().splitlines(), change.after.decode().splitlines()
    lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    return sum(line.startswith("-") for line in lines)


def names(folder: Path, row: Row, after: bool) -> Names:
    """Return how the modules are found, before or after."""
    inner = row.folder and f"{row.folder}/"
    short = row.way != "base" and after == (row.way == "dots")
    path = (row.folder, "") if row.folder and (short or row.way == "base") else ("",)
    prefix = "" if short or row.way == "base" else row.folder.replace("/", ".")
    modules = {}
    for file in sorted(folder.rglob("*.py")):
        where = file.relative_to(folder).as_posix()
        if file.is_symlink() or any(part.startswith(".") or part == "node_modules" for part in where.split("/")):
            continue
        within = where.startswith(inner)
        parts = (where[len(inner) :] if within else where).removesuffix(".py").split("/")
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        name = ".".join([*([prefix] if prefix and within else []), *parts])
        if (
            name
            and where != f"{inner}__init__.py"
            and all(part.isidentifier() for part in parts)
            and parts[-1:] not in (["setup"], ["__main__"])
        ):
            modules[where] = name
    settings = row.settings and (f"{prefix}.{row.settings}" if prefix else row.settings)
    return Names(path, modules, settings or None)
