"""Give a script the executable bit that its start needs.

`./build.sh` as a build command, a RUN or an entry point is started as a program. git keeps one bit of a file's mode; a script
that was written on Windows, or through a web page, is committed without it: `./build.sh: Permission denied`.

Before:                                   After:

    100644 build.sh                           100755 build.sh

The same by hand: `git update-index --chmod=+x build.sh`.

References: https://git-scm.com/docs/git-update-index
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report

CODEMOD = Codemod(answers=("script-not-executable",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the file with the bit set."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile) or report.image is None:
        return
    found = report.image.files.find(finding.detail.path)
    if found is None or found.tree is None:
        yield Skip("the script does not come from the repository")
        return
    rationale = f"{found.tree} is started as a program, and git has it without the executable bit."
    yield Proposal(tree.make_executable(found.tree), rationale)
