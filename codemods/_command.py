"""Edits of command lines, wherever they are written: a key of the config, CMD or ENTRYPOINT, a script."""

from __future__ import annotations

import re

from bot.engine.boot.program import Program
from bot.engine.codemod import Skip
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile, toml, yaml
from bot.engine.model.target import Origin
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Booted

Words = tuple[str, ...]


def origins(program: Program, booted: Booted, image: Image) -> list[Origin]:
    """Return where the words of a command may stand: a script is given some of them by the command that starts it."""
    found = [program.origin, *([booted.origin] if booted.origin else [])]
    if image.entrypoint:
        found.append(Origin("ENTRYPOINT", image.entrypoint.place, (), image.entrypoint.instruction))
    return list(dict.fromkeys(found))


def replace_any(tree: Tree, places: list[Origin], edits: list[tuple[Words, Words]]) -> Tree | Skip:
    """Return the tree with the first of these runs of words that one of the places has, replaced."""
    for old, new in edits:
        for origin in places:
            changed = replace_words(tree, origin, old, new)
            if changed:
                return changed
    return Skip(f"`{' '.join(edits[0][0])}` does not stand in the command exactly once")


def replace_word(tree: Tree, origin: Origin, old: str, new: str) -> Tree | None:
    """Return the tree with one word of a command replaced; None unless it stands there exactly once."""
    return replace_words(tree, origin, (old,), (new,))


def replace_words(tree: Tree, origin: Origin, old: tuple[str, ...], new: tuple[str, ...]) -> Tree | None:
    """Return the tree with a run of words replaced, by at least as many; None unless it stands there exactly once."""
    match origin.kind:
        case "config":
            return _in_config(tree, origin, " ".join(old), " ".join(new))
        case "script":
            text = tree.text(origin.place.path)
            changed = _once(text, 0, len(text), " ".join(old), " ".join(new))
        case _:
            changed = _in_dockerfile(tree.text(origin.place.path), origin, old, new)
    return tree.write(origin.place.path, changed) if changed is not None else None


def remove_option(tree: Tree, origin: Origin, option: str, count: int = 1) -> Tree | None:
    """Return the tree without the last of `count` options that match, and the white space before it.

    `option` is an expression for the option with its value. None where it is not there as often.
    """
    path = origin.place.path
    text = tree.text(path)
    start, end = 0, len(text)
    if origin.kind == "config":
        if path.endswith((".json", "fly.yaml")):
            return None
        span = (yaml.read(text) if path.endswith(".yaml") else toml.read(text)).spans.get(origin.key)
        start, end = (span.start, span.end) if span else (0, 0)
    elif origin.kind != "script":
        if origin.instruction is None:
            return None
        item = dockerfile.read(text).instructions[origin.instruction]
        if item.json and (changed := _without_words(tree, path, item.words, option, count)):
            return changed
        start, end = item.start, item.end
    pattern = re.compile(rf"(?P<gap>(?:[ \t]|\\\r?\n)+)(?:{option})(?![^\s\"'\])])")
    found = list(pattern.finditer(text, start, end))
    if len(found) != count:
        return None
    cut = _line(text, found[-1].end("gap"), found[-1].end()) or Splice(*found[-1].span(), "")
    return tree.write(path, splice(text, [cut]))


def _without_words(tree: Tree, path: str, words: tuple[dockerfile.Text, ...], option: str, count: int) -> Tree | None:
    """Take an option out of a list: one word, or two."""
    pattern = re.compile(option)
    runs = [(at, size) for at in range(len(words)) for size in (1, 2) if at + size <= len(words)]
    found = [(at, size) for at, size in runs if pattern.fullmatch(" ".join(word.value for word in words[at : at + size]))]
    if len(found) != count or len(words) == found[-1][1]:
        return None
    text, (at, size) = tree.text(path), found[-1]
    last = words[at + size - 1].end
    beside = Splice(words[at - 1].end, last, "") if at else Splice(words[0].start, words[size].start, "")
    return tree.write(path, splice(text, [_line(text, words[at].start, last) or beside]))


def _line(text: str, start: int, end: int) -> Splice | None:
    """Return the cut of whole lines that hold nothing else, and go on in the next."""
    first, following = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    alone = not text[first:start].strip() and re.fullmatch(r"[ \t]*,?[ \t]*\\[ \t]*\r?", text[end:following])
    return Splice(first, following + 1, "") if alone else None


def _in_config(tree: Tree, origin: Origin, old: str, new: str) -> Tree | None:
    path = origin.place.path
    if path.endswith((".json", "fly.yaml")):
        return None
    text = tree.text(path)
    span = (yaml.read(text) if path.endswith(".yaml") else toml.read(text)).spans.get(origin.key)
    changed = _once(text, span.start, span.end, old, new) if span else None
    return tree.write(origin.place.path, changed) if changed is not None else None


def _in_dockerfile(text: str, origin: Origin, old: tuple[str, ...], new: tuple[str, ...]) -> str | None:
    if origin.instruction is None:
        return None
    item = dockerfile.read(text).instructions[origin.instruction]
    if item.json:
        runs = [item.words[at : at + len(old)] for at in range(len(item.words) - len(old) + 1)]
        found = [run for run in runs if tuple(word.value for word in run) == old]
        if len(found) == 1:
            return splice(text, dockerfile.replace_words(found[0], new))
    return _once(text, item.start, item.end, " ".join(old), " ".join(new))


def _once(text: str, start: int, end: int, old: str, new: str) -> str | None:
    """Replace a whole word in `text[start:end]` where it stands exactly once."""
    pattern = re.compile(rf"(?<![\w.:/-]){re.escape(old)}(?![\w.:/-])")
    found = list(pattern.finditer(text, start, end))
    if len(found) != 1:
        return None
    return splice(text, [Splice(found[0].start(), found[0].end(), new)])
