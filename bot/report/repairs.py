"""Which codemod answers which finding, as the plan found out."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.model.findings import Fault, Safety, Weakness
from bot.engine.plan import Plan


class Repair(NamedTuple):
    """The codemod that answers a finding, and how safe its edit is."""

    codemod: str
    safety: Safety

    @property
    def selected(self) -> str:
        """The options of `bot fix` with which a weakness is repaired, which is only done by name."""
        return f"{'--unsafe ' if self.safety != 'safe' else ''}--select {self.codemod}"


class Repairs:
    """Looks repairs up by finding."""

    def __init__(self, plan: Plan | None) -> None:
        self._found: dict[tuple[str, ...], Repair] = {}
        for step in plan.steps if plan else ():
            for finding in (step.finding, *step.repaired):
                self._found.setdefault(finding.identity, Repair(step.codemod, step.safety))
        self._reasons: dict[tuple[str, ...], list[str]] = {}
        for dropped in plan.dropped if plan else ():
            self._reasons.setdefault(dropped.finding.identity, []).append(f"{dropped.codemod}: {dropped.reason}")

    def of(self, finding: Fault | Weakness) -> Repair | None:
        """Return the repair that the plan makes for a finding."""
        return self._found.get(finding.identity)

    def reasons(self, finding: Fault | Weakness) -> list[str]:
        """Return why the codemods that answer a finding were not used."""
        return list(dict.fromkeys(self._reasons.get(finding.identity, [])))
