"""Edits of shell lines that lose a command or a path: of an environment, or a folder, that is not there.

They are made where the line is written: a key of the config, an instruction of the Dockerfile, or a script.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bot.engine.model import shell, toml, yaml
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.target import Origin
from bot.engine.model.toml import Path
from bot.engine.model.tree import Splice, Tree, Unreadable, join, splice
from bot.engine.report import Report
from codemods import _builds, _yaml

Edit = Callable[[str], str | None]
FROM = r"(?<![^\s;&|\"'(\[])"  # where a command may begin
_UP = r"(?:\.{1,2}/|\$\{?\w+\}?/)*"
_JOINT = r"(?:[ \t]*(?:&&|;)[ \t]*(?:\\?\r?\n[ \t]*)?|[ \t]*(?:#[^\n]*)?\r?\n[ \t]*)"
_FOREIGN = re.compile(
    r"(?<![\w./-])(?:npm|npx|yarn|pnpm|bun|node|make|cargo|go|docker|rm|mv|cp|git)(?![\w./-])"
)  # not followed
_LAST = re.compile(r"[ \t]*(?:#[^\n]*)?[\s\"'\]]*")


class Line(NamedTuple):
    """Where a command line is written: the file, the part of it, and the key where that is YAML."""

    path: str
    start: int
    end: int
    key: Path = ()


def proposals(fault: Fault, lines: list[Line], tree: Tree) -> Iterator[tuple[Tree, str]]:
    """Yield the trees in which a line does without what is not there, and why."""
    for edit, why in _edits(fault):
        for line in lines:
            changed = edited(tree, line, edit)
            if changed is not None:
                yield changed, why


def _edits(fault: Fault) -> Iterator[tuple[Edit, str]]:
    path = fault.detail.path if isinstance(fault.detail, MissingFile) else None
    if fault.code == "folder-missing" and path:
        why = f"There is no {path}: the command already runs in the folder that it needs."
        yield (lambda text: _without_folder(text, path, back=True)), why
        yield (lambda text: _without_folder(text, path, back=False)), why
        for depth in range(1, path.count("/")):
            yield (lambda text, depth=depth: _nearer(text, path, depth)), f"There is no {path}: the folder lies nearer."  # type: ignore[misc]
    elif fault.code in ("environment-not-made", "needs-bash") and path:
        prefix = posixpath.dirname(posixpath.dirname(path))
        why = f"Nothing makes an environment at {prefix}; the packages are installed where they are found without it."
        yield (lambda text: _without_environment(text, _ending(prefix, 1))), why


# --- where lines are written


def started(fault: Fault | Weakness, report: Report, tree: Tree) -> list[Line]:
    """Return where the command of a fault's process is written; the script where the fault stands in one."""
    origin = next((each.origin for each in report.started if each.process.name == fault.process), None)
    if origin is None:
        return []
    place = fault.place
    if place and place.path != origin.place.path:
        return [Line(place.path, 0, len(tree.text(place.path)))] if tree.is_file(place.path) else []
    return _of_origin(origin, report, tree)


def _of_origin(origin: Origin, report: Report, tree: Tree) -> list[Line]:
    path, image = origin.place.path, report.image
    if origin.instruction is not None and image and path == image.dockerfile and origin.instruction >= 0:
        item = image.file.instructions[origin.instruction]
        return [Line(path, item.start, item.end)]
    if origin.kind != "config" or path.endswith((".json", "fly.yaml")):
        return []
    by_yaml = path.endswith((".yaml", ".yml"))
    span = (yaml.read(tree.text(path)) if by_yaml else toml.read(tree.text(path))).spans.get(origin.key)
    return [Line(path, span.start, span.end, origin.key if by_yaml else ())] if span else []


def built(fault: Fault, report: Report, tree: Tree) -> list[Line]:
    """Return where a build's command is written: a RUN, or the build command and the scripts that it starts."""
    native, image = report.target.build.native, report.image
    item = _builds.instruction(fault, report)
    if native is None:
        number = getattr(fault.detail, "instruction", None)
        item = image.file.instructions[number] if image and isinstance(number, int) else item
        return [Line(image.dockerfile, item.start, item.end)] if image and item else []
    config, key = report.target.config, (*report.target.key, "buildCommand")
    span = yaml.read(tree.text(config)).spans.get(key)
    found = [Line(config, span.start, span.end, key)] if span else []
    for command in shell.parse(native.command).commands:
        for word in command.words[:2]:
            path = join(native.folder, (word.literal or "").removeprefix("./"))
            if path and path.endswith(".sh") and tree.is_file(path):
                found.append(Line(path, 0, len(tree.text(path))))
    return found


def edited(tree: Tree, line: Line, edit: Edit) -> Tree | None:
    """Return the tree with an edit of a line; None where it changes nothing, or leaves nothing."""
    try:
        text = tree.text(line.path)
    except Unreadable:
        return None
    value = _yaml.find(text, line.key) if line.key else None
    new = edit(value) if isinstance(value, str) else None
    changed = _yaml.set_value(text, line.key, new) if new else None
    if changed is None:
        part = edit(text[line.start : line.end])
        changed = splice(text, [Splice(line.start, line.end, part)]) if part else None
        if changed and line.key and not _yaml.find(changed, line.key):
            return None
    return tree.write(line.path, changed) if changed and changed != text else None


# --- edits


def _ending(path: str, least: int) -> str:
    """Return a pattern for the ways to write a path: all of it, or its last parts, `least` of them or more."""
    parts = path.strip("/").split("/")
    shorter = ["/".join(parts[at:]) for at in range(len(parts) - least + 1)]
    return f"(?:{'|'.join(map(re.escape, (path, *shorter)))})"


def _without_environment(text: str, prefix: str) -> str | None:
    """Return a line that activates no such environment, and starts its programs by their names."""
    written = rf"(?P<quote>[\"']?){_UP}{prefix}/(?:bin|Scripts)/activate(?P=quote)(?![\w./-])"
    changed = dropped(text, re.compile(rf"{FROM}(?:source|\.)[ \t]+{written}"))
    programs = re.compile(rf"{FROM}{_UP}{prefix}/bin/(?!activate\b)(?=[\w.-])")
    changed = programs.sub("", text if changed is None else changed)
    return changed if changed != text else None


def _without_folder(text: str, path: str, back: bool) -> str | None:
    """Return a line that does not change to a folder; with `back`, nor back from it."""
    into = re.compile(rf"{FROM}cd[ \t]+(?P<quote>[\"']?){_UP}{_ending(path, 1)}/?(?P=quote)(?![\w./-])")
    if len(into.findall(text)) != 1 or _FOREIGN.search(text):
        return None
    changed = dropped(text, into)
    again = re.compile(rf"{FROM}cd[ \t]+(?:\.\./?|-)(?![\w./-])")
    if not back or changed is None:
        return None if back else changed
    return dropped(changed, again) if len(again.findall(changed)) == 1 else None


def _nearer(text: str, path: str, depth: int) -> str | None:
    """Return a line that changes to the last parts of a folder alone."""
    parts = path.strip("/").split("/")
    into = re.compile(rf"({FROM}cd[ \t]+[\"']?)(?:\./)?{_ending(path, depth + 1)}(?=/?[\"']?(?![\w./-]))")
    alone = len(into.findall(text)) == 1 and not _FOREIGN.search(text)
    return into.sub(rf"\g<1>{'/'.join(parts[-depth:])}", text) if alone else None


def dropped(text: str, command: re.Pattern[str]) -> str | None:
    """Return a line without a command and what joins it to its neighbour; None where it has none."""
    while found := command.search(text):
        if _LAST.fullmatch(text, found.end()):
            before = re.search(rf"{_JOINT}\Z", text[: found.start()])
            start, end = (before.start(), found.end()) if before else (found.start(), -1)
        else:
            after = re.compile(_JOINT).match(text, found.end())
            start, end = found.start(), after.end() if after else -1
        if end < 0:
            return None
        text = text[:start] + text[end:]
    return text
