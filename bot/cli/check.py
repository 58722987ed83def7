"""`bot check`: simulates the deploy of every target, and says where it stops, why, and which codemod answers it."""

from __future__ import annotations

import argparse
import sys

from bot.cli import session as sessions
from bot.engine.plan import Allowed, plan, weaknesses
from bot.engine.simulate import simulate
from bot.report.repairs import Repairs
from codemods import Shelf


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when a certain fault is found (with --strict: any)."""
    with sessions.opened(options) as session:
        return _checked(session, options)


def _checked(session: sessions.Session, options: argparse.Namespace) -> int:
    shelf = Shelf()
    with sessions.Progress("simulating the deploy"):
        reports = tuple(weaknesses(simulate(session.tree, session.options), session.tree, shelf, session.allowed))
        if not reports:
            raise sessions.no_target(session)
        sessions.check_process(session, reports)
        repairs = Repairs(None)
        if any(report.faults or report.weaknesses for report in reports):
            usual = tuple(name for name in shelf.names() if name not in shelf.opt_in())
            everything = Allowed(True, session.allowed.select or usual, session.allowed.ignore)
            repairs = Repairs(plan(session.tree, shelf, session.options, everything))
    if options.format == "json":
        from bot.report import json

        print(json.check(options.path, reports, repairs))
    else:
        from bot.report import text

        shown = text.check(reports, session.tree, repairs, sessions.colour(), options.quiet, options.verbose)
        print(shown) if shown else None
        note = sessions.note_on_root(session)
        if note and not options.quiet:
            print(text.clean(note), file=sys.stderr)
    return sessions.code(session, reports)
