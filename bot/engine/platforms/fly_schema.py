"""What a Fly config may say: the keys that flyctl knows, their types, and its words for a wrong one.

From superfly/flyctl at ad0172f: `internal/appconfig/config.go`, `service.go` and `patches.go`, and superfly/fly-go
`machine_types.go`. flyctl turns the file into JSON, patches old forms, and decodes that into Go structs: a wrong type is
`json: cannot unmarshal …`, an unknown key is silently ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.model.toml import Moment, Path, Value

# name of the Go struct, then key: Go type; a "[]X" is a list of X, a capital a struct, "any" is not looked into
STRUCTS: dict[str, dict[str, str]] = {
    "Config": {
        **dict.fromkeys(
            "app primary_region kill_signal console_command host_dedication_id machine_config container".split(),
            "string",
        ),
        "kill_timeout": "any",
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
        "checks": "any",
        "files": "[]File",
        "machine_checks": "any",
        "restart": "[]Restart",
        "vm": "[]Compute",
        "compute": "[]Compute",
        "computes": "[]Compute",
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
        "wait_timeout": "any",
        "release_command_timeout": "any",
        "release_command_vm": "any",
    },
    "Experimental": {
        **dict.fromkeys("cmd entrypoint exec attached machine_config kill_timeout metrics_port metrics_path".split(), "any"),
        **dict.fromkeys(["auto_rollback", "enable_consul", "enable_etcd", "lazy_load_images"], "bool"),
    },
    "HTTPService": {
        "internal_port": "int",
        "force_https": "bool",
        "auto_stop_machines": "any",
        "auto_start_machines": "bool",
        "min_machines_running": "int",
        "processes": "[]string",
        "concurrency": "any",
        "tls_options": "any",
        "http_options": "any",
        "checks": "[]appconfig.ServiceHTTPCheck",
        "machine_checks": "any",
    },
    "Service": {
        "protocol": "string",
        "internal_port": "any",  # patched: a string of digits is a number
        "auto_stop_machines": "any",
        "auto_start_machines": "bool",
        "min_machines_running": "int",
        "ports": "any",
        "concurrency": "any",
        "tcp_checks": "any",
        "http_checks": "any",
        "machine_checks": "any",
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
_PATCHED_LISTS = frozenset({"mounts", "mount", "services", "vm", "compute", "computes"})  # one table counts as a list of one


class WrongType(NamedTuple):
    """A value of the wrong type, and Go's words for it."""

    path: Path
    message: str


class UnknownKey(NamedTuple):
    """A key that flyctl ignores."""

    path: Path
    known: tuple[str, ...]  # what the section may hold


def check(data: dict[str, Value]) -> Iterator[WrongType | UnknownKey]:
    """Yield everything in a config that has a wrong type or an unknown name, in the order of the file."""
    yield from _struct("Config", data, ())


def _struct(struct: str, table: dict[str, Value], path: Path) -> Iterator[WrongType | UnknownKey]:
    known = STRUCTS[struct]
    for key, value in table.items():
        here = (*path, key)
        expected = known.get(key) or known.get(key.lower())  # encoding/json matches names in any case
        if expected is None:
            if f"{struct}.{key}" not in LEGACY:
                yield UnknownKey(here, tuple(known))
        elif expected in STRUCTS:
            if isinstance(value, dict):
                yield from _struct(expected, value, here)
            else:
                yield _wrong(struct, here, value, f"appconfig.{expected}")
        elif expected.startswith("[]") and expected[2:] in STRUCTS:
            yield from _structs(struct, expected, value, here)
        elif not _fits(expected, value, key):
            yield _wrong(struct, here, value, expected.replace("[]appconfig", "[]*appconfig"))


def _structs(struct: str, expected: str, value: Value, path: Path) -> Iterator[WrongType | UnknownKey]:
    inner = expected[2:]
    if isinstance(value, dict) and str(path[-1]) in _PATCHED_LISTS:
        yield from _struct(inner, value, path)
    elif isinstance(value, list) and all(isinstance(element, dict) for element in value):
        for index, element in enumerate(value):
            assert isinstance(element, dict)
            yield from _struct(inner, element, (*path, index))
    else:
        yield _wrong(struct, path, value, f"[]appconfig.{inner}")


def _fits(expected: str, value: Value, key: str) -> bool:
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
            if key == "processes" and isinstance(value, list):
                return True  # patched: [[processes]] with name and command, or []
            return isinstance(value, dict) and all(isinstance(element, str) for element in value.values())
        case "any":
            return True
    return isinstance(value, list) and all(isinstance(element, dict) for element in value)


def _wrong(struct: str, path: Path, value: Value, expected: str) -> WrongType:
    if expected in ("[]string", "map[string]string") and isinstance(value, list | dict):
        inside = value if isinstance(value, list) else list(value.values())
        wrong = [element for element in inside if not isinstance(element, str)]
        value, expected = (wrong[0], "string") if wrong else (value, expected)
    dotted = ".".join(str(part) for part in path if isinstance(part, str))
    return WrongType(path, f"json: cannot unmarshal {_kind(value)} into Go struct field {struct}.{dotted} of type {expected}")


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
