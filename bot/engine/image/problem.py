"""What makes a command of a build give up."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.model.findings import (
    BadRequirement,
    Denied,
    MissingFile,
    MissingPackage,
    MissingProgram,
    MissingSystem,
    MissingUser,
    UnreadyInstall,
)


class Problem(NamedTuple):
    """What makes an installer give up: a fault's code, the installer's words, the reason, and the file in question."""

    code: str
    message: str
    reason: str
    missing: (
        BadRequirement | Denied | MissingFile | MissingPackage | MissingProgram | MissingSystem | MissingUser | UnreadyInstall
    )
    certain: bool
