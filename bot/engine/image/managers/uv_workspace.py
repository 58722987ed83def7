"""Where uv works: the project at hand, and the workspace that it belongs to.

https://docs.astral.sh/uv/concepts/projects/workspaces/; the rules of the discovery were tried with uv 0.13.
"""

from __future__ import annotations

import fnmatch
import posixpath
from typing import NamedTuple

from bot.engine.image import manifests
from bot.engine.image.managers.call import Call, Looked
from bot.engine.image.manifests import Project, listed, table
from bot.engine.model.tree import Unreadable


class Workspace(NamedTuple):
    """Where uv works: the project at hand, the root of its workspace, and the folders of both in the image."""

    project: Project
    folder: str
    root: Project
    top: str


def find(call: Call, nearest: Looked, here: str) -> Workspace | str:
    """Return the workspace of the nearest pyproject.toml, or why it can't be told."""
    folder = posixpath.dirname(nearest.path)
    project = _read(call, nearest)
    if isinstance(project, str):
        return project
    if "workspace" in project.tool("uv"):
        return Workspace(project, folder, project, folder)
    for looked in call.up("pyproject.toml", posixpath.dirname(folder)) if folder != "/" else ():
        root, top = _read(call, looked), posixpath.dirname(looked.path)
        if isinstance(root, Project) and _member(root, top, folder):
            return Workspace(project, folder, root, top)
    return Workspace(project, folder, project, folder)


def _read(call: Call, looked: Looked) -> Project | str:
    if looked.tree is None:
        return looked.doubt or f"{looked.path} can't be read"
    try:
        project = manifests.read(call.tree, looked.tree)
    except Unreadable as error:
        return str(error)
    return f"{looked.tree} is damaged" if project.damaged else project


def _member(root: Project, top: str, folder: str) -> bool:
    """Say whether a folder is a member of a workspace."""
    space = table(root.tool("uv").get("workspace"))
    path = posixpath.relpath(folder, top)
    globs, without = ([posixpath.normpath(str(each)) for each in listed(space.get(key))] for key in ("members", "exclude"))
    return any(_matches(path, glob) for glob in globs) and not any(_matches(path, glob) for glob in without)


def _matches(path: str, glob: str) -> bool:
    """Say whether a folder is what a glob of a workspace means; `*` stays within a name, `**` does not."""
    head, deep, _ = glob.partition("**")
    if deep:
        return path.startswith(head)
    names, patterns = path.split("/"), glob.split("/")
    return len(names) == len(patterns) and all(map(fnmatch.fnmatchcase, names, patterns))
