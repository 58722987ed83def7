"""What Render's Blueprint sync refuses, in its words: keys, types, runtimes, variables and references that it does not take.

The rules are those of the Blueprint reference (https://render.com/docs/blueprint-spec) and its JSON schema; the words those
that people saw under "A Blueprint file was found, but there was an issue" in public repositories. `…` stands for what is not
known of them. A sync that is refused makes no new service, and one that is there goes on with the settings that it has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.engine.model import toml
from bot.engine.model.target import Refusal
from bot.engine.model.toml import Value
from bot.engine.platforms import blueprint, render_keys
from bot.engine.platforms.blueprint import Blueprint, Table

KINDS = ("web", "pserv", "worker", "cron", "keyvalue", "redis")
RUNTIMES = ("node", "python", "go", "ruby", "rust", "elixir", "docker", "image", "static")
_DOCKER = ("dockerfilePath", "dockerContext", "dockerCommand")
_PROPERTIES = ("connectionString", "host", "hostport", "port")
_SOURCES = ("value", "generateValue", "sync", "fromDatabase", "fromService", "previewValue")


def of_file(whole: Blueprint, ours: list[toml.Path]) -> Iterator[Refusal]:
    """Yield what is wrong with the parts of a Blueprint that are no service of `ours`."""
    refusals = _Refusals(whole)
    for key in whole.config.data:
        if key not in render_keys.BLUEPRINT and not key.startswith(("x-", ".", "<<")):
            yield refusals.unknown((key,), "Spec")
    for service, path in whole.services:
        if path not in ours:
            yield from refusals.of_service(service, path)


def of_service(whole: Blueprint, service: Table, path: toml.Path) -> Iterator[Refusal]:
    """Yield what is wrong with one service."""
    return _Refusals(whole).of_service(service, path)


class _Refusals:
    def __init__(self, whole: Blueprint) -> None:
        self.whole = whole
        self.services = {blueprint.text(service.get("name")) or "": service for service, _ in whole.services}
        self.databases = {blueprint.text(database.get("name")) or "" for database, _ in whole.databases}

    def of_service(self, table: Table, path: toml.Path) -> Iterator[Refusal]:
        for key in table:
            if key not in render_keys.SERVICE:
                yield self.unknown((*path, key), "Service")
        kind = table.get("type")
        if isinstance(kind, str) and kind not in KINDS:
            yield self.refusal((*path, "type"), f'unknown type "{kind}"', "Render has web, pserv, worker, cron and keyvalue.")
        if kind in ("keyvalue", "redis") and "ipAllowList" not in table:
            yield self.refusal(path, "must specify IP allow list", "`ipAllowList: []` keeps it to the private network.")
        yield from self.of_runtime(table, path)
        for variable, at in blueprint.tables(table.get("envVars"), (*path, "envVars")):
            yield from self.of_variable(variable, at)

    def of_runtime(self, table: Table, path: toml.Path) -> Iterator[Refusal]:
        written = table.get("runtime", table.get("env"))
        runtime = written if isinstance(written, str) else ""
        if runtime and runtime not in RUNTIMES:
            key = "runtime" if "runtime" in table else "env"
            yield self.refusal((*path, key), f"invalid runtime …{runtime}", f"Render has {', '.join(RUNTIMES)}.")
        if runtime in ("docker", "image"):
            for key in ("startCommand", "buildCommand"):
                if key in table:
                    reason = "A Docker service starts what its Dockerfile, or `dockerCommand`, says."
                    yield self.refusal((*path, key), f"{runtime} runtime must not have {key}", reason)
        elif runtime in RUNTIMES:
            for key in _DOCKER:
                if key in table:
                    reason = f"`runtime: {runtime}` builds without Docker."
                    yield self.refusal((*path, key), f"non-docker runtime {runtime} cannot have {key}", reason)
        if runtime in ("python", "node", "go", "ruby", "rust", "elixir") and not table.get("startCommand"):
            message = f"non-docker, non-static, non-image runtime {runtime} must have startCommand"
            yield self.refusal(path, message, "Render starts nothing by itself.")
        if table.get("plan") == "free":
            for key, what in (("preDeployCommand", "pre-deploy command is"), ("disk", "disks are")):
                if key in table:
                    yield self.refusal((*path, key), f"{what} not supported for free tier services", "`plan: free` has none.")

    def of_variable(self, table: Table, path: toml.Path) -> Iterator[Refusal]:
        for key in table:
            if key not in render_keys.VARIABLE:
                yield self.unknown((*path, key), "…")
        given = [key for key in _SOURCES if key in table]
        if "fromGroup" in table:
            yield from self.dangling((*path, "fromGroup"), table["fromGroup"], self.whole.groups, "environment group")
        elif "key" not in table or not given:
            reason = "A variable has a key and a value, `sync: false`, `generateValue: true` or a reference."
            yield self.refusal(path, "must be from group or have a key and value", reason)
        for key in ("value", "generateValue"):
            if key in table and "sync" in table:
                reason = "`sync: false` asks for the value in the dashboard."
                yield self.refusal((*path, "sync"), f"cannot simultaneously specify fields {key} and sync", reason)
        yield from self.of_reference(table, path)

    def of_reference(self, table: Table, path: toml.Path) -> Iterator[Refusal]:
        database, service = table.get("fromDatabase"), table.get("fromService")
        if isinstance(database, dict):
            yield from self.dangling((*path, "fromDatabase", "name"), database.get("name"), self.databases, "database")
        if not isinstance(service, dict):
            return
        here = (*path, "fromService")
        for key in service:
            if key not in render_keys.SERVICE_REFERENCE:
                yield self.unknown((*here, key), "…")
        name, wanted = service.get("name"), service.get("envVarKey")
        yield from self.dangling((*here, "name"), name, self.services, "service")
        told = service.get("property")
        if isinstance(told, str) and told not in _PROPERTIES:
            message = f"invalid service property: {told}. Valid properties are {', '.join(_PROPERTIES)}."
            yield self.refusal((*here, "property"), message, "A service is known by its address in the private network alone.")
        other = self.services.get(name) if isinstance(name, str) else None
        variables = self.whole.names(other) if other is not None else None
        if variables is not None and isinstance(wanted, str) and wanted not in variables:
            reason = f"The Blueprint gives `{name}` no such variable."
            yield self.refusal((*here, "envVarKey"), f'environment variable not found: "{wanted}" for {name}', reason)

    def dangling(self, path: toml.Path, name: Value, known: Collection[str], what: str) -> Iterator[Refusal]:
        """Yield a reference to what the Blueprint does not have, where it has something that is called much like it."""
        near = render_keys.near(name, known) if isinstance(name, str) and name not in known else None
        if near:
            reason = f"The Blueprint has `{near}`; another {what} of the workspace could be meant."
            yield self.refusal(path, f"{what} …{name}… not found", reason)

    def unknown(self, path: toml.Path, kind: str) -> Refusal:
        near = render_keys.meant(str(path[-1]), render_keys.level(path))
        reason = "Render does not know this key." + (f" Is `{near}` meant?" if near else "")
        return self.refusal(path, f"field {path[-1]} not found in type file.{kind}", reason)

    def refusal(self, path: toml.Path, message: str, reason: str) -> Refusal:
        return Refusal(path, message, reason, self.whole.config.place(*path))
