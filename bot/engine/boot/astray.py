"""Packages that are installed and that a program does not reach: why, and the fault that comes of it."""

from __future__ import annotations

import posixpath
from typing import Literal, NamedTuple

from bot.engine.boot.launchers import BROUGHT_BY, LAUNCHERS
from bot.engine.boot.program import Program
from bot.engine.boot.reach import View
from bot.engine.image import packages
from bot.engine.image.access import Access
from bot.engine.image.filesystem import below
from bot.engine.image.sites import SYSTEM, packages_folder
from bot.engine.image.stage import Image, Install
from bot.engine.model.findings import Fault, Misplaced, MissingModule

_CODES = {
    "path": "environment-not-used",
    "moved": "environment-moved",
    "left": "packages-not-copied",
    "scripts": "packages-not-copied",
    "python": "packages-of-other-python",
    "denied": "packages-not-readable",
}
_BIN = "/usr/local/bin"
_NO_LIBRARY = (  # the programs of another Python's image, without the library that they all need
    "/usr/local/bin/python{0}: error while loading shared libraries: libpython{0}.so.1.0: cannot open shared object file:"
    " No such file or directory"
)
Cause = Literal["path", "moved", "left", "scripts", "python", "denied"]


class _Lost(NamedTuple):
    """An install that would bring what is missed; `sure`: it does so for certain."""

    install: Install
    cause: Cause
    sure: bool


def judged(image: Image, program: Program, view: View, fault: Fault) -> Fault:
    """Return a fault about something that is missed as one about an install which the program does not reach."""
    lost = _lost(image, program, view, fault)
    if lost is None:
        return fault
    install, cause, sure = lost
    name = posixpath.basename(program.argv[0])
    message = fault.message
    if cause == "denied" and name in LAUNCHERS:
        message = message.replace("No such file or directory (os error 2)", "Permission denied (os error 13)")
        message = message.replace(f"{program.argv[0]}: not found", f"{program.argv[0]}: Permission denied")
    if cause == "path" and view.script is True and name in LAUNCHERS and not isinstance(fault.detail, MissingModule):
        message = f"ModuleNotFoundError: No module named '{program.launcher}'"  # the script is there, and sees no packages
    if cause == "python" and install.version and any(below(_BIN, each) is not None for each in image.files.copied()):
        message = _NO_LIBRARY.format(".".join(map(str, install.version)))
    what = fault.detail.name if isinstance(fault.detail, MissingModule) else BROUGHT_BY.get(program.launcher, program.launcher)
    reason = _reason(image, program, view, lost, what)
    detail = Misplaced(cause, install.prefix, install.made or install.prefix, what, program.launcher, install.place)
    confidence = fault.confidence if sure else "likely"
    return fault._replace(code=_CODES[cause], message=message, reason=reason, detail=detail, confidence=confidence)


def _lost(image: Image, program: Program, view: View, fault: Fault) -> _Lost | None:
    """Return the first install that brings what is missed, those that do for certain before the others."""
    seen = view.installs if view.script is False else ()
    found = [
        _Lost(each, _cause(image, program, each, each in image.left, each in seen), has)
        for each in (*view.hidden, *seen, *image.left)
        if (has := _brings(image, program, each, fault)) is not None
    ]
    return next((each for each in found if each.sure), found[0] if found else None)


def _brings(image: Image, program: Program, install: Install, fault: Fault) -> bool | None:
    """Say whether an install brings what is missed: True for certain, False perhaps, None not."""
    come_to = packages.installed((install,), image.base.python)
    if isinstance(fault.detail, MissingModule):
        there = come_to.gives(fault.detail.name)
    else:
        there = come_to.has(BROUGHT_BY.get(program.launcher, program.launcher))
    return True if there else False if come_to.opaque or come_to.projects else None


def _cause(image: Image, program: Program, install: Install, left: bool, seen: bool) -> Cause:
    if seen and not install.scripts:
        return "scripts"
    if left:
        return "left"
    if install.version not in (None, image.base.python):
        return "python"
    access = Access(image.files, image.users, program.user or image.user)
    if access.execute(install.prefix).yes is False:
        return "denied"
    made = install.made or install.prefix
    if made not in (install.prefix, SYSTEM) and made not in image.environments:
        return "moved"
    return "path"


def _reason(image: Image, program: Program, view: View, lost: _Lost, what: str) -> str:
    install, cause, _ = lost
    where = f"{install.prefix} ({install.place.path}:{install.place.line})"
    match cause:
        case "scripts":
            folder = posixpath.join(install.made or SYSTEM, "bin")
            return f"The packages were copied from an earlier stage, and the scripts in {folder} were not."
        case "left":
            return f"`{what}` is installed in {where} in an earlier stage, and nothing copies that."
        case "python":
            was, now = (".".join(map(str, version or ())) for version in (install.version, image.base.python))
            return f"`{what}` lies in {packages_folder(install, None)}, for Python {was}, and this image has Python {now}."
        case "denied":
            access = Access(image.files, image.users, program.user or image.user)
            answer = access.execute(install.prefix)
            return f"`{what}` is installed in {where}. {answer.reason} The process runs as {access.name}."
        case "moved":
            python = f"{install.made}/bin/python"
            return f"The environment was made at {install.made} and lies at {install.prefix}: its scripts start {python}."
    python = f"{view.python}/bin/python"
    if posixpath.basename(program.argv[0]) in LAUNCHERS and view.script is not True:
        return f"`{what}` is installed in {where}, and PATH does not lead to {install.prefix}/bin."
    return f"`{what}` is installed in {where}, and {python} does not look there."
