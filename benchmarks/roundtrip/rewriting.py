"""What `absolute-imports` makes of a repository for one way to start it, and how its modules are called before and after."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

from bot.engine.model import diff
from bot.engine.model.tree import Change, Tree, Unreadable, parent
from bot.engine.plan import Allowed, plan
from bot.engine.platforms import survey
from bot.engine.simulate import Options, simulate
from bot.outside.folder import Folder
from codemods import Shelf, _imports, absolute_imports
import box
from rows import Row

_CONFIG = re.compile(
    r"(?:^|/)(?:fly[\w.-]*\.toml|render\.ya?ml|(?:[\w.-]*\.)?[Dd]ockerfile[\w.-]*|\.dockerignore|Procfile|[\w-]*compose[\w.-]*\.ya?ml|deploymend\.toml)$"
)
_FLY = 'app = "roundtrip"\n\n[build]\n  dockerfile = "Dockerfile"\n\n[http_service]\n  internal_port = 8080\n'


class Names(NamedTuple):
    """How the modules are found: what stands on sys.path, and the dotted name of each file."""

    path: tuple[str, ...]
    modules: dict[str, str]  # file, name
    settings: str | None


class Rewritten(NamedTuple):
    """The changed files, how many imports and strings were edited, and who did it."""

    changes: list[Change]
    patch: str
    by: str
    imports: int


def start(folder: Path, row: Row) -> None:
    """Give a repository one way to start, in the place of all that it had."""
    for path in [*folder.rglob("*")]:
        if path.is_file() and _CONFIG.search(path.relative_to(folder).as_posix()):
            path.unlink()
    entry = row.entry if row.way == "dots" else f"{row.folder.replace('/', '.')}.{row.entry}"
    lines = ["FROM python:3.11-slim", f"WORKDIR /app/{row.folder if row.way == 'dots' else ''}".rstrip("/"), "COPY . /app/"]
    wanted = [each for path in row.requirements for each in box.requirements(folder / path)]
    lines += [f"RUN pip install {' '.join(['uvicorn', *wanted])}", f'CMD ["uvicorn", "{entry}:{row.app}", "--host", "0.0.0.0", "--port", "8080"]']
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    (folder / "fly.toml").write_text(_FLY)


def rewrite(folder: Path, row: Row) -> Rewritten:
    """Rewrite by `bot fix` where the start shows the fault; else by the codemod's own functions."""
    tree = Tree(Folder(str(folder)))
    if row.way == "base":
        changed, by = _from_base(tree, row.folder), "functions"
    else:
        made = plan(tree, Shelf(), Options(), Allowed(True, ("absolute-imports",)))
        changed, by = made.tree, "bot fix"
        if not made.steps:
            reasons = {each.reason for each in made.dropped if each.codemod == "absolute-imports"}
            print(
                f"  not by bot fix: {sorted(reasons) or [f.message for r in made.before for f in r.faults] or [(r.reached, r.unknowns) for r in made.before]}",
                flush=True,
            )
            changed, by = _by_functions(tree, row), "functions"
    changes = changed.changes()
    return Rewritten(changes, diff.unified(changed), by, sum(_edited(each) for each in changes))


def _by_functions(tree: Tree, row: Row) -> Tree:
    report = simulate(tree, Options())[0]
    program = next(each for booted in report.started for each in booted.programs if each.entry)
    assert report.image is not None
    found = absolute_imports._Search(tree, report.image, program, report)
    place = found.place(row.folder)
    assert place is not None, (row.folder, found.finder.path)
    made = found.without_dots(place) if row.way == "dots" else found.with_package(place)
    assert isinstance(made, absolute_imports._Rewritten), made
    for each in made.modules:
        if not found.proves(*each):
            print("  not proven:", each, flush=True)
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
        parts = parent(path[len(inside) :]).split("/")
        edits: list[_imports.Edit] = []
        for node in python.imports():
            if isinstance(node, ast.ImportFrom) and node.level and len(parts) >= node.level and parts[0]:
                edits += _imports.absolute(python, node, ".".join(parts[: len(parts) + 1 - node.level])) or []
        if edits:
            tree = tree.write(path, python.edited(edits))
    return tree


def _edited(change: Change) -> int:
    """Return how many imports and strings of a file are not as they were."""
    return sum(1 for line in diff_lines(change) if line)


def diff_lines(change: Change) -> list[str]:
    import difflib

    old, new = (change.before or b"").decode().splitlines(), change.after.decode().splitlines()
    return [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if line[:1] == "-" and line[:3] != "---"]


def names(folder: Path, row: Row, after: bool) -> Names:
    """Return how the modules are found, before or after."""
    inner = row.folder and f"{row.folder}/"
    short = row.way != "base" and after == (row.way == "dots")
    path = (row.folder, *row.path) if row.way == "base" or short else ("", *row.path)
    if short and row.folder:
        path = (row.folder, "", *row.path)
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
        if name and all(part.isidentifier() for part in parts) and parts[-1:] not in (["setup"], ["__main__"]):
            modules[where] = name
    settings = row.settings and (f"{prefix}.{row.settings}" if prefix else row.settings)
    return Names(path, modules, settings or None)
