"""`bot fix`: plans repairs until the simulated deploy reaches its end, and writes them."""

from __future__ import annotations

import argparse
import os
import sys

from bot.cli import session as sessions
from bot.cli.errors import Refused
from bot.engine.model import diff
from bot.engine.plan import Plan, plan
from bot.outside import folder, git
from bot.report.repairs import Repairs
from codemods import Shelf


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when a certain fault is left (with --strict: any)."""
    with sessions.opened(options) as session:
        return _fixed(session, options)


def _fixed(session: sessions.Session, options: argparse.Namespace) -> int:
    with sessions.Progress("planning the repair"):
        made = plan(session.tree, Shelf(), session.options, session.allowed)
    if not made.before:
        raise sessions.no_target(session)
    sessions.check_process(session, made.before)
    changes, patch = made.tree.changes(), diff.unified(made.tree)
    written = bool(changes) and not options.diff
    if written:
        if not options.allow_dirty:
            _refuse_dirty(session.root, made)
        try:
            folder.write(os.path.abspath(session.root), changes)
        except folder.NotWritten as error:
            raise Refused(str(error)) from None
    if options.format == "json":
        from bot.report import json

        print(json.fix(options.path, made, Repairs(made), changes, patch, written))
    elif options.diff:
        _print_diff(patch)
    else:
        from bot.report import text

        print(text.fix(made, changes, sessions.colour(), options.quiet, options.verbose, written))
    return sessions.code(session, made.after)


def _print_diff(patch: str) -> None:
    if sys.stdout.isatty():
        from bot.report import text

        print(text.patch(patch), end="")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(patch.encode("utf-8", "surrogateescape"))


def _refuse_dirty(root: str, made: Plan) -> None:
    """Refuse to write into files that hold work which is not committed."""
    touched = [path for change in made.tree.changes() for path in {change.path, change.old} if path]
    try:
        dirty = git.uncommitted(root, touched)
    except git.GitTrouble as error:
        raise Refused(str(error)) from None
    if dirty:
        listed = ", ".join(sorted(dirty)[:5])
        raise Refused(f"{listed} has uncommitted changes: commit or stash them, or use --allow-dirty")
