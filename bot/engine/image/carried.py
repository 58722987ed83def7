"""What of an install comes along when a later stage copies a folder: its modules, its scripts, and where they lie then.

`COPY --from=builder /usr/local/lib/python3.12/site-packages …` brings modules and no scripts; a virtual environment brings
both, and its scripts go on to name the Python of the place that it was made in.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from bot.engine.image import sites
from bot.engine.image.filesystem import below
from bot.engine.image.stage import Install, Stage

_PACKAGES = re.compile(r"(?P<prefix>/.*?)/?lib(?:64)?/python(?P<major>\d+)\.(?P<minor>\d+)/(?:site|dist)-packages\Z")


def moved(folder: str, path: str, here: str) -> str:
    """Return where a folder lies after `path` was copied to `here`."""
    rest = below(folder, path)
    return folder if rest is None else posixpath.normpath(posixpath.join(here, rest))


def touches(folder: str, path: str) -> bool:
    """Say whether copying `path` brings something of a folder."""
    return below(folder, path) is not None or below(path, folder) is not None


def environments(stage: Stage) -> tuple[str, ...]:
    """Return the environments of a stage: those that were made, and those that something was installed into."""
    used = (each.prefix for each in stage.installs if each.kind == "environment" and each.modules)
    return tuple(dict.fromkeys((*stage.environments, *(prefix for prefix in used if prefix != sites.SYSTEM))))


def home(install: Install, environments: list[str]) -> str:
    """Return the environment whose Python the scripts of an install name."""
    if install.made:
        return install.made
    return install.prefix if install.prefix in environments or install.kind == "environment" else sites.SYSTEM


def carried(install: Install, path: str, here: str, environments: list[str], python: tuple[int, int] | None) -> list[Install]:
    """Return what copying `path` to `here` brings of an install: nothing, one install, or modules and scripts apart."""
    version = install.version or install.python or python or _version(path)
    install = install._replace(version=version, made=home(install, environments))
    if "~" in install.prefix:  # somewhere in a home folder that can't be told
        return [install] if touches(install.prefix.replace("~", "/root"), path) or "/home" in path else []
    modules, scripts = _modules(install, path, here), _scripts(install, path, here)
    if modules and scripts and modules.prefix == scripts.prefix:
        return [modules._replace(scripts=True)]
    return [each for each in (modules, scripts) if each]


def _modules(install: Install, path: str, here: str) -> Install | None:
    lib = sites.packages_folder(install, None)
    inside = below(path, lib)
    if not install.modules or (below(lib, path) is None and inside is None):
        return None
    found = install._replace(scripts=False)
    if inside:
        target = here.removesuffix(f"/{inside}")
        return found._replace(opaque=f"only {inside} of {lib} is copied", **_place(target, install))
    return found._replace(**_place(moved(lib, path, here), install))


def _version(path: str) -> tuple[int, int] | None:
    found = re.search(r"/lib(?:64)?/python(\d+)\.(\d+)(?:/|\Z)", path)
    return (int(found[1]), int(found[2])) if found else None


def _place(lib: str, install: Install) -> dict[str, Any]:
    """Return the prefix, the kind and the version that a folder of packages means by its path."""
    found = _PACKAGES.match(lib)
    if found:
        kind = "prefix" if install.kind == "target" else install.kind
        return {"prefix": found["prefix"] or "/", "version": (int(found["major"]), int(found["minor"])), "kind": kind}
    if "…" in lib:  # of a Python that is not known
        return {"prefix": posixpath.normpath(lib.partition("/lib/python…")[0] or "/")}
    return {"prefix": lib, "kind": "target"}


def _scripts(install: Install, path: str, here: str) -> Install | None:
    folder = posixpath.join(install.prefix, "bin")
    if not install.scripts or not touches(folder, path):
        return None
    inside = below(path, folder)
    target = posixpath.dirname(here) if inside else moved(folder, path, here)
    found = install._replace(modules=False, prefix=posixpath.dirname(target))
    if posixpath.basename(target) != "bin":
        return None
    return found._replace(opaque=found.opaque or f"only {inside} of {folder} is copied") if inside else found


def added(installs: list[Install], new: Install) -> None:
    """Add an install to those of a stage; what is the other half of one that is there completes it."""
    for at, each in enumerate(installs):
        if each._replace(modules=True, scripts=True) == new._replace(modules=True, scripts=True):
            installs[at] = each._replace(modules=each.modules or new.modules, scripts=each.scripts or new.scripts)
            return
    installs.append(new)


def missing(stage: Stage, path: str) -> str | None:
    """Return why a path that a COPY takes from an earlier stage is not there, where that is known."""
    if not stage.base.known or stage.files.tainted(path) or stage.files.find(path):
        return None
    packages = _PACKAGES.match(path)
    if packages and packages["prefix"] == sites.SYSTEM and stage.base.python:
        major, minor = stage.base.python
        same = (int(packages["major"]), int(packages["minor"])) == stage.base.python
        return None if same else f"The stage has Python {major}.{minor}, and no such folder."
    if posixpath.basename(path) == ".local" and stage.base.python:
        there = [install.prefix for install in stage.installs if install.kind == "user"]
        if any(prefix == path or "~" in prefix for prefix in there):
            return None
        return f"`pip install --user` installs to {there[-1]} there." if there else "Nothing is installed there with --user."
    return None


def is_packages(stage: Stage, path: str) -> bool:
    """Say whether a path is the folder of packages of a stage's own Python."""
    return bool(_PACKAGES.match(path)) and stage.base.known


def meant(stage: Stage, path: str) -> str:
    """Return the path of a stage that is meant by one which it does not have: the same of its Python, or of its user."""
    if _PACKAGES.match(path) and stage.base.python:
        major, minor = stage.base.python
        return re.sub(r"/python\d+\.\d+/", f"/python{major}.{minor}/", path)
    there = [install.prefix for install in stage.installs if install.kind == "user"]
    return there[-1] if there and posixpath.basename(path) == ".local" else path
