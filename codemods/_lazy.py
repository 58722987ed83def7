"""Values of a module that are made when they are first used: an accessor takes the place of a name, and all uses follow.

What is not understood about a use ends the edit with the reason: a name that another module takes as an attribute, that tests
patch, or that code uses as it is imported.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.codemod import Proposal, Skip
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Tree
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _provided, _sources

if TYPE_CHECKING:
    from codemods._sources import Source

_MOST = 40  # files that follow


class Unclear(Exception):
    """A use that is not followed; its text is the reason."""


class Name(NamedTuple):
    """A name of a module, and the function that gives its value from now on.

    `kept`: the name stays as it is, and the function looks at it first (`check`, the lines of an `if` that raises).
    """

    path: str
    name: str
    accessor: str
    kept: bool = False


class Lazy:
    """One edit: the names that become accessors, and the files that follow."""

    def __init__(self, tree: Tree, python: tuple[int, int]) -> None:
        self.tree = tree
        self.cached = "cache" if python >= (3, 9) else "lru_cache(maxsize=None)"
        self.sources: dict[str, Source] = {}
        self.queue: list[Name] = []
        self.made: set[tuple[str, str]] = set()  # paths and names that have an accessor
        self.uses = 0  # in functions: without any, nothing is gained

    def source(self, path: str) -> Source:
        """Return a file that is edited; raises `Unclear` for one that is not parsed."""
        if path not in self.sources:
            found = _sources.read(self.tree, path)
            if found is None or len(self.sources) > _MOST:
                raise Unclear(f"{path} is not parsed")
            self.sources[path] = found
        return self.sources[path]

    def edited(self) -> Tree:
        """Follow all names, and return the changed tree."""
        while self.queue:
            name = self.queue.pop(0)
            self._uses(name)
            self._importers(name)
        if not self.uses:
            raise Unclear("no function uses it")
        tree = self.tree
        for path, source in self.sources.items():
            tree = tree.write(path, source.edited())
        return tree

    # --- what becomes an accessor

    def make(self, path: str, line: int) -> str:
        """Turn the assignment at a line into an accessor; return the name that it binds."""
        source = self.source(path)
        found = source.assignment(line)
        if found is None:
            raise Unclear(f"{path}:{line} is no plain assignment of the module")
        self._accessor(source, found)
        return found.name

    def _accessor(self, source: Source, found: _sources.Assignment) -> None:
        bare = found.name.lower().lstrip("_")
        accessor = source.free("_" * found.name.startswith("_") + f"get_{bare}")
        if accessor is None or source.bound(found.name) != 1:
            raise Unclear(f"{source.path} binds `{found.name}` more than once")
        if re.search(rf"__all__(?s:.)*[\"']{re.escape(found.name)}[\"']", source.plain):
            raise Unclear(f"{source.path} lists `{found.name}` in `__all__`")
        decorator = source.importing("functools", self.cached)
        hint = f" -> {found.hint}" if found.hint else ""
        indent = source.indent
        source.function(found.statement, found.value, [f"@{decorator}", f"def {accessor}(){hint}:", f"{indent}return "])
        self.made.add((source.path, found.name))
        self.queue.append(Name(source.path, found.name, accessor))

    def check(self, path: str, line: int) -> str:
        """Turn the `if` at a line that raises into a function that gives the name it looks at; return that."""
        source = self.source(path)
        guard = source.guard(line)
        name = guard.name if guard else None
        if guard is None or name is None or source.bound(name) != 1:
            raise Unclear(f"{path}:{line} checks something else than one name of the module")
        accessor = source.free(f"require_{name.lower().lstrip('_')}")
        if accessor is None:
            raise Unclear(f"{path} has a function of that name")
        hint = " -> str" if source.hinted else ""
        source.wrapped(guard.statement, f"def {accessor}(){hint}:", f"return {name}")
        self.queue.append(Name(path, name, accessor, kept=True))
        return name

    # --- who follows

    def _uses(self, name: Name) -> None:
        """Let the uses of a name in its module follow."""
        source = self.source(name.path)
        for use in source.uses(name.name):
            self._use(source, use, name)

    def _use(self, source: Source, use: _sources.Use, name: Name) -> bool:
        """Let one use follow; False for one that is left as it is."""
        if use.kind == "own" or (name.kept and use.harmless):
            return use.kind == "own"
        if use.kind == "start":
            raise Unclear(f"{source.path}:{use.line} uses `{name.name}` as the module is imported")
        if use.kind == "assignment" and use.assignment and (source.path, use.assignment.name) not in self.made:
            self._accessor(source, use.assignment)
        self.uses += use.kind == "function"
        source.replace(use.node, f"{name.accessor}()")
        return True

    def _importers(self, name: Name) -> None:
        """Let the files follow that import a name."""
        word = re.compile(rf"\b{re.escape(name.name)}\b")
        for path in survey.files(self.tree):
            text = self.tree.text_if_any(path) if path.endswith(".py") and path != name.path else ""
            if word.search(text) and _sources.names_module(text, name.path):
                self._imports(path, text, name)

    def _imports(self, path: str, text: str, name: Name) -> None:
        for line in _sources.others(text, name.path, name.name):
            raise Unclear(f"{path}:{line} takes `{name.name}` from the module in a way that is not followed")
        source = self.source(path)
        for found in source.imported(name.path, name.name):
            if source.bound(found.local, found.scope) != 1:
                raise Unclear(f"{path} binds `{found.local}` more than once")
            accessor = f"get_{found.local}" if found.renamed else name.accessor
            inner = Name(path, found.local, accessor, name.kept)
            followed = [self._use(source, use, inner) for use in source.uses(found.local, found.scope)]
            source.renames(found, name.accessor, accessor, beside=name.kept and not (followed and all(followed)))
            if found.shared:
                self._importers(inner)


def proposed(
    tree: Tree,
    report: Report,
    finding: Fault | Weakness,
    place: Place,
    change: Callable[[Lazy, str, int], str],
    why: str,
) -> Proposal | Skip:
    """Return the tree after one change at a place, which all uses follow; `{}` in `why` stands for the name that changes."""
    python = report.image.base.python if report.image else None
    lazy = Lazy(tree, python or (3, 12))
    try:
        name = change(lazy, place.path, place.line)
        changed = lazy.edited()
    except Unclear as error:
        return Skip(str(error))
    return Proposal(changed, why.format(name), "unsafe", _provided.manual(report, finding))
