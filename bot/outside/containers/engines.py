"""The engines behind one interface: what a trial asks of docker, podman and buildah, and which of them is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from bot.outside.containers.commands import Done, run

NAMES = ("docker", "podman", "buildah")  # in the order in which they are looked for
PREFIX = "deploymend"  # of the names of all that is made


class NoEngine(Exception):
    """No engine can be used; the text says which were looked at, and why not."""


class Build(NamedTuple):
    """An image to build: paths on this machine; `secret` is a file that the build reads, and no layer keeps."""

    dockerfile: str
    context: str
    tag: str
    stage: str | None = None
    arguments: Mapping[str, str] = {}
    ignore: str | None = None  # the ignore file, where it is not the context's own
    secret: str | None = None


class Image(NamedTuple):
    """What an image starts by itself, and as whom."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    user: str


class Job(NamedTuple):
    """A process to start in an image. `private` are the names of variables whose values nobody else may see.

    `volumes` are empty disks: path, user and group. `memory` counts in megabytes. `host` gives it the machine's own network.
    """

    tag: str
    argv: tuple[str, ...]
    variables: Mapping[str, str]
    private: frozenset[str] = frozenset()
    volumes: tuple[tuple[str, int, int], ...] = ()
    memory: int = 1024
    host: bool = False


class Question(NamedTuple):
    """A request, and how long its answer may take."""

    port: int
    path: str
    headers: Mapping[str, str]
    seconds: float
    method: str = "GET"


class Answer(NamedTuple):
    """What came of a request. `error` says why there is no status."""

    status: int | None
    location: str
    error: str


class Seen(NamedTuple):
    """What a process listens on (is it the loopback address alone, and the port), and its answer where it was asked."""

    listening: frozenset[tuple[bool, int]]
    answer: Answer | None


class Unasked(Exception):
    """A container can't be asked anything; the text says why."""


class Container(Protocol):
    """A process that was started."""

    def code(self) -> int | None:
        """Return its exit code; None while it runs."""
        ...

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; None where it runs on."""
        ...

    def output(self) -> str:
        """Return the end of what it printed."""
        ...

    def look(self, question: Question | None) -> Seen:
        """Look at what it listens on, and ask where that is the port asked for, on all addresses; raises `Unasked`."""
        ...


class Engine(Protocol):
    """One engine. What it makes begins with `PREFIX` and is removed by it."""

    name: str
    absolute_mounts: bool  # it takes the targets of RUN --mount only as absolute paths

    def shares_network(self, host: bool) -> bool:
        """Say whether what is started has this machine's network, and its ports."""
        ...

    def limits(self, host: bool) -> tuple[str, ...]:
        """Say what of memory and network it does not enforce."""
        ...

    def build(self, wanted: Build, seconds: float) -> Done:
        """Build an image."""
        ...

    def image(self, tag: str) -> Image | None:
        """Return what an image says; None where that can't be read."""
        ...

    def container(self, job: Job) -> AbstractContextManager[Container]:
        """Start a process; at the end, it and all that belongs to it are gone."""
        ...

    def unpassed(self, job: Job) -> tuple[str, ...]:
        """Return the names of variables that it can't hand to a process."""
        ...

    def remove(self, tag: str) -> None:
        """Remove an image."""
        ...


def find(wanted: str | None) -> Engine:
    """Return the engine of a name, or else the first that can be used; raises `NoEngine`."""
    why = []
    for name in (wanted,) if wanted else NAMES:
        program = shutil.which(name)
        if program is None:
            why.append(f"{name} is not installed")
        elif (trouble := _trouble(name, program)) is not None:
            why.append(f"{name} does not work: {trouble}")
        else:
            return _engine(name, program)
    raise NoEngine(f"{'; '.join(why)}; verifying needs docker, podman or buildah")


def _trouble(name: str, program: str) -> str | None:
    """Return why an engine that is installed can't be used."""
    asked = {"docker": ("version", "--format", "{{.Server.Version}} {{.Client.Version}}"), "podman": ("info",)}
    done = run((program, *asked.get(name, ("--version",))), os.environ, 20)
    if done.code is None:
        return "it does not answer"
    said = [line.strip() for line in done.output.splitlines() if line.strip()]
    if done.code != 0:
        return (said or [f"exit code {done.code}"])[-1][:200]
    if name == "docker" and not _has_builder(program, said[-1].split()[-1] if said else ""):
        return "its buildx component, which builds images, is not installed"
    return None


def _has_builder(program: str, version: str) -> bool:
    """Say whether a docker client can build with BuildKit: before version 23 it could by itself, since then buildx does it."""
    major = version.partition(".")[0]
    return (major.isdecimal() and int(major) < 23) or run((program, "buildx", "version"), os.environ, 20).code == 0


def _engine(name: str, program: str) -> Engine:
    if name == "buildah":
        from bot.outside.containers.buildah import Buildah

        return Buildah(program)
    from bot.outside.containers.docker import Docker

    return Docker(name, program)
