"""Variables that have to be set when code runs, and what sets them: platform, image, the code itself, or a `.env` file."""

from __future__ import annotations

import ast
import builtins
import posixpath
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.boot.facts import Branch, Call, Import, Stop, Variable
from bot.engine.boot.values import Scope, dotted, evaluate, truth
from bot.engine.model import dotenv
from bot.engine.model.findings import Place

if TYPE_CHECKING:
    from bot.engine.boot.importer import Frame, Importer

_READS_FILES = re.compile(rb"\b(?:dotenv|decouple|environs|env_file|read_env)\b")
_SETS = re.compile(rb"environ(?:\[|\.setdefault\()\s*[\"'](\w+)[\"']\s*(?:\]\s*=[^=]|,)")
_EXITS = ("sys.exit", "exit", "quit", "SystemExit")
_SAYING = ("print", "error", "critical", "fatal", "exception")  # last parts of what tells people why


def follow(walk: Importer, event: Variable, frame: Frame) -> None:
    """Note a variable that the code reads with `os.environ["NAME"]`."""
    tree = frame.loaded.found.tree
    if walk.failures.unsure or tree is None or not _is_environment(dotted(event.node.value), frame):
        return
    name = evaluate(event.node.slice, walk.scope(frame))
    if isinstance(name, str) and not is_set(walk, name, frame):
        place = Place(tree, event.node.lineno, event.node.col_offset + 1)
        walk.failures.assume(
            name,
            f"KeyError: '{name}'",
            f"{tree}:{place.line} reads it at the start",
            place,
            "key",
            by="look-up",
            caller=caller(walk, frame),
        )


def guard(walk: Importer, event: Branch, frame: Frame) -> None:
    """Note the variables without which `if not KEY: raise …` ends the program."""
    stop = next((each for each in event.body if isinstance(each, Stop) and not each.returns), None)
    tree, test = frame.loaded.found.tree, event.test
    if stop is None or test is None or tree is None or walk.failures.unsure:
        return
    with without(walk, frame) as unset:
        fails = truth(test, walk.scope(frame))
        read = list(dict.fromkeys(unset.read))
        needed = [name for name in read if fails and unset.needs(name, read, lambda: truth(test, walk.scope(frame)) is True)]
        message = words(stop, event.body, walk.scope(frame), walk, frame) if fails and read else ""
    place = Place(tree, test.lineno, test.col_offset + 1)
    for name in needed or read[: bool(fails)]:
        walk.failures.assume(
            name,
            message,
            f"{tree}:{place.line} stops the start where it is not set",
            place,
            by="guard",
            caller=caller(walk, frame),
        )


class _Provision(NamedTuple):
    """What a file does for variables: the `names` that it sets itself, and whether it reads env files."""

    names: frozenset[str]
    reads_files: bool


class Unset(dict[str, "str | None"]):
    """An environment in which what nothing sets is missing; `read` are the names that were looked for in vain.

    `others` are taken to be set, to what can't be told.
    """

    def __init__(self, walk: Importer, frame: Frame) -> None:
        super().__init__(walk.env)
        self.read: list[str] = []
        self.others: set[str] = set()
        self._is_set: Callable[[str], bool] = lambda name: is_set(walk, name, frame)
        self._known: dict[str, bool] = {}

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name in self.others:
            return name in self.others
        if name not in self._known:
            self._known[name] = self._is_set(name)
        if not self._known[name]:
            self.read.append(name)
        return self._known[name]

    def __getitem__(self, name: str) -> str | None:
        return None if name in self.others else self.get(name)

    def needs(self, name: str, read: list[str], fails: Callable[[], bool]) -> bool:
        """Say whether code still fails where all that it reads is set but one variable."""
        self.others = {*read} - {name}
        failed = fails()
        self.others = set()
        return failed


@contextmanager
def without(walk: Importer, frame: Frame) -> Iterator[Unset]:
    """Let code be evaluated as it runs where nothing sets what nothing here is known to set; functions and classes of the
    repository are followed."""
    from bot.engine.boot.reader import Reader  # few apps come to this

    unset = Unset(walk, frame)
    before = walk.env, walk.whole, walk.reader
    walk.env, walk.whole, walk.reader = unset, True, Reader(walk)
    try:
        yield unset
    finally:
        walk.env, walk.whole, walk.reader = before


def is_set(walk: Importer, name: str, frame: Frame) -> bool:
    """Say whether something that is known here sets a variable, whatever to."""
    env = walk.env
    if dict.__contains__(env, name) and not (env.get(name) is None and walk.left(name)):
        return True
    paths = {loaded.found.tree for loaded in walk.loaded.values() if loaded and loaded.found.tree}
    provisions = [_provision(walk.tree.read(path)) for path in paths]
    if any(name in each.names for each in provisions):
        return True
    return any(each.reads_files for each in provisions) and name in _in_files(walk, frame)


@lru_cache(maxsize=4096)
def _provision(source: bytes) -> _Provision:
    names = frozenset(name.decode() for name in _SETS.findall(source))
    return _Provision(names, _READS_FILES.search(source) is not None)


def caller(walk: Importer, frame: Frame) -> Place | None:
    """Return the statement of a module that runs while a function does; None where the code is the module's own."""
    if frame.local is None or not walk.at:
        return None
    name, (line, column) = next(reversed(walk.at.items()))
    loaded = walk.loaded.get(name)
    return Place(loaded.found.tree, line, column + 1) if loaded and loaded.found.tree else None


@lru_cache(maxsize=4096)
def asks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a function looks up a variable whose name it may be given."""
    arguments = function.args
    if not (arguments.args or arguments.posonlyargs or arguments.kwonlyargs):
        return False
    names = ("environ", "getenv")
    return any(
        (isinstance(node, ast.Attribute) and node.attr in names) or (isinstance(node, ast.Name) and node.id in names)
        for node in ast.walk(function)
    )


def _is_environment(owner: str, frame: Frame) -> bool:
    """Say whether a name is that of `os.environ`: another `environ` belongs to a request, or to the module itself."""
    imports = (event for event in frame.loaded.facts.events if isinstance(event, Import))
    return owner == "os.environ" or any(event.module == "os" and "environ" in event.aliases for event in imports)


def _in_files(walk: Importer, frame: Frame) -> set[str]:
    """Return the variables of the `.env` files in the image: in the current folder, and from a module's folder upwards."""
    folders, above = [walk.folder], frame.loaded.found.path
    while (above := posixpath.dirname(above)) not in ("", "/"):
        folders.append(above)
    found: set[str] = set()
    for folder in dict.fromkeys(folders):
        for each in walk.finder.image.files.names(folder):
            file = walk.finder.image.files.find(posixpath.join(folder, each)) if each.startswith(".env") else None
            if file and file.kind == "file" and file.tree and not each.endswith((".example", ".sample", ".template")):
                entries = dotenv.read(walk.tree.text_if_any(file.tree))
                found.update(entry.key for entry in entries if entry.value is not None or entry.raw)
    return found


# --- the words of an end


def words(stop: Stop, body: tuple[object, ...], scope: Scope, walk: Importer, frame: Frame) -> str:
    """Return the line of the log with which a program ends; "" where it says nothing."""
    raised = stop.says
    name = dotted(raised.func if isinstance(raised, ast.Call) else raised) if raised is not None else ""
    arguments = raised.args if isinstance(raised, ast.Call) else []
    if name in _EXITS:
        if arguments and not isinstance(arguments[0], ast.Constant | ast.Name):
            return _text(arguments[0], scope)
        if arguments and isinstance(evaluate(arguments[0], scope), str):
            return _text(arguments[0], scope)
        told = [each.node for each in body if isinstance(each, Call) and each.name.rpartition(".")[2] in _SAYING]
        return _text(told[0].args[0], scope).partition("\n")[0] if told and told[0].args else ""
    if name == "KeyError" and arguments:
        return f"KeyError: {_text(arguments[0], scope)!r}"
    kind = name if hasattr(builtins, name) else _qualified(name, walk, frame)
    says = _text(arguments[0], scope) if len(arguments) == 1 else "…" if arguments else ""
    return f"{kind}: {says}".partition("\n")[0] if says else kind


def _qualified(name: str, walk: Importer, frame: Frame) -> str:
    """Return an exception's class as a traceback names it."""
    if name in frame.loaded.facts.classes:
        return name if frame.main else f"{frame.loaded.name}.{name}"
    return walk.outside_name(name, frame) or f"….{name}"


def _text(node: ast.expr, scope: Scope) -> str:
    """Return a text that is written out; `…` stands for what can't be told of it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each, scope) for each in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, scope) + _text(node.right, scope)
    value = evaluate(node.value if isinstance(node, ast.FormattedValue) else node, scope)
    return str(value) if isinstance(value, str | int) and value not in ("", None) else "…"
