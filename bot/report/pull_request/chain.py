"""Why a deploy fails: the chain that the platform walks, as a short list and as a picture."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.model import shell
from bot.engine.model.findings import Fault, MissingSource, RefusedPattern
from bot.engine.model.target import Start, Target
from bot.engine.platforms import rules
from bot.engine.report import Booted, Report
from bot.report.markdown import code, prose
from bot.report.pull_request.mermaid import Node, picture

_OF_CONTEXT = (MissingSource, RefusedPattern)
_IMPORTS = 12  # of a chain of imports that are shown


class Link(NamedTuple):
    """A stage of the chain: its name, what it is in one word or two (for the picture), and in a sentence."""

    name: str
    short: str
    words: str


def links(report: Report, fault: Fault) -> list[Link]:
    """Return the stages from the config to the process that a fault is about."""
    target, start = report.target, report.start
    folder = start.directory + "/" if start.directory else "the repository's root"
    where = code(folder) if start.directory else folder
    found = [
        Link("config", target.config, f"{code(target.config)}{_of_app(target)}"),
        Link("context", folder, f"{where} ({_why(start)})"),
        _image(report),
    ]
    booted = _process(report, fault)
    if booted:
        line = " ".join(shell.quote(word) for word in booted.argv)
        name = "the release command is" if booted is report.release else f"{code(booted.process.name)} starts"
        where = f", from {code(f'{booted.origin.place.path}:{booted.origin.place.line}')}" if booted.origin else ""
        found.append(Link("process", line, f"{name} {code(line)}{where}"))
    else:
        found.append(Link("process", "not reached", "not reached"))
    return found


def _why(start: Start) -> str:
    """Say how it is known from where the deploy is started."""
    if start.place is None:
        return prose(start.why)
    place = code(f"{start.place.path}:{start.place.line}")
    if start.why.startswith(start.place.path):
        return f"{place} {prose(start.why[len(start.place.path) :].strip())}"
    return f"{prose(start.why)}, {place}"


def _of_app(target: Target) -> str:
    name = rules.of(target.platform).name
    return f" describes the app {code(target.app)} for {name}" if target.app else f" describes the deploy on {name}"


def _image(report: Report) -> Link:
    build = report.target.build
    if build.kind == "dockerfile":
        path = (report.image.dockerfile if report.image else "") or build.dockerfile or build.says
        user = f", as the user {code(report.image.user)}" if report.image and report.image.user not in ("", "root", "0") else ""
        folder = f"; it starts in {code(report.image.workdir)}{user}" if report.image else ""
        return Link("image", path, f"{code(path)}{folder}")
    return Link("image", build.says, prose(build.says) if build.says.startswith("`") else code(build.says))


def _process(report: Report, fault: Fault) -> Booted | None:
    """Return the process that a fault is of, else the first that the platform starts."""
    if fault.stage == "release" and report.release:
        return report.release
    named = [booted for booted in report.processes if booted.process.name == fault.process]
    return next(iter(named or report.processes), None)


def stopping(fault: Fault) -> int:
    """Return at which of the four stages of the picture a fault stops the deploy."""
    match fault.stage:
        case "config":
            return 0
        case "build":
            return 1 if isinstance(fault.detail, _OF_CONTEXT) else 2
    return 3


def shown(report: Report, fault: Fault) -> list[str]:
    """Return the lines that tell where and why a deploy stops, and the picture of it."""
    chain = links(report, fault)
    stop = stopping(fault)
    lines = []
    for number, link in enumerate(chain):
        mark = " **← it stops here**" if number == stop else ""
        lines.append(f"{number + 1}. **{link.name}**: {link.words}{mark}")
    at = f" ({code(f'{fault.place.path}:{fault.place.line}')})" if fault.place else ""
    lines += ["", f"At {_stage(fault)}{at}: {prose(fault.reason)}"]
    if len(fault.chain) > 1:
        steps = [code(step) for step in fault.chain[:_IMPORTS]]
        more = " → …" if len(fault.chain) > _IMPORTS else ""
        lines += ["", f"Imported by: {' → '.join(steps)}{more}"]
    nodes = [Node(link.name, link.short, number == stop) for number, link in enumerate(chain)]
    return [*lines, "", *picture(nodes)]


def _stage(fault: Fault) -> str:
    words = {
        "config": "the config",
        "build": "the build",
        "release": "the release command",
        "boot": "the start",
        "port": "the port",
        "health": "the health check",
    }
    return words[fault.stage]
