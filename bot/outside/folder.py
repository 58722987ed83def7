"""A folder on the disk as a `Source`, and the writing of a tree's edits back to it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.model.tree import LARGEST, Change, Kind, Unreadable, name, parent
from bot.outside import gitignore

_DEEPEST = 200  # levels of folders that are looked into, more than any project has and fewer than Python's stack takes


class Folder:
    """The files below a folder. Links are reported as links and never followed; nothing above the folder is read.

    `in_git` says whether the folder belongs to a git repository; without one nothing is ignored, since nothing is tracked.
    """

    def __init__(self, root: str, in_git: bool = True) -> None:
        self.root = root
        self.in_git = in_git
        self._listed: dict[str, dict[str, Kind]] = {}
        self._rules = gitignore.Rules(self._ignore_file, lambda: gitignore.excluded(root))
        self._tracked: set[str] | None = None

    def _path(self, path: str) -> str:
        return os.path.join(self.root, path) if path else self.root

    def entries(self, folder: str) -> dict[str, Kind]:
        """Return the names in a folder with their kinds; sockets, devices and what can't be listed are left out."""
        listed = self._listed.get(folder)
        if listed is None:
            there = not folder or (folder.count("/") < _DEEPEST and self._kind(folder) == "folder")
            listed = self._list(folder) if there else {}
            self._listed[folder] = listed
        return listed

    def _list(self, folder: str) -> dict[str, Kind]:
        listed: dict[str, Kind] = {}
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
        return listed

    def _kind(self, path: str) -> Kind | None:
        """Return what lies at a path; None where nothing does, or only behind a link."""
        return self.entries(parent(path)).get(name(path))

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises `Unreadable` when there is none or the system does not give them."""
        if self._kind(path) != "file":
            raise Unreadable(path, "no such file")
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
        return self._rules.exclude(path, kind) and not self._is_tracked(path, kind)

    def _ignore_file(self, path: str) -> bytes:
        try:  # a link is no file here: git follows none either
            return self.read(path) if self._kind(path) == "file" and self.size(path) <= LARGEST else b""
        except Unreadable:
            return b""

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
    source: str | None  # where the old content lies, None for a new file
    mode: int


def write(root: str, changes: list[Change], replace: Callable[[str, str], None] = os.replace) -> None:
    """Write every change or none: first all new contents beside their files, then one rename each.

    Modes are kept. A file that lies where another one is to go is never replaced, nor one that changed since it was read.
    Raises `NotWritten`, with everything back as it was. `replace` is there for tests.
    """
    made: list[str] = []
    staged: list[_Staged] = []
    try:
        for change in changes:
            staged.append(_stage(root, change, made))
        for item in staged:
            _put(item, replace)
        for item in staged:
            if item.source is not None and item.source != item.target and not os.path.samefile(item.source, item.target):
                os.unlink(item.source)
    except (OSError, KeyboardInterrupt) as error:
        _undo(staged, made)
        if not isinstance(error, OSError):
            raise
        path = os.path.relpath(error.filename or root, root)
        raise NotWritten(f"{path}: {error.strerror or error}; nothing was changed") from None


def _stage(root: str, change: Change, made: list[str]) -> _Staged:
    """Write the new content beside its file; refuse a link, which may lead anywhere, and a place that is taken."""
    target = os.path.join(root, change.path)
    source = os.path.join(root, change.old) if change.old is not None else None
    _refuse_link(root, target)
    status = None
    if source is not None:
        _refuse_link(root, source)
        status = os.lstat(source)
        if not stat.S_ISREG(status.st_mode) or _content(source) != change.before:
            raise OSError(errno.EBUSY, "it has changed meanwhile", source)
    if source != target and os.path.lexists(target) and not _same_file(source, target):
        raise OSError(errno.EEXIST, "there is a file of that name now", target)
    mode = status.st_mode & 0o7777 if status else 0o644
    if change.executable:
        mode |= (mode & 0o444) >> 2  # whoever may read it may execute it, as git sets it
    _make_folder(os.path.dirname(target), made)
    temporary = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.getpid()}.tmp")
    try:
        _create(temporary, change.after, mode, status)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from None
    return _Staged(change, temporary, target, source, mode)


def _refuse_link(root: str, path: str) -> None:
    folder = os.path.dirname(path)
    plain = os.path.normpath(os.path.join(os.path.realpath(root), os.path.relpath(folder, root)))
    if os.path.islink(path) or os.path.realpath(folder) != plain:
        raise OSError(errno.ELOOP, "it is a symbolic link now, or lies behind one", path)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _create(path: str, data: bytes, mode: int, former: os.stat_result | None) -> None:
    """Create a file that is complete on the disk, or none."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            if former and os.geteuid() == 0:  # as in a container: the file stays its owner's
                os.fchown(file.fileno(), former.st_uid, former.st_gid)
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, KeyboardInterrupt):
        os.unlink(path)
        raise


def _make_folder(path: str, made: list[str]) -> None:
    if not os.path.isdir(path):
        _make_folder(os.path.dirname(path), made)
        os.mkdir(path)
        made.append(path)


def _same_file(source: str | None, target: str) -> bool:
    """Say whether two names are one file, as on a disk that takes no account of upper and lower case."""
    return source is not None and not os.path.islink(target) and os.path.samefile(source, target)


def _put(item: _Staged, replace: Callable[[str, str], None]) -> None:
    renamed = item.source is not None and item.source != item.target and os.path.lexists(item.target)
    if renamed and item.source is not None:  # one file: only the case of its name changes
        os.rename(item.source, item.target)
    try:
        replace(item.temporary, item.target)
    except OSError:
        if renamed and item.source is not None:
            os.rename(item.target, item.source)
        raise


def _undo(staged: list[_Staged], made: list[str]) -> None:
    waiting = [item for item in staged if os.path.lexists(item.temporary)]
    for item in waiting:
        os.unlink(item.temporary)
    for item in staged:
        if item in waiting:
            continue
        if item.source != item.target:
            os.unlink(item.target)
        if item.source is not None:
            with open(item.source, "wb") as file:
                os.fchmod(file.fileno(), item.mode & ~0o111 if item.change.mode_changed else item.mode)
                file.write(item.change.before)
    for folder in reversed(made):
        os.rmdir(folder)
