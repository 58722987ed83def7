"""One commit of a store as a `Source`: no work tree, no network; a file that was not fetched is `Missing`."""

from __future__ import annotations

import os
import subprocess
import weakref
from collections.abc import Mapping
from contextlib import suppress

from bot.engine.model.tree import LARGEST, Kind, Unreadable
from bot.outside import gitignore
from bot.outside.commits import listing
from bot.outside.commits.running import environment, limit
from bot.outside.commits.terms import GitFailed, Limits, check_sha

_LONGEST_LINK = 4096


class Missing(Exception):
    """The content of a file of the commit is not in the store yet; `path` is what has to be fetched."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} was not fetched"


class Commit:
    """The files of one commit. It starts two small processes of git at the first read; `close` ends them.

    `missing` are the paths that were asked for in vain, in their order. A store that gets them meanwhile gives them
    to this `Commit` too. Of one thread at a time.
    """

    def __init__(self, store: str, sha: str, limits: Limits = Limits()) -> None:  # noqa: B008  (an immutable tuple)
        """List the commit's tree; raises `GitFailed` for one that is not there, is too large or has hostile names."""
        check_sha(sha)
        self.sha = sha
        self.missing: list[str] = []
        self._limits = limits
        self._environment = environment(store)
        self._listed = listing.read(self._list(), limits)
        self._folders = _folders(self._listed)
        self._rules = gitignore.Rules(self._ignore_file)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._end = weakref.finalize(self, _end, self._processes)

    def __enter__(self) -> Commit:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes of git; the next read starts them again."""
        _end(self._processes)

    def paths(self) -> Mapping[str, str]:
        """Return every file and link with the name of its content."""
        return {path: entry.blob for path, entry in self._listed.items()}

    # --- as a Source

    def entries(self, folder: str) -> Mapping[str, Kind]:
        """Return the names in a folder with their kinds; a submodule is none, nor a folder without files."""
        return self._folders.get(folder, {})

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises `Unreadable` (none, too large) or `Missing` (not fetched)."""
        entry = self._entry(path, "file")
        size = self._size(path, entry.blob)
        if size > self._limits.blob:
            raise Unreadable(
                path, f"{size // 1024 // 1024} MB is more than the {self._limits.blob // 1024 // 1024} MB that are read"
            )
        return self._content(path, entry.blob, size)

    def size(self, path: str) -> int:
        """Return a file's size in bytes; raises as `read` does."""
        return self._size(path, self._entry(path, "file").blob)

    def target(self, path: str) -> str:
        """Return what a symbolic link says; raises as `read` does."""
        entry = self._entry(path, "link")
        size = self._size(path, entry.blob)
        if size > _LONGEST_LINK:
            raise Unreadable(path, "the link is longer than any system takes")
        return os.fsdecode(self._content(path, entry.blob, size))

    def executable(self, path: str) -> bool:
        """Say whether a file is executable."""
        return path in self._listed and self._listed[path].executable

    def ignored(self, path: str, kind: Kind) -> bool:
        """Say whether a rule keeps a path out of the commit; what is in it is tracked, whatever the rules say."""
        return path not in self._listed and path not in self._folders and self._rules.exclude(path, kind)

    def _entry(self, path: str, kind: Kind) -> listing.Entry:
        entry = self._listed.get(path)
        if entry is None or entry.kind != kind:
            raise Unreadable(path, "no such file")
        return entry

    def _ignore_file(self, path: str) -> bytes:
        entry = self._listed.get(path)
        try:
            return self.read(path) if entry and entry.kind == "file" and self.size(path) <= LARGEST else b""
        except Unreadable:
            return b""

    # --- asking git

    def _list(self) -> bytes:
        most = listing.most(self._limits)
        with self._started(*listing.command(self.sha)) as process:
            assert process.stdout is not None
            listed = process.stdout.read(most + 1)
            if len(listed) > most:
                process.kill()
                raise listing.too_large(self._limits)
        if process.returncode < 0:
            raise GitFailed("hostile", f"The commit can't be listed: git broke off (signal {-process.returncode}).")
        if process.returncode:
            raise GitFailed("missing", f"The commit {self.sha} is not in the store.")
        return listed

    def _size(self, path: str, blob: str) -> int:
        return self._answer("--batch-check", path, blob)

    def _content(self, path: str, blob: str, size: int) -> bytes:
        length = self._answer("--batch", path, blob)
        stream = self._processes["--batch"].stdout
        assert stream is not None
        content = stream.read(length + 1)[:-1]
        if len(content) != size:
            raise self._broken("--batch", path)
        return content

    def _answer(self, option: str, path: str, blob: str) -> int:
        """Ask one of git's processes for an object, and return its size; its content follows in the stream."""
        if option not in self._processes:
            self._processes[option] = self._started("cat-file", option)
        process = self._processes[option]
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(blob.encode() + b"\n")
            process.stdin.flush()
            words = process.stdout.readline().decode("ascii", "replace").split()
        except OSError:
            words = []
        if words[1:] == ["missing"]:
            if path not in self.missing:
                self.missing.append(path)
            raise Missing(path)
        if len(words) != 3 or words[1] != "blob":
            raise self._broken(option, path)
        return int(words[2])

    def _broken(self, option: str, path: str) -> Unreadable:
        """Return the error for an object that git can't read, after which that git is of no use."""
        _end({option: self._processes.pop(option)})
        return Unreadable(path, "git can't read its content")

    def _started(self, *arguments: str) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(
                ("git", *arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._environment["GIT_DIR"],
                env=self._environment,
            )
        except FileNotFoundError:
            raise GitFailed("missing", "git is not installed, or the store's folder is gone.") from None
        limit(process.pid)
        return process


def _folders(listed: Mapping[str, listing.Entry]) -> dict[str, dict[str, Kind]]:
    """Return the entries of each folder that holds something."""
    folders: dict[str, dict[str, Kind]] = {"": {}}
    for path, entry in listed.items():
        kind: Kind = entry.kind
        while True:
            folder, _, last = path.rpartition("/")
            known = folder in folders
            folders.setdefault(folder, {})[last] = kind
            if known:
                break
            path, kind = folder, "folder"
    return folders


def _end(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    while processes:
        _, process = processes.popitem()
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):  # what was not sent yet
                if stream is not None:
                    stream.close()
        process.wait()
