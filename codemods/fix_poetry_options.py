"""Write poetry's options and plugins as Poetry 2 knows them.

A build that installs poetry without a version gets Poetry 2, which has dropped what 1.x only warned of: `--no-dev` (`The option
"--no-dev" does not exist`), and `poetry export`, which is a plugin now (`The requested command export does not exist.`).
`--only main` means what `--no-dev` did, in both; the plugin is installed beside poetry.

Before:                                   After:

    RUN pip install poetry                    RUN pip install poetry
    RUN poetry install --no-dev               RUN poetry install --only main

References: https://python-poetry.org/docs/cli/#install, https://github.com/python-poetry/poetry-plugin-export
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _builds

CODEMOD = Codemod(answers=("tool-usage",), since="0.1")
_NO_DEV = re.compile(r"(?<![\w-])(?:--no-dev|--without[ =]dev[ \t]+--no-dev)(?![\w-])")
_PIP = re.compile(
    r"\bpip[\d.]*\s+(?:-\S+\s+)*install\b(?:\\\r?\n|[^&;|\n\\])*?\s['\"]?poetry(?:[=<>~!]=?[^\s'\"]*)?['\"]?(?=[\s&;|]|$)"
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the option of today, or the plugin."""
    if not isinstance(finding, Fault):
        return
    if "--no-dev" in finding.message:
        changed = _builds.instead(tree, finding, report, _NO_DEV, "--only main")
        why = "Poetry 2 has no `--no-dev`; `--only main` installs the same."
    elif "export" in finding.message:
        changed = _with_plugin(finding, report, tree)
        why = "`poetry export` comes with poetry-plugin-export since Poetry 2."
    else:
        return
    yield Proposal(changed, why) if changed is not None else Skip("the command is not written where it is edited")


def _with_plugin(fault: Fault, report: Report, tree: Tree) -> Tree | None:
    """Install the plugin with the `pip install poetry` that stands at or before the failing command."""
    item, image = _builds.instruction(fault, report), report.image
    if image is None or item is None:
        return _builds.behind(tree, fault, report, _PIP, "poetry-plugin-export")
    for before in reversed([each for each in image.file.instructions if each.name == "RUN" and each.start <= item.start]):
        found = _PIP.search(image.file.text, before.start, before.end) if not before.json else None
        if found:
            edit = Splice(found.end(), found.end(), " poetry-plugin-export")
            return tree.write(image.dockerfile, splice(image.file.text, [edit]))
    return None
