"""Edits of command lines, wherever they are written: a key of the config, CMD or ENTRYPOINT, a script."""

from __future__ import annotations

import re

from bot.engine.model import dockerfile, toml
from bot.engine.model.target import Origin
from bot.engine.model.tree import Splice, Tree, splice


def replace_word(tree: Tree, origin: Origin, old: str, new: str) -> Tree | None:
    """Return the tree with one word of a command replaced; None unless it stands there exactly once."""
    match origin.kind:
        case "config":
            return _in_config(tree, origin, old, new)
        case "script":
            text = tree.text(origin.place.path)
            changed = _once(text, 0, len(text), old, new)
        case _:
            changed = _in_dockerfile(tree.text(origin.place.path), origin, old, new)
    return tree.write(origin.place.path, changed) if changed is not None else None


def _in_config(tree: Tree, origin: Origin, old: str, new: str) -> Tree | None:
    text = tree.text(origin.place.path)
    span = toml.read(text).spans.get(origin.key) if not origin.place.path.endswith((".json", ".yaml")) else None
    changed = _once(text, span.start, span.end, old, new) if span else None
    return tree.write(origin.place.path, changed) if changed is not None else None


def _in_dockerfile(text: str, origin: Origin, old: str, new: str) -> str | None:
    if origin.instruction is None:
        return None
    item = dockerfile.read(text).instructions[origin.instruction]
    if item.json:
        words = [word for word in item.words if word.value == old]
        if len(words) == 1:
            return splice(text, [dockerfile.replace_word(words[0], new, is_json=True)])
    return _once(text, item.start, item.end, old, new)


def _once(text: str, start: int, end: int, old: str, new: str) -> str | None:
    """Replace a whole word in `text[start:end]` where it stands exactly once."""
    pattern = re.compile(rf"(?<![\w.:/-]){re.escape(old)}(?![\w.:/-])")
    found = list(pattern.finditer(text, start, end))
    if len(found) != 1:
        return None
    return splice(text, [Splice(found[0].start(), found[0].end(), new)])
