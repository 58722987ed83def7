"""Make the user that a Dockerfile names.

`USER appuser` makes nobody: a RUN below it, and the start of the container, fail with `unable to find user appuser: no matching
entries in passwd file`; `chown appuser …` in a RUN with `invalid user`. The line that makes the user stands in front of the
first instruction that names it, with a home folder, as pip and many libraries want one.

Before:                                   After:

    USER appuser                              RUN useradd --create-home appuser
                                              USER appuser

References: https://docs.docker.com/build/building/best-practices/#user
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, MissingUser, Weakness
from bot.engine.model.tree import Tree, splice
from bot.engine.report import Report
from codemods import _dockerfile

CODEMOD = Codemod(answers=("user-unknown",), since="0.1")
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the line that makes the user."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingUser):
        return
    name, number = finding.detail
    file = image.file
    if not image.instructions or "unable to find group" in finding.message or not _NAME.fullmatch(name):
        yield Skip("a group, or a name that is no user's, is not made")
        return
    number = len(file.instructions) - 1 if number is None else number
    start, end = _dockerfile.start(file, number), _dockerfile.end(file, number)
    naming = [
        item for item in file.instructions[start + 1 : end] if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", item.value)
    ]
    if not naming or any(re.search(r"\b(?:useradd|adduser)\b", item.value) for item in naming):
        yield Skip(f"{name} is made further down")
        return
    edit = _dockerfile.line_before(file, naming[0], _making(image, name))
    rationale = f"{name} is named, and nothing makes such a user."
    yield Proposal(tree.write(image.dockerfile, splice(file.text, [edit])), rationale)


def _making(image: Image, name: str) -> str:
    return f"RUN adduser -D {name}" if "alpine" in image.base.name else f"RUN useradd --create-home {name}"
