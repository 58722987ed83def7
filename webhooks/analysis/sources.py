"""Opens the commit of a request, and tells what of it was not fetched yet."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from bot.engine.model.tree import Kind, Source
from bot.evidence import catalogue
from bot.outside.commits import Missing, Store
from codemods import Shelf
from webhooks.analysis.analysing import analysed
from webhooks.analysis.model import Analysis, Request


class Lenient:
    """A source that gives an empty file where the content was not fetched, and remembers its path.

    What an analysis makes of that counts for nothing; it goes on to find out what else is wanted.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.wanted: dict[str, None] = {}

    def entries(self, folder: str) -> Mapping[str, Kind]:
        """See `Source`."""
        return self.source.entries(folder)

    def read(self, path: str) -> bytes:
        """See `Source`."""
        try:
            return self.source.read(path)
        except Missing:
            self.wanted[path] = None
            return b""

    def size(self, path: str) -> int:
        """See `Source`."""
        try:
            return self.source.size(path)
        except Missing:
            self.wanted[path] = None
            return 0

    def target(self, path: str) -> str:
        """See `Source`."""
        try:
            return self.source.target(path)
        except Missing:
            self.wanted[path] = None
            return ""

    def executable(self, path: str) -> bool:
        """See `Source`."""
        return self.source.executable(path)

    def ignored(self, path: str, kind: Kind) -> bool:
        """See `Source`."""
        return self.source.ignored(path, kind)


def ready() -> None:
    """Load what every analysis needs."""
    catalogue.known()
    shelf = Shelf()
    for name in shelf.names():
        shelf.propose(name)
    import_module("libcst")


def commit(request: Request) -> Lenient:
    """Return the files of the request's commit in its object store; raises `GitFailed`."""
    return Lenient(Store(request.folder).commit(request.sha))


def looked_at(request: Request, source: Lenient) -> Analysis:
    """Return the analysis of a source, or what has to be fetched before there is one."""
    made = analysed(request, source)
    return Analysis(wanted=tuple(sorted(source.wanted))) if source.wanted else made
