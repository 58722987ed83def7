"""`bot list`: every codemod with its title, then the faults and weaknesses."""

from __future__ import annotations

import argparse

from bot.report import pages
from codemods import Shelf


def run(options: argparse.Namespace) -> int:
    """Print the lists."""
    shelf = Shelf()
    listed = [(name, shelf.page(name).title) for name in shelf.names()]
    for heading, entries in (
        ("codemods", listed),
        ("faults", pages.titles("fault")),
        ("weaknesses", pages.titles("weakness")),
    ):
        width = max(len(name) for name, _ in entries)
        print(f"{heading}:")
        for name, title in entries:
            print(f"  {name:<{width}}  {title}")
        print()
    print("`bot explain NAME` prints the page of any of them.")
    return 0
