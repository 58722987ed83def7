"""Copy from where the file really is in the build context.

COPY sources are paths from the root of the build context, wherever the Dockerfile lies. A Dockerfile that was written for
another context names a path that is one folder too long (`COPY backend/requirements.txt` when the context is `backend/`)
or too short (`COPY requirements.txt` when the context is the repository's root):
`failed to calculate checksum of ref …: "/requirements.txt": not found`.

Only sources are changed, all of a Dockerfile at once, and only where exactly one path in the context can be meant by each.

Before (context: the root):               After:

    COPY requirements.txt .                   COPY backend/requirements.txt .

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.context import Context
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingSource, Weakness
from bot.engine.model.tree import Splice, Tree, name, parent, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("copy-source-missing",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one path in the context that each missing source can mean."""
    image = report.image
    if image is None:
        return
    edits: dict[tuple[int, int], Splice] = {}
    for fault in report.faults:
        if not isinstance(fault.detail, MissingSource) or fault.code != "copy-source-missing":
            continue
        edit = _edit(image, fault.detail)
        if isinstance(edit, Skip):
            yield edit
            return
        edits[(fault.detail.instruction, fault.detail.word)] = edit
    where = f"`{image.context.root}/`" if image.context.root else "the repository's root"
    rationale = f"COPY counts its sources from the build context, {where}."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, list(edits.values()))), rationale, through="build")


def _edit(image: Image, missing: MissingSource) -> Splice | Skip:
    item = image.file.instructions[missing.instruction]
    context = image.context
    if item.name not in ("COPY", "ADD") or context.excluded_by(missing.source):
        return Skip(f"an ignore rule keeps {missing.source} out; the path is right")
    found = _candidates(context, missing.source, image.dockerfile)
    if len(found) != 1:
        return Skip(f"{len(found)} paths of the build context could be meant by {missing.source}")
    word = item.words[missing.word]
    prefix = "./" if word.value.startswith("./") and found[0] != "." else "/" if word.value.startswith("/") else ""
    slash = "/" if word.value.endswith("/") and found[0] != "." else ""
    return dockerfile.replace_word(word, prefix + found[0] + slash, item.json)


def _candidates(context: Context, source: str, path: str) -> list[str]:
    """Return the paths of the context that a missing source can mean: less or more of the path in front, same end."""
    root = context.root
    if root == source or root.endswith("/" + source):
        return ["."]
    shorter = source
    while "/" in shorter:
        shorter = shorter.partition("/")[2]
        if context.kind(shorter):
            return [shorter]
    beside = parent(path)
    inside = beside[len(root) + 1 :] if root and beside.startswith(root + "/") else "" if root else beside
    if inside and context.kind(f"{inside}/{source}"):
        return [f"{inside}/{source}"]
    ending = "/" + source
    return sorted(found for found in context.files("", name(source)) if ("/" + found).endswith(ending))
