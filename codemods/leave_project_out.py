"""Leave the project itself out of the layer that installs its dependencies.

`poetry install` and `uv sync` also install the project, which needs its sources and the README that pyproject.toml names. A
Dockerfile copies these later, or the app is no package at all: `The current project could not be installed: No file/folder
found for package demo`. `--no-root` (poetry) and `--no-install-project` (uv) install the dependencies alone; the app is
imported from where it is copied to.

Before:                                   After:

    COPY pyproject.toml poetry.lock ./        COPY pyproject.toml poetry.lock ./
    RUN poetry install --only main            RUN poetry install --no-root --only main
    COPY . .                                  COPY . .

References: https://python-poetry.org/docs/cli/#install,
https://docs.astral.sh/uv/guides/integration/docker/#intermediate-layers
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _builds

CODEMOD = Codemod(answers=("project-files-missing",), since="0.1", rank=40)
_COMMANDS = (  # the command, and the option that makes it install dependencies alone
    (re.compile(r"\bpoetry\s+(?:-\S+\s+)*(?:install|sync)\b(?![^&;|\n]*--no-root)"), "--no-root"),
    (re.compile(r"\buv\s+(?:-\S+\s+)*sync\b(?![^&;|\n]*--no-install-(?:project|workspace))"), "--no-install-project"),
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the option on the command that stops."""
    if not isinstance(finding, Fault):
        return
    for command, option in _COMMANDS:
        changed = _builds.behind(tree, finding, report, command, option)
        if changed is not None:
            tool = "poetry" if option == "--no-root" else "uv"
            yield Proposal(changed, f"{tool} installs the project itself before its files are there; {option} leaves it out.")
            return
    yield Skip("the command that installs the project is not written where it is edited")
