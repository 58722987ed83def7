"""Give a file the upper and lower case that its name is used with.

Windows and macOS find `Requirements.txt` when `requirements.txt` is asked for; Linux, where the image is built and runs, does
not: `"/requirements.txt": not found`, `No module named 'models'`. The file is renamed where nothing else in the repository
spells it the old way; else the Dockerfile's line is changed.

Before:                                   After:

    Requirements.txt                          requirements.txt
    Dockerfile: COPY requirements.txt .       Dockerfile: COPY requirements.txt .

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingSource, Weakness
from bot.engine.model.tree import Tree, name, parent, splice
from bot.engine.report import Report
from codemods import _paths

CODEMOD = Codemod(
    answers=(
        "copy-source-missing",
        "dockerfile-not-found",
        "entry-not-found",
        "module-not-found",
        "name-not-found",
        "requirements-missing",
        "script-missing",
    ),
    since="0.1",
    rank=5,
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to rename the file, or to spell it as it is called."""
    for wanted in _paths.wanted(finding, report):
        found = tree.other_case(wanted)
        if found is None:
            continue
        if tree.kind(found) != "file" or parent(found) != parent(wanted):
            yield Skip(f"{found} and {wanted} differ in the case of a folder, which is not renamed")
            continue
        user = _paths.other_user(tree, found)
        if user is None:
            rationale = f"The file is called `{name(found)}` and used as `{name(wanted)}`; Linux tells the two apart."
            yield Proposal(tree.move(found, wanted), rationale)
        else:
            spelled = _spelled(finding, report, tree, found)
            yield from spelled
            if not spelled:
                yield Skip(f"{user} uses the name `{name(found)}`")


def _spelled(finding: Fault | Weakness, report: Report, tree: Tree, found: str) -> list[Proposal]:
    """Return the Dockerfile's COPY with the file's own name, and the one that keeps the wanted name in the image."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingSource):
        return []
    item = image.file.instructions[finding.detail.instruction]
    word, target = item.words[finding.detail.word], item.words[-1]
    if len(item.words) != 2 or item.flags:
        return []
    wanted = posixpath.basename(word.value)
    source = posixpath.join(posixpath.dirname(word.value), name(found))
    rationale = f"The file is called `{name(found)}`; Linux tells it from `{wanted}`."
    own = dockerfile.replace_word(word, source, item.json)
    edits = [[own]]
    if target.value.endswith(("/", ".")):
        edits.append([own, dockerfile.replace_word(target, posixpath.join(target.value, wanted), item.json)])
    return [Proposal(tree.write(image.dockerfile, splice(image.file.text, each)), rationale) for each in edits]
