"""Edits of the command that a build stops at: a RUN of the Dockerfile, or the build command of a Blueprint."""

from __future__ import annotations

import re

from bot.engine.model import yaml
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, MissingFile
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report


def instruction(fault: Fault, report: Report) -> Instruction | None:
    """Return the RUN that a fault stands in; None where the build has no Dockerfile."""
    number = fault.detail.instruction if isinstance(fault.detail, MissingFile) else None
    file = report.image.file if report.image else None
    return file.instructions[number] if file and number is not None and number < len(file.instructions) else None


def behind(tree: Tree, fault: Fault, report: Report, command: re.Pattern[str], words: str) -> Tree | None:
    """Return the tree with words put behind what `command` matches in the failing command; None where it matches nothing."""
    found = _found(tree, fault, report, command)
    if found is None:
        return None
    path, text, match = found
    return tree.write(path, splice(text, [Splice(match.end(), match.end(), f" {words}")]))


def instead(tree: Tree, fault: Fault, report: Report, written: re.Pattern[str], words: str) -> Tree | None:
    """Return the tree with other words in place of what `written` matches in the failing command."""
    found = _found(tree, fault, report, written)
    if found is None:
        return None
    path, text, match = found
    return tree.write(path, splice(text, [Splice(match.start(), match.end(), words)]))


def _found(tree: Tree, fault: Fault, report: Report, pattern: re.Pattern[str]) -> tuple[str, str, re.Match[str]] | None:
    item, image = instruction(fault, report), report.image
    if image is None or (item is not None and item.json):
        return None
    if item is not None:
        match = pattern.search(image.file.text, item.start, item.end)
        return (image.dockerfile, image.file.text, match) if match else None
    path = report.target.config
    if report.target.build.native is None or not path.endswith((".yaml", ".yml")):
        return None
    text = tree.text(path)
    span = yaml.read(text).spans.get((*report.target.key, "buildCommand"))
    match = pattern.search(text, span.start, span.end) if span else None
    return (path, text, match) if match else None
