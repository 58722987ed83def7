"""Programs that a process starts and its image does not have: what Fly's init or the shell at hand says of them.

The words of dash, bash and busybox's ash were tried (dash 0.5.12, bash 5.2); Fly's are those of superfly/init-snapshot.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from bot.engine.boot.surroundings import Course, Where
from bot.engine.image import packages, programs
from bot.engine.model.findings import MissingProgram

_FOLDERS = ("", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin")


class Absent(NamedTuple):
    """A program that is not there: what brings it, the words for it, why, and whether that is so on any release."""

    missing: MissingProgram
    message: str
    reason: str
    certain: bool


def absent(course: Course, argv: tuple[str, ...], where: Where, started: str | None = None) -> Absent | None:
    """Return what is said of the program that a command line starts, if the image has none; `started` by a wrapper in it."""
    written = started or argv[0]
    program, folder = posixpath.basename(written), posixpath.dirname(written)
    image, system = course.image, course.image.base.system
    if system is None or folder not in _FOLDERS or program not in programs.sources(system.family):
        return None
    if image.sources or course.later or program in course.functions or "*" in image.programs:
        return None  # it may have come from what was not followed
    source = programs.lacking(program, system, image.programs, image.files)
    if source is None or _elsewhere(course, program, where):
        return None
    reason = f"{image.base.name} has no `{program}`"
    reason += f": the package {source.package} brings it." if source.package else ", nor has its system."
    missing = MissingProgram(program, source.package, None)
    return Absent(missing, says(argv, written, where), reason, programs.everywhere(program, system))


def _elsewhere(course: Course, program: str, where: Where) -> bool:
    """Say whether a program may lie in another folder of PATH, or come from a distribution of Python."""
    image = course.image
    listed = where.env.get("PATH", "")
    if listed is None or any(image.files.find(posixpath.join(folder, program)) for folder in listed.split(":") if folder):
        return True
    if program not in programs.FROM_PYTHON:
        return False
    return packages.installed(image.installs, image.base.python).runs(program) is not False


def says(argv: tuple[str, ...], program: str, where: Where) -> str:
    """Return the words of Fly, or of the shell that reads the command, for a program that is not there."""
    if where.in_shell:
        return where.shell.says(program, argv[:1] == ("exec",)) if where.shell else f"{program}: not found"
    return f"ERROR Error: failed to spawn command: {' '.join(argv)}: No such file or directory (os error 2)"
