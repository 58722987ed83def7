"""Edits of a Dockerfile's stages: where one begins, its instructions, lines that go in or move."""

from __future__ import annotations

from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.tree import Splice, newline
from codemods import _dockerfile


def name(file: Dockerfile, number: int) -> str:
    """Return what COPY --from calls an instruction's stage: its name, else its number."""
    start = _dockerfile.start(file, number)
    words = file.instructions[start].argv
    if len(words) == 3 and words[1].lower() == "as":
        return words[2]
    return str(sum(item.name == "FROM" for item in file.instructions[:start]))


def line_of(file: Dockerfile, item: Instruction) -> tuple[int, int]:
    """Return the span of the lines that an instruction takes, its indentation included."""
    return file.text.rfind("\n", 0, item.start) + 1, item.end


def moved_behind(file: Dockerfile, item: Instruction, target: Instruction) -> list[Splice]:
    """Return the splices that move an instruction's lines behind another one."""
    start, end = line_of(file, item)
    line = file.text[start:end].rstrip("\r\n")
    ending = newline(file.text)
    closed = file.text[: target.end].endswith("\n")
    put = Splice(target.end, target.end, line + ending if closed else ending + line)
    return [Splice(start, end, ""), put]
