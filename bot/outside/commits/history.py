"""Which commits a remote branch has that a base has not: for the question whether somebody else worked on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from bot.outside.commits import complaints
from bot.outside.commits.terms import SHA, Access, GitFailed

if TYPE_CHECKING:
    from bot.outside.commits.store import Store

_DEPTHS = (50, 1000, None)  # commits back from either end; None: all
_MOST = 1000  # commits that are returned
_FORMAT = "--format=%H%x00%P%x00%ct%x00%ae%x00%ce%x00%B%x00"
_FIELDS = 6
_COMMITS_ALONE = {"remote.origin.promisor": "true", "remote.origin.partialclonefilter": "tree:0"}


class CommitInfo(NamedTuple):
    """Who made a commit, and what it says."""

    sha: str
    author_email: str
    committer_email: str
    message: str


class _Line(NamedTuple):
    parents: tuple[str, ...]
    date: int
    info: CommitInfo


async def since(store: Store, access: Access, lock: int, branch: str, base: str) -> list[CommitInfo]:
    """Return the commits, newest first, from an empty store into which commits alone are fetched, deeper and deeper."""
    head = await store.branch_head(access, branch)
    if head is None:
        raise GitFailed("missing", f"The branch {branch} is not there.")
    found: list[_Line] = []
    for depth in _DEPTHS:
        deep = f"--depth={depth}" if depth else "--unshallow" if _cut(store) else None
        if deep is None:
            break
        command = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", deep, "origin")
        refspecs = (f"+{head}:refs/of/branch", f"+{base}:refs/of/base")
        done = await store.git((*command, *refspecs), access, lock, settings=_COMMITS_ALONE)
        if done.code:
            raise complaints.failure(done, access, f"The commits of {branch} can't be fetched")
        found = await _log(store, f"--max-count={_MOST}", head, f"^{base}")
        if not await _may_be_too_many(store, found, base):
            break
    return [line.info for line in found]


async def _may_be_too_many(store: Store, found: list[_Line], base: str) -> bool:
    """Say whether some of the commits may belong to the base's history behind the place where it was cut off.

    They don't where each line of parents meets the base's, and all are younger than whatever was cut there.
    """
    cut = _cut(store)
    if not cut or not found:
        return False
    if any(line.info.sha in cut or not line.parents for line in found):
        return True
    edges = [line for line in await _log(store, base) if line.info.sha in cut]
    return max((edge.date for edge in edges), default=0) >= min(line.date for line in found)


async def _log(store: Store, *arguments: str) -> list[_Line]:
    done = await store.git(("log", _FORMAT, "--no-show-signature", *arguments, "--"), None)
    if done.code:
        raise complaints.failure(done, None, "The commits can't be listed")
    fields = done.output.decode("utf-8", "replace").split("\0")
    lines = []
    for at in range(0, len(fields) - _FIELDS, _FIELDS):
        sha, parents, date, email, committer, message = fields[at : at + _FIELDS]
        info = CommitInfo(sha.strip(), email, committer, message.rstrip("\n"))
        lines.append(_Line(tuple(parents.split()), int(date or 0), info))
    return lines


def _cut(store: Store) -> set[str]:
    """Return the commits whose parents were left out."""
    try:
        with open(os.path.join(store.folder, "shallow"), encoding="ascii") as file:
            return {line for line in file.read().split() if SHA.fullmatch(line)}
    except FileNotFoundError:
        return set()
