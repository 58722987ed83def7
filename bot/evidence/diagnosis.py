"""What a log means, and what the repository beside it says: its first cause, explained by a simulated fault or not."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from bot.engine.evidence import Log, evidence
from bot.engine.model.findings import Assumption, Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from bot.evidence import catalogue, cause, places
from bot.evidence.catalogue import Signature
from bot.evidence.cause import Cause
from bot.evidence.places import Site
from bot.evidence.redaction import redact

_NAMES = re.compile(r"\{([a-z][a-z0-9_]*|[A-Z]+)\}")
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@/:+-]{0,120}")  # what may stand in a command that people copy
_APP = re.compile(
    r"registry\.fly\.io/([a-z0-9-]{1,63}):|fly\.io/apps/([a-z0-9-]{1,63})|\b([a-z0-9-]{1,63})\.fly\.dev|([a-z0-9-]{1,63})\.onrender\.com"
)
_NO_SUBJECT = frozenset(
    "problem rest command code count line version ref step given type n number status address key value port".split()
)
_TELLING = (
    (6, re.compile(r"\b(?:[A-Z]\w{0,60}(?:Error|Exception)|fatal|panic|FATAL|CRITICAL)\b")),
    (5, re.compile(r"\b(?:error|ERROR|Error|failed|Failed|FAILED|failure)\b|✘|✗")),
    (
        4,
        re.compile(
            r"\b(?:denied|refused|not found|no such|can't|cannot|could not|unable|invalid|killed|timed out)\b", re.IGNORECASE
        ),
    ),
    (2, re.compile(r"\b(?:warn|warning|exit|exited|abort|aborted|missing|unexpected|timeout|unhealthy)\b", re.IGNORECASE)),
)
_MOST_TELLING = 10
_MOST_ALIKE = 3


class Shown(NamedTuple):
    """A line of the log as it may be shown: nothing secret is in it."""

    number: int
    text: str


class Explained(NamedTuple):
    """A fault, or a weakness, that the simulation finds, and what it has to do with the log.

    `how`: its predicted `line` is in the log, or the log shows the `same` failure of the same thing in other words; or it is
    only `alike`, a fault of the sort that the log shows.
    """

    report: Report
    fault: Fault | Weakness
    line: Shown
    how: Literal["line", "same", "alike"]

    @property
    def confirmed(self) -> bool:
        """Whether the log leaves no doubt."""
        return self.how != "alike"


class Named(NamedTuple):
    """A cause by its line, what is known of it, the code that it comes from, what it led to, and the lines that it is of."""

    line: Shown
    signature: Signature | None
    captured: dict[str, str]
    sites: tuple[Site, ...] = ()
    led_to: tuple[Shown, ...] = ()
    above: tuple[Shown, ...] = ()


class Unmet(NamedTuple):
    """An assumption that the log shows not to hold."""

    report: Report
    assumption: Assumption
    line: Shown


class Diagnosis(NamedTuple):
    """All that is said about a log. `telling` are lines to read for a log in which no cause is known."""

    platform: str | None
    app: str | None
    first: Named | None
    explained: tuple[Explained, ...]
    unmet: tuple[Unmet, ...]
    others: tuple[Named, ...]
    telling: tuple[Shown, ...]
    recovered: bool


def diagnose(log: Log, reports: tuple[Report, ...] = (), tree: Tree | None = None, app: str | None = None) -> Diagnosis:
    """Say what a log shows; with `reports` and `tree`, what the repository has to do with it."""
    found = cause.find(log, catalogue.known())
    first = found.cause
    reports = _meant(reports, log, app or _app(log))
    told = [each for report in reports for fault in report.faults if (each := _told(log, report, fault))]
    if told and (first is None or first.tier > 0) and not any(each.line.number == _number(log, first) for each in told):
        first = _cause_of(log, told[0])  # a line that no signature names, and the simulation foresaw
    explained = _explained(log, first, reports, told)
    owner = next((each.report for each in explained if each.confirmed), reports[0] if len(reports) == 1 else None)
    return Diagnosis(
        log.platform or (owner.target.platform if owner else None),
        app or (owner.target.app if owner else None) or _app(log),
        _named(log, first, owner, reports, tree) if first else None,
        explained,
        tuple(_unmet(log, reports)),
        tuple(_named(log, each, owner, reports, tree) for each in found.others),
        () if first and first.tier < 2 else telling(log),
        found.recovered,
    )


def _meant(reports: tuple[Report, ...], log: Log, app: str | None) -> tuple[Report, ...]:
    """Return the targets that a log is about, where its app's name or its platform tells."""
    of_app = tuple(report for report in reports if report.target.app == app)
    of_platform = tuple(report for report in reports if report.target.platform == log.platform)
    return of_app or of_platform or reports


def _number(log: Log, first: Cause | None) -> int:
    return log.lines[first.at].number if first else 0


def shown(log: Log, at: int) -> Shown:
    """Return a line as it may be shown."""
    return Shown(log.lines[at].number, redact(log.lines[at].text.strip()))


def _told(log: Log, report: Report, fault: Fault) -> Explained | None:
    line = evidence(log, fault)
    return Explained(report, fault, Shown(line.line, redact(line.text)), "line") if line else None


def _cause_of(log: Log, told: Explained) -> Cause:
    """Return the line that the simulation foresaw as a cause."""
    at = next(index for index, line in enumerate(log.lines) if line.number == told.line.number)
    known = next((each for each in catalogue.answering(told.fault.code) if each.kind == "cause"), None)
    return Cause(at, known, {})


def _explained(log: Log, first: Cause | None, reports: tuple[Report, ...], told: list[Explained]) -> tuple[Explained, ...]:
    """Return the faults that have to do with a log, those that it confirms first."""
    found = {(each.report.target.identity, each.fault.identity): each for each in told}
    if first and first.signature:
        line = shown(log, first.at)
        for report in reports:
            for fault in report.faults:
                if fault.code in first.signature.faults:
                    how: Literal["same", "alike"] = "same" if _same(first, fault, report) else "alike"
                    found.setdefault((report.target.identity, fault.identity), Explained(report, fault, line, how))
            for weakness in report.weaknesses:
                if weakness.code in first.signature.faults:
                    key = (report.target.identity, weakness.identity)
                    found.setdefault(key, Explained(report, weakness, line, "alike"))
        if not found and first.signature.kind == "symptom":  # what it follows from may be what the deploy stops at
            for report in reports:
                if report.reached == first.signature.stage:
                    found[report.target.identity, report.faults[0].identity] = Explained(
                        report, report.faults[0], line, "alike"
                    )
    if any(each.confirmed for each in found.values()):
        return tuple(each for each in found.values() if each.confirmed)
    return tuple(found.values())[:_MOST_ALIKE]


def _same(first: Cause, fault: Fault, report: Report) -> bool:
    """Say whether a fault is about what the log's line names: the module, the file, the program.

    A line that names nothing can only be about one thing: the fault that the deploy meets first.
    """
    subjects = [value for name, value in first.captured.items() if name not in _NO_SUBJECT and len(value) > 2]
    if not subjects:
        return first.tier == 0 and fault is report.faults[0]
    about = f"{fault.message} {fault.reason} {fault.detail}"
    return any(re.search(rf"(?<![\w.-]){re.escape(value[:200])}(?![\w-])", about) for value in subjects)


def _unmet(log: Log, reports: tuple[Report, ...]) -> list[Unmet]:
    found = []
    for report in reports:
        for assumption in report.assumptions:
            if line := evidence(log, assumption):
                found.append(Unmet(report, assumption, Shown(line.line, redact(line.text))))
    return found


def _named(log: Log, found: Cause, owner: Report | None, reports: tuple[Report, ...], tree: Tree | None) -> Named:
    line = shown(log, found.at)
    captured = _captured(found, line.text) if found.signature else {}
    sites = places.mapped(found.frames, (owner,) if owner else reports, tree)
    led_to, above = (tuple(shown(log, each) for each in lines) for lines in (found.led_to, found.above))
    return Named(line, found.signature, captured, sites, led_to, above)


def _captured(found: Cause, text: str) -> dict[str, str]:
    """Return what the signature's gaps hold, where nothing of it was hidden and it may stand in a command."""
    return {name: value for name, value in found.captured.items() if _SAFE.fullmatch(value) and value in text}


def filled(text: str, named: Named, app: str | None) -> str:
    """Return a step or a command with the app's name and what the log's line names; what is not known is in capitals."""
    names = {name for line in (named.signature.lines if named.signature else ()) for name in _NAMES.findall(line)}

    def fill(gap: re.Match[str]) -> str:
        if gap[1] == "app":
            return app if app and _SAFE.fullmatch(app) else "APP"
        if gap[1] not in names:
            return gap[0]
        return named.captured.get(gap[1], gap[1].upper())

    return _NAMES.sub(fill, text)


def _app(log: Log) -> str | None:
    """Return the app's name, where the log has it."""
    for line in log.normal:
        if ("fly." in line or "onrender" in line) and (found := _APP.search(line)):
            return next(name for name in found.groups() if name)
    return None


def telling(log: Log) -> tuple[Shown, ...]:
    """Return the lines of a log that tell most, in its order: those with the words of a failure, the last ones first."""
    weighed: dict[str, tuple[int, int]] = {}
    for at, line in enumerate(log.normal):
        weight = max((points for points, words in _TELLING if words.search(line[:600])), default=0)
        if weight:
            weighed[line] = (weight, at)  # of a line that comes again, the last
    best = sorted(weighed.values(), reverse=True)[:_MOST_TELLING]
    chosen = sorted(at for _, at in best) or range(max(0, len(log.lines) - _MOST_TELLING), len(log.lines))
    return tuple(shown(log, at) for at in chosen)
