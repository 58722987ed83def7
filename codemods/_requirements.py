"""Edits of what an image installs from: requirements files, `[project]` tables, and the words of a `pip install`."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.image.stage import Image, Requirement
from bot.engine.model import dockerfile, requirements, shell, toml
from bot.engine.model.tree import Splice, Tree, Unreadable, newline, splice

_PIP = re.compile(r"\bpip[\d.]*\s+(?:-\S+\s+)*install\b")
_WRITTEN = re.compile(r"(?im)^#.*\bauto-?generated\b")


class Manifest(NamedTuple):
    """A file that an install reads its requirements from, with what it asks for."""

    path: str
    asked: tuple[Requirement, ...]

    @property
    def pinned(self) -> bool:
        """Every version in it is fixed."""
        return bool(self.asked) and all(asked.line.rest.startswith(("==", "===")) for asked in self.asked)


def manifests(image: Image) -> list[Manifest]:
    """Return the files that the image's installs read, those that ask for most first."""
    bases = {(image.dockerfile, item.line) for item in image.file.instructions if item.name == "FROM"}
    found: dict[str, list[Requirement]] = {}
    for install in image.installs:
        for asked in install.requirements:
            if (asked.place.path, asked.place.line) not in bases:  # what the base brings is asked for by nobody
                found.setdefault(asked.place.path, []).append(asked)
    listed = [Manifest(path, tuple(asked)) for path, asked in found.items()]
    return sorted(listed, key=lambda manifest: -len(manifest.asked))


def added(tree: Tree, manifest: Manifest, requirement: str) -> Tree | str:
    """Return the tree with one requirement more, or why that is not done."""
    try:
        text = tree.text(manifest.path)
    except Unreadable as error:
        return str(error)
    if manifest.path.endswith((".txt", ".in")):
        if "--hash" in text:
            return f"{manifest.path} pins hashes: `pip-compile` has to write them"
        if _WRITTEN.search(text):
            return f"{manifest.path} is written by a tool: what it is made from has to name `{requirement}`"
        return tree.write(manifest.path, _in_lines(text, manifest, requirement))
    if manifest.path.endswith("pyproject.toml"):
        changed = _in_project(text, requirement)
        return tree.write(manifest.path, changed) if changed else f"{manifest.path} has no list of dependencies that is edited"
    if manifest.path.endswith((".yaml", ".yml")):
        return f"{manifest.path}:{manifest.asked[0].place.line} is not edited"
    changed = _in_command(text, manifest, requirement)
    return tree.write(manifest.path, changed) if changed else f"{manifest.path}:{manifest.asked[0].place.line} is not edited"


def replaced(tree: Tree, asked: Requirement, written: str) -> Tree | str:
    """Return the tree with a requirement written otherwise, its version and marker kept."""
    path, line = asked.place.path, asked.place.line
    text = _lines_of(tree, path)
    if text is None:
        return f"{path} is not edited"
    lines = text.splitlines(keepends=True)
    name = re.match(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*\[[^\]]*\])?", lines[line - 1]) if 0 < line <= len(lines) else None
    if name is None:
        return f"{path}:{line} is not edited"
    indent = name[0][: len(name[0]) - len(name[0].lstrip())]
    lines[line - 1] = indent + written + lines[line - 1][name.end() :]
    return tree.write(path, "".join(lines))


def dropped(tree: Tree, asked: Requirement) -> Tree | str:
    """Return the tree without a requirement's line."""
    path, line = asked.place.path, asked.place.line
    text = _lines_of(tree, path)
    lines = text.splitlines(keepends=True) if text is not None else []
    if not 0 < line <= len(lines) or lines[line - 1].rstrip("\r\n").endswith("\\"):
        return f"{path} is not edited"
    return tree.write(path, "".join([*lines[: line - 1], *lines[line:]]))


def _lines_of(tree: Tree, path: str) -> str | None:
    """Return the text of a requirements file whose lines may be edited: one without hashes."""
    try:
        text = tree.text(path)
    except Unreadable:
        return None
    return text if path.endswith((".txt", ".in")) and "--hash" not in text else None


def _in_lines(text: str, manifest: Manifest, requirement: str) -> str:
    """Put a line where the names' order asks for it, else at the end; comments above a line stay with it."""
    lines = text.splitlines(keepends=True)
    names = [(asked.line.value, asked.place.line) for asked in manifest.asked]
    in_order = len(names) > 2 and [name for name, _ in names] == sorted(name for name, _ in names)
    own = requirements.normal(re.split(r"[\[=<>!~; ]", requirement, maxsplit=1)[0])
    at = next((line - 1 for name, line in names if name > own), len(lines)) if in_order else len(lines)
    while 0 < at < len(lines) and names[0][0] < own and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at -= 1
    ending = newline(text)
    if at == len(lines):
        continued = text.rstrip("\r\n").endswith("\\")  # the end of the file ends the line, too
        gap = ending if continued or (text and not text.endswith("\n")) else ""
        return f"{text}{gap}{requirement}{ending}"
    return "".join([*lines[:at], requirement + ending, *lines[at:]])


def _in_project(text: str, requirement: str) -> str | None:
    """Put an element at the end of `[project] dependencies`, laid out like the last one."""
    document = toml.read(text)
    span = document.spans.get(("project", "dependencies"))
    project = document.data.get("project")
    listed = project.get("dependencies") if isinstance(project, dict) else None
    if span is None or not isinstance(listed, list) or document.problems:
        return None
    if not listed:
        return splice(text, [Splice(span.start, span.end, f'["{requirement}"]')])
    last = document.spans.get(("project", "dependencies", len(listed) - 1))
    if last is None:
        return None
    quote = text[last.start : last.start + 1]
    written = f"{quote}{requirement}{quote}"
    start = text.rfind("\n", 0, last.start) + 1
    lead = text[start : last.start]
    rest = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?(?=\r?\n)").match(text, last.end)
    if lead.strip() or start <= span.start or rest is None:
        return splice(text, [Splice(last.end, last.end, f", {written}")])
    line = Splice(rest.end(), rest.end(), f"{newline(text)}{lead}{written}{rest[1]}")
    return splice(text, [line] if rest[1] else [Splice(last.end, last.end, ","), line])


def _in_command(text: str, manifest: Manifest, requirement: str) -> str | None:
    """Put a word behind the last requirement that the `pip install` of a RUN names."""
    word, line = manifest.asked[-1].line, manifest.asked[-1].place.line
    item = next((item for item in dockerfile.read(text).instructions if item.line == line and item.name == "RUN"), None)
    pip = _PIP.search(text, item.start, item.end) if item and not item.json else None
    if item is None or pip is None:
        return None
    name = "[-_.]+".join(map(re.escape, word.value.split("-")))
    pattern = re.compile(rf"(?i)(?<![\w.-]){name}(?![\w.-])(?:\[[^\]\s]*\])?[^\s'\"&;|\\]*['\"]?")
    found = pattern.search(text, pip.end(), item.end)
    if found is None:
        return None
    written = requirement if re.fullmatch(r"[\w.=-]+", requirement) else shell.quote(requirement)
    return splice(text, [Splice(found.end(), found.end(), f" {written}")])
