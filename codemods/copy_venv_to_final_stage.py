"""Copy what an earlier stage installed into the final one.

Every stage starts from its base image alone: what `pip install` put into the builder's environment is not in the final image
unless a COPY --from brings it: `failed to spawn command: uvicorn …: No such file or directory`. A virtual environment has to
lie where it was made; packages of the system's Python are two folders, modules and scripts; those of `--user` belong into the
home folder of the user that runs the app.

Before:                                   After:

    FROM python:3.12-slim                     FROM python:3.12-slim
    WORKDIR /app                              WORKDIR /app
    COPY . .                                  COPY --from=builder /opt/venv /opt/venv
                                              COPY . .

References: https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.sites import SYSTEM, packages_folder
from bot.engine.image.stage import Image, Install
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, Misplaced, Weakness
from bot.engine.model.tree import Tree, newline, splice
from bot.engine.report import Report
from codemods import _dockerfile, _stages

CODEMOD = Codemod(answers=("packages-not-copied",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a COPY of the environment in the final stage."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, Misplaced):
        return
    detail = finding.detail
    install = next((each for each in image.left if each.place == detail.place), None)
    if detail.cause != "left" or install is None:
        return
    made = next((at for at, item in enumerate(image.file.instructions) if item.line == detail.place.line), None)
    if made is None or not image.instructions or re.search(r"[^\w./@+-]", install.prefix):
        yield Skip("the stage that installs it can't be told")
        return
    stage = _stages.name(image.file, made)
    lines = [f"COPY --from={stage} {source} {target}" for source, target in _copies(image, install)]
    text = newline(image.file.text).join(lines)
    edit = _dockerfile.line_before(image.file, _behind_which(image), text)
    rationale = f"{detail.name} is installed in the stage `{stage}`, and nothing brings it into the final one."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)


def _copies(image: Image, install: Install) -> list[tuple[str, str]]:
    """Return the folders to copy, and where to."""
    if install.kind == "prefix":
        return [(install.prefix, SYSTEM)]
    if install.kind == "user":
        return [(install.prefix, posixpath.join(image.users.home(image.user) or "/root", ".local"))]
    if install.prefix == SYSTEM:
        modules, scripts = packages_folder(install, image.base.python), f"{SYSTEM}/bin"
        return [(modules, modules), (scripts, scripts)]
    return [(install.prefix, install.prefix)]


def _behind_which(image: Image) -> Instruction:
    """Return the instruction of the final stage to stand in front of: its first COPY, else its USER or command."""
    wanted = [item for item in image.instructions if item.name in ("COPY", "ADD", "USER", "CMD", "ENTRYPOINT")]
    return wanted[0] if wanted else image.instructions[-1]
