"""Which of an image's installs a program reaches: the environment of its Python, and what that sees beside it.

A Python sees the packages of its own prefix and version, those of the user's own site (not from within a virtual
environment), and the folders of PYTHONPATH (https://docs.python.org/3/library/site.html). A console script names the Python
of the environment that it was made in; one whose Python is not there is passed over on PATH, as the kernel finds no such file.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple

from bot.engine.boot.program import Program
from bot.engine.image import packages
from bot.engine.image.access import Access
from bot.engine.image.sites import SYSTEM, packages_folder
from bot.engine.image.stage import Image, Install


class View(NamedTuple):
    """What a program reaches of the installs. `script` says whether its server is found as a program, None: perhaps."""

    installs: tuple[Install, ...]
    hidden: tuple[Install, ...] = ()
    python: str = SYSTEM  # the prefix of its Python
    script: bool | None = True


def view(image: Image, program: Program) -> View:
    """Return what a program reaches; all that is installed where its Python can't be told."""
    path, version = program.env.get("PATH"), image.base.python
    if path is None or version is None or not image.base.known or (_plain(image) and "/" not in program.argv[0]):
        return View(image.installs)
    looker = _Looker(image, program, tuple(filter(None, path.split(":"))))
    python, script = looker.started()
    if python is None:
        return View(image.installs)
    folders = looker.folders(python)
    if folders is None:
        return View(image.installs, (), python, script)
    seen = tuple(each for each in image.installs if looker.sees(each, folders))
    hidden = tuple(each for each in image.installs if each not in seen and (each.modules or each.scripts))
    return View(seen, hidden, python, script)


def _plain(image: Image) -> bool:
    """Say whether all that is installed belongs to the system's Python, as in most images."""
    version = image.base.python
    return not image.left and all(
        each.prefix == SYSTEM and each.modules and each.scripts and each.version in (None, version) for each in image.installs
    )


class _Looker:
    def __init__(self, image: Image, program: Program, path: tuple[str, ...]) -> None:
        self.image = image
        self.program = program
        self.path = (*(posixpath.join(each, "bin") for each in self.ran_in()), *path)
        self.access = Access(image.files, image.users, program.user or image.user)

    def ran_in(self) -> list[str]:
        """Return the environments that `uv run` and its like put first."""
        if self.program.runner is None:
            return []
        told = self.program.env.get("UV_PROJECT_ENVIRONMENT") if self.program.runner == "uv" else None
        if told:
            return [posixpath.normpath(posixpath.join(self.program.folder, told))]
        prefixes = dict.fromkeys((*self.image.environments, *(each.prefix for each in self.image.installs)))
        folder = self.program.folder.rstrip("/") + "/"
        near = [each for each in prefixes if posixpath.basename(each) == ".venv" and folder.startswith(posixpath.dirname(each))]
        return near or [each for each in prefixes if "/virtualenvs/" in each]

    # --- the Python

    def started(self) -> tuple[str | None, bool | None]:
        """Return the prefix of the program's Python, None where it can't be told; and whether its script is found."""
        first = self.program.argv[0]
        name = posixpath.basename(first)
        if re.fullmatch(r"python[\d.]*", name) or name.endswith((".py", ".sh")):
            named = posixpath.normpath(posixpath.join(self.program.folder, first)) if "/" in first else None
            if named and name.startswith("python"):
                prefix = posixpath.dirname(posixpath.dirname(named))
                return (prefix if prefix == SYSTEM or prefix in self.image.environments else None), True
            return self.python(), True
        if "/" in first:
            return self.script(name, (posixpath.dirname(posixpath.normpath(posixpath.join(self.program.folder, first))),))
        return self.script(name, self.path)

    def python(self) -> str | None:
        """Return the prefix of the `python` that PATH leads to."""
        for folder in self.path:
            prefix = posixpath.dirname(folder)
            if prefix in (*self.image.environments, SYSTEM) and posixpath.basename(folder) == "bin":
                return prefix
        return None

    def script(self, name: str, folders: tuple[str, ...]) -> tuple[str | None, bool | None]:
        """Look for a console script; return the prefix of its Python, and whether it is there for certain."""
        perhaps: str | None = None
        for folder in folders:
            found = self.image.files.find(posixpath.join(folder, name))
            if found and found.kind == "file":
                return None, True
            if self.image.files.tainted(posixpath.join(folder, name)) and not self.known(folder):
                perhaps = perhaps or self.python()
            for each in self.image.installs:
                if each.scripts and posixpath.join(each.prefix, "bin") == folder and self.runs(each):
                    there = self.brings(each, name)
                    if there:
                        return each.made or self.owner(each), True
                    if there is None:
                        perhaps = perhaps or each.made or self.owner(each)
        return (perhaps, None) if perhaps else (self.python(), False)

    def known(self, folder: str) -> bool:
        """Say whether a folder's scripts are those of the installs alone."""
        return posixpath.dirname(folder) in self.image.environments

    def owner(self, install: Install) -> str:
        """Return the prefix of the Python that installed something."""
        return install.prefix if install.prefix in self.image.environments or install.kind == "environment" else SYSTEM

    def runs(self, install: Install) -> bool:
        """Say whether the Python that a script names is there, and its user may start it."""
        made = install.made or self.owner(install)
        there = made == SYSTEM or made in self.image.environments
        fits = install.version in (None, self.image.base.python)
        return there and fits and self.access.execute(posixpath.join(install.prefix, "bin")).yes is not False

    def brings(self, install: Install, name: str) -> bool | None:
        """Say whether an install brings a script; None where that can't be told."""
        from bot.engine.boot.launchers import BROUGHT_BY

        come_to = packages.installed((install,), self.image.base.python)
        if come_to.has(BROUGHT_BY.get(name, name)) or come_to.runs(name):
            return True
        return None if come_to.opaque or come_to.projects else come_to.runs(name)

    # --- what it sees

    def folders(self, python: str) -> tuple[str, ...] | None:
        """Return the folders of packages that a Python looks into; None where PYTHONPATH or the user's site can't be told."""
        env, version = self.program.env, self.image.base.python
        listed = env.get("PYTHONPATH", "")
        if listed is None or version is None:
            return None
        lib = f"lib/python{version[0]}.{version[1]}/site-packages"
        found = [posixpath.join(python, lib)]
        if python == SYSTEM or python in self.image.shared:
            base = env.get("PYTHONUSERBASE") or self.user_base()
            if base is None:
                return None
            found += [posixpath.join(SYSTEM, lib), *([] if env.get("PYTHONNOUSERSITE") else [posixpath.join(base, lib)])]
        given = (posixpath.normpath(posixpath.join(self.program.folder, each)) for each in listed.split(":") if each)
        return (*found, *given, *self.program.front)

    def user_base(self) -> str | None:
        home = self.program.env.get("HOME", "")
        if home == "":
            home = self.image.users.home(self.program.user or self.image.user)
        return None if home is None else posixpath.join(home, ".local")

    def sees(self, install: Install, folders: tuple[str, ...]) -> bool:
        if not install.modules:
            return False
        if "~" in install.prefix or "…" in install.prefix:
            return True
        lib = packages_folder(install, self.image.base.python)
        return lib in folders and self.access.execute(lib).yes is not False
