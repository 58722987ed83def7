"""Install the requirements before the sources are copied.

A builder reuses a layer while everything above it is as it was. Where `COPY . .` stands above `pip install`, each change of any
file makes the next build install all packages again, which is most of its time. The requirements file is copied alone, the
packages are installed, and the sources come behind them: the image is the same.

Before:                                           After:

    COPY . .                                          COPY requirements.txt .
    RUN pip install -r requirements.txt               RUN pip install -r requirements.txt
                                                      COPY . .

References: https://docs.docker.com/build/cache/optimize/#order-your-layers
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image, Install
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Tree, newline
from bot.engine.report import Report
from codemods import _dockerfile

CODEMOD = Codemod(answers=("requirements-late",), since="0.1")
_INSTALL = re.compile(  # of requirements alone, perhaps behind an upgrade of pip
    r"\s*(?:(?:python3? -m )?pip3? install (?:--\S+ )*(?:--upgrade|-U) (?:--\S+ )*(?:pip|setuptools|wheel| )+&&\s*)?"
    r"(?:(?:python3? -m )?pip3? install|uv pip install)(?:\s+--?[a-z][\w=./-]*|\s+[\w./\[\],=<>~!-]+)*\s*"
)
_MORE = re.compile(r"^\s*(?:-|\.|/)|file:", re.M)  # other files that a list names, or options
_PLAIN = re.compile(r"[\w./-]+")


class _Late(NamedTuple):
    """A COPY of the sources, the RUN behind it that installs, and the requirements file, from the context's root."""

    copy: Instruction
    run: Instruction
    requirements: str


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield an install that has to be made again whenever a file of the sources changes."""
    late = _late(report.image, tree) if report.image and report.image.instructions else None
    if late and report.image:
        message = f"{late.requirements} is installed behind `COPY {late.copy.value.strip()}`"
        reason = "Whenever any file changes, the next build installs all packages again."
        yield Weakness("requirements-late", "build", message, reason, Place(report.image.dockerfile, late.run.line))


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the requirements and their install in front of the sources."""
    image = report.image
    late = _late(image, tree) if image else None
    if image is None or late is None:
        return
    changed = _reordered(image, late)
    if changed is None:
        yield Skip("between the two stands what the install may need")
        return
    yield Proposal(tree.write(image.dockerfile, changed), f"A build that finds {late.requirements} unchanged installs nothing.")


def _late(image: Image, tree: Tree) -> _Late | None:
    """Return what stands in the wrong order in the final stage; None where it is right, or more is installed than a list."""
    items = image.file.instructions
    first = _dockerfile.start(image.file, len(items) - 1) if items else 0
    for index, item in enumerate(items[first:], start=first):
        if item.name != "RUN" or item.json or item.flags or item.heredocs or not _INSTALL.fullmatch(item.value):
            continue
        installs = [each for each in image.installs if each.place.line == item.line]
        requirements = _listed(image, installs, tree)
        if requirements is None:
            continue
        bringing = [each for each in items[first:index] if _brings(image, each, requirements)]
        source = _source(bringing[0]) if len(bringing) == 1 else None
        if source == "." or (source and image.context.kind(source) == "folder"):
            return _Late(bringing[0], item, requirements)
        return None
    return None


def _listed(image: Image, installs: list[Install], tree: Tree) -> str | None:
    """Return the one file, from the context's root, that lists all that is installed; None where that needs more."""
    files = {path for install in installs for path in install.files}
    if len(files) != 1 or any(each.projects or each.opaque or each.constraints for each in installs):
        return None
    path, root = files.pop(), image.context.root
    if _MORE.search(tree.text_if_any(path) or "-r"):
        return None
    inside = path[len(root) + 1 :] if root and path.startswith(f"{root}/") else path if not root else None
    return inside if inside and _PLAIN.fullmatch(inside) else None


def _source(item: Instruction) -> str | None:
    """Return the one thing that a COPY of the context takes, as a path from the context's root."""
    if item.name not in ("COPY", "ADD") or item.flag("from") is not None or item.heredocs or len(item.words) < 2:
        return None
    return posixpath.normpath(item.argv[0].lstrip("/") or ".") if len(item.words) == 2 else ""


def _brings(image: Image, item: Instruction, requirements: str) -> bool:
    """Say whether a COPY brings the requirements file: by its name, its folder or a pattern."""
    if item.name not in ("COPY", "ADD") or item.flag("from") is not None or item.heredocs:
        return False
    for source in item.argv[:-1]:
        plain = posixpath.normpath(source.lstrip("/") or ".")
        if "*" in plain or plain == "." or requirements == plain or requirements.startswith(f"{plain}/"):
            return True
    return False


def _reordered(image: Image, late: _Late) -> str | None:
    """Return the Dockerfile with the install in front; None where what stands between may be a part of it."""
    file, text = image.file, image.file.text
    target = late.copy.argv[-1]
    between = [item for item in file.instructions if late.copy.start < item.start < late.run.start]
    harmless = ("ENV", "EXPOSE", "LABEL", *(("WORKDIR",) if target.startswith("/") else ()))
    if any(item.name not in harmless for item in between) or "$" in late.copy.value or not _source(late.copy):
        return None
    folder = posixpath.dirname(posixpath.relpath(late.requirements, _source(late.copy)))
    where = f"{posixpath.join(target, folder)}/" if folder else target if target in (".", "./") else f"{target.rstrip('/')}/"
    ending = newline(text)
    copy_start, run_start = _head(file, late.copy), _head(file, late.run)
    copied, gap, run = text[copy_start : late.copy.end], text[late.copy.end : run_start], text[run_start : late.run.end]
    run += "" if run.endswith("\n") else ending
    dotted = "./" if late.copy.argv[0].startswith("./") and late.copy.argv[0] != "./" else ""
    line = f"COPY {dotted}{late.requirements} {where}{ending}"
    first, space = (gap.lstrip("\r\n"), "") if between else ("", gap)
    below = space if not space.strip() else ""  # comments stay above the install alone
    return text[:copy_start] + first + line + space + run + below + copied + text[late.run.end :]


def _head(file: Dockerfile, item: Instruction) -> int:
    """Return where the comments begin that stand right above an instruction."""
    at = file.text.rfind("\n", 0, item.start) + 1
    while at and file.text[file.text.rfind("\n", 0, at - 1) + 1 : at].lstrip().startswith("#"):
        at = file.text.rfind("\n", 0, at - 1) + 1
    return at
