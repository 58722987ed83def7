"""Let go of a pin that excludes another requirement.

Two lines of a requirements file may exclude each other: `fastapi==0.100.0` needs Starlette below 0.28, and the file pins
`starlette==0.40.0`. pip looks for a set that fits and gives up: `ResolutionImpossible`. Of the lines that the package index
names, the one that another distribution brings along anyway goes free: its version then follows from what needs it. That is a
suggestion, because somebody pinned it, and it needs `--resolve`.

Before (requirements.txt):                After:

    fastapi==0.100.0                          fastapi==0.100.0
    starlette==0.40.0                         starlette

References: https://pip.pypa.io/en/stable/topics/dependency-resolution/#dealing-with-dependency-conflicts
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import packages
from bot.engine.model.findings import BadRequirement, Fault, Weakness
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _pins, _requirements

CODEMOD = Codemod(answers=("requirements-conflict",), since="0.1", rank=40)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose each requirement of the conflict without its version, those first that another one brings along."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, BadRequirement) or report.image is None:
        return
    names = finding.detail.names
    found = [
        asked
        for manifest in _requirements.manifests(report.image)
        for asked in manifest.asked
        if asked.line.value in names and asked.line.rest.partition(";")[0].strip()
    ]
    doubled = len({asked.line.value for asked in found}) < len(found)
    for asked in sorted(found, key=lambda each: (not _brought(each, names), -each.place.line)):
        if doubled:
            changed = _requirements.dropped(tree, asked)
            why = f"`{asked.line.value}` is asked for twice, in versions that exclude each other."
        else:
            changed = _pins.bounded(tree, asked, "")
            why = f"`{asked.line.value}{asked.line.rest}` and the other requirements exclude each other."
        yield Skip(changed) if isinstance(changed, str) else Proposal(changed, why, "unsafe")


def _brought(asked: Requirement, names: tuple[str, ...]) -> bool:
    """Say whether another distribution of the conflict depends on this one."""
    return any(asked.line.value in packages.needs(name) for name in names if name != asked.line.value)
