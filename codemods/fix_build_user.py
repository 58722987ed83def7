"""Let what needs root come before USER, and give folders to the user that writes there.

Below `USER app`, useradd, and chmod on what COPY brought (root's, without `--chown`) are refused:
`chmod: changing permissions of 'start.sh': Operation not permitted`. USER moves below them, where nothing between them would
become root's. What makes files in a folder of root's, in the build or in an entry script, is refused too
(`mkdir: cannot create directory ‘/app/logs’: Permission denied`): the folder is given to the user above USER.

Before:                                   After:

    USER app                                  RUN chmod +x start.sh
    RUN chmod +x start.sh                     USER app

References: https://docs.docker.com/reference/dockerfile/#user
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Denied, Fault, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _owners

CODEMOD = Codemod(answers=("permission-denied", "write-denied"), since="0.1", rank=45)
_OF_ROOT = frozenset("useradd groupadd usermod adduser addgroup chown chgrp chmod".split())
_FOLDERS = ("mkdir", "install")  # they make folders, the others files
_INSTALLERS = ("pip", "venv")  # fix-install-user knows more of them


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose USER below what needs root, and the folder for its user where files are made."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, Denied):
        return
    by, path, user, number = finding.detail
    if by in _INSTALLERS:
        return
    number = len(image.file.instructions) if number is None else number  # the process comes after all of them
    if _owners.user_above(image.file, number) is None:
        yield Skip("the user is not set in the stage of the command")
        return

    def edited(splices: list[Splice]) -> Tree:
        return tree.write(image.dockerfile, splice(image.file.text, splices))

    if by in _OF_ROOT:
        lowered = _owners.lowered(image.file, number)
        yield (
            Proposal(edited(lowered), f"{by} needs root: USER comes after it.")
            if lowered
            else Skip("what stands between USER and the command would become root's")
        )
    elif given := _owners.given(image, number, path, user, by in _FOLDERS):
        yield Proposal(edited([given]), f"{user} makes files there, and the folder is root's.")
    else:
        yield Skip(f"{path} lies in a folder of the system")
