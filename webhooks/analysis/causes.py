"""Which fault a repair answers, and a name for it that stays the same while the base of the branch moves."""

from __future__ import annotations

import hashlib
import re

from bot.engine.evidence import Log
from bot.engine.model.findings import Fault
from bot.engine.model.target import Target
from bot.engine.plan import Plan
from bot.engine.report import Report
from bot.evidence.diagnosis import Diagnosis, Explained

_POSITION = re.compile(r"\b(row|line|column|col|step|ref) \d+|(?<=[\w\])]):\d+(?::\d+)?\b", re.IGNORECASE)
_HEX = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{7,64}\b")
_ABOVE, _BELOW = 12, 4  # lines around the one that shows a cause


def fingerprint(target: Target, fault: Fault) -> str:
    """Return 12 hexadecimal digits for a cause.

    It is made of the platform, the target, the sort of fault and its message without positions, so a commit that moves
    lines leaves it as it is.
    """
    name = target.app if target.key and target.app else ".".join(map(str, target.key))
    parts = (target.platform, target.config, name, fault.code, fault.process, normal(fault.message))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def normal(message: str) -> str:
    """Return a message without what differs from one deploy to the next: positions, ids, blanks."""
    return " ".join(_HEX.sub("…", _POSITION.sub("…", message)).split())


def answered(report: Report, made: Plan, found: Diagnosis | None) -> tuple[Fault | None, Explained | None]:
    """Return the fault of a target that a plan repairs, and how the log shows it; no fault where it repairs none that counts.

    What the log shows comes first; else it is the first that the deploy meets, since a repair behind it would get nobody
    further.
    """
    repaired = {finding.identity for step in made.steps for finding in (step.finding, *step.repaired)}
    told = [each for each in (found.explained if found else ()) if each.report.target.identity == report.target.identity]
    for each in told:
        if each.confirmed and isinstance(each.fault, Fault) and each.fault.identity in repaired:
            return each.fault, each
    for fault in report.faults:
        if fault.identity in repaired:
            return fault, next((each for each in told if each.fault.identity == fault.identity), None)
        if fault.confidence == "certain":
            break
    return None, None


def first(report: Report, made: Plan) -> Fault | None:
    """Return the first fault that a plan repairs: it gives the cause its name, whatever the log shows of what is behind it."""
    repaired = {finding.identity for step in made.steps for finding in (step.finding, *step.repaired)}
    return next((fault for fault in report.faults if fault.identity in repaired), None)


def excerpt(log: Log | None, number: int | None) -> tuple[str, ...]:
    """Return the lines of a log around one of its lines, those that carry nothing left out."""
    if log is None or number is None:
        return ()
    at = next((index for index, line in enumerate(log.lines) if line.number == number), None)
    if at is None:
        return ()
    around = log.lines[max(0, at - _ABOVE) : at + _BELOW + 1]
    return tuple(line.text.rstrip() for line in around if line.text.strip())


def weight(report: Report, found: Diagnosis | None, platform: str | None) -> int:
    """Return how much a log is about a target, least first: confirmed by it, of its app, of its platform, of another one."""
    target = report.target
    if found and any(each.confirmed and each.report.target.identity == target.identity for each in found.explained):
        return 0
    if found and found.app and target.app == found.app:
        return 1
    told = platform or (found.platform if found else None)
    return 2 if told in (None, target.platform) else 3
