"""Edits of TOML text, by splicing: indentation, quotes, line endings and comments stay as they are."""

from __future__ import annotations

from itertools import takewhile

from bot.engine.model import toml
from bot.engine.model.findings import Place
from bot.engine.model.tree import Splice, newline, position, splice


def set_string(text: str, path: toml.Path, value: str) -> str | None:
    """Return `text` with another string as the value of a key, in the quotes that stand there; None without that key."""
    span = toml.read(text).spans.get(path)
    if span is None:
        return None
    raw = text[span.start : span.end]
    return splice(text, [Splice(span.start, span.end, toml.quoted(value, raw))])


def set_raw(text: str, path: toml.Path, raw: str) -> str | None:
    """Return `text` with another value of a key, as it is to be written; None without that key."""
    span = toml.read(text).spans.get(path)
    return splice(text, [Splice(span.start, span.end, raw)]) if span else None


def set_number(text: str, path: toml.Path, value: int) -> str | None:
    """Return `text` with another number as the value of a key; one in quotes keeps them."""
    span = toml.read(text).spans.get(path)
    raw = text[span.start : span.end] if span else ""
    return set_raw(text, path, toml.quoted(str(value), raw) if raw[:1] in ("'", '"') else str(value))


def insert_first(text: str, table: toml.Path, key: str, raw: str) -> str | None:
    """Return `text` with one more key right below a table's header; None where it has no header, or the key."""
    document = toml.read(text)
    header = next((s for s in document.statements if s.kind != "key" and s.path == table), None)
    if header is None or header.problem or (*table, key) in document.spans:
        return None
    own = [s for s in document.statements if s.kind == "key" and s.path[:-1] == table]
    line = text[own[0].start : own[0].end] if own else text[header.start : header.end]
    indent = line[: len(line) - len(line.lstrip())] + ("" if own else "  ")
    gap = "" if text[: header.end].endswith("\n") else newline(text)
    return splice(text, [Splice(header.end, header.end, f"{gap}{indent}{key} = {raw}{newline(text)}")])


def path_at(document: toml.Document, place: Place) -> toml.Path | None:
    """Return the key, or the table, whose name stands at a place."""
    spans = document.spans.items()
    return next((path for path, span in spans if position(document.text, span.key_start) == place[1:]), None)


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
        return f"{text}{gap}[{table}]{ending}  {key} = {toml.quoted(value, quote_style(document))}{ending}"
    own = [s for s in document.statements if s.kind == "key" and s.path[:1] == (table,) and len(s.path) == 2]
    last = own[-1] if own else headers[0]
    line = text[last.start : last.end]
    indent = line[: len(line) - len(line.lstrip())] if own else indentation(document)
    gap = "" if text[: last.end].endswith("\n") else ending
    entry = f"{gap}{indent}{key} = {toml.quoted(value, quote_style(document))}{ending}"
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


def quote_style(document: toml.Document) -> str:
    """Return the quote that the file uses most for strings."""
    raw = [document.text[span.start : span.start + 1] for span in document.spans.values()]
    return "'" if raw.count("'") > raw.count('"') else '"'


def indentation(document: toml.Document) -> str:
    """Return how deep the keys of a table are indented: as in the file's other top-level tables."""
    for found in document.statements:
        if found.kind == "key" and len(found.path) == 2:
            line = document.text[found.start : found.end]
            return line[: len(line) - len(line.lstrip())]
    return "  "
