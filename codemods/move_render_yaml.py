"""Move the Blueprint to the root, where Render looks for it.

Render reads `render.yaml` in the root of the repository, unless the dashboard names another path for a Blueprint. Lying in a
folder it is never seen (`No render.yaml found on main branch.`). Its paths count from the root wherever it lies, so they
stay as they are.

Before:                                   After:

    backend/render.yaml                       render.yaml

References: https://render.com/docs/infrastructure-as-code, https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.platforms import render, survey
from bot.engine.report import Report

CODEMOD = Codemod(answers=("blueprint-place",), since="0.1", platform="render")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the move; unsafe, since the dashboard may name the path that there is."""
    if tree.kind(render.BLUEPRINT):
        yield Skip("there is a render.yaml in the root")
        return
    config = report.target.config
    if any(render.is_config(path) and path != config for path in survey.files(tree)):
        yield Skip("there are several, and the root holds one")
        return
    rationale = f"Render looks for the Blueprint in the root of the repository, and it lies at {config}."
    yield Proposal(tree.move(config, render.BLUEPRINT), rationale, "unsafe")
