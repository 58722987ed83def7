"""`bot fix`: plans repairs until the simulated deploy reaches its end, and writes them."""

from __future__ import annotations

import argparse
import os
import sys

from bot.cli import session as sessions
from bot.cli.errors import Refused
from bot.engine.model import diff
from bot.engine.model.proof import Proof, gets_further
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
    if written and not options.allow_dirty:
        _refuse_dirty(session.root, made)
    proofs = _proofs(session, options, made) if options.verify and changes else []
    kept = all(gets_further(proof) for proof in proofs)
    written = written and kept
    if written:
        try:
            folder.write(os.path.abspath(session.root), changes)
        except folder.NotWritten as error:
            raise Refused(str(error)) from None
    if options.format == "json":
        from bot.report import json

        print(json.fix(options.path, made, Repairs(made), changes, patch, written, proofs))
    elif options.diff:
        _print_diff(patch if kept else "")
    else:
        from bot.report import text

        print(text.fix(made, changes, sessions.colour(), options.quiet, options.verbose, written))
        if proofs:
            from bot.report import proof as shown

            print("\n" + shown.text(proofs, sessions.colour(), options.quiet, options.verbose))
    if not kept:
        print("bot: nothing was changed: the real boot gets no further with the repair", file=sys.stderr)
    return sessions.code(session, made.after) if kept else 1


def _proofs(session: sessions.Session, options: argparse.Namespace, made: Plan) -> list[Proof]:
    """Boot every target before and after the repair; refuse where that can't be done, since nothing is proven then."""
    from bot.cli import proving  # only what --verify asks for

    proofs = proving.with_repair(session, proving.choices(options), made)
    unsure = next((proof for proof in proofs if proof.last.reached == "unsupported"), None)
    if unsure:
        raise Refused(f"nothing was changed: {unsure.config} could not be verified: {unsure.last.says}")
    return proofs


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
