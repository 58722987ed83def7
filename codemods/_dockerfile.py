"""What the edits of Dockerfiles ask of stages and RUN lines: where a stage begins, who runs a line, what apt is asked for."""

from __future__ import annotations

import re

from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault
from bot.engine.model.tree import Splice, newline
from bot.engine.report import Report

MAYBE = re.compile(r"(?:^|[\s;&|])(?:if|case|while|until|for)\s|\|\|")  # what may not run at all
_INSTALLS = {
    "apt": re.compile(
        r"\bapt(?:-get)?[ \t]+(?:-\S+[ \t]+)*install(?:[ \t]+(?:-[toc][ \t]+\S+|--target-release[ \t]+\S+|-\S+))*"
    ),
    "apk": re.compile(
        r"\bapk[ \t]+(?:-\S+[ \t]+)*add(?:[ \t]+(?!--virtual\b|-t\b)(?:-X[ \t]+\S+|--repository[ \t]+\S+|-\S+))*"
    ),
}


def start(file: Dockerfile, number: int) -> int:
    """Return the FROM of an instruction's stage."""
    return max((index for index, item in enumerate(file.instructions[: number + 1]) if item.name == "FROM"), default=0)


def end(file: Dockerfile, number: int) -> int:
    """Return the index behind the last instruction of an instruction's stage."""
    following = (index for index, item in enumerate(file.instructions) if index > number and item.name == "FROM")
    return next(following, len(file.instructions))


def below(file: Dockerfile, number: int) -> int | None:
    """Return the FROM of the stage that an instruction's stage starts from; None where it starts from an image."""
    first = start(file, number)
    base = [word.lower() for word in file.instructions[first].argv[:1]]
    stages = (
        index
        for index, item in enumerate(file.instructions[:first])
        if item.name == "FROM" and [word.lower() for word in item.argv[2:]] == base
    )
    return next(stages, None)


def origin(file: Dockerfile, number: int) -> Instruction:
    """Return the FROM that names the image on which an instruction's stage rests."""
    number = start(file, number)
    while (stage := below(file, number)) is not None:
        number = stage
    return file.instructions[number]


def user(file: Dockerfile, number: int) -> str | None:
    """Return the last USER before an instruction, in its stage or the one that this starts from; None where there is none."""
    first, last = start(file, number), number
    while True:
        users = [item.value.strip() for item in file.instructions[first:last] if item.name == "USER"]
        if users:
            return users[-1]
        stage = below(file, first)
        if stage is None:
            return None
        first, last = stage, end(file, stage)


def by_root(file: Dockerfile, number: int) -> bool:
    """Say whether root would run an instruction."""
    return (user(file, number) or "root").partition(":")[0] in ("root", "0")


def install(file: Dockerfile, item: Instruction, manager: str) -> int | None:
    """Return where the first package of an install may stand; comments, and installs that may not run, are left out."""
    if item.name != "RUN" or MAYBE.search(item.value):
        return None
    for found in _INSTALLS[manager].finditer(file.text, item.start, item.end):
        if not commented(file, found.start()) and not re.match(r"[ \t]+(?:--virtual|-t)\b", file.text[found.end() :]):
            return found.end()
    return None


def instructions(report: Report, finding: Fault) -> list[int]:
    """Return the instructions that have the same fault: one edit has to mend them all."""
    details = (fault.detail for fault in report.faults if fault.identity == finding.identity)
    found = {number for detail in details if isinstance(number := getattr(detail, "instruction", None), int)}
    return sorted(found)


def commented(file: Dockerfile, at: int) -> bool:
    """Say whether a place lies in a comment line."""
    return file.text[file.text.rfind("\n", 0, at) + 1 : at].lstrip().startswith("#")


def line_before(file: Dockerfile, item: Instruction, *lines: str) -> Splice:
    """Return the splice that puts lines of their own in front of an instruction, as deep as that one."""
    at, ending = file.text.rfind("\n", 0, item.start) + 1, newline(file.text)
    lead = file.text[at : item.start]
    return Splice(at, at, "".join(f"{lead}{line}{ending}" for line in lines))
