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
from bot.engine.model.findings import Fault, MissingFile, Place, Unknown
from bot.engine.model.target import Build, Check, IgnoredKey, Native, Origin, Process, Service, Start, Target, Volume
from bot.engine.model.tree import Tree, Unreadable, join, name, parent
from bot.engine.platforms import blueprint, render_keys, render_refusals
from bot.engine.platforms.blueprint import Blueprint, Table

BLUEPRINT = "render.yaml"
PORT = 10000  # https://render.com/docs/web-services#port-binding
HOME = "/opt/render/project/src"  # where a native build has its clone
DEFAULT_BUILD = "pip install -r requirements.txt"
# Render's default is that of the day on which a service was made: 3.14 since 2026-02-11, 3.13 since 2025-06-12, 3.11 before
# (https://render.com/docs/python-version); the one in the middle stands for all of them, and nothing is certain by it
DEFAULT = (3, 13)
_OLDEST = (3, 7)  # that Render has
_KINDS = ("web", "pserv", "worker", "cron")
_SHELL = re.compile(r"&&|\|\||[;|<>$`]")
_INCOMPLETE = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
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
        if broken:
            yield _unread(config, broken)
            continue
        whole = Blueprint(config)
        found = [_target(tree, whole, service, key) for service, key in whole.services if _deploys(service)]
        refused = tuple(render_refusals.of_file(whole, [target.key for target in found])) if found else ()
        for target in found:  # what is wrong with the whole of it is told once
            yield target._replace(refused=(*refused, *target.refused))
            refused = ()


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


def _deploys(service: Table) -> bool:
    kind = service.get("type")
    misspelt = isinstance(kind, str) and kind not in render_refusals.KINDS and not kind.startswith("static")
    known = kind in _KINDS or misspelt
    return known and blueprint.runtime(service) in ("python", "docker", "image")


def _target(tree: Tree, whole: Blueprint, service: Table, key: toml.Path) -> Target:
    config = whole.config

    def text(option: str) -> str | None:
        return (blueprint.text(service.get(option)) or "").strip() or None

    kind = str(service["type"]) if service["type"] in _KINDS else "web"
    root = posixpath.normpath((text("rootDir") or ".").strip("/") or ".")
    folder = "" if root == "." else root
    env = whole.env(service)
    docker = blueprint.runtime(service) == "docker"
    unknowns = []
    if docker:
        starts, build = _docker(config, service, key, folder)
    elif blueprint.runtime(service) == "image":
        starts = (Start(folder, None, "Render builds nothing", config.place(*key)),)
        build = Build("image", None, None, None, {}, config.place(*key), "runtime: image")
    else:
        native = _native(tree, whole, text("buildCommand") or DEFAULT_BUILD, key, folder, env)
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
        app=blueprint.text(service.get("name")),
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
        refused=tuple(render_refusals.of_service(whole, service, key)),
    )


def _docker(config: ConfigFile, service: Table, key: toml.Path, folder: str) -> tuple[tuple[Start, ...], Build]:
    """Return how a Dockerfile is found. With rootDir, paths were seen to count from the root and from rootDir: two readings."""
    written, context = blueprint.text(service.get("dockerfilePath")), blueprint.text(service.get("dockerContext"))
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


def _native(tree: Tree, whole: Blueprint, command: str, key: toml.Path, folder: str, env: dict[str, str | None]) -> Native:
    """Return the native build; PYTHON_VERSION goes before a `.python-version` in the root."""
    config, written = whole.config, env.get("PYTHON_VERSION")
    faults = [*_python_faults(whole, key, written), *_folder_faults(tree, config, key, folder)]
    for path in (".python-version", join(folder, ".python-version")):
        if written is None and path and tree.is_file(path):
            with contextlib.suppress(Unreadable):
                written = tree.text(path).strip()
    version = _VERSION.match(written or "")
    python = (int(version[1]), int(version[2])) if version else (0, 0)
    pinned = python >= _OLDEST  # 3.10 without quotes is the number 3.1
    place = config.place(*key, "buildCommand")
    return Native(folder, command, place, python if pinned else DEFAULT, pinned, tuple(faults))


def _python_faults(whole: Blueprint, key: toml.Path, written: str | None) -> Iterator[Fault]:
    """Note a PYTHON_VERSION that is not written in full."""
    if written is None or not _INCOMPLETE.fullmatch(written):
        return
    says = f"The PYTHON_VERSION must provide a major, minor, and patch version, e.g. 3.8.1. You have requested {written}."
    reason = "Render takes a version with its patch, such as 3.12.8, from this variable; a `.python-version` may leave it out."
    place = whole.config.place(*(whole.variable(key, "PYTHON_VERSION") or key))
    yield Fault("python-version-incomplete", "build", -2, "", "certain", says, reason, place)


def _folder_faults(tree: Tree, config: ConfigFile, key: toml.Path, folder: str) -> Iterator[Fault]:
    """Note a rootDir that the repository does not have."""
    if folder and not tree.is_folder(folder):
        sure: Literal["certain", "likely"] = "likely" if tree.hidden(folder) or tree.unversioned(folder) else "certain"
        message = f'==> Service Root Directory "{HOME}/{folder}" is missing.'
        reason = f"The repository has no folder {folder}: `rootDir` counts from its root."
        detail = MissingFile(f"{HOME}/{folder}", None)
        yield Fault("root-dir-missing", "build", -1, "", sure, message, reason, config.place(*key, "rootDir"), (), detail)


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
    return Process(group, words if plain else ("/bin/bash" if docker else "bash", "-c", command), origin)


def _volumes(config: ConfigFile, service: Table, key: toml.Path, kind: str) -> tuple[Volume, ...]:
    """Return the service's disk (https://render.com/docs/disks): it is not there for builds and pre-deploy commands."""
    disk = service.get("disk")
    where = blueprint.text(disk.get("mountPath")) if isinstance(disk, dict) else None
    if not where or not where.strip("/"):
        return ()
    return (Volume(posixpath.normpath("/" + where.strip("/")), (kind,), config.place(*key, "disk", "mountPath")),)


def _service(config: ConfigFile, service: Table, key: toml.Path, env: dict[str, str | None]) -> Service:
    written = blueprint.text(service.get("healthCheckPath"))
    checks = (Check(written, "GET", {}, config.place(*key, "healthCheckPath")),) if written else ()
    port = env.get("PORT") or ""
    return Service(int(port) if port.isdecimal() and len(port) < 6 else PORT, ("web",), checks, config.place(*key))


def _faults(config: ConfigFile, key: toml.Path) -> Iterator[Fault]:
    if config.path == BLUEPRINT:
        return
    message = "No render.yaml found on main branch."
    reason = f"The Blueprint is {config.path}, and Render looks in the root unless the dashboard names another path."
    yield Fault("blueprint-place", "config", 0, "", "likely", message, reason, Place(config.path, 1))


def _ignored(config: ConfigFile, service: Table, key: toml.Path) -> Iterator[IgnoredKey]:
    tables = [(service, key), *blueprint.tables(service.get("envVars"), (*key, "envVars"))]
    tables += [
        (reference, (*at, "fromService"))
        for variable, at in tables[1:]
        if isinstance(reference := variable.get("fromService"), dict)
    ]
    for table, at in tables:
        for option in table:
            known = render_keys.level((*at, option))
            if option not in known:
                yield IgnoredKey((*at, option), render_keys.meant(option, known), config.place(*at, option))
