"""Migrate before the deploy, and not in each machine that starts.

`alembic upgrade head && uvicorn …` migrates whenever a machine starts: two at a time race for the same tables, a restart waits
for it, and when a migration fails, machines die while the old ones are already being replaced. Fly runs `release_command` once,
in a machine of its own, before any other is touched, and stops the deploy where it fails; Render's `preDeployCommand` does the
same on paid instances. Where the database may be an SQLite file nothing is moved: the release machine has no volume.

Before:                                           After:

    [processes]                                       [deploy]
      web = "sh -c 'alembic upgrade head && …'"         release_command = "alembic upgrade head"

References: https://fly.io/docs/reference/configuration/#run-one-off-commands-before-releasing-a-deployment,
https://render.com/docs/deploys#pre-deploy-command
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.boot.program import Program
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Safety, Weakness
from bot.engine.model.tree import Tree
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _migrations

CODEMOD = Codemod(answers=("migrations-at-start",), since="0.1")
_TALKS = re.compile(r"(?:^|\n)[ \t]*(?:#|echo\b)[^\n]*migrat[^\n]*\n[ \t]*\Z", re.I)


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield a process that migrates before it serves, where a command before the deploy could."""
    found = next(((each, program) for each in report.processes if (program := _migrations.before_serving(each))), None)
    if found is None or not _migrations.can_release(report, tree) or _migrations.on_a_file(report, tree):
        return
    booted, program = found
    command = " ".join(program.argv)
    message = f"process `{booted.process.name}` runs `{command}` in each machine that starts"
    reason = "Machines that start together race for the tables, and one that fails stops no deploy."
    yield Weakness("migrations-at-start", "boot", message, reason, program.origin.place, booted.process.name, command)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the command in the config alone."""
    image, platform = report.image, report.target.platform
    moved = [(each, program) for each in report.processes if (program := _migrations.before_serving(each))]
    if image is None or not isinstance(finding, Weakness) or not moved:
        return
    first = moved[0][1]
    changed: Tree | Skip = _migrations.with_release(tree, report, _migrations.line(first, image, platform))
    for booted, program in moved:
        if isinstance(changed, Skip) or (program.argv, program.folder, program.runner) != (first.argv, first.folder, None):
            yield changed if isinstance(changed, Skip) else Skip(f"`{booted.process.name}` migrates in another way")
            return
        changed = _without(changed, finding._replace(process=booted.process.name, place=program.origin.place), program, report)
    if isinstance(changed, Skip):
        yield changed
        return
    paid = (
        ("`preDeployCommand` needs a paid instance: a free one keeps the command at the start.",)
        if platform == "render"
        else ()
    )
    why = f"`{' '.join(first.argv)}` runs once before a deploy, which stops where it fails."
    yield Proposal(changed, why, _safety(report, tree, first), paid)


def _without(tree: Tree, finding: Weakness, program: Program, report: Report) -> Tree | Skip:
    """Return the tree in which a process does not migrate."""
    from codemods import _lines

    for line in _lines.started(finding, report, tree):
        changed = _lines.edited(tree, line, lambda text: _dropped(text, " ".join(program.argv)))
        if changed:
            return changed
    return Skip(f"`{' '.join(program.argv)}` is written in a way that is not edited")


def _dropped(text: str, command: str) -> str | None:
    """Return a line, or a script, without a command, and without what announces it; not out of a branch."""
    from codemods import _lines

    written = re.compile(rf"{_lines.FROM}{re.escape(command)}(?=[ \t]*(?:&&|;|\n|\r))")
    found = list(written.finditer(text))
    if len(found) != 1 or re.search(r"\n[ \t]+\Z", text[: found[0].start()]):
        return None
    talk = _TALKS.search(text, 0, found[0].start())
    if talk:
        at = talk.start() + (text[talk.start()] == "\n")
        text = text[:at] + text[found[0].start() :]
    return _lines.dropped(text, written)


def _safety(report: Report, tree: Tree, program: Program) -> Safety:
    """Return how safe that is: what starts the image elsewhere, too, may count on its migrations."""
    target = report.target
    if target.platform == "render" and _migrations.plan(report, tree) is None:
        return "unsafe"
    shared = program.origin.kind != "config" and any(True for _ in survey.other_builds(tree))
    return "unsafe" if shared else "safe"
