"""Write `.` for `source` where dash reads the command.

`RUN source venv/bin/activate && …` is read by `/bin/sh`, which is dash in images of Debian: it has no `source`, and stops with
`/bin/sh: 1: source: not found`. `.` is the same command in every shell. dash looks along PATH for a name without a slash, so
that one gets `./` in front.

Before:                                       After:

    RUN source venv/bin/activate && …             RUN . venv/bin/activate && …

References: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#dot
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _lines

CODEMOD = Codemod(answers=("needs-bash",), since="0.1", rank=10)
_SOURCE = re.compile(r"(?<![^\s;&|\"'(\[])source(?P<gap>[ \t]+)(?P<quote>[\"']?)(?P<bare>[\w.-]+(?![\w./$-]))?")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the same line with `.`."""
    if not isinstance(finding, Fault):
        return
    lines = _lines.started if finding.process else _lines.built
    changed = [each for line in lines(finding, report, tree) if (each := _lines.edited(tree, line, _with_dots))]
    for each in changed:
        yield Proposal(each, "`source` is a command of bash; `.` is the same in every shell.")
    if not changed:
        yield Skip("the command is written in a way that is not edited")


def _with_dots(text: str) -> str:
    """Return a line with `.` for each `source`; a name without a slash counts from the folder at hand."""
    return _SOURCE.sub(lambda found: f".{found['gap']}{found['quote']}{'./' + found['bare'] if found['bare'] else ''}", text)
