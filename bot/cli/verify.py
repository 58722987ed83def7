"""`bot verify`: the proof. Builds and boots each target for real on a scratch copy, and asks its health check."""

from __future__ import annotations

import argparse

from bot.cli import proving
from bot.cli import session as sessions
from bot.engine.model.proof import Proof
from bot.engine.plan import plan
from bot.engine.simulate import simulate
from bot.report import proof as shown
from codemods import Shelf


def run(options: argparse.Namespace) -> int:
    """Run the command; 0 when every target boots, 1 when one does not, 2 when one could not be verified."""
    with sessions.opened(options) as session:
        return _verified(session, options)


def _verified(session: sessions.Session, options: argparse.Namespace) -> int:
    if options.fix:
        with sessions.Progress("planning the repair"):
            made = plan(session.tree, Shelf(), session.options, session.allowed)
        reports = made.before
    else:
        made, reports = None, tuple(simulate(session.tree, session.options))
    if not reports:
        raise sessions.no_target(session)
    sessions.check_process(session, reports)
    chosen = proving.choices(options)
    proofs = proving.with_repair(session, chosen, made) if made else proving.as_it_is(session, chosen, reports)
    _print(options, chosen.engine.name, proofs)
    return proving.code(proofs)


def _print(options: argparse.Namespace, engine: str, proofs: list[Proof]) -> None:
    if options.format == "json":
        from bot.report import json

        print(json.verify(options.path, engine, proofs))
    elif options.format == "markdown":
        print(shown.markdown(proofs))
    else:
        print(shown.text(proofs, sessions.colour(), options.quiet, options.verbose))
