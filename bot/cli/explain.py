"""`bot explain NAME`: the page of a codemod, a fault or a weakness."""

from __future__ import annotations

import argparse

from bot.cli.errors import Refused
from bot.report import pages
from codemods import Shelf


def run(options: argparse.Namespace) -> int:
    """Print one page; raises `Refused` for a name that does not exist."""
    shelf = Shelf()
    if options.name in shelf.names():
        print(pages.codemod(shelf.page(options.name)))
        return 0
    page = pages.finding(options.name, shelf.answering(options.name))
    if page is None:
        import difflib

        near = difflib.get_close_matches(options.name, (*shelf.names(), *pages.codes()), 1, 0.5)
        raise Refused(f"there is no {options.name}; " + (f"did you mean {near[0]}?" if near else "`bot list` lists the names"))
    print(page)
    return 0
