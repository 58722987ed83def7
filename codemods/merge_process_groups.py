"""Remove a process group that runs the same command as another and that no service reaches.

Fly starts machines of their own for every group of `[processes]`. Two groups with one command, of which the services serve
only one, cost a second set of machines that nobody talks to. The group without a service goes.

Before:                                   After:

    [processes]                               [processes]
      web = "uvicorn main:app …"                app = "uvicorn main:app …"
      app = "uvicorn main:app …"
    [[services]]                              [[services]]
      processes = ["app"]                       processes = ["app"]

References: https://fly.io/docs/launch/processes/
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.platforms import fly, survey
from bot.engine.report import Booted, Report
from codemods import _toml

CODEMOD = Codemod(answers=("duplicate-group",), since="0.1", platform="fly")
_BY_DEFAULT = ("mounts", "mount", "checks", "metrics", "metric", "restart", "files")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the groups that run the same command as a group that a service serves."""
    served = {name for service in report.target.services for name in service.processes}
    kept = [booted for booted in report.processes if booted.process.name in served and _written(booted)]
    if len(kept) == len(report.processes) or _asks_for_its_group(tree):
        return
    for booted in report.processes:
        twin = next((other for other in kept if other.argv == booted.argv), None)
        if booted.process.name in served or twin is None or not _written(booted) or booted.origin is None:
            continue
        name = booted.process.name
        message = f"process group `{name}` runs the same command as `{twin.process.name}`, and no service reaches it"
        reason = "Fly starts machines of their own for every group: these run for nothing."
        yield Weakness("duplicate-group", "boot", message, reason, booted.origin.place, name, name)


def _written(booted: Booted) -> bool:
    return booted.origin is not None and booted.origin.kind == "config" and bool(booted.argv)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the config without the group, where nothing else in it names the group."""
    booted = next((each for each in report.processes if each.process.name == finding.process), None)
    config = report.target.config
    if booted is None or booted.origin is None:
        return
    if config.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    text = tree.text(config)
    document = toml.read(text)
    statement = _toml.statement(document, booted.origin.key)
    if statement is None:
        yield Skip("the group is not a line of its own")
        return
    if _named_elsewhere(document.data, finding.process):
        yield Skip(f"another section of {config} names `{finding.process}`")
        return
    bound = _of_the_default_group(document.data)
    if bound and finding.process == _default(report):
        yield Skip(f"[{bound}] belongs to `{finding.process}`, the default group")
        return
    rationale = f"`{finding.process}` starts machines that run the same command and that no service reaches."
    yield Proposal(tree.write(config, _toml.delete(text, [statement])), rationale)


def _asks_for_its_group(tree: Tree) -> bool:
    """Say whether the code decides by the name of its group what to do: then one command does two things."""
    for path in tree.walk("", survey.SKIPPED):
        if path.endswith((".py", ".sh")):
            try:
                found = b"FLY_PROCESS_GROUP" in tree.read(path)
            except Unreadable:
                continue
            if found:
                return True
    return False


def _default(report: Report) -> str:
    """Return the group that a section without `processes` belongs to."""
    names = [booted.process.name for booted in report.processes]
    return fly.DEFAULT_GROUP if fly.DEFAULT_GROUP in names else min(names)


def _of_the_default_group(data: dict[str, toml.Value]) -> str | None:
    """Return a section that names no group and of which the platform takes the default one."""
    for key, value in data.items():
        tables = value if isinstance(value, list) else [value]
        tables = list(value.values()) if key == "checks" and isinstance(value, dict) else tables
        if key.lower() in _BY_DEFAULT and any(isinstance(table, dict) and not table.get("processes") for table in tables):
            return key
    return None


def _named_elsewhere(value: toml.Value, group: str) -> bool:
    """Say whether a `processes = [...]` anywhere in the config names the group."""
    if isinstance(value, dict):
        listed = value.get("processes")
        if listed == group or (isinstance(listed, list) and group in listed):
            return True
        return any(_named_elsewhere(inner, group) for inner in value.values())
    return isinstance(value, list) and any(_named_elsewhere(inner, group) for inner in value)
