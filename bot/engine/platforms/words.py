"""What a platform says of a finding."""

from __future__ import annotations

from typing import Literal, NamedTuple

from bot.engine.model.findings import Detail, Fault, Place, Stage


class Words(NamedTuple):
    """What a platform prints about a fault, why it does, and where that is written."""

    code: str
    message: str
    reason: str
    place: Place
    stage: Stage = "build"
    confidence: Literal["certain", "likely"] = "certain"

    def fault(self, step: int, process: str, detail: Detail = None) -> Fault:
        """Return the fault that the words are about."""
        said = self.message, self.reason, self.place
        return Fault(self.code, self.stage, step, process, self.confidence, *said, (), detail)
