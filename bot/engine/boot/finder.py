"""Where Python would find a module: sys.path in the image, the standard library, the installed packages."""

from __future__ import annotations

import posixpath
import sys
from typing import Literal, NamedTuple

from bot.engine.boot.facts import Facts
from bot.engine.image.packages import Installed
from bot.engine.image.stage import Image
from bot.engine.model import stdlib


class Found(NamedTuple):
    """Where a module lies: a file, a package, the folders of a namespace package, or outside of the repository.

    `path` is in the image, `tree` in the repository; "outside" is the standard library or an installed distribution.
    """

    kind: Literal["file", "package", "namespace", "outside"]
    path: str
    tree: str | None
    folders: tuple[str, ...]  # its __path__


class Loaded(NamedTuple):
    """A module that was found and imported."""

    name: str
    found: Found
    facts: Facts


def package_of(loaded: Loaded) -> str:
    """Return the `__package__` of an imported module."""
    return loaded.name if loaded.found.kind in ("package", "namespace") else loaded.name.rpartition(".")[0]


OUTSIDE = Found("outside", "", None, ())


class Finder:
    """Looks modules up along `path`, the standard library, what is installed, and `appended`, as sys.path has them in order.

    Code may change both lists while it is imported. `busy`: the program that imports our files has loaded others before,
    and with them much of the standard library: what is in sys.modules is not looked for again.
    """

    def __init__(self, image: Image, installed: Installed, path: tuple[str, ...]) -> None:
        self.image = image
        self.files = image.files
        self.installed = installed
        self.path = list(path)
        self.first = path[0] if path else ""  # sys.path[0] as the interpreter starts, where nothing else was started before
        self.appended: list[str] = []
        self.busy = False
        self.late: set[str] = set()  # top-level names that only an installed project gave, after site-packages
        self.version = image.base.python or (sys.version_info[0], sys.version_info[1])

    def within(self, name: str, folders: list[str]) -> Found | None:
        """Look for one level of a dotted name along `folders`."""
        spaces = []
        for folder in folders:
            base = posixpath.join(folder, name)
            initial = self.files.find(posixpath.join(base, "__init__.py"))
            if initial and initial.kind == "file":
                return Found("package", posixpath.join(base, "__init__.py"), initial.tree, (base,))
            single = self.files.find(base + ".py")
            if single and single.kind == "file":
                return Found("file", base + ".py", single.tree, ())
            bare = self.files.find(base)
            if bare and bare.kind == "folder":
                spaces.append(base)
        return Found("namespace", spaces[0], None, tuple(spaces)) if spaces else None

    def top(self, name: str) -> Found | None:
        """Look for a top-level module: sys.path, then the standard library, then what is installed."""
        preloaded = name in stdlib.FIRST or (self.busy and stdlib.has(name, self.version))
        found = self.within(name, self.path)
        if found and found.kind != "namespace" and not preloaded:
            return found
        if preloaded or stdlib.has(name, self.version) or self.installed.gives(name):
            return OUTSIDE
        installed = self.by_project(name)
        if installed and (installed.kind != "namespace" or not found):
            self.late.add(name)
            return installed
        later = self.within(name, self.appended)
        if later and later.kind != "namespace":
            return later
        return self.within(name, [*self.path, *self.appended]) if found or later else None

    def hides(self, found: Found) -> bool:
        """Say whether Python takes a module for one that may hide another: it lies where the program was started."""
        folder = posixpath.dirname(found.path)
        return not self.busy and (posixpath.dirname(folder) if found.kind == "package" else folder) == self.first

    def by_project(self, name: str) -> Found | None:
        """Look for a top-level module of a project that is installed itself."""
        guessed = [folder for project in self.installed.projects for folder in (project, posixpath.join(project, "src"))]
        paths = [path for project in self.installed.given for path in project.paths]
        found = self.within(name, [*paths, *guessed])
        mapped = [path for project in self.installed.given for known, path in project.names if known == name]
        return found if found and found.kind != "namespace" else self.at(mapped) or found

    def at(self, paths: list[str]) -> Found | None:
        """Look for a module whose folder, or file without `.py`, is mapped to one of `paths` whatever it is called."""
        for path in paths:
            initial, single = (self.files.find(each) for each in (posixpath.join(path, "__init__.py"), path + ".py"))
            if initial and initial.kind == "file":
                return Found("package", posixpath.join(path, "__init__.py"), initial.tree, (path,))
            if single and single.kind == "file":
                return Found("file", path + ".py", single.tree, ())
            if self.files.folder(path):
                return Found("namespace", path, None, (path,))
        return None

    def child(self, parent: Found, dotted: str, name: str) -> Found | None:
        """Look for a submodule of the module `dotted`; an installed distribution may add to a namespace package."""
        found = self.within(name, list(parent.folders))
        if found is None and parent.kind == "namespace" and self.installed.gives(f"{dotted}.{name}"):
            return OUTSIDE
        return found
