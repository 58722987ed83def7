"""Ask for a requirement with the extra that brings what is missing.

Frameworks name an extra where a feature of theirs needs more than they bring: `please install "fastapi[standard]"`,
``run `pip install 'pydantic[email]'` ``, SQLAlchemy's asyncio that wants greenlet. Where the framework is asked for already,
the extra belongs to that line, which keeps both together when one of them moves; its version and marker stay.

Before (requirements.txt):                After:

    fastapi==0.115.0                          fastapi[standard]==0.115.0

References: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#extras
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, MissingDistribution, MissingModule, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _requirements

CODEMOD = Codemod(answers=("launcher-not-installed", "optional-package-missing"), since="0.1", rank=55)
_EXTRAS = {  # the module that is missing: the extra that the framework's own message or documentation names for it
    "email_validator": "pydantic[email]",
    "greenlet": "sqlalchemy[asyncio]",
}


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the extra on each line that asks for its distribution."""
    wanted = _wanted(finding)
    if wanted is None or report.image is None:
        return
    name, _, extra = wanted.rstrip("]").partition("[")
    for manifest in _requirements.manifests(report.image, tree):
        for asked in (asked for asked in manifest.asked if asked.line.value == name):
            extras = ",".join(dict.fromkeys((*asked.line.extras, extra)))
            changed = _requirements.extended(tree, manifest, asked, f"{name}[{extras}]")
            if isinstance(changed, Skip):
                yield changed
                continue
            manual = (f"`{manifest.tool()}` makes {manifest.lock} follow {manifest.path}.",) if manifest.lock else ()
            yield Proposal(changed, f"{asked.place.path} asks for `{name}` without what `{wanted}` brings.", manual=manual)
            break


def _wanted(finding: Fault | Weakness) -> str | None:
    """Return the distribution with the extra that would bring what is missing."""
    match finding.detail if isinstance(finding, Fault) else None:
        case MissingDistribution(name=name) if "[" in name:
            return name
        case MissingModule(name=module):
            return _EXTRAS.get(module)
    return None
