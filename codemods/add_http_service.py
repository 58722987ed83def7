"""Give an app that serves HTTP its [http_service].

Fly's proxy routes to the ports that `[http_service]` or `[[services]]` names, and to nothing without one: the app runs, and
nobody can open it; a first deploy does not even allocate an address. The service is written as `fly launch` writes it, with
the port that the app listens on and the process group that listens. Only a person knows whether the app is meant for
everybody, so this is never done unasked. Bots and workers listen on nothing and get none.

flyctl allocates addresses at the first deploy of an app alone. For an app that was deployed before, two commands do it.

Before:                                   After:

    app = "demo"                              app = "demo"

                                              [http_service]
                                                internal_port = 8080
                                                force_https = true
                                                auto_stop_machines = "stop"
                                                auto_start_machines = true
                                                min_machines_running = 0

References: https://fly.io/docs/reference/configuration/#the-http_service-section,
https://fly.io/docs/networking/services/
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.boot.program import LOOPBACK
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import shell, toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Booted, Report
from codemods import _toml

CODEMOD = Codemod(answers=("no-services",), since="0.1", platform="fly")
_BEHIND = frozenset(  # the tables that flyctl writes behind the services
    "services checks files machine_checks restart vm compute computes statics metrics metric".split()
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the service of the one process that serves; which of several is meant for everybody is not known."""
    config = report.target.config
    ports = {booted.process.name: found for booted in report.processes if (found := _ports(booted))}
    listening = ports.get(finding.process, set())
    if config.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    if len(ports) > 1:
        yield Skip(f"{' and '.join(sorted(ports))} all serve: which of them is meant for everybody is not known")
        return
    port = listening.pop() if len(listening) == 1 else None
    if port is None:
        yield Skip("which port the app listens on is not known")
        return
    text = tree.text(config)
    document = toml.read(text)
    if any(key.lower() == "http_service" for key in document.data):
        yield Skip("there is an [http_service] already")
        return
    grouped = any(key.lower() == "processes" and value for key, value in document.data.items())
    lines = _lines(port, finding.process if grouped else None, _toml.quote_style(document))
    app = f" -a {shell.quote(report.target.app)}" if report.target.app else ""
    words = f"`{finding.process}` listens on {port}, and Fly's proxy routes nothing to it without a service."
    manual = (
        f"`fly ips allocate-v4 --shared{app}` where the app was deployed before: flyctl allocates at the first deploy alone.",
        f"`fly ips allocate-v6{app}` in the same case.",
    )
    yield Proposal(tree.write(config, _with_table(document, lines)), words, "unsafe", manual)


def _ports(booted: Booted) -> set[int | None]:
    """Return the ports on which a process listens: those that the machine alone reaches count where there is no other."""
    found = [program.listen for program in booted.programs if program.listen]
    return {listen.port for listen in found if listen.host not in LOOPBACK} or {listen.port for listen in found}


def _lines(port: int, group: str | None, quote: str) -> list[str]:
    """Return the lines of the table."""
    keys = [
        f"internal_port = {port}",
        "force_https = true",
        f"auto_stop_machines = {toml.quoted('stop', quote)}",
        "auto_start_machines = true",
        "min_machines_running = 0",
    ]
    return [*keys, f"processes = [{toml.quoted(group, quote)}]"] if group else keys


def _with_table(document: toml.Document, lines: list[str]) -> str:
    """Return the text with the table before those that flyctl writes behind it, else at the end."""
    text, ending, indent = document.text, newline(document.text), _toml.indentation(document)
    table = "".join(f"{line}{ending}" for line in ("[http_service]", *(indent + line for line in lines)))
    behind = [s.start for s in document.statements if s.kind != "key" and str(s.path[0]).lower() in _BEHIND]
    if not behind:
        gap = "" if not text.strip() or text.endswith((ending * 2, "\n\n")) else ending if text.endswith("\n") else ending * 2
        return f"{text}{gap}{table}"
    at = _above_comments(text, behind[0])
    gap = "" if not text[:at].strip() or text[:at].endswith(("\n\n", "\n\r\n")) else ending
    return splice(text, [Splice(at, at, f"{gap}{table}{ending}")])


def _above_comments(text: str, at: int) -> int:
    """Return where the comments begin that stand right above a line."""
    while at:
        start = text.rfind("\n", 0, at - 1) + 1
        if not text[start:at].lstrip().startswith("#"):
            return at
        at = start
    return at
