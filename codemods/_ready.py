"""A route that says whether the app's database answers, where its engine is at hand in the file of the app."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from bot.engine.boot import bodies, modules
from bot.engine.boot.values import dotted
from bot.engine.model import stdlib
from bot.engine.model.findings import App
from bot.engine.model.tree import Splice, Tree, Unreadable, newline, splice
from bot.engine.report import Report
from codemods import _routes
from codemods._routes import Wanted

PATH = "/health/ready"
_NAMES = ("ready", "readiness", "health_ready", "readiness_check")
_MAKERS = {"create_engine": "engine", "create_async_engine": "async", "SQLAlchemy": "session"}
_TOLD = {  # what a platform sets on its machines
    "fly": (("region", "FLY_REGION"), ("version", "FLY_IMAGE_REF")),
    "render": (("version", "RENDER_GIT_COMMIT"),),
}
_BODIES = {
    "engine": ("with {name}.connect() as connection:", '    connection.exec_driver_sql("SELECT 1")'),
    "async": ("async with {name}.connect() as connection:", '    await connection.exec_driver_sql("SELECT 1")'),
    "session": ('{name}.session.execute({name}.text("SELECT 1"))',),
}


class Ready(NamedTuple):
    """The route, and the line that its file lacks: `import os`, empty where it is there."""

    route: Wanted
    lacks: str


def route(tree: Tree, report: Report, app: App) -> Ready | None:
    """Return the route that asks the database; None where no engine has a name in the app's file."""
    text = tree.text(app.place.path)
    found = _engine(tree, app.place.path) if app.framework in ("fastapi", "flask") else None
    if found is None or (app.framework == "flask" and found[1] == "async") or PATH in text:
        return None
    name, kind = found
    called = _called(text)
    told = [f'"{key}": {called}("{variable}", "")' for key, variable in _TOLD.get(report.target.platform, ())]
    answer = _routes.jsonified("{" + ", ".join(['"status": "ok"', *told]) + "}", text, app)
    lines = [line.format(name=name) for line in _BODIES[kind]]
    lacks = "" if called == "getenv" or re.search(r"^import os\b(?!\.)", text, re.M) else "import os"
    return Ready(Wanted(PATH, _NAMES, (*lines, f"return {answer}"), awaits=kind == "async"), lacks)


def _called(text: str) -> str:
    return "getenv" if re.search(r"^from os import [^#\n]*\bgetenv\b", text, re.M) else "os.getenv"


def with_imports(text: str, ready: Ready) -> str:
    """Return a file that imports what the route needs, above its first import that is none of `__future__`."""
    if not ready.lacks:
        return text
    tree = ast.parse(text)
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    first = next((each for each in imports if getattr(each, "module", "") != "__future__"), None)
    if first is None:
        return text
    lines = text.splitlines(keepends=True)
    at = sum(map(len, lines[: first.lineno - 1]))
    named = first.names[0].name if isinstance(first, ast.Import) else first.module or ""
    standard = stdlib.has(named.partition(".")[0], (3, 11))
    gap = "" if standard else newline(text)
    return splice(text, [Splice(at, at, f"{ready.lacks}{newline(text)}{gap}")])


def _engine(tree: Tree, path: str) -> tuple[str, str] | None:
    """Return what the engine is called in a file, and its kind: made there, or imported from a module of the repository."""
    body = _statements(tree, path)
    if made := _made(body):
        return next(iter(made.items()))
    for each in body:
        if isinstance(each, ast.ImportFrom):
            there = _made(_statements(tree, _file(tree, path, each)))
            for alias in each.names:
                if alias.name in there:
                    return alias.asname or alias.name, there[alias.name]
    return None


def _statements(tree: Tree, path: str | None) -> list[ast.stmt]:
    try:
        return modules.parsed(tree.read(path)).body if path else []
    except (SyntaxError, Unreadable):
        return []


def _made(body: list[ast.stmt]) -> dict[str, str]:
    """Return the engines that a module's own code makes, once each."""
    found: dict[str, str] = {}
    names = [dotted(target) for each in body if isinstance(each, ast.Assign) for target in each.targets]
    for each in body:
        value = each.value if isinstance(each, ast.Assign | ast.AnnAssign) else None
        kind = _MAKERS.get(bodies.last(value)) if isinstance(value, ast.Call) else None
        target = each.targets[0] if isinstance(each, ast.Assign) else each.target if isinstance(each, ast.AnnAssign) else None
        if kind and isinstance(target, ast.Name) and names.count(target.id) <= 1:
            found[target.id] = kind
    return found


def _file(tree: Tree, path: str, event: ast.ImportFrom) -> str | None:
    """Return the file that an import names: below the folder of a dot, else below the nearest folder above that has it."""
    folder = path.rpartition("/")[0]
    parts = (event.module or "").split(".") if event.module else []
    if event.level:
        above = folder.split("/")[: len(folder.split("/")) - event.level + 1]
        return _lying(tree, "/".join([*above, *parts]).strip("/"))
    while True:
        found = _lying(tree, "/".join(part for part in (folder, *parts) if part))
        if found or not folder:
            return found
        folder = folder.rpartition("/")[0]


def _lying(tree: Tree, stem: str) -> str | None:
    return next((each for each in (f"{stem}.py", f"{stem}/__init__.py") if tree.is_file(each)), None)
