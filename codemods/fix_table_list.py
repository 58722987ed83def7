"""Write `[[table]]` where flyctl expects a list of tables, and `[table]` where it expects one.

TOML tells `[http_service.checks]`, one table, from `[[http_service.checks]]`, the first of a list. flyctl decodes into Go
structs and refuses the wrong one (`json: cannot unmarshal object into Go struct field …`). Checks are the usual victims:
the top-level `[checks.NAME]` are named tables, those of a service are a list without names.

Before:                                   After:

    [http_service.checks]                     [[http_service.checks]]
      [http_service.checks.health]              path = "/health"
        path = "/health"

References: https://fly.io/docs/reference/configuration/#http_service-checks
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _toml

CODEMOD = Codemod(answers=("config-type",), since="0.1", platform="fly")
_TABLE_FOR_LIST = re.compile(r"cannot unmarshal object into Go struct field \w+\.([\w.]+) of type \[\]")
_LIST_FOR_TABLE = re.compile(r"cannot unmarshal array into Go struct field \w+\.([\w.]+) of type \w+\.")
_HEADER = re.compile(r"(?P<before>[ \t]*)\[\[?[ \t]*(?P<name>[\w.-]+)[ \t]*\]\]?(?P<behind>[ \t]*(?:#[^\n]*)?(?:\r?\n)?)")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the headers as flyctl reads them; a value that is not written below a header is left to a person."""
    path = report.target.config
    if path.endswith((".json", ".yaml", ".yml")):
        yield Skip("only TOML is edited")
        return
    text = tree.text(path)
    if found := _TABLE_FOR_LIST.search(finding.message):
        after = _as_list(toml.read(text), tuple(found[1].split(".")))
        words = f"[{found[1]}] is one table, and flyctl expects a list of tables there: `[[{found[1]}]]`."
    elif found := _LIST_FOR_TABLE.search(finding.message):
        after = _as_table(toml.read(text), tuple(found[1].split(".")))
        words = f"[[{found[1]}]] begins a list of tables, and flyctl expects one table there: `[{found[1]}]`."
    else:
        yield Skip("another type than a table is wrong")
        return
    if after is None:
        yield Skip("it is not written as `[table]` headers alone")
    else:
        yield Proposal(tree.write(path, after), words)


def _as_list(document: toml.Document, names: tuple[str, ...]) -> str | None:
    """Return the text with a list of tables: of the table itself, or of the named tables in it."""
    depth = len(names)
    headers = [s for s in document.statements if s.kind != "key" and _toml.names(s.path)[:depth] == names]
    own = [s for s in headers if _toml.names(s.path) == names]
    keys = [s for s in document.statements if s.kind == "key" and _toml.names(s.path[:-1])[:depth] == names]
    plain = [s for s in keys if _toml.names(s.path[:-1]) == names]
    if any(_toml.names(s.path[:-1]) == () for s in keys) or any(s.kind == "array" for s in own):
        return None
    if plain:  # the table is the one element
        return _with_headers(document, {own[0]: (names, True)}) if len(own) == 1 else None
    entries = [s for s in headers if len(_toml.names(s.path)) == depth + 1]
    if not entries or any(s.kind == "array" for s in entries):
        return None
    new = {s: (names + _toml.names(s.path)[depth + 1 :], s in entries or s.kind == "array") for s in headers if s not in own}
    return _with_headers(document, new, own)


def _as_table(document: toml.Document, names: tuple[str, ...]) -> str | None:
    """Return the text with one table instead of a list of one."""
    own = [s for s in document.statements if s.kind == "array" and _toml.names(s.path) == names]
    return _with_headers(document, {own[0]: (names, False)}) if len(own) == 1 else None


def _with_headers(
    document: toml.Document, new: dict[toml.Statement, tuple[tuple[str, ...], bool]], gone: list[toml.Statement] | None = None
) -> str | None:
    """Return the text with other headers (their names, and whether one begins an element of a list), some of them gone."""
    splices = [_toml.cut(document.text, s.start, s.end) for s in gone or ()]
    for statement, (names, element) in new.items():
        written = _HEADER.fullmatch(document.text[statement.start : statement.end])
        if written is None:
            return None
        name = ".".join(names)
        header = f"[[{name}]]" if element else f"[{name}]"
        splices.append(Splice(statement.start, statement.end, written["before"] + header + written["behind"]))
    return splice(document.text, splices)
