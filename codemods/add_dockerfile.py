"""Write the Dockerfile that a target needs and does not have.

Where a config names a Dockerfile that is not in the repository, or none lies where the deploy is started, one is written for
the framework, the package manager and the Python that the repository shows: a slim image, requirements in a layer of their own,
a user of its own, the command of the Procfile or of the one app, the port of the service. One that is there is never replaced,
be it ignored by git or written in another case; and where one for Python lies elsewhere that no
other config names, that may be meant.

A buildpack sees the folder in which the deploy starts and nothing above it. Where the code imports a folder that lies beside
that, a Dockerfile that copies both takes the place of the builder, and the config moves to where it sees both. The commands of
the config start in the folder that they started in.

Before:                                   After:

    fly.toml, main.py, requirements.txt       … and a Dockerfile

References: https://docs.docker.com/build/building/best-practices/, https://fastapi.tiangolo.com/deployment/docker/
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.modules import parsed
from bot.engine.boot.values import dotted
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.build import build
from bot.engine.model.findings import Fault, MissingDockerfile, MissingSource, Weakness
from bot.engine.model.tree import Tree, Unreadable, join, parent
from bot.engine.platforms import fly, survey
from bot.engine.report import Report
from codemods import _buildpack, _dockerfiles

CODEMOD = Codemod(
    answers=("dockerfile-not-found", "entry-not-found", "module-not-found", "no-dockerfile"), since="0.1", rank=90, last=True
)
_ASGI = frozenset("FastAPI Starlette Litestar Quart BlackSheep get_asgi_application".split())
_WSGI = frozenset("Flask Dash Falcon get_wsgi_application".split())
_ASIDE = re.compile(r"(?:^|/)(?:tests?|docs?|examples?|scripts|migrations|venv|env|test_[^/]*|conftest\.py)(?:/|$)")
_WEB = re.compile(r"^web:[ \t]*(\S.*)$", re.M)


class _App(NamedTuple):
    """A module that makes an app: its file from the context, the app's name, and what it is made with."""

    path: str
    name: str
    maker: str


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a Dockerfile at the path that the platform looks for, or one in place of a builder."""
    if report.target.build.kind == "buildpacks" and isinstance(finding, Fault):
        yield from _buildpack.replaced(finding, report, tree)
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingDockerfile):
        return
    wanted, context = finding.detail.wanted, report.start.directory
    if wanted is None or tree.kind(wanted) is not None:
        return
    there = _there(tree, wanted, report)
    if there:
        yield Skip(there)
        return
    commanded = bool(report.target.processes) and all(process.argv for process in report.target.processes)
    sources = [source for folder in _folders(wanted, context) if (source := _dockerfiles.source(tree, context, folder))]
    if not sources:
        yield Skip("no requirements lie where the deploy is started")
    for source in sources:
        command = None if commanded else _command(tree, source, _port(report))
        if command is None and not commanded:
            yield Skip("what should be started is not clear")
            continue
        where = f"`{context}/`" if context else "the repository's root"
        rationale = f"The deploy builds {where} and has no Dockerfile at {wanted}."
        written = _dockerfiles.text(_dockerfiles.python(tree, source.path), source, command, _port(report))
        yield Proposal(tree.write(wanted, written), rationale, "unsafe")


def _there(tree: Tree, wanted: str, report: Report) -> str | None:
    """Return why a Dockerfile at a path would replace another one, or stand in for it."""
    other = tree.other_case(wanted)
    if other:
        return f"{other} is there, and a disk may not tell the two apart"
    if tree.hidden(wanted) or tree.unversioned(wanted):
        return f"git ignores {wanted}"
    python = [
        path for path in _dockerfiles.meant(tree, report.target, report.start.directory) if not _is_of(path, tree, report)
    ]
    return f"{python[0]} may be meant" if python else None


def _is_of(path: str, tree: Tree, report: Report) -> bool:
    """Say whether a Dockerfile is that of another config, beside it, and copies what this deploy's context does not have."""
    folder, context = parent(path), report.start.directory
    if folder == context or not any(
        join(folder, name) != report.target.config for name in filter(fly.is_config, tree.entries(folder))
    ):
        return False
    built = build(tree, path, context, report.target.build, "")
    return any(isinstance(fault.detail, MissingSource) for fault in built.faults)


def _folders(wanted: str, context: str) -> list[str]:
    """Return the folders of the context that may hold the app: its root, and the one in which the Dockerfile should lie."""
    beside = posixpath.relpath(parent(wanted) or ".", context or ".")
    return ["", *([beside] if beside != "." and not beside.startswith("..") and _dockerfiles.PLAIN.fullmatch(beside) else [])]


def _port(report: Report) -> int:
    return report.target.services[0].port if report.target.services else 8080


def _command(tree: Tree, source: _dockerfiles.Source, port: int) -> list[str] | str | None:
    """Return the command of the Procfile, or one that serves the one app of a folder."""
    told = _WEB.search(tree.text_if_any(join(source.path, "Procfile") or ""))
    if told:
        return told[1].strip()
    apps = _apps(tree, source.path)
    if not apps and _dockerfiles.asks(tree, source, "streamlit"):
        return _streamlit(tree, source, port)
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
    if _dockerfiles.asks(tree, source, "gunicorn") or not _dockerfiles.asks(tree, source, "flask"):
        return ["gunicorn", "--bind", f"0.0.0.0:{port}", target]
    return ["flask", "--app", target, "run", "--host", "0.0.0.0", "--port", str(port)]


def _streamlit(tree: Tree, source: _dockerfiles.Source, port: int) -> list[str] | None:
    """Return the command that shows the one script of streamlit at the top of a folder."""
    names = [name for name in ("streamlit_app.py", "app.py", "main.py", "Home.py") if name in tree.entries(source.path)]
    shown = [name for name in names if "streamlit" in tree.text_if_any(join(source.path, name) or "")]
    options = ["--server.port", str(port), "--server.address", "0.0.0.0", "--server.headless", "true"]
    return ["streamlit", "run", shown[0], *options] if len(shown) == 1 else None


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
        body = parsed(data).body
    except SyntaxError:
        return []
    return [
        (statement.targets[0].id, maker)
        for statement in body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        if isinstance(statement.targets[0], ast.Name)
        if (maker := dotted(statement.value.func).rpartition(".")[2]) in _ASGI | _WSGI
    ][:1]
