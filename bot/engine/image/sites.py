"""Where pip puts packages: into the environment that it belongs to, its user's own site or a folder that it is told.

Tried with pip 23.0 to 26.0: who may not write to the environment of the system gets a user's site without asking, and fails
where the home folder can't be made; in a virtual environment there is no such way out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Literal, NamedTuple

from bot.engine.image.access import Access
from bot.engine.image.stage import Install, Stage

SYSTEM = "/usr/local"
_NO_USER = "ERROR: Can not perform a '--user' install. User site-packages are not visible in this virtualenv."
_DENIED = "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '{}'"
_TRUE = ("1", "true", "yes", "on", "y", "t")


class Site(NamedTuple):
    """A place for packages, and why the install fails there, if it does: the path, pip's words and the reason."""

    prefix: str
    kind: Literal["environment", "user", "prefix", "target"] = "environment"
    refused: tuple[str, str, str] | None = None


def site(
    stage: Stage,
    user: str,
    folder: str,
    prefix: str,
    told: dict[str, str],
    variable: Callable[[str], str | None],
    tool: str = "pip",
) -> Site:
    """Return where a `pip install` puts its packages; `told` are its options with the folders that they name.

    `prefix` is the environment of this pip, `user` runs it in `folder`; `variable` looks up the environment. uv's pip does
    not know a user's own site.
    """
    access = Access(stage.files, stage.users, user)
    named = told.get("--target") or variable("PIP_TARGET")
    if named:
        return _judged(access, Site(posixpath.normpath(posixpath.join(folder, named)), "target"))
    named = told.get("--prefix") or variable("PIP_PREFIX")
    if named:
        return _judged(access, Site(posixpath.normpath(posixpath.join(folder, named)), "prefix"))
    if tool == "uv":
        return _judged(access, Site(prefix), f"{prefix}/{_packages(stage)}/…")
    if "--root" in told:
        return Site(posixpath.normpath(posixpath.join(folder, told["--root"], prefix.lstrip("/"))), "prefix")
    base = user_base(stage, user, variable)
    for_user = "--user" in told or (variable("PIP_USER") or "").lower() in _TRUE
    if prefix != SYSTEM:
        if for_user and prefix in stage.environments and prefix not in stage.shared:
            return Site(prefix, "environment", (prefix, _NO_USER, f"pip is the one of {prefix}."))
        return _judged(access, Site(base, "user") if for_user else Site(prefix), f"{prefix}/{_packages(stage)}/…")
    if for_user or access.write(f"{SYSTEM}/{_packages(stage)}").yes is False:
        return _judged(access, Site(base, "user"))
    return Site(SYSTEM)


def user_base(stage: Stage, user: str, variable: Callable[[str], str | None]) -> str:
    """Return the folder of a user's own site: PYTHONUSERBASE, else `.local` in the home folder, `~` where none is known."""
    told = variable("PYTHONUSERBASE")
    if told:
        return told
    home = variable("HOME") or stage.users.home(user)
    return posixpath.join(home or "~", ".local")


def packages_folder(install: Install, python: tuple[int, int] | None) -> str:
    """Return the folder in which the modules of an install lie."""
    if install.kind == "target":
        return install.prefix
    version = install.version or install.python or python
    shown = f"{version[0]}.{version[1]}" if version else "…"
    return posixpath.join(install.prefix, f"lib/python{shown}/site-packages")


def _packages(stage: Stage) -> str:
    major, minor = stage.base.python or (3, 0)
    return f"lib/python{major}.{minor}/site-packages"


def _judged(access: Access, found: Site, shown: str | None = None) -> Site:
    """Return a site with the reason why its user may not write there, if that is known."""
    if found.prefix.startswith("~"):
        return found
    answer = access.write(found.prefix)
    if answer.yes is not False:
        return found
    path = found.prefix
    while path != "/" and access.files.find(posixpath.dirname(path)) is None:
        path = posixpath.dirname(path)
    return found._replace(refused=(path, _DENIED.format(shown or path), answer.reason))
