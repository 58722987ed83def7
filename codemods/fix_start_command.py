"""Make a start command do what the image can do.

A command that worked on a developer's disk activates an environment that git ignores (`source venv/bin/activate`), starts a
program of it by its path (`./venv/bin/gunicorn`), or changes to a folder that it is in already (`rootDir: backend` with
`cd backend && …`): `bash: line 1: cd: backend: No such file or directory`. The line does without, where the rest of it works:
the packages are on PATH, and the folder is the right one.

Before:                                           After:

    rootDir: backend                                  rootDir: backend
    startCommand: cd backend && gunicorn app:app      startCommand: gunicorn app:app

References: https://render.com/docs/monorepo-support, https://docs.python.org/3/library/venv.html
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _lines

CODEMOD = Codemod(answers=("environment-not-made", "folder-missing", "needs-bash"), since="0.1", rank=20)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the command without what is not there."""
    if not isinstance(finding, Fault) or not finding.process:
        return
    found = False
    for changed, why in _lines.proposals(finding, _lines.started(finding, report, tree), tree):
        found = True
        through = finding.stage if finding.code == "folder-missing" else None  # the rest has to be there without it
        yield Proposal(changed, why, through=through)
    if not found:
        yield Skip("the command is written in a way that is not edited")
