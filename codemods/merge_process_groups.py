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
from bot.engine.model.tree import Tree
from bot.engine.report import Booted, Report
from codemods import _toml

CODEMOD = Codemod(answers=("duplicate-group",), since="0.1")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the groups that run the same command as a group that a service serves."""
    served = {name for service in report.target.services for name in service.processes}
    kept = [booted for booted in report.processes if booted.process.name in served and _written(booted)]
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
    if booted is None or booted.origin is None or config.endswith((".json", ".yaml")):
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
    rationale = f"`{finding.process}` starts machines that run the same command and that no service reaches."
    yield Proposal(tree.write(config, _toml.delete(text, [statement])), rationale)


def _named_elsewhere(value: toml.Value, group: str) -> bool:
    """Say whether a `processes = [...]` anywhere in the config names the group."""
    if isinstance(value, dict):
        listed = value.get("processes")
        if isinstance(listed, list) and group in listed:
            return True
        return any(_named_elsewhere(inner, group) for inner in value.values())
    return isinstance(value, list) and any(_named_elsewhere(inner, group) for inner in value)
