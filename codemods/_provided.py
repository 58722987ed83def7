"""What codemods say of values that the platform has to hold."""

from __future__ import annotations

from bot.engine.model.findings import Fault, Weakness
from bot.engine.report import Report


def manual(report: Report, finding: Fault | Weakness) -> tuple[str, ...]:
    """Return how a person provides what the code needs from now on only when it is used."""
    found = next((each for each in report.assumptions if each.place == finding.place), None)
    if found is None:
        return ()
    where = found.reason.partition(". ")[2]
    return (f"`{found.command}`: what needs {found.name} fails until then.",) if found.command else (where,) if where else ()
