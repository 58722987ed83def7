"""Give the app a route for the health check.

A check whose path no route answers is answered with 404, and one whose page fails (a template that git does not have) with 500:
the machines never become healthy. Where the app has a route that is a health check, the check is pointed at that one
(align-health-path). Where it has none, it gets one: it answers without asking a database or anybody else, since a check that
does so takes every machine out of service when that is slow. It stands beside the other routes, in their style.

Where the file has an engine of SQLAlchemy at hand, a second route, `/health/ready`, asks the database, and says in which
region, and which version, answers. Nothing checks that one by itself: it is for people, and for monitoring.

Before (the config checks /health):           After:

    @app.get("/")                                 @app.get("/")
    async def index():                            async def index():
        return {"hello": "world"}                     return {"hello": "world"}


                                                  @app.get("/health")
                                                  async def health():
                                                      return {"status": "ok"}

References: https://fly.io/docs/reference/health-checks/, https://render.com/docs/health-checks,
https://fly.io/docs/machines/runtime-environment/, https://render.com/docs/environment-variables
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Failing, Fault, Unanswered, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _endpoint

CODEMOD = Codemod(answers=("health-path", "template-missing"), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the route, and where another path is checked, that the check asks for it."""
    told = [fault for fault in report.faults if fault.identity == finding.identity]
    asked = [
        (each.detail, each.place) for each in told if isinstance(each.detail, Unanswered) and each.detail.app and each.place
    ]
    failing = [(each.detail, each.detail.check) for each in told if isinstance(each.detail, Failing)]
    if any(detail.status != 404 for detail, _ in asked):
        yield Skip("the path is there: it is asked for in another way than it answers")
    elif asked or failing:
        yield _endpoint.proposal([*asked, *failing], report, tree)
