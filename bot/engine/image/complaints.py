"""What the shell that reads a command complains of: dash, bash and busybox's ash, each in its own words.

Tried with dash 0.5.12 and bash 5.2; ash's are as the build logs of Alpine images show them (busybox 1.36).
"""

from __future__ import annotations

import posixpath
import re
from typing import Literal, NamedTuple

from bot.engine.image.filesystem import FileSystem

Kind = Literal["dash", "bash", "ash"]
# folders that a base image, or a package of its system, may have
BASE_FOLDERS = re.compile(
    r"/(?:bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|tmp|usr|var)(?:/|$)|/(?:home|media|mnt|opt|root|srv)?$"
)


class Shell(NamedTuple):
    """The shell that reads a command, as its complaints begin: by the name of the script or its own, and the line."""

    name: str
    kind: Kind
    script: bool
    line: int = 1

    @property
    def begins(self) -> str:
        """How its complaints begin."""
        if self.kind == "ash":
            return f"{self.name}: line {self.line}" if self.script else self.name
        return f"{self.name}: {'line ' if self.kind == 'bash' else ''}{self.line}"

    def says(self, program: str, execs: bool) -> str:
        """Return its words for a program that is not there."""
        what = f"exec: {program}: not" if execs else f"{program}: {'command not' if self.kind == 'bash' else 'not'}"
        return f"{self.begins}: {what} found"

    def no_program(self, path: str) -> str:
        """Return its words for a program that is named by its path and is not there."""
        return f"{self.begins}: {path}: {'No such file or directory' if self.kind == 'bash' else 'not found'}"

    def no_folder(self, folder: str) -> str:
        """Return its words for a `cd` into a folder that is not there."""
        if self.kind == "bash":
            return f"{self.begins}: cd: {folder}: No such file or directory"
        if self.kind == "ash":
            return f"{self.name}: cd: line {self.line - (not self.script)}: can't cd to {folder}: No such file or directory"
        return f"{self.begins}: cd: can't cd to {folder}"

    def no_script(self, command: str, script: str) -> str:
        """Return its words for `.` or `source` of a file that is not there."""
        if self.kind == "bash":
            return f"{self.begins}: {script}: No such file or directory"
        if self.kind == "ash":
            line = self.line - (not self.script)
            return f"{self.name}: {command}: line {line}: can't open '{script}': No such file or directory"
        return f"{self.begins}: .: cannot open {script}: No such file"

    def ends_with(self, command: str) -> bool:
        """Say whether it ends at once when a command of its own fails: all but bash do so with `.`."""
        return command == "." and self.kind != "bash"


def environment(folder: str, script: str) -> str | None:
    """Return the virtual environment whose `activate` a word names; None for any other script, and for conda's."""
    path = posixpath.normpath(posixpath.join(folder, script))
    inside = posixpath.basename(posixpath.dirname(path)) in ("bin", "Scripts")
    named = posixpath.basename(path) == "activate" and inside and not script.startswith("~")
    return posixpath.dirname(posixpath.dirname(path)) if named else None


def made(program: str, words: list[str]) -> list[str]:
    """Return the virtual environments that a command makes, as it names them."""
    if program.startswith("python") and words[:1] == ["-m"]:
        program, words = (words[1] if len(words) > 1 else ""), words[2:]
    if program == "uv" and words[:1] == ["venv"]:
        program, words = "venv", words[1:] if any(not word.startswith("-") for word in words[1:]) else [".venv"]
    return [word for word in words if not word.startswith("-")] if program in ("venv", "virtualenv") else []


def absent(files: FileSystem, prefix: str, path: str) -> bool:
    """Say whether nothing lies at a path of an environment, and nothing that could not be followed may have made it."""
    return not (files.find(path) or files.assumed(path) or files.tainted(path) or files.find(posixpath.join(prefix, "bin")))


def judged(files: FileSystem, prefix: str, path: str) -> tuple[bool, str]:
    """Return whether an environment is missing for certain, and why: git ignores most, and a clone has none of those."""
    sure, reason = files.judged(path, f"Nothing makes a virtual environment at {prefix}.")
    return sure or files.cloned, reason
