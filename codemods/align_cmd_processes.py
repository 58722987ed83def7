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

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.target import Origin
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _command

CODEMOD = Codemod(answers=("entry-not-found", "attribute-not-found", "name-not-found", "cmd-differs"), since="0.1", rank=10)
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(?:\(\))?$")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield a CMD whose module differs from that of the process which a service serves."""
    image = report.image
    if image is None or image.command is None or report.certain:
        return
    served = {name for service in report.target.services for name in service.processes}
    for booted in report.processes:
        ours, theirs = _target(booted.argv), _target(image.command.argv)
        if booted.process.name in served and booted.process.argv and ours and theirs and ours != theirs:
            message = f"CMD starts `{theirs}` and process group `{booted.process.name}` starts `{ours}`"
            reason = "On Fly the config's command runs; a local `docker run` starts the other one."
            yield Weakness("cmd-differs", "boot", message, reason, image.command.place, booted.process.name)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose CMD's module for the process that fails; for the weakness, the process's module for CMD."""
    image = report.image
    booted = next((booted for booted in report.processes if booted.process.name == finding.process), None)
    if image is None or image.command is None or booted is None or booted.origin is None or booted.process.argv is None:
        return
    ours, theirs = _target(booted.argv), _target(image.command.argv)
    if not ours or not theirs or ours == theirs:
        yield Skip("CMD names no other module")
        return
    if isinstance(finding, Weakness):
        origin = Origin("CMD", image.command.place, (), image.command.instruction)
        changed = _command.replace_word(tree, image, origin, theirs, ours)
        rationale = f"Process group `{finding.process}` starts `{ours}`; CMD now starts the same."
    else:
        changed = _command.replace_word(tree, image, booted.origin, ours, theirs)
        rationale = f"`[processes]` replaces CMD, and named `{ours}` where the Dockerfile's CMD starts `{theirs}`."
    if changed:
        yield Proposal(changed, rationale)


def _target(argv: tuple[str, ...]) -> str | None:
    """Return the `module:attribute` of a command line, also inside `sh -c`."""
    words = [word for text in argv for word in text.split()]
    return next((word for word in words if _TARGET.match(word)), None)
