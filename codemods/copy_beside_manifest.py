"""Copy the lock file or the README that the build looks for beside pyproject.toml.

`uv sync --frozen` wants uv.lock, `pipenv sync` Pipfile.lock, and a project whose pyproject.toml names a README is not built
without it (hatchling, poetry-core, uv_build). The repository has the file, and the COPY line that brings the manifest leaves it
out.

Before:                                   After:

    COPY pyproject.toml ./                    COPY pyproject.toml uv.lock ./
    RUN uv sync --frozen                      RUN uv sync --frozen

References: https://docs.astral.sh/uv/guides/integration/docker/#installing-a-project
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _builds

CODEMOD = Codemod(answers=("lock-missing", "project-files-missing"), since="0.1", rank=45)
_COMMANDS = {"uv.lock": "uv lock", "poetry.lock": "poetry lock", "pdm.lock": "pdm lock", "Pipfile.lock": "pipenv lock"}
_MANIFESTS = ("pyproject.toml", "Pipfile")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the file on the COPY line that brings the manifest into the same folder."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile) or report.image is None:
        return
    name = posixpath.basename(finding.detail.path)
    item = _builds.instruction(finding, report)
    for copy in _copies(report, item) if item else ():
        manifest = next(word.value for word in copy.words[:-1] if posixpath.basename(word.value) in _MANIFESTS)
        source = posixpath.join(posixpath.dirname(manifest), name)
        if copy.json or report.image.context.kind(posixpath.normpath(source.lstrip("/"))) != "file":
            continue
        last = copy.words[-2]
        edits = [Splice(last.end, last.end, f" {source}")]
        target = copy.words[-1]
        if not target.value.endswith("/") and target.value != ".":
            edits.append(Splice(target.end, target.end, "/"))  # several files go into a folder
        changed = tree.write(report.image.dockerfile, splice(report.image.file.text, edits))
        yield Proposal(changed, f"{source} lies beside {manifest}, and the Dockerfile copies only that.")
        return
    command = _COMMANDS.get(name)
    if command:
        yield Skip(f"the build context has no {name}: `{command}` writes it", command)


def _copies(report: Report, item: Instruction) -> list[Instruction]:
    """Return the COPY lines above an instruction that bring a manifest by its name into a folder, the last one first."""
    assert report.image is not None
    found = []
    for copy in reversed(report.image.file.instructions):
        words = [word.value for word in copy.words]
        named = any(posixpath.basename(word) in _MANIFESTS for word in words[:-1])
        into = bool(words) and posixpath.basename(words[-1]) not in _MANIFESTS
        if copy.name == "COPY" and copy.start < item.start and copy.flag("from") is None and named and into:
            found.append(copy)
    return found
