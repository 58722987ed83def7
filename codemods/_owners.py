"""Edits that settle who does what in a build: USER below a line that needs root, a folder that is given to its user, a home."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.image.filesystem import STANDARD
from bot.engine.image.stage import Image
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.tree import Splice
from codemods import _dockerfile, _stages

_MAKING = re.compile(r"\b(useradd|adduser)\b(?P<rest>(?:\\\r?\n|[^&|;\n])*)")  # with its continued lines
_PLAIN = ("ENV", "ARG", "LABEL", "EXPOSE", "COPY", "ADD", "SHELL", "STOPSIGNAL", "HEALTHCHECK", "VOLUME")  # whoever builds


def user_above(file: Dockerfile, number: int) -> int | None:
    """Return the index of the USER under which an instruction runs, if it stands in the same stage."""
    start = _dockerfile.start(file, number)
    return next((at for at in range(number - 1, start, -1) if file.instructions[at].name == "USER"), None)


def lowered(file: Dockerfile, number: int) -> list[Splice] | None:
    """Return the edit that moves USER below an instruction; None where what stands between would become root's."""
    at = user_above(file, number)
    if at is None or any(item.name not in _PLAIN for item in file.instructions[at + 1 : number]):
        return None
    return _stages.moved_behind(file, file.instructions[at], file.instructions[number])


def given(image: Image, number: int, path: str, user: str, folder_is_made: bool) -> Splice | None:
    """Return the edit that gives the folder at, or above, a path to a user before USER; None for a folder of the system.

    `folder_is_made`: the command makes a folder at the path, and no file.
    """
    file = image.file
    at = user_above(file, number)
    above = posixpath.dirname(path)
    folder = path if _is_made(file, at, path) or (folder_is_made and above in STANDARD) else above
    if at is None or folder in STANDARD or re.search(r"[^\w./@-]", folder):
        return None
    make = "" if _is_made(file, at, folder) else f"mkdir -p {folder} && "
    return _dockerfile.line_before(file, file.instructions[at], f"RUN {make}chown {user} {folder}")


def _is_made(file: Dockerfile, at: int | None, folder: str) -> bool:
    """Say whether a WORKDIR above an instruction makes a folder."""
    above = _above(file, at) if at is not None else ()
    return any(posixpath.normpath(item.value) == folder for item in above if item.name == "WORKDIR")


def _above(file: Dockerfile, number: int) -> tuple[Instruction, ...]:
    return file.instructions[_dockerfile.start(file, number) : number]


def home(file: Dockerfile, number: int, user: str) -> Splice | None:
    """Return the edit that lets the command which makes a user make its home too."""
    for item in _above(file, number):
        if item.name != "RUN":
            continue
        for found in _MAKING.finditer(file.text[item.start : item.end]):
            words = found["rest"].split()
            if user not in words:
                continue
            start = item.start + found.start("rest")
            unmade = re.search(r"\s--no-create-home\b|\s-M\b", found["rest"])
            if found[1] == "useradd":
                at = (start + unmade.start(), start + unmade.end()) if unmade else (start, start)
                return Splice(*at, " --create-home")
            if unmade is None and "--home" not in found["rest"]:
                return Splice(start, start, f" --home /home/{user}")
    return None


def owned_copies(file: Dockerfile, number: int, user: str) -> Iterator[Splice]:
    """Yield the edits that let a COPY above give what it brings to a user."""
    start = _dockerfile.start(file, number)
    for item in file.instructions[start:number]:
        if item.name == "COPY" and item.flag("from") is None and item.flag("chown") is None and not item.json and item.words:
            yield Splice(item.words[0].start, item.words[0].start, f"--chown={user}:{user} ")
