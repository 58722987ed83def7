"""The import walk: every import that runs at start, followed through the image as Python would.

Modules are looked for along sys.path (what the launcher puts first, PYTHONPATH, the standard library, installed packages),
and each file that is found is read in turn. A fault names the whole chain of imports that leads to it.
"""

from __future__ import annotations

import ast
import posixpath
from typing import Literal, NamedTuple

from bot.engine.boot import clashes, launchers, modules, natives, optional, reads, startup
from bot.engine.boot.facts import EMPTY, Attempt, Branch, Call, Event, Facts, Import, PathChange, Registration, Stop
from bot.engine.boot.failures import Failed, Failures, Trial
from bot.engine.boot.files import WATCHED, Files
from bot.engine.boot.finder import OUTSIDE, Finder, Found, Loaded, package_of
from bot.engine.boot.misses import Judge
from bot.engine.boot.program import Serving
from bot.engine.boot.values import PathValue, Scope, dotted, evaluate, truth
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model.findings import MissingModule, MissingName, Place, Stage, Unknown
from bot.engine.model.tree import Tree, Unreadable

_LIMIT = 4000  # modules that are followed at most
_DJANGO = frozenset("get_wsgi_application get_asgi_application execute_from_command_line django.setup".split())


class Frame(NamedTuple):
    """The code that runs: a module, and what it is called."""

    loaded: Loaded
    package: str | None  # `__package__`; None for a script
    main: bool
    constants: dict[str, ast.expr]  # what its names stand for, those of the function included
    local: frozenset[str] | None = None  # the names that a function has of its own; None: the module's own code


# Where a run of events ends: at its end, perhaps at a `return` before it, at a `return`, or with the program
_Flow = Literal["on", "perhaps", "returned", "died"]


def _either(one: _Flow, other: _Flow) -> _Flow:
    """Return where a branch ends that may go either way. A program that dies on one of them is no reason to doubt the other."""
    if "died" in (one, other):
        return other if one == "died" else one
    return one if one == other else "perhaps"


class Walk:
    """Follows imports for one program; `failures` holds what came of it."""

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
        self.called: dict[tuple[str, str], tuple[bool, _Flow]] = {}  # whether the call was sure, and where it ended
        self.at: dict[str, tuple[int, int]] = {}  # of the modules that are being imported: line and column that run
        self.package: str | None = None  # `__package__` of the file that runs as `__main__`
        self.hops = 0  # from module to module, for what a name stands for
        self.serving: Serving | None = None
        self.argv: tuple[str, ...] = ()  # of the program

    # --- importing

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
        loaded = Loaded(name, found, EMPTY if found.kind == "outside" else self._facts(found))
        self.note(name, loaded)
        if found.kind == "outside":
            return None
        if len(self.loaded) < _LIMIT:
            try:
                self._execute(self.frame(loaded))
            except Failed:
                del self.loaded[name]
                raise
            finally:
                self.at.pop(name, None)
        return loaded

    def _facts(self, found: Found) -> Facts:
        if found.tree is None:
            return EMPTY
        try:
            return modules.read(self.tree.read(found.tree), self.finder.version)
        except Unreadable as error:
            self.failures.unknowns.append(Unknown(str(error), None))
            return EMPTY

    def script(self, path: str, tree: str | None, name: str, package: str | None) -> None:
        """Execute a file as `__main__`."""
        found = Found("file", path, tree, ())
        loaded = Loaded(name, found, self._facts(found))
        self.loaded["__main__"] = loaded
        self.package = package
        self._execute(Frame(loaded, package, True, loaded.facts.constants))

    def _execute(self, frame: Frame) -> None:
        error = frame.loaded.facts.error
        if error:
            self.failures.syntax(frame.loaded, error)
        flow = self._events(frame.loaded.facts.events, frame)
        tree = frame.loaded.found.tree
        if tree and frame.loaded.facts is not EMPTY and not error and (flow != "died" or self.serving):
            with self.failures.doubtful(flow == "perhaps"):
                for wanted in optional.defined(self.tree.read(tree), self.finder.installed):
                    self.failures.optional(wanted, tree)

    # --- events

    def _events(self, events: tuple[Event, ...], frame: Frame) -> _Flow:
        """Go through events in order, and return where they end."""
        for index, event in enumerate(events):
            flow = self._event(event, frame)
            if flow == "perhaps":  # what follows may not run
                with self.failures.doubtful():
                    rest = self._events(events[index + 1 :], frame)
                return "returned" if rest == "returned" else "perhaps"
            if flow != "on":
                return flow
        return "on"

    def _event(self, event: Event, frame: Frame) -> _Flow:
        match event:
            case Import():
                self.imported(event, frame)
            case PathChange():
                self._path_change(event, frame)
            case Registration():
                self._registered(event, frame)
            case Call():
                return self._call(event, frame)
            case Stop(returns=returns):
                return "returned" if returns else "died"
            case Branch():
                return self._branch(event, frame)
            case Attempt():
                return self._attempt(event, frame)
        return "on"

    def _branch(self, event: Branch, frame: Frame) -> _Flow:
        decided = truth(event.test, self.scope(frame)) if event.test is not None else None
        if decided is not None:
            return self._events(event.body if decided else event.orelse, frame)
        with self.failures.doubtful():
            return _either(self._events(event.body, frame), self._events(event.orelse, frame))

    def _attempt(self, event: Attempt, frame: Frame) -> _Flow:
        self.failures.trials.append(Trial(event, self.failures.unsure))
        depth = len(self.failures.chain)
        handler = None
        flow: _Flow = "on"
        try:
            flow = self._events(event.body, frame)
        except Failed as error:
            handler = event.handler(error.failure)
            if handler is None:
                raise
        finally:
            self.failures.trials.pop()
            del self.failures.chain[depth:]
        if handler:
            return self._events(handler.body, frame)
        if flow == "died":  # something else than an import's error: one of the handlers may go on
            wide = [each for each in event.handlers if "module" in each.catches or "import" in each.catches]
            return "on" if any(not each.raises for each in wide) else "died"
        return self._events(event.orelse, frame) if flow == "on" else flow

    def scope(self, frame: Frame) -> Scope:
        """Return what the expressions of some code may refer to."""
        name = "__main__" if frame.main else frame.loaded.name
        path = None if self.judge.loose else (*self.finder.path, *self.finder.appended)
        file, version = frame.loaded.found.path, self.finder.version
        plain = Scope(file, self.folder, self.env, False, frame.constants, version, name, frame.package, path)
        return plain._replace(there=self.files.lies, imported=lambda wanted: reads.value(self, wanted, frame))

    def _path_change(self, event: PathChange, frame: Frame) -> None:
        """Change sys.path as the code does; what is not followed, or may not happen, makes later misses doubtful."""
        scope = self.scope(frame)
        at = evaluate(event.at, scope) if event.at is not None else None
        found = [evaluate(value, scope) for value in event.values or ()]
        entries = [entry for each in found for entry in (each if isinstance(each, tuple) else (each,))]
        known = event.values is not None and (at is None or isinstance(at, int))
        known = known and all(isinstance(each, str) for each in entries)
        if not known or self.failures.unsure:
            where = frame.loaded.found.tree or frame.loaded.found.path
            self.judge.loose = f"{where}:{event.line} changes sys.path in a way that was not followed"
            if event.values is None or at is not None:  # another module may come before the one that is found
                self.failures.unsure += 1
        if not known:
            return
        texts = [str(entry) for entry in entries if not isinstance(entry, PathValue)]  # Python passes over other objects
        folders = [posixpath.normpath(posixpath.join(self.folder, text)) for text in texts]
        if isinstance(at, int) and at >= 0:
            self.finder.path[at:at] = folders
        else:
            self.finder.appended.extend(folders)

    def _registered(self, event: Registration, frame: Frame) -> None:
        name = evaluate(event.name, self.scope(frame))
        if isinstance(name, str):
            self.note(name, self.loaded.get(name) or Loaded(name, OUTSIDE, EMPTY))
        else:
            self.judge.loose = f"{frame.loaded.found.tree}:{event.line} puts modules into sys.modules itself"

    def _call(self, event: Call, frame: Frame) -> _Flow:
        """Follow a call into a function of the repository; `uvicorn.run("module:app")` is an import."""
        self._comes_to(frame, event.node.lineno, event.node.col_offset)
        kind = self._server(event.name, frame)
        if kind:
            self._served(kind, event, frame)
            return "died"  # nothing behind it runs while it serves
        if event.name.rpartition(".")[2] in ("create_engine", "create_async_engine") and self.is_outside("sqlalchemy"):
            self._engine(event, frame)
        if event.name == "os.chdir" and self.finder.busy:  # the launchers have the current folder itself on sys.path
            self._path_change(PathChange(None, None, event.node.lineno), frame)
            return "on"
        if event.name in _DJANGO and self.is_outside("django"):
            from bot.engine.boot import django  # no other framework imports by the names in its settings

            django.started(self, event, frame)
            return "on"
        if event.name.rpartition(".")[2] in WATCHED and event.name not in frame.loaded.facts.functions:
            reads.follow(self, event, frame)
        first, _, rest = event.name.partition(".")
        if event.name == "include" and event.node.args and self.is_outside("django"):
            self._included(event, frame)
        if frame.local and first in frame.local:
            return "on"
        outside = self.outside_name(event.name, frame)
        known = clashes.called(outside, self.finder.installed, self.finder.version) if outside else None
        if known and frame.loaded.found.tree:
            place = Place(frame.loaded.found.tree, event.node.lineno, event.node.col_offset + 1)
            self.failures.clash(known, place)
        if not rest and first in frame.loaded.facts.functions:
            return self.call_function(frame.loaded, first, event.driven, event.node, frame)
        found = self._imported_function(first, rest, frame)
        return self.call_function(*found, event.driven, event.node, frame) if found else "on"

    def _included(self, event: Call, frame: Frame) -> None:
        """Django's `include("app.urls")` imports the module that it is given."""
        named = evaluate(event.node.args[0], self.scope(frame))
        if isinstance(named, str):
            self.imported(Import(named, None, 0, event.node.lineno, event.node.col_offset + 1), frame)

    def _engine(self, event: Call, frame: Frame) -> None:
        """SQLAlchemy imports the driver that an engine's URL names as soon as the engine is made."""
        named = next((keyword.value for keyword in event.node.keywords if keyword.arg == "url"), None)
        node = event.node.args[0] if event.node.args else named
        url = evaluate(node, self.scope(frame)) if node is not None else None
        wanted = optional.engine(url, event.node, self.finder.installed) if isinstance(url, str) else None
        if wanted and frame.loaded.found.tree:
            self.failures.optional(wanted, frame.loaded.found.tree)

    def _names_driver(self) -> bool:
        """Say whether the code names a driver of PostgreSQL in a URL."""
        paths = {loaded.found.tree for loaded in self.loaded.values() if loaded and loaded.found.tree}
        return any(b"+psycopg" in self.tree.read(path) for path in paths)

    def _server(self, name: str, frame: Frame) -> str | None:
        """Return which server a call starts: uvicorn's or waitress's function, or the method of a Flask app."""
        if name in ("uvicorn.run", "waitress.serve"):
            return name
        owner, _, method = name.rpartition(".")
        if not owner and name in ("run", "serve"):
            whole = {"run": "uvicorn.run", "serve": "waitress.serve"}[name]
            brought = [event for event in frame.loaded.facts.events if isinstance(event, Import) and name in event.aliases]
            return whole if any(f"{event.module}.{name}" == whole for event in brought) else None
        maker = frame.loaded.facts.constants.get(owner) if method == "run" else None
        made = dotted(maker.func) if isinstance(maker, ast.Call) else ""
        return "Flask.run" if made in ("Flask", "flask.Flask") else None

    def _served(self, kind: str, event: Call, frame: Frame) -> None:
        """Note where the code serves. `uvicorn.run("module:app")` imports the module, with words of its own when it can't."""
        scope = self.scope(frame)
        listen = launchers.in_code(kind, event.node, lambda node: evaluate(node, scope))
        told = launchers.in_code(kind, event.node, lambda node: evaluate(node, scope._replace(complete=True)))
        place = Place(frame.loaded.found.tree or frame.loaded.found.path, event.node.lineno, event.node.col_offset + 1)
        if self.serving is None:
            self.serving = Serving(told, listen == told and not self.failures.unsure, place)
        if kind == "uvicorn.run":
            self._loads_app(event, frame, place)
            if event.node.args and isinstance(event.node.args[0], ast.Name):
                startup.follow(self, frame.loaded, event.node.args[0].id)

    def _loads_app(self, event: Call, frame: Frame, place: Place) -> None:
        named = next((keyword.value for keyword in event.node.keywords if keyword.arg == "app"), None)
        node = event.node.args[0] if event.node.args else named
        target = evaluate(node, self.scope(frame)) if node is not None else None
        if not isinstance(target, str) or ":" not in target:
            return
        name = target.partition(":")[0]
        before = len(self.failures.faults)
        self.imported(Import(name, None, 0, event.node.lineno, event.node.col_offset + 1), frame)
        for index, fault in enumerate(self.failures.faults[before:], start=before):
            if isinstance(fault.detail, MissingModule) and fault.detail.name == name:
                words = f'ERROR:    Error loading ASGI app. Could not import module "{name}".'
                self.failures.faults[index] = fault._replace(message=words)
        attribute, loaded = target.partition(":")[2].partition(".")[0], self.loaded.get(name)
        if loaded is None or loaded.found.kind == "outside" or len(self.failures.faults) > before:
            return
        if not self.defines(loaded, attribute, set()):
            words = f'ERROR:    Error loading ASGI app. Attribute "{attribute}" not found in module "{name}".'
            reason = f"{loaded.found.tree or loaded.found.path} defines no `{attribute}`."
            self.failures.fault("attribute-not-found", words, reason, place, MissingName(name, attribute), certain=True)
        else:
            startup.follow(self, loaded, attribute)

    def call_function(
        self, loaded: Loaded, name: str, driven: bool = True, call: ast.Call | None = None, caller: Frame | None = None
    ) -> _Flow:
        """Follow a call of one of a module's own functions, once; `driven`: a coroutine would be awaited."""
        function = loaded.facts.functions[name]
        doubtful = not modules.runs(function, driven)
        sure = not (self.failures.unsure or doubtful)
        main = self.loaded.get("__main__") is loaded
        key = ("__main__" if main else loaded.name, name)  # a file may run as `__main__` and be imported too
        known = self.called.get(key)
        if known and (known[0] or not sure):
            return known[1] if sure else "on"
        self.called[key] = sure, "on"
        given = reads.given(self, loaded, function, call, caller)
        frame = self._within(loaded, name, given)
        with self.failures.doubtful(doubtful):
            flow = self._events(modules.function_events(function), frame)
        ended: _Flow = "died" if flow == "died" and sure else "on"
        self.called[key] = sure, ended
        return ended

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

    def _within(self, loaded: Loaded, name: str, given: dict[str, ast.expr]) -> Frame:
        """Return the frame of a function's body; `given` are its parameters, where their values are known."""
        self.files.called.add(name)
        main = self.loaded.get("__main__") is loaded
        own, names = modules.function_constants(loaded.facts.functions[name])
        constants = {key: value for key, value in loaded.facts.constants.items() if key not in names} | own | given
        return Frame(loaded, self.package if main else package_of(loaded), main, constants, names)

    def frame(self, loaded: Loaded) -> Frame:
        """Return the frame of a module's own code."""
        return Frame(loaded, package_of(loaded), False, loaded.facts.constants)

    def starts_up(self, loaded: Loaded, name: str) -> None:
        """Follow a function that the server awaits before it serves, up to its first `yield`."""
        self._events(modules.startup_events(loaded.facts.functions[name]), self._within(loaded, name, {}))

    def function(self, name: str, loaded: Loaded) -> tuple[Loaded, str] | None:
        """Return the module and name of a function that a module defines, or imports from another one of ours."""
        first, _, rest = name.partition(".")
        if not rest and first in loaded.facts.functions:
            return loaded, first
        return self._imported_function(first, rest, Frame(loaded, package_of(loaded), False, {}))

    def _imported_function(self, first: str, rest: str, frame: Frame) -> tuple[Loaded, str] | None:
        """Return the module and name of a function that the code imported, if it is the repository's own."""
        for event in reversed(frame.loaded.facts.events):
            if not isinstance(event, Import):
                continue
            if first in event.aliases and event.names and not rest:
                name, function = self.absolute(event, frame.package), event.names[event.aliases.index(first)]
            elif event.names is None and event.module == first and rest and "." not in rest:
                name, function = first, rest
            else:
                continue
            loaded = self.loaded.get(name or "")
            if loaded and function in loaded.facts.functions:
                return loaded, function
        return None

    def _comes_to(self, frame: Frame, line: int, column: int) -> None:
        """Note how far a module is; where a function is says nothing of that, and `__main__` is no module of that name."""
        if frame.local is None and (not frame.main or frame.loaded.name == "__main__"):
            self.at[frame.loaded.name] = (line, column)

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

    def imported(self, event: Import, frame: Frame) -> None:
        """Run an import statement."""
        tree = frame.loaded.found.tree or frame.loaded.found.path
        place = Place(tree, event.line, event.column)
        self._comes_to(frame, event.line, event.column - 1)
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

    def from_outside(self, name: str, event: Import, place: Place) -> None:
        """Import a module of an installed distribution or of Python: what that asks for has to be there, too."""
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
            early = defined and self._comes_later(loaded, name)
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

    def _comes_later(self, loaded: Loaded, name: str) -> bool:
        """Say whether a module that is still being imported, in a circle, binds a name only further down."""
        at, facts = self.at.get(loaded.name), loaded.facts
        return at is not None and not facts.stars and not facts.dynamic and facts.bound.get(name, (0, 0)) >= at

    def defines(self, loaded: Loaded, name: str, seen: set[str]) -> bool:
        """Say whether a module may define a name; star imports are followed, and submodules that were imported count."""
        facts = loaded.facts
        known = name in facts.names or f"{loaded.name}.{name}" in self.loaded
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


def _starred(loaded: Loaded, name: str) -> bool:
    """Say whether `from module import *` may bring a name: one with an underscore comes only where `__all__` lists it."""
    return not name.startswith("_") or "__all__" in loaded.facts.names or loaded.facts.dynamic
