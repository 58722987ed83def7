"""Start the module that is there.

The start command names a module that the image does not have (`Could not import module "app.backend.main"`), or one that
does not define the object (`Attribute "app" not found in module "app"`). Where exactly one module of the image makes an app
of that name, the command names it. When several could be meant, they are listed and nothing is changed.

Before (the app is in main.py):           After:

    CMD ["uvicorn", "app.backend.main:app"]   CMD ["uvicorn", "main:app"]

References: https://www.uvicorn.org/#command-line-options, https://docs.gunicorn.org/en/stable/run.html
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.launchers import LAUNCHERS
from bot.engine.boot.modules import parsed
from bot.engine.boot.program import Module, Program
from bot.engine.boot.start import python_path
from bot.engine.boot.values import dotted
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _command

CODEMOD = Codemod(answers=("entry-not-found", "attribute-not-found", "script-missing"), since="0.1", rank=20)
_APPS = frozenset(
    "FastAPI Flask Starlette Litestar Sanic Quart Dash Robyn BlackSheep Falcon get_wsgi_application"
    " get_asgi_application".split()
)
_ASIDE = frozenset(
    "test tests testing examples example docs scripts venv .venv env node_modules migrations site-packages".split()
)


class _App(NamedTuple):
    """A module of the image that makes an app: where it lies, and the name of its object (or of its factory)."""

    path: str
    attribute: str


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one module that can be meant."""
    image = report.image
    program = _program(finding, report)
    if image is None or program is None or not isinstance(finding, Fault):
        return
    if isinstance(finding.detail, MissingFile):
        yield from _script(finding.detail.path, program, image, tree)
        return
    if not isinstance(program.entry, Module):
        return
    if program.launcher not in LAUNCHERS or program.launcher in ("celery", "fastapi"):
        yield Skip(f"{program.launcher} names no app object")
        return
    yield from _module(program, program.entry, image, tree)


def _program(finding: Fault | Weakness, report: Report) -> Program | None:
    for booted in report.started:
        if booted.process.name == finding.process:
            with_entry = [program for program in booted.programs if program.entry is not None]
            return with_entry[-1] if with_entry else booted.programs[-1] if booted.programs else None
    return None


def _module(program: Program, entry: Module, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    folders = tuple(dict.fromkeys((*program.front, program.folder, *python_path(program))))
    wanted = (entry.attribute or "").partition(".")[0]
    apps = _apps(image, tree, wanted if entry.call else None)
    best = _meant(apps, wanted, entry, _own_file(image, entry, folders))
    if len(best) != 1:
        names = ", ".join(sorted(f"{app.path} ({app.attribute})" for app in best)[:5])
        yield Skip(f"several modules could be meant: {names}" if best else "no module of the image makes an app")
        return
    app = best[0]
    for folder in folders:
        name = _import_name(app.path, folder)
        if name is None:
            continue
        same = app.attribute == wanted and entry.written.startswith(f"{entry.name}:")
        target = name + entry.written.removeprefix(entry.name) if same else f"{name}:{app.attribute}"
        if target == entry.written:
            continue
        changed = _command.replace_word(tree, program.origin, entry.written, target)
        if changed:
            yield Proposal(changed, f"The app is `{target}`; the image has no `{entry.written}`.")
        else:
            yield Skip(f"`{entry.written}` does not stand in the command exactly once")


def _meant(apps: list[_App], wanted: str, entry: Module, own: str | None) -> list[_App]:
    """Return the apps that the command can mean; one alone is the answer."""
    named = [app for app in apps if app.attribute == wanted]
    beside = [app for app in apps if app.path == own]
    if beside:  # the module is there, and its app has another name; that name may be another module's
        return beside + named
    last = entry.name.rpartition(".")[2]
    tiers = [[app for app in named or apps if posixpath.basename(app.path) == f"{last}.py"], named or apps]
    best = next((tier for tier in tiers if tier), [])
    if len(best) > 1:  # of several, the one that lies above all others is the app, its neighbours are parts
        depth = min(app.path.count("/") for app in best)
        best = [app for app in best if app.path.count("/") == depth]
    return best


def _own_file(image: Image, entry: Module, folders: tuple[str, ...]) -> str | None:
    """Return the file of the module that the command names, where the image has it."""
    relative = entry.name.replace(".", "/")
    paths = [posixpath.join(folder, relative) + ending for folder in folders for ending in (".py", "/__init__.py")]
    return next((path for path in paths if image.files.find(path)), None)


def _script(wanted: str, program: Program, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one file of the same name that the image has elsewhere."""
    base = posixpath.basename(wanted)
    found = [path for path, _ in image.files.files("/", base) if posixpath.basename(path) == base and not _aside(path)]
    if len(found) != 1:
        yield Skip(f"{len(found)} files of the image are called {base}" if found else f"no file of the image is called {base}")
        return
    written = next((word for word in program.argv if posixpath.normpath(posixpath.join(program.folder, word)) == wanted), None)
    if written is None:
        return
    target = found[0] if written.startswith("/") else posixpath.relpath(found[0], program.folder)
    target = f"./{target}" if written.startswith("./") else target
    changed = _command.replace_word(tree, program.origin, written, target)
    if changed:
        yield Proposal(changed, f"The image has the script at {found[0]}.")
    else:
        yield Skip(f"`{written}` does not stand in the command exactly once")


def _apps(image: Image, tree: Tree, factory: str | None) -> list[_App]:
    """Return the modules of the image that make an app at their top level, or that define the factory of that name."""
    found = []
    for path, source in image.files.files("/", ".py"):
        if _aside(path):
            continue
        try:
            data = tree.read(source)
        except Unreadable:
            continue
        if any(name.encode() in data for name in ((factory,) if factory else _APPS)):
            found += [_App(path, attribute) for attribute in _makes(data, factory)]
    return found


def _aside(path: str) -> bool:
    parts = path.split("/")
    return any(part in _ASIDE for part in parts) or parts[-1].startswith(("test_", "conftest"))


def _makes(data: bytes, factory: str | None) -> list[str]:
    """Return the name of the first app that a module makes, or of the factory where it defines that."""
    try:
        body = parsed(data).body
    except SyntaxError:
        return []
    if factory:
        named = [each for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == factory]
        return [each.name for each in named[:1]]
    found: list[str] = []
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if dotted(statement.value.func).rpartition(".")[2] in _APPS:
                found += [target.id for target in targets if isinstance(target, ast.Name)]
    return found[:1]


def _import_name(path: str, folder: str) -> str | None:
    """Return a file's dotted name from a folder of sys.path."""
    relative = posixpath.relpath(path, folder)
    if relative.startswith(".."):
        return None
    parts = relative.removesuffix(".py").split("/")
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None
