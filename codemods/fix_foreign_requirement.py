"""Keep a requirement from Linux that only another system has.

`pip freeze` on Windows or a Mac lists what only that system has (`pywin32==306`), and Linux finds nothing of that name:
`No matching distribution found for pywin32==306`. A marker keeps the line for those who need it. What comes with Python
itself (`sqlite3`, `tkinter`) or is a leftover of Debian's pip (`pkg-resources==0.0.0`) is no distribution anywhere: that line
goes.

Before (requirements.txt):                After:

    pywin32==306                              pywin32==306; sys_platform == "win32"
    sqlite3

References: https://peps.python.org/pep-0508/#environment-markers
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.unfit import ELSEWHERE, unfit
from bot.engine.model.findings import BadRequirement, Fault, Weakness
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _requirements

CODEMOD = Codemod(answers=("requirement-not-found",), since="0.1", rank=30)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the marker, or the list without the line."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, BadRequirement) or report.image is None:
        return
    name = finding.detail.names[0]
    for manifest in _requirements.manifests(report.image):
        for asked in manifest.asked:
            if asked.line.value != name or unfit(asked) is None:
                continue
            changed = _marked(tree, asked) if name in ELSEWHERE else _requirements.dropped(tree, asked)
            why = f"`{name}` exists for another system alone." if name in ELSEWHERE else f"`{name}` is no distribution."
            yield Skip(changed) if isinstance(changed, str) else Proposal(changed, why)


def _marked(tree: Tree, asked: Requirement) -> Tree | str:
    """Return the tree with a marker behind a requirement, in front of a comment."""
    path, number = asked.place.path, asked.place.line
    try:
        lines = tree.text(path).splitlines(keepends=True)
    except Unreadable as error:
        return str(error)
    if not path.endswith((".txt", ".in")) or not 0 < number <= len(lines) or "--hash" in lines[number - 1]:
        return f"{path}:{number} is not edited"
    line = lines[number - 1]
    end = re.match(r"(?:(?!\s+#)[^\r\n])*", line)
    at = len(end[0].rstrip()) if end else 0
    if line[:at].endswith("\\"):
        return f"{path}:{number} is not edited"
    lines[number - 1] = f'{line[:at]}; sys_platform == "{ELSEWHERE[asked.line.value]}"{line[at:]}'
    return tree.write(path, "".join(lines))
