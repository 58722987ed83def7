"""Booting one program: sys.path as its launcher makes it, the entry point, and the import walk from there.

What each launcher prints when the entry point itself is missing was tried; see `launchers.py` for the versions.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.boot.finder import Found, Loaded
from bot.engine.boot.launchers import BEGINS, WORKERS
from bot.engine.boot.optional import Wanted
from bot.engine.boot.program import Module, Program, Script
from bot.engine.boot.walk import Walk
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model.findings import Assumption, Fault, MissingData, MissingModule, MissingName, Stage, Unknown
from bot.engine.model.target import Provided
from bot.engine.model.tree import Tree

ENTRY_STEP = 1


def python_path(program: Program) -> tuple[str, ...]:
    """Return sys.path up to the standard library: the launcher's own entries, then PYTHONPATH."""
    listed = program.env.get("PYTHONPATH")
    entries = listed.split(":") if listed else []  # an empty entry is the current folder
    given = [posixpath.normpath(posixpath.join(program.folder, entry)) for entry in entries]
    return tuple(dict.fromkeys((*program.front, *given)))


class Started(NamedTuple):
    """A program after its imports: what stops it, in the order in which Python would meet it, and the app that it serves.

    `assumed` has to be there; how it is provided is the platform's matter.
    """

    faults: tuple[Fault, ...]
    unknowns: tuple[Unknown, ...]
    assumed: tuple[Assumption, ...]
    walk: Walk
    app: tuple[Loaded, str] | None  # the module and the name of the app object


def start(
    tree: Tree,
    image: Image,
    installed: Installed,
    program: Program,
    process: str,
    stage: Stage,
    explained: Callable[[MissingData], bool] | None = None,
    provided: Callable[[str], Provided | None] | None = None,
    left: Callable[[str], bool] | None = None,
) -> Started:
    """Boot a program. `explained` says whether the deploy may bring a file that the image does not have, `provided` what
    the platform gives in a variable for a database's URL, `left` whether a variable is named and left to a person.
    """
    walk = Walk(tree, image, installed, python_path(program), program.folder, program.env, process, stage)
    if program.env.get("PYTHONPATH", "") is None:
        walk.judge.loose = "PYTHONPATH is made at build time"
    walk.judge.later, walk.argv = program.later, program.argv
    walk.files.made |= program.made
    walk.files.explained = explained or walk.files.explained
    walk.provided, walk.left = provided or walk.provided, left or walk.left
    walk.files.doubt = program.later or program.loose or program.after
    walk.finder.busy = program.launcher != "python"
    doubt = program.loose
    if program.launcher == "streamlit":
        doubt = "streamlit shows the errors of its script in the page, and goes on"
    if doubt:
        walk.judge.loose = doubt
        walk.failures.unsure += 1
    app: tuple[Loaded, str] | None = None
    try:
        _launcher(walk, program)
        match program.entry:
            case Script(path=path) if program.launcher == "alembic":
                _migrations(walk, path)
            case Script(path=path):
                found = image.files.find(path)
                walk.script(path, found.tree if found else None, "__main__", None)
            case Module():
                app = _enter(walk, program, program.entry)
    except RecursionError:
        walk.failures.unknowns.append(Unknown("the imports are nested too deeply to be followed", program.origin.place))
    course = walk.failures
    return Started(tuple(course.faults), tuple(course.unknowns), tuple(course.assumed), walk, app)


def _migrations(walk: Walk, path: str) -> None:
    """Run Alembic's env.py as Alembic does: a module that no import finds, against a database."""
    from bot.engine.boot import alembic  # few apps migrate with it

    walk.decides = alembic.decided
    found = walk.finder.image.files.find(path)
    walk.run(alembic.NAME, Found("file", path, found.tree if found else None, ()))


def _launcher(walk: Walk, program: Program) -> None:
    """Import what the launcher itself imports, and the class of gunicorn's workers."""
    installed, place = walk.finder.installed, program.origin.place
    begins = BEGINS.get(program.launcher, "")
    if installed.site and installed.site.has(begins) and (broken := installed.site.imported(begins, None)):
        walk.failures.broken(broken, place)
    worker = _worker(program.argv) if program.launcher == "gunicorn" else ""
    needed = WORKERS.get(worker)
    if needed and not installed.gives(needed[0]):
        wanted = Wanted(f"gunicorn's worker `{worker}`", needed[0], needed[0], needed[1], "import", place.line, place.column)
        walk.failures.optional(wanted, place.path)
    elif "." in worker:
        walk.load(worker.rpartition(".")[0], place)


def _worker(argv: tuple[str, ...]) -> str:
    """Return the class of workers that a gunicorn is told."""
    for at, word in enumerate(argv):
        option, equals, value = word.partition("=")
        if option in ("-k", "--worker-class"):
            return value if equals else argv[at + 1] if at + 1 < len(argv) else ""
        if word.startswith("-k") and len(word) > 2:
            return word[2:]
    return ""


def _enter(walk: Walk, program: Program, entry: Module) -> tuple[Loaded, str] | None:
    """Import the module that the launcher names, and look for the object that it wants."""
    if program.launcher == "python":
        _run_module(walk, program, entry)
        return None
    before = len(walk.failures.faults)
    loaded = walk.load(entry.name, None)
    _name_entry(walk, program, entry, before)
    if loaded is None or entry.attribute is None or len(walk.failures.faults) > before:
        return None
    first = entry.attribute.partition(".")[0] or _usual(program, loaded)
    if first and not walk.defines(loaded, first, set()):
        message = _no_attribute(program, entry, first)
        reason = f"{loaded.found.tree or loaded.found.path} defines no `{first}`."
        detail = MissingName(entry.name, first)
        place = program.origin.place
        walk.failures.fault("attribute-not-found", message, reason, place, detail, certain=True)
    elif first in loaded.facts.functions and _calls(program, entry, loaded.facts.functions[first]):
        walk.call_function(loaded, first, False)
    elif _speaks_lifespan(program):
        walk.start_up(loaded, first)
    return (loaded, first) if first else None


def _usual(program: Program, loaded: Loaded) -> str:
    """Return the name under which flask and fastapi look for an app themselves, if the module has one."""
    known = {"flask": ("app", "application", "create_app", "make_app"), "fastapi": ("app", "api")}
    names = (*loaded.facts.constants, *loaded.facts.functions)
    return next((name for name in known.get(program.launcher, ()) if name in names), "")


def _calls(program: Program, entry: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a launcher calls a function that it is given, instead of serving it."""
    arguments = function.args
    bare = not (arguments.posonlyargs or arguments.args or arguments.kwonlyargs)
    return entry.call or (bare and program.launcher in ("uvicorn", "flask"))


def _speaks_lifespan(program: Program) -> bool:
    """Say whether a server awaits the app's startup before it serves: those for ASGI do, daphne and `--lifespan off` don't."""
    worker = program.launcher == "gunicorn" and any("uvicorn" in word for word in program.argv)
    return (worker or program.launcher in ("uvicorn", "fastapi", "hypercorn", "granian")) and "off" not in program.argv


def _run_module(walk: Walk, program: Program, entry: Module) -> None:
    """`python -m name`: a package runs its `__main__`."""
    parents, _, last = entry.name.rpartition(".")
    before = len(walk.failures.faults)
    owner = walk.load(parents, None) if parents else None
    _name_search(walk, program, parents, entry.name, before)
    if parents and owner is None:
        _name_entry(walk, program, entry, before)
        return
    found = walk.find(last, owner)
    if found and found.kind == "outside":
        return
    name, package = entry.name, parents
    if found and found.kind in ("package", "namespace"):
        before = len(walk.failures.faults)
        loaded = walk.run(entry.name, found)
        _name_search(walk, program, entry.name, f"{entry.name}.__main__", before)
        found = walk.find("__main__", loaded) if loaded else None
        name, package = f"{entry.name}.__main__", entry.name
    if found is None:
        walk.failures.missing(name, owner, None)
        _name_entry(walk, program, entry, before)
    else:
        walk.script(found.path, found.tree, name, package)


def _name_search(walk: Walk, program: Program, package: str, name: str, before: int) -> None:
    """Put runpy's words on a name that is missing in a package whose import is only a step of the search for `name`.

    runpy then searches once more, and finds what was imported before the failure.
    """
    for index, fault in enumerate(walk.failures.faults[before:], start=before):
        found = re.search(r" from (?:partially initialized module )?'(.*?)'", fault.message)
        if fault.code in ("name-not-found", "import-cycle") and found and f"{package}.".startswith(f"{found[1]}."):
            walk.failures.faults[index] = fault._replace(
                message=_no_specification(program, name, fault.message),
                confidence="likely" if name in walk.loaded else fault.confidence,
            )


def _name_entry(walk: Walk, program: Program, entry: Module, before: int) -> None:
    """Put the launcher's own words on a missing entry point, and the place of the command."""
    for index, fault in enumerate(walk.failures.faults[before:], start=before):
        missing = fault.detail.name if isinstance(fault.detail, MissingModule) else ""
        if fault.place and missing == entry.name and program.launcher in ("uvicorn", "hypercorn"):
            walk.failures.faults[index] = fault._replace(message=_no_module(program, entry, missing, fault.message))
        elif fault.place is None and missing:
            walk.failures.faults[index] = fault._replace(
                code="entry-not-found",
                message=_no_module(program, entry, missing, fault.message),
                place=program.origin.place,
                step=ENTRY_STEP if index == before else fault.step,  # what its parents import comes before
                detail=MissingModule(entry.name, True, None),
            )


def _no_module(program: Program, entry: Module, missing: str, message: str) -> str:
    python = posixpath.basename(program.argv[0])
    match program.launcher:
        case "uvicorn" if missing == entry.name:
            return f'ERROR:    Error loading ASGI app. Could not import module "{entry.name}".'
        case "gunicorn" if missing == entry.name and missing.endswith(".py"):
            return f"ImportError: Failed to find application, did you mean '{missing[:-3]}:{entry.attribute}'?"
        case "hypercorn" if missing == entry.name:
            return f"hypercorn.utils.NoAppError: Cannot load application from '{entry.written}', module not found."
        case "granian":
            return f"RuntimeError: Could not import '{entry.name}'."
        case "flask":
            return f"Error: Could not import '{entry.name}'."
        case "celery" if missing == entry.name:
            return f"The module {entry.name} was not found."
        case "waitress-serve":
            return f"1. No module named '{missing}'"
        case "python" if missing.endswith(".__main__"):
            name = missing.removesuffix(".__main__")
            return f"{python}: No module named {missing}; '{name}' is a package and cannot be directly executed"
        case "python" if missing == entry.name and "is not a package" not in message:
            return f"{python}: No module named {missing}"
        case "python" if missing == entry.name:
            owner, _, last = missing.rpartition(".")
            words = f"ModuleNotFoundError: __path__ attribute not found on '{owner}' while trying to find '{missing}'"
            hint = f". Try using '{owner}' instead of '{missing}' as the module name." if last == "py" else ""
            return _no_specification(program, missing, words) + hint
        case "python":
            return _no_specification(program, entry.name, message)
    return message


def _no_specification(program: Program, name: str, message: str) -> str:
    return f"{posixpath.basename(program.argv[0])}: Error while finding module specification for '{name}' ({message})"


def _no_attribute(program: Program, entry: Module, name: str) -> str:
    match program.launcher:
        case "gunicorn":
            return f"Failed to find attribute '{name}' in '{entry.name}'."
        case "hypercorn":
            return f"hypercorn.utils.NoAppError: Cannot load application from '{entry.written}', application not found."
        case "granian" | "daphne":
            return f"AttributeError: module '{entry.name}' has no attribute '{name}'"
        case "waitress-serve":
            return f"1. module '{entry.name}' has no attribute '{name}'"
        case "flask":
            return f"Error: Failed to find attribute '{name}' in '{entry.name}'."
        case "fastapi":
            return f"Could not find app name {name} in {entry.name}"
    return f'ERROR:    Error loading ASGI app. Attribute "{entry.attribute}" not found in module "{entry.name}".'
