"""Edits of the requirements in TOML manifests: `[project]` lists, poetry's tables, and Pipfile."""

from __future__ import annotations

import re

from bot.engine.image import manifests
from bot.engine.model import requirements, toml
from bot.engine.model.tree import Splice, newline, splice

_POETRY: toml.Path = ("tool", "poetry", "dependencies")
_PROJECT: toml.Path = ("project", "dependencies")
_NAME = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*\[[^\]]*\])?")
_EXTRAS = re.compile(r"(\bextras\s*=\s*\[)([^\]]*)\]")


def added(text: str, path: str, requirement: str) -> str | None:
    """Return a manifest with one requirement more, among those that are always installed; None where that is no small edit."""
    document = toml.read(text)
    if document.problems:
        return None
    table = _table(document, path)
    return _in_list(text, document, requirement) if table is None else _in_table(text, document, table, requirement)


def replaced(text: str, path: str, name: str, written: str) -> str | None:
    """Return a manifest in which a requirement is written otherwise (`fastapi[standard]`), its version and marker kept."""
    document = toml.read(text)
    lists: list[toml.Path] = [_PROJECT]
    for parent in (("project", "optional-dependencies"), ("dependency-groups",)):
        lists += [(*parent, key) for key in manifests.table(_at(document, parent))]
    tables = [_POETRY, ("packages",)] if path.endswith(("pyproject.toml", "Pipfile")) else []
    for place in lists:
        for index, each in enumerate(manifests.listed(_at(document, place))):
            line = requirements.requirement(each) if isinstance(each, str) else None
            if line and line.value == name:
                return _element(text, document, (*place, index), written)
    for place in tables:
        for key in manifests.table(_at(document, place)):
            if requirements.normal(key) == name:
                return _entry(text, document, (*place, key), written)
    return None


def _table(document: toml.Document, path: str) -> toml.Path | None:
    """Return the table that holds the requirements; None where they stand in `[project]`."""
    if path.endswith("Pipfile"):
        return ("packages",)
    declared = manifests.table(document.data.get("project")).get("dependencies") is not None
    return None if declared or not manifests.table(_at(document, _POETRY)) else _POETRY


def _at(document: toml.Document, path: toml.Path) -> object:
    value: object = document.data
    for key in path:
        value = manifests.table(value).get(str(key))
    return value


def _in_list(text: str, document: toml.Document, requirement: str) -> str | None:
    """Put an element where the names' order asks for it, else at the end, laid out like its neighbour."""
    span = document.spans.get(_PROJECT)
    listed = _at(document, _PROJECT)
    if span is None or not isinstance(listed, list):
        return None
    if not listed:
        return splice(text, [Splice(span.start, span.end, f'["{requirement}"]')])
    spans = [document.spans.get((*_PROJECT, index)) for index in range(len(listed))]
    if None in spans:
        return None
    before = _position([_plain(str(each)) for each in listed], _plain(requirement))
    last = spans[-1] if before is None else spans[before]
    assert last is not None
    quote = text[last.start : last.start + 1]
    written = f"{quote}{requirement}{quote}"
    start = text.rfind("\n", 0, last.start) + 1
    lead = text[start : last.start]
    alone = not lead.strip() and start > span.start
    if before is not None:
        at = _above(text, start, span.start) if alone else last.start
        line = f"{lead}{written},{newline(text)}" if alone else f"{written}, "
        return splice(text, [Splice(at, at, line)])
    rest = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?(?=\r?\n)").match(text, last.end)
    if not alone or rest is None:
        return splice(text, [Splice(last.end, last.end, f", {written}")])
    added = Splice(rest.end(), rest.end(), f"{newline(text)}{lead}{written}{rest[1]}")
    return splice(text, [added] if rest[1] else [Splice(last.end, last.end, ","), added])


def _above(text: str, start: int, least: int) -> int:
    """Return the start of the comments that stand above a line and belong to it."""
    while True:
        above = text.rfind("\n", 0, start - 1) + 1
        if above <= least or not text[above:start].lstrip().startswith("#"):
            return start
        start = above


def _in_table(text: str, document: toml.Document, table: toml.Path, requirement: str) -> str | None:
    """Put `name = "…"` where the names' order asks for it, else behind the last one."""
    own = [
        s for s in document.statements if s.kind == "key" and s.path[: len(table)] == table and len(s.path) == len(table) + 1
    ]
    header = next((s for s in document.statements if s.kind == "table" and s.path == table and s.problem is None), None)
    if header is None:
        return None
    line = requirements.requirement(requirement)
    if line is None:
        return None
    value = _value(_style(document, table), line)
    named = [s for s in own if str(s.path[-1]).lower() != "python"]
    before = _position([_plain(str(s.path[-1])) for s in named], line.value)
    last = named[before] if before is not None else (own[-1] if own else header)
    raw = text[last.start : last.end]
    indent = raw[: len(raw) - len(raw.lstrip())] if last is not header else ""
    entry = f"{indent}{line.value} = {value}{newline(text)}"
    at = last.start if before is not None else last.end
    gap = "" if before is not None or text[:at].endswith("\n") else newline(text)
    return splice(text, [Splice(at, at, gap + entry)])


def _style(document: toml.Document, table: toml.Path) -> str:
    """Return how the table writes versions: `^` where most of them begin with it, `==` where all are exact, else `*`."""
    values = [
        str(v.get("version", "")) if isinstance(v, dict) else str(v)
        for k, v in manifests.table(_at(document, table)).items()
        if k != "python"
    ]
    if values and sum(value.startswith("^") for value in values) * 2 > len(values):
        return "^"
    exact = [value for value in values if re.match(r"==|\d", value)]
    return "==" if values and len(exact) == len(values) else "*"


def _value(style: str, line: requirements.Line) -> str:
    from bot.engine.image import packages

    known = packages.version(line.value)
    version = line.rest or (f"{style}{known}" if style != "*" and known else "*")
    quoted = toml.quoted(version)
    if not line.extras:
        return quoted
    return f"{{extras = [{', '.join(map(toml.quoted, line.extras))}], version = {quoted}}}"


def _element(text: str, document: toml.Document, place: toml.Path, written: str) -> str | None:
    """Rewrite the name of a requirement in a list of strings."""
    span = document.spans.get(place)
    raw = text[span.start : span.end] if span else ""
    name = _NAME.match(raw[1:]) if raw[:1] in ("'", '"') and raw[1:3] != raw[:1] * 2 else None
    if span is None or name is None:
        return None
    start = span.start + 1
    return splice(text, [Splice(start, start + len(name[0]), written)])


def _entry(text: str, document: toml.Document, place: toml.Path, written: str) -> str | None:
    """Give an entry of a table the extras that are wanted; a name that changes is not written."""
    span, line = document.spans.get(place), requirements.requirement(written)
    if span is None or line is None or line.value != requirements.normal(str(place[-1])):
        return None
    raw, value = text[span.start : span.end], _at(document, place)
    extras = ", ".join(map(toml.quoted, line.extras))
    if isinstance(value, str):
        return splice(text, [Splice(span.start, span.end, f"{{extras = [{extras}], version = {raw}}}")])
    found = _EXTRAS.search(raw)
    if found:
        return splice(text, [Splice(span.start + found.start(2), span.start + found.end(2), extras)])
    if isinstance(value, dict) and raw.startswith("{"):
        return splice(text, [Splice(span.start + 1, span.start + 1, f"extras = [{extras}], ")])
    return None


def _plain(requirement: str) -> str:
    return requirements.normal(re.split(r"[\[=<>!~;@ ]", requirement.strip(), maxsplit=1)[0])


def _position(names: list[str], own: str) -> int | None:
    """Return before which of the names in order a new one belongs; None for the end."""
    if len(names) < 3 or names != sorted(names):
        return None
    return next((index for index, name in enumerate(names) if name > own), None)
