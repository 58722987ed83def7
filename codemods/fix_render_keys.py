"""Write the key that Render knows for the one that it ignores.

Render reads on without a word when a service says `rootDirectory` for `rootDir`, or an envVar has `values` for `value`; the
deploy then goes on as if the line were not there.

Before:                                   After:

    services:                                 services:
      - type: web                               - type: web
        rootDirectory: backend                    rootDir: backend

References: https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _yaml

CODEMOD = Codemod(
    answers=(
        "copy-source-missing",
        "dockerfile-not-found",
        "entry-not-found",
        "module-not-found",
        "no-dockerfile",
        "project-metadata-missing",
        "requirements-missing",
        "run-file-missing",
    ),
    since="0.1",
    rank=10,
    platform="render",
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the key that is meant, for each that is not known; where both stand, the unknown one says nothing."""
    if report.target.platform != "render":
        return
    config = report.target.config
    for key in report.target.ignored:
        if key.near is None:
            yield Skip(f"what `{key.path[-1]}` means is not known")
            continue
        text = _yaml.rename(tree.text(config), key.path, key.near)
        if text is not None and not _has(tree.text(config), (*key.path[:-1], key.near)):
            rationale = f"Render has no key `{key.path[-1]}` and ignores it; `{key.near}` is what it reads."
            yield Proposal(tree.write(config, text), rationale)


def _has(text: str, path: tuple[str | int, ...]) -> bool:
    from bot.engine.model import yaml

    return path in yaml.read(text).spans
