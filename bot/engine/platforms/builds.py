"""Builds of the same Dockerfiles that are no deploy: docker-compose files and workflows.

A repair for the platform must leave them working. Compose takes the context from the file's folder and the Dockerfile from
the context (compose-spec `build.md`); docker/build-push-action takes both from the workspace, and a Dockerfile that is not
named lies in the context (its `action.yml` and README). Where its context is the commit itself, `{{defaultContext}}` or a
folder of it, the Dockerfile counts from there, as it does in every remote context of BuildKit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.model.findings import Place
from bot.engine.model.target import Build
from bot.engine.model.tree import Tree, Unreadable, join, name, parent, position

_COMMIT = re.compile(r"\{\{\s*defaultContext\s*\}\}:?(.*)")
_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$")


class OtherBuild(NamedTuple):
    """A build of `dockerfile` with `context`; both are paths in the tree."""

    dockerfile: str
    context: str
    wanted: Build
    place: Place


def is_evidence(path: str) -> bool:
    """Say whether a file may describe builds."""
    in_workflows = parent(path) == ".github/workflows" and path.endswith((".yml", ".yaml"))
    return in_workflows or (path.count("/") < 3 and bool(_COMPOSE.match(name(path))))


def find(tree: Tree, paths: list[str]) -> list[OtherBuild]:
    """Return the builds in `paths` whose Dockerfile the tree has."""
    found: list[OtherBuild] = []
    for path in paths:
        try:
            text = tree.text(path)
        except Unreadable:
            continue
        if "build" in text:
            found.extend(build for build in _builds(path, text) if tree.is_file(build.dockerfile))
    return found


def _builds(path: str, text: str) -> Iterator[OtherBuild]:
    from bot.engine.model import yaml  # PyYAML is costly to import and not every repository has such a file

    document = yaml.read(text)
    data: dict[str, object] = {**document.data} if isinstance(document.data, dict) else {}
    in_workflows = parent(path) == ".github/workflows"
    for keys, options in _steps(data) if in_workflows else _services(data):
        span = document.spans.get(keys)
        written = options.get("context")
        remote = _COMMIT.fullmatch(written) if in_workflows and isinstance(written, str) else None
        context = _path("" if in_workflows else parent(path), remote[1] if remote else written)
        if context is None:
            continue
        base = "" if in_workflows and "file" in options and not remote else context
        dockerfile = _path(base, options.get("file" if in_workflows else "dockerfile"), "Dockerfile")
        if dockerfile is not None:
            stage, args = options.get("target"), _arguments(options.get("build-args" if in_workflows else "args"))
            wanted = Build("dockerfile", dockerfile, None, stage if isinstance(stage, str) else None, args, None, "")
            place = Place(path, *position(text, span.key_start)) if span else Place(path, 1)
            yield OtherBuild(dockerfile, context, wanted, place)


def _arguments(written: object) -> dict[str, str]:
    """Return build arguments, written as a table, a list or lines; those that are made at run time are left out."""
    if isinstance(written, dict):
        pairs = [(str(key), "" if value is None else "=", str(value)) for key, value in written.items()]
    else:
        lines = written.splitlines() if isinstance(written, str) else written if isinstance(written, list) else []
        pairs = [str(line).strip().partition("=") for line in lines]
    return {key: value for key, equals, value in pairs if equals and "$" not in value}


def _path(folder: str, written: object, default: str = ".") -> str | None:
    """Return a path of the tree; None for an address, a variable, or a path that leaves the repository."""
    value = default if written in (None, "") else written
    if not isinstance(value, str) or "://" in value or "$" in value or value.startswith(("/", "git@", "{")):
        return None
    return join(folder, value)


def _services(data: dict[str, object]) -> Iterator[tuple[tuple[str | int, ...], dict[str, object]]]:
    services = data.get("services")
    for key, service in services.items() if isinstance(services, dict) else ():
        build = service.get("build") if isinstance(service, dict) else None
        if isinstance(build, str):
            yield ("services", key, "build"), {"context": build}
        elif isinstance(build, dict) and "dockerfile_inline" not in build:
            yield ("services", key, "build"), build


def _steps(data: dict[str, object]) -> Iterator[tuple[tuple[str | int, ...], dict[str, object]]]:
    jobs = data.get("jobs")
    for job, body in jobs.items() if isinstance(jobs, dict) else ():
        steps = body.get("steps") if isinstance(body, dict) else None
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            uses = step.get("uses") if isinstance(step, dict) else None
            if isinstance(uses, str) and uses.startswith("docker/build-push-action"):
                options = step.get("with")
                yield ("jobs", job, "steps", index, "uses"), options if isinstance(options, dict) else {}
