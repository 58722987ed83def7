"""Name the patch release that PYTHON_VERSION leaves out.

Render takes a version with all its numbers and stops before the build otherwise: `The PYTHON_VERSION must provide a major,
minor, and patch version, e.g. 3.8.1. You have requested 3.11.` Without quotes YAML also reads 3.10 as the number 3.1.

Before:                                   After:

    - key: PYTHON_VERSION                     - key: PYTHON_VERSION
      value: 3.11                               value: 3.11.11

References: https://render.com/docs/python-version
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree, position
from bot.engine.report import Report
from codemods import _render, _yaml

CODEMOD = Codemod(answers=("python-version-incomplete",), since="0.1", platform="render")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the full version in the place of the short one."""
    from bot.engine.model import yaml

    config = report.target.config
    text = tree.text(config)
    for path, span in yaml.read(text).spans.items():
        if (
            finding.place
            and position(text, span.key_start) == (finding.place.line, finding.place.column)
            and path[-1] == "value"
        ):
            version = _render.python_version(text, path)
            changed = _yaml.set_value(text, path, version) if version else None
            if version is None or changed is None:
                yield Skip("which Python is meant can't be told")
                return
            yield Proposal(tree.write(config, changed), f"Render wants the patch release, too: {version} is one that it has.")
            return
    yield Skip("the variable is not written in this service")
