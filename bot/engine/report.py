"""The result of simulating one target: how far its deploy gets, and everything found on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.engine.boot.program import Program
from bot.engine.image.stage import Image
from bot.engine.model.findings import Assumption, Fault, Stage, Unknown, Weakness
from bot.engine.model.target import Origin, Process, Start, Target

if TYPE_CHECKING:
    from bot.engine.model.index import Index


class Booted(NamedTuple):
    """A process as it was followed: the argv that the platform executes, where that is written, and its programs."""

    process: Process
    argv: tuple[str, ...]
    origin: Origin | None
    programs: tuple[Program, ...]


class Report(NamedTuple):
    """What became of one target. `image` is None where there is no Dockerfile to follow.

    `followed` False: the chain ends in something that can't be followed, and `unknowns` says what. `checked`: the checked
    paths were held against all routes of the app. `package_index` is what the installs were resolved with. `idle`: a process
    that a service leads to was followed, and nothing in it was seen to listen.
    """

    target: Target
    start: Start  # the reading that was taken of where the deploy is started
    image: Image | None
    processes: tuple[Booted, ...]
    release: Booted | None
    faults: tuple[Fault, ...]  # in the order in which the platform would meet them
    weaknesses: tuple[Weakness, ...]
    assumptions: tuple[Assumption, ...]
    unknowns: tuple[Unknown, ...]
    followed: bool
    checked: bool
    package_index: Index | None = None
    idle: bool = False

    @property
    def reached(self) -> Stage | Literal["ok", "unknown"]:
        """The stage at which the deploy stops; "ok" when it reaches the end; "unknown" when that can't be told."""
        if self.faults:
            return self.faults[0].stage
        return "ok" if self.followed and not self.idle else "unknown"

    @property
    def started(self) -> tuple[Booted, ...]:
        """All that the platform starts: the processes, and the release command after them."""
        return (*self.processes, self.release) if self.release else self.processes

    @property
    def certain(self) -> tuple[Fault, ...]:
        """The faults without doubt."""
        return tuple(fault for fault in self.faults if fault.confidence == "certain")
