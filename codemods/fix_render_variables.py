"""Give a variable of a Blueprint one source.

Render's Blueprint sync takes a variable with a value, one that it makes up (`generateValue`), one that is asked for in the
dashboard (`sync: false`), or a reference; with two of them, or none, it refuses the whole file: `cannot simultaneously specify
fields value and sync`. A value that is written goes before `sync`, an empty one behind it; `fromSecret` is `sync: false`. A
reference to a service, a database or a group that the Blueprint does not have is taken for the one that is written much like
it.

Before:                                   After:

    - key: LOG_LEVEL                          - key: LOG_LEVEL
      value: info                               value: info
      sync: false

References: https://render.com/docs/blueprint-spec#environment-variables
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.platforms import render_keys
from bot.engine.platforms.blueprint import Blueprint
from bot.engine.report import Report
from codemods import _render, _yaml

CODEMOD = Codemod(answers=("config-refused",), since="0.1", along="file", rank=20, platform="render")
_SECRETS = ("fromSecret", "secret", "fromEnv")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the variable with one source; unsafe where that drops something."""
    refusal = _render.refusal(finding, report)
    if refusal is None or "envVars" not in refusal.path:
        return
    text = tree.text(report.target.config)
    last = refusal.path[-1]
    if last == "sync":
        changed = _one_source(text, refusal.path[:-1])
    elif last in _SECRETS:
        changed = _yaml.delete(text, refusal.path)
        changed = _yaml.insert(changed, refusal.path[:-1], ("key",), "sync", False) if changed else None
    elif last in ("name", "fromGroup"):
        changed = _other_name(text, refusal.path, report)
    else:
        yield Skip(f"what `{'.'.join(str(part) for part in refusal.path[-2:])}` should be is not known")
        return
    if changed is None:
        yield Skip("the variable is not written on lines of its own")
        return
    yield Proposal(tree.write(report.target.config, changed), f"{refusal.message}: {refusal.reason}", "unsafe")


def _one_source(text: str, variable: toml.Path) -> str | None:
    """Drop `sync`, or a value that is empty."""
    if _yaml.find(text, (*variable, "sync")) is False and _yaml.find(text, (*variable, "value")) in ("", None):
        without = _yaml.delete(text, (*variable, "value"))
        if without is not None and "generateValue" not in (_yaml.find(text, variable) or ()):  # type: ignore[operator]
            return without
    return _yaml.delete(text, (*variable, "sync"))


def _other_name(text: str, path: toml.Path, report: Report) -> str | None:
    """Write the name that the Blueprint has."""
    from bot.engine.model.config import load

    whole = Blueprint(load(report.target.config, text))
    listed = {"fromGroup": whole.groups, "fromDatabase": _names(whole.databases), "fromService": _names(whole.services)}
    known = listed.get(str(path[-1] if path[-1] == "fromGroup" else path[-2]), ())
    near = render_keys.near(str(_yaml.find(text, path)), known)
    return _yaml.set_value(text, path, near) if near else None


def _names(tables: list[tuple[dict[str, toml.Value], toml.Path]]) -> list[str]:
    return [str(table["name"]) for table, _ in tables if "name" in table]
