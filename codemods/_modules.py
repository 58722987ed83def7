"""What a program's sys.path makes of the repository's modules: which file a dotted name stands for, and the other way round."""

from __future__ import annotations

import posixpath

from bot.engine.boot.finder import Finder, Found
from bot.engine.boot.program import Program
from bot.engine.boot.start import python_path
from bot.engine.image import packages
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report


def started(finding: Fault | Weakness, report: Report) -> Program | None:
    """Return the program of a finding's process whose code is imported."""
    for booted in report.started:
        if booted.process.name == finding.process:
            return next((program for program in reversed(booted.programs) if program.entry is not None), None)
    return None


class Modules:
    """The modules of the repository, as one program finds them."""

    def __init__(self, tree: Tree, image: Image, program: Program, report: Report) -> None:
        self.tree = tree
        self.image = image
        installed = packages.installed(image.installs, image.base.python, report.package_index)
        self.finder = Finder(image, installed, python_path(program))
        self.finder.busy = program.launcher != "python"
        self.places = {source: path for path, source in image.files.files("/", ".py")}

    def find(self, dotted: str) -> Found | None:
        """Return what a dotted name stands for; None where that is nothing."""
        found: Found | None = None
        parts = dotted.split(".")
        for count, part in enumerate(parts, start=1):
            if count == 1:
                found = self.finder.top(part)
            elif found is not None:
                found = self.finder.child(found, ".".join(parts[: count - 1]), part) if found.folders else None
        return found

    def named(self, path: str) -> str | None:
        """Return the dotted name of a file of the tree; None where it has none, or that is another module's."""
        where = self.places.get(path)
        for entry in self.finder.path if where else ():
            parts = posixpath.relpath(where or "", entry).removesuffix(".py").split("/")
            dotted = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found = self.find(dotted) if dotted and all(part.isidentifier() for part in parts) else None
            if found and found.tree == path:
                return dotted
        return None
