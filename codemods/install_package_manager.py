"""Install the package manager that the build uses.

The images of Python bring pip, and neither uv nor poetry, pipenv or PDM: `/bin/sh: 1: uv: not found`. They are installed with
pip, in front of the command that needs them.

Before:                                   After:

    COPY pyproject.toml uv.lock ./            COPY pyproject.toml uv.lock ./
    RUN uv sync --frozen                      RUN pip install --no-cache-dir uv
                                              RUN uv sync --frozen

References: https://docs.astral.sh/uv/getting-started/installation/#pypi, https://python-poetry.org/docs/#ci-recommendations
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import managers
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Report
from codemods import _builds

CODEMOD = Codemod(answers=("program-missing",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a RUN of its own in front of the one that stops."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile) or report.image is None:
        return
    program = posixpath.basename(finding.detail.path)
    if program not in managers.BROUGHT_BY:
        return
    item = _builds.instruction(finding, report)
    if item is None:
        yield Skip("there is no Dockerfile to edit")
        return
    text, name = report.image.file.text, managers.BROUGHT_BY[program]
    start = text.rfind("\n", 0, item.start) + 1
    line = f"{text[start : item.start]}RUN pip install --no-cache-dir {name}{newline(text)}"
    rationale = f"The build starts `{program}`, and {report.image.base.name} does not bring it."
    yield Proposal(tree.write(report.image.dockerfile, splice(text, [Splice(start, start, line)])), rationale)
