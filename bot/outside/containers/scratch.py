"""The scratch copy: the files that a deploy would send, in a folder of their own; the repository is never built in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from bot.engine.model.tree import Change, Kind, Tree, Unreadable
from bot.outside import folder
from bot.outside.containers.interrupts import held_back


@contextmanager
def copied(root: str, tree: Tree, changes: list[Change]) -> Iterator[str]:
    """Yield a folder with a copy of what git tracks in `root`, and of what it does not ignore, with `changes` made to it.

    `tree` is `root` as it lies on the disk. Git's own folder stays out: no repair and no build rests on it. The copy is removed
    at the end. Raises `Unreadable` for a file that can't be copied.
    """
    place = tempfile.mkdtemp(prefix="deploymend-")
    try:
        target = os.path.join(place, "repository")
        os.mkdir(target)
        _copy(root, tree, target)
        try:
            folder.write(target, changes)
        except folder.NotWritten as error:
            raise Unreadable(changes[0].path if changes else "", f"the scratch copy can't be repaired: {error}") from None
        yield target
    finally:
        with held_back():
            shutil.rmtree(place, ignore_errors=True)


def _copy(root: str, tree: Tree, target: str) -> None:
    for path, kind in _kept(tree, ""):
        source, copy = os.path.join(root, path), os.path.join(target, path)
        try:
            if kind == "folder":
                os.mkdir(copy)
            elif kind == "link":
                os.symlink(os.readlink(source), copy)
            else:
                shutil.copyfile(source, copy, follow_symlinks=False)
                os.chmod(copy, 0o755 if tree.executable(path) else 0o644)  # the two modes that git has
        except OSError as error:
            raise Unreadable(path, f"it can't be copied: {error.strerror or error}") from None


def _kept(tree: Tree, at: str) -> Iterator[tuple[str, Kind]]:
    """Yield what a deploy sees below a folder; a folder comes before what is in it, one without files is left out."""
    for name, kind in sorted(tree.entries(at).items()):
        path = f"{at}/{name}" if at else name
        if name == ".git" or tree.source.ignored(path, kind) or (kind == "folder" and tree.kind(path) != "folder"):
            continue
        yield path, kind
        if kind == "folder":
            yield from _kept(tree, path)
