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
    """Return the quote that a file of Python uses most; comments and docstrings don't count."""
    text = re.sub(r"#.*|\"\"\"|\'\'\'", "", text)
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


def append(listed: cst.List, entry: str, module: cst.Module) -> cst.List:
    """Return a list with one more expression at its end, laid out as the others; comments stay where they are."""
    import libcst as cst

    new = cst.parse_expression(styled(entry, module.code), config=module.config_for_parsing)
    if not listed.elements:
        return listed.with_changes(elements=[cst.Element(new)])
    last, first = listed.elements[-1], listed.elements[0].comma
    told = first.whitespace_after if len(listed.elements) > 1 and isinstance(first, cst.Comma) else None
    between = _bare(told or listed.lbracket.whitespace_after) if told or _breaks(listed) else cst.SimpleWhitespace(" ")
    closing = listed.rbracket
    if isinstance(last.comma, cst.Comma):
        ending: cst.Comma | cst.MaybeSentinel = last.comma.with_changes(whitespace_after=_bare(last.comma.whitespace_after))
        comma = last.comma.with_changes(whitespace_after=_joined(last.comma.whitespace_after, between))
    else:
        ending, comma = cst.MaybeSentinel.DEFAULT, cst.Comma(whitespace_after=_joined(closing.whitespace_before, between))
        closing = closing.with_changes(whitespace_before=_bare(closing.whitespace_before))
    elements = [*listed.elements[:-1], last.with_changes(comma=comma), cst.Element(new, comma=ending)]
    return listed.with_changes(elements=elements, rbracket=closing)


def _breaks(listed: cst.List) -> bool:
    import libcst as cst

    return isinstance(listed.lbracket.whitespace_after, cst.ParenthesizedWhitespace)


def _bare(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """Return what stands between entries without its comments."""
    import libcst as cst

    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    line = cst.TrailingWhitespace(newline=space.first_line.newline)
    return space.with_changes(first_line=line, empty_lines=[])


def _joined(
    comments: cst.BaseParenthesizableWhitespace, space: cst.BaseParenthesizableWhitespace
) -> cst.BaseParenthesizableWhitespace:
    """Return what stands between entries with the comments of something else."""
    import libcst as cst

    if not isinstance(comments, cst.ParenthesizedWhitespace):
        return space
    if not isinstance(space, cst.ParenthesizedWhitespace):
        held = comments.first_line.comment is not None or any(line.comment for line in comments.empty_lines)
        return comments if held else space
    return space.with_changes(first_line=comments.first_line, empty_lines=comments.empty_lines)
