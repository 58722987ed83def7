"""What edits of Blueprints have in common."""

from __future__ import annotations

import re

from bot.engine.model import yaml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import Refusal
from bot.engine.model.toml import Path
from bot.engine.report import Report

# a release of each Python that Render has for certain: those that were its defaults, and what was current beside them
_PATCHES = {8: 20, 9: 21, 10: 16, 11: 11, 12: 8, 13: 4, 14: 3}
_VERSION = re.compile(r"3\.(\d{1,2})(?:\.(\d{1,3}))?")


def python_version(text: str, path: Path) -> str | None:
    """Return the full version of Python that a scalar means, as it is written: 3.10 without quotes is no 3.1."""
    span = yaml.read(text).spans.get(path)
    written = _VERSION.fullmatch(text[span.start : span.end].strip("\"'")) if span else None
    if written is None:
        return None
    minor, patch = int(written[1]), written[2] or _PATCHES.get(int(written[1]))
    return f"3.{minor}.{patch}" if patch is not None else None


def refusal(finding: Fault | Weakness, report: Report) -> Refusal | None:
    """Return what of the Blueprint a finding is about."""
    found = (each for each in report.target.refused if each.place == finding.place and each.message == finding.message)
    return next(found, None)
