"""What a build stage has come to: the state that instructions change, and the image that comes out of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.engine.image import users
from bot.engine.image.bases import Base
from bot.engine.image.context import Context
from bot.engine.image.filesystem import STANDARD, FileSystem, Made
from bot.engine.image.users import Users
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, Place, Unknown
from bot.engine.model.requirements import Line, Requirement

if TYPE_CHECKING:
    from bot.engine.image.projects.contents import Given
    from bot.engine.model.index import Index, Pin  # for a check that asks a package index alone

_OF_PACKAGES = frozenset("messagebus postgres redis mysql rabbitmq sshd nginx caddy memcache node Debian-exim ssl-cert".split())


class Install(NamedTuple):
    """One installation of packages. `opaque` says why its content is not known in full.

    `prefix` is where it goes (`/usr/local`, a virtual environment), `projects` are folders of the image installed as
    packages themselves. `pins` is what the package index makes of it; None where it was not asked, or gave no answer.
    `constraints` bound versions and ask for nothing. `lock`: the requirements are all that a lock file chose, each at its
    version. `manifest` is the file of the tree in which a requirement is declared, where that is not the one that was read;
    `follows`: the build makes the lock anew where it does not belong to that. `python` is the environment's own version of
    Python, where that is not the image's. Of what a later stage copied, `modules` and `scripts` say which came along, `made`
    is the environment that the scripts were made in, and `version` that of the Python which it is for. `given` is what the
    projects come to of which that is known. `files` are the requirements files that were read, the empty too.
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
    kind: Literal["environment", "user", "prefix", "target"] = "environment"
    version: tuple[int, int] | None = None  # None: the image's own
    made: str | None = None  # None: where it lies
    modules: bool = True
    scripts: bool = True
    given: tuple[Given, ...] = ()
    files: tuple[str, ...] = ()


class Command(NamedTuple):
    """CMD or ENTRYPOINT as argv; in shell form it is the shell's."""

    argv: tuple[str, ...]
    instruction: int
    place: Place


def unknown_account(kind: str, name: str) -> str:
    """Return the words of BuildKit and of container runtimes about a USER that is not there (moby/sys `user/user.go`)."""
    return f"unable to find {kind} {name}: no matching entries in {'passwd' if kind == 'user' else 'group'} file"


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
        self.users = users.of(base)
        self.shell: tuple[str, ...] = ("/bin/sh", "-c")
        self.entrypoint: Command | None = None
        self.command: Command | None = None
        self.installs: list[Install] = []
        self.environments: list[str] = []  # virtual environments made so far
        self.shared: set[str] = set()  # those of them that see the packages of the system
        self.programs: set[str] = set()  # what apt-get and its like were asked for
        self.executable: list[str] = []  # paths, or folders with all below them, that were made executable
        self.settings: dict[str, str] = {}  # of package managers, as their `config` command leaves them
        self.followed = True  # no RUN so far did anything that was not followed
        self.index: Index | None = None  # that installs are resolved with
        debian = base.system is not None and base.system.family != "alpine"
        self.lists = "none" if debian else "unknown"  # or "fetched": apt's lists of packages; the images have none
        self.sources: str | None = None  # why there may be other system packages than those that are listed

    def child(self, name: str) -> Stage:
        """Return a stage that starts from this one's result."""
        stage = Stage(name, self.base)
        stage.files = self.files.copy()
        stage.env, stage.args = dict(self.env), dict(self.args)
        stage.workdir, stage.user, stage.shell = self.workdir, self.user, self.shell
        stage.users = self.users.copy()
        stage.entrypoint, stage.command = self.entrypoint, self.command
        stage.installs = list(self.installs)
        stage.shared = set(self.shared)
        stage.index = self.index
        stage.environments, stage.settings = list(self.environments), dict(self.settings)
        stage.programs, stage.followed, stage.executable = set(self.programs), self.followed, list(self.executable)
        stage.lists, stage.sources = self.lists, self.sources
        return stage

    def add_environment(self, path: str, owner: str, shared: bool = False) -> None:
        """Note a virtual environment that was made at a path; `shared`: it sees the packages of the system."""
        if path not in self.environments:
            self.environments.append(path)
            if path not in STANDARD:
                self.files.add(Made(path, "folder", owner))
                self.files.taint(path, f"{path} holds what a virtual environment brings", of="files")
        if shared:
            self.shared.add(path)

    def missing_account(self) -> tuple[Literal["user", "group"], str, bool] | None:
        """Return the user or the group that USER names and the image lacks; not surely where a package may bring it."""
        missing = self.users.missing(self.user) if self.followed else None
        return (*missing, not self.may_bring(missing[1])) if missing else None

    def may_bring(self, name: str) -> bool:
        """Say whether a system package that is installed may bring a user or a group of a name."""
        return name in _OF_PACKAGES or any(name in package or package in name for package in self.programs)

    @property
    def owner(self) -> str:
        """Whose the files are that the stage's user makes."""
        return self.users.owner(self.user)

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
    users: Users
    sources: str | None = None  # why there may be other system packages than `programs`
    environments: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()
    left: tuple[Install, ...] = ()  # installs of earlier stages that did not come along
    stranger: tuple[Literal["user", "group"], str, bool] | None = None  # what USER names and is not there, and whether surely
