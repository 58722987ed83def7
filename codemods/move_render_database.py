"""List a database among the databases.

Render has no service of the type `psql`, `postgres` or the like: a database is an element of `databases`, at the top of the
Blueprint, and without a type. In `services` the sync refuses the whole file (`unknown type "psql"`). What the service says of
the database goes with it, references to it become `fromDatabase`, and a plan that Postgres does not have any more is left out.

Before:                                   After:

    services:                                 services:
      - type: psql                              - type: web
        name: db                                  …
      - type: web                             databases:
        …                                       - name: db

References: https://render.com/docs/blueprint-spec#databases
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml, yaml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _render, _yaml

CODEMOD = Codemod(answers=("config-refused",), since="0.1", along="file", rank=40, platform="render")
_TYPES = frozenset("psql postgres postgresql pg database db".split())
_KEYS = frozenset(
    "name plan previewPlan previewDiskSizeGB postgresMajorVersion databaseName user region diskSizeGB"
    " storageAutoscalingEnabled readReplicas highAvailability ipAllowList".split()
)
_CALLED = {"databaseUser": "user", "dbName": "databaseName", "version": "postgresMajorVersion"}
_LEGACY = frozenset(["starter", "standard", "pro", "pro plus"])


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the Blueprint with the database where it belongs; unsafe, since a database costs money."""
    refusal = _render.refusal(finding, report)
    text = tree.text(report.target.config)
    if refusal is None or refusal.path[-1] != "type" or _yaml.find(text, refusal.path) not in _TYPES:
        return
    changed = _moved(text, refusal.path[:-1])
    if changed is None:
        yield Skip("the database is not written on lines of its own")
        return
    yield Proposal(tree.write(report.target.config, changed), f"{refusal.message}: a database is no service.", "unsafe")


def _moved(text: str, service: toml.Path) -> str | None:
    name = _yaml.find(text, (*service, "name"))
    table = _yaml.find(text, service)
    changed: str | None = text
    for key in table if isinstance(table, dict) else ():
        if changed is None:
            return None
        legacy = key == "plan" and _yaml.find(text, (*service, key)) in _LEGACY
        if key in _CALLED:
            changed = _yaml.rename(changed, (*service, key), _CALLED[key])
        elif key not in _KEYS or legacy:
            changed = _yaml.delete(changed, (*service, key))
    changed = _referred(changed, name) if changed is not None else None
    return _listed(changed, service) if changed is not None else None


def _referred(text: str, name: toml.Value) -> str | None:
    """Make the references to a service of a name ones to a database."""
    changed: str | None = text
    for path in list(yaml.read(text).spans):
        if changed is not None and path[-1] == "fromService" and _yaml.find(text, (*path, "name")) == name:
            typed = _yaml.find(text, (*path, "type")) is not None
            changed = _yaml.delete(changed, (*path, "type")) if typed else changed
            changed = _yaml.rename(changed, path, "fromDatabase") if changed is not None else None
    return changed


def _listed(text: str, service: toml.Path) -> str | None:
    """Take an element out of the services, and put it behind the databases."""
    spans = yaml.read(text).spans
    element = spans[service]
    start, end = text.rfind("\n", 0, element.start) + 1, _yaml.end_of(text, element)
    lead, ending = text[start : element.start], newline(text)
    if lead.strip() != "-" or len(_elements(text, service[:-1])) < 2:
        return None
    block, without = text[start:end].rstrip("\r\n") + ending, text[:start] + text[end:]
    databases = _elements(without, ("databases",))
    if databases:
        last = yaml.read(without).spans[("databases", len(databases) - 1)]
        own = without[without.rfind("\n", 0, last.start) + 1 : last.start]
        at, block = _yaml.end_of(without, last), _indented(block, len(lead), len(own))
        changed = splice(without, [Splice(at, at, ("" if without[:at].endswith("\n") else ending) + block)])
    elif ("databases",) in spans:
        return None
    else:
        above = without.rstrip("\r\n")
        changed = f"{above}{ending}{ending}databases:{ending}{block}"
    read = yaml.read(changed)
    return changed if read.problem is None and len(_elements(changed, ("databases",))) == len(databases) + 1 else None


def _elements(text: str, path: toml.Path) -> list[toml.Value]:
    found = _yaml.find(text, path)
    return found if isinstance(found, list) else []


def _indented(block: str, now: int, wanted: int) -> str:
    """Return lines that are indented as deep as their new neighbours."""
    if wanted >= now:
        return re.sub(r"^(?=.)", " " * (wanted - now), block, flags=re.M)
    return re.sub(rf"^ {{{now - wanted}}}", "", block, flags=re.M)
