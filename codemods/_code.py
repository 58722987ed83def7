"""What codemods ask of the repository's own code."""

from __future__ import annotations

import re

from bot.engine.model.tree import Tree, Unreadable
from bot.engine.platforms import survey


def importer(tree: Tree, module: str) -> str | None:
    """Return a file that imports a module, by a search for the words."""
    imports = re.compile(rf"^\s*(?:import|from)\s+{re.escape(module)}\b", re.M)
    for path in survey.files(tree):
        if path.endswith(".py"):
            try:
                if imports.search(tree.text(path)):
                    return path
            except Unreadable:
                continue
    return None
