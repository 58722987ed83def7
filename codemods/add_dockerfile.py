"""Write the Dockerfile that a target needs and does not have.

Where a config names a Dockerfile that is not in the repository, or none lies where the deploy is started, one is written for
the framework, the requirements and the Python that the repository shows: a slim image, requirements in a layer of their own,
a user of its own, the port of the service. One that is there is never replaced, be it ignored by git or written in another
case; and where one for Python lies elsewhere, that may be meant.

Before:                                   After:

    fly.toml, main.py, requirements.txt       … and a Dockerfile

References: https://docs.docker.com/build/building/best-practices/, https://fastapi.tiangolo.com/deployment/docker/
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.values import dotted
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Requirement
from bot.engine.model import requirements, toml
from bot.engine.model.findings import Fault, MissingDockerfile, Place, Weakness
from bot.engine.model.tree import Tree, Unreadable, join, parent
from bot.engine.platforms import survey
from bot.engine.report import Report

CODEMOD = Codemod(answers=("dockerfile-not-found", "no-dockerfile"), since="0.1", rank=90)
_ASGI = frozenset("FastAPI Starlette Litestar Quart BlackSheep get_asgi_application".split())
_WSGI = frozenset("Flask Dash Falcon get_wsgi_application".split())
_ASIDE = re.compile(r"(?:^|/)(?:tests?|docs?|examples?|scripts|migrations|venv|env|test_[^/]*|conftest\.py)(?:/|$)")
_VERSION = re.compile(r"3\.(\d+)")
_REQUIRED = re.compile(r"(===?|~=|>=?|<=?)\s*3\.(\d+)")
_FOR_PYTHON = re.compile(r"(?im)^\s*FROM\s.*\bpython|^\s*RUN\b.*\b(?:pip|uv|poetry)\b")
_PLAIN = re.compile(r"[\w./-]+")  # a path that needs no quotes in a Dockerfile
_DEFAULT = 11  # of Python 3: the newest for which old pins still have wheels


class _Source(NamedTuple):
    """What is copied: a folder of the context (`""`: all of it), from where, and how its requirements are installed."""

    folder: str  # from the context
    path: str  # in the tree
    manifest: str  # copied before the rest; "" where the rest is needed
    install: str


class _App(NamedTuple):
    """A module that makes an app: its file from the context, the app's name, and what it is made with."""

    path: str
    name: str
    maker: str


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a Dockerfile at the path that the platform looks for."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingDockerfile):
        return
    wanted, context = finding.detail.wanted, report.start.directory
    if wanted is None or tree.kind(wanted) is not None:
        return
    there = _there(tree, wanted)
    if there:
        yield Skip(there)
        return
    commanded = bool(report.target.processes) and all(process.argv for process in report.target.processes)
    sources = [source for folder in _folders(wanted, context) if (source := _source(tree, context, folder))]
    if not sources:
        yield Skip("no requirements lie where the deploy is started")
    for source in sources:
        command = None if commanded else _command(tree, source, _port(report))
        if command is None and not commanded:
            yield Skip("what should be started is not clear")
            continue
        where = f"`{context}/`" if context else "the repository's root"
        rationale = f"The deploy builds {where} and has no Dockerfile at {wanted}."
        yield Proposal(tree.write(wanted, _text(_python(tree, source), source, command, _port(report))), rationale, "unsafe")


def _there(tree: Tree, wanted: str) -> str | None:
    """Return why a Dockerfile at a path would replace another one, or stand in for it."""
    other = tree.other_case(wanted)
    if other:
        return f"{other} is there, and a disk may not tell the two apart"
    if tree.hidden(wanted) or tree.unversioned(wanted):
        return f"git ignores {wanted}"
    python = next((path for path in survey.dockerfiles(tree) if _FOR_PYTHON.search(_read(tree, path))), None)
    return f"{python} may be meant" if python else None


def _read(tree: Tree, path: str) -> str:
    """Return a file's text; "" where there is none that can be read."""
    try:
        return tree.text(path) if tree.is_file(path) else ""
    except Unreadable:
        return ""


def _folders(wanted: str, context: str) -> list[str]:
    """Return the folders of the context that may hold the app: its root, and the one in which the Dockerfile should lie."""
    beside = posixpath.relpath(parent(wanted) or ".", context or ".")
    return ["", *([beside] if beside != "." and not beside.startswith("..") and _PLAIN.fullmatch(beside) else [])]


def _port(report: Report) -> int:
    return report.target.services[0].port if report.target.services else 8080


def _source(tree: Tree, context: str, folder: str) -> _Source | None:
    """Return how a folder of the context is installed."""
    path = join(context, folder) or ""
    if tree.is_file(join(path, "requirements.txt") or ""):
        return _Source(folder, path, "requirements.txt", "pip install --no-cache-dir -r requirements.txt")
    if isinstance(_project(tree, path).get("dependencies"), list):
        return _Source(folder, path, "", "pip install --no-cache-dir .")
    return None


def _project(tree: Tree, context: str) -> dict[str, toml.Value]:
    project = toml.read(_read(tree, join(context, "pyproject.toml") or "")).data.get("project")
    return project if isinstance(project, dict) else {}


def _asked(tree: Tree, context: str) -> frozenset[str]:
    """Return the names of the distributions that are asked for."""
    path = join(context, "requirements.txt") or ""
    if tree.is_file(path):
        lines = requirements.read(requirements.decode(tree.read(path)))
        return frozenset(Requirement(line, Place(path, line.line)).line.value for line in lines if line.kind == "name")
    listed = _project(tree, context).get("dependencies")
    found = (requirements.requirement(str(each)) for each in (listed if isinstance(listed, list) else ()))
    return frozenset(line.value for line in found if line)


def _python(tree: Tree, source: _Source) -> int:
    """Return the minor version of Python that the repository names."""
    for folder in dict.fromkeys((source.path, "")):
        for name in (".python-version", "runtime.txt"):
            found = _VERSION.search(_read(tree, join(folder, name) or ""))
            if found:
                return int(found[1])
    python = _DEFAULT
    for operator, written in _REQUIRED.findall(str(_project(tree, source.path).get("requires-python", ""))):
        minor = int(written)
        match operator:
            case "==" | "===":
                return minor
            case "<" | "<=":
                python = min(python, minor - (operator == "<"))
            case _:
                python = max(python, minor + (operator == ">"))
    return python


def _command(tree: Tree, source: _Source, port: int) -> list[str] | None:
    """Return the command that serves the one app of a folder."""
    apps, asked = _apps(tree, source.path), _asked(tree, source.path)
    depth = min((app.path.count("/") for app in apps), default=0)
    best = [app for app in apps if app.path.count("/") == depth]
    best = [app for app in best if posixpath.basename(app.path) in ("main.py", "app.py", "wsgi.py", "asgi.py")] or best
    django = [app for app in best if app.maker == "get_wsgi_application"]  # it has an asgi.py beside it that few use
    best = django if len({parent(app.path) for app in best}) == 1 and len(django) == 1 else best
    if len(best) != 1:
        return None
    app = best[0]
    target = f"{app.path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}:{app.name}"
    if app.maker in _ASGI:
        return ["uvicorn", target, "--host", "0.0.0.0", "--port", str(port)]
    if "gunicorn" in asked or "flask" not in asked:
        return ["gunicorn", "--bind", f"0.0.0.0:{port}", target]
    return ["flask", "--app", target, "run", "--host", "0.0.0.0", "--port", str(port)]


def _apps(tree: Tree, context: str) -> list[_App]:
    found = []
    for path in survey.files(tree):
        relative = posixpath.relpath(path, context or ".")
        if not path.endswith(".py") or relative.startswith("..") or _ASIDE.search(relative):
            continue
        try:
            data = tree.read(path)
        except Unreadable:
            continue
        if any(maker.encode() in data for maker in _ASGI | _WSGI):
            found += [_App(relative, name, maker) for name, maker in _made(data)]
    return found


def _made(data: bytes) -> list[tuple[str, str]]:
    try:
        body = ast.parse(data).body
    except (SyntaxError, ValueError):
        return []
    return [
        (statement.targets[0].id, maker)
        for statement in body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        if isinstance(statement.targets[0], ast.Name)
        if (maker := dotted(statement.value.func).rpartition(".")[2]) in _ASGI | _WSGI
    ][:1]


def _text(python: int, source: _Source, command: list[str] | None, port: int) -> str:
    prefix = f"{source.folder}/" if source.folder else ""
    everything = f"COPY {source.folder or '.'} ."
    lines = [f"FROM python:3.{python}-slim", "", "ENV PYTHONUNBUFFERED=1", "WORKDIR /app", ""]
    if source.manifest:
        lines += [f"COPY {prefix}{source.manifest} .", f"RUN {source.install}", "", everything]
    else:
        lines += [everything, f"RUN {source.install}"]
    if port >= 1024:  # below that only root may listen
        lines += ["", "RUN useradd --create-home app && chown -R app /app", "USER app"]
    if command:
        lines += ["", f"EXPOSE {port}", f"CMD {json.dumps(command)}"]
    return "\n".join(lines) + "\n"
