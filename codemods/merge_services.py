"""Expose a port by one section: what `[[services]]` says goes into `[http_service]`.

`[http_service]` is short for a service on 80 and 443. Where `[[services]]` exposes the same port there as well, flyctl takes
both: the config is legal, and deploys. But each has its own settings and checks for the same machines, so that a check which
somebody adds to one of them, or an `auto_stop_machines`, says nothing about the other, and nobody reading the file can tell
which of the two a request goes by. The checks and the limits move, the rest is what `[http_service]` means by itself. Where
the two say different things, nothing is edited.

Before:                                   After:

    [http_service]                            [http_service]
      internal_port = 8080                      internal_port = 8080
      force_https = true                        force_https = true

    [[services]]                              [[http_service.checks]]
      internal_port = 8080                      path = "/health"
      …
      [[services.http_checks]]
        path = "/health"

References: https://fly.io/docs/reference/configuration/#the-http_service-section,
https://fly.io/docs/reference/configuration/#the-services-sections
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import config as configs
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.toml import Value
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.platforms import fly
from bot.engine.report import Report
from codemods import _toml

CODEMOD = Codemod(answers=("service-twice",), since="0.1", platform="fly")
Table = dict[str, Value]
_HANDLERS: dict[int, list[str]] = {80: ["http"], 443: ["http", "tls"]}  # what [http_service] stands for
_SAME = ("internal_port", "processes", "auto_stop_machines", "auto_start_machines", "min_machines_running")
_MOVED = {"http_checks": "checks", "concurrency": "concurrency"}  # and what they are called in [http_service]


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the services that expose a port which `[http_service]` exposes already, on the same ports."""
    if report.target.platform != "fly" or not tree.is_file(report.target.config):
        return
    config = configs.load(report.target.config, tree.text(report.target.config))
    for index, service in _twins(config.data):
        both = sorted(port for port in _HANDLERS if port in _ports(service))
        message = f"[http_service] and [[services]] both expose port {_port(service)} on {' and '.join(map(str, both))}"
        reason = "flyctl takes both, and each has its own settings and checks for the same machines."
        yield Weakness("service-twice", "config", message, reason, config.place("services", index, "internal_port"))


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the config whose `[http_service]` says it all."""
    path = report.target.config
    if path.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    text = tree.text(path)
    document = toml.read(text)
    listed, twins = document.data.get("services"), _twins(document.data)
    http = document.data.get("http_service")
    if not isinstance(listed, list) or len(listed) != 1 or len(twins) != 1 or not isinstance(http, dict):
        yield Skip("there are more services than the two")
        return
    differs = _differs(http, twins[0][1])
    if differs is not None:
        yield Skip(f"the two say different things about {differs}")
        return
    merged = _merged(document)
    if merged is None:
        yield Skip("the service is not written in tables of its own")
        return
    why = f"Port {_port(http)} is exposed once; the checks and limits stand where the service is."
    yield Proposal(tree.write(path, merged), why)


def _twins(data: Table) -> list[tuple[int, Table]]:
    """Return the services that are reached as `[http_service]` is, with their numbers."""
    http, listed = data.get("http_service"), data.get("services")
    if not isinstance(http, dict) or not isinstance(listed, list):
        return []
    return [
        (index, service)
        for index, service in enumerate(listed)
        if isinstance(service, dict)
        and service.get("protocol") != "udp"
        and _port(service) == _port(http)
        and service.get("processes") == http.get("processes")
        and _HANDLERS.keys() & _ports(service)
    ]


def _port(service: Table) -> Value:
    return service.get("internal_port") or fly.DEFAULT_PORT


def _ports(service: Table) -> set[int]:
    """Return the ports that the proxy takes for a service."""
    given = (table.get("port") for table in _tables(service.get("ports")))
    return {port for port in given if isinstance(port, int)}


def _tables(value: Value) -> list[Table]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _differs(http: Table, service: Table) -> str | None:
    """Return about what a service says something that `[http_service]` would not; None where it says the same."""
    for key, value in service.items():
        if key in _MOVED:
            if _MOVED[key] in http and http[_MOVED[key]] != value:
                return key
        elif key in _SAME:
            if http.get(key, None if key != "internal_port" else fly.DEFAULT_PORT) != value:
                return key
        elif key not in ("ports", "protocol") or (key == "protocol" and value != "tcp"):
            return key
    for table in _tables(service.get("ports")):
        given, port = table.get("handlers"), table.get("port")
        handlers = sorted(map(str, given)) if isinstance(given, list) else []
        known = _HANDLERS.get(port) if isinstance(port, int) else None
        if handlers != known or set(table) - {"port", "handlers", "force_https"}:
            return f"port {port}"
        if port == 80 and bool(table.get("force_https")) != bool(http.get("force_https")):
            return "force_https"
    durations = [value for check in _tables(service.get("http_checks")) for value in check.values()]
    return "durations" if any(type(value) in (int, float) for value in durations) else None  # of another unit there


def _merged(document: toml.Document) -> str | None:
    """Return the config without the service, whose checks and limits move; None where it is written otherwise."""
    text, http = document.text, document.data["http_service"]
    own = [statement for statement in document.statements if statement.path[:2] == ("services", 0)]
    headers = [statement for statement in own if statement.kind != "key"]
    if any(s.problem for s in own) or not any(s.path == ("http_service",) and s.kind == "table" for s in document.statements):
        return None
    splices: list[Splice] = []
    gone: list[tuple[int, int]] = []
    for statement in own:
        key = statement.path[2] if len(statement.path) > 2 else ""
        moved = _MOVED.get(str(key))
        if moved is None or (isinstance(http, dict) and moved in http):
            joins = gone and not text[gone[-1][1] : statement.start].strip()
            gone.append((gone.pop()[0] if joins else statement.start, statement.end))
        elif statement.kind != "key":
            line = text[statement.start : statement.end]
            named = re.sub(rf"services(\s*\.\s*){key}", rf"http_service\g<1>{moved}", line, count=1)
            if named == line:
                return None
            splices.append(Splice(statement.start, statement.end, named))
        elif not any(h.path == statement.path[: len(h.path)] and len(h.path) > 2 for h in headers):
            return None  # `http_checks = […]`, written as a value
    return splice(text, sorted([*splices, *(_toml.cut(text, start, end) for start, end in gone)]))
