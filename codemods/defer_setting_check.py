"""Ask for a setting where it is used, not as its module is imported.

`if not API_KEY: raise ValueError("API_KEY not set")` at the top of a module, or `os.environ["API_KEY"]`, keep the whole service
from starting where the variable isn't set, its health check included. The check becomes a function that returns the value; what
uses the value calls it, so that a request which needs the key fails with the same message, and no other one does. The variable
never gets a default. It is repaired along with a broken deploy, since it stops that next wherever the value isn't there yet; a
service that starts keeps it.

Before (llm.py):                              After:

    API_KEY = os.getenv("API_KEY")                API_KEY = os.getenv("API_KEY")


    if not API_KEY:                               def require_api_key():
        raise ValueError("API_KEY not set")           if not API_KEY:
                                                          raise ValueError("API_KEY not set")
                                                      return API_KEY


    def headers():                                def headers():
        return {"X-Key": API_KEY}                     return {"X-Key": require_api_key()}

References: https://fly.io/docs/apps/secrets/ https://render.com/docs/configure-environment-variables
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _provided

CODEMOD = Codemod(answers=("eager-setting",), since="0.1", along="target")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the variables that are asked for at the start."""
    says, because = "{path} stops the start without {name}", "The whole service ends there, and not what needs the value"
    yield from _provided.found(report, "eager-setting", ("guard", "look-up"), says, because)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a function that checks the value, or looks it up, and that all uses call."""
    assumed = _provided.assumption(report, finding)
    if finding.place is not None and report.image is not None and assumed is not None:
        from codemods import _lazy  # LibCST costs more than a check

        place = assumed.caller or finding.place
        change = _lazy.Lazy.check if assumed.by == "guard" and assumed.caller is None else _lazy.Lazy.make
        why = "`{}` is asked for where it is used: the service starts without it."
        yield _lazy.proposed(tree, report, finding, place, change, why)
