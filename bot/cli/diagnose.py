"""`bot diagnose LOG|-`: names the first cause in a deploy's log, and what the repository beside it has to do with it."""

from __future__ import annotations

import argparse
import os

from bot.cli import logs
from bot.cli import session as sessions
from bot.cli.errors import CLEAN, FOUND, Refused
from bot.engine.evidence import Log
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.plan import Allowed, plan, weaknesses
from bot.engine.report import Report
from bot.engine.simulate import simulate
from bot.evidence.diagnosis import diagnose
from bot.report import diagnosis
from bot.report.repairs import Repairs
from codemods import Shelf


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when a cause is named, 0 when no line of the log is known."""
    log = logs.opened(options.log)
    name = "log" if options.log == "-" else options.log
    with sessions.Progress("reading the log"):
        reports, tree, repairs = _simulated(options, log)
        found = diagnose(log, reports, tree, options.app)
    repository = (options.repo or ".") if reports else None
    if options.format == "json":
        print(diagnosis.document(found, name, log.left_out, repository, repairs))
    else:
        print(diagnosis.text(found, name, log.left_out, repository, repairs, sessions.colour()))
    return FOUND if found.first else CLEAN


def _simulated(options: argparse.Namespace, log: Log) -> tuple[tuple[Report, ...], Tree | None, Repairs]:
    """Simulate the repository that is named, or the one of the current folder; of that, what can't be used is passed over."""
    nothing: tuple[tuple[Report, ...], Tree | None, Repairs] = (), None, Repairs(None)
    try:
        session = sessions.open_session(_as_check(options))
        shelf = Shelf()
        reports = tuple(weaknesses(simulate(session.tree, session.options), session.tree, shelf, session.allowed))
        if not reports:
            if options.repo is not None:
                raise sessions.no_target(session)
            return nothing
        repairs = Repairs(None)
        if any(report.faults or report.weaknesses for report in reports):
            usual = tuple(each for each in shelf.names() if each not in shelf.opt_in())
            allowed = Allowed(True, session.allowed.select or usual, session.allowed.ignore)
            repairs = Repairs(plan(session.tree, shelf, session.options, allowed))
    except (Refused, Unreadable):
        if options.repo is not None or options.config is not None:
            raise
        return nothing
    return reports, session.tree, repairs


def _as_check(options: argparse.Namespace) -> argparse.Namespace:
    wanted = {"path": options.repo or os.curdir, "config": options.config, "app": options.app if options.repo else None}
    rest = dict.fromkeys(("process", "start", "select", "ignore"))
    return argparse.Namespace(**wanted, **rest, strict=False, resolve=False, deep=False)
