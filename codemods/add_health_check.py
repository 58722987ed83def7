"""Check a path of its own where the first page of an app asks others before it answers.

Without a check of its own, Render waits for an open port alone and Fly for nothing, and the page `/` is what people, and
monitoring, take for the app's health. Where its function asks a database or somebody's API, it fails or hangs whenever that
does: an outage of others becomes one of every machine. A route that needs nothing says how the app itself is, and the config
asks for that one; a health check that the app has already is taken first.

A deploy that works is no reason to do so: this is looked for only where the last fault of a deploy has just been repaired, or
when it is selected by name (`bot fix --unsafe --select add-health-check`).

Before (`/` reads from MongoDB):              After (the app answers /health):

    services:                                     services:
      - type: web                                   - type: web
        startCommand: python app.py                   startCommand: python app.py
                                                      healthCheckPath: /health

References: https://render.com/docs/health-checks, https://fly.io/docs/reference/health-checks/
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _depends, _endpoint

CODEMOD = Codemod(answers=("health-depends",), since="0.1", along="target", opt_in=True)


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield the page of each process that asks others before it answers, where nothing but that page is checked."""
    for each in _depends.pages(report, tree):
        message = f"{each.page.path} asks `{each.asked}` before it answers"
        reason = "The page fails, or hangs, where that does, and no other path says how the app itself is."
        yield Weakness("health-depends", "health", message, reason, each.place, each.process)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the route, and that the config asks for it."""
    for each in _depends.pages(report, tree):
        if each.place == finding.place:
            yield _endpoint.proposal([(each.page, each.page.check)], report, tree)
