"""Let `pip install` and `uv pip install` install into the image's own Python.

uv installs into a virtual environment, and refuses where there is none: `error: No virtual environment found`. pip refuses to
touch the Python of Debian, Ubuntu and Alpine: `error: externally-managed-environment`. In an image that runs one app no other
needs that Python: `--system`, or `--break-system-packages`, installs into it.

Before:                                       After:

    RUN uv pip install -r requirements.txt        RUN uv pip install --system -r requirements.txt

References: https://docs.astral.sh/uv/guides/integration/docker/#using-the-pip-interface,
https://packaging.python.org/en/latest/specifications/externally-managed-environments/
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
_UV = re.compile(r"\buv\s+(?:-\S+\s+)*pip\s+(?:install|sync)\b(?![^&;|\n]*--system)")
_PIP = re.compile(r"(?<!uv )\bpip[\d.]*\s+(?:-\S+\s+)*install\b(?![^&;|\n]*--break-system-packages)")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the option on the first command that lacks it."""
    if not isinstance(finding, Fault):
        return
    by_pip = "externally-managed" in finding.message
    option = "--break-system-packages" if by_pip else "--system"
    changed = _builds.behind(tree, finding, report, _PIP if by_pip else _UV, option)
    if changed is None:
        yield Skip("the command is not written where it is edited")
        return
    who = "pip leaves the system's Python alone" if by_pip else "uv has no environment to install into"
    yield Proposal(changed, f"{who}; `{option}` installs into the image's own Python.")
