"""Which names of a tree are harmless, although nothing of it is ever written to a disk under its name."""

from __future__ import annotations

import re

LONGEST = 4096  # bytes of a path, what Linux takes
DEEPEST = 200  # folders in one another, as in a `Folder`

# what HFS+ leaves out of a name when it compares (git's utf8.c); with them, or in another case, it is `.git` on a Mac
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_hostile(path: str) -> bool:
    """Say whether a path can only be meant to get out of the tree or into git's own folder, on any system."""
    names = path.split("/")
    return any(name in ("", ".", "..") for name in names) or any(_is_git(name) for name in re.split(r"[/\\]", path))


def is_usable(path: str) -> bool:
    """Say whether a file of that path is looked at: neither control characters nor a depth or length beyond all projects."""
    return not _CONTROL.search(path) and path.count("/") <= DEEPEST and len(path) <= LONGEST


def _is_git(name: str) -> bool:
    """Say whether a name is git's own folder, as HFS+ or NTFS spell it too (git's path.c, is_ntfs_dotgit)."""
    seen = _UNSEEN.sub("", name).lower()
    windows = seen.partition(":")[0].rstrip(" .")
    return seen == ".git" or windows in (".git", "git~1")
