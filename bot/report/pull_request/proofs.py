"""The section of a body that says how sure a repair is, and the real boot that is put into it later."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.engine.model.proof import Proof
from bot.report import proof as shown
from bot.report.markdown import LIMIT, length

HEADING = "How sure this is"
_FENCE = re.compile(r"^(`{3,})")
_BOOTED = "### Built and booted for real"


def with_proof(body: str, proofs: Sequence[Proof], limit: int = LIMIT - 500) -> str:
    """Return a body of ours with the outcome of real boots in its section; of an earlier one, in its place.

    Where there is no such section (a person took it away), or no room, the body stays as it is.
    """
    lines = body.replace("\r\n", "\n").split("\n")
    outside = _outside(lines)
    start = next((at for at in outside if lines[at] == f"## {HEADING}"), None)
    if start is None or not proofs:
        return body
    end = next((at for at in outside if at > start and lines[at].startswith("## ")), len(lines))
    old = next((at for at in outside if start < at < end and lines[at] == _BOOTED), end)
    kept = [_leveled(line, proofs) for line in lines[start:old]]
    while kept and not kept[-1]:
        kept.pop()
    told = [_BOOTED, "", *shown.markdown(proofs).split("\n")]
    made = "\n".join([*lines[:start], *kept, "", *told, "", *lines[end:]])
    return made if length(made) <= limit else body


def _leveled(line: str, proofs: Sequence[Proof]) -> str:
    """Return the line of the level with what the real boots say of it."""
    if all(proof.last.reached == "ok" for proof in proofs):
        return re.sub(
            r"^\*\*(?:Simulated|Likely)\.\*\* (.*?)(?: None of its code was run for that\.)?$", r"**Booted.** \1", line
        )
    return line


def _outside(lines: Sequence[str]) -> list[int]:
    """Return the lines that stand in no fenced block."""
    found, fence = [], ""
    for at, line in enumerate(lines):
        if fence:
            fence = "" if line == fence else fence
        elif opening := _FENCE.match(line):
            fence = opening[1]
        else:
            found.append(at)
    return found
