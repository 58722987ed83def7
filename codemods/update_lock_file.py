"""Say which command makes the lock file anew.

A build that insists on its lock (`uv sync --locked`, `poetry install`, `pipenv install --deploy`) stops where the lock was made
for another manifest: `pyproject.toml changed significantly since poetry.lock was last generated`. Only the tool itself can
choose the versions, so nothing is edited here: dropping `--locked` would install what nobody tried.

References: https://docs.astral.sh/uv/concepts/projects/sync/, https://python-poetry.org/docs/cli/#lock,
https://pipenv.pypa.io/en/latest/locking.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Tree, parent
from bot.engine.report import Report

CODEMOD = Codemod(answers=("lock-stale",), since="0.1")
_COMMANDS = {"uv.lock": "uv lock", "poetry.lock": "poetry lock", "pdm.lock": "pdm lock", "Pipfile.lock": "pipenv lock"}


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Name the command, and the folder to run it in."""
    path = finding.detail.path if isinstance(finding, Fault) and isinstance(finding.detail, MissingFile) else ""
    command = _COMMANDS.get(posixpath.basename(path))
    if command is None or report.image is None:
        return
    found = report.image.files.find(path)
    folder = parent(found.tree) if found and found.tree else ""
    yield Skip(f"`{command}`, run in {folder or 'the root'}, makes the lock anew: only it can choose the versions", command)
