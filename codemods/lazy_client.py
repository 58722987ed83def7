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
from codemods import _provided

CODEMOD = Codemod(answers=("eager-client",), since="0.1", along="target")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield what is made at the start and fails where nothing provides what it needs."""
    says, because = "{path} makes what needs {name} as it is imported", "Without it the whole service does not start"
    yield from _provided.found(report, "eager-client", ("call",), says, because)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose an accessor, which all uses call."""
    if finding.place is not None and report.image is not None:
        from codemods import _lazy  # LibCST costs more than a check

        why = "`{}` is made when it is first used: the service starts without it."
        yield _lazy.proposed(tree, report, finding, finding.place, _lazy.Lazy.make, why)
