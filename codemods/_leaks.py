"""What lies beside an app and has no business in its image."""

from __future__ import annotations

from bot.engine.model.tree import Tree

ENVIRONMENTS = (".venv", "venv", "env", "ENV")


def is_leak(tree: Tree, path: str) -> bool:
    """Say whether a path is what its name stands for: `env` may be a package, and git may keep a node_modules on purpose."""
    last = path.rpartition("/")[2]
    if last == ".env":
        return not tree.is_folder(path)
    if last == "node_modules":
        return tree.kind(path) is None
    return tree.kind(f"{path}/pyvenv.cfg") is not None or tree.hidden(f"{path}/pyvenv.cfg")
