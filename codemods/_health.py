"""What codemods of health checks share: which routes are one, and how a config asks for a path, with which headers."""

from __future__ import annotations

import ast
import re

from bot.engine.boot import bodies, web
from bot.engine.boot.values import dotted
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Place, Route, TurnedAway, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _toml, _yaml

CLEAR = frozenset("health healthz healthcheck health-check health_check _health".split())
_OTHERS = frozenset("ping up status live livez liveness ready readyz readiness alive heartbeat".split())
_BEFORE = re.compile(r"api|v\d+|_?internal|health|healthz|public|system")  # what may stand before such a name


def is_clear(path: str) -> bool:
    """Say whether a path is called like a health check, below nothing that it may be the state of."""
    front, _, last = path.lower().strip("/").rpartition("/")
    return last in CLEAR | _OTHERS and all(_BEFORE.fullmatch(part) for part in front.split("/") if part)


_GUARDED = re.compile(r"(?i)login|auth|user|token|admin|api_?key")


def answers(tree: Tree, route: Route) -> bool:
    """Say whether a route is answered without a redirect, parameters of the path or a user, as far as its function shows."""
    function = bodies.function_at(tree, route.handler)
    if "{" in route.path or "<" in route.path or not route.path.startswith("/") or function is None:
        return False
    calls = [dotted(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    guards = [
        ast.unparse(node) for node in (*function.decorator_list, *function.args.defaults, *function.args.kw_defaults) if node
    ]
    guards += [ast.unparse(argument.annotation) for argument in function.args.args if argument.annotation]
    redirects = any(call.rpartition(".")[2].lower().startswith("redirect") for call in calls)
    return not redirects and not any(_GUARDED.search(re.sub(r"(['\"]).*?\1", "", guard)) for guard in guards)


def asking(text: str, report: Report, place: Place, path: str, method: str | None = None) -> str | None:
    """Return a config whose check at a place asks for a path, or with another method; None where it is written otherwise."""
    if report.target.config.endswith(".yaml"):
        return _yaml.set_value(text, (*report.target.key, "healthCheckPath"), path)
    document = toml.read(text)
    at = _toml.path_at(document, place) or ()
    table = at[:-1] if at[-1:] == ("path",) else at
    if "checks" not in table and "http_checks" not in table:
        return None
    if method:
        span = document.spans.get((*table, "method"))
        upper = span is not None and document.text[span.start : span.end].isupper()
        return _toml.set_string(text, (*table, "method"), method if upper else method.lower())
    if at != table:
        return _toml.set_string(text, at, path)
    return _toml.insert_first(text, table, "path", toml.quoted(path, _toml.quote_style(document)))


_BEHIND = "startCommand dockerCommand buildCommand dockerContext dockerfilePath plan region runtime env name".split()
_CHECK = (("grace_period", "10s"), ("interval", "30s"), ("method", "GET"), ("timeout", "5s"))  # as Fly's documentation has it


def takes(route: Route, path: str) -> bool:
    """Say whether a route takes the path of a health check, which is none of its own."""
    return "GET" in route.methods and route.path != path and web.matches(route.path, path)


def with_check(tree: Tree, report: Report, path: str) -> Tree | None:
    """Return the tree whose config asks for a path, where nothing is asked for yet; None where it is written otherwise."""
    config, key = report.target.config, report.target.key
    text = tree.text(config)
    edited: str | None = None
    if report.target.platform == "render":
        found = (_yaml.insert(text, key, (name,), "healthCheckPath", path) for name in _BEHIND)
        edited = next((each for each in found if each is not None), None)
    elif config.endswith(".toml"):
        edited = _with_table(text, path)
    return tree.write(config, edited) if edited is not None else None


def _with_table(text: str, path: str) -> str | None:
    """Return a fly.toml whose one service has a check."""
    document = toml.read(text)
    headers = [s for s in document.statements if s.kind != "key" and str(s.path[0]) in ("http_service", "services")]
    services = [s for s in headers if len([part for part in s.path if isinstance(part, str)]) == 1]
    if len(services) != 1 or services[0].problem:
        return None
    service = services[0]
    name = "http_service.checks" if service.path[0] == "http_service" else "services.http_checks"
    own = [s for s in document.statements if s.path[: len(service.path)] == service.path]
    quote, ending = _toml.quote_style(document), newline(text)
    keys = [s for s in own if s.kind == "key" and s.path[:-1] == service.path]
    line = text[keys[0].start : keys[0].end] if keys else ""
    lead = line[: len(line) - len(line.lstrip())]
    inner = lead + (lead or "  ")
    pairs = [*_CHECK, ("path", path)]
    lines = [f"{lead}[[{name}]]", *(f"{inner}{option} = {toml.quoted(value, quote)}" for option, value in pairs)]
    at = own[-1].end
    gap = ending if text[:at].endswith("\n") else ending * 2
    return splice(text, [Splice(at, at, gap + "".join(line + ending for line in lines))])


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
