"""What a command line comes to: the programs that it runs, and for each the Python code that it starts."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.image.stage import Image, Install
from bot.engine.model.findings import Fault, Place, Unknown
from bot.engine.model.target import Origin


class Module(NamedTuple):
    """A module to import, and the object that the launcher wants from it.

    `attribute` None: the module alone. `run`: executed as `__main__`. `written` is how the command spells it.
    """

    name: str
    attribute: str | None
    call: bool  # the attribute is a factory
    run: bool
    written: str


class Script(NamedTuple):
    """A file to run as `__main__`; an absolute path in the image."""

    path: str
    written: str


LOOPBACK = ("127.0.0.1", "localhost", "::1")  # hosts that only the machine itself reaches


class Listen(NamedTuple):
    """Where a server would listen; None for what can't be told."""

    host: str | None
    port: int | None


class Serving(NamedTuple):
    """A call in the code that serves: where it listens, and whether that is told without doubt."""

    listen: Listen
    certain: bool
    place: Place


class Program(NamedTuple):
    """One program of a command line, ready to be followed."""

    launcher: str
    argv: tuple[str, ...]
    folder: str  # its working directory
    env: dict[str, str | None]
    front: tuple[str, ...]  # what the launcher puts first on sys.path
    entry: Module | Script | None
    listen: Listen | None  # None: it opens no port, or nobody knows
    origin: Origin
    fatal: bool  # the process ends when this program fails
    loose: str | None = None  # why it may start in another way than is told here
    serving: Serving | None = None  # what of its own code listens
    variable: str | None = None  # which nothing here sets, and a secret may: it would say where to listen
    later: str | None = None  # why packages may be installed when it starts that the build did not install
    made: frozenset[str] = frozenset()  # paths that the command line makes before
    after: str | None = None  # what code ran before, and may have made files
    user: str = ""  # as whom it runs; empty: the image's user
    runner: str | None = None  # `uv`, `poetry`, …: what started it in the environment of a project
    app: tuple[str, str] | None = None  # the file (in the tree) and the name of the object that it serves


class Resolution(NamedTuple):
    """All programs of a process in order (the last one stays), and what was found on the way.

    `others`: something that was not followed runs beside them, and may serve what they don't.
    """

    programs: tuple[Program, ...]
    faults: tuple[Fault, ...]
    unknowns: tuple[Unknown, ...]
    others: bool = False
    installs: tuple[Install, ...] = ()  # what the command line installs before its programs start
    image: Image | None = None  # with what a fault is about taken to be there
