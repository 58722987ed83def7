"""Fetch apt's lists before an install, and answer its question.

The images of Debian and Python come without lists of packages, and `rm -rf /var/lib/apt/lists/*` takes them away again: each
RUN that installs has to fetch them itself, or apt says `E: Unable to locate package curl`. Without `-y` apt asks before it
installs what a package needs, and in a build, where nobody answers, `Do you want to continue? [Y/n] Abort.` is the end.

Before:                                   After:

    RUN apt-get install curl                  RUN apt-get update && apt-get install -y curl

References: https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, UnreadyInstall, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _dockerfile

CODEMOD = Codemod(answers=("package-lists-missing", "install-unanswered"), since="0.1", rank=30)
_INSTALL = re.compile(
    r"(?P<before>(?:\b[A-Za-z_]\w*=[^\s;&|]*[ \t]+)*(?:\bsudo[ \t]+(?:-\S+[ \t]+)*)?)"
    r"\b(?P<program>apt(?:-get)?)(?P<options>(?:[ \t]+-\S+)*)[ \t]+install\b(?P<rest>(?:[^\n;&|\\]|\\\r?\n)*)"
)
_ANSWERED = re.compile(r"(?:^|\s)(?:-[A-Za-z]*y|--(?:assume-)?yes\b|-qq|-[a-z]*q[a-z]*q)")
_FED = re.compile(r"(?:\bxargs\b[^;&\n]*|\|[ \t]*)\Z")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose `apt-get update &&` in front of the install, or `-y` behind it: in every RUN that has the same fault."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, UnreadyInstall) or report.image is None:
        return
    detail = finding.detail
    file = report.image.file
    edit = _fetched if detail.lacks == "lists" else _answered
    numbers = _dockerfile.instructions(report, finding)
    edits = [each for number in numbers for each in edit(file, file.instructions[number])]
    if not edits:
        yield Skip("the install does not stand in the Dockerfile itself")
        return
    rationale = "Nobody answers apt's question in a build." if detail.lacks == "answer" else "apt has no lists at this point."
    yield Proposal(tree.write(report.image.dockerfile, splice(file.text, edits)), rationale)


def _installs(file: Dockerfile, item: Instruction) -> list[re.Match[str]]:
    """Return the installs of a RUN, without those in comments."""
    found = _INSTALL.finditer(file.text, item.start, item.end)
    return [each for each in found if not _dockerfile.commented(file, each.start("program"))]


def _fetched(file: Dockerfile, item: Instruction) -> list[Splice]:
    """Fetch the lists before the first install of a RUN; where that is fed by a pipe, before all of it."""
    for found in _installs(file, item):
        at = found.start()
        if _FED.search(file.text, item.start, at):
            script = re.compile(r"RUN[ \t]+(?:--\S+[ \t]+)*(?!<<|\[)", re.I).match(file.text, item.start)
            return [Splice(script.end(), script.end(), f"{found['program']} update && ")] if script else []
        return [Splice(at, at, f"{'sudo ' if 'sudo' in found['before'] else ''}{found['program']} update && ")]
    return []


def _answered(file: Dockerfile, item: Instruction) -> list[Splice]:
    """Answer the question of each install that has no answer."""
    edits = []
    for found in _installs(file, item):
        if not _ANSWERED.search(found["options"] + found["rest"]):
            at = found.start("rest")
            edits.append(Splice(at, at, " -y"))
    return edits
