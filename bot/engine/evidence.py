"""What a real log says about predicted faults: a fault whose line is in the log is certain.

Log lines are found by wordings: literal text in which `…` stands for anything. Looking one up takes time that grows with
the line alone, whatever the line holds, since a log is anybody's text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.engine.model.findings import Assumption, Evidence, Fault
from bot.engine.report import Report

_GAP = re.compile(r"…|\{([a-z][a-z0-9_]*|[A-Z]+)\}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,80}")
_WORD = "program"
_FEW = 400  # occurrences of a wording that are looked at, from either end of a log


class Line(NamedTuple):
    """A line of a log without the prefixes of those who carried it; `number` counts from 1 in the log as it was given.

    `step` is the step of the build that printed it, where the log says so.
    """

    number: int
    text: str
    step: str = ""


class Wording:
    """Literal pieces of a line in their order, with anything between them.

    With `captures`, `{name}` is a gap whose text is handed out, one in capitals takes the name of a variable alone,
    `{program}` one word, and `^` at the start and `$` at the end tie a piece to the start or the end of the line.
    """

    __slots__ = ("begins", "ends", "names", "needle", "pieces", "source")

    def __init__(self, source: str, captures: bool = False) -> None:
        self.source = source
        text = normal(source)
        self.begins, self.ends = captures and text.startswith("^"), captures and text.endswith("$")
        text = text[self.begins : len(text) - self.ends]
        self.pieces: list[str] = []
        self.names: list[str | None] = []
        last = 0
        for gap in _GAP.finditer(text):
            if gap[1] and not captures:
                continue
            self.pieces.append(text[last : gap.start()])
            self.names.append(gap[1])
            last = gap.end()
        self.pieces.append(text[last:])
        self.needle = max(self.pieces, key=len)

    def match(self, line: str) -> dict[str, str] | None:
        """Return what the named gaps hold in a line that is in the form of `normal`; None where it does not fit."""
        found: dict[str, str] = {}
        at = 0
        last = len(self.pieces) - 1
        for index, piece in enumerate(self.pieces):
            if index == last and self.ends:
                start = len(line) - len(piece)
                start = start if start >= at and line.endswith(piece) and (index or not self.begins or start == 0) else -1
            elif index == 0 and self.begins:
                start = 0 if line.startswith(piece) else -1
            elif index == last and not piece:
                start = len(line)
            else:
                start = line.find(piece, at)
            if start < 0:
                return None
            name = self.names[index - 1] if index else None
            if name and name.isupper():
                word = line[at:start].rpartition(" ")[2] if index == 1 and not self.pieces[0] else line[at:start]
                found[name] = word.strip("'\"`$")
                if not _VARIABLE.fullmatch(found[name]):
                    return None
            elif name:
                found[name] = line[at:start]
                if name == _WORD and " " in found[name]:
                    return None
            at = start + len(piece)
        return found


def normal(text: str) -> str:
    """Return a line as it is compared: runs of blanks are one, and the frames that pip and rich draw are left out."""
    return " ".join(text.strip(" \t│╭╰─╮╯|").split())


class Log:
    """The lines of a log, and a quick look-up of wordings in them. `platform` is the one that the log shows, if any."""

    def __init__(self, lines: Sequence[Line], platform: str | None = None, left_out: int = 0) -> None:
        self.lines = tuple(lines)
        self.platform = platform
        self.left_out = left_out  # bytes in the middle of the log that were not read
        self.normal = [normal(line.text) for line in self.lines]
        self._text = "\n".join(self.normal)
        self._starts: list[int] = []
        at = 0
        for line in self.normal:
            self._starts.append(at)
            at += len(line) + 1
        self._said: dict[str, Line | None] = {}

    def find(self, wording: Wording) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the index of each line that fits a wording, in order, with what its gaps hold."""
        for index in self._holding(wording.needle):
            found = wording.match(self.normal[index])
            if found is not None:
                yield index, found

    def _holding(self, needle: str) -> list[int]:
        if not needle:
            return []
        front = list(self._from_front(needle))
        if len(front) < _FEW:
            return front
        return [*front, *(index for index in self._from_back(needle) if index > front[-1])]

    def _from_front(self, needle: str) -> Iterator[int]:
        at = self._text.find(needle)
        for _ in range(_FEW):
            if at < 0:
                return
            index = bisect_right(self._starts, at) - 1
            yield index
            following = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._text)
            at = self._text.find(needle, following)

    def _from_back(self, needle: str) -> list[int]:
        found: list[int] = []
        at = self._text.rfind(needle)
        while at >= 0 and len(found) < _FEW:
            index = bisect_right(self._starts, at) - 1
            found.append(index)
            at = self._text.rfind(needle, 0, self._starts[index])
        return found[::-1]

    def says(self, message: str) -> Line | None:
        """Return the first line that holds a predicted message."""
        if message not in self._said:
            self._said[message] = next((self.lines[index] for index, _ in self.find(Wording(message))), None)
        return self._said[message]


def evidence(log: Log, found: Fault | Assumption) -> Evidence | None:
    """Return the line of a log that shows a fault, or that an assumption does not hold."""
    line = log.says(found.message) if found.message else None
    return Evidence(line.number, line.text.strip()) if line else None


def confirmed(reports: list[Report], log: Log | None) -> list[Report]:
    """Return reports in which the log's word counts: what it shows is certain, and says by which line."""
    if log is None:
        return reports
    return [
        report._replace(
            faults=tuple(_confirmed(fault, log) for fault in report.faults),
            assumptions=tuple(each._replace(evidence=evidence(log, each)) for each in report.assumptions),
        )
        for report in reports
    ]


def _confirmed(fault: Fault, log: Log) -> Fault:
    found = evidence(log, fault)
    return fault._replace(confidence="certain", evidence=found) if found else fault
