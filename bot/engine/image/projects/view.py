"""A project's folder in an image, as a build backend reads it."""

from __future__ import annotations

import posixpath

from bot.engine.image.filesystem import FileSystem
from bot.engine.model import toml
from bot.engine.model.tree import Tree, Unreadable

Table = dict[str, toml.Value]


def table(value: object) -> Table:
    """Return a table; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str] | None:
    """Return a list of texts; None for anything else."""
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


class View:
    """The files of a project, by their paths from its folder."""

    def __init__(self, tree: Tree, files: FileSystem, root: str) -> None:
        self.tree = tree
        self.files = files
        self.root = root

    @property
    def unclear(self) -> bool:
        """Whether something that was not followed may have made files here."""
        return self.files.tainted(self.root) is not None

    def path(self, relative: str) -> str:
        """Return a path of the project as one of the image."""
        return posixpath.normpath(posixpath.join(self.root, relative))

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted."""
        return self.files.names(self.path(folder))

    def is_file(self, relative: str) -> bool:
        """Say whether there is a file."""
        found = self.files.find(self.path(relative))
        return found is not None and found.kind == "file"

    def is_folder(self, relative: str) -> bool:
        """Say whether there is a folder."""
        return self.files.folder(self.path(relative))

    def text(self, relative: str) -> str | None:
        """Return a file's text; None where there is none that can be read."""
        found = self.files.find(self.path(relative))
        try:
            return self.tree.text(found.tree) if found and found.tree and found.kind == "file" else None
        except Unreadable:
            return None

    def toml(self, relative: str) -> Table | None:
        """Return what a TOML file says; None where there is none, or it is damaged."""
        text = self.text(relative)
        document = toml.read(text) if text is not None else None
        return document.data if document and not document.problems else None
