"""What the engine asks a package index, and the answers: versions that a set of requirements comes to, and their wheels.

The engine only knows the protocol; `bot/outside/index/` asks a real index. Everything is plain data, so that an answer can
be kept and a test can give one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from bot.engine.model.outline import Outline

Python = tuple[int, int]


class Pin(NamedTuple):
    """A distribution at one version, and the wheel that the installer takes; `size` in bytes."""

    name: str  # normalised (PEP 503)
    version: str
    url: str
    sha256: str
    size: int


class Wish(NamedTuple):
    """What an installer is asked for; every line was written by us, from a requirement that was read.

    `kept` are `name==version` of what is installed already, which pip leaves alone where it can; `excluded` are distributions
    to do without, wherever they are asked for.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    kept: tuple[str, ...]
    excluded: tuple[str, ...]
    python: Python
    platform: str  # "manylinux_2_36", "musllinux_1_2"
    alone: bool = False  # without dependencies


class Solved(NamedTuple):
    """Every distribution that would be installed."""

    pins: tuple[Pin, ...]


class Unsolved(NamedTuple):
    """Why there is no such set. `name` is the distribution that it fails on, `says` the resolver's explanation.

    "wheel": none of its releases that are allowed has a wheel that fits; "conflict": `name` is empty.
    """

    kind: Literal["name", "version", "wheel", "conflict", "syntax"]
    name: str
    says: str


class Unreachable(NamedTuple):
    """The index could not be asked."""

    reason: str


class Release(NamedTuple):
    """One version of a distribution, as the index lists its files."""

    version: str
    requires_python: str
    wheels: tuple[str, ...]  # names of files
    source: str | None  # the name of the source archive
    yanked: bool


class Wheel(Protocol):
    """The content of one wheel."""

    @property
    def files(self) -> frozenset[str]:
        """Return the paths that it puts into site-packages."""
        ...

    @property
    def scripts(self) -> frozenset[str]:
        """Return the console scripts that it brings."""
        ...

    def outline(self, path: str, python: Python) -> Outline | None:
        """Return what a module of it does when it is imported; None where that can't be had."""
        ...

    def libraries(self) -> tuple[str, ...]:
        """Return the shared libraries that its binaries need and that it does not bring, in the order of the loader."""
        ...


class Index(Protocol):
    """A package index. `deep`: the wheels themselves may be looked into."""

    deep: bool

    def resolve(self, wish: Wish) -> Solved | Unsolved | Unreachable:
        """Return the versions that a set of requirements comes to."""
        ...

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return every version of a distribution, in the index's order; empty for a name that it does not have."""
        ...

    def wheel(self, pin: Pin) -> Wheel | None:
        """Return a wheel; None where it can't be had."""
        ...
