"""Make `[processes]` and CMD start the same program.

A command in `[processes]` replaces the image's CMD. When the two name different modules, one of them was forgotten, and it
is the config that runs: `uvicorn main:app` in fly.toml fails with `Could not import module "main"` while the Dockerfile's
`backend.main:app` would start. The module that boots is taken.

Before (CMD runs backend.main:app):       After:

    [processes]                               [processes]
      web = "uvicorn main:app …"                web = "uvicorn backend.main:app …"

References: https://fly.io/docs/reference/configuration/#the-processes-section
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import Origin
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _command

CODEMOD = Codemod(
    answers=("entry-not-found", "attribute-not-found", "name-not-found", "cmd-differs"), since="0.1", rank=10, platform="fly"
)
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(\))?$")


class _Started(NamedTuple):
    """The `module:attribute` of a command line, and whether it is a queue's worker that is started with it."""

    app: str
    worker: bool


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield a CMD whose module no process starts, and differs from that of the process which a service serves."""
    image = report.image
    if image is None or image.command is None or report.certain:
        return
    served = {name for service in report.target.services for name in service.processes}
    theirs = _target(image.command.argv)
    for booted in report.processes:
        ours = _target(booted.argv)
        if booted.process.name in served and booted.process.argv and ours and theirs and not _starting(theirs, report):
            message = f"CMD starts `{theirs.app}` and process group `{booted.process.name}` starts `{ours.app}`"
            reason = "On Fly the config's command runs; a local `docker run` starts the other one."
            yield Weakness("cmd-differs", "boot", message, reason, image.command.place, booted.process.name)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose CMD's module for the process that fails; for the weakness, the process's module for CMD."""
    image = report.image
    booted = next((booted for booted in report.processes if booted.process.name == finding.process), None)
    if image is None or image.command is None or booted is None or booted.origin is None or booted.process.argv is None:
        return
    ours, theirs = _target(booted.argv), _target(image.command.argv)
    if ours is None or theirs is None or ours.app == theirs.app:
        yield Skip("CMD names no other module")
        return
    if ours.worker != theirs.worker:
        yield Skip(f"CMD starts `{theirs.app}` with another kind of program")
        return
    group = _starting(theirs, report)
    if group:
        yield Skip(f"`{theirs.app}` is what process group `{group}` starts")
        return
    if isinstance(finding, Weakness):
        origin = Origin("CMD", image.command.place, (), image.command.instruction)
        changed = _command.replace_word(tree, origin, theirs.app, ours.app)
        rationale = f"Process group `{finding.process}` starts `{ours.app}`; CMD now starts the same."
    else:
        changed = _command.replace_word(tree, booted.origin, ours.app, theirs.app)
        rationale = f"`[processes]` replaces CMD, and named `{ours.app}` where the Dockerfile's CMD starts `{theirs.app}`."
    if changed:
        yield Proposal(changed, rationale)
    else:
        yield Skip(f"`{theirs.app if isinstance(finding, Weakness) else ours.app}` does not stand in the command exactly once")


def _target(argv: tuple[str, ...]) -> _Started | None:
    """Return what a command line starts, also inside `sh -c`."""
    words = [word for text in argv for word in text.split()]
    app = next((word for word in words if _TARGET.match(word)), None)
    return _Started(app, any(posixpath.basename(word) == "celery" for word in words)) if app else None


def _starting(wanted: _Started, report: Report) -> str | None:
    """Return the process group that starts this already."""
    return next((booted.process.name for booted in report.processes if _target(booted.argv) == wanted), None)
