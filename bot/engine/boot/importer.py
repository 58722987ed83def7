"""Imports as Python makes them: where a module is found, what of it was imported, and which of its names are there when asked.

Modules are looked for along sys.path (what the launcher puts first, PYTHONPATH, the standard library, installed packages). What
a module's code does when it runs is the walk's matter (`imports.py`).
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from bot.engine.boot import clashes, modules, natives, optional
from bot.engine.boot.facts import EMPTY, Facts, Import
from bot.engine.boot.failures import Early, Failed, Failures
from bot.engine.boot.files import Files
from bot.engine.boot.finder import Finder, Found, Loaded, package_of
from bot.engine.boot.misses import Judge
from bot.engine.boot.program import Serving
from bot.engine.boot.values import UNKNOWN, Evaluated, Object, Scope, evaluate
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model.findings import Place, Stage, Unknown
from bot.engine.model.target import Provided
from bot.engine.model.tree import Tree, Unreadable

_FARTHEST = 4  # modules that hand a value on
_LIMIT = 4000  # modules that are followed at most


# Where a run of events ends: at its end, perhaps at a `return` before it, at a `return`, or with the program
Flow = Literal["on", "perhaps", "returned", "died"]


class Frame(NamedTuple):
    """The code that runs: a module, and what it is called."""

    loaded: Loaded
    package: str | None  # `__package__`; None for a script
    main: bool
    constants: dict[str, ast.expr]  # what its names stand for, those of the function included
    local: frozenset[str] | None = None  # the names that a function has of its own; None: the module's own code


class Following(Protocol):
    """What follows the repository's own calls and classes for one value: see `reader.py`."""

    def called(self, frame: Frame, node: ast.Call, scope: Scope, depth: int) -> Evaluated:
        """Return what a call returns."""
        ...

    def named(self, name: str, frame: Frame) -> Evaluated:
        """Return what a name of a module stands for."""
        ...


class Importer(ABC):
    """Imports modules for one program; `failures` holds what came of it."""

    def __init__(
        self,
        tree: Tree,
        image: Image,
        installed: Installed,
        path: tuple[str, ...],
        folder: str,
        env: dict[str, str | None],
        process: str,
        stage: Stage,
    ) -> None:
        self.tree = tree
        self.finder = Finder(image, installed, path)
        self.judge = Judge(tree, image, installed)
        self.folder = folder
        self.env = env
        self.loaded: dict[str, Loaded | None] = {}
        self.files = Files(tree, image, folder, self.loaded)
        self.failures = Failures(self.finder, self.judge, self.loaded, image.base.known, process, stage)
        self.perhaps: set[str] = set()  # those of them that were imported in code that may not run
        self.at: dict[str, tuple[int, int]] = {}  # of the modules that are being imported: line and column that run
        self.early: dict[str, list[Early]] = {}  # what such a module's code will ask another one for too early
        self.package: str | None = None  # `__package__` of the file that runs as `__main__`
        self.hops = 0  # from module to module, for what a name stands for
        self.called: dict[tuple[str, str], tuple[bool, Flow]] = {}  # whether the call was sure, and where it ended
        self.serving: Serving | None = None
        self.app: tuple[Loaded, str] | None = None  # that the code hands to a server
        self.django: Loaded | None = None  # the settings of a Django that was started
        self.argv: tuple[str, ...] = ()  # of the program
        self.reader: Following | None = None  # while calls and objects of the repository's own are followed for a value
        self.provided: Callable[[str], Provided | None] = lambda name: None  # what the platform gives for a database's URL
        self.left: Callable[[str], bool] = lambda name: False  # variables that the config names, and a person has to set
        # what only that which started the program can tell of a test
        self.decides: Callable[[ast.expr], bool | None] = lambda test: None
        self.whole = False  # whether env holds every variable that may be set

    @abstractmethod
    def execute(self, frame: Frame) -> None:
        """Run a module's own code."""

    # --- modules

    def load(self, name: str, place: Place | None, names: tuple[str, ...] = ()) -> Loaded | None:
        """Import a dotted name from the left; None when it can't be found (the miss is noted) or lies outside.

        `names` are what is wanted of it.
        """
        parts = name.split(".")
        loaded: Loaded | None = None
        if (registered := self.loaded.get(name)) and registered.found.kind == "outside":
            return None
        for length in range(1, len(parts) + 1):
            here = ".".join(parts[:length])
            if self.knows(here):
                known = self.loaded[here]
                if known is None or known.found.kind == "outside":
                    return None
                loaded = known
                continue
            found = self.find(parts[length - 1], loaded)
            if found is None:
                missed = self.failures.missing(here, loaded, place, (*(f"{name}.{each}" for each in names), name))
                if not self.failures.trials:
                    self.note(here, missed)
                return None
            loaded = self.run(here, found)
            if loaded is None:
                return None
        return loaded

    def find(self, name: str, owner: Loaded | None) -> Found | None:
        """Look for a top-level module, or for a submodule of `owner`."""
        return self.finder.child(owner.found, owner.name, name) if owner else self.finder.top(name)

    def knows(self, name: str) -> bool:
        """Say whether a module need not be imported again. What code that may not run imported must, by code that does."""
        return name in self.loaded and (bool(self.failures.unsure) or name not in self.perhaps)

    def note(self, name: str, loaded: Loaded | None) -> None:
        """Note a module as imported, or as missing."""
        self.failures.met += 1
        self.loaded[name] = loaded
        if self.failures.unsure:
            self.perhaps.add(name)
        else:
            self.perhaps.discard(name)

    def run(self, name: str, found: Found) -> Loaded | None:
        """Execute a module that was found, once."""
        loaded = Loaded(name, found, EMPTY if found.kind == "outside" else self.read(found))
        self.note(name, loaded)
        if found.kind == "outside":
            return None
        if len(self.loaded) < _LIMIT:
            try:
                self.execute(self.frame(loaded))
            except Failed:
                del self.loaded[name]
                raise
            finally:
                self.at.pop(name, None)
                self.early.pop(name, None)
        return loaded

    def read(self, found: Found) -> Facts:
        """Return what a module's file holds; nothing where it can't be read."""
        if found.tree is None:
            return EMPTY
        try:
            return modules.read(self.tree.read(found.tree), self.finder.version)
        except Unreadable as error:
            self.failures.unknowns.append(Unknown(str(error), None))
            return EMPTY

    # --- import statements

    def imported(self, event: Import, frame: Frame) -> None:
        """Run an import statement."""
        tree = frame.loaded.found.tree or frame.loaded.found.path
        place = Place(tree, event.line, event.column)
        self.comes_to(frame, event.line, event.column - 1)
        self.failures.chain.append(f"{tree}:{event.line}")
        name = self.absolute(event, frame.package)
        if name is None:
            words = "beyond top-level package" if frame.package else "with no known parent package"
            reason = "The dots of this import count from the package that Python gives this file when it is started this way."
            message = f"ImportError: attempted relative import {words}"
            self.failures.fail("relative-import", message, reason, place, None, certain=True, failure="import")
        else:
            loaded = self.load(name, place, event.names or ())
            if loaded:
                self._names(event, loaded, place)
            elif self.is_outside(name):
                self.from_outside(name, event, place)
        self.failures.chain.pop()

    def absolute(self, event: Import, package: str | None) -> str | None:
        """Return the absolute name that an import names; None when its dots lead out of the package."""
        if event.level == 0:
            return event.module
        if not package:
            return None
        parts = package.split(".")
        if event.level > len(parts):
            return None
        base = ".".join(parts[: len(parts) - event.level + 1])
        return f"{base}.{event.module}" if event.module else base

    def from_outside(self, name: str, event: Import, place: Place) -> None:
        """Import a module of an installed distribution or of Python: what that asks for has to be there, too."""
        if name == "prisma":
            from bot.engine.boot import steps  # few apps have such a client

            steps.generated(self, event, place)
        for each in event.names or ():
            self.failures.dropped(name, each, place)
        self.failures.lacking(name, event.names or (), place)
        names = (name, *(f"{name}.{each}" for each in event.names or ()))
        wanted = optional.imported(names, event.line, event.column, self.finder.installed)
        if wanted:
            self.failures.optional(wanted, place.path)
        elif known := clashes.imported(name.partition(".")[0], self.finder.installed, self.finder.version):
            self.failures.clash(known, place)
        elif lack := natives.lack(name.partition(".")[0], self.finder.installed, self.finder.image):
            self.failures.library(lack, place)
        elif (site := self.finder.installed.site) and (broken := site.imported(name, event.names)):
            self.failures.broken(broken, place)

    def is_outside(self, name: str) -> bool:
        """Say whether a module is known to come from an installed distribution."""
        first = self.loaded.get(name.partition(".")[0])
        return first is not None and first.found.kind == "outside"

    def _names(self, event: Import, loaded: Loaded, place: Place) -> None:
        """Look up the names of a `from … import …`: what the module defines, else a submodule. All submodules come first."""
        missed: list[tuple[str, bool]] = []
        for name in event.names or ():
            full = f"{loaded.name}.{name}"
            if name == "*" or self.knows(full):
                continue
            defined = loaded.found.kind != "namespace" and self.defines(loaded, name, set())
            early = defined and self.comes_later(loaded, name)
            if defined and not early and name in loaded.facts.names:
                continue
            found = self.find(name, loaded) if loaded.found.folders else None
            if found and not (defined and found.kind == "namespace"):
                with self.failures.doubtful(defined and not early):  # a name that can't be seen may stand for it
                    self.run(full, found)
            elif early or not defined:
                missed.append((name, early))
        for name, early in missed:
            if early:
                self.failures.too_early(loaded, name, self.at[loaded.name][0], place)
            else:
                self.failures.missing_name(loaded, name, loaded.name in self.at, place)

    def comes_later(self, loaded: Loaded, name: str) -> bool:
        """Say whether a module that is still being imported, in a circle, binds a name only further down."""
        at, facts = self.at.get(loaded.name), loaded.facts
        return at is not None and not facts.stars and not facts.dynamic and facts.bound.get(name, (0, 0)) >= at

    def defines(self, loaded: Loaded, name: str, seen: set[str]) -> bool:
        """Say whether a module may define a name; star imports are followed, and submodules that were imported count."""
        facts = loaded.facts
        guarded = name in facts.guarded and self.loaded.get("__main__") is not loaded
        known = (name in facts.names and not guarded) or f"{loaded.name}.{name}" in self.loaded
        if facts.dynamic or facts.error or known or loaded.name in seen:
            return True
        seen.add(loaded.name)
        for star in facts.stars:
            origin = self.absolute(star, package_of(loaded))
            other = self.loaded.get(origin or "")
            if other is None or other.found.kind == "outside":
                return True
            if _starred(other, name) and self.defines(other, name, seen):
                return True
        return False

    def comes_to(self, frame: Frame, line: int, column: int) -> None:
        """Note how far a module is; where a function is says nothing of that, and `__main__` is no module of that name."""
        if frame.local is None and (not frame.main or frame.loaded.name == "__main__"):
            self.at[frame.loaded.name] = (line, column)

    # --- what code refers to

    def scope(self, frame: Frame) -> Scope:
        """Return what the expressions of some code may refer to."""
        name = "__main__" if frame.main else frame.loaded.name
        path = None if self.judge.loose else (*self.finder.path, *self.finder.appended)
        file, version = frame.loaded.found.path, self.finder.version
        plain = Scope(file, self.folder, self.env, self.whole, frame.constants, version, name, frame.package, path)
        found = plain._replace(there=self.files.lies, imported=lambda wanted: self.value(wanted, frame))
        reader = self.reader
        return found._replace(called=lambda *call: reader.called(frame, *call)) if reader else found

    def value(self, name: str, frame: Frame) -> Evaluated:
        """Return what a name from another module of the repository stands for, where that is a text or a path."""
        first, _, rest = name.partition(".")
        if self.hops > _FARTHEST or (frame.local and first in frame.local):
            return UNKNOWN
        for event in reversed(frame.loaded.facts.events):
            if not isinstance(event, Import):
                continue
            if event.names and first in event.aliases:
                base, original = self.absolute(event, frame.package), event.names[event.aliases.index(first)]
                owner, wanted = (f"{base}.{original}", rest) if rest else (base or "", original)
            elif not event.names and rest and first in (event.aliases or (event.module,)):
                owner, wanted = event.module, rest
            else:
                continue
            return self._constant(owner, wanted)
        return self.reader.named(name, frame) if self.reader else UNKNOWN

    def _constant(self, owner: str, name: str) -> Evaluated:
        loaded = self.loaded.get(owner)
        if loaded is None or "." in name or name not in loaded.facts.names:
            return UNKNOWN
        self.hops += 1
        found = evaluate(ast.Name(name), self.scope(self.frame(loaded)))
        self.hops -= 1
        return found if isinstance(found, str | Object) else UNKNOWN

    def frame(self, loaded: Loaded) -> Frame:
        """Return the frame of a module's own code."""
        return Frame(loaded, package_of(loaded), False, loaded.facts.constants)

    def function(self, name: str, loaded: Loaded) -> tuple[Loaded, str] | None:
        """Return the module and name of a function that a module defines, or imports from another one of ours."""
        first, _, rest = name.partition(".")
        if not rest and first in loaded.facts.functions:
            return loaded, first
        return self.imported_function(first, rest, Frame(loaded, package_of(loaded), False, {}))

    def imported_function(self, first: str, rest: str, frame: Frame) -> tuple[Loaded, str] | None:
        """Return the module and name of a function that the code imported, if it is the repository's own."""
        for event in reversed(frame.loaded.facts.events):
            if not isinstance(event, Import):
                continue
            if first in event.aliases and event.names and "." not in rest:
                name, function = self.absolute(event, frame.package), event.names[event.aliases.index(first)]
                if rest:  # of a module that the package has
                    name, function = f"{name}.{function}", rest
            elif event.names is None and event.module == first and rest and "." not in rest:
                name, function = first, rest
            else:
                continue
            loaded = self.loaded.get(name or "")
            if loaded and function in loaded.facts.functions:
                return loaded, function
        return None

    def outside_name(self, name: str, frame: Frame) -> str | None:
        """Return the full name of something that a file took from an installed distribution: `OpenAI` is `openai.OpenAI`."""
        first, _, rest = name.partition(".")
        for event in reversed(frame.loaded.facts.events):
            if not isinstance(event, Import) or event.level:
                continue
            if event.names is None and event.module.partition(".")[0] == first and self.is_outside(first):
                return name
            if first in event.aliases and event.names and self.is_outside(event.module):
                whole = f"{event.module}.{event.names[event.aliases.index(first)]}"
                return f"{whole}.{rest}" if rest else whole
        return None


def _starred(loaded: Loaded, name: str) -> bool:
    """Say whether `from module import *` may bring a name: one with an underscore comes only where `__all__` lists it."""
    return not name.startswith("_") or "__all__" in loaded.facts.names or loaded.facts.dynamic
