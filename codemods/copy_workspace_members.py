"""Copy the members of a uv workspace that the build installs.

uv.lock is made for the whole workspace. A Dockerfile that copies the root's pyproject.toml and only some members stops at the
others: `Distribution not found at: file:///app/packages/core`, or `references a workspace … but is not a workspace member`.
Where the command leaves the members themselves out (`--no-install-workspace`), their pyproject.toml is enough.

Before:                                   After:

    COPY pyproject.toml uv.lock ./            COPY pyproject.toml uv.lock ./
    RUN uv sync --frozen                      COPY packages/core packages/core
                                              RUN uv sync --frozen

References: https://docs.astral.sh/uv/concepts/projects/workspaces/,
https://docs.astral.sh/uv/guides/integration/docker/#intermediate-layers
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _builds

CODEMOD = Codemod(answers=("workspace-member-missing",), since="0.1")
_ALONE = ("--no-install-workspace", "--no-install-local")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a COPY line for the member behind the last one above the command, written like that."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile):
        return
    item, folder = _builds.instruction(finding, report), finding.detail.path
    if item is None:
        yield Skip("there is no Dockerfile to edit")
        return
    source = _source(folder, report)
    if source is None:
        yield Skip(f"the build context has no project that would be {folder}")
        return
    if any(option in item.value for option in _ALONE):
        source, folder = f"{source}/pyproject.toml", f"{folder}/pyproject.toml"
    above = _copies(image.file, item)
    line = f"COPY {source} {_target(above, source, folder)}"
    edit = dockerfile.insert_after(image.file, above[-1], line) if above else _before(image.file, item, line)
    rationale = f"uv.lock has the project in {source}, which the Dockerfile does not copy before uv looks for it."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)


def _source(folder: str, report: Report) -> str | None:
    """Return the folder of the build context that a member lies in: the longest end of its path that is a project there."""
    parts = folder.strip("/").split("/")
    assert report.image is not None
    context = report.image.context
    paths = ("/".join(parts[at:]) for at in range(len(parts)))
    return next((path for path in paths if context.kind(f"{path}/pyproject.toml") == "file"), None)


def _copies(file: Dockerfile, item: Instruction) -> list[Instruction]:
    """Return the COPY lines of the context above an instruction, in its stage."""
    above = [each for each in file.instructions if each.start < item.start]
    start = max((at for at, each in enumerate(above) if each.name == "FROM"), default=0)
    return [each for each in above[start:] if each.name == "COPY" and each.flag("from") is None and len(each.words) > 1]


def _target(above: list[Instruction], source: str, folder: str) -> str:
    """Return the destination: relative where the line above writes it so, and the names are the same."""
    written = above[-1].words[-1].value if above else "/"
    if written.startswith("/") or not folder.endswith(f"/{source}"):
        return folder
    return f"./{source}" if written.startswith("./") and posixpath.normpath(written) != "." else source


def _before(file: Dockerfile, item: Instruction, line: str) -> Splice:
    start = file.text.rfind("\n", 0, item.start) + 1
    return Splice(start, start, f"{line}{newline(file.text)}")
