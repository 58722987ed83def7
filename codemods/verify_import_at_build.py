"""Import the app once while the image is built.

A module that is missing, or a package that nothing installs, stops the app when it starts: after the build, when the old
version may be gone. `RUN python -c "import …"` at the end of the Dockerfile stops the build instead. What the app imports must
not need secrets or a database, which a build does not have, so this is only done when it is asked for:
`bot fix --unsafe --select verify-import-at-build`.

Before:                                   After:

    COPY . .                                  COPY . .
    CMD ["uvicorn", "app.main:app"]           RUN python -c "import app.main"
                                              CMD ["uvicorn", "app.main:app"]

References: https://docs.docker.com/reference/dockerfile/#run
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.boot.program import Module, Program
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("imports-unverified",), since="0.1", opt_in=True)
_SETTING = ("COPY", "ADD", "RUN", "ENV", "WORKDIR", "USER", "ARG")  # what an import may hang on
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_IMPORTING = re.compile(r"-c\s+[\"'][^\"']*\bimport\s+([\w.]+)")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield each module that a process starts from the image's own folder and that no RUN imports."""
    image = report.image
    if image is None or not image.instructions or report.faults:
        return
    known = {name for item in image.instructions if item.name == "RUN" for name in _IMPORTING.findall(item.value)}
    for booted in report.processes:
        for program in booted.programs:
            name = _module(program)
            if name and name not in known and program.folder == image.workdir:
                message = f"the build does not import `{name}`"
                reason = "What is missing in it shows only when the app starts."
                yield Weakness("imports-unverified", "build", message, reason, program.origin.place, subject=name)


def _module(program: Program) -> str | None:
    entry = program.entry
    plain = isinstance(entry, Module) and program.fatal and not program.loose and _NAME.fullmatch(entry.name)
    return entry.name if plain and isinstance(entry, Module) and program.front[:1] == (program.folder,) else None


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the line behind all that an import may hang on; unsafe, since the app may need more than the build has."""
    image = report.image
    if image is None or not isinstance(finding, Weakness):
        return
    settings = [item for item in image.instructions if item.name in _SETTING]
    if not settings:
        yield Skip("the Dockerfile sets nothing up that could be imported")
        return
    edit = dockerfile.insert_after(image.file, settings[-1], f'RUN python -c "import {finding.subject}"')
    rationale = f"The build stops where `{finding.subject}` can't be imported, and not the deploy."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale, "unsafe")
