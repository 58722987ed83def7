"""One deployable app as a platform's config describes it, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from bot.engine.model import toml
from bot.engine.model.findings import Fault, Place, Unknown


class Start(NamedTuple):
    """From where, and how, the deploy is started: it decides the build context.

    `directory` is the working directory; `dockerfile` what `--dockerfile` says; `why` the evidence in a few words; with
    `image` the command names an image, and nothing is built.
    """

    directory: str
    dockerfile: str | None
    why: str
    place: Place | None
    image: bool = False


class Origin(NamedTuple):
    """Where a command line is written: a key of the config, an instruction, or a line of a script."""

    kind: Literal["config", "CMD", "ENTRYPOINT", "script"]
    place: Place
    key: toml.Path = ()
    instruction: int | None = None


class Process(NamedTuple):
    """A process group: its command as argv, None where the image's CMD runs."""

    name: str
    argv: tuple[str, ...] | None
    origin: Origin | None


class Check(NamedTuple):
    """A health check of a service. `path` None: TCP alone."""

    path: str | None
    method: str
    headers: dict[str, str]
    place: Place
    interval: float | None = None  # seconds
    timeout: float | None = None  # seconds that an answer may take


class Asked(NamedTuple):
    """With which Host a platform's checks come, and whether it may be another public name of the app."""

    host: str
    perhaps_other: bool


class Service(NamedTuple):
    """A port that the platform's proxy serves."""

    port: int
    processes: tuple[str, ...]
    checks: tuple[Check, ...]
    place: Place


class Volume(NamedTuple):
    """A disk that is mounted into the machines of some processes: it hides what the image has at its path."""

    path: str
    processes: tuple[str, ...]
    place: Place


class Provided(NamedTuple):
    """The URL of a database that a platform gives in a variable: one of its form.

    `says` is how that is known: the platform is `told` to, the variable is only `named` here, or it is `guessed` by its name.
    """

    url: str
    says: str
    known: Literal["told", "named", "guessed"]


class Native(NamedTuple):
    """A build without a Dockerfile: a shell's `command` in a `folder` of the tree, and a version of Python.

    `faults` stop it before the command runs.
    """

    folder: str
    command: str
    place: Place
    python: tuple[int, int]
    pinned: bool  # the version is written down
    faults: tuple[Fault, ...] = ()


class Build(NamedTuple):
    """How the image comes about. `dockerfile` is a path in the tree; `outside` one that leaves the repository."""

    kind: Literal["dockerfile", "native", "image", "buildpacks", "builtin", "other"]
    dockerfile: str | None
    outside: str | None
    stage: str | None
    args: dict[str, str]
    place: Place | None
    says: str  # for the person: what the config names
    native: Native | None = None


class IgnoredKey(NamedTuple):
    """A key of the config that the platform does not know, and one that may be meant."""

    path: toml.Path
    near: str | None
    place: Place


class Refusal(NamedTuple):
    """What a platform refuses in a config, in its words; an app that is there goes on with what it had before."""

    path: toml.Path
    message: str
    reason: str
    place: Place


class Target(NamedTuple):
    """One app on one platform."""

    platform: str
    app: str | None
    config: str
    directory: str  # the config's folder
    starts: tuple[Start, ...]  # the readings that the repository shows; never empty
    build: Build
    env: Mapping[str, str | None]  # None: set, to what only the platform knows
    processes: tuple[Process, ...]
    services: tuple[Service, ...]
    release: Process | None
    faults: tuple[Fault, ...]  # of the config stage
    ignored: tuple[IgnoredKey, ...]
    unknowns: tuple[Unknown, ...]
    key: toml.Path = ()  # where it stands in a config that describes several
    volumes: tuple[Volume, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def identity(self) -> tuple[str, toml.Path]:
        """What tells it from the other targets of a tree."""
        return self.config, self.key
