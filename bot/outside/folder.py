"""A folder on the disk as a `Source`, and the writing of a tree's edits back to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.model.tree import Change, Kind, Unreadable, parent
from bot.outside import gitignore


class Folder:
    """The files below a folder. Links are reported as links and never followed; nothing above the folder is read.

    `in_git` says whether the folder belongs to a git repository; without one nothing is ignored, since nothing is tracked.
    """

    def __init__(self, root: str, in_git: bool = True) -> None:
        self.root = root
        self.in_git = in_git
        self._listed: dict[str, dict[str, Kind]] = {}
        self._rules: dict[str, list[gitignore.Rule]] = {}
        self._ignored: dict[str, bool] = {}
        self._tracked: set[str] | None = None

    def _path(self, path: str) -> str:
        return os.path.join(self.root, path) if path else self.root

    def entries(self, folder: str) -> dict[str, Kind]:
        """Return the names in a folder with their kinds; sockets, devices and what can't be listed are left out."""
        listed = self._listed.get(folder)
        if listed is None:
            listed = {}
            try:
                with os.scandir(self._path(folder)) as found:
                    for entry in found:
                        if entry.is_symlink():
                            listed[entry.name] = "link"
                        elif entry.is_dir(follow_symlinks=False):
                            listed[entry.name] = "folder"
                        elif entry.is_file(follow_symlinks=False):
                            listed[entry.name] = "file"
            except OSError:
                pass
            self._listed[folder] = listed
        return listed

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises `Unreadable` when the system does not give them."""
        try:
            with open(self._path(path), "rb") as file:
                return file.read()
        except OSError as error:
            raise Unreadable(path, error.strerror or "can't be read") from None

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""
        try:
            return os.lstat(self._path(path)).st_size
        except OSError as error:
            raise Unreadable(path, error.strerror or "can't be read") from None

    def target(self, path: str) -> str:
        """Return what a symbolic link says."""
        try:
            return os.readlink(self._path(path))
        except OSError as error:
            raise Unreadable(path, error.strerror or "can't be read") from None

    def executable(self, path: str) -> bool:
        """Say whether a file's owner may execute it."""
        try:
            return bool(os.lstat(self._path(path)).st_mode & 0o100)
        except OSError:
            return False

    # --- what git ignores

    def ignored(self, path: str, kind: Kind) -> bool:
        """Say whether git leaves this path out of a clone: a rule matches it or a folder above, and it is not tracked."""
        if not self.in_git:
            return False
        known = self._ignored.get(path)
        if known is None:
            folder = parent(path)
            above = bool(folder) and self.ignored(folder, "folder")
            decided = gitignore.matches(self._rules_for(folder), path, kind == "folder")
            known = (above or bool(decided)) and not self._is_tracked(path, kind)
            self._ignored[path] = known
        return known

    def _rules_for(self, folder: str) -> list[gitignore.Rule]:
        rules = self._rules.get(folder)
        if rules is None:
            rules = [] if not folder else list(self._rules_for(parent(folder)))
            names = [f"{folder}/.gitignore" if folder else ".gitignore"]
            names = names if folder else [".git/info/exclude", *names]
            for name in names:
                try:
                    rules += gitignore.rules(self.read(name).decode("utf-8", "replace"), folder)
                except Unreadable:
                    continue
            self._rules[folder] = rules
        return rules

    def _is_tracked(self, path: str, kind: Kind) -> bool:
        if self._tracked is None:
            self._tracked = gitignore.tracked(self.root)
        if kind != "folder":
            return path in self._tracked
        return any(known.startswith(path + "/") for known in self._tracked)


class NotWritten(Exception):
    """The edits could not be written; the files are as they were."""


class _Staged(NamedTuple):
    change: Change
    temporary: str
    target: str


def write(root: str, changes: list[Change], replace: Callable[[str, str], None] = os.replace) -> None:
    """Write every change or none: first all new contents beside their files, then one rename each.

    Modes are kept. Raises `NotWritten`, with everything back as it was. `replace` is there for tests.
    """
    staged: list[_Staged] = []
    done: list[_Staged] = []
    try:
        for change in changes:
            staged.append(_stage(root, change))
        for item in staged:
            replace(item.temporary, item.target)
            done.append(item)
        for item in staged:
            if item.change.old is not None and item.change.old != item.change.path:
                os.unlink(os.path.join(root, item.change.old))
    except OSError as error:
        _undo(root, staged, done)
        path = error.filename or root
        raise NotWritten(f"{path}: {error.strerror}; nothing was changed") from None


def _stage(root: str, change: Change) -> _Staged:
    target = os.path.join(root, change.path)
    source = os.path.join(root, change.old) if change.old else None
    os.makedirs(os.path.dirname(target), exist_ok=True)
    mode = os.lstat(source).st_mode & 0o7777 if source else 0o644
    temporary = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(change.after)
        file.flush()
        os.fsync(file.fileno())
    return _Staged(change, temporary, target)


def _undo(root: str, staged: list[_Staged], done: list[_Staged]) -> None:
    for item in staged:
        if os.path.exists(item.temporary):
            os.unlink(item.temporary)
    for item in done:
        if item.change.old is None or item.change.old != item.change.path:
            os.unlink(item.target)
        if item.change.old is not None:
            with open(os.path.join(root, item.change.old), "wb") as file:
                file.write(item.change.before)
