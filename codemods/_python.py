"""Edits of Python with LibCST, which keeps every byte that it does not change. It is imported when an edit is made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.engine.model.tree import newline

if TYPE_CHECKING:
    import libcst as cst

_MARK = "\ufeff"


def parse(text: str) -> cst.Module | None:
    """Return a file's syntax tree; None where it does not parse, or would not come out as it went in."""
    import libcst as cst

    plain = _trimmed(text) + newline(text)
    try:
        module = cst.parse_module(plain)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    return module if module.code == plain else None


def written(module: cst.Module, before: str) -> str:
    """Return the text of a changed tree, with the byte-order mark and the end that the file had."""
    mark = _MARK if before.startswith(_MARK) else ""
    return mark + module.code.removesuffix(newline(before)) + before[len(mark) + len(_trimmed(before)) :]


def _trimmed(text: str) -> str:
    """Return a text without what LibCST may lose: the mark, and the blank lines and comments behind the last statement."""
    lines = text.removeprefix(_MARK).split("\n")
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return "\n".join(lines).rstrip(" \t\r\n")


def quote(text: str) -> str:
    """Return the quote that a file of Python uses most; comments don't count."""
    text = re.sub(r"#.*", "", text)
    return "'" if text.count("'") > text.count('"') else '"'


def styled(source: str, like: str) -> str:
    """Return new code in the quotes and the line endings of a file; docstrings keep their quotes."""
    if quote(like) == "'":
        source = source.replace('"""', "\0").replace('"', "'").replace("\0", '"""')
    return source.replace("\n", newline(like))


def statement(module: cst.Module, source: str, like: str) -> cst.SimpleStatementLine | cst.BaseCompoundStatement:
    """Return new code as a statement of a module, in its quotes and indentation, with its line endings."""
    import libcst as cst

    return cst.parse_statement(styled(source, like).replace("\r\n", "\n"), module.config_for_parsing)


def insert_first(listed: cst.List | cst.Tuple, value: str) -> cst.List | cst.Tuple | None:
    """Return a list with a string before all others, laid out as they are and in their quotes; None without brackets."""
    import libcst as cst

    first = listed.elements[0]
    opening: cst.LeftSquareBracket | cst.LeftParen
    if isinstance(listed, cst.List):
        opening = listed.lbracket
    elif listed.lpar:
        opening = listed.lpar[0]
    else:
        return None
    raw = first.value.value if isinstance(first.value, cst.SimpleString) else '""'
    new = cst.SimpleString(f"{raw[-1]}{value}{raw[-1]}")
    before = opening.whitespace_after
    if not isinstance(before, cst.ParenthesizedWhitespace):
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return listed.with_changes(elements=[cst.Element(new, comma), *listed.elements])
    opening = opening.with_changes(whitespace_after=before.with_changes(empty_lines=[]))
    line = cst.TrailingWhitespace(newline=before.first_line.newline)
    comma = cst.Comma(whitespace_after=before.with_changes(first_line=line))
    elements = [cst.Element(new, comma), *listed.elements]
    if isinstance(listed, cst.List):
        return listed.with_changes(lbracket=opening, elements=elements)
    return listed.with_changes(lpar=[opening, *listed.lpar[1:]], elements=elements)


def append(listed: cst.List, entry: str, module: cst.Module) -> cst.List | None:
    """Return a list with one more expression at its end, laid out as the others; None where comments stand behind them."""
    import libcst as cst

    new = cst.parse_expression(styled(entry, module.code), config=module.config_for_parsing)
    if not listed.elements:
        return listed.with_changes(elements=[cst.Element(new)])
    last = listed.elements[-1]
    if "#" in module.code_for_node(listed):
        return None
    if len(listed.elements) > 1 and isinstance(listed.elements[0].comma, cst.Comma):
        between = listed.elements[0].comma
    else:
        between = cst.Comma(whitespace_after=_as_after(listed))
    trailing = last.comma
    return listed.with_changes(
        elements=[*listed.elements[:-1], last.with_changes(comma=between), cst.Element(new, comma=trailing)]
    )


def _as_after(listed: cst.List) -> cst.BaseParenthesizableWhitespace:
    """Return what stands before the first entry of a list on a line of its own, else a blank."""
    import libcst as cst

    before = listed.lbracket.whitespace_after
    return before if isinstance(before, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")
