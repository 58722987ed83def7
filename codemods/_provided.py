"""What codemods say of values that the platform has to hold."""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.model.findings import Assumption, Fault, Weakness
from bot.engine.report import Report


def found(report: Report, code: str, kinds: tuple[str, ...], says: str, because: str) -> Iterator[Weakness]:
    """Yield the assumptions that something fails `by` one of some kinds, as weaknesses.

    `says` has `{path}` and `{name}`; `because` comes before the line of the log, where there is one.
    """
    for each in report.assumptions:
        if each.by in kinds and each.place:
            message = says.format(path=each.place.path, name=each.name)
            reason = f"{because}: {each.message or 'it says nothing'}"
            yield Weakness(code, each.stage, message, reason, each.place, each.process, each.name)


def assumption(report: Report, finding: Fault | Weakness) -> Assumption | None:
    """Return what a finding was found of."""
    return next((each for each in report.assumptions if each.place == finding.place), None)


def manual(report: Report, finding: Fault | Weakness) -> tuple[str, ...]:
    """Return how a person provides what the code needs from now on only when it is used."""
    assumed = assumption(report, finding)
    if assumed is None:
        return ()
    where = assumed.reason.partition(". ")[2]
    told = f"`{assumed.command}`: what needs {assumed.name} fails until then." if assumed.command else where
    return (told,) if told else ()
