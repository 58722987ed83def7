"""The import walk: every import and call that runs at start, followed through the image as Python would.

Each module that is found is read in turn, and goes through its events: imports, branches, calls of its own functions, servers
that code starts. A fault names the whole chain of imports that leads to it.
"""

from __future__ import annotations

import ast
import posixpath

from bot.engine.boot import checks, clashes, early, launchers, modules, optional, reads, startup, variables
from bot.engine.boot.facts import EMPTY, Attempt, Branch, Call, Event, Import, PathChange, Registration, Stop, Unnamed, Variable
from bot.engine.boot.failures import Failed, Trial
from bot.engine.boot.files import WATCHED
from bot.engine.boot.finder import OUTSIDE, Found, Loaded, package_of
from bot.engine.boot.importer import Flow, Frame, Importer
from bot.engine.boot.program import Serving
from bot.engine.boot.values import PathValue, evaluate, truth
from bot.engine.model.findings import MissingModule, MissingName, Place

_ENGINES = ("create_engine", "create_async_engine")  # of SQLAlchemy
_NEEDY = frozenset(  # packages whose clients and connections need something at once: see `clients.py`
    "openai langchain_openai langchain_groq groq together google pinecone cohere supabase sqlalchemy sqlmodel redis"
    " psycopg2 psycopg pymysql mysql stripe boto3 deepgram aiogram telegram slack_bolt spotipy elasticsearch cryptography"
    " decouple".split()
)
_DJANGO = frozenset("get_wsgi_application get_asgi_application execute_from_command_line django.setup".split())


def _either(one: Flow, other: Flow) -> Flow:
    """Return where a branch ends that may go either way. A program that dies on one of them is no reason to doubt the other."""
    if "died" in (one, other):
        return other if one == "died" else one
    return one if one == other else "perhaps"


class Walk(Importer):
    """Follows what runs when one program starts; `failures` holds what came of it."""

    def script(self, path: str, tree: str | None, name: str, package: str | None) -> None:
        """Execute a file as `__main__`."""
        found = Found("file", path, tree, ())
        loaded = Loaded(name, found, self.read(found))
        self.loaded["__main__"] = loaded
        self.package = package
        self.execute(Frame(loaded, package, True, loaded.facts.constants))

    def execute(self, frame: Frame) -> None:
        """Run a module's own code, and what is imported behind its back."""
        error = frame.loaded.facts.error
        if error:
            self.failures.syntax(frame.loaded, error)
        flow = self._events(frame.loaded.facts.events, frame)
        early.reached(self, frame, None)
        tree = frame.loaded.found.tree
        if tree and frame.loaded.facts is not EMPTY and not error and (flow != "died" or self.serving):
            with self.failures.doubtful(flow == "perhaps"):
                for wanted in optional.defined(self.tree.read(tree), self.finder.installed):
                    self.failures.optional(wanted, tree)

    def comes_to(self, frame: Frame, line: int, column: int) -> None:
        """Note how far a module is, and what it did before that."""
        if self.early and frame.local is None:
            early.reached(self, frame, (line, column))
        super().comes_to(frame, line, column)

    # --- events

    def _events(self, events: tuple[Event, ...], frame: Frame) -> Flow:
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

    def _event(self, event: Event, frame: Frame) -> Flow:
        match event:
            case Import():
                self.imported(event, frame)
                early.watch(self, event, frame)
            case PathChange():
                self._path_change(event, frame)
            case Registration():
                self._registered(event, frame)
            case Call():
                return self._call(event, frame)
            case Unnamed():
                self._unnamed(event, frame)
            case Variable():
                variables.follow(self, event, frame)
            case Stop(returns=returns):
                return "returned" if returns else "died"
            case Branch():
                return self._branch(event, frame)
            case Attempt():
                return self._attempt(event, frame)
        return "on"

    def _branch(self, event: Branch, frame: Frame) -> Flow:
        checks.follow(self, event, frame)
        decided = truth(event.test, self.scope(frame)) if event.test is not None else None
        if decided is None and event.test is not None:
            decided = self.decides(event.test)
        if decided is not None:
            return self._events(event.body if decided else event.orelse, frame)
        variables.guard(self, event, frame)
        with self.failures.doubtful():
            return _either(self._events(event.body, frame), self._events(event.orelse, frame))

    def _attempt(self, event: Attempt, frame: Frame) -> Flow:
        self.failures.trials.append(Trial(event, self.failures.unsure))
        depth = len(self.failures.chain)
        handler = None
        flow: Flow = "on"
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
            wide = [each for each in event.handlers if each.catches & {"module", "import", "other"}]
            return "on" if any(not each.raises for each in wide) else "died"
        return self._events(event.orelse, frame) if flow == "on" else flow

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

    def _unnamed(self, event: Unnamed, frame: Frame) -> None:
        """Note a name that nothing has bound, in code that surely runs."""
        if self.failures.unsure:
            return
        self.comes_to(frame, event.line, event.column - 1)
        tree = frame.loaded.found.tree or frame.loaded.found.path
        self.failures.chain.append(f"{tree}:{event.line}")
        self.failures.unnamed(event.name, frame.loaded, Place(tree, event.line, event.column))
        self.failures.chain.pop()

    def _call(self, event: Call, frame: Frame) -> Flow:
        """Follow a call into a function of the repository; `uvicorn.run("module:app")` is an import."""
        self.comes_to(frame, event.node.lineno, event.node.col_offset)
        kind = self._server(event.name, frame)
        if kind:
            self._served(kind, event, frame)
            return "died"  # nothing behind it runs while it serves
        if event.name.rpartition(".")[2] in _ENGINES and (self.is_outside("sqlalchemy") or self.is_outside("sqlmodel")):
            from bot.engine.boot import engines  # many apps have no database

            engines.follow(self, event, frame)
        if self.is_outside("pydantic") or self.is_outside("pydantic_settings"):
            from bot.engine.boot import filling  # many apps have no settings class

            filling.follow(self, event, frame)
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
        if event.name.endswith((".create_all", ".begin", ".connect")) and self.is_outside("sqlalchemy"):
            from bot.engine.boot import clients

            clients.reaches(self, event, frame)
        if frame.local and first in frame.local:
            return "on"
        outside = self.outside_name(event.name, frame)
        known = clashes.called(outside, self.finder.installed, self.finder.version) if outside else None
        if known and frame.loaded.found.tree:
            place = Place(frame.loaded.found.tree, event.node.lineno, event.node.col_offset + 1)
            self.failures.clash(known, place)
        if outside and outside.partition(".")[0] in _NEEDY:
            from bot.engine.boot import clients  # few apps make one at import

            clients.follow(self, event, outside, frame)
        if not rest and first in frame.loaded.facts.functions:
            return self.call_function(frame.loaded, first, event.driven, event.node, frame)
        found = self.imported_function(first, rest, frame)
        return self.call_function(*found, event.driven, event.node, frame) if found else "on"

    def _included(self, event: Call, frame: Frame) -> None:
        """Django's `include("app.urls")` imports the module that it is given."""
        named = evaluate(event.node.args[0], self.scope(frame))
        if isinstance(named, str):
            self.imported(Import(named, None, 0, event.node.lineno, event.node.col_offset + 1), frame)

    def _server(self, name: str, frame: Frame) -> str | None:
        """Return which server a call starts: uvicorn's or waitress's function, or the method of a Flask app."""
        if name in ("uvicorn.run", "waitress.serve"):
            return name
        owner, _, method = name.rpartition(".")
        if not owner and name in ("run", "serve"):
            whole = {"run": "uvicorn.run", "serve": "waitress.serve"}[name]
            brought = [event for event in frame.loaded.facts.events if isinstance(event, Import) and name in event.aliases]
            return whole if any(f"{event.module}.{name}" == whole for event in brought) else None
        if method != "run" or not owner:
            return None
        from bot.engine.boot import bodies  # few programs start a server themselves

        return "Flask.run" if bodies.made(self, frame.loaded, owner, ("Flask",)) else None

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
                self._hands_over(frame.loaded, event.node.args[0].id, event.node)
                self.start_up(frame.loaded, event.node.args[0].id)
        elif kind == "Flask.run":
            self._hands_over(frame.loaded, event.name.rpartition(".")[0], event.node)

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
            self._hands_over(loaded, attribute, event.node)
            self.start_up(loaded, attribute)

    def _hands_over(self, loaded: Loaded, name: str, call: ast.Call) -> None:
        """Note which app the code serves, where that is sure."""
        prefix = any(keyword.arg in (None, "root_path") for keyword in call.keywords)
        if self.app is None and not self.failures.unsure and not prefix:
            self.app = loaded, name

    def call_function(
        self, loaded: Loaded, name: str, driven: bool = True, call: ast.Call | None = None, caller: Frame | None = None
    ) -> Flow:
        """Follow a call of one of a module's own functions, once; `driven`: a coroutine would be awaited."""
        function = loaded.facts.functions[name]
        doubtful = not modules.runs(function, driven)
        sure = not (self.failures.unsure or doubtful)
        main = self.loaded.get("__main__") is loaded
        key = ("__main__" if main else loaded.name, name)  # a file may run as `__main__` and be imported too
        if variables.asks(function):  # for another variable each time
            texts = reads.given(self, loaded, function, call, caller).items()
            key = (key[0], " ".join([name, *(f"{each}={ast.dump(node)}" for each, node in texts)]))
        known = self.called.get(key)
        if known and (known[0] or not sure):
            return known[1] if sure else "on"
        self.called[key] = sure, "on"
        given = reads.given(self, loaded, function, call, caller)
        frame = self._within(loaded, name, given)
        with self.failures.doubtful(doubtful):
            try:
                flow = self._events(modules.function_events(function), frame)
            except Failed:
                del self.called[key]  # it fails again when it is called again
                raise
        ended: Flow = "died" if flow == "died" and sure else "on"
        self.called[key] = sure, ended
        return ended

    def _within(self, loaded: Loaded, name: str, given: dict[str, ast.expr]) -> Frame:
        """Return the frame of a function's body; `given` are its parameters, where their values are known."""
        self.files.called.add(name)
        main = self.loaded.get("__main__") is loaded
        own, names = modules.function_constants(loaded.facts.functions[name])
        constants = {key: value for key, value in loaded.facts.constants.items() if key not in names} | own | given
        return Frame(loaded, self.package if main else package_of(loaded), main, constants, names)

    def start_up(self, loaded: Loaded, name: str) -> None:
        """Follow what the server awaits before it serves the app `name` of a module: each function up to its first `yield`."""
        for owner, function in startup.functions(self, loaded, name):
            self._events(modules.startup_events(owner.facts.functions[function]), self._within(owner, function, {}))
