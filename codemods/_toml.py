"""Edits of TOML text, by splicing: indentation, quotes, line endings and comments stay as they are."""

from __future__ import annotations

from itertools import takewhile

from bot.engine.model import toml
from bot.engine.model.tree import Splice, newline, splice


def set_string(text: str, path: toml.Path, value: str) -> str | None:
    """Return `text` with another string as the value of a key, in the quotes that stand there; None without that key."""
    span = toml.read(text).spans.get(path)
    if span is None:
        return None
    raw = text[span.start : span.end]
    return splice(text, [Splice(span.start, span.end, toml.quoted(value, raw))])


def insert_string(text: str, table: str, key: str, value: str) -> str | None:
    """Return `text` with `key = "value"` in a top-level table, which is made where there is none.

    None where the table is not written as `[table]`.
    """
    document = toml.read(text)
    ending = newline(text)
    headers = [s for s in document.statements if s.kind == "table" and s.path == (table,) and s.problem is None]
    if not headers:
        if _written_otherwise(document, table):
            return None
        gap = "" if not text or text.endswith((ending * 2, "\n\n")) else ending if text.endswith("\n") else ending * 2
        return f"{text}{gap}[{table}]{ending}  {key} = {toml.quoted(value, _quote_style(document))}{ending}"
    own = [s for s in document.statements if s.kind == "key" and s.path[:1] == (table,) and len(s.path) == 2]
    last = own[-1] if own else headers[0]
    line = text[last.start : last.end]
    indent = line[: len(line) - len(line.lstrip())] if own else _indent(document)
    gap = "" if text[: last.end].endswith("\n") else ending
    entry = f"{gap}{indent}{key} = {toml.quoted(value, _quote_style(document))}{ending}"
    return splice(text, [Splice(last.end, last.end, entry)])


def _written_otherwise(document: toml.Document, table: str) -> bool:
    """Say whether keys above all headers define a table (`table.key = …`, `table = {…}`), or a name in another case."""
    above = takewhile(lambda statement: statement.kind == "key", document.statements)
    return any(s.path[:1] == (table,) for s in above) or any(k != table and k.lower() == table for k in document.data)


def delete(text: str, statements: list[toml.Statement]) -> str:
    """Return `text` without these statements' lines; a blank line is not left double behind them."""
    return splice(text, [cut(text, statement.start, statement.end) for statement in statements])


def cut(text: str, start: int, end: int) -> Splice:
    """Return the splice that takes whole lines out, and one of two blank lines around them."""
    before = text[:start]
    if not before or before.endswith(("\n\n", "\n\r\n")):
        if text[end:].startswith(("\n", "\r\n")):
            end = text.index("\n", end) + 1
        elif before and end == len(text):
            start -= 2 if before.endswith("\r\n") else 1
    return Splice(start, end, "")


def statement(document: toml.Document, path: toml.Path) -> toml.Statement | None:
    """Return the statement that defines a key."""
    return next((found for found in document.statements if found.kind == "key" and found.path == path), None)


def names(path: toml.Path) -> tuple[str, ...]:
    """Return the keys of a path, without the places in lists."""
    return tuple(part for part in path if isinstance(part, str))


def _quote_style(document: toml.Document) -> str:
    """Return the quote that the file uses most for strings."""
    raw = [document.text[span.start : span.start + 1] for span in document.spans.values()]
    return "'" if raw.count("'") > raw.count('"') else '"'


def _indent(document: toml.Document) -> str:
    """Return how deep the keys of a table are indented: as in the file's other top-level tables."""
    for found in document.statements:
        if found.kind == "key" and len(found.path) == 2:
            line = document.text[found.start : found.end]
            return line[: len(line) - len(line.lstrip())]
    return "  "
