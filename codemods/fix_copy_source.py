"""Copy from where the file really is in the build context.

COPY sources are paths from the root of the build context, wherever the Dockerfile lies. A Dockerfile that was written for
another context names a path that is one folder too long (`COPY backend/requirements.txt` when the context is `backend/`)
or too short (`COPY requirements.txt` when the context is the repository's root):
`failed to calculate checksum of ref …: "/requirements.txt": not found`.

Only sources are changed, all of a Dockerfile at once, and only where exactly one path in the context can be meant by each.
Where all of them, `.` included, lie beside the Dockerfile, it was written for its own folder, and all of them follow.

What lies above the context can't be copied from there. With `--unsafe` a text file that does, at the path that COPY names, is
laid into the context a second time.

Before (context: the root):               After:

    COPY requirements.txt .                   COPY backend/requirements.txt .

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.context import Context
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingSource, Weakness
from bot.engine.model.tree import Splice, Tree, Unreadable, name, parent, splice
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
            yield from _laid_inside(image, tree, fault.detail)
            yield edit
            return
        edits[(fault.detail.instruction, fault.detail.word)] = edit
    edits |= _written_for_own_folder(image, edits)
    where = f"`{image.context.root}/`" if image.context.root else "the repository's root"
    rationale = f"COPY counts its sources from the build context, {where}."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, list(edits.values()))), rationale, through="build")


def _edit(image: Image, missing: MissingSource) -> Splice | Skip:
    item = image.file.instructions[missing.instruction]
    context = image.context
    if item.name not in ("COPY", "ADD"):
        return Skip(f"a mount of {item.name} names {missing.source}, which is not edited")
    if context.excluded_by(missing.source) or context.hidden(missing.source):
        rule = "an ignore rule" if context.excluded_by(missing.source) else "git"
        return Skip(f"{rule} keeps {missing.source} out; the path is right")
    word = item.words[missing.word]
    if "$" in word.value:
        return Skip(f"{word.value} holds a variable, which is not edited")
    found = _candidates(context, missing.source, image.dockerfile)
    if len(found) != 1:
        return Skip(f"{len(found)} paths of the build context could be meant by {missing.source}")
    if found == ["."]:
        return dockerfile.replace_word(word, ".", item.json)
    prefix = "./" if word.value.startswith("./") else "/" if word.value.startswith("/") else ""
    slash = "/" if word.value.endswith("/") else ""
    return dockerfile.replace_word(word, prefix + found[0] + slash, item.json)


def _laid_inside(image: Image, tree: Tree, missing: MissingSource) -> Iterator[Proposal]:
    """Propose to copy a file that lies in a folder above the context to where COPY looks for it."""
    context, folder = image.context, image.context.root
    inside = context.tree_path(missing.source)
    item = image.file.instructions[missing.instruction]
    if item.name not in ("COPY", "ADD") or _candidates(context, missing.source, image.dockerfile):
        return
    if tree.kind(inside) or tree.hidden(inside) or tree.unversioned(inside):
        return
    while folder:
        folder = parent(folder)
        path = f"{folder}/{missing.source}".lstrip("/")
        if tree.is_file(path) and not path.startswith(f"{context.root}/"):
            try:
                text = tree.text(path)
            except Unreadable:
                return
            rationale = f"{path} lies outside of the build context, `{context.root}/`, and COPY reaches nothing above that."
            yield Proposal(tree.write(inside, text), rationale, "unsafe")
            return


def _written_for_own_folder(image: Image, edits: dict[tuple[int, int], Splice]) -> dict[tuple[int, int], Splice]:
    """Return the edits of the sources that are found by chance, when every source of the Dockerfile lies beside it."""
    inside = _inside(image.context.root, parent(image.dockerfile))
    found = {}
    for number, item in enumerate(image.file.instructions):
        if item.name not in ("COPY", "ADD") or item.flag("from") is not None or item.heredocs:
            continue
        for index, word in enumerate(item.words[:-1]):
            source = posixpath.normpath("/" + word.value.lstrip("/"))[1:]
            if "$" in word.value or "://" in word.value or not inside:
                return {}
            path = posixpath.join(inside, source) if source else inside
            if not (image.context.matches(path) if any(special in path for special in "*?[") else image.context.kind(path)):
                return {}
            if (number, index) not in edits:
                slash = "/" if word.value.endswith("/") else ""
                prefix = "./" if word.value.startswith("./") and source else ""
                found[number, index] = dockerfile.replace_word(word, prefix + path + slash, item.json)
    return found


def _inside(root: str, folder: str) -> str:
    """Return a folder of the tree as a path in the context, `""` where it is not below the context's root."""
    if not root:
        return folder
    return folder[len(root) + 1 :] if folder.startswith(root + "/") else ""


def _candidates(context: Context, source: str, path: str) -> list[str]:
    """Return the paths of the context that a missing source can mean: less or more of the path in front, same end."""
    root = context.root
    if root == source or root.endswith("/" + source):
        return ["."]
    ending = "/" + source
    longer = sorted(found for found in context.files("", name(source)) if ("/" + found).endswith(ending))
    shorter = source
    while "/" in shorter:
        shorter = shorter.partition("/")[2]
        if context.kind(shorter):
            return [shorter, *longer]
    inside = _inside(root, parent(path))
    if inside and context.kind(f"{inside}/{source}"):
        return [f"{inside}/{source}"]
    return longer
