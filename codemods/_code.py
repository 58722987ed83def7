"""What codemods ask of the repository's own code."""

from __future__ import annotations

import re

from bot.engine.model.tree import Tree, Unreadable
from bot.engine.platforms import survey


def importer(tree: Tree, module: str) -> str | None:
    """Return a file that imports a module, by a search for the words."""
    return holding(tree, re.compile(rf"^\s*(?:import|from)\s+{re.escape(module)}\b", re.M))


def holding(tree: Tree, words: re.Pattern[str]) -> str | None:
    """Return a file of Python that holds certain words."""
    for path in survey.files(tree):
        if path.endswith(".py"):
            try:
                if words.search(tree.text(path)):
                    return path
            except Unreadable:
                continue
    return None
