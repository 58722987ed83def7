"""Render: reads Blueprints (`render.yaml`), and says what each of their services deploys.

Facts from Render's Blueprint reference (https://render.com/docs/blueprint-spec) and the JSON schema it publishes
(https://render.com/schema/render.yaml.json): which services there are, their keys and defaults, what paths count from.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from bot.engine.model import shell, toml
from bot.engine.model.config import ConfigFile, load
from bot.engine.model.findings import Fault, Place, Unknown
from bot.engine.model.target import Build, Check, IgnoredKey, Native, Origin, Process, Service, Start, Target, Volume
from bot.engine.model.toml import Value
from bot.engine.model.tree import Tree, Unreadable, join, name, parent
from bot.engine.platforms import render_keys

BLUEPRINT = "render.yaml"
PORT = 10000  # https://render.com/docs/web-services#port-binding
DEFAULT_BUILD = "pip install -r requirements.txt"
# Render's default is that of the day on which a service was made: 3.14 since 2026-02-11, 3.13 since 2025-06-12, 3.11 before
# (https://render.com/docs/python-version); the one in the middle stands for all of them, and nothing is certain by it
DEFAULT = (3, 13)
_MERGE = "<<"
_HUGE = 10**400
_OLDEST = (3, 7)  # that Render has
_KINDS = ("web", "pserv", "worker", "cron")
_SHELL = re.compile(r"&&|\|\||[;|<>$`]")
_VERSION = re.compile(r"(?:python-)?(\d{1,3})\.(\d{1,3})(?!\d)")


def is_config(path: str) -> bool:
    """Say whether a file is a Blueprint by its name."""
    return name(path) == BLUEPRINT


def targets(tree: Tree, paths: list[str]) -> Iterator[Target]:
    """Yield the services that run Python, or may.

    Render reads the Blueprint in the root; one that lies elsewhere counts where there is none in the root, since the dashboard
    may name another path.
    """
    for path in [BLUEPRINT] if BLUEPRINT in paths else sorted(paths):
        config = load(path, tree.text(path))
        broken = _broken(config)
        services = [(service, key) for service, key in _services(config) if _deploys(service)]
        if broken:
            yield _unread(config, broken)
        for service, key in services if not broken else ():
            yield _target(tree, config, service, key)


def _broken(config: ConfigFile) -> Fault | None:
    place, reason = Place(config.path, 1), "Render can't read the Blueprint, so nothing is deployed."
    sure: Literal["certain", "likely"] = "certain" if config.path == BLUEPRINT else "likely"  # another one may not be read
    if config.problem:
        row = config.text.count("\n", 0, config.problem.start) + 1
        message = f"{config.path}: {config.problem.message}"
        return Fault("config-syntax", "config", 0, "", sure, message, reason, Place(config.path, row))
    if not config.data:
        message = f"{config.path}: expected a mapping with services"
        return Fault("config-syntax", "config", 0, "", sure, message, reason, place)
    return None


def _unread(config: ConfigFile, fault: Fault) -> Target:
    build = Build("other", None, None, None, {}, fault.place, "a Blueprint that can't be read")
    start = Start("", None, "Render builds a clone", None)
    return Target("render", None, config.path, "", (start,), build, {}, (), (), None, (fault,), (), ())


def _services(config: ConfigFile) -> Iterator[tuple[dict[str, Value], toml.Path]]:
    """Yield every service: at the top, and in the environments of projects."""
    yield from _tables(config.data.get("services"), ("services",))
    for section in ("projects", "ungrouped"):
        for project, at in _tables(config.data.get(section), (section,)):
            yield from _tables(project.get("services"), (*at, "services"))
            for environment, there in _tables(project.get("environments"), (*at, "environments")):
                yield from _tables(environment.get("services"), (*there, "services"))


def _tables(value: Value, path: toml.Path) -> Iterator[tuple[dict[str, Value], toml.Path]]:
    if isinstance(value, dict):
        yield _merged(value), path
    for index, element in enumerate(value if isinstance(value, list) else ()):
        if isinstance(element, dict):
            yield _merged(element), (*path, index)


def _merged(table: dict[str, Value]) -> dict[str, Value]:
    """Return a mapping with what `<<` brings from others; its own keys go before."""
    sources = table.get(_MERGE)
    merged: dict[str, Value] = {}
    for source in sources if isinstance(sources, list) else [sources]:
        if isinstance(source, dict):
            merged = {**_merged(source), **merged}
    own = {key: value for key, value in table.items() if key != _MERGE}
    return {**merged, **own} if _MERGE in table else table


def _runtime(service: dict[str, Value]) -> str:
    return _text(service.get("runtime")) or _text(service.get("env")) or ""


def _deploys(service: dict[str, Value]) -> bool:
    return service.get("type") in _KINDS and _runtime(service) in ("python", "docker", "image")


def _text(value: Value) -> str | None:
    """Return a scalar as Render takes it: a number is its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= _HUGE:  # Python refuses to write out the longest ones
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _target(tree: Tree, config: ConfigFile, service: dict[str, Value], key: toml.Path) -> Target:
    def text(option: str) -> str | None:
        return (_text(service.get(option)) or "").strip() or None

    kind = str(service["type"])
    root = posixpath.normpath((text("rootDir") or ".").strip("/") or ".")
    folder = "" if root == "." else root
    env = _env(service)
    docker = _runtime(service) == "docker"
    unknowns = []
    if docker:
        starts, build = _docker(config, service, key, folder)
    elif _runtime(service) == "image":
        starts = (Start(folder, None, "Render builds nothing", config.place(*key)),)
        build = Build("image", None, None, None, {}, config.place(*key), "runtime: image")
    else:
        native = _native(tree, config, text("buildCommand") or DEFAULT_BUILD, key, folder, env)
        starts = (Start(folder, None, f"{config.path} says so", config.place(*key, "rootDir")),)
        build = Build("native", None, None, None, {}, native.place, "runtime: python", native)
        if not native.pinned:
            reason = "the version of Python is not pinned: Render takes its default of the day the service was made"
            unknowns.append(Unknown(reason, config.place(*key)))
    option = "dockerCommand" if docker else "startCommand"
    process = _process(config, kind, text(option), (*key, option), docker)
    services = (_service(config, service, key, env),) if kind == "web" else ()
    release = text("preDeployCommand")
    return Target(
        platform="render",
        app=_text(service.get("name")),
        config=config.path,
        directory=parent(config.path),
        starts=starts,
        build=build,
        env=env,
        processes=(process,),
        services=services,
        release=_process(config, "preDeployCommand", release, (*key, "preDeployCommand"), False) if release else None,
        faults=tuple(_faults(config, key)),
        ignored=tuple(_ignored(config, service, key)),
        unknowns=tuple(unknowns),
        key=key,
        volumes=_volumes(config, service, key, kind),
    )


def _env(service: dict[str, Value]) -> dict[str, str | None]:
    """Return the variables by name; what the dashboard, a database or another service gives has no value here."""
    return {
        _text(variable["key"]) or "": _text(variable.get("value")) if "value" in variable else None
        for variable, _ in _tables(service.get("envVars"), ())
        if "key" in variable
    }


def _docker(config: ConfigFile, service: dict[str, Value], key: toml.Path, folder: str) -> tuple[tuple[Start, ...], Build]:
    """Return how a Dockerfile is found. With rootDir, paths were seen to count from the root and from rootDir: two readings."""
    written, context = _text(service.get("dockerfilePath")), _text(service.get("dockerContext"))
    place = config.place(*key, "dockerfilePath" if written else "dockerContext")
    readings = []
    for base in dict.fromkeys(("", folder)):
        default = join(folder, "Dockerfile") if not written else None
        dockerfile = default or join(base, (written or "").strip("/"))
        inside = join(base, context.strip("/")) if context else folder
        if dockerfile is not None and inside is not None:
            readings.append(Start(inside, dockerfile, f"{config.path} says so", place))
    build = Build("dockerfile", None, None, None, {}, place, f"dockerfilePath: {written}" if written else "")
    return tuple(dict.fromkeys(readings)) or (Start(folder, None, f"{config.path} says so", place),), build


def _native(tree: Tree, config: ConfigFile, command: str, key: toml.Path, folder: str, env: dict[str, str | None]) -> Native:
    """Return the native build; PYTHON_VERSION goes before a `.python-version` in the root."""
    written = env.get("PYTHON_VERSION")
    for path in (".python-version", join(folder, ".python-version")):
        if written is None and path and tree.is_file(path):
            with contextlib.suppress(Unreadable):
                written = tree.text(path).strip()
    version = _VERSION.match(written or "")
    python = (int(version[1]), int(version[2])) if version else (0, 0)
    pinned = python >= _OLDEST  # 3.10 without quotes is the number 3.1
    return Native(folder, command, config.place(*key, "buildCommand"), python if pinned else DEFAULT, pinned)


def _process(config: ConfigFile, group: str, command: str | None, key: toml.Path, docker: bool) -> Process:
    """Return a command as Render runs it: a native one in a shell, a Docker one as words where they need none."""
    if not command:
        return Process(group, None, None)
    origin = Origin("config", config.place(*key), key)
    try:
        words = tuple(shell.split(command))
    except shell.Unclosed:
        words = ()
    plain = docker and words and not _SHELL.search(command)
    return Process(group, words if plain else ("/bin/bash", "-c", command), origin)


def _volumes(config: ConfigFile, service: dict[str, Value], key: toml.Path, kind: str) -> tuple[Volume, ...]:
    """Return the service's disk (https://render.com/docs/disks): it is not there for builds and pre-deploy commands."""
    disk = service.get("disk")
    where = _text(disk.get("mountPath")) if isinstance(disk, dict) else None
    if not where or not where.strip("/"):
        return ()
    return (Volume(posixpath.normpath("/" + where.strip("/")), (kind,), config.place(*key, "disk", "mountPath")),)


def _service(config: ConfigFile, service: dict[str, Value], key: toml.Path, env: dict[str, str | None]) -> Service:
    written = _text(service.get("healthCheckPath"))
    checks = (Check(written, "GET", {}, config.place(*key, "healthCheckPath")),) if written else ()
    port = env.get("PORT") or ""
    return Service(int(port) if port.isdecimal() and len(port) < 6 else PORT, ("web",), checks, config.place(*key))


def _faults(config: ConfigFile, key: toml.Path) -> Iterator[Fault]:
    if config.path == BLUEPRINT:
        return
    message = "No render.yaml found on main branch."
    reason = f"The Blueprint is {config.path}, and Render looks in the root unless the dashboard names another path."
    yield Fault("blueprint-place", "config", 0, "", "likely", message, reason, Place(config.path, 1))


def _ignored(config: ConfigFile, service: dict[str, Value], key: toml.Path) -> Iterator[IgnoredKey]:
    for option in service:
        if option not in render_keys.SERVICE:
            yield IgnoredKey((*key, option), render_keys.meant(option, render_keys.SERVICE), config.place(*key, option))
    for variable, at in _tables(service.get("envVars"), (*key, "envVars")):
        for option in variable:
            if option not in render_keys.VARIABLE:
                yield IgnoredKey((*at, option), render_keys.meant(option, render_keys.VARIABLE), config.place(*at, option))
