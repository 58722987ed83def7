"""Fly.io: finds the configs that flyctl would load, and says what each of them deploys.

Facts from superfly/flyctl at ad0172f: where a config is looked up (`internal/command/command.go`), what its paths are
relative to (`internal/command/deploy/deploy_build.go`), old forms (`internal/appconfig/patches.go`), validation
(`validation.go`) and process groups (`processgroups.go`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.model import shell, toml
from bot.engine.model.config import ConfigFile, load, lookup
from bot.engine.model.findings import Fault, Place, Unknown
from bot.engine.model.target import Build, Check, IgnoredKey, Origin, Process, Service, Start, Target
from bot.engine.model.toml import Value
from bot.engine.model.tree import Tree, join, name, parent
from bot.engine.platforms import fly_schema, starts
from bot.engine.platforms.starts import Deploy

DEFAULT_GROUP = "app"
DEFAULT_PORT = 8080  # the platform's own, where a service names no internal_port
_DEFAULT_NAMES = ("fly.toml", "fly.json", "fly.yaml")
_NO_GROUP = (
    "Service has no processes set but app has {count} processes defined; update fly.toml to set processes for each service"
)
_NO_SUCH_GROUP = (
    "Service specifies '{group}' as one of its processes, but no processes are defined with that name; update fly.toml "
    "[processes] to add '{group}' process or remove it from service's processes list"
)
_TELLING = frozenset("app build http_service services env deploy processes mounts vm primary_region checks".split())


def is_config(path: str) -> bool:
    """Say whether a file's name is one that people give a Fly config."""
    last = name(path)
    if last in _DEFAULT_NAMES:
        return True
    return last.endswith(".toml") and (last.startswith(("fly.", "fly-", "fly_")) or last.endswith(".fly.toml"))


def targets(tree: Tree, paths: list[str], deploys: list[Deploy], start: str | None) -> Iterator[Target]:
    """Yield what each config deploys. `start` is the folder that the person says deploys are started from."""
    named = [deploy.config for deploy in deploys if deploy.config and tree.is_file(deploy.config)]
    for path in sorted({*paths, *named}, key=lambda path: (path.count("/"), name(path) != "fly.toml", path)):
        config = load(path, tree.text(path))
        said = list(starts.in_comments(path, config.text)) if start is None else []
        if name(path) == "fly.toml" or path in named or _TELLING & {key.lower() for key in config.data}:
            yield _target(config, _starts(tree, path, [*deploys, *said], start))


def _starts(tree: Tree, path: str, deploys: list[Deploy], start: str | None) -> tuple[Start, ...]:
    """Return from where a config is deployed: what the repository shows, else the config's own folder."""
    if start is not None:
        return (Start(start, None, "--from says so", None),)
    found: dict[tuple[str, str | None], Start] = {}
    for deploy in deploys:
        config = deploy.config or _config_in(tree, deploy.directory)
        if config == path:
            key = (deploy.directory, deploy.dockerfile)
            found.setdefault(key, Start(deploy.directory, deploy.dockerfile, deploy.why, deploy.place))
    return tuple(found.values()) or (
        Start(parent(path), None, "no deploy command in the repository: from the config's folder", None),
    )


def _config_in(tree: Tree, folder: str) -> str | None:
    for last in _DEFAULT_NAMES:
        path = f"{folder}/{last}" if folder else last
        if tree.is_file(path):
            return path
    return None


def _target(config: ConfigFile, starts: tuple[Start, ...]) -> Target:
    app = config.get("app")
    processes = _processes(config)
    services = tuple(_services(config, processes))
    checked = list(fly_schema.check(config.data)) if config.data else []
    return Target(
        platform="fly",
        app=app if isinstance(app, str) else None,
        config=config.path,
        directory=parent(config.path),
        starts=starts,
        build=_build(config),
        env=_env(config.get("env")),
        processes=processes,
        services=services,
        release=_release(config),
        faults=tuple(_faults(config, checked, processes, services)),
        ignored=tuple(_ignored(config, checked)),
        unknowns=tuple(_unknowns(config)),
    )


def _build(config: ConfigFile) -> Build:
    table = config.table("build")

    def text(*names: str) -> str | None:
        return next((value for key in names if isinstance(value := lookup(table, key), str) and value), None)

    args = table.get("args")
    arguments = {key: _text(value) for key, value in args.items()} if isinstance(args, dict) else {}
    stage = text("build-target", "build_target")
    place = config.place("build", "dockerfile") if "dockerfile" in table else None
    for key, kind in (("image", "image"), ("builder", "buildpacks"), ("builtin", "builtin")):
        if text(key) and not text("dockerfile"):
            return Build(kind, None, None, stage, arguments, config.place("build", key), f"{key} = {text(key)}")  # type: ignore[arg-type]
    if "compose" in table or (text("dockerfile") or "").startswith(("http://", "https://")):
        return Build("other", None, None, stage, arguments, place or config.place("build"), "a compose file or an address")
    written = text("dockerfile")
    if written is None:
        return Build("dockerfile", None, None, stage, arguments, place, "")
    found = join(parent(config.path), written.lstrip("/"))
    return Build("dockerfile", found, None if found else written, stage, arguments, place, f"dockerfile = {written}")


def _processes(config: ConfigFile) -> tuple[Process, ...]:
    """Return the process groups; flyctl's group is `app`, with the image's own command, where none is written."""
    section = config.get("processes")
    commands: list[tuple[str, Value, toml.Path]] = []
    if isinstance(section, dict):
        commands = [(key, value, ("processes", key)) for key, value in section.items()]
    elif isinstance(section, list):
        for index, item in enumerate(section):
            if isinstance(item, dict) and "name" in item:
                commands.append((_text(item["name"]), item.get("command", ""), ("processes", index, "command")))
    experimental = config.table("experimental")
    found = []
    for group, value, key in commands or [(DEFAULT_GROUP, "", ())]:
        command = value if isinstance(value, str) else ""
        for option in ("exec", "cmd"):
            given = experimental.get(option)
            if given and (option == "exec" or not command):
                argv = tuple(_text(word) for word in given) if isinstance(given, list) else (_text(given),)
                origin = Origin("config", config.place("experimental", option), ("experimental", option))
                found.append(Process(group, argv, origin))
                break
        else:
            found.append(_process(config, group, command, key))
    return tuple(found)


def _process(config: ConfigFile, group: str, command: str, key: toml.Path) -> Process:
    origin = Origin("config", config.place(*key), key) if key else None
    try:
        argv = tuple(shell.split(command))
    except shell.Unclosed:
        argv = ()
    return Process(group, argv or None, origin if argv else None)


def _release(config: ConfigFile) -> Process | None:
    command = config.table("deploy").get("release_command")
    if not isinstance(command, str) or not command:
        return None
    process = _process(config, "release_command", command, ("deploy", "release_command"))
    return process if process.argv else None


def _services(config: ConfigFile, processes: tuple[Process, ...]) -> Iterator[Service]:
    default = DEFAULT_GROUP if any(p.name == DEFAULT_GROUP for p in processes) else min(p.name for p in processes)
    tables: list[tuple[dict[str, Value], toml.Path]] = []
    if isinstance(config.get("http_service"), dict):
        tables.append((config.table("http_service"), ("http_service",)))
    tables.extend(_tables(config.get("services"), ("services",)))
    top = [check for check, path in _named_checks(config)]
    for table, path in tables:
        port = table.get("internal_port", DEFAULT_PORT)
        port = int(port) if isinstance(port, str) and port.isdigit() else port
        groups = table.get("processes")
        listed = tuple(_text(group) for group in groups) if isinstance(groups, list) and groups else (default,)
        checks = [
            _check(config, check, place)
            for key in ("checks", "http_checks")
            for check, place in _tables(table.get(key), (*path, key))
            if key == "http_checks" or path == ("http_service",)
        ]
        if isinstance(port, int) and table.get("protocol") != "udp":
            yield Service(port, listed, (*checks, *top), config.place(*path, "internal_port"))


def _tables(value: Value, path: toml.Path) -> Iterator[tuple[dict[str, Value], toml.Path]]:
    """Yield the tables of a section that may be one table or a list of them."""
    if isinstance(value, dict):
        yield value, path
    for index, element in enumerate(value if isinstance(value, list) else ()):
        if isinstance(element, dict):
            yield element, (*path, index)


def _named_checks(config: ConfigFile) -> Iterator[tuple[Check, toml.Path]]:
    for key, value in config.table("checks").items():
        if isinstance(value, dict) and value.get("type") == "http":
            yield _check(config, value, ("checks", key)), ("checks", key)


def _check(config: ConfigFile, table: dict[str, Value], path: toml.Path) -> Check:
    headers = table.get("headers")
    given = {key: _text(value) for key, value in headers.items()} if isinstance(headers, dict) else {}
    return Check(_text(table.get("path", "/")), _text(table.get("method", "get")).upper(), given, config.place(*path, "path"))


def _env(value: Value) -> dict[str, str]:
    if isinstance(value, list):
        return {key: text for element in value for key, text in _env(element).items()}
    return {key: _text(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _text(value: Value) -> str:
    """Return a value as Go's `%v` prints it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _faults(
    config: ConfigFile,
    checked: list[fly_schema.WrongType | fly_schema.UnknownKey],
    processes: tuple[Process, ...],
    services: tuple[Service, ...],
) -> Iterator[Fault]:
    if config.problem:
        yield _syntax(config, config.problem)
    for found in checked:
        if isinstance(found, fly_schema.WrongType):
            reason = "flyctl decodes the file into Go structs, and this value has another type than its field."
            yield _fault("config-type", 1, f"✘{found.message}", reason, config.place(*found.path))
    for key in [*config.table("processes"), "release_command"]:
        yield from _unparsed(config, key)
    yield from _groups(config, processes)
    strategy = config.table("deploy").get("strategy")
    if isinstance(strategy, str) and strategy not in ("", "canary", "rolling", "immediate", "bluegreen"):
        known = "canary, rolling, immediate, bluegreen"
        message = f"unsupported deployment strategy '{strategy}'; Apps v2 supports the following strategies: {known}"
        yield _fault("config-invalid", 2, message, "flyctl knows four strategies.", config.place("deploy", "strategy"))


def _fault(code: str, step: int, message: str, reason: str, place: Place) -> Fault:
    return Fault(code, "config", step, "", "certain", message, reason, place)


def _syntax(config: ConfigFile, problem: toml.Problem) -> Fault:
    document = toml.Document(config.text, {}, {}, [], [])
    row, column = document.row_and_column(problem.start)
    where = f"row {row} column {column}" if not config.path.endswith((".json", ".yaml")) else f"line {row}: {problem.message}"
    message = f"Error: failed loading app config from /…/{config.path}: {where}"
    reason = f"The file does not parse, so every flyctl command stops here: {problem.message}."
    return _fault("config-syntax", 0, message, reason, Place(config.path, row, column))


def _unparsed(config: ConfigFile, key: str) -> Iterator[Fault]:
    section = "deploy" if key == "release_command" else "processes"
    command = config.table(section).get(key)
    if not isinstance(command, str):
        return
    try:
        shell.split(command)
    except shell.Unclosed as error:
        message = f"Could not parse command for '{key}' process group; check [processes] section: {error}"
        if section == "deploy":
            message = f"Can't shell split release command: '{command}'"
        yield _fault("config-invalid", 2, message, "A quote in the command is never closed.", config.place(section, key))


def _groups(config: ConfigFile, processes: tuple[Process, ...]) -> Iterator[Fault]:
    """Hold the groups that services and restart policies name against those that exist."""
    written = config.get("processes")
    count = len(processes) if isinstance(written, dict | list) and written else 0
    names = {process.name for process in processes}
    sections = [(config.table("http_service"), ("http_service",))] if config.table("http_service") else []
    for table, path in [*sections, *_tables(config.get("services"), ("services",))]:
        groups = table.get("processes")
        groups = groups if isinstance(groups, list) else []
        if not groups and count:
            message = _NO_GROUP.format(count=count)
            reason = "With [processes], each service must name its groups."
            yield _fault("service-without-group", 2, message, reason, config.place(*path))
        for group in groups:
            if group not in names:
                message = _NO_SUCH_GROUP.format(group=group)
                reason = f"The groups that exist are {', '.join(sorted(names))}."
                yield _fault("unknown-group", 2, message, reason, config.place(*path, "processes"))


def _ignored(config: ConfigFile, checked: list[fly_schema.WrongType | fly_schema.UnknownKey]) -> Iterator[IgnoredKey]:
    if config.problem:  # what a broken file seems to say is no advice
        return
    for found in checked:
        if isinstance(found, fly_schema.UnknownKey):
            yield IgnoredKey(found.path, _nearest(str(found.path[-1]), found.known), config.place(*found.path))


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    import difflib  # needed for a misspelt key alone

    return next(iter(difflib.get_close_matches(word, known, 1, 0.75)), None)


def _unknowns(config: ConfigFile) -> Iterator[Unknown]:
    for key in ("machine_config", "container"):
        if config.get(key):
            yield Unknown(f"{key}: containers of a machine config are not followed", config.place(key))


def deploy_command(directory: str, config: str) -> str:
    """Return the command that deploys a config from a folder of the tree."""
    relative = posixpath.relpath(config, directory or ".")
    change = f"cd {directory} && " if directory else ""
    return f"{change}fly deploy" + ("" if relative == "fly.toml" else f" --config {relative}")


def config_folder(path: str) -> str:
    """Return the folder that a config's relative paths count from, for people: `./` for the root."""
    return posixpath.join(parent(path) or ".", "")
