"""Copy what the app reads, or is started from, and the Dockerfile leaves out.

The build context has the file, the image does not: `No such file or directory: 'data/labels.json'`, `File does not exist:
Home.py`. docker-compose hides that where it mounts the sources. One COPY line more brings the folder in which the file lies:
data beside the other sources, the app's own sources behind the installation of the packages.

A file at the same place in the context as the code looks for it in the image is clearly meant. One that lies in another folder,
alone with its name, takes `--unsafe`.

Before:                                   After:

    COPY app ./app                            COPY app ./app
                                              COPY data ./data

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, MissingData, MissingFile, MissingModule, Safety, Weakness
from bot.engine.model.tree import Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(
    answers=("app-file-missing", "app-folder-missing", "entry-not-found", "launcher-usage", "script-missing"),
    since="0.1",
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a COPY of the folder in which the one file lies that can be meant."""
    image = report.image
    if image is None or not isinstance(finding, Fault):
        return
    path = _path(finding, report)
    if path is None:
        return
    if not image.instructions:
        yield Skip("there is no Dockerfile to edit")
        return
    home = image.workdir.rstrip("/") + "/"
    if not path.startswith(home) or path == home:
        yield Skip(f"{path} does not lie in the working directory {image.workdir}")
        return
    wanted = path[len(home) :]
    found = _meant(image, wanted)
    if len(found) != 1:
        yield Skip(f"{len(found)} paths of the build context could be meant by {wanted}")
        return
    source = found[0]
    migrates = finding.message.startswith("FAILED: ")  # Alembic's words
    if (finding.stage == "release" or migrates) and _has(image, source):
        yield Skip(f"the image has {source} already: the command looks in another folder")
        return
    data = migrates or isinstance(finding.detail, MissingData)
    line, after = _line(image, wanted, source, data)
    if after is None:
        yield Skip("the Dockerfile has no line that the COPY could stand behind")
        return
    safety: Safety = "safe" if source == wanted else "unsafe"
    rationale = f"{image.context.tree_path(source)} is needed at the start, and the Dockerfile does not copy it."
    edit = dockerfile.insert_after(image.file, after, line)
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale, safety)


def _path(fault: Fault, report: Report) -> str | None:
    """Return the path in the image that the app looks for."""
    match fault.detail:
        case MissingData(path=path) | MissingFile(path=path):
            return path
        case MissingModule(name=module, entry=True):
            for booted in report.processes:
                for program in booted.programs:
                    if booted.process.name == fault.process:
                        return posixpath.join(program.folder, module.replace(".", "/") + ".py")
    return None


def _meant(image: Image, wanted: str) -> list[str]:
    """Return the paths of the context that can be meant: at the same place, else any that ends so."""
    context = image.context
    if context.kind(wanted):
        return [wanted]
    ending = f"/{wanted}"
    return sorted(path for path in context.files("", posixpath.basename(wanted)) if path.endswith(ending))


def _has(image: Image, source: str) -> bool:
    """Say whether the image has a file of the context somewhere."""
    tree = image.context.tree_path(source)
    return any(origin == tree for _, origin in image.files.files("/", posixpath.basename(source)))


def _line(image: Image, wanted: str, source: str, data: bool) -> tuple[str, Instruction | None]:
    """Return the COPY, and the instruction behind which it stands."""
    own = [item for item in image.instructions if item.name == "COPY" and item.flag("from") is None and len(item.words) > 1]
    above = source[: len(source) - len(wanted)].rstrip("/")
    top = wanted.partition("/")[0]
    if not data:
        origin, target = above or ".", "."
    elif "/" in wanted or image.context.kind(source) == "folder":
        origin, target = posixpath.join(above, top), f"./{top}"
    else:
        origin, target = source, "./"
    dotted = any(word.value.startswith("./") for item in own for word in item.words[:-1])
    flags = "".join(f"{flag.value} " for flag in own[-1].flags if flag.value.startswith(("--chown", "--chmod"))) if own else ""
    line = f"COPY {flags}{'./' if dotted and origin != '.' else ''}{origin} {target}"
    names = ("COPY", "ADD", "WORKDIR") if data else ("COPY", "ADD", "WORKDIR", "RUN")
    before = [item for item in image.instructions if item.name in names]
    return line, (own[-1] if data and own else before[-1] if before else None)
