"""What a build stage has come to: the state that instructions change, and the image that comes out of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.engine.image.bases import Base
from bot.engine.image.context import Context
from bot.engine.image.filesystem import FileSystem
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, Place, Unknown
from bot.engine.model.requirements import Line

if TYPE_CHECKING:
    from bot.engine.image.projects.contents import Given
    from bot.engine.model.index import Index, Pin  # for a check that asks a package index alone


class Requirement(NamedTuple):
    """A distribution that an install asks for, and where that is written."""

    line: Line
    place: Place


class Install(NamedTuple):
    """One installation of packages. `opaque` says why its content is not known in full.

    `prefix` is where it goes (`/usr/local`, a virtual environment), `projects` are folders of the image installed as
    packages themselves. `pins` is what the package index makes of it; None where it was not asked, or gave no answer.
    `constraints` bound versions and ask for nothing. `lock`: the requirements are all that a lock file chose, each at its
    version. `manifest` is the file of the tree in which a requirement is declared, where that is not the one that was read;
    `follows`: the build makes the lock anew where it does not belong to that. `python` is the environment's own version of
    Python, where that is not the image's. `given` is what the projects come to of which that is known.
    """

    prefix: str
    requirements: tuple[Requirement, ...]
    projects: tuple[str, ...]
    opaque: str | None
    place: Place
    pins: tuple[Pin, ...] | None = None
    constraints: tuple[Line, ...] = ()
    lock: str | None = None
    manifest: str | None = None
    python: tuple[int, int] | None = None
    follows: bool = False
    given: tuple[Given, ...] = ()


class Command(NamedTuple):
    """CMD or ENTRYPOINT as argv; in shell form it is the shell's."""

    argv: tuple[str, ...]
    instruction: int
    place: Place


class Stage:
    """A build stage while its instructions run."""

    def __init__(self, name: str, base: Base) -> None:
        self.name = name
        self.base = base
        self.files = FileSystem()
        self.env: dict[str, str | None] = dict(base.env)  # None: set, to something that could not be told
        self.args: dict[str, str | None] = {}  # goes before `env`: whichever was set last counts in the build
        self.workdir = "/"
        self.user = "root"
        self.shell: tuple[str, ...] = ("/bin/sh", "-c")
        self.entrypoint: Command | None = None
        self.command: Command | None = None
        self.installs: list[Install] = []
        self.environments: list[str] = []  # virtual environments made so far
        self.programs: set[str] = set()  # what apt-get and its like were asked for
        self.executable: list[str] = []  # paths, or folders with all below them, that were made executable
        self.settings: dict[str, str] = {}  # of package managers, as their `config` command leaves them
        self.followed = True  # no RUN so far did anything that was not followed
        self.index: Index | None = None  # that installs are resolved with

    def child(self, name: str) -> Stage:
        """Return a stage that starts from this one's result."""
        stage = Stage(name, self.base)
        stage.files = self.files.copy()
        stage.env, stage.args = dict(self.env), dict(self.args)
        stage.workdir, stage.user, stage.shell = self.workdir, self.user, self.shell
        stage.entrypoint, stage.command = self.entrypoint, self.command
        stage.installs = list(self.installs)
        stage.index = self.index
        stage.environments, stage.settings = list(self.environments), dict(self.settings)
        stage.programs, stage.followed, stage.executable = set(self.programs), self.followed, list(self.executable)
        return stage

    def may_execute(self, path: str) -> bool:
        """Say whether an instruction made a path executable."""
        return any(path == made or path.startswith(made.rstrip("/") + "/") for made in self.executable)

    def variable(self, name: str) -> str | None:
        """Return a variable's value for the builder and for RUN: `""` when unset, None when it can't be told."""
        if name in self.args:
            return self.args[name]
        return self.env.get(name, "")


class Image(NamedTuple):
    """What the build would produce."""

    dockerfile: str  # its path in the tree
    file: Dockerfile
    instructions: tuple[Instruction, ...]  # those of the final stage
    context: Context
    files: FileSystem
    env: dict[str, str | None]
    workdir: str
    user: str
    entrypoint: Command | None
    command: Command | None
    base: Base
    installs: tuple[Install, ...]
    programs: frozenset[str]
    faults: tuple[Fault, ...]
    unknowns: tuple[Unknown, ...]
