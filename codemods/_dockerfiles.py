"""Dockerfiles that are written: what is installed with which tool, for which Python, and the text of it all."""

from __future__ import annotations

import json
import posixpath
import re
from typing import NamedTuple

from bot.engine.model import requirements, toml
from bot.engine.model.target import Target
from bot.engine.model.tree import Tree, join, parent
from bot.engine.platforms import fly, survey

PLAIN = re.compile(r"[\w./-]+")  # a path that needs no quotes in a Dockerfile
_BACKUP = re.compile(r"\.(?:bak|old|orig|example|sample|tmp|template)$|~$| copy", re.I)
_FOR_PYTHON = re.compile(r"(?im)^\s*FROM\s.*\bpython|^\s*RUN\b.*\b(?:pip|uv|poetry)\b")
_VERSION = re.compile(r"3\.(\d+)")
_REQUIRED = re.compile(r"(===?|~=|>=?|<=?|\^)\s*3\.(\d+)")
_DEFAULT = 11  # of Python 3: the newest for which old pins still have wheels
_UV = "pip install --no-cache-dir uv && uv sync --frozen --no-dev"
_POETRY = "pip install --no-cache-dir poetry && poetry install --only main --no-interaction"


class Source(NamedTuple):
    """What is copied: a folder of the context (`""`: all of it), from where in the tree, and how requirements are installed.

    `manifests` are copied before the rest, and `install` runs then; without them the rest is needed for it. `late` runs when
    everything is there. `variable` is set for the install, `environment` is what the installed packages need to be found.
    """

    folder: str
    path: str
    manifests: tuple[str, ...]
    install: str
    environment: str = ""
    late: str = ""
    variable: str = ""


def known(tree: Tree) -> list[str]:
    """Return the Dockerfiles of the repository, without backups and examples."""
    return [path for path in survey.dockerfiles(tree) if not _BACKUP.search(path)]


def meant(tree: Tree, target: Target, context: str) -> list[str]:
    """Return the Dockerfiles for Python that a config may mean: none that another app's config names or lies beside."""
    others = [other for other in survey.targets(tree, None, None, ()) if other.config != target.config]
    named = {other.build.dockerfile for other in others if other.app is None or other.app != target.app}
    return [
        path
        for path in known(tree)
        if path not in named and not of_another_app(tree, path, context) and _FOR_PYTHON.search(tree.text_if_any(path))
    ]


def of_another_app(tree: Tree, path: str, context: str) -> bool:
    """Say whether a Dockerfile lies in another folder, beside a config of that folder's own."""
    folder = parent(path)
    return not f"{context}/".startswith(f"{folder}/" if folder else "") and any(map(fly.is_config, tree.entries(folder)))


def source(tree: Tree, context: str, folder: str) -> Source | None:
    """Return how a folder of the context is installed: with the tool whose lock file it has, else with pip."""
    path = join(context, folder) or ""

    def there(name: str) -> bool:
        return tree.is_file(join(path, name) or "")

    project = manifest(tree, path)
    if there("uv.lock") and project:
        packaged = isinstance(project.get("build-system"), dict)
        install = f"{_UV} --no-install-project" if packaged else _UV
        late = "uv sync --frozen --no-dev" if packaged else ""
        return Source(folder, path, ("pyproject.toml", "uv.lock"), install, "PATH=/app/.venv/bin:$PATH", late)
    if there("poetry.lock") and project:
        manifests = ("pyproject.toml", "poetry.lock")
        return Source(folder, path, manifests, f"{_POETRY} --no-root", variable="POETRY_VIRTUALENVS_CREATE=false")
    if there("Pipfile.lock") and there("Pipfile"):
        install = "pip install --no-cache-dir pipenv && pipenv install --system --deploy"
        return Source(folder, path, ("Pipfile", "Pipfile.lock"), install)
    if there("requirements.txt"):
        return Source(folder, path, ("requirements.txt",), "pip install --no-cache-dir -r requirements.txt")
    own = project.get("project")
    if isinstance(own, dict) and isinstance(own.get("dependencies"), list):
        return Source(folder, path, (), "pip install --no-cache-dir .")
    return None


def manifest(tree: Tree, folder: str) -> dict[str, toml.Value]:
    """Return the pyproject.toml of a folder; empty where there is none."""
    return toml.read(tree.text_if_any(join(folder, "pyproject.toml") or "")).data


def asks(tree: Tree, found: Source, distribution: str) -> bool:
    """Say whether a folder's manifests ask for a distribution."""
    path = join(found.path, "requirements.txt") or ""
    if "requirements.txt" in found.manifests:
        lines = requirements.read(requirements.decode(tree.read(path)))
        return any(line.kind == "name" and line.value == distribution for line in lines)
    words = "".join(tree.text_if_any(join(found.path, name) or "") for name in ("pyproject.toml", "Pipfile"))
    return re.search(rf"(?im)(?:^|[\"'])\s*{re.escape(distribution)}\b", words) is not None


def python(tree: Tree, folder: str) -> int:
    """Return the minor version of Python that the repository names."""
    for path in dict.fromkeys((folder, "")):
        for name in (".python-version", "runtime.txt"):
            found = _VERSION.search(tree.text_if_any(join(path, name) or ""))
            if found:
                return int(found[1])
    version = _DEFAULT
    for operator, written in _REQUIRED.findall(_required(tree, folder)):
        minor = int(written)
        match operator:
            case "==" | "===":
                return minor
            case "<" | "<=":
                version = min(version, minor - (operator == "<"))
            case _:
                version = max(version, minor + (operator == ">"))
    return version


def _required(tree: Tree, folder: str) -> str:
    """Return the versions that a project or a Pipfile allows, as they are written."""
    data = manifest(tree, folder)
    own, tool = data.get("project"), data.get("tool")
    if isinstance(own, dict) and own.get("requires-python"):
        return str(own["requires-python"])
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    declared = poetry.get("dependencies") if isinstance(poetry, dict) else None
    if isinstance(declared, dict) and isinstance(declared.get("python"), str):
        return str(declared["python"])
    requires = toml.read(tree.text_if_any(join(folder, "Pipfile") or "")).data.get("requires")
    version = requires.get("python_version") if isinstance(requires, dict) else None
    return f"=={version}" if isinstance(version, str) else ""


def head(version: int) -> list[str]:
    """Return the first lines: a slim image, and a folder to work in."""
    return [f"FROM python:3.{version}-slim", "", "ENV PYTHONUNBUFFERED=1", "WORKDIR /app", ""]


def install(found: Source) -> list[str]:
    """Return the lines that install the requirements in a layer of their own."""
    listed = [posixpath.join(found.folder, name) for name in found.manifests]
    lines = [f"ENV {found.variable}"] if found.variable else []
    if listed:
        lines.append(f"COPY {' '.join(listed)} {'.' if len(listed) == 1 else './'}")
    lines.append(f"RUN {found.install}")
    return [*lines, f"ENV {found.environment}"] if found.environment else lines


def tail(port: int, command: list[str] | str | None) -> list[str]:
    """Return the last lines: a user of its own, and the command; one for a shell is a text, and may want to know the port."""
    lines = []
    if port >= 1024:  # below that only root may listen
        lines += ["", "RUN useradd --create-home app && chown -R app /app", "USER app"]
    if command:
        lines += ["", *([f"ENV PORT={port}"] if "$PORT" in command or "${PORT" in command else []), f"EXPOSE {port}"]
        lines.append(f"CMD {command if isinstance(command, str) else json.dumps(command)}")
    return lines


def text(version: int, found: Source, command: list[str] | str | None, port: int) -> str:
    """Return a Dockerfile that copies a folder of the context."""
    everything = f"COPY {found.folder or '.'} ."
    if found.manifests:
        middle = [*install(found), "", everything, *([f"RUN {found.late}"] if found.late else [])]
    else:
        middle = [everything, *install(found)]
    return "\n".join([*head(version), *middle, *tail(port, command)]) + "\n"
