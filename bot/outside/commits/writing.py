"""A repair as a commit: the checks before it, and the stream that git's `fast-import` reads."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from bot.engine.model.tree import Change, parent
from bot.outside.commits import paths
from bot.outside.commits.listing import Entry
from bot.outside.commits.terms import Author, GitFailed

_COMMITTER = re.compile(rb"^committer .*> (\d{1,12}) ([+-]\d{4})$", re.M)
_REF = "refs/repairs/latest"  # fast-import wants one; nobody reads it


def check(changes: list[Change], listed: Mapping[str, Entry]) -> None:
    """Raise `GitFailed` for a change that does not fit the base, or goes where a repair has nothing to do."""
    if not changes:
        raise GitFailed("refused", "A repair that changes nothing is not committed.")
    folders = {folder for path in listed for folder in _above(path)}
    for change in changes:
        path = change.path
        shown = ascii(path)[:100]
        if paths.is_hostile(path) or not paths.is_usable(path):
            raise GitFailed("hostile", f"A repair must not write to {shown}.")
        if path in folders or any(folder in listed for folder in _above(path)):
            raise GitFailed("hostile", f"A repair can't write to {shown}: a folder or a file is in its way.")
        if path in listed and (listed[path].kind != "file" or change.old not in (path, None) or change.old is None):
            raise GitFailed("hostile", f"A repair must not replace {shown}.")
        if change.old is not None and (change.old not in listed or listed[change.old].kind != "file"):
            raise GitFailed("missing", f"The repair changes {ascii(change.old)[:100]}, which is no file of the commit.")


def stream(base: str, raw: bytes, changes: list[Change], message: str, author: Author) -> bytes:
    """Return what fast-import is told: one commit on `base`, whose raw text gives the dates; it answers with the name."""
    found = _COMMITTER.search(raw)
    date = b"%s %s" % (found[1], found[2]) if found else b"0 +0000"
    who = f"{_name(author.name)} <{_name(author.email)}> ".encode() + date
    text = message.replace("\0", "").strip("\n").encode("utf-8", "replace") + b"\n"
    parts = [f"commit {_REF}\nmark :1\n".encode(), b"author %s\ncommitter %s\n" % (who, who)]
    parts += [b"data %d\n%s\nfrom %s\n" % (len(text), text, base.encode())]
    kept = {change.path for change in changes}
    moved = sorted({change.old for change in changes if change.old is not None} - kept)
    parts += [b"D %s\n" % _quoted(path) for path in moved]
    for change in sorted(changes):
        mode = b"100755" if change.executable else b"100644"
        parts.append(b"M %s inline %s\ndata %d\n%s\n" % (mode, _quoted(change.path), len(change.after), change.after))
    return b"".join((*parts, b"get-mark :1\n"))


def _above(path: str) -> list[str]:
    """Return the folders that a path lies in, without the root."""
    found = []
    while path := parent(path):
        found.append(path)
    return found


def _name(text: str) -> str:
    """Return a name without what ends it in a commit, as git itself cleans it; never nothing."""
    return re.sub(r"[<>\x00-\x1f\x7f]", "", text).strip(" .,:;\"'\\") or "deploymend"


def _quoted(path: str) -> bytes:
    """Return a path as fast-import reads it, in quotes."""
    return b'"' + os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
