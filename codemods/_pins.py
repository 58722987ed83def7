"""Edits of the version that a requirement asks for: in requirements files, `[project]` tables, words of a `pip install`."""

from __future__ import annotations

import re

from bot.engine.model import dockerfile, requirements, toml
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Splice, Tree, Unreadable, splice

_CLAUSE = r"[<>=!~]=?=?[ \t]*[^;#\s'\"\\&|,()]+"
_VERSION = rf"[ \t]*(?P<version>\(?[ \t]*{_CLAUSE}(?:[ \t]*,[ \t]*{_CLAUSE})*(?:[ \t]*\))?)?"


def bounded(tree: Tree, asked: Requirement, specifier: str) -> Tree | str:
    """Return the tree with another specifier (`==1.2`, `<3`) for a requirement, its name, extras, marker and comment kept.

    Returns why that is not done, where it is not.
    """
    path = asked.place.path
    try:
        text = tree.text(path)
    except Unreadable as error:
        return str(error)
    if "--hash" in text:
        return f"{path} pins hashes: `pip-compile` has to write them"
    found = _span(text, path, asked)
    if found is None:
        return f"{path}:{asked.place.line} is not edited"
    return tree.write(path, splice(text, [Splice(*found, specifier)]))


def _span(text: str, path: str, asked: Requirement) -> tuple[int, int] | None:
    """Return where the specifier of a requirement stands, or would."""
    name = "[-_.]+".join(map(re.escape, asked.line.value.split("-")))
    pattern = re.compile(rf"(?i)(?<![\w.-]){name}(?![\w.-])(?P<extras>[ \t]*\[[^\]]*\])?{_VERSION}")
    region = _region(text, path, asked)
    matches = list(pattern.finditer(text, *region)) if region else []
    if len(matches) != 1:
        return None
    match = matches[0]
    end = match.end("extras") if match["extras"] else match.start() + len(re.match(rf"(?i){name}", match[0])[0])  # type: ignore[index]
    return (match.start("version"), match.end("version")) if match["version"] else (end, end)


def _region(text: str, path: str, asked: Requirement) -> tuple[int, int] | None:
    """Return the part of a file that a requirement stands in."""
    line = asked.place.line
    if path.endswith((".txt", ".in")):
        lines = text.splitlines(keepends=True)
        start = sum(map(len, lines[: line - 1]))
        return (start, start + len(lines[line - 1].partition(" #")[0])) if 0 < line <= len(lines) else None
    if path.endswith("pyproject.toml"):
        spans = toml.read(text).spans
        listed = [span for key, span in spans.items() if key[:2] == ("project", "dependencies") and len(key) == 3]
        for span in listed:
            written = requirements.requirement(text[span.start : span.end].strip("'\""))
            if written and written.value == asked.line.value:
                return span.start, span.end
        return None
    item = next((item for item in dockerfile.read(text).instructions if item.line == line and item.name == "RUN"), None)
    return (item.start, item.end) if item and not item.json else None
