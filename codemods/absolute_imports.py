"""Import a package's own modules by their whole name, as the start command finds them.

`gunicorn backend.app:app` puts the folder above `backend` on sys.path: `import analyzer` in backend/app.py, which works when
one starts inside of `backend`, stops with `No module named 'analyzer'`. It is the other way round with dots: `from .db import
session` in a file that is started as a script, or imported as a top-level module, has no package to count from. This rewrites
what does not resolve, in all files of the folder and its tests: imports in functions, branches and under TYPE_CHECKING, and the
strings by which `uvicorn.run`, Celery, Django and `mock.patch` import. What PYTHONPATH, another place in the image or another
start command repairs is repaired there: those leave the code alone.

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
_TASK = re.compile(r"\bname\s*=\s*[\"']([\w.]+)[\"']")


class _Place(NamedTuple):
    """A folder whose modules are imported: in the tree, in the image, and its name from sys.path (empty: it is on it)."""

    tree: str
    image: str
    name: str


class _Rewritten(NamedTuple):
    """The tree with the imports rewritten: in which files, and which modules each new name has to be."""

    tree: Tree
    files: tuple[str, ...]
    modules: tuple[tuple[str, str], ...]  # dotted name, and the path in the image without `.py`
    sure: bool = True  # every name that is rewritten is known to be a module's


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
    yield Proposal(made.tree, f"{why}: {', '.join(made.files)} import by whole names.", safety)


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
        inside = f"{folder.tree}/" if folder.tree else ""
        words = re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(each.encode() for each in names)))
        changed, files, sure = self.tree, [], True
        modules: dict[str, str] = {}
        for path in survey.files(self.tree):
            within = path.startswith(inside)
            python = self.read(path, words) if path.endswith(".py") and (within or _TEST.search(path)) else None
            if python is None or python.tree is None or b"sys.path" in python.source:  # such a file finds them itself
                continue
            here = names - self.nearer(path, folder.tree if within else "")
            edits, found = _with_prefix(python, folder.name, here)
            for dotted in found:
                modules[f"{folder.name}.{dotted}"] = posixpath.join(folder.image, dotted.replace(".", "/"))
            made = self.in_strings(python, python.tree, folder, here)
            sure = sure and not (made and _named.computes(python.tree))
            edits = list(dict.fromkeys((*edits, *made)))
            if edits:
                files.append(path)
                changed = changed.write(path, python.edited(edits))
        there = ((dotted, path) for dotted, path in modules.items() if self.is_module(folder, dotted[len(folder.name) + 1 :]))
        return _Rewritten(changed, tuple(files), tuple(there), sure) if files else None

    def in_strings(self, python: _imports.Python, tree: ast.Module, folder: _Place, names: frozenset[str]) -> list[_imports.Edit]:
        """Return the edits of strings that may name a module of the folder, and do."""

        def moves(dotted: str) -> bool:
            within = dotted.rpartition(".")[0]
            return dotted.partition(".")[0] in names and bool(within) and any(
                self.is_module(folder, each) for each in (dotted, within)
            )

        def task(dotted: str) -> bool:
            return moves(dotted) and not any(each == dotted or each.startswith(f"{dotted}.") for each in self.tasks)

        def exactly(dotted: str) -> bool:
            return moves(dotted) and self.is_module(folder, dotted)

        strings = [(each, moves) for each in _named.nested(tree)] + [(each, task) for each in _named.tasks(tree)]
        if _named.computes(tree):
            strings += [(each, exactly) for each in ast.walk(tree) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        return [edit for each, test in strings for edit in _imports.named(python, each, folder.name, test)]

    @functools.cached_property
    def tasks(self) -> frozenset[str]:
        """The names that tasks give themselves, whatever their modules are called."""
        return frozenset(name for text in self.texts("task") for name in _TASK.findall(text))

    def is_module(self, folder: _Place, dotted: str) -> bool:
        """Say whether a folder of the tree has a module of that name."""
        path = f"{folder.tree}/{dotted.replace('.', '/')}".lstrip("/")
        return self.tree.is_file(f"{path}.py") or self.tree.is_folder(path)

    def nearer(self, path: str, top: str) -> frozenset[str]:
        """Return the modules that lie nearer to a file than those of the folder `top` above it."""
        found: frozenset[str] = frozenset()
        folder = parent(path)
        while folder not in (top, ""):
            found |= _names(self.tree, folder)
            folder = parent(folder)
        return found

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


def _with_prefix(python: _imports.Python, prefix: str, names: frozenset[str]) -> tuple[list[_imports.Edit], list[str]]:
    """Return the edits of one file, and the modules that its imports name."""
    edits: list[_imports.Edit] = []
    found: list[str] = []

    def moves(dotted: str) -> bool:
        return dotted.partition(".")[0] in names

    for node in python.imports(tried=True):
        edits += _imports.prefixed(python, node, prefix, moves)
        listed = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        found += [each for each in listed if moves(each) and not getattr(node, "level", 0)]
    for string in _named.modules(python.tree) if python.tree else ():
        edits += _imports.named(python, string, prefix, moves)
    return edits, found


def _names(tree: Tree, folder: str) -> frozenset[str]:
    """Return the names of a folder's modules and packages."""
    found = set()
    for entry, kind in tree.entries(folder).items():
        path = f"{folder}/{entry}".lstrip("/")
        if kind == "file" and entry.endswith(".py") and tree.is_file(path):
            found.add(entry[:-3])
        elif kind == "folder" and any(each.endswith(".py") for each in tree.entries(path)) and tree.is_folder(path):
            found.add(entry)
    return frozenset(each for each in found if each.isidentifier() and not each.startswith("__"))


def _own_names(tree: Tree, folder: str) -> frozenset[str]:
    """Return the names that a package's `__init__` binds."""
    from bot.engine.boot import modules

    path = f"{folder}/__init__.py"
    facts = modules.read(tree.read(path), (3, 13)) if tree.is_file(path) else None
    return facts.names if facts else frozenset()
