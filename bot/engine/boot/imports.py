"""The import walk: every import that runs at start, followed through the image as Python would.

Modules are looked for along sys.path (what the launcher puts first, PYTHONPATH, the standard library, installed packages),
and each file that is found is read in turn. A fault names the whole chain of imports that leads to it. Messages are
CPython's (tried on 3.9 to 3.13).
"""

from __future__ import annotations

import ast
import posixpath
import sys
from typing import NamedTuple

from bot.engine.boot import modules
from bot.engine.boot.finder import OUTSIDE, Finder, Found
from bot.engine.boot.misses import Judge
from bot.engine.boot.modules import Attempt, Branch, Call, Event, Facts, Import, PathChange
from bot.engine.boot.values import UNKNOWN, Scope, evaluate
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model.findings import Detail, Fault, MissingModule, MissingName, Place, Stage, Unknown
from bot.engine.model.tree import Tree, Unreadable

_LIMIT = 4000  # modules that are followed at most
FIRST_STEP = 10  # of the faults that imports meet; those of the command come before


class Loaded(NamedTuple):
    """A module that was imported."""

    name: str
    found: Found
    facts: Facts


class Frame(NamedTuple):
    """The code that runs: a module, and what it is called."""

    loaded: Loaded
    package: str | None  # `__package__`; None for a script
    main: bool
    constants: dict[str, ast.expr]  # what its names stand for, those of the function included


def package_of(loaded: Loaded) -> str:
    """Return the `__package__` of an imported module."""
    return loaded.name if loaded.found.kind in ("package", "namespace") else loaded.name.rpartition(".")[0]


class _Failed(Exception):
    """An import failed inside a `try` that catches it."""


class Walk:
    """Follows imports for one program. `faults` and `unknowns` hold what came of it."""

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
        self.known_base = image.base.known
        self.folder = folder
        self.env = env
        self.process = process
        self.stage: Stage = stage
        self.loaded: dict[str, Loaded | None] = {}
        self.called: set[tuple[str, str]] = set()
        self.chain: list[str] = []
        self.trial = 0  # how many attempts that catch an ImportError are open
        self.unsure = 0  # how many branches that may not run are open
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []

    # --- importing

    def load(self, name: str, place: Place | None) -> Loaded | None:
        """Import a dotted name from the left; None when it can't be found (the miss is noted) or lies outside."""
        parts = name.split(".")
        loaded: Loaded | None = None
        for length in range(1, len(parts) + 1):
            here = ".".join(parts[:length])
            if here in self.loaded:
                known = self.loaded[here]
                if known is None or known.found.kind == "outside":
                    return None
                loaded = known
                continue
            found = self.find(parts[length - 1], loaded)
            if found is None:
                missed = self.missing(here, loaded, place)
                if not self.trial:
                    self.loaded[here] = missed
                return None
            loaded = self.run(here, found)
            if loaded is None:
                return None
        return loaded

    def find(self, name: str, owner: Loaded | None) -> Found | None:
        """Look for a top-level module, or for a submodule of `owner`."""
        return self.finder.child(owner.found, owner.name, name) if owner else self.finder.top(name)

    def run(self, name: str, found: Found) -> Loaded | None:
        """Execute a module that was found, once."""
        if found.kind == "outside":
            self.loaded[name] = Loaded(name, found, modules.EMPTY)
            return None
        loaded = Loaded(name, found, self._facts(found))
        self.loaded[name] = loaded
        if len(self.loaded) < _LIMIT:
            try:
                self._execute(Frame(loaded, package_of(loaded), False, loaded.facts.constants))
            except _Failed:
                del self.loaded[name]
                raise
        return loaded

    def _facts(self, found: Found) -> Facts:
        if found.tree is None:
            return modules.EMPTY
        try:
            return modules.read(self.tree.read(found.tree), self.finder.version)
        except Unreadable as error:
            self.unknowns.append(Unknown(str(error), None))
            return modules.EMPTY

    def script(self, path: str, tree: str | None, name: str, package: str | None) -> None:
        """Execute a file as `__main__`."""
        found = Found("file", path, tree, ())
        loaded = Loaded(name, found, self._facts(found))
        self.loaded["__main__"] = loaded
        self._execute(Frame(loaded, package, True, loaded.facts.constants))

    def _execute(self, frame: Frame) -> None:
        error = frame.loaded.facts.error
        if error:
            self._syntax(frame, error)
        self._events(frame.loaded.facts.events, frame)

    def _syntax(self, frame: Frame, error: modules.Syntax) -> None:
        tree = frame.loaded.found.tree or frame.loaded.found.path
        if self.finder.version > sys.version_info[:2] and not error.merge:
            newer = ".".join(map(str, self.finder.version))
            self.unknowns.append(Unknown(f"{tree} does not parse here; the image has Python {newer}", Place(tree, error.line)))
            return
        reason = "Python can't compile this file, and the start command imports it."
        if error.merge:
            reason += " It holds the markers of a merge conflict."
        self.fault("syntax-error", error.message, reason, Place(tree, error.line, error.column), None, certain=True)

    # --- events

    def _events(self, events: tuple[Event, ...], frame: Frame) -> None:
        for event in events:
            match event:
                case Import():
                    self._imported(event, frame)
                case PathChange():
                    self._path_change(event, frame)
                case Call():
                    self._call(event, frame)
                case Branch():
                    self._branch(event, frame)
                case Attempt():
                    self._attempt(event, frame)

    def _branch(self, event: Branch, frame: Frame) -> None:
        decided = evaluate(event.test, self._scope(frame)) if event.test is not None else UNKNOWN
        if decided is not UNKNOWN:
            self._events(event.body if decided else event.orelse, frame)
            return
        self.unsure += 1
        try:
            self._events(event.body, frame)
            self._events(event.orelse, frame)
        finally:
            self.unsure -= 1

    def _attempt(self, event: Attempt, frame: Frame) -> None:
        if event.raises:  # the handler ends the program: nothing is really caught
            self._events(event.body, frame)
            self._events(event.orelse, frame)
            return
        self.trial += 1
        depth = len(self.chain)
        try:
            self._events(event.body, frame)
        except _Failed:
            failed = True
        else:
            failed = False
        finally:
            self.trial -= 1
            del self.chain[depth:]
        self._events(event.handler if failed else event.orelse, frame)

    def _scope(self, frame: Frame) -> Scope:
        name = "__main__" if frame.main else frame.loaded.name
        return Scope(frame.loaded.found.path, self.folder, self.env, False, frame.constants, self.finder.version, name)

    def _path_change(self, event: PathChange, frame: Frame) -> None:
        for value in event.values:
            entry = evaluate(value, self._scope(frame))
            if not isinstance(entry, str):
                where = frame.loaded.found.tree or frame.loaded.found.path
                self.judge.loose = f"{where}:{event.line} changes sys.path in a way that was not followed"
                continue
            path = posixpath.normpath(posixpath.join(self.folder, entry))
            self.finder.path.insert(0 if event.front else len(self.finder.path), path)

    def _call(self, event: Call, frame: Frame) -> None:
        """Follow a call into a function of the repository; `uvicorn.run("module:app")` is an import."""
        if event.name in ("uvicorn.run", "hypercorn.run") and event.node.args:
            target = evaluate(event.node.args[0], self._scope(frame))
            if isinstance(target, str) and ":" in target:
                self._imported(Import(target.partition(":")[0], None, 0, event.node.lineno, event.node.col_offset + 1), frame)
            return
        first, _, rest = event.name.partition(".")
        if not rest and first in frame.loaded.facts.functions:
            self.call_function(frame.loaded, first)
        elif found := self._imported_function(first, rest, frame):
            self.call_function(*found)

    def call_function(self, loaded: Loaded, name: str) -> None:
        """Follow a call of one of a module's own functions, once."""
        if (loaded.name, name) not in self.called:
            self.called.add((loaded.name, name))
            function = loaded.facts.functions[name]
            constants = {**loaded.facts.constants, **modules.constants_of(function.body)}
            self._events(modules.function_events(function), Frame(loaded, package_of(loaded), False, constants))

    def _imported_function(self, first: str, rest: str, frame: Frame) -> tuple[Loaded, str] | None:
        """Return the module and name of a function that the code imported, if it is the repository's own."""
        for event in frame.loaded.facts.events:
            if not isinstance(event, Import):
                continue
            if event.names and first in event.names and not rest:
                name, function = self.absolute(event, frame.package), first
            elif event.names is None and event.module == first and rest and "." not in rest:
                name, function = first, rest
            else:
                continue
            loaded = self.loaded.get(name or "")
            if loaded and function in loaded.facts.functions:
                return loaded, function
        return None

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

    def _imported(self, event: Import, frame: Frame) -> None:
        tree = frame.loaded.found.tree or frame.loaded.found.path
        place = Place(tree, event.line, event.column)
        self.chain.append(f"{tree}:{event.line}")
        name = self.absolute(event, frame.package)
        if name is None:
            words = "beyond top-level package" if frame.package else "with no known parent package"
            reason = "The dots of this import count from the package that Python gives this file when it is started this way."
            self.fail("relative-import", f"ImportError: attempted relative import {words}", reason, place, None, certain=True)
        else:
            loaded = self.load(name, place)
            if loaded:
                self._names(event, loaded, place)
        self.chain.pop()

    def _names(self, event: Import, loaded: Loaded, place: Place) -> None:
        """Look up the names of a `from … import …`: what the module defines, else a submodule."""
        for name in event.names or ():
            if name == "*":
                continue
            if loaded.found.kind != "namespace" and self.defines(loaded, name, set()):
                if f"{loaded.name}.{name}" not in self.loaded and loaded.found.folders and name not in loaded.facts.names:
                    found = self.finder.within(name, list(loaded.found.folders))
                    if found and found.kind != "namespace":
                        self.run(f"{loaded.name}.{name}", found)
                continue
            full = f"{loaded.name}.{name}"
            found = self.find(name, loaded) if loaded.found.folders else None
            if full in self.loaded:
                continue
            if found:
                self.run(full, found)
            else:
                self._missing_name(loaded, name, place)

    def defines(self, loaded: Loaded, name: str, seen: set[str]) -> bool:
        """Say whether a module may define a name; star imports are followed."""
        facts = loaded.facts
        if facts.dynamic or facts.error or name in facts.names or loaded.name in seen:
            return True
        seen.add(loaded.name)
        for star in facts.stars:
            origin = self.absolute(star, package_of(loaded))
            other = self.loaded.get(origin or "")
            if other is None or other.found.kind == "outside" or self.defines(other, name, seen):
                return True
        return False

    # --- misses

    def missing(self, name: str, owner: Loaded | None, place: Place | None) -> Loaded | None:
        """Note a module that can't be found, as surely as the image is known; what may be installed is taken to be there."""
        folders = list(owner.found.folders) if owner else self.finder.path
        candidates = [posixpath.join(folder, name.rpartition(".")[2]) for folder in folders]
        if self.judge.follows(candidates):
            return None
        own = owner is not None or self.judge.is_own(name, place)
        installed = self.finder.installed
        if not own and installed.opaque:
            self.unknowns.append(Unknown(f"`{name}` may be installed or not: {installed.opaque}", place))
            return Loaded(name, OUTSIDE, modules.EMPTY)
        message = f"ModuleNotFoundError: No module named '{name}'"
        if owner and not owner.found.folders:
            message += f"; '{owner.name}' is not a package"
        reason, doubt = self.judge.module(name, candidates, own, owner is None)
        doubt = doubt or _may_make(owner)
        detail = MissingModule(name, False, place.path if place else None)
        self.fail("module-not-found", message, _with(reason, doubt), place, detail, certain=own and doubt is None)
        return None

    def _missing_name(self, loaded: Loaded, name: str, place: Place) -> None:
        path = loaded.found.path if loaded.found.kind != "namespace" else "unknown location"
        candidates = [posixpath.join(folder, name) for folder in loaded.found.folders]
        if self.judge.follows(candidates):
            return
        message = f"ImportError: cannot import name '{name}' from '{loaded.name}' ({path})"
        reason, doubt = self.judge.name(loaded.found.tree or path, name, candidates)
        detail = MissingName(loaded.name, name)
        self.fail("name-not-found", message, _with(reason, doubt), place, detail, certain=doubt is None)

    def fail(self, code: str, message: str, reason: str, place: Place | None, detail: Detail, certain: bool) -> None:
        """An import fails here: a fault, unless code around it catches the error."""
        if self.trial and not certain:
            return  # whether it fails is not known: as if it did not
        if self.trial:
            raise _Failed
        self.fault(code, message, reason, place, detail, certain)

    def fault(self, code: str, message: str, reason: str, place: Place | None, detail: Detail, certain: bool) -> None:
        """Report a fault at this point of the walk, once; never certain in code that may not run."""
        sure = certain and not self.unsure and self.known_base
        found = Fault(
            code,
            self.stage,
            FIRST_STEP + len(self.loaded),
            self.process,
            "certain" if sure else "likely",
            message,
            reason,
            place,
            tuple(self.chain),
            detail,
        )
        if found.identity not in {fault.identity for fault in self.faults}:
            self.faults.append(found)


def _may_make(owner: Loaded | None) -> str | None:
    """Return why a package may have submodules that no file stands for."""
    if owner and owner.found.kind != "namespace" and owner.facts.dynamic:
        return f"{owner.found.tree or owner.found.path} may make modules itself"
    return None


def _with(reason: str, doubt: str | None) -> str:
    return f"{reason} Not certain: {doubt}." if doubt else reason
