"""How sure a missed import is, and why it is missed."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from bot.engine.image import snapshot
from bot.engine.image.packages import Installed, provider
from bot.engine.image.stage import Image
from bot.engine.model import stdlib
from bot.engine.model.findings import Place
from bot.engine.model.tree import Tree, join, parent

# programs that install no Python packages, though a RUN line with them is not followed
_NO_INSTALLERS = frozenset("npm npx yarn pnpm node bun corepack go cargo rustc gcc g++ cmake wget curl playwright nltk".split())
_COMPILED = (".so", ".abi3.so", ".pyc")  # what Python also imports, and what is not read here


class Miss(NamedTuple):
    """A judged miss: why it happens, and why it is not certain (None: it is)."""

    reason: str
    doubt: str | None


class Judge:
    """Judges misses in one image. `loose` says why sys.path is not known in full."""

    def __init__(self, tree: Tree, image: Image, installed: Installed) -> None:
        self.tree = tree
        self.image = image
        self.installed = installed
        self.loose: str | None = None
        self.later: str | None = None  # why there may be more packages when the program starts than the build installed

    def follows(self, candidates: list[str]) -> bool:
        """Say whether a miss only follows from a fault that was already reported."""
        return any(self.image.files.assumed(path) for path in candidates)

    def module(self, name: str, candidates: list[str], own: bool, top: bool) -> Miss:
        """Judge a module that none of the candidate paths has. `own`: it can only be the repository's own."""
        doubt = self._path_doubt(candidates) or (self._top_doubt(name, own) if top else None)
        last = name.rpartition(".")[2]
        removed = stdlib.removed_in(name)
        if removed and not own:
            return Miss(f"Python {removed[0]}.{removed[1]} dropped `{name}` from the standard library.", doubt)
        if stdlib.only_on_windows(name):
            return Miss(f"`{name}` is part of Python on Windows alone.", doubt)
        known = self._known_reason(last, candidates)
        if known:
            return Miss(known, doubt)
        looked = ", ".join(dict.fromkeys(posixpath.dirname(path) or "/" for path in candidates))
        words = f"Python looks for `{last}` in {looked}, and the image has no such module there."
        return Miss(words if own else _not_given(name), doubt)

    def name(self, module: str, name: str, candidates: list[str]) -> Miss:
        """Judge a name that a module does not define and that is no submodule."""
        known = next((other for path in candidates if (other := self._other_case(path))), None)
        reason = f"{module} defines no `{name}`, and there is no module of that name beside it."
        if known:
            reason = f"The file is called {known}: names are case-sensitive on Linux."
        return Miss(reason, self._path_doubt(candidates))

    def is_own(self, name: str, place: Place | None) -> bool:
        """Say whether the repository has a module of this top-level name near the importing file, or at its root.

        A file that imports its own name means another module.
        """
        if place is None:
            return True
        if self.installed.opaque and not self._at_root(name):
            return False
        folder: str | None = parent(place.path)
        while folder is not None:
            prefix = f"{folder}/" if folder else ""
            single = f"{prefix}{name}.py"
            if (single != place.path and self.tree.is_file(single)) or self._has_python(f"{prefix}{name}"):
                return True
            folder = parent(folder) if folder else None
        return False

    def _path_doubt(self, candidates: list[str]) -> str | None:
        files = self.image.files
        for path in candidates:
            hidden = files.hidden(path) or files.hidden(path + ".py")
            if hidden:
                return f"{hidden} lies on this disk, but git ignores it"
            if unversioned := files.unversioned(path + ".py") or files.unversioned(path):
                return f"git ignores {unversioned}, so a clone lacks it and the disk of whoever deploys may have it"
            if tainted := files.tainted(path):
                return tainted
            if any(files.find(path + suffix) for suffix in (*_COMPILED, self._extension())):
                return f"{path} may be a compiled module"
        return None

    def _extension(self) -> str:
        major, minor = self.image.base.python or (3, 11)
        return f".cpython-{major}{minor}-x86_64-linux-gnu.so"

    def portions(self, name: str, folders: tuple[str, ...]) -> str | None:
        """Return why the folders of a namespace package may not be all that Python finds under its top-level name."""
        if self.installed.projects:
            return "an installed project may give this name"
        found = [self.image.files.find(folder) for folder in folders]
        if not any(each and each.tree is not None and self._has_python(each.tree) for each in found):
            return f"the image's folder `{name}` holds no Python: an installed package may be meant"
        opaque = self.installed.opaque and not self._at_root(name)
        return self._brought(name) or (f"an installed distribution may give `{name}`" if opaque else None)

    def _brought(self, name: str) -> str | None:
        """Return why a package that others know by the name of our own module may be there."""
        doubt = snapshot.givers(name) and self.installed.doubt(name)
        return f"an installed distribution may give `{name}`, as {doubt}" if doubt else None

    def _top_doubt(self, name: str, own: bool) -> str | None:
        if self.installed.projects:
            return "an installed project may give this name"
        if self.loose:
            return self.loose
        if not own:
            return self.packages_doubt(name)
        doubt = self._brought(name)
        if doubt or self._at_root(name):
            return doubt
        akin = self.installed.akin(name)
        return self.installed.opaque or (f"{akin} is installed and may give `{name}`" if akin else None)

    def packages_doubt(self, name: str, provided_by: str | None = None) -> str | None:
        """Return why a third-party module may be there although no requirement gives it."""
        tainted = self.image.files.tainted(f"/usr/local/lib/python3/site-packages/{name}")
        return self.unfollowed() or tainted or self.later or self.installed.doubt(name, provided_by)

    def changed(self) -> str | None:
        """Return why other versions may be installed than the package index told."""
        return self.unfollowed() or self.later

    def unfollowed(self) -> str | None:
        """Return which command of the build may have installed packages, as nobody followed it."""
        for unknown in self.image.unknowns:
            words = unknown.reason.split()
            if words[:1] == ["RUN"] and posixpath.basename(words[1] if len(words) > 1 else "") not in _NO_INSTALLERS:
                return f"{unknown.reason} is not followed, and may install packages"
        return None

    def _at_root(self, name: str) -> bool:
        """Say whether a name is so clearly the repository's own that no installed package can be meant."""
        roots = ("", f"{self.image.context.root}/" if self.image.context.root else "")
        return any(self._has_python(root + name) or self.tree.is_file(f"{root}{name}.py") for root in roots)

    def _has_python(self, folder: str) -> bool:
        if not self.tree.is_folder(folder):
            return False
        entries = self.tree.entries(folder)
        inner = [f"{folder}/{entry}" for entry, kind in entries.items() if kind == "folder"]
        return any(name.endswith(".py") for names in (entries, *map(self.tree.entries, inner)) for name in names)

    def _known_reason(self, last: str, candidates: list[str]) -> str | None:
        for path in candidates:
            other = self._other_case(path)
            if other:
                return f"The file is called {other}: names are case-sensitive on Linux."
            ignored = self.image.files.ignored(path) or self.image.files.ignored(path + ".py")
            if ignored:
                return f"{ignored} keeps `{last}` out of the build context."
        return None

    def _other_case(self, path: str) -> str | None:
        folder = self.image.files.find(posixpath.dirname(path))
        if folder is None or folder.tree is None:
            return None
        wanted = posixpath.basename(path)
        for entry in self.tree.entries(folder.tree):
            stem = entry.removesuffix(".py")
            if stem != wanted and stem.lower() == wanted.lower():
                return join(folder.tree, entry)
        return None


def _not_given(name: str) -> str:
    usual = provider(name)
    would = f" It comes with {usual} (package snapshot of {snapshot.date()})." if usual else ""
    return f"No installed requirement is known to give `{name}`.{would}"
