"""Make a client, an engine or a connection when it is first used, not as its module is imported.

`client = OpenAI()` at the top of a module raises where no key is set, `psycopg2.connect(url)` where no database answers: then
the whole service does not start, its health check included, although most of its routes need neither. An accessor that
`functools.cache` keeps makes it once, at the first call that needs it, and fails there with the same message; what is made of
it at import (a cursor, a session maker) follows, and so do all uses, those in other modules too. It is repaired along with a
broken deploy, since it stops that next wherever the value isn't there yet; a service that starts keeps it.

Before (llm.py):                          After:

    client = OpenAI()                         @cache
                                              def get_client():
                                                  return OpenAI()


    def ask(text):                            def ask(text):
        return client.responses.create(…)         return get_client().responses.create(…)

References: https://docs.python.org/3/library/functools.html#functools.cache
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods._provided import manual

CODEMOD = Codemod(answers=("eager-client",), since="0.1", along="target")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield what is made at the start and fails where nothing provides what it needs."""
    for each in report.assumptions:
        if each.by == "call" and each.place:
            message = f"{each.place.path} makes what needs {each.name} as it is imported"
            reason = f"Without it the whole service does not start: {each.message}"
            yield Weakness("eager-client", each.stage, message, reason, each.place, each.process, each.name)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose an accessor, which all uses call."""
    if finding.place is None or report.image is None:
        return
    from codemods._lazy import Lazy, Unclear  # LibCST costs more than a check

    lazy = Lazy(tree, report.image.base.python or (3, 12))
    try:
        name = lazy.make(finding.place.path, finding.place.line)
        changed = lazy.edited()
    except Unclear as error:
        yield Skip(str(error))
        return
    why = f"`{name}` is made when it is first used: the service starts without it."
    yield Proposal(changed, why, "unsafe", manual(report, finding))
