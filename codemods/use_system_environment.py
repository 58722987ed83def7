"""Let `uv pip install` install into the image's own Python.

uv installs into a virtual environment, and refuses where there is none: `error: No virtual environment found`. In an image
that runs one app, `--system` installs where pip would.

Before:                                       After:

    RUN uv pip install -r requirements.txt        RUN uv pip install --system -r requirements.txt

References: https://docs.astral.sh/uv/guides/integration/docker/#using-the-pip-interface
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _builds

CODEMOD = Codemod(answers=("environment-missing",), since="0.1")
_COMMAND = re.compile(r"\buv\s+(?:-\S+\s+)*pip\s+(?:install|sync)\b(?![^&;|\n]*--system)")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the option on the first command that lacks it."""
    if not isinstance(finding, Fault):
        return
    changed = _builds.behind(tree, finding, report, _COMMAND, "--system")
    if changed is None:
        yield Skip("the command is not written where it is edited")
        return
    yield Proposal(changed, "uv has no environment to install into; `--system` installs into the image's own Python.")
