"""Install the Debian packages that a requirement needs.

The slim images of Python have no compiler, no headers and no git. pip needs them for distributions without a wheel
(`No such file or directory: 'gcc'`) and for requirements from a git repository (`Cannot find command 'git'`). The packages go
into the `apt-get install` that stands above, else into one of their own.

Before:                                   After:

    RUN pip install -r requirements.txt       RUN apt-get update \\
                                                  && apt-get install -y --no-install-recommends git \\
                                                  && rm -rf /var/lib/apt/lists/*
                                              RUN pip install -r requirements.txt

References: https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, MissingSystem, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("system-package-missing",), since="0.1", rank=40)
_INSTALL = re.compile(
    r"\bapt(?:-get)?[ \t]+(?:-\S+[ \t]+)*install(?:[ \t]+(?:-[toc][ \t]+\S+|--target-release[ \t]+\S+|-\S+))*"
)
_MAYBE = re.compile(r"(?:^|[\s;&|])(?:if|case|while|until|for)\s|\|\|")  # what may not run at all


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the packages in front of the RUN that needs them."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingSystem) or report.image is None:
        return
    file, number = report.image.file, finding.detail.instruction
    if number is None:
        yield Skip("there is no Dockerfile to edit")
        return
    edit = _edit(file, number, finding.detail.packages)
    if edit is None:
        yield Skip("packages are installed as another user than root would be")
        return
    names = ", ".join(finding.detail.packages)
    rationale = f"{finding.detail.distribution or 'A requirement'} needs {names}, which the image lacks."
    yield Proposal(tree.write(report.image.dockerfile, splice(file.text, [edit])), rationale)


def _edit(file: Dockerfile, number: int, packages: tuple[str, ...]) -> Splice | None:
    start = _start(file, number)
    words = " ".join(packages)
    for item in reversed(file.instructions[start:number]):
        found = _install(file, item) if item.name == "RUN" and not _MAYBE.search(item.value) else None
        if found is not None:
            return Splice(found, found, f" {words}")
    return _line(file, file.instructions[number], words) if _by_root(file, number) else None


def _start(file: Dockerfile, number: int) -> int:
    """Return the FROM of an instruction's stage."""
    return max((index for index, item in enumerate(file.instructions[:number]) if item.name == "FROM"), default=0)


def _install(file: Dockerfile, item: Instruction) -> int | None:
    """Return where the first package of an `apt-get install` may stand, comments within the RUN left out."""
    for found in _INSTALL.finditer(file.text, item.start, item.end):
        line = file.text[file.text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if not line.lstrip().startswith("#"):
            return found.end()
    return None


def _by_root(file: Dockerfile, number: int) -> bool:
    """Say whether an instruction is run by root: by the last USER of its stage, or of the stage that this one starts from."""
    start = _start(file, number)
    users = [item.value.strip() for item in file.instructions[start:number] if item.name == "USER"]
    if users:
        return users[-1].partition(":")[0] in ("root", "0")
    base = file.instructions[start].argv[:1]
    for index, item in enumerate(file.instructions[:start]):
        if item.name == "FROM" and [word.lower() for word in item.argv[2:]] == [word.lower() for word in base]:
            end = next((at for at in range(index + 1, start + 1) if file.instructions[at].name == "FROM"), start)
            return _by_root(file, end)
    return True


def _line(file: Dockerfile, item: Instruction, words: str) -> Splice:
    """Return a RUN of its own in front of an instruction, as deep as that one."""
    start, ending = file.text.rfind("\n", 0, item.start) + 1, newline(file.text)
    lead = file.text[start : item.start]
    lines = (
        "RUN apt-get update \\",
        f"    && apt-get install -y --no-install-recommends {words} \\",
        "    && rm -rf /var/lib/apt/lists/*",
    )
    return Splice(start, start, "".join(f"{lead}{line}{ending}" for line in lines))
