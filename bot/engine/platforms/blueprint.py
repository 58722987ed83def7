"""A Blueprint's tables: services, wherever they stand, databases, groups of variables, and what a variable comes to.

From Render's Blueprint reference (https://render.com/docs/blueprint-spec).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.model import toml
from bot.engine.model.config import ConfigFile
from bot.engine.model.toml import Value

Table = dict[str, Value]
_MERGE = "<<"
_HUGE = 10**400


class Blueprint:
    """A Blueprint that was read."""

    def __init__(self, config: ConfigFile) -> None:
        self.config = config
        self.services = list(_listed(config, "services"))
        self.databases = list(_listed(config, "databases"))
        self.groups = {text(group.get("name")) or "": group for group, _ in _listed(config, "envVarGroups")}

    def env(self, service: Table) -> dict[str, str | None]:
        """Return the variables by name; what the dashboard, a database or Render itself gives has no value here."""
        found: dict[str, str | None] = {}
        for variable, _ in tables(service.get("envVars"), ()):
            group = self.groups.get(text(variable.get("fromGroup")) or "")
            if group:
                found = {**_values(group), **found}  # a service's own variables go before a group's
            name = text(variable.get("key"))
            if name:
                found[name] = self._value(variable)
        return found

    def _value(self, variable: Table) -> str | None:
        """Return what a variable says, or the one of another service that it stands for."""
        if "value" in variable:
            return text(variable.get("value"))
        reference = variable.get("fromService")
        wanted = text(reference.get("envVarKey")) if isinstance(reference, dict) else None
        if not wanted or not isinstance(reference, dict):
            return None
        other = next((service for service, _ in self.services if service.get("name") == reference.get("name")), None)
        return _values(other).get(wanted) if other else None

    def names(self, service: Table) -> frozenset[str] | None:
        """Return the names of a service's variables; None where a group of the dashboard may give more."""
        listed = [variable for variable, _ in tables(service.get("envVars"), ())]
        if any("fromGroup" in each and text(each["fromGroup"]) not in self.groups for each in listed):
            return None
        return frozenset(self.env(service))

    def variable(self, key: toml.Path, name: str) -> toml.Path | None:
        """Return where a service writes a variable."""
        service = next((service for service, at in self.services if at == key), {})
        for variable, at in tables(service.get("envVars"), (*key, "envVars")):
            if variable.get("key") == name:
                return (*at, "value")
        return None

    def left(self, key: toml.Path, name: str) -> bool:
        """Say whether a variable of a service has neither a value nor anything that gives it one."""
        service = next((service for service, at in self.services if at == key), {})
        listed = [variable for variable, _ in tables(service.get("envVars"), ())]
        found = [variable for variable in listed if text(variable.get("key")) == name]
        given = ("generateValue", "fromDatabase", "fromService")
        return bool(found) and not any(each.get("value") is not None or any(key in each for key in given) for each in found)

    def of_database(self, key: toml.Path, name: str) -> bool:
        """Say whether a variable of a service holds the URL of a database of the Blueprint's."""
        service = next((service for service, at in self.services if at == key), {})
        listed = [variable for variable, _ in tables(service.get("envVars"), ())]
        groups = [self.groups.get(text(variable.get("fromGroup")) or "", {}) for variable in listed]
        listed += [variable for group in groups for variable, _ in tables(group.get("envVars"), ())]
        sources = [each.get("fromDatabase") for each in listed if text(each.get("key")) == name]
        return any(isinstance(each, dict) and each.get("property") == "connectionString" for each in sources)


def _values(table: Table) -> dict[str, str | None]:
    """Return the variables that a group or a service gives as they are written."""
    listed = (variable for variable, _ in tables(table.get("envVars"), ()))
    return {name: text(each.get("value")) if "value" in each else None for each in listed if (name := text(each.get("key")))}


def _listed(config: ConfigFile, section: str) -> Iterator[tuple[Table, toml.Path]]:
    """Yield the tables of a section: at the top, and in the environments of projects."""
    yield from tables(config.data.get(section), (section,))
    for outer in ("projects", "ungrouped"):
        for project, at in tables(config.data.get(outer), (outer,)):
            yield from tables(project.get(section), (*at, section))
            for environment, there in tables(project.get("environments"), (*at, "environments")):
                yield from tables(environment.get(section), (*there, section))


def tables(value: Value, path: toml.Path) -> Iterator[tuple[Table, toml.Path]]:
    """Yield a table, or the tables of a list, with their places; what `<<` brings is in them."""
    if isinstance(value, dict):
        yield _merged(value), path
    for index, element in enumerate(value if isinstance(value, list) else ()):
        if isinstance(element, dict):
            yield _merged(element), (*path, index)


def _merged(table: Table) -> Table:
    """Return a mapping with what `<<` brings from others; its own keys go before."""
    sources = table.get(_MERGE)
    merged: Table = {}
    for source in sources if isinstance(sources, list) else [sources]:
        if isinstance(source, dict):
            merged = {**_merged(source), **merged}
    own = {key: value for key, value in table.items() if key != _MERGE}
    return {**merged, **own} if _MERGE in table else table


def runtime(service: Table) -> str:
    """Return the runtime of a service; `env` is its old name."""
    return text(service.get("runtime")) or text(service.get("env")) or ""


def text(value: Value) -> str | None:
    """Return a scalar as Render takes it: a number is its text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= _HUGE:  # Python refuses to write out the longest ones
        return None
    return str(value) if isinstance(value, str | int | float) else None
