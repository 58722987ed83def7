"""What a Fly config may say: the keys that flyctl knows, their types, and its words for a wrong one.

From superfly/flyctl at ad0172f: `internal/appconfig/config.go`, `service.go`, `toplevelcheck.go` and `patches.go`, and
superfly/fly-go at 22d6e51 `machine_types.go` and `duration.go`. flyctl turns the file into maps, patches old forms, and
decodes the rest by way of JSON into Go structs: a wrong type is `json: cannot unmarshal …`, an unknown key is silently
ignored. It prints one complaint, the first: of a patch, else of a type that reads itself (a duration), else of the decoder,
which meets the keys of a table in alphabetical order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.model.toml import Path, Value
from bot.engine.model.toml_scalars import Moment

# name of the Go struct, then key: Go type; a "[]X" is a list of X, a capital a struct, "any" is not looked into
STRUCTS: dict[str, dict[str, str]] = {
    "Config": {
        **dict.fromkeys(
            "app primary_region kill_signal console_command host_dedication_id machine_config container".split(),
            "string",
        ),
        "kill_timeout": "duration",
        "swap_size_mb": "int",
        "experimental": "Experimental",
        "build": "Build",
        "deploy": "Deploy",
        "env": "any",
        "processes": "map[string]string",
        "mounts": "[]Mount",
        "mount": "[]Mount",
        "http_service": "HTTPService",
        "services": "[]Service",
        "checks": "map[string]*ToplevelCheck",
        "files": "[]File",
        "machine_checks": "any",
        "restart": "[]Restart",
        "vm": "[]*Compute",
        "compute": "[]*Compute",
        "computes": "[]*Compute",
        "statics": "[]Static",
        "metrics": "any",
        "metric": "any",
    },
    "Build": {
        **dict.fromkeys("builder image builtin dockerfile ignorefile build-target build_target compression".split(), "string"),
        "args": "map[string]string",
        "buildpacks": "[]string",
        "settings": "any",
        "compose": "any",
        "compression_level": "int",
    },
    "Deploy": {
        **dict.fromkeys(["strategy", "release_command", "seed_command"], "string"),
        "max_unavailable": "any",
        "wait_timeout": "duration",
        "release_command_timeout": "duration",
        "release_command_vm": "any",
    },
    "Experimental": {
        **dict.fromkeys("cmd entrypoint exec attached machine_config kill_timeout metrics_port metrics_path".split(), "any"),
        **dict.fromkeys(["auto_rollback", "enable_consul", "enable_etcd", "lazy_load_images"], "bool"),
    },
    "HTTPService": {
        "internal_port": "int",
        "force_https": "bool",
        "auto_stop_machines": "autostop",
        "auto_start_machines": "bool",
        "min_machines_running": "int",
        "processes": "[]string",
        "concurrency": "MachineServiceConcurrency",
        "tls_options": "any",
        "http_options": "any",
        "checks": "[]*ServiceHTTPCheck",
        "machine_checks": "any",
    },
    "Service": {
        "protocol": "string",
        "internal_port": "any",  # patched: a string of digits is a number
        "auto_stop_machines": "autostop",
        "auto_start_machines": "bool",
        "min_machines_running": "int",
        "ports": "[]MachinePort",
        "concurrency": "MachineServiceConcurrency",
        "tcp_checks": "[]*ServiceTCPCheck",
        "http_checks": "[]*ServiceHTTPCheck",
        "machine_checks": "any",
        "processes": "[]string",
    },
    "MachineServiceConcurrency": {"type": "string", "hard_limit": "int", "soft_limit": "int"},
    "MachinePort": {
        "port": "any",  # patched, as internal_port is
        **dict.fromkeys(["start_port", "end_port"], "int"),
        "handlers": "[]string",
        "force_https": "bool",
        **dict.fromkeys(["tls_options", "http_options", "proxy_proto_options"], "any"),
    },
    "ServiceTCPCheck": dict.fromkeys(["interval", "timeout", "grace_period"], "duration"),
    "ServiceHTTPCheck": {
        **dict.fromkeys(["interval", "timeout", "grace_period"], "duration"),
        **dict.fromkeys(["method", "path", "protocol", "tls_server_name"], "string"),
        "tls_skip_verify": "bool",
        "headers": "map[string]string",
    },
    "ToplevelCheck": {
        **dict.fromkeys(["interval", "timeout", "grace_period"], "duration"),
        **dict.fromkeys(["type", "method", "path", "protocol", "tls_server_name"], "string"),
        "port": "int",
        "tls_skip_verify": "bool",
        "headers": "map[string]string",
        "processes": "[]string",
    },
    "Mount": {
        **dict.fromkeys(["source", "destination", "auto_extend_size_increment", "auto_extend_size_limit"], "string"),
        "initial_size": "any",
        "snapshot_retention": "int",
        "scheduled_snapshots": "bool",
        "auto_extend_size_threshold": "int",
        "processes": "[]string",
    },
    "File": {**dict.fromkeys(["guest_path", "local_path", "secret_name", "raw_value"], "string"), "processes": "[]string"},
    "Restart": {"policy": "string", "retries": "int", "processes": "[]string"},
    "Compute": {
        **dict.fromkeys(["size", "cpu_kind", "gpu_kind", "host_dedication_id", "persist_rootfs"], "string"),
        "memory": "any",
        **dict.fromkeys(["cpus", "memory_mb", "max_memory_mb", "gpus"], "int"),
        "kernel_args": "[]string",
        "processes": "[]string",
    },
    "Static": dict.fromkeys(["guest_path", "url_prefix", "tigris_bucket", "index_document"], "string"),
}

# Left behind by old flyctl versions in thousands of files, ignored today, and misleading nobody.
LEGACY = frozenset(
    {
        "Config.attached",
        "Experimental.allowed_public_ports",
        "Experimental.private_network",
        "Service.script_checks",
        "Service.name",
    }
)
_ONLY_TYPES = frozenset({"MachineServiceConcurrency", "MachinePort", "ServiceTCPCheck", "ServiceHTTPCheck", "ToplevelCheck"})
_PATCHED_LISTS = frozenset(  # one table counts as a list of one
    {"mounts", "mount", "services", "vm", "compute", "computes", "ports", "tcp_checks", "http_checks"}
)
_NAMED = {"Restart.policy": "appconfig.RestartPolicy", "Compute.persist_rootfs": "fly.MachinePersistRootfs"}
_EMBEDDED = frozenset(STRUCTS["Compute"]) - {"size", "memory", "processes"}  # the fields of fly.MachineGuest
_INTEGER = re.compile(r"[+-]?\d+\Z", re.A)
_UNITS = frozenset({"ns", "us", "µs", "μs", "ms", "s", "m", "h"})


class WrongType(NamedTuple):
    """A value of the wrong type, and Go's words for it. `decoder` False: a type that reads itself refuses the value."""

    path: Path
    message: str
    decoder: bool = True


class UnknownKey(NamedTuple):
    """A key that flyctl ignores."""

    path: Path
    known: tuple[str, ...]  # what the section may hold


def check(data: dict[str, Value], integer: str = "int64") -> list[WrongType | UnknownKey]:
    """Return everything in a config that has a wrong type or an unknown name, what flyctl would print before the rest.

    `integer` is the Go type that the file's parser makes of whole numbers: int64 in TOML, float64 in JSON, int in YAML.
    """
    return [*_patches(data, integer), *sorted(_struct("Config", data, ()), key=_rank)]


def _patches(data: dict[str, Value], integer: str) -> Iterator[WrongType]:
    """Yield what flyctl's patches of old forms can't make sense of, in their order."""
    for element, path in _each(data, "env"):
        if not isinstance(element, dict):
            yield WrongType(path, f"Do not know how to process 'env' section of type: {go_type(element, integer)}")
    yield from _lists(data, ("services",), "services", integer)
    for service, path in _each(data, "services"):
        if isinstance(service, dict):
            yield from _service(service, path, integer)
    if "processes" in data and not isinstance(data["processes"], list | dict):
        yield WrongType(("processes",), f"Unknown processes type: {go_type(data['processes'], integer)}")
    yield from _experimental(data, integer)
    for check, path in _each(data, "checks"):
        if not isinstance(check, dict):
            kind = "check item" if len(path) > 1 else "'checks' section"
            yield WrongType(path, f"{kind} of unknown type: {go_type(check, integer)}")
        elif len(path) > 1 and not isinstance(check.get("name"), str):
            yield WrongType(path, "check item name not a string")
        for key, value in check.items() if isinstance(check, dict) and len(path) == 1 else ():
            if not isinstance(value, dict):
                yield WrongType((*path, key), f"'checks' section of unknown type: {go_type(value, integer)}")
    yield from _lists(data, ("compute", "computes", "vm"), "compute", integer)
    yield from _lists(data, ("mount", "mounts"), "mounts", integer)
    yield from _lists(data, ("metric", "metrics"), "mounts", integer)
    if "build" in data and not isinstance(data["build"], dict):
        yield WrongType(("build",), f"Build section of unknown type: {go_type(data['build'], integer)}")


def _each(data: dict[str, Value], key: str) -> list[tuple[Value, Path]]:
    """Return a section, or each element of one that is a list, with its place."""
    section = data.get(key)
    if isinstance(section, list):
        return [(element, (key, index)) for index, element in enumerate(section)]
    return [(section, (key,))] if key in data else []


def _lists(data: dict[str, Value], keys: tuple[str, ...], said: str, integer: str) -> Iterator[WrongType]:
    for key in keys:
        if key in data and (complaint := _no_tables(data[key], integer)):
            yield WrongType((key,), f"Error processing {said}: {complaint}")


def _no_tables(value: Value, integer: str) -> str | None:
    """Return what flyctl says of a value that is neither a table nor a list of tables."""
    if isinstance(value, list):
        wrong = next((element for element in value if not isinstance(element, dict)), None)
        return None if all(isinstance(element, dict) for element in value) else f"Can not cast '{_bad_verb(wrong, integer)}' …"
    return None if isinstance(value, dict) else f"Unknown type '{go_type(value, integer)}'"


def _bad_verb(value: Value, integer: str) -> str:
    """Return a value as Go's `%s` prints it."""
    return value if isinstance(value, str) else f"%!s({go_type(value, integer)}={go_text(value)})"


def _service(service: dict[str, Value], path: Path, integer: str) -> Iterator[WrongType]:
    concurrency = service.get("concurrency", {})
    if isinstance(concurrency, str):
        soft, comma, hard = concurrency.partition(",")
        wrong = next((limit for limit in (soft, hard) if not _INTEGER.match(limit)), None)
        if not comma:
            yield WrongType((*path, "concurrency"), f"Unknown value '{concurrency}' for concurrency limits")
        elif wrong is not None:
            said = f"Can not convert '{concurrency}': {_not_a_number(wrong)}"
            yield WrongType((*path, "concurrency"), said)
    elif not isinstance(concurrency, dict):
        said = f"Unknown type for service concurrency: {go_type(concurrency, integer)}"
        yield WrongType((*path, "concurrency"), said)
    ports = service.get("ports", {})
    if _no_tables(ports, integer):
        yield WrongType((*path, "ports"), f"Error processing ports: {go_type(ports, integer)}")
    for index, port in enumerate(ports if isinstance(ports, list) else [ports]):
        here = (*path, "ports", index) if isinstance(ports, list) else (*path, "ports")
        if isinstance(port, dict) and "port" in port:
            yield from _port(port["port"], (*here, "port"), integer)
    for key in ("tcp_checks", "http_checks"):
        if complaint := _no_tables(service.get(key, {}), integer):
            yield WrongType((*path, key), f"Error processing {key}: {complaint}")
    if "internal_port" in service:
        yield from _port(service["internal_port"], (*path, "internal_port"), integer)


def _port(value: Value, path: Path, integer: str) -> Iterator[WrongType]:
    if isinstance(value, str) and not _INTEGER.match(value):
        yield WrongType(path, f"Can not convert '{value}' to integer: {_not_a_number(value)}")
    elif not isinstance(value, str) and (isinstance(value, bool) or not isinstance(value, int | float)):
        yield WrongType(path, f"Unknown type for cast: {go_type(value, integer)}")


def _not_a_number(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'strconv.Atoi: parsing "{quoted}": invalid syntax'


def _experimental(data: dict[str, Value], integer: str) -> Iterator[WrongType]:
    section = data.get("experimental", {})
    if not isinstance(section, dict):
        yield WrongType(("experimental",), f"Experimental section of unknown type: {go_type(section, integer)}")
        return
    for key in ("cmd", "entrypoint", "exec"):
        value = section.get(key)
        wrong = next((word for word in value if not isinstance(word, str)), None) if isinstance(value, list) else None
        if wrong is not None:
            said = f"could not cast {go_text(wrong)} of type {go_type(wrong, integer)} to string on {key}"
            yield WrongType(("experimental", key), said)
        elif value is not None and not isinstance(value, str | list):
            said = f"could not cast {go_text(value)} of type {go_type(value, integer)} to []string on {key}"
            yield WrongType(("experimental", key), said)


def _rank(found: WrongType | UnknownKey) -> tuple[int, tuple[str, ...]]:
    keys = tuple(f"{part:09}" if isinstance(part, int) else part for part in found.path)
    return (0 if isinstance(found, WrongType) and not found.decoder else 1, keys)


def _struct(struct: str, table: dict[str, Value], path: Path) -> Iterator[WrongType | UnknownKey]:
    known = STRUCTS[struct]
    for key, value in table.items():
        here = (*path, key)
        expected = known.get(key) or known.get(key.lower())  # encoding/json matches names in any case
        inner = re.sub(r"^(?:\[\]|map\[string\])?\*?", "", expected or "")
        if expected is None:
            if f"{struct}.{key}" not in LEGACY and struct not in _ONLY_TYPES:
                yield UnknownKey(here, tuple(known))
        elif value is None or _patched(struct, key, value, path):
            continue
        elif expected in ("duration", "autostop"):
            complaint = _duration(value) if expected == "duration" else _autostop(value)
            if complaint:
                yield WrongType(here, complaint, decoder=False)
        elif inner in STRUCTS:
            yield from _structs(struct, expected, inner, value, here)
        elif not _fits(expected, value):
            yield _wrong(struct, here, value, _NAMED.get(f"{struct}.{key}", expected))


def _patched(struct: str, key: str, value: Value, path: Path) -> bool:
    """Say whether one of flyctl's patches takes the value before it is decoded, or has something to say of its own."""
    match f"{struct}.{key}":
        case "Config.processes" | "Config.checks":
            return not isinstance(value, dict)
        case "Config.build" | "Config.experimental":
            return not isinstance(value, dict)
        case "Config.services" | "Config.mounts" | "Config.mount" | "Config.vm" | "Config.compute" | "Config.computes":
            return not isinstance(value, list | dict)
        case "Service.ports" | "Service.tcp_checks" | "Service.http_checks":
            return not isinstance(value, list | dict)
        case "Service.concurrency":
            return not isinstance(value, dict)
        case "Config.kill_timeout":
            return not isinstance(value, str) or value == ""
    patched = struct == "ToplevelCheck" or path[:1] == ("services",)
    if STRUCTS[struct].get(key) == "duration" and patched:
        return not isinstance(value, str) or value == ""
    return key == "headers" and patched


def _structs(struct: str, expected: str, inner: str, value: Value, path: Path) -> Iterator[WrongType | UnknownKey]:
    package = "fly" if inner.startswith("Machine") else "appconfig"
    named = f"{package}.{inner}"
    single = expected == inner or str(path[-1]) in _PATCHED_LISTS
    if isinstance(value, dict) and (single or expected.startswith("map")):
        tables = [(value, path)] if single else [(each, (*path, key)) for key, each in value.items()]
    elif isinstance(value, list) and expected.startswith("[]"):
        tables = [(each, (*path, index)) for index, each in enumerate(value)]
    else:
        yield _wrong(struct, path, value, expected.replace(inner, named))
        return
    for table, here in tables:
        if isinstance(table, dict):
            yield from _struct(inner, table, here)
        elif str(path[-1]) not in _PATCHED_LISTS and table is not None and expected.startswith("[]"):
            yield _wrong(struct, path, table, named)


def _fits(expected: str, value: Value) -> bool:
    match expected:
        case "string":
            return isinstance(value, str)
        case "int":
            return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
        case "bool":
            return isinstance(value, bool)
        case "[]string":
            return isinstance(value, list) and all(isinstance(element, str) for element in value)
        case "map[string]string":
            return isinstance(value, dict) and all(isinstance(element, str) for element in value.values())
    return True


def _wrong(struct: str, path: Path, value: Value, expected: str) -> WrongType:
    if expected in ("[]string", "map[string]string") and isinstance(value, list if expected == "[]string" else dict):
        inside = value if isinstance(value, list) else [value[key] for key in sorted(value)]
        wrong = [element for element in inside if not isinstance(element, str)]
        value, expected = (wrong[0], "string") if wrong else (value, expected)
    names = [str(part) for part in path if isinstance(part, str)]
    if struct == "Compute" and names[-1] in _EMBEDDED:
        names.insert(-1, "MachineGuest")
    kind = f"number {value}" if expected == "int" and isinstance(value, float) else _kind(value)
    dotted = ".".join(names)
    return WrongType(path, f"json: cannot unmarshal {kind} into Go struct field {struct}.{dotted} of type {expected}")


def _autostop(value: Value) -> str | None:
    if isinstance(value, str) and value not in ("off", "stop", "suspend"):
        return f'invalid autostop string value "{value}"'
    return None if isinstance(value, bool | str) else "autostop value is not a valid bool or string"


def _duration(value: Value) -> str | None:
    """Return what Go's `time.ParseDuration` says of a duration; None when it takes it."""
    if not isinstance(value, str):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number else f"unknown duration type: {go_type(value)}"
    rest = value[1:] if value[:1] in ("+", "-") else value
    if rest == "0":
        return None
    while True:
        piece = re.match(r"(?:\d+\.?\d*|\.\d+)([^\d.]*)", rest, re.A)
        if not piece:
            return f'time: invalid duration "{value}"'
        if not piece[1]:
            return f'time: missing unit in duration "{value}"'
        if piece[1] not in _UNITS:
            return f'time: unknown unit "{piece[1]}" in duration "{value}"'
        rest = rest[piece.end() :]
        if not rest:
            return None


def seconds(value: Value) -> float | None:
    """Return a patched check's duration: a number counts milliseconds; None for what is no duration."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) / 1000
    if not isinstance(value, str) or value == "" or _duration(value):
        return None
    sizes = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    pieces = re.findall(r"(\d+\.?\d*|\.\d+)([^\d.]+)", value, re.A)
    total = sum(float(number) * sizes[unit] for number, unit in pieces)
    return -total if value.startswith("-") else total


def go_duration(length: float) -> str:
    """Return seconds as Go prints a `time.Duration`: `500ms`, `1.5s`, `1m30s`, `1h0m0s`."""
    if length == 0:
        return "0s"
    if abs(length) < 1:
        return f"{length * 1000:g}ms"
    minutes, rest = divmod(round(abs(length), 9), 60)
    hours, minutes = divmod(int(minutes), 60)
    said = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{'-' if length < 0 else ''}{said}{round(rest, 9):.10g}s"


def go_type(value: Value, integer: str = "float64") -> str:
    """Return the type of a decoded value as Go's `%T` prints it; `integer` is what the file's parser makes of whole numbers."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case int():
            return integer
        case float():
            return "float64"
        case Moment():
            return "time.Time"
        case str():
            return "string"
        case list():
            return "[]interface {}"
    return "map[string]interface {}"


def go_text(value: Value) -> str:
    """Return a value as Go's `%v` prints it: 1.0 is `1`, a list `[a b]`, a table `map[key:value]`."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case float():
            return _go_float(value)
        case list():
            return f"[{' '.join(go_text(element) for element in value)}]"
        case dict():
            return f"map[{' '.join(f'{key}:{go_text(value[key])}' for key in sorted(value))}]"
    return str(value)


def _go_float(value: float) -> str:
    """Return a float as Go's `%v` does: the fewest digits that mean it, with an exponent from a million on."""
    if value != value or abs(value) == float("inf"):
        return {"inf": "+Inf", "-inf": "-Inf"}.get(repr(value), "NaN")
    digits = len(repr(abs(value)).partition("e")[0].replace(".", "").strip("0")) or 1
    scientific = f"{value:.{digits - 1}e}"
    power = int(scientific.partition("e")[2])
    return f"{value:.{max(digits - 1 - power, 0)}f}" if -5 < power < 6 else scientific


def _kind(value: Value) -> str:
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case Moment() | str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
    return "null"
