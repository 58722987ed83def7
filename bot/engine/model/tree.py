"""The repository as the engine sees it: files from a `Source`, plus the edits made so far.

A `Tree` never touches the disk and never changes: `write` and `move` return a new one. Paths are relative to the tree's
root, with `/` between names and no `.` or `..`; the root itself is `""`. Names are compared by listing folders, so that
`Main.py` is not `main.py`, also where the laptop's disk thinks so.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, Protocol

Kind = Literal["file", "folder", "link"]
LARGEST = 8 * 1024 * 1024  # bytes of a file that is still read; configs and modules are far smaller


class Unreadable(Exception):
    """A file that is there and can't be used as text: too large, not permitted, not UTF-8, a link that leaves."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Source(Protocol):
    """Where files come from: a folder on disk, a commit, a dictionary in a test."""

    def entries(self, folder: str) -> Mapping[str, Kind]:
        """Return the names in `folder` with their kinds; nothing for a folder that is not there."""
        ...

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises `Unreadable`."""
        ...

    def size(self, path: str) -> int:
        """Return a file's size in bytes."""
        ...

    def target(self, path: str) -> str:
        """Return what a symbolic link says."""
        ...

    def executable(self, path: str) -> bool:
        """Say whether a file may be executed by its owner."""
        ...

    def ignored(self, path: str, kind: Kind) -> bool:
        """Say whether git leaves this path out of a clone: an ignore rule matches and the index does not know it."""
        ...


class Change(NamedTuple):
    """One file that differs from the source: written (`old` None: new), moved (`old` != `path`)."""

    path: str
    old: str | None
    before: bytes
    after: bytes
    executable: bool
    mode_changed: bool = False  # it was not executable before


def parent(path: str) -> str:
    """Return the folder of `path`, `""` for the root."""
    return path.rpartition("/")[0]


def name(path: str) -> str:
    """Return the last name of `path`."""
    return path.rpartition("/")[2]


def join(folder: str, path: str) -> str | None:
    """Return `path` seen from `folder`, without `.` and `..`; None when it leaves the root."""
    joined = posixpath.normpath(posixpath.join("/" + folder, path))[1:].lstrip("/")
    ups = posixpath.normpath(posixpath.join(folder or ".", path))
    return None if ups == ".." or ups.startswith("../") else joined


class Tree:
    """A repository's files with edits in memory."""

    __slots__ = ("_edits", "_executable", "_listed", "_origins", "_populated", "source")

    def __init__(
        self,
        source: Source,
        edits: Mapping[str, bytes | None] | None = None,
        origins: Mapping[str, str] | None = None,
        executable: frozenset[str] = frozenset(),
    ) -> None:
        self.source = source
        self._executable = executable  # files that were made so
        self._edits: Mapping[str, bytes | None] = edits or {}
        self._origins: Mapping[str, str] = origins or {}
        self._listed: dict[str, dict[str, Kind]] = {}
        self._populated: dict[str, bool] = {}

    # --- looking

    def entries(self, folder: str) -> Mapping[str, Kind]:
        """Return the names in `folder` with their kinds, those that git leaves out of a clone included."""
        listed = self._listed.get(folder)
        if listed is None:
            listed = dict(self.source.entries(folder))
            prefix = folder + "/" if folder else ""
            for path, data in self._edits.items():
                if not path.startswith(prefix):
                    continue
                first, _, deeper = path[len(prefix) :].partition("/")
                if data is None and not deeper:
                    listed.pop(first, None)
                elif data is not None:
                    listed[first] = "folder" if deeper else "file"
            self._listed[folder] = listed
        return listed

    def kind(self, path: str) -> Kind | None:
        """Return what a clone of the repository has at `path`, links followed; None when it has nothing there.

        A folder counts when a file that git keeps lies somewhere in it. A link that leaves the repository is "link".
        """
        real = self.resolve(path)
        if real != path and self._is_link(path):
            if self._ignored(path, "link"):
                return None
            if real is None:
                return "link"
        if real is None:
            return None
        if real == "":
            return "folder"
        kind = self.entries(parent(real)).get(name(real))
        if kind is None or self._ignored(real, kind):
            return None
        if kind == "folder" and not self._has_files(real):
            return None
        return kind

    def is_file(self, path: str) -> bool:
        """Say whether a clone has a file at `path`."""
        return self.kind(path) == "file"

    def is_folder(self, path: str) -> bool:
        """Say whether a clone has a folder at `path`."""
        return self.kind(path) == "folder"

    def hidden(self, path: str) -> bool:
        """Say whether `path` lies on the disk although no clone has it, because git ignores it."""
        real = self.resolve(path)
        return bool(real) and self.kind(path) is None and name(real or "") in self.entries(parent(real or ""))

    def unversioned(self, path: str) -> bool:
        """Say whether a rule of git keeps `path` out of every clone, whether it lies on the disk or not."""
        return bool(path) and path not in self._edits and any(self.source.ignored(path, kind) for kind in ("file", "folder"))

    def resolve(self, path: str) -> str | None:
        """Return `path` with links followed; None when a part is missing or a link leaves the repository."""
        done, rest, hops = "", [part for part in path.split("/") if part not in ("", ".")], 0
        while rest:
            part = rest.pop(0)
            if part == "..":
                if not done:
                    return None
                done = parent(done)
                continue
            kind = self.entries(done).get(part)
            here = f"{done}/{part}" if done else part
            if kind is None:
                return None
            if kind == "link":
                hops += 1
                target = self.source.target(here)
                if hops > 40 or target.startswith("/"):
                    return None
                rest = [piece for piece in target.split("/") if piece not in ("", ".")] + rest
                continue
            if rest and kind != "folder":
                return None
            done = here
        return done

    def other_case(self, path: str) -> str | None:
        """Return the path that differs from a missing `path` in upper and lower case alone, if there is exactly one."""
        done = ""
        for part in path.split("/"):
            entries = self.entries(done)
            names = [part] if part in entries else [entry for entry in entries if entry.lower() == part.lower()]
            if len(names) != 1:
                return None
            done = f"{done}/{names[0]}" if done else names[0]
        return done if done != path and self.kind(done) else None

    def walk(self, folder: str = "", skip: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield every file below `folder`, ignored ones included, folders in order; folders named in `skip` left out."""
        entries = self.entries(folder)
        for entry in sorted(entries):
            path = f"{folder}/{entry}" if folder else entry
            if entries[entry] == "file":
                yield path
            elif entries[entry] == "folder" and entry not in skip:
                yield from self.walk(path, skip)

    def _is_link(self, path: str) -> bool:
        folder = self.resolve(parent(path))
        return folder is not None and self.entries(folder).get(name(path)) == "link"

    def _ignored(self, path: str, kind: Kind) -> bool:
        return path not in self._edits and self.source.ignored(self.origin(path), kind)

    def _has_files(self, folder: str) -> bool:
        known = self._populated.get(folder)
        if known is None:
            known = False
            for entry, kind in sorted(self.entries(folder).items(), key=lambda item: item[1]):  # files come first
                path = f"{folder}/{entry}"
                if not self._ignored(path, kind) and (kind != "folder" or self._has_files(path)):
                    known = True
                    break
            self._populated[folder] = known
        return known

    # --- reading

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises `Unreadable` when it is missing, larger than `LARGEST` or behind a bad link."""
        real = self.resolve(path)
        if real is None:
            raise Unreadable(path, "the link leaves the repository" if self._is_link(path) else "no such file")
        data = self._edits.get(real)
        if data is not None:
            return data
        size = self.source.size(real)
        if size > LARGEST:
            raise Unreadable(path, f"{size // 1024 // 1024} MB is more than the {LARGEST // 1024 // 1024} MB that are read")
        return self.source.read(real)

    def text(self, path: str) -> str:
        """Return a file as text, a byte-order mark and line endings kept; raises `Unreadable`."""
        data = self.read(path)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Unreadable(path, f"line {line} is not UTF-8 text (byte 0x{data[error.start]:02x})") from None

    def text_if_any(self, path: str) -> str:
        """Return a file as text; "" where there is none that can be read."""
        try:
            return self.text(path)
        except Unreadable:
            return ""

    def executable(self, path: str) -> bool:
        """Say whether a file may be executed."""
        real = self.resolve(path) or path
        if real in self._executable:
            return True
        origin = self.origin(real)
        return name(origin) in self.source.entries(parent(origin)) and self.source.executable(origin)

    # --- editing

    def write(self, path: str, text: str, encoding: str = "utf-8") -> Tree:
        """Return a tree in which `path` holds `text`; behind a link, the file that it leads to."""
        folder = self.resolve(parent(path))
        here = f"{folder}/{name(path)}" if folder else path
        real = self.resolve(here) or here
        return Tree(self.source, {**self._edits, real: text.encode(encoding)}, self._origins, self._executable)

    def move(self, old: str, new: str) -> Tree:
        """Return a tree in which the file `old` is called `new`."""
        edits = {**self._edits, old: None, new: self.read(old)}
        origins = {path: origin for path, origin in self._origins.items() if path != old}
        executable = frozenset(new if path == old else path for path in self._executable)
        return Tree(self.source, edits, {**origins, new: self.origin(old)}, executable)

    def make_executable(self, path: str) -> Tree:
        """Return a tree in which a file has the executable bit; behind a link, the file that it leads to."""
        real = self.resolve(path) or path
        edits = {**self._edits, real: self.read(real)}
        return Tree(self.source, edits, self._origins, self._executable | {real})

    def origin(self, path: str) -> str:
        """Return the name that `path` had before any move."""
        return self._origins.get(path, path)

    def changes(self) -> list[Change]:
        """Return every file that differs from the source, by path."""
        found = []
        for path, after in sorted(self._edits.items()):
            if after is None:
                continue
            origin = self.origin(path)
            there = name(origin) in self.source.entries(parent(origin))
            before = self.source.read(origin) if there else b""
            was = there and self.source.executable(origin)
            executable = was or path in self._executable
            if before != after or origin != path or not there or executable != was:
                found.append(Change(path, origin if there else None, before, after, executable, there and executable != was))
        return found


def newline(text: str) -> str:
    """Return the line ending that `text` uses: that of its first line."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


class Splice(NamedTuple):
    """A piece of text to put in place of `text[start:end]`."""

    start: int
    end: int
    text: str


def splice(text: str, splices: list[Splice]) -> str:
    """Return `text` with every splice made; they must not overlap. Insertions at one place keep their order."""
    made, at = "", 0
    for piece in sorted(splices, key=lambda piece: (piece.start, piece.end)):
        made += text[at : piece.start] + piece.text
        at = piece.end
    return made + text[at:]


def position(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column of `offset`, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1
