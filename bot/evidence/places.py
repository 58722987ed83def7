"""Leads the paths of a traceback, which are those of a container, back to files of the repository."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.model.tree import Tree
from bot.engine.report import Report
from bot.evidence.tracebacks import Frame

_ROOTS = frozenset("app apps backend code home project repo server service src srv web workspace".split())
_INSTALLED = re.compile(r"/(?:site|dist)-packages/|/lib/python3\.\d{1,2}/|^<|/bin/[^/]+$")


class Site(NamedTuple):
    """A frame: as the log has it, and the file of the repository that it is; None for a library's."""

    written: str
    line: int
    function: str
    path: str | None


def mapped(frames: tuple[Frame, ...], reports: tuple[Report, ...], tree: Tree | None) -> tuple[Site, ...]:
    """Return frames with the files of the tree that they are in, the last frame last."""
    return tuple(Site(frame.path, frame.line, frame.function, _path(frame.path, reports, tree)) for frame in frames)


def _path(written: str, reports: tuple[Report, ...], tree: Tree | None) -> str | None:
    if tree is None or _INSTALLED.search(written):
        return None
    for report in reports:
        found = report.image.files.find(written) if report.image and written.startswith("/") else None
        if found and found.kind == "file" and found.tree is not None and tree.is_file(found.tree):
            return found.tree
    return _by_suffix(written, reports, tree)


def _by_suffix(written: str, reports: tuple[Report, ...], tree: Tree) -> str | None:
    """Return the file whose path ends as the written one does, at the most names: from the root, or a deploy's folder."""
    parts = [part for part in written.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or len(parts) > 60:
        return None
    folders = dict.fromkeys(["", *(folder for each in reports for folder in (each.start.directory, each.target.directory))])
    for first in range(len(parts)):
        if first == len(parts) - 1 and first and parts[-2] not in _ROOTS:
            break  # a name alone could be any file of that name
        for folder in folders:
            path = "/".join((*([folder] if folder else []), *parts[first:]))
            if tree.is_file(path):
                return path
    return None
