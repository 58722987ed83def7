"""Copy a package that the code imports and the Dockerfile leaves out.

The build context has the folder, the image does not: `ModuleNotFoundError: No module named 'shared_core'`. One COPY line
beside the others, written like them, brings it to where Python looks.

Before:                                   After:

    COPY backend /app/backend                 COPY backend /app/backend
                                              COPY shared_core /app/shared_core

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.boot.start import python_path
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, MissingModule, Weakness
from bot.engine.model.tree import Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("module-not-found",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to copy the module to each folder of sys.path, the first ones first."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingModule):
        return
    if not image.instructions:
        yield Skip("there is no Dockerfile to edit")
        return
    top = finding.detail.name.partition(".")[0]
    source = next((path for path in (top, f"{top}.py") if image.context.kind(path)), None)
    if source is None or (image.context.kind(source) == "folder" and not any(True for _ in image.context.files(source, ".py"))):
        yield Skip(f"the root of the build context has no `{top}`")
        return
    copies = [item for item in image.instructions if item.name == "COPY" and item.flag("from") is None]
    copies = [item for item in copies if len(item.words) > 1]
    after = copies[-1] if copies else next((item for item in image.instructions if item.name == "WORKDIR"), None)
    if after is None:
        yield Skip("the Dockerfile copies nothing that the line could stand beside")
        return
    for folder in _folders(finding, report):
        line = f"COPY {source} {_target(image, copies, folder, source)}"
        edit = dockerfile.insert_after(image.file, after, line)
        rationale = f"`{finding.detail.importer or 'the start command'}` imports `{top}`, which the Dockerfile does not copy."
        yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)


def _folders(fault: Fault, report: Report) -> list[str]:
    """Return where Python looks in the failing process, its own folders only."""
    found: list[str] = []
    for booted in report.started:
        if booted.process.name == fault.process:
            for program in booted.programs:
                found += [path for path in python_path(program) if path not in found]
    return found[:4]


def _target(image: Image, copies: list[Instruction], folder: str, source: str) -> str:
    """Return the destination, relative where the other lines write it so."""
    path = posixpath.join(folder, source)
    written = [item.words[-1].value for item in copies]
    if copies and any(item.name == "WORKDIR" and item.start > copies[-1].start for item in image.instructions):
        written = [target for target in written if target.startswith("/")]  # a relative one counts from another folder there
    if image.context.kind(source) == "file":
        for target in reversed(written):
            if target.endswith("/") and posixpath.normpath(posixpath.join(image.workdir, target)) == folder:
                return target
    relative = [target for target in written if not target.startswith("/")]
    if relative and len(relative) * 2 >= len(written) and folder == image.workdir:
        return f"./{source}" if relative[-1].startswith("./") or relative[-1] == "." else source
    return path
