"""The file system of an image, as the instructions make it, and lazily: nothing is listed that nobody asks for.

A layer says what one instruction did (copied a folder of the context, made a folder, removed a path); a look-up goes from
the last layer to the first. So `COPY . .` of ten thousand files costs nothing until a path is asked for.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.engine.image import modes
from bot.engine.image.context import Context

if TYPE_CHECKING:
    from bot.engine.model.requirements import Requirement

STANDARD = frozenset(  # what every Linux image but an empty one has
    "/ /bin /dev /etc /home /lib /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib /usr/local"
    " /usr/local/bin /usr/local/etc /usr/local/lib /usr/local/sbin /usr/local/share /usr/local/src /usr/sbin /usr/share"
    " /usr/src /var /var/cache /var/lib /var/log /var/run /var/tmp".split()
)

_MODES = {"/tmp": 0o777, "/var/tmp": 0o777, "/root": 0o700}  # of those that differ from the rest


class Found(NamedTuple):
    """What lies at a path. `tree` is the file or folder of the repository it was copied from, None when made in the build.

    `listed` is what a requirements file asks for that was made in the build, where that can be told.
    """

    kind: Literal["file", "folder"]
    tree: str | None
    listed: tuple[Requirement, ...] | None = None


class Rights(NamedTuple):
    """Whose a file or folder is (`user` or `user:group`, in names or numbers), and what its mode lets others do."""

    owner: str
    mode: int


class Copied(NamedTuple):
    """A file or folder of the build context, at `path`."""

    path: str
    context: Context
    source: str  # from the context's root
    folder: bool
    owner: str
    mode: str | None = None  # what `--chmod` says


class Made(NamedTuple):
    """An empty folder, or a file whose content nobody knows, but for the requirements in one that a package manager wrote."""

    path: str
    kind: Literal["file", "folder"]
    owner: str
    listed: tuple[Requirement, ...] | None = None
    mode: int | None = None  # None: the usual one


class Gone(NamedTuple):
    """A path that was removed."""

    path: str


class Linked(NamedTuple):
    """A symbolic link, or a path that shows what lies at another (a copy within the image).

    `owner` is whose the copy is, None where it stays whose it was.
    """

    path: str
    target: str
    system: FileSystem | None  # another stage's; None: this one
    owner: str | None = None
    mode: str | None = None


class Given(NamedTuple):
    """What a chown or a chmod does to a path, and with `deep` to what lies below (with `inside` to that alone)."""

    path: str
    owner: str | None = None  # `user`, `user:group` or `:group`
    mode: str | None = None
    deep: bool = False
    inside: bool = False

    def covers(self, path: str) -> bool:
        """Say whether a path is among those that it changes."""
        rest = below(path, self.path)
        return rest is not None and (not self.inside if not rest else self.deep or (self.inside and "/" not in rest))


Layer = Copied | Made | Gone | Linked | Given
_ROOTS = Rights("root", modes.FOLDER)


class Taint(NamedTuple):
    """A path below which a command that was not followed may have made or removed files, or changed whose they are.

    `assumed`: a fault stopped what should lie there, and the simulation goes on as if it had been repaired. `of` says what
    can't be told any more: which files there are, or their rights.
    """

    path: str
    reason: str
    assumed: bool = False
    of: Literal["all", "files", "rights"] = "all"


def below(path: str, folder: str) -> str | None:
    """Return `path` relative to `folder` (`""` for the folder itself); None when it lies elsewhere."""
    if path == folder:
        return ""
    prefix = folder if folder.endswith("/") else folder + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None


class FileSystem:
    """The layers of one stage so far."""

    def __init__(self, layers: list[Layer] | None = None, taints: list[Taint] | None = None) -> None:
        self.layers: list[Layer] = layers or []
        self.taints: list[Taint] = taints or []
        self.cloned = False  # what was copied comes from a clone: nothing that git ignores can be there

    def copy(self) -> FileSystem:
        """Return a file system that starts with the same layers."""
        copied = FileSystem(list(self.layers), list(self.taints))
        copied.cloned = self.cloned
        return copied

    def add(self, layer: Layer) -> None:
        """Put a layer on top."""
        self.layers.append(layer)

    def taint(self, path: str, reason: str, assumed: bool = False, of: Literal["all", "files", "rights"] = "all") -> None:
        """Note that what lies below `path` can't be told any more, or whose that is."""
        self.taints.append(Taint(path, reason, assumed, of))

    def tainted(self, path: str) -> str | None:
        """Return why a miss at `path` is not certain, if it isn't."""
        found = (taint for taint in self.taints if taint.of != "rights" and below(path, taint.path) is not None)
        return next((taint.reason for taint in found), None)

    def doubted(self, path: str) -> str | None:
        """Return why it is not certain whose `path` is, if it isn't."""
        found = (taint for taint in self.taints if taint.of != "files" and below(path, taint.path) is not None)
        return next((taint.reason for taint in found), None)

    def assumed(self, path: str) -> bool:
        """Say whether a miss at `path` only follows from a fault that was already reported."""
        return any(taint.assumed and below(path, taint.path) is not None for taint in self.taints)

    def find(self, path: str, hops: int = 0) -> Found | None:
        """Return what lies at an absolute path; None when nothing does, as far as the instructions tell."""
        path = posixpath.normpath(path)
        implied = None  # a folder above what a layer made: an earlier layer may say more of it
        for layer in reversed(self.layers):
            if isinstance(layer, Given):
                continue
            if isinstance(layer, Gone):
                if below(path, layer.path) is not None:
                    return implied
                continue
            found = self._in(layer, path, hops)
            if found:
                return found
            if implied is None and below(layer.path, path):
                implied = Found("folder", None)
        return Found("folder", None) if path in STANDARD else implied

    def rights(self, path: str, hops: int = 0) -> Rights:
        """Return whose a path is, and its mode; of what is not there, those of the folder that it would lie in."""
        path = posixpath.normpath(path)
        found = self.find(path, hops)
        if found is None:
            return self.rights(posixpath.dirname(path), hops) if path != "/" else _ROOTS
        later: list[Given] = []
        first, changes = _ROOTS, 0  # as it was made, and how many of the changes came after that
        for layer in reversed(self.layers):
            if isinstance(layer, Given):
                if layer.covers(path):
                    later.append(layer)
                continue
            if isinstance(layer, Gone):
                if below(path, layer.path) is not None:
                    break
                continue
            made = self._made(layer, path, hops)
            if made:
                first, changes = made, len(later)
                if found.kind == "file" or not _keeps(layer, path):
                    break
        else:
            if path in STANDARD:
                first, changes = Rights("root", _MODES.get(path, modes.FOLDER)), len(later)
        for given in reversed(later[:changes]):
            first = _changed(first, given, found.kind == "folder")
        return first

    def _made(self, layer: Copied | Made | Linked, path: str, hops: int) -> Rights | None:
        """Return the rights with which a layer makes a path, if it does."""
        rest = below(path, layer.path)
        if rest is None:
            return Rights(layer.owner or "root", modes.FOLDER) if below(layer.path, path) else None
        found = self._in(layer, path, hops)
        if found is None:
            return None
        if isinstance(layer, Made):
            usual = modes.FOLDER if layer.kind == "folder" else modes.FILE
            return Rights(layer.owner, usual if layer.mode is None else layer.mode)
        if isinstance(layer, Linked):
            system, target = layer.system or self, posixpath.join(layer.target, rest) if rest else layer.target
            rights = system.rights(target, hops + 1) if hops < 20 else _ROOTS
            rights = Rights(layer.owner or rights.owner, rights.mode)
        else:
            program = found.kind == "file" and layer.context.tree.executable(found.tree or "")
            rights = Rights(layer.owner, modes.FOLDER if found.kind == "folder" else modes.PROGRAM if program else modes.FILE)
        return _changed(rights, Given(path, None, layer.mode), found.kind == "folder")

    def _in(self, layer: Copied | Made | Linked, path: str, hops: int) -> Found | None:
        rest = below(path, layer.path)
        if rest is None:
            return None
        if isinstance(layer, Made):
            return Found(layer.kind, None, layer.listed) if not rest else None
        if isinstance(layer, Linked):
            system = layer.system or self
            target = posixpath.join(layer.target, rest) if rest else layer.target
            return system.find(target, hops + 1) if hops < 20 else None
        return _copied(layer, rest)

    def copied(self) -> Iterator[str]:
        """Yield the paths to which something of another stage was copied."""
        return (layer.path for layer in self.layers if isinstance(layer, Linked) and layer.system is not None)

    def folder(self, path: str) -> bool:
        """Say whether a folder lies at a path."""
        found = self.find(path)
        return found is not None and found.kind == "folder"

    def names(self, folder: str, hops: int = 0) -> list[str]:
        """Return the names of what lies in a folder, sorted."""
        found: set[str] = set()
        for layer in self.layers:
            inside = below(layer.path, folder)
            rest = below(folder, layer.path)
            if inside:
                found.add(inside.partition("/")[0])
            elif rest is not None and isinstance(layer, Copied) and layer.folder:
                found.update(layer.context.names(_inside(layer, rest)))
            elif rest is not None and isinstance(layer, Linked) and hops < 20:
                found.update((layer.system or self).names(posixpath.normpath(posixpath.join(layer.target, rest)), hops + 1))
        return sorted(name for name in found if self.find(posixpath.join(folder, name)))

    def hidden(self, path: str) -> str | None:
        """Return the file of the repository that would lie at `path` if git did not ignore it."""
        for context, source in self._sources(posixpath.normpath(path), 0):
            if context.hidden(source):
                return context.tree_path(source)
        return None

    def unversioned(self, path: str) -> str | None:
        """Return the path in the repository of what would lie at `path`, if a rule of git keeps that out of every clone."""
        for context, source in self._sources(posixpath.normpath(path), 0):
            if context.unversioned(source):
                return context.tree_path(source)
        return None

    def ignored(self, path: str) -> str | None:
        """Return the rule of the ignore file (`path:line`) that keeps out what would lie at `path`."""
        rules = (context.excluded_by(source) for context, source in self._sources(posixpath.normpath(path), 0))
        return next((rule for rule in rules if rule), None)

    def leaves(self, path: str) -> bool:
        """Say whether `path` would come from behind a link that leads out of the repository."""
        return any(context.leaves(source) for context, source in self._sources(posixpath.normpath(path), 0))

    def origin(self, path: str) -> tuple[Context, str] | None:
        """Return the build context and the path in it from where `path` would have been copied, whether anything lies there."""
        return next(self._sources(posixpath.normpath(path), 0), None)

    def kept_out(self, path: str) -> str | None:
        """Return the path in the build context of what would lie at `path` if a rule of the ignore file did not keep it out."""
        sources = self._sources(posixpath.normpath(path), 0)
        return next((source for context, source in sources if context.excluded_by(source)), None)

    def judged(self, path: str, reason: str) -> tuple[bool, str]:
        """Return whether it is certain that nothing lies at `path`, and the reason, a better one where that is known."""
        rule, hidden, unversioned = self.ignored(path), self.hidden(path), self.unversioned(path)
        if rule:
            reason = f"{rule} keeps it out of the build context."
        elif hidden:
            reason = f"git ignores {hidden}: it lies on this disk, and a deploy from a clone does not have it."
        elif unversioned:
            reason = f"git ignores {unversioned}: unless something makes it before the deploy, the image does not have it."
        return self.tainted(path) is None and (rule is not None or not (hidden or unversioned)), reason

    def _sources(self, path: str, hops: int) -> Iterator[tuple[Context, str]]:
        """Yield from where in a build context `path` would have been copied, the last copy first."""
        for layer in reversed(self.layers):
            rest = below(path, layer.path)
            if rest is None:
                continue
            if isinstance(layer, Copied):
                yield layer.context, _inside(layer, rest)
            elif isinstance(layer, Linked) and hops < 20:
                yield from (layer.system or self)._sources(posixpath.normpath(posixpath.join(layer.target, rest)), hops + 1)

    def files(self, folder: str, suffix: str) -> Iterator[tuple[str, str]]:
        """Yield (container path, tree path) of the repository's files below `folder` whose name ends with `suffix`."""
        seen = set()
        for path in self._names(folder, suffix, 0):
            found = self.find(path)
            if path.endswith(suffix) and path not in seen and found and found.kind == "file" and found.tree is not None:
                seen.add(path)
                yield path, found.tree

    def _names(self, folder: str, suffix: str, hops: int) -> Iterator[str]:
        """Yield the paths below `folder` that something was copied or linked to; `find` says what lies there in the end."""
        for layer in self.layers:
            if below(layer.path, folder) is None and below(folder, layer.path) is None:
                continue
            if isinstance(layer, Copied):
                sources = layer.context.files(layer.source, suffix) if layer.folder else [layer.source]
                found = (below("/" + source, "/" + layer.source) or "" for source in sources)
            elif isinstance(layer, Linked) and hops < 5:
                inner = (layer.system or self)._names(layer.target, suffix, hops + 1)
                found = (below(path, layer.target) or "" for path in inner)
            else:
                continue
            for rest in found:
                path = posixpath.join(layer.path, rest) if rest else layer.path
                if below(path, folder) is not None and (below(path, folder) or hops):
                    yield path


def _keeps(layer: Copied | Made | Linked, path: str) -> bool:
    """Say whether a folder that was there keeps its rights when a layer makes it again.

    The folder that COPY copies into does, and those below it get the rights of what is copied (tonistiigi/fsutil
    `copy/copy.go`).
    """
    return isinstance(layer, Made) or not below(path, layer.path)


def _changed(rights: Rights, given: Given, folder: bool) -> Rights:
    """Return the rights after a chown or a chmod."""
    owner = rights.owner
    if given.owner is not None:
        user, _, group = given.owner.partition(":")
        before = owner.partition(":")
        owner = f"{user or before[0]}:{group or before[2] or before[0]}"
    return Rights(owner, modes.changed(rights.mode, given.mode, folder) if given.mode else rights.mode)


def _inside(layer: Copied, rest: str) -> str:
    return "/".join(part for part in (layer.source, rest) if part)


def _copied(layer: Copied, rest: str) -> Found | None:
    if not layer.folder:
        return Found("file", layer.context.tree_path(layer.source)) if not rest else None
    source = _inside(layer, rest)
    if not rest:
        return Found("folder", layer.context.tree_path(source))
    kind = layer.context.kind(source)
    return Found(kind, layer.context.tree_path(source)) if kind else None
