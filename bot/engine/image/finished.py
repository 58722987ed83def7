"""What a stage comes to when its build is over."""

from __future__ import annotations

from bot.engine.image import carried
from bot.engine.image.context import Context
from bot.engine.image.stage import Image, Stage
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, Unknown


def finished(stage: Stage, context: Context, faults: tuple[Fault, ...] = (), unknowns: tuple[Unknown, ...] = ()) -> Image:
    """Return the image of a stage, as of one that no Dockerfile made."""
    return Image(
        "",
        dockerfile.read(""),
        (),
        context,
        stage.files,
        stage.env,
        stage.workdir,
        stage.user,
        stage.entrypoint,
        stage.command,
        stage.base,
        tuple(stage.installs),
        frozenset(stage.programs),
        faults,
        unknowns,
        users=stage.users,
        sources=stage.sources,
        environments=carried.environments(stage),
        shared=frozenset(stage.shared),
    )
