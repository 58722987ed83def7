"""The excerpts of logs in logs/: `=== id` begins one, and `>>> ` marks the line that names the cause."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bot.engine.evidence import Log
from bot.evidence import catalogue, cause, reading
from bot.evidence.cause import Findings

LOGS = Path(__file__).parent / "logs"


class Excerpt(NamedTuple):
    """A piece of a log: the signature that it shows, its text, and the number of the line (None: any) that names it."""

    signature: str
    text: str
    line: int | None


def excerpts() -> list[Excerpt]:
    """Return all excerpts."""
    found = []
    for path in sorted(LOGS.glob("*.txt")):
        for part in path.read_text().split("=== ")[1:]:
            name, _, text = part.partition("\n")
            lines = text.split("\n")
            marked = [number for number, line in enumerate(lines, 1) if line.startswith(">>> ")]
            assert len(marked) < 2, name
            found.append(Excerpt(name, text.replace(">>> ", ""), marked[0] if marked else None))
    return found


def read(text: str | bytes) -> Log:
    """Return a log as it is read from a file."""
    return reading.read(text.encode() if isinstance(text, str) else text)


def found(text: str | bytes) -> tuple[Log, Findings]:
    """Return a log and what it shows."""
    log = read(text)
    return log, cause.find(log, catalogue.known())


def named(text: str | bytes) -> tuple[str | None, str]:
    """Return the signature of the first cause of a log, and its line."""
    log, result = found(text)
    assert result.cause is not None
    return result.cause.signature.id if result.cause.signature else None, log.lines[result.cause.at].text.strip()
