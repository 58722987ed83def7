"""Let root install the system packages.

apt and apk write to folders of root's. Behind `USER app` a RUN is app's, and ends with `E: Could not open lock file
/var/lib/dpkg/lock-frontend - open (13: Permission denied)`. The RUN goes back to root, and what follows stays as it was.

Before:                                   After:

    USER app                                  USER app
    RUN apt-get update \\                      USER root
      && apt-get install -y curl              RUN apt-get update \\
                                                && apt-get install -y curl
                                              USER app

References: https://docs.docker.com/reference/dockerfile/#user
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile, shell
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, UnreadyInstall, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _dockerfile

CODEMOD = Codemod(answers=("install-not-root",), since="0.1", rank=30)
_OF_ROOT = frozenset("apt-get apt apt-cache apk rm set true : export ldconfig fc-cache update-ca-certificates".split())


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose `USER root` around the RUNs; where one of them does something else as well, that is a judgement call."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(detail, UnreadyInstall) or report.image is None:
        return
    file = report.image.file
    same = [fault.detail for fault in report.faults if fault.code == finding.code]
    numbers = sorted({each.instruction for each in same if isinstance(each, UnreadyInstall) and each.instruction is not None})
    user = _dockerfile.user(file, numbers[0]) if numbers else None
    if user is None or any(_dockerfile.user(file, number) != user for number in numbers):
        yield Skip("no USER of this Dockerfile says whose the RUN is")
        return
    edits = [edit for number in numbers for edit in _around(file, number, numbers, user)]
    alone = all(_only_packages(file.instructions[number]) for number in numbers)
    rationale = f"Only root may install packages, and {user} runs the line."
    changed = splice(file.text, edits)
    yield Proposal(tree.write(report.image.dockerfile, changed), rationale, "safe" if alone else "unsafe")


def _around(file: Dockerfile, number: int, numbers: list[int], user: str) -> list[Splice]:
    """Put a RUN between `USER root` and the user of before; a neighbour that is root's too shares them."""
    item = file.instructions[number]
    edits = [] if number - 1 in numbers else [_dockerfile.line_before(file, item, "USER root")]
    if number + 1 not in numbers:
        lead = file.text[file.text.rfind("\n", 0, item.start) + 1 : item.start]
        edits.append(dockerfile.insert_after(file, item, f"{lead}USER {user}"))
    return edits


def _only_packages(item: Instruction) -> bool:
    """Say whether a RUN does nothing but install packages."""
    if item.json or item.heredocs:
        return False
    commands = shell.parse(item.value).commands
    words = [command.words[0].literal or "" for command in commands if command.words]
    return all(posixpath.basename(word) in _OF_ROOT for word in words)
