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
from bot.engine.model.target import Build, Check, IgnoredKey, Origin, Process, Service, Start, Target, Volume
from bot.engine.model.toml import Value
from bot.engine.model.toml_scalars import Problem
from bot.engine.model.tree import Tree, join, name, parent
from bot.engine.platforms import fly_schema, starts
from bot.engine.platforms.before import Doubt
from bot.engine.platforms.durations import seconds
from bot.engine.platforms.starts import Deploy

DEFAULT_GROUP = "app"
DEFAULT_PORT = 8080  # the platform's own, where a service names no internal_port
_DEFAULT_NAMES = ("fly.toml", "fly.json", "fly.yaml")
_DOCKERFILES = ("Dockerfile", "dockerfile")
_NO_GROUP = (
    "Service has no processes set but app has {count} processes defined; update fly.toml to set processes for each service"
)
_NO_SUCH_GROUP = (
    "Service specifies '{group}' as one of its processes, but no processes are defined with that name; update fly.toml "
    "[processes] to add '{group}' process or remove it from service's processes list"
)
_NO_RESTART_GROUP = (
    "Restart policy specifies '{group}' as one of its processes, but no processes are defined with that name; update fly.toml "
    "[processes] to add '{group}' process or remove it from restart policy's processes list"
)
_STRATEGIES = ("canary", "rolling", "immediate", "bluegreen")
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
        broken = config.problem is not None and _config_in(tree, parent(path)) == path
        if name(path) == "fly.toml" or broken or path in named or _TELLING & {key.lower() for key in config.data}:
            yield _target(tree, config, _starts(tree, path, [*deploys, *said], start))


def _starts(tree: Tree, path: str, deploys: list[Deploy], start: str | None) -> tuple[Start, ...]:
    """Return from where a config is deployed: what the repository shows, else the config's own folder."""
    if start is not None:
        return (Start(start, None, "--from says so", None),)
    found: dict[tuple[str, str | None], Start] = {}
    prose = [deploy for deploy in deploys if starts.is_prose(deploy.place.path, path)]
    for deploy in sorted(deploys, key=lambda deploy: (deploy in prose, not deploy.doubts)):
        config = deploy.config or _config_in(tree, deploy.directory)
        if config == path:
            key = (deploy.directory, deploy.dockerfile)
            found.setdefault(key, Start(deploy.directory, deploy.dockerfile, deploy.why, deploy.place, deploy.image))
    own = Start(parent(path), None, "no command that runs in the repository: from the config's folder", None)
    if not found:
        return (own,)
    if all(start.place is not None and starts.is_prose(start.place.path, path) for start in found.values()):
        found.setdefault((own.directory, None), own)  # what a text says may have been true once
    return tuple(found.values())


def _config_in(tree: Tree, folder: str) -> str | None:
    for last in _DEFAULT_NAMES:
        path = f"{folder}/{last}" if folder else last
        if tree.is_file(path):
            return path
    return None


def _target(tree: Tree, config: ConfigFile, starts: tuple[Start, ...]) -> Target:
    app = config.get("app")
    processes = _processes(config)
    services = tuple(_services(config, processes))
    integer = "float64" if config.path.endswith(".json") else "int" if config.path.endswith(".yaml") else "int64"
    checked = fly_schema.check(config.data, integer)
    return Target(
        platform="fly",
        app=app if isinstance(app, str) else None,
        config=config.path,
        directory=parent(config.path),
        starts=starts,
        build=_build(config, any(_has_dockerfile(tree, start) for start in starts)),
        env=_env(config.get("env")),
        processes=processes,
        services=services,
        release=_release(config),
        faults=tuple(_faults(config, checked, processes)),
        ignored=tuple(_ignored(config, checked)),
        unknowns=tuple(_unknowns(config)),
        volumes=tuple(_volumes(config, processes)),
    )


def _has_dockerfile(tree: Tree, start: Start) -> bool:
    return start.dockerfile is not None or dockerfile_in(tree, start.directory) is not None


def dockerfile_in(tree: Tree, folder: str) -> str | None:
    """Return the Dockerfile that flyctl takes from a folder where nothing names one."""
    paths = (join(folder, last) for last in _DOCKERFILES)
    return next((path for path in paths if path is not None and tree.is_file(path)), None)


def _build(config: ConfigFile, has_dockerfile: bool) -> Build:
    """Return how the image comes about: an image, else a builder, else a Dockerfile, else what is built in.

    Source: flyctl `internal/command/deploy/deploy_build.go` (determineImage) and `internal/build/imgsrc/resolver.go`.
    """
    table = config.table("build")

    def text(*names: str) -> str | None:
        return next((value for key in names if isinstance(value := lookup(table, key), str) and value), None)

    args = table.get("args")
    arguments = {key: _text(value) for key, value in args.items()} if isinstance(args, dict) else {}
    stage = text("build-target", "build_target")
    place = config.place("build", "dockerfile") if "dockerfile" in table else None
    docker = has_dockerfile or text("dockerfile") is not None
    for key, kind in (("image", "image"), ("builder", "buildpacks"), *(() if docker else (("builtin", "builtin"),))):
        if text(key):
            return Build(kind, None, None, stage, arguments, config.place("build", key), f"{key} = {text(key)}")
    if "compose" in table or (text("dockerfile") or "").startswith(("http://", "https://")):
        return Build("other", None, None, stage, arguments, place or config.place("build"), "a compose file or an address")
    written = text("dockerfile")
    if written is None:
        return Build("dockerfile", None, None, stage, arguments, place, "")
    found = join(parent(config.path), written.lstrip("/"))
    return Build("dockerfile", found, None if found else written, stage, arguments, place, f"dockerfile = {written}")


def _processes(config: ConfigFile) -> tuple[Process, ...]:
    """Return the process groups; flyctl's group is `app`, with the image's own command, where none is written."""
    return tuple(
        _with_experimental(config, _process(config, group, command, key))
        for group, command, key in _written_processes(config) or [(DEFAULT_GROUP, "", ())]
    )


def _written_processes(config: ConfigFile) -> list[tuple[str, str, toml.Path]]:
    """Return the name, the command and the key of each group: a table, or tables of a list that hold name and command."""
    section = config.get("processes")
    if isinstance(section, dict):
        return [(key, value if isinstance(value, str) else "", ("processes", key)) for key, value in section.items()]
    found: dict[str, tuple[str, str, toml.Path]] = {}
    for table, path in _tables(section, ("processes",)):
        if "name" in table:
            name = _text(table["name"])
            found[name] = (name, _text(table.get("command", "")), (*path, "command"))
    return list(found.values())


def _with_experimental(config: ConfigFile, process: Process) -> Process:
    """Return a process with what `[experimental]` says: exec goes before all, cmd stands in for a missing command.

    An entrypoint goes in front; before the image's own command, which is not known here, `_unknowns` names it.
    """
    for option in ("exec", "cmd"):
        argv = _listed(config.table("experimental").get(option))
        if argv and (option == "exec" or process.argv is None):
            place = config.place("experimental", option)
            process = Process(process.name, argv, Origin("config", place, ("experimental", option)))
            if option == "exec":
                return process
    return _with_entrypoint(config, process)


def _with_entrypoint(config: ConfigFile, process: Process) -> Process:
    entry = _listed(config.table("experimental").get("entrypoint"))
    if not entry or process.argv is None:
        return process
    key = ("experimental", "entrypoint")
    return Process(process.name, entry + process.argv, Origin("config", config.place(*key), key))


def _listed(value: Value) -> tuple[str, ...]:
    """Return an option of `[experimental]` as argv: a list, or a string that is one word, whatever stands in it."""
    return (
        tuple(_text(word) for word in value)
        if isinstance(value, list)
        else (value,)
        if isinstance(value, str) and value
        else ()
    )


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
    return _with_entrypoint(config, process) if process.argv else None


def _services(config: ConfigFile, processes: tuple[Process, ...]) -> Iterator[Service]:
    default = DEFAULT_GROUP if any(p.name == DEFAULT_GROUP for p in processes) else min(p.name for p in processes)
    for table, path in _service_tables(config):
        port = table.get("internal_port") or DEFAULT_PORT
        port = int(port) if isinstance(port, float) or (isinstance(port, str) and port.isdecimal()) else port
        listed = _groups_of(table, default)
        key = "checks" if path == ("http_service",) else "http_checks"
        checks = [_check(config, check, place) for check, place in _tables(table.get(key), (*path, key))]
        for check, place in _top_level_checks(config):
            port_of_check = check.get("port") or (port if path == ("http_service",) else None)
            if check.get("type") == "http" and port_of_check == port and {*listed} & {*_groups_of(check, default)}:
                checks.append(_check(config, check, place))
        if isinstance(port, int) and not isinstance(port, bool) and table.get("protocol") != "udp":
            yield Service(port, listed, tuple(checks), config.place(*path, "internal_port"))


def _volumes(config: ConfigFile, processes: tuple[Process, ...]) -> Iterator[Volume]:
    """Yield what is mounted; without groups of its own, in the default one alone (flyctl's `processgroups.go`)."""
    default = DEFAULT_GROUP if any(p.name == DEFAULT_GROUP for p in processes) else min(p.name for p in processes)
    for section in ("mounts", "mount"):
        for table, path in _tables(config.get(section), (section,)):
            destination = table.get("destination")
            if isinstance(destination, str) and destination.strip("/"):
                where = posixpath.normpath("/" + destination.strip("/"))
                yield Volume(where, _groups_of(table, default), config.place(*path, "destination"))


def _service_tables(config: ConfigFile) -> list[tuple[dict[str, Value], toml.Path]]:
    """Return every service; flyctl drops an empty one of `[[services]]`, and takes an empty `[http_service]`."""
    http = config.get("http_service")
    own: list[tuple[dict[str, Value], toml.Path]] = [(http, ("http_service",))] if isinstance(http, dict) else []
    return own + [(table, path) for table, path in _tables(config.get("services"), ("services",)) if table]


def _groups_of(table: dict[str, Value], default: str) -> tuple[str, ...]:
    groups = table.get("processes")
    return tuple(_text(group) for group in groups) if isinstance(groups, list) and groups else (default,)


def _tables(value: Value, path: toml.Path) -> Iterator[tuple[dict[str, Value], toml.Path]]:
    """Yield the tables of a section that may be one table or a list of them."""
    if isinstance(value, dict):
        yield value, path
    for index, element in enumerate(value if isinstance(value, list) else ()):
        if isinstance(element, dict):
            yield element, (*path, index)


def _top_level_checks(config: ConfigFile) -> Iterator[tuple[dict[str, Value], toml.Path]]:
    """Yield the checks of `[checks]`: tables by name, or a list of tables that hold their names."""
    section = config.get("checks")
    if isinstance(section, list):
        yield from _tables(section, ("checks",))
    for key, value in section.items() if isinstance(section, dict) else ():
        if isinstance(value, dict):
            yield value, ("checks", key)


def _check(config: ConfigFile, table: dict[str, Value], path: toml.Path) -> Check:
    headers = table.get("headers")
    given = {key: _text(value) for key, value in headers.items()} if isinstance(headers, dict) else {}
    for header, _ in _tables(headers, ()) if isinstance(headers, list) else ():
        given[_text(header.get("name"))] = _text(header.get("value", ""))
    checked, method = table.get("path") or "/", table.get("method") or "get"
    interval, timeout = seconds(table.get("interval")), seconds(table.get("timeout"))
    return Check(_text(checked), _text(method).upper(), given, config.place(*path, "path"), interval, timeout)


def _env(value: Value) -> dict[str, str]:
    if isinstance(value, list):
        return {key: text for element in value for key, text in _env(element).items()}
    return {key: _text(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _text(value: Value) -> str:
    """Return a value as Go's `%v` prints it."""
    return fly_schema.go_text(value)


def _faults(
    config: ConfigFile,
    checked: list[fly_schema.WrongType | fly_schema.UnknownKey],
    processes: tuple[Process, ...],
) -> Iterator[Fault]:
    """Yield what stops flyctl at the config, the validators' complaints in their order (`validation.go`)."""
    if config.problem:
        yield _syntax(config, config.problem)
    elif config.path.endswith(".json"):
        yield from _not_json(config)
    for found in checked:
        if isinstance(found, fly_schema.WrongType):
            reason = "flyctl decodes the file into Go structs, and this value has another type than its field."
            yield _fault("config-type", 1, f"✘{found.message}", reason, config.place(*found.path))
    yield from _strategy(config)
    yield from _checks(config)
    yield from _groups(config, processes)
    yield from _unparsed(config)
    yield from _restarts(config, processes)


def _fault(code: str, step: int, message: str, reason: str, place: Place) -> Fault:
    return Fault(code, "config", step, "", "certain", message, reason, place)


def _syntax(config: ConfigFile, problem: Problem) -> Fault:
    document = toml.Document(config.text, {}, {}, [], [])
    row, column = document.row_and_column(problem.start)
    where = f"row {row} column {column}"
    if config.path.endswith(".json"):
        where = "unexpected end of JSON input" if problem.start >= len(config.text.rstrip()) else "invalid character …"
    elif config.path.endswith((".yaml", ".yml")):
        where = f"yaml: … {problem.message}"
    message = f"Error: failed loading app config from /…/{config.path}: {where}"
    reason = f"The file does not parse, so every flyctl command stops here: {problem.message}."
    return _fault("config-syntax", 0, message, reason, Place(config.path, row, column))


def _not_json(config: ConfigFile) -> Iterator[Fault]:
    """Report what YAML takes and JSON does not: comments, trailing commas, single quotes."""
    import json  # few configs are JSON

    try:
        json.loads(config.text)
    except json.JSONDecodeError as error:
        yield _syntax(config, Problem(error.pos, error.pos, "it is not valid JSON"))


def _unparsed(config: ConfigFile) -> Iterator[Fault]:
    """Report the commands that google/shlex can't split."""
    for key, command, section in _written_processes(config):
        error = _unclosed(command)
        if error:
            message = f"Could not parse command for '{key}' process group; check [processes] section: {error}"
            yield _fault("config-invalid", 2, message, "A quote in the command is never closed.", config.place(*section))
    console = config.get("console_command")
    if _unclosed(console):
        message = f"Can't shell split console command: '{console}'"
        place = config.place("console_command")
        yield _fault("config-invalid", 2, message, "A quote in the command is never closed.", place)


def _unclosed(command: Value) -> str | None:
    try:
        shell.split(command if isinstance(command, str) else "")
    except shell.Unclosed as error:
        return str(error)
    return None


def _strategy(config: ConfigFile) -> Iterator[Fault]:
    deploy = config.table("deploy")
    release, strategy = deploy.get("release_command"), deploy.get("strategy")
    if _unclosed(release):
        message = f"Can't shell split release command: '{release}'"
        place = config.place("deploy", "release_command")
        yield _fault("config-invalid", 2, message, "A quote in the command is never closed.", place)
    place = config.place("deploy", "strategy")
    if isinstance(strategy, str) and strategy not in ("", *_STRATEGIES):
        known = ", ".join(_STRATEGIES)
        message = f"unsupported deployment strategy '{strategy}'; Apps v2 supports the following strategies: {known}"
        yield _fault("config-invalid", 2, message, "flyctl knows four strategies.", place)
    if strategy == "canary" and (config.get("mounts") or config.get("mount")):
        message = "error canary deployment strategy is not supported when using mounted volumes"
        yield _fault("config-invalid", 2, message, "A second machine could not use the same volume.", place)


def _checks(config: ConfigFile) -> Iterator[Fault]:
    """Hold the checks of `[checks]` against what the platform takes."""
    for table, path in _top_level_checks(config):
        name = _text(table.get("name")) if isinstance(path[-1], int) else path[-1]
        if table.get("type") not in ("http", "tcp"):
            message = f"Can't process top level check '{name}': Missing or invalid check type, must be 'http' or 'tcp'"
            yield _fault("config-invalid", 2, message, "Only these two types exist.", config.place(*path, "type"))
        interval, timeout = (fly_schema.seconds(table.get(key)) for key in ("interval", "timeout"))
        if interval is not None and interval < 2:
            said = fly_schema.go_duration(interval)
            message = f"Check '{name}' interval is too short: {said}, minimum is 2 seconds"
            yield _fault("config-invalid", 2, message, "A number counts milliseconds.", config.place(*path, "interval"))
        if timeout is not None and timeout > 60:
            message = f"Check '{name}' timeout is too long: {fly_schema.go_duration(timeout)}, maximum is 60 seconds"
            yield _fault("config-invalid", 2, message, "The platform waits no longer.", config.place(*path, "timeout"))


def _restarts(config: ConfigFile, processes: tuple[Process, ...]) -> Iterator[Fault]:
    names = {process.name for process in processes}
    section = config.get("restart")
    for table, path in _tables(section, ("restart",)) if isinstance(section, list) else ():
        for group in _groups_of(table, "") if table.get("processes") else ():
            if group not in names:
                reason = f"The groups that exist are {', '.join(sorted(names))}."
                place = config.place(*path, "processes")
                yield _fault("config-invalid", 2, _NO_RESTART_GROUP.format(group=group), reason, place)
        policy = table.get("policy") or ""
        if isinstance(policy, str) and policy not in ("always", "never", "on-failure"):
            reason = "The policies are always, never and on-failure."
            yield _fault("config-invalid", 2, f"invalid restart policy: {policy}", reason, config.place(*path, "policy"))


def _groups(config: ConfigFile, processes: tuple[Process, ...]) -> Iterator[Fault]:
    """Hold the groups that services name against those that exist."""
    count = len({name for name, _, _ in _written_processes(config)})
    names = {process.name for process in processes}
    for table, path in _service_tables(config):
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
    experimental = config.table("experimental")
    if experimental.get("machine_config"):
        place = config.place("experimental", "machine_config")
        yield Unknown("machine_config: containers of a machine config are not followed", place)
    if experimental.get("entrypoint") and not experimental.get("exec"):
        reason = "an entrypoint before the image's own command is not followed"
        yield Unknown(f"[experimental] entrypoint: {reason}", config.place("experimental", "entrypoint"))


def doubts(tree: Tree, path: str, workdir: str) -> list[Doubt]:
    """Return what a config says that is not followed: flyctl's own ignore file, and what it puts over the image's files.

    `workdir` is the image's working directory: a volume that is mounted there may hold everything.
    """
    config = load(path, tree.text(path))
    found = []
    if lookup(config.table("build"), "ignorefile"):
        found.append(Doubt("ignore", f"{path} names an ignore file of its own"))
    for section, key, what in (
        ("files", "guest_path", "puts"),
        ("mounts", "destination", "mounts"),
        ("mount", "destination", "mounts"),
    ):
        for table, _ in _tables(config.get(section), (section,)):
            place = table.get(key)
            if isinstance(place, str) and place.strip("/"):
                whole = what == "mounts" and posixpath.join(workdir, "").startswith(
                    posixpath.join(posixpath.normpath(place), "")
                )
                names = frozenset() if whole else frozenset({name(place.rstrip("/"))})
                found.append(Doubt("machine", f"{path} {what} {place} into the machine", names=names))
    return found


def deploy_command(directory: str, config: str) -> str:
    """Return the command that deploys a config from a folder of the tree."""
    relative = posixpath.relpath(config, directory or ".")
    change = f"cd {shell.quote(directory)} && " if directory else ""
    return f"{change}fly deploy" + ("" if relative == "fly.toml" else f" --config {shell.quote(relative)}")


def config_folder(path: str) -> str:
    """Return the folder that a config's relative paths count from, for people: `./` for the root."""
    return posixpath.join(parent(path) or ".", "")
