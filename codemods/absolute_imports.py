"""Import a package's own modules by their whole name, as the start command finds them.

`gunicorn backend.app:app` puts the folder above `backend` on sys.path: `import analyzer` in backend/app.py, which works when
one starts inside of `backend`, stops with `No module named 'analyzer'`. It is the other way round with dots: `from .db import
session` in a file that is started as a script, or imported as a top-level module, has no package to count from. This rewrites
what does not resolve, in all files of the folder and its tests: imports in functions, branches and under TYPE_CHECKING, those
that are only tried, and the strings by which `uvicorn.run`, Flask, Celery (its tasks, too), Django and `mock.patch` import.
Where code imports by a name that it makes up, the strings that are exactly a module's follow, on request. Files that put the
folder on sys.path themselves keep the short names of modules that import none of the others; the rest is named as work that
is left. What PYTHONPATH, another place in the image or another start command repairs is repaired there: those leave the code
alone.

Before:                                   After:

    import analyzer                           from backend import analyzer
    from db import session                    from backend.db import session

References: https://docs.python.org/3/reference/import.html#package-relative-imports
"""

from __future__ import annotations

import ast
import functools
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.program import Program
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, MissingModule, Safety, Weakness
from bot.engine.model.tree import Tree, Unreadable, name, parent
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _imports, _modules, _named

CODEMOD = Codemod(answers=("module-not-found", "relative-import"), since="0.1", rank=80, last=True)
_DOTTED = re.compile(rb"from[ \t\\\r\n\f]*\.")
_TEST = re.compile(r"(?:^|/)(?:tests?/|conftest\.py$|test_[^/]*\.py$|[^/]*_test\.py$)")
_DEEPEST = 3  # packages within packages that hold no module themselves
_TASK = re.compile(r"\bname\s*=\s*[\"']([\w.]+)[\"']")


class _Place(NamedTuple):
    """A folder whose modules are imported: in the tree, in the image, and its name from sys.path (empty: it is on it)."""

    tree: str
    image: str
    name: str


class _Names(NamedTuple):
    """The modules of a folder that get its name, and the folders that may have another of that name for a file."""

    modules: frozenset[str]
    nearer: list[str]


class _Rewritten(NamedTuple):
    """The tree with the imports rewritten: in which files, and which modules each new name has to be."""

    tree: Tree
    files: tuple[str, ...]
    modules: tuple[tuple[str, str], ...]  # dotted name, and the path in the image without `.py`
    sure: bool = True  # every name that is rewritten is known to be a module's
    apart: tuple[str, ...] = ()  # files that put the folder on sys.path, and need the one above it from now on


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the whole names, where each is the module that was meant."""
    image, program = report.image, _modules.started(finding, report)
    if image is None or program is None or not isinstance(finding, Fault) or finding.place is None:
        return
    path = finding.place.path
    found = _Search(tree, image, program, report)
    if finding.code == "relative-import":
        folder = found.root(parent(path))
        made = found.without_dots(folder) if folder else None
        why = f"The start command imports {path} without a package, so its dots count from nothing"
    else:
        if not isinstance(finding.detail, MissingModule) or finding.detail.entry:
            return
        top = finding.detail.name.partition(".")[0]
        folder = found.above(path, top)
        if folder is None:
            yield Skip(f"no folder above {path} has a module `{top}`")
            return
        made = found.with_package(folder) if folder.name else None
        why = f"The start command finds `{top}` as `{folder.name}.{top}`"
    if folder is None or made is None:
        yield Skip(f"{path} is not imported from a folder of sys.path")
        return
    if isinstance(made, Skip):
        yield made
        return
    if wrong := next((each for each in made.modules if not found.proves(*each)), None):
        yield Skip(f"`{wrong[0]}` would be another module than {wrong[1]}")
        return
    if started := next((each for each in _unfollowed(report) if each.folder == folder.image and folder.name), None):
        yield Skip(f"{started.launcher} is started in {folder.image}, and finds the modules by their short names")
        return
    inside = all(found.in_image(each) and f"/{each}".startswith(f"/{folder.tree}".rstrip("/") + "/") for each in made.files)
    sure = inside and made.sure and finding.confidence == "certain"
    safety: Safety = "safe" if sure and not found.known_otherwise(folder) else "unsafe"
    above = parent(folder.tree) or "the root of the repository"
    manual = (f"Put {above} on sys.path, not a folder within, in: {', '.join(made.apart)}",) if made.apart else ()
    yield Proposal(made.tree, f"{why}: {', '.join(made.files)} import by whole names.", safety, manual)


def _unfollowed(report: Report) -> Iterator[Program]:
    """Yield the programs that import the repository's modules in a way that the simulation does not follow."""
    for booted in report.started:
        yield from (program for program in booted.programs if program.launcher == "alembic")


class _Search(_modules.Modules):
    """Where the modules that are imported lie, and what the rewritten imports come to."""

    def in_image(self, path: str) -> bool:
        """Say whether a file of the tree lies in the image."""
        return path in self.places

    def place(self, folder: str) -> _Place | None:
        """Return a folder of the tree as sys.path has it; None where it lies below no entry, or not in the image."""
        inside = f"{folder}/" if folder else ""
        below = ((source, path) for source, path in self.places.items() if source.startswith(inside))
        copied = ((path, source[len(inside) :]) for source, path in below)
        where = next((path[: -len(rest) - 1] or "/" for path, rest in copied if path.endswith(f"/{rest}")), None)
        if where is None:
            return None
        for entry in self.finder.path:
            rest = posixpath.relpath(where, entry)
            parts = [] if rest == "." else rest.split("/")
            if all(part.isidentifier() for part in parts):
                return _Place(folder, where, ".".join(parts))
        return None

    def root(self, folder: str) -> _Place | None:
        """Return the entry of sys.path that a folder of the tree lies below, or is."""
        place = self.place(folder)
        depth = len(place.name.split(".")) if place and place.name else 0
        for _ in range(depth):
            place = _Place(parent(place.tree), posixpath.dirname(place.image), "") if place and place.tree else None
        return place

    def above(self, path: str, top: str) -> _Place | None:
        """Return the nearest folder above a file that has a module, or a package, of that name."""
        folder = parent(path)
        while True:
            if top in _names(self.tree, folder) and f"{folder}/{top}.py".lstrip("/") != path:
                return self.place(folder)
            if not folder:
                return None
            folder = parent(folder)

    def proves(self, dotted: str, path: str) -> bool:
        """Say whether a dotted name stands for the module at a path of the image, `.py` left out."""
        found = self.find(dotted)
        where = {f"{path}.py", f"{path}/__init__.py"}
        return found is not None and (found.path in where or (found.kind == "namespace" and found.folders == (path,)))

    def known_otherwise(self, folder: _Place) -> bool:
        """Say whether somebody may import, or start, a folder's modules by other names than the new ones."""
        own = name(folder.tree)
        if folder.name:
            return self.tree.is_file(f"{folder.tree}/alembic.ini")
        words = re.compile(rf"(?:from|import)\s+{re.escape(own)}[.\s]|[\"'\s]{re.escape(own)}\.\w+:\w")
        return bool(own) and any(words.search(text) for text in self.texts(own))

    def texts(self, word: str) -> Iterator[str]:
        """Yield the text of each file of Python that holds a word."""
        for path in survey.files(self.tree):
            try:
                if path.endswith(".py") and word.encode() in self.tree.read(path):
                    yield self.tree.text(path)
            except Unreadable:
                continue

    # --- rewriting

    def with_package(self, folder: _Place) -> _Rewritten | Skip | None:
        """Put a folder's name before what its files and its tests import of it, and does not resolve."""
        names = frozenset(each for each in _names(self.tree, folder.tree) if self.find(each) is None)
        if not names:
            return None
        own = _own_names(self.tree, folder.tree) & names
        if own:
            return Skip(f"{folder.tree}/__init__.py makes a name `{min(own)}` of its own")
        changed, sure = self.tree, True
        files: list[str] = []
        wrong: list[str] = []
        modules: dict[str, str] = {}
        for path, python, here, last in self.importing(folder, names):
            edits, found, reached = self.in_imports(python, folder, here)
            if python.tree is None or (last and not reached & {*files}):
                continue  # the short names do
            for dotted in found:
                modules[f"{folder.name}.{dotted}"] = posixpath.join(folder.image, dotted.replace(".", "/"))
            made = self.in_strings(python, python.tree, folder, here)
            sure = sure and not (made and _named.computes(python.tree))
            edits = list(dict.fromkeys((*edits, *made)))
            if edits:
                files.append(path)
                wrong += [path] if last else []
                changed = changed.write(path, python.edited(edits))
        there = ((dotted, path) for dotted, path in modules.items() if self.is_module(folder, dotted[len(folder.name) + 1 :]))
        return _Rewritten(changed, tuple(files), tuple(there), sure, tuple(wrong)) if files else None

    def importing(self, folder: _Place, names: frozenset[str]) -> Iterator[tuple[str, _imports.Python, _Names, bool]]:
        """Yield the files that may import of a folder; last, and marked so, those that put it on sys.path themselves."""
        inside = f"{folder.tree}/" if folder.tree else ""
        words = re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(each.encode() for each in names)))
        apart: list[tuple[str, _imports.Python]] = []
        for path in survey.files(self.tree):
            within = path.startswith(inside)
            python = self.read(path, words) if path.endswith(".py") and (within or _TEST.search(path)) else None
            if python is None or python.tree is None:
                continue
            here = _Names(names, self.nearer(path, folder.tree if within else ""))
            if b"sys.path" not in python.source:
                yield path, python, here, False
            elif self.in_imports(python, folder, here)[0]:
                apart.append((path, python))
        yield from ((path, python, _Names(names, []), True) for path, python in apart)

    def in_imports(
        self, python: _imports.Python, folder: _Place, names: _Names
    ) -> tuple[list[_imports.Edit], list[str], set[str]]:
        """Return the edits of one file's imports, the modules that these name, and the files that they may load."""
        edits: list[_imports.Edit] = []
        found: list[str] = []
        files: set[str] = set()
        for node in python.imports(tried=True):
            members = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []

            def moves(dotted: str, members: list[str] = members) -> bool:
                return self.ours(folder, names, dotted, members)

            edits += _imports.prefixed(python, node, folder.name, moves)
            listed = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            moved = [each for each in listed if moves(each) and not getattr(node, "level", 0)]
            found += moved
            for dotted in [*moved, *(f"{each}.{member}" for each in moved for member in members)]:
                parts = f"{folder.tree}/{dotted.replace('.', '/')}".lstrip("/").split("/")
                steps = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
                files |= {f"{step}{end}" for step in steps for end in (".py", "/__init__.py")}
        return edits, found, files

    def in_strings(self, python: _imports.Python, tree: ast.Module, folder: _Place, names: _Names) -> list[_imports.Edit]:
        """Return the edits of one file's strings that name modules of the folder."""

        def named(dotted: str) -> bool:
            return self.ours(folder, names, dotted)

        def inside(dotted: str) -> bool:
            within = dotted.rpartition(".")[0]
            return named(dotted) and bool(within) and any(self.is_module(folder, each) for each in (dotted, within))

        def task(dotted: str) -> bool:
            return inside(dotted) and not any(each == dotted or each.startswith(f"{dotted}.") for each in self.tasks)

        def exactly(dotted: str) -> bool:
            return inside(dotted) and self.is_module(folder, dotted)

        strings = [(each, named) for each in _named.modules(tree)] + [(each, inside) for each in _named.nested(tree)]
        strings += [(each, task) for each in _named.tasks(tree)]
        if _named.computes(tree):
            constants = (each for each in ast.walk(tree) if isinstance(each, ast.Constant))
            strings += [(each, exactly) for each in constants if isinstance(each.value, str)]
        return [edit for each, test in strings for edit in _imports.named(python, each, folder.name, test)]

    def ours(self, folder: _Place, names: _Names, dotted: str, members: list[str] | None = None) -> bool:
        """Say whether a name can be one in a folder: a part of one without `__init__.py` has to lie there.

        `from alembic import op` is not about `backend/alembic/`, which holds migrations alone.
        """
        if dotted.partition(".")[0] not in names.modules:
            return False
        path = folder.tree
        near = max((self.depth(each, dotted) for each in names.nearer), default=0)
        if near and near >= self.depth(path, dotted):
            return False
        for part in dotted.split("."):
            if path != folder.tree and not self.tree.is_folder(path):
                return True
            if path != folder.tree and not self.has(path, part):
                return self.tree.is_file(f"{path}/__init__.py")
            path = f"{path}/{part}".lstrip("/")
        if not self.tree.is_folder(path) or self.tree.is_file(f"{path}.py") or self.tree.is_file(f"{path}/__init__.py"):
            return True
        return any(self.has(path, each) for each in members or ())

    def has(self, folder: str, module: str) -> bool:
        """Say whether a folder of the tree has a module, or a package, of that name."""
        path = f"{folder}/{module}".lstrip("/")
        return self.tree.is_file(f"{path}.py") or self.tree.is_folder(path)

    @functools.cached_property
    def tasks(self) -> frozenset[str]:
        """The names that tasks give themselves, whatever their modules are called."""
        return frozenset(name for text in self.texts("task") for name in _TASK.findall(text))

    def is_module(self, folder: _Place, dotted: str) -> bool:
        """Say whether a folder of the tree has a module of that name."""
        return self.has(folder.tree, dotted.replace(".", "/"))

    def nearer(self, path: str, top: str) -> list[str]:
        """Return the folders between a file and `top` from which it may be started, and so import."""
        found = []
        folder = parent(path)
        while folder not in (top, ""):
            if not top or not self.tree.is_file(f"{folder}/__init__.py"):
                found.append(folder)
            folder = parent(folder)
        return found

    def depth(self, folder: str, dotted: str) -> int:
        """Return how many parts of a name lie in a folder."""
        for count, part in enumerate(dotted.split(".")):
            if not self.has(folder, part):
                return count
            folder = f"{folder}/{part}".lstrip("/")
        return dotted.count(".") + 1

    def without_dots(self, folder: _Place) -> _Rewritten | Skip | None:
        """Write out the dots that count from no package, in the files of a folder and below."""
        inside = f"{folder.tree}/" if folder.tree else ""
        changed, files = self.tree, []
        modules: dict[str, str] = {}
        for path in survey.files(self.tree):
            apart = not path.endswith(".py") or not path.startswith(inside) or _TEST.search(path)
            python = None if apart else self.read(path, _DOTTED)
            if python is None:
                continue
            depth = path[len(inside) :].count("/")
            leading = [node for node in python.imports(tried=True) if isinstance(node, ast.ImportFrom) and node.level > depth]
            edits: list[_imports.Edit] = []
            for node in leading:
                made = _imports.absolute(python, node, "") if node.level == depth + 1 else None
                if made is None:
                    return Skip(f"{path}:{node.lineno} is not rewritten as it is written")
                edits += made
                for each in [node.module] if node.module else [alias.name for alias in node.names]:
                    modules[each] = posixpath.join(folder.image, each.replace(".", "/"))
            if edits:
                files.append(path)
                changed = changed.write(path, python.edited(edits))
        return _Rewritten(changed, tuple(files), tuple(modules.items())) if files else None

    def read(self, path: str, words: re.Pattern[bytes]) -> _imports.Python | None:
        """Return a file that holds some words, parsed."""
        try:
            data = self.tree.read(path)
        except Unreadable:
            return None
        python = _imports.Python(data) if words.search(data) else None
        return python if python and python.tree else None


def _names(tree: Tree, folder: str) -> frozenset[str]:
    """Return the names of a folder's modules and packages."""
    found = set()
    for entry, kind in tree.entries(folder).items():
        path = f"{folder}/{entry}".lstrip("/")
        if kind == "file" and entry.endswith(".py") and tree.is_file(path):
            found.add(entry[:-3])
        elif kind == "folder" and entry.isidentifier() and _has_code(tree, path):
            found.add(entry)
    return frozenset(each for each in found if each.isidentifier() and not each.startswith("__"))


def _has_code(tree: Tree, folder: str, depth: int = 0) -> bool:
    """Say whether modules lie in a folder, or not far below: a package may hold packages alone."""
    entries = tree.entries(folder) if tree.is_folder(folder) else {}
    if any(entry.endswith(".py") for entry in entries):
        return True
    below = (entry for entry, kind in entries.items() if kind == "folder" and entry.isidentifier() and depth < _DEEPEST)
    return any(_has_code(tree, f"{folder}/{entry}", depth + 1) for entry in below)


def _own_names(tree: Tree, folder: str) -> frozenset[str]:
    """Return the names that a package's `__init__` binds."""
    from bot.engine.boot import modules

    path = f"{folder}/__init__.py"
    facts = modules.read(tree.read(path), (3, 13)) if tree.is_file(path) else None
    return facts.names if facts else frozenset()
