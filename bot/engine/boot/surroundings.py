"""The surroundings of a command while it is resolved, and what comes of the resolving: programs, faults, unknowns."""

from __future__ import annotations

import posixpath
from typing import Literal, NamedTuple

from bot.engine.boot.program import Program, Resolution
from bot.engine.image import complaints
from bot.engine.image.complaints import Shell
from bot.engine.image.filesystem import below
from bot.engine.image.stage import Image, Install
from bot.engine.model.findings import Detail, Fault, MissingFile, Stage, Unknown
from bot.engine.model.target import Origin
from bot.engine.model.tree import Tree, Unreadable


class Where(NamedTuple):
    """The surroundings of a command: they change with `cd`, assignments and `$@`."""

    folder: str
    env: dict[str, str | None]
    origin: Origin
    fatal: bool
    in_shell: bool
    arguments: tuple[str, ...]  # "$@" of a script
    unset: frozenset[str] = frozenset()  # words of the command that hang on variables which nothing here sets
    loose: str | None = None  # why the folder may be another one
    beside: bool = False  # it goes on while the next command runs
    shell: Shell | None = None  # the one that reads it, where one does
    user: str = ""  # as whom it runs, where that is another than the image's user
    runner: str | None = None  # what starts it in the environment of a project


class Course:
    """What came of a command line so far, and how a fault in it is noted."""

    def __init__(self, tree: Tree, image: Image, process: str, stage: Stage) -> None:
        self.tree = tree
        self.image = image
        self.process = process
        self.stage: Stage = stage
        self.programs: list[Program] = []
        self.faults: list[Fault] = []
        self.unknowns: list[Unknown] = []
        self.others = False
        self.made: set[str] = set()  # files and folders that the command line itself makes
        self.installs: list[Install] = []  # what it installs before it runs its programs
        self.given: set[str] = set()  # those that it gives other owners or modes
        self.later: str | None = None  # why what was run so far may have installed packages
        self.functions: set[str] = set()  # that its scripts define
        self.assumed = False  # whether it goes on as if something were there that is not

    def fault(self, code: str, message: str, reason: str, where: Where, detail: Detail = None, certain: bool = True) -> None:
        """Note a fault; one that the process need not end with is only said to be unknown."""
        if not where.fatal:
            self.unknowns.append(Unknown(f"{message}: it may not matter", where.origin.place))
            return
        sure = certain and self.image.base.known and not where.unset and where.loose is None
        confidence: Literal["certain", "likely"] = "certain" if sure else "likely"
        place = where.origin.place
        self.faults.append(Fault(code, self.stage, 0, self.process, confidence, message, reason, place, (), detail))

    def plain(self, name: str, argv: tuple[str, ...], front: tuple[str, ...], where: Where) -> None:
        """Note a program that is known, and that serves no app of the repository."""
        program = Program(name, argv, where.folder, where.env, front, None, None, where.origin, where.fatal)
        self.programs.append(program._replace(user=where.user, runner=where.runner))

    def not_followed(self, what: str, where: Where) -> None:
        """Note a command that may do anything."""
        self.others = self.others or where.beside
        self.later = self.later or f"{what}, and may install packages"
        self.unknowns.append(Unknown(what, where.origin.place))

    def missing_file(
        self, path: str, message: str, where: Where, code: str = "script-missing", reason: str | None = None
    ) -> None:
        """Note a file that a command names and the image does not have, as surely as its files are known."""
        files = self.image.files
        if files.assumed(path) or self.makes(path):
            return
        sure, reason = files.judged(path, reason or f"The image has no {path}.")
        self.fault(code, message, reason, where, MissingFile(path, None), sure and self.has_top(path))

    def no_environment(self, prefix: str, written: str, message: str, where: Where) -> None:
        """Note a virtual environment that is used and that nothing makes."""
        path = posixpath.normpath(posixpath.join(where.folder, written))
        sure, reason = complaints.judged(self.image.files, prefix, path)
        self.fault("environment-not-made", message, reason, where, MissingFile(path, None), sure and self.has_top(path))

    def unmade(self, prefix: str, path: str) -> bool:
        """Say whether neither the build nor the command line made an environment, and nothing else may have."""
        image = self.image
        made = (*image.environments, *(each.prefix for each in (*image.installs, *self.installs)))
        known = image.base.known and self.later is None and not self.makes(path) and not self.makes(prefix)
        return known and prefix not in made and complaints.absent(image.files, prefix, path)

    def assume(self, path: str, reason: str) -> None:
        """Go on as if a path were there that a fault is about: what is missed below it only follows from that."""
        self.assumed = True
        files = self.image.files.copy()
        files.taint(path, reason, assumed=True)
        self.image = self.image._replace(files=files)

    def makes(self, path: str) -> bool:
        """Say whether the command line itself makes what lies at a path, or below it."""
        return any(below(made, path) is not None for made in self.made)

    def has_top(self, path: str) -> bool:
        """Say whether the image has the first folder of a path; a volume may be mounted where it has none."""
        first, _, rest = path[1:].partition("/")
        return not rest or self.image.files.find("/" + first) is not None

    def text(self, path: str | None) -> str | None:
        """Return the text of a file of the repository, None where it can't be read."""
        if path is None:
            return None
        try:
            return self.tree.text(path)
        except Unreadable:
            return None

    def resolution(self) -> Resolution:
        """Return what all came to."""
        found = tuple(self.programs), tuple(self.faults), tuple(self.unknowns)
        return Resolution(*found, self.others, tuple(self.installs), self.image if self.assumed else None)
