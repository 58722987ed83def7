"""A command of a package manager in a build: what it is told and what it sees; and what comes of it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from bot.engine.image.locks.lock import Package
from bot.engine.image.locks.markers import Environment
from bot.engine.image.problem import Problem
from bot.engine.image.stage import Install, Stage
from bot.engine.model.findings import MissingFile, Place
from bot.engine.model.requirements import Line, Requirement
from bot.engine.model.tree import Tree, Unreadable

_TRUE = ("1", "true", "yes", "on", "t", "y")


class Call(NamedTuple):
    """A command: its words behind the program's name, None for one that is made at run time.

    `environment` is the virtual environment that was activated; `variable` returns `""` for what is not set and None for what
    can't be told.
    """

    stage: Stage
    tree: Tree
    words: tuple[str | None, ...]
    folder: str
    place: Place
    environment: str | None
    variable: Callable[[str], str | None]

    def path(self, word: str, folder: str | None = None) -> str:
        """Return the path that a word means in a folder, the command's own at first."""
        return posixpath.normpath(posixpath.join(folder or self.folder, word))

    def switched(self, name: str) -> bool:
        """Say whether a variable turns something on."""
        return (self.variable(name) or "").lower() in _TRUE

    def surroundings(self, extras: Iterable[str] = ()) -> Environment:
        """Return what markers are held against."""
        return Environment(self.stage.base.python, frozenset(extras))

    def look(self, path: str) -> Looked:
        """Look for a file of the image."""
        files = self.stage.files
        found = files.find(path)
        if found is not None and found.kind == "file":
            return Looked(path, found.tree, None if found.tree else f"{path} is made during the build")
        if files.assumed(path):
            return Looked(path, None, f"{path} is taken to be there")
        return Looked(path, None, files.tainted(path))

    def up(self, name: str, folder: str) -> Iterator[Looked]:
        """Look for a file in a folder and those above it; yields what may be there."""
        while True:
            looked = self.look(posixpath.join(folder, name))
            if looked.tree or looked.doubt:
                yield looked
            if folder == "/":
                return
            folder = posixpath.dirname(folder)

    def text(self, looked: Looked) -> str | None:
        """Return a file's text; None where it can't be had."""
        try:
            return self.tree.text(looked.tree) if looked.tree else None
        except Unreadable:
            return None


class Looked(NamedTuple):
    """A path of the image: the file of the repository that lies there, or why that can't be told; neither: there is none."""

    path: str
    tree: str | None
    doubt: str | None


class Outcome:
    """What a command comes to: installs, what stops it, and what it leaves in the image."""

    def __init__(self) -> None:
        self.installs: list[Install] = []
        self.problems: list[Problem] = []
        self.environments: list[str] = []
        self.written: list[tuple[str, tuple[Requirement, ...] | None]] = []  # files, with the requirements in them
        self.printed: tuple[Requirement, ...] | None = None  # what goes to the output, a list of requirements
        self.settings: dict[str, str] = {}
        self.exact = False  # what was in the environment before, and is not asked for, goes
        self.pip: tuple[list[str | None], str | None] | None = None  # a `pip install` by another name, and its prefix
        self.started: list[str | None] = []  # a command that is run in the environment
        self.unknown: str | None = None
        self.git = ""  # the words with which it complains that there is no git; `""`: it needs none

    def stop(self, code: str, message: str, reason: str, path: str, certain: bool = True) -> Outcome:
        """Note what the command stops at; returns the outcome."""
        self.problems.append(Problem(code, message, reason, MissingFile(path, None), certain))
        return self


class Follow(Protocol):
    """The function `follow` of a manager's file."""

    def __call__(self, program: str, call: Call) -> Outcome:
        """Return what a command of the program does."""
        ...


class Options(NamedTuple):
    """The words of a command taken apart; `told` False: one of them is made at run time."""

    verb: str
    flags: frozenset[str]
    values: dict[str, tuple[str, ...]]
    rest: tuple[str | None, ...]  # what is neither, the verb left out
    told: bool

    def has(self, *names: str) -> bool:
        """Say whether an option without a value is given."""
        return any(name in self.flags for name in names)

    def get(self, *names: str) -> str | None:
        """Return the last value of an option by any of its names."""
        return next((self.values[name][-1] for name in names if name in self.values), None)

    def all(self, *names: str) -> tuple[str, ...]:
        """Return every value of an option; one that is written with commas or blanks is several."""
        found = (value for name in names for value in self.values.get(name, ()))
        return tuple(part for value in found for part in value.replace(",", " ").split())


def options(words: Iterable[str | None], valued: frozenset[str], stop_at_rest: bool = False) -> Options:
    """Take the words of a command apart; `valued` are the options that take a value.

    `stop_at_rest`: what follows the first plain word behind the verb belongs to another command (`run`).
    """
    verb, told = "", True
    flags: set[str] = set()
    values: dict[str, tuple[str, ...]] = {}
    rest: list[str | None] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        told = told and word is not None
        name, equals, value = (word or "").partition("=")
        if word is None or not word.startswith("-") or word == "-":
            if not verb and word is not None:
                verb = word
                continue
            rest.append(word)
            if stop_at_rest and verb == "run":
                return Options(verb, frozenset(flags), values, (*rest, *queue), told)
        elif word == "--":
            return Options(verb, frozenset(flags), values, (*rest, *queue), told)
        elif name in valued or (not word.startswith("--") and word[:2] in valued):
            short = word[2:].removeprefix("=") if name not in valued else ""
            given = value if equals and name in valued else short or (queue.pop(0) if queue else "")
            told = told and given is not None
            key = name if name in valued else word[:2]
            values[key] = (*values.get(key, ()), given or "")
        else:
            flags.add(name)
    return Options(verb, frozenset(flags), values, tuple(rest), told)


def pinned(package: Package, extras: Iterable[str], lock: str) -> Requirement:
    """Return a locked package as an exact requirement, with its place in the lock."""
    rest = f"=={package.version}" if package.version else ""
    if package.sort in ("git", "address"):
        rest = f"@ {'git+' if package.sort == 'git' else ''}{package.source}"
    return Requirement(Line("name", package.name, tuple(sorted(extras)), rest, package.line), Place(lock, package.line))
