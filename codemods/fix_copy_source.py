"""Copy from where the file really is in the build context.

COPY sources are paths from the root of the build context, wherever the Dockerfile lies. A Dockerfile that was written for
another context names a path that is one folder too long (`COPY backend/requirements.txt` when the context is `backend/`)
or too short (`COPY requirements.txt` when the context is the repository's root):
`failed to calculate checksum of ref …: "/requirements.txt": not found`.

Only the source is changed, and only where exactly one file in the context can be meant.

Before (context: the root):               After:

    COPY requirements.txt .                   COPY backend/requirements.txt .

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.context import Context
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingSource, Weakness
from bot.engine.model.tree import Tree, name, parent, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("copy-source-missing",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one path in the context that the source can mean."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingSource):
        return
    missing = finding.detail
    item = image.file.instructions[missing.instruction]
    if item.name not in ("COPY", "ADD") or image.context.excluded_by(missing.source):
        yield Skip("an ignore rule keeps the file out; the path is right")
        return
    found = _candidates(image.context, missing.source, image.dockerfile)
    if len(found) != 1:
        yield Skip(
            f"{len(found)} files of the build context could be meant"
            if found
            else "no file of that name is in the build context"
        )
        return
    word = item.words[missing.word]
    prefix = "./" if word.value.startswith("./") else "/" if word.value.startswith("/") else ""
    slash = "/" if word.value.endswith("/") else ""
    edit = dockerfile.replace_word(word, prefix + found[0] + slash, item.json)
    where = f"`{image.context.root}/`" if image.context.root else "the repository's root"
    rationale = f"COPY counts its sources from the build context, {where}, where this file is `{found[0]}`."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)


def _candidates(context: Context, source: str, path: str) -> list[str]:
    """Return the paths of the context that a missing source can mean: less or more of the path in front, same end."""
    shorter = source
    while "/" in shorter:
        shorter = shorter.partition("/")[2]
        if context.kind(shorter):
            return [shorter]
    beside = parent(path)
    root = context.root
    inside = beside[len(root) + 1 :] if root and beside.startswith(root + "/") else "" if root else beside
    if inside and context.kind(f"{inside}/{source}"):
        return [f"{inside}/{source}"]
    ending = "/" + source
    return sorted(found for found in context.files("", name(source)) if ("/" + found).endswith(ending))
