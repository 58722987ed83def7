"""(stub)"""
from bot.engine.model.tree import Change, Tree


def formatted(tree: Tree, edit: Change) -> bytes:
    """stub."""
    return edit.after
