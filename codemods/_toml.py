"""Edits of TOML text, by splicing: indentation, quotes, line endings and comments stay as they are."""

from __future__ import annotations

from bot.engine.model import toml
from bot.engine.model.tree import Splice, newline, splice


def set_string(text: str, path: toml.Path, value: str) -> str | None:
    """Return `text` with another string as the value of a key, in the quotes that stand there; None without that key."""
    span = toml.read(text).spans.get(path)
    if span is None:
        return None
    raw = text[span.start : span.end]
    return splice(text, [Splice(span.start, span.end, toml.quoted(value, raw))])


def insert_string(text: str, table: str, key: str, value: str) -> str:
    """Return `text` with `key = "value"` in a top-level table, which is made where there is none."""
    document = toml.read(text)
    ending = newline(text)
    headers = [s for s in document.statements if s.kind == "table" and s.path == (table,) and s.problem is None]
    if not headers:
        gap = "" if not text or text.endswith((ending * 2, "\n\n")) else ending if text.endswith("\n") else ending * 2
        return f"{text}{gap}[{table}]{ending}  {key} = {toml.quoted(value, _quote_style(document))}{ending}"
    own = [s for s in document.statements if s.kind == "key" and s.path[:1] == (table,) and len(s.path) == 2]
    last = own[-1] if own else headers[0]
    line = text[last.start : last.end]
    indent = line[: len(line) - len(line.lstrip())] if own else _indent(document, headers[0])
    gap = "" if text[: last.end].endswith("\n") else ending
    entry = f"{gap}{indent}{key} = {toml.quoted(value, _quote_style(document))}{ending}"
    return splice(text, [Splice(last.end, last.end, entry)])


def delete(text: str, statements: list[toml.Statement]) -> str:
    """Return `text` without these statements' lines; a blank line is not left double behind them."""
    splices = []
    for statement in statements:
        end = statement.end
        before = text[: statement.start]
        if (not before or before.endswith(("\n\n", "\r\n\r\n"))) and text[end:].startswith(("\n", "\r\n")):
            end += len(newline(text))
        splices.append(Splice(statement.start, end, ""))
    return splice(text, splices)


def statement(document: toml.Document, path: toml.Path) -> toml.Statement | None:
    """Return the statement that defines a key."""
    return next((found for found in document.statements if found.kind == "key" and found.path == path), None)


def _quote_style(document: toml.Document) -> str:
    """Return the quote that the file uses most for strings."""
    raw = [document.text[span.start : span.start + 1] for span in document.spans.values()]
    return "'" if raw.count("'") > raw.count('"') else '"'


def _indent(document: toml.Document, header: toml.Statement) -> str:
    """Return how deep the keys of a table are indented: as in the file's other top-level tables."""
    for found in document.statements:
        if found.kind == "key" and len(found.path) == 2:
            line = document.text[found.start : found.end]
            return line[: len(line) - len(line.lstrip())]
    return "  "
