"""What fails while a program imports: in Python's words, at its place, and as surely as the image is known.

Messages are CPython's (tried on 3.9 to 3.13).
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.engine.boot.facts import EMPTY, Attempt, Syntax
from bot.engine.boot.finder import OUTSIDE, Finder, Loaded
from bot.engine.boot.misses import Judge
from bot.engine.boot.optional import Wanted
from bot.engine.model import stdlib
from bot.engine.model.findings import (
    Assumption,
    Detail,
    Failure,
    Fault,
    Lacking,
    MissingModule,
    MissingName,
    Place,
    Ring,
    Stage,
    Unknown,
    UrlMisfit,
)

if TYPE_CHECKING:
    from bot.engine.boot import natives
    from bot.engine.boot.clashes import Known
    from bot.engine.image.site import Broken

_OLDEST = (3, 7)  # whose syntax every later version takes: before, `async` was a name, and 2 had a print statement
_VARIABLE = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)  # what a shell can set; others are nobody's to be printed in a command
_FIRST_STEP = 10  # of the faults that imports meet; those of the command come before


class Failed(Exception):
    """An import failed inside a `try` that catches it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class Trial(NamedTuple):
    """An attempt that is open: which failures it catches, and how many doubtful branches were open where it began."""

    attempt: Attempt
    unsure: int


class Early(NamedTuple):
    """An attribute that code asks a module for before that has it, in Python's words.

    `owner` is the module that is still being imported, `wanted` what is needed of it: where `attribute` is its own name in a
    package, that is what the code asks the submodule for.
    """

    place: Place
    message: str
    owner: Loaded
    attribute: str
    wanted: str


class Failures:
    """What one walk comes to: `faults`, `unknowns`, and what was `assumed`.

    `chain` holds the imports that run, `trials` the attempts that are open, `unsure` counts the branches that may not run.
    """

    def __init__(
        self, finder: Finder, judge: Judge, loaded: dict[str, Loaded | None], known_base: bool, process: str, stage: Stage
    ) -> None:
        self.finder = finder
        self.judge = judge
        self.loaded = loaded
        self.known_base = known_base
        self.process = process
        self.stage: Stage = stage
        self.chain: list[str] = []
        self.trials: list[Trial] = []
        self.unsure = 0
        self.met = 0  # modules so far: what is imported again counts again, so that it only grows
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.assumed: list[Assumption] = []

    @contextmanager
    def doubtful(self, really: bool = True) -> Iterator[None]:
        """Open a branch: what is met inside may not run."""
        self.unsure += really
        try:
            yield
        finally:
            self.unsure -= really

    @contextmanager
    def at_stage(self, stage: Stage) -> Iterator[None]:
        """Let what fails inside belong to another stage."""
        before, self.stage = self.stage, stage
        try:
            yield
        finally:
            self.stage = before

    def driver(self, backend: str, module: str, message: str, place: Place) -> None:
        """Note the driver of a database that Django's settings name and that no requirement brings."""
        self.optional(Wanted(f"`{backend}`", module, module, message, "import", place.line, place.column), place.path)

    def missing(self, name: str, owner: Loaded | None, place: Place | None, wanted: tuple[str, ...] = ()) -> Loaded | None:
        """Note a module that can't be found, as surely as the image is known; what may be installed is taken to be there."""
        folders = list(owner.found.folders) if owner else [*self.finder.path, *self.finder.appended]
        candidates = [posixpath.join(folder, name.rpartition(".")[2]) for folder in folders]
        if self.judge.follows(candidates):
            return None
        own = owner is not None or stdlib.only_on_windows(name) or self.judge.is_own(name, place)
        installed = self.finder.installed
        plain_file = owner is not None and not owner.found.folders
        if installed.opaque and (not own or (plain_file and self._may_be_other(name))):
            self.unknowns.append(Unknown(f"`{name}` may be installed or not: {installed.opaque}", place))
            return Loaded(name, OUTSIDE, EMPTY)
        message = f"ModuleNotFoundError: No module named '{name}'"
        if owner and plain_file:
            message += f"; '{owner.name}' is not a package"
        reason, doubt = self.judge.module(name, candidates, own, owner is None)
        if owner and plain_file:
            reason = f"{owner.found.tree or owner.found.path} is what Python finds under the name `{owner.name}`."
        doubt = doubt or self._may_be_other(name) or _may_make(owner) or self._portions(owner)
        behind = tuple(each for each in wanted if each.startswith(f"{name}."))
        detail = MissingModule(name, False, place.path if place else None, behind)
        self.fail("module-not-found", message, _with(reason, doubt), place, detail, certain=doubt is None)
        return None

    def optional(self, wanted: Wanted, tree: str) -> None:
        """Note a package that a framework's feature needs and that no requirement brings."""
        installed = self.finder.installed
        if installed.opaque:
            return
        doubt = "an installed project may bring it" if installed.projects else self.judge.loose
        doubt = doubt or self.judge.packages_doubt(wanted.module, wanted.distribution)
        reason = f"{wanted.feature} needs {wanted.distribution}, which no installed requirement is known to bring."
        place = Place(tree, wanted.line, wanted.column)
        detail = MissingModule(wanted.module, False, tree)
        certain = doubt is None and wanted.certain
        reason = _with(reason, doubt)
        step = f"{tree}:{wanted.line}"
        added = self.chain[-1:] != [step]
        self.chain += [step] if added else []
        self.fail("optional-package-missing", wanted.message, reason, place, detail, certain, wanted.failure)
        del self.chain[len(self.chain) - added :]

    def engine(self, message: str, reason: str, place: Place, detail: UrlMisfit, certain: bool, failure: Failure) -> None:
        """Note an engine that can't be made of its URL; those that fail alike are one fault with many places."""
        step = f"{place.path}:{place.line}"
        added = self.chain[-1:] != [step]
        self.chain += [step] if added else []
        before = len(self.faults)
        self.fail("database-url", message, reason, place, detail, certain, failure)
        for index, fault in enumerate(self.faults[:before]):
            known = fault.detail
            if isinstance(known, UrlMisfit) and fault.message == message and len(self.faults) == before:
                places = tuple(dict.fromkeys((*known.places, place)))
                self.faults[index] = fault._replace(detail=known._replace(places=places))
        del self.chain[len(self.chain) - added :]

    def lacking(self, name: str, names: tuple[str, ...], place: Place) -> None:
        """Note the part of a namespace that no requirement brings: of `google.cloud.storage`, where others bring `google`."""
        if self.finder.within(name.partition(".")[0], [*self.finder.path, *self.finder.appended]):
            return  # the repository adds to it, too
        for wanted in (*(f"{name}.{each}" for each in names), name):
            absent = self.finder.installed.lacks(wanted)
            if absent is None or self.finder.installed.opaque or self.finder.installed.projects:
                continue
            parent, _, last = absent.rpartition(".")
            by_name = absent != name and absent.startswith(f"{name}.")
            message = stdlib.cannot_import(last, parent) if by_name else f"ModuleNotFoundError: No module named '{absent}'"
            doubt = self.judge.loose or self.judge.packages_doubt(absent)
            reason = f"`{parent}` is filled by several distributions, and none that is installed is known to give `{absent}`."
            detail = MissingModule(absent, False, place.path, (wanted,))
            failure: Failure = "import" if by_name else "module"
            self.fail("module-not-found", message, _with(reason, doubt), place, detail, doubt is None, failure)
            return

    def broken(self, broken: Broken, place: Place) -> None:
        """Note an import of an installed package that fails, or that does not find its name there."""
        site, importer = self.finder.installed.site, broken.importer
        doubt = self.judge.loose or self.judge.changed()
        self.chain += broken.chain
        if broken.lacking is None and broken.name is not None:
            reason = f"Python {self.finder.version[0]}.{self.finder.version[1]} has no `{broken.module}.{broken.name}` any more"
            reason += f", and {importer} imports it." if importer else "."
            detail: Detail = MissingName(broken.module, broken.name)
            code = "name-not-found"
        elif broken.lacking is None:
            by = f"{importer} imports" if importer else "It is imported, and"
            reason = f"{by} `{broken.module}`, and no installed distribution gives it."
            detail = MissingModule(broken.module, False, place.path)
            code = "module-not-found"
        else:
            version = next((pin.version for pin in site.pins if pin.name == broken.lacking), "") if site else ""
            missing = f"{broken.module}.{broken.name}" if broken.name else broken.module
            reason = f"{broken.lacking} {version}, which is installed, does not have `{missing}`"
            reason += f", and {importer} imports it." if importer else "."
            detail = Lacking(broken.lacking, version, broken.module, broken.name, importer)
            code = "library-incompatible"
        self.fail(code, broken.message, _with(reason, doubt), place, detail, doubt is None, broken.failure)
        del self.chain[len(self.chain) - len(broken.chain) :]

    def dropped(self, module: str, name: str, place: Place) -> None:
        """Note a name that the standard library lost."""
        version = self.finder.version
        since = stdlib.dropped(module, name, version)
        if since:
            reason = f"Python {since[0]}.{since[1]} dropped `{module}.{name}`."
            words = stdlib.cannot_import(name, module, stdlib.folder(version))
            self.fail("name-not-found", words, reason, place, MissingName(module, name), certain=True, failure="import")

    def library(self, lack: natives.Lack, place: Place) -> None:
        """Note a shared library that the image does not have."""
        doubt = self.judge.changed() or (None if lack.certain else "what apt-get installs may bring it along")
        names = ", ".join(lack.missing.packages)
        reason = f"{lack.missing.distribution} needs {names} of the system, and the image has no such package."
        self.fail("system-library-missing", lack.message, _with(reason, doubt), place, lack.missing, doubt is None, "import")

    def clash(self, known: Known, place: Place) -> None:
        """Note that two installed distributions don't work together, or one with this Python."""
        doubt = self.judge.loose or self.judge.changed()
        if not self.finder.installed.exact(known.distribution):
            doubt = doubt or "which versions get installed, --resolve tells"
        beside = known.other[0] if known.other else f"Python {self.finder.version[0]}.{self.finder.version[1]}"
        reason = f"The versions of {known.distribution} and {beside} that get installed don't work together."
        self.fail("versions-clash", known.message, _with(reason, doubt), place, known.cure, doubt is None, "import")

    def _may_be_other(self, name: str) -> str | None:
        """Return why a module of an installed project may not be the one that Python finds: site-packages comes before."""
        opaque = self.finder.installed.opaque
        top = name.partition(".")[0]
        return f"an installed distribution may give `{top}`, as {opaque}" if opaque and top in self.finder.late else None

    def missing_name(self, loaded: Loaded, name: str, partial: bool, place: Place) -> None:
        """Note a name that a module does not define and that is no submodule; `partial`: the module is still being imported."""
        path = loaded.found.path if loaded.found.kind != "namespace" else "unknown location"
        candidates = [posixpath.join(folder, name) for folder in loaded.found.folders]
        if self.judge.follows(candidates):
            return
        message = f"ImportError: cannot import name '{name}' from '{loaded.name}' ({path})"
        if partial:
            message = _partial(loaded, name)
        reason, doubt = self.judge.name(loaded.found.tree or path, name, candidates)
        doubt = doubt or self._may_be_other(loaded.name) or self._portions(loaded) or self._set_from_outside(name)
        detail = MissingName(loaded.name, name)
        self.fail("name-not-found", message, _with(reason, doubt), place, detail, certain=doubt is None, failure="import")

    def unnamed(self, name: str, loaded: Loaded, place: Place) -> None:
        """Note a name that code reads before anything binds it."""
        late = loaded.facts.bound.get(name)
        reason = f"Nothing in {place.path} binds `{name}`."
        if late:
            reason = f"{place.path} binds `{name}` only at line {late[0]}."
        doubt = self._set_from_outside(name)
        message = f"NameError: name '{name}' is not defined"
        detail = MissingName(loaded.name, name)
        self.fail("name-not-defined", message, _with(reason, doubt), place, detail, doubt is None, "name")

    def _set_from_outside(self, name: str) -> str | None:
        """Return which file may set a name of another module: `config.NAME = …`, or `setattr(config, "NAME", …)`."""
        paths = {loaded.found.tree for loaded in self.loaded.values() if loaded and loaded.found.tree}
        written = re.compile(
            rf"\.{re.escape(name)}\s*(?::[^=\n]+)?=(?!=)|\bsetattr\([^\n]*[\"']{re.escape(name)}[\"']".encode()
        )
        texts = ((path, self.judge.tree.read(path)) for path in sorted(paths))
        setting = next((path for path, text in texts if name.encode() in text and written.search(text)), None)
        return f"{setting} sets `{name}` of something" if setting else None

    def too_early(self, loaded: Loaded, name: str, line: int, place: Place) -> None:
        """Note a name that a module binds only behind the `line` that runs: an import in a circle."""
        detail = Ring(loaded.name, name, self._ring(loaded))
        self.fail(
            "import-cycle", _partial(loaded, name), self._early(loaded, name, line, detail), place, detail, True, "import"
        )

    def used(self, early: Early, at: dict[str, tuple[int, int]]) -> None:
        """Note an attribute that code takes from a module which is still being imported, `at` these lines."""
        loaded, place = early.owner, early.place
        never = early.attribute == early.wanted and early.attribute not in loaded.facts.bound
        doubt = self._set_from_outside(early.attribute) if never else None
        self.chain.append(f"{place.path}:{place.line}")
        detail = Ring(loaded.name, early.wanted, self._ring(loaded))
        reason = self._early(loaded, early.wanted, at.get(loaded.name, (0, 0))[0], detail)
        self.fail("import-cycle", early.message, _with(reason, doubt), place, detail, doubt is None, "attribute")
        self.chain.pop()

    def _ring(self, loaded: Loaded) -> tuple[str, ...]:
        """Return the imports that lead from a module that is being imported back to it, as `path:line`."""
        tree = loaded.found.tree or loaded.found.path
        inside = self.chain[:-1] or self.chain
        first = next((at for at in range(len(inside) - 1, -1, -1) if inside[at].rpartition(":")[0] == tree), 0)
        return tuple(self.chain[first:])

    def _early(self, loaded: Loaded, name: str, line: int, ring: Ring) -> str:
        tree = loaded.found.tree or loaded.found.path
        reason = f"{tree} is still at line {line} when this runs, and has not bound `{name}` yet"
        return f"{reason}: {' imports '.join((*ring.links, tree))}."

    def _portions(self, owner: Loaded | None) -> str | None:
        """Return why a namespace package may hold more than the image shows; not where our own code was found in it."""
        if owner is None or owner.found.kind != "namespace":
            return None
        top = owner.name.partition(".")[0]
        first = self.loaded.get(top)
        inner = [each for name, each in self.loaded.items() if each and name.startswith(f"{top}.")]
        if first is None or any(each.found.tree is not None for each in inner):
            return None
        return self.judge.portions(top, first.found.folders)

    def syntax(self, loaded: Loaded, error: Syntax) -> None:
        """Note a file that does not parse."""
        tree = loaded.found.tree or loaded.found.path
        if not (_OLDEST <= self.finder.version <= sys.version_info[:2]) and not error.merge:
            other = ".".join(map(str, self.finder.version))
            self.unknowns.append(Unknown(f"{tree} does not parse here; the image has Python {other}", Place(tree, error.line)))
            return
        reason = "Python can't compile this file, and the start command imports it."
        if error.merge:
            reason += " It holds the markers of a merge conflict."
        place = Place(tree, error.line, error.column)
        self.fail("syntax-error", error.message, reason, place, None, certain=True, failure="syntax")

    def fail(
        self,
        code: str,
        message: str,
        reason: str,
        place: Place | None,
        detail: Detail,
        certain: bool,
        failure: Failure = "module",
    ) -> None:
        """An import fails here: a fault, unless code around it catches the error."""
        for trial in reversed(self.trials):
            if trial.attempt.handler(failure):
                if certain and self.unsure <= trial.unsure:
                    raise Failed(failure)
                return  # whether it fails is not known: as if it did not
        self.fault(code, message, reason, place, detail, certain)

    def assume(
        self,
        name: str,
        message: str,
        reason: str,
        place: Place,
        failure: Failure = "other",
        kind: Literal["variable", "database"] = "variable",
        by: Literal["", "look-up", "guard", "call", "tables"] = "",
        caller: Place | None = None,
    ) -> None:
        """Note what has to be there, or this fails; nothing where code around it catches the error, or may not run at all."""
        if self.unsure or not _VARIABLE.fullmatch(name) or any(trial.attempt.handler(failure) for trial in self.trials):
            return
        step = f"{place.path}:{place.line}"
        chain = tuple(self.chain) if self.chain[-1:] == [step] else (*self.chain, step)
        self.assumed.append(Assumption(name, "", reason, place, message, kind, self.stage, self.process, chain, by, caller))

    def fault(
        self,
        code: str,
        message: str,
        reason: str,
        place: Place | None,
        detail: Detail,
        certain: bool,
        step: int | None = None,
    ) -> None:
        """Report a fault at this point of the walk, once; never certain in code that may not run."""
        sure = certain and not self.unsure and self.known_base
        if certain and self.unsure:
            reason = _with(reason, self.judge.loose or "the code that comes to it may not run")
        step = _FIRST_STEP + self.met if step is None else step
        confidence: Literal["certain", "likely"] = "certain" if sure else "likely"
        chain = tuple(self.chain)
        found = Fault(code, self.stage, step, self.process, confidence, message, reason, place, chain, detail)
        same = next((index for index, fault in enumerate(self.faults) if fault.identity == found.identity), None)
        if same is not None and sure and self.faults[same].confidence == "likely":
            del self.faults[same]  # it is certain only from here on: what came in between stands before it
            same = None
        if same is None:
            self.faults.append(found)


def _may_make(owner: Loaded | None) -> str | None:
    """Return why a package may have submodules that no file stands for."""
    if owner and owner.found.kind != "namespace" and owner.facts.dynamic:
        return f"{owner.found.tree or owner.found.path} may make modules itself"
    return None


def _partial(loaded: Loaded, name: str) -> str:
    words = f"cannot import name '{name}' from partially initialized module '{loaded.name}'"
    return f"ImportError: {words} (most likely due to a circular import) ({loaded.found.path})"


def _with(reason: str, doubt: str | None) -> str:
    return f"{reason} Not certain: {doubt}." if doubt else reason
