"""What lies in a commit's tree, read from `git ls-tree` and checked name by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from bot.engine.model.tree import Kind
from bot.outside.commits import paths
from bot.outside.commits.terms import GitFailed, Limits

_KINDS: dict[bytes, Kind] = {b"100644": "file", b"100664": "file", b"100755": "file", b"120000": "link"}
_WIDEST = 400  # bytes of a line at the average, more than any project needs


class Entry(NamedTuple):
    """A file or a link of a commit; `blob` names its content."""

    kind: Kind
    blob: str
    executable: bool


def command(sha: str) -> tuple[str, ...]:
    """Return git's arguments; folders are listed too, so that trees without files, in one another by the million, count."""
    return ("ls-tree", "-r", "-t", "-z", "--full-tree", sha)


def most(limits: Limits) -> int:
    """Return the bytes of a listing that are read."""
    return max(1024 * 1024, limits.files * _WIDEST)


def read(listed: bytes, limits: Limits) -> Mapping[str, Entry]:
    """Return the files and links by path; raises `GitFailed` for names that no harmless repository has.

    Submodules are no part of it, nor are names with control characters.
    """
    lines = listed.split(b"\0")
    if len(lines) - 1 > limits.files:
        raise too_large(limits)
    found: dict[str, Entry] = {}
    folders: set[str] = set()
    for line in lines[:-1]:
        head, _, name = line.partition(b"\t")
        mode, sort, blob = head.split(b" ")
        path = os.fsdecode(name)
        folder, _, last = path.rpartition("/")
        if paths.is_hostile(last) or (folder and folder not in folders):  # its folders were looked at before it
            raise GitFailed(
                "hostile", f"The commit holds a file that is called like git's own or leads out of it ({ascii(path)[:100]})."
            )
        if path in found or path in folders:
            raise GitFailed("hostile", f"The commit holds two files of one name ({ascii(path)[:100]}).")
        if sort == b"tree":
            folders.add(path)
        elif mode in _KINDS and paths.is_usable(path):
            found[path] = Entry(_KINDS[mode], blob.decode(), mode == b"100755")
    return found


def too_large(limits: Limits) -> GitFailed:
    """Return the failure for a tree with too many entries."""
    return GitFailed("too-large", f"The commit holds more than {limits.files} files and folders.")
