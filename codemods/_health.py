"""What codemods of health checks share: which paths are one by their name, and headers of a check."""

from __future__ import annotations

import re

from bot.engine.model import toml
from bot.engine.model.findings import Fault, Place, TurnedAway, Weakness
from bot.engine.model.tree import Splice, newline, splice
from bot.engine.report import Report
from codemods import _toml

CLEAR = frozenset("health healthz healthcheck health-check health_check _health".split())
_OTHERS = frozenset("ping up status live livez liveness ready readyz readiness alive heartbeat".split())
_BEFORE = re.compile(r"api|v\d+|_?internal|health|healthz|public|system")  # what may stand before such a name


def is_clear(path: str) -> bool:
    """Say whether a path is called like a health check, below nothing that it may be the state of."""
    front, _, last = path.lower().strip("/").rpartition("/")
    return last in CLEAR | _OTHERS and all(_BEFORE.fullmatch(part) for part in front.split("/") if part)


def turned(finding: Fault | Weakness, report: Report) -> list[TurnedAway]:
    """Return all checks that are turned away in the same words."""
    faults = [fault for fault in report.faults if fault.identity == finding.identity]
    return [fault.detail for fault in faults if isinstance(fault.detail, TurnedAway)]


def plain(path: str) -> str:
    """Return a checked path without its query."""
    return path.partition("?")[0]


def with_headers(text: str, places: list[Place], name: str, value: str) -> str | None:
    """Return a fly.toml whose checks at these places send one more header; None where a check is written otherwise."""
    for place in sorted(places, reverse=True):
        edited = _with_header(text, place, name, value)
        if edited is None:
            return None
        text = edited
    return text


def _with_header(text: str, place: Place, name: str, value: str) -> str | None:
    document = toml.read(text)
    path = _toml.path_at(document, place) or ()
    table = path[:-1] if path[-1:] == ("path",) else path
    if "checks" not in table and "http_checks" not in table:
        return None
    asked = document.spans.get((*table, "path"))
    raw = toml.quoted(value, document.text[asked.start : asked.end] if asked else _toml.quote_style(document))
    if any(found[: len(table) + 1] == (*table, "headers") for found in document.spans):
        return _toml.insert_first(text, (*table, "headers"), name, raw)
    own = [s for s in document.statements if s.kind == "key" and s.path[:-1] == table]
    if not own:
        return _toml.insert_first(text, table, "headers", f"{{ {name} = {raw} }}")
    last = own[-1]
    line = text[last.start : last.end]
    indent = line[: len(line) - len(line.lstrip())]
    gap = "" if line.endswith("\n") else newline(text)
    return splice(text, [Splice(last.end, last.end, f"{gap}{indent}headers = {{ {name} = {raw} }}{newline(text)}")])
