"""Edits of YAML text, by splicing: comments, order, quotes and indentation stay as they are."""

from __future__ import annotations

import re

from bot.engine.model import yaml
from bot.engine.model.toml import Path, Span, Value
from bot.engine.model.tree import Splice, newline, splice

_WORDS = frozenset("y n yes no on off".split())  # true and false in YAML 1.1
_AROUND = ("healthCheckPath", "startCommand", "dockerCommand", "buildCommand", "dockerContext", "plan", "runtime", "name")
_PLAIN = re.compile(r"[A-Za-z./][\w ./@:=+$&|;<>()*%~!?'\"-]*(?<![: ])")


def quoted(value: str, like: str = "") -> str:
    """Return a scalar: plain where YAML reads it back as the same text, else quoted; in the quotes of `like`."""
    if like[:1] == "'" and "\n" not in value:
        return "'" + value.replace("'", "''") + "'"
    if (
        like[:1] not in ("'", '"')
        and _PLAIN.fullmatch(value)
        and yaml.read(value).data == value
        and value.lower() not in _WORDS
    ):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def set_value(text: str, path: Path, value: str) -> str | None:
    """Return `text` with another scalar as the value of a key; None without that key, or where it holds more than a line."""
    span = yaml.read(text).spans.get(path)
    if span is None or "\n" in text[span.start : span.end] or text[span.start : span.start + 1] in ("&", "!"):
        return None
    if not re.fullmatch(r"\s*:?\s*", text[span.key_end : span.start]) or span.start < span.key_end:  # an alias
        return None
    old = text[span.start : span.end]
    gap = " " if not old and text[span.start - 1 : span.start] == ":" else ""
    return _holds(splice(text, [Splice(span.start, span.end, gap + quoted(value, old))]), path, value)


def rename(text: str, path: Path, key: str) -> str | None:
    """Return `text` with a key called otherwise, in the same quotes; None where it is not written there."""
    span = yaml.read(text).spans.get(path)
    written = text[span.key_start : span.key_end] if span else ""
    quote = written[:1] if written[:1] in ("'", '"') else ""
    if span is None or written != f"{quote}{path[-1]}{quote}":
        return None
    return splice(text, [Splice(span.key_start, span.key_end, f"{quote}{key}{quote}")])


def insert(text: str, mapping: Path, after: tuple[str, ...], key: str, value: str | bool | list[Value]) -> str | None:
    """Return `text` with a key on a line of its own behind the first of `after` that the mapping has.

    None where the mapping is not written in block style, has the key, or that key's value is longer than its line.
    """
    spans = yaml.read(text).spans
    if (*mapping, key) in spans:
        return None
    span = next((spans[(*mapping, name)] for name in after if (*mapping, name) in spans), None)
    if span is None or "\n" in text[span.key_start : span.end]:
        return None
    start = text.rfind("\n", 0, span.key_start) + 1
    lead = text[start : span.key_start]
    if lead.strip(" -"):  # `{a: b, c: d}`
        return None
    end = text.find("\n", max(span.key_end, span.end))  # an alias has the span of what it stands for
    ending = newline(text)
    written = quoted(value) if isinstance(value, str) else "[]" if isinstance(value, list) else str(value).lower()
    line = f"{' ' * len(lead)}{key}: {written}"
    if end < 0:
        return _holds(f"{text}{ending}{line}", (*mapping, key), value)
    at = end - 1 if text[end - 1] == "\r" else end
    return _holds(splice(text, [Splice(at, at, ending + line)]), (*mapping, key), value)


def delete(text: str, path: Path) -> str | None:
    """Return `text` without a key and its value; None without that key, or where it stands in braces or alone.

    The first key of a list's element gives its place to the next, and comments between the two go above both.
    """
    spans = yaml.read(text).spans
    span = spans.get(path)
    if span is None:
        return None
    start = text.rfind("\n", 0, span.key_start) + 1
    lead = text[start : span.key_start]
    beside = sorted(
        other.key_start for key, other in spans.items() if key[:-1] == path[:-1] and other.key_start > span.key_start
    )
    if lead.strip() == "-" and beside:
        between = text[end_of(text, span) : beside[0]].splitlines(keepends=True)
        kept = "".join(line for line in between if line.lstrip().startswith("#"))
        return _gone(splice(text, [Splice(start, start, kept), Splice(span.key_start, beside[0], "")]), path)
    if lead.strip():
        return None
    return _gone(splice(text, [Splice(start, end_of(text, span), "")]), path)


def end_of(text: str, span: Span) -> int:
    """Return where the lines of a value end; comments behind a block that are not indented deeper belong to what follows."""
    end = max(span.key_end, span.end)
    column = span.key_start - (text.rfind("\n", 0, span.key_start) + 1)
    lines = text[span.key_start : end].rstrip().split("\n")
    while len(lines) > 1 and re.match(rf"[ ]{{0,{column}}}#|\s*\Z", lines[-1]):
        lines.pop()
    following = text.find("\n", span.key_start + len("\n".join(lines)))
    return len(text) if following < 0 else following + 1


def _gone(text: str, path: Path) -> str | None:
    read = yaml.read(text)
    return text if read.problem is None and path not in read.spans else None


def add_variable(text: str, service: Path, name: str, value: str) -> str | None:
    """Return `text` with one more environment variable of a service, behind the others; None where they stand in braces."""
    read = yaml.read(text)
    listed = find(text, (*service, "envVars"))
    ending = newline(text)
    if not isinstance(listed, list) or not listed:
        span = next((read.spans[(*service, key)] for key in _AROUND if (*service, key) in read.spans), None)
        lead = text[text.rfind("\n", 0, span.key_start) + 1 : span.key_start] if span else ""
        if span is None or lead.strip(" -") or (*service, "envVars") in read.spans:
            return None
        at, indent, count = end_of(text, span), " " * len(lead), 0
        added = f"{indent}envVars:{ending}{indent}  - key: {name}{ending}{indent}    value: {quoted(value)}{ending}"
    else:
        count = len(listed)
        element = read.spans[(*service, "envVars", count - 1)]
        lead = text[text.rfind("\n", 0, element.start) + 1 : element.start]
        if lead.strip() != "-":
            return None
        at = end_of(text, element)
        added = f"{lead}key: {name}{ending}{' ' * len(lead)}value: {quoted(value)}{ending}"
    gap = "" if text[:at].endswith("\n") else ending
    changed = splice(text, [Splice(at, at, gap + added)])
    return changed if find(changed, (*service, "envVars", count)) == {"key": name, "value": value} else None


def _holds(text: str, path: Path, value: Value) -> str | None:
    """Return a text that reads as it is meant; None where the layout of the file was another one."""
    return text if find(text, path) == value else None


def find(text: str, path: Path) -> Value:
    """Return the value that stands at a path; None where there is none."""
    data: Value = yaml.read(text).data
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data
