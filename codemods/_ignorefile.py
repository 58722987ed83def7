"""Edits of an ignore file, a line at a time."""

from __future__ import annotations

from bot.engine.model.tree import newline


def without(text: str, line: int) -> str:
    """Return the text without one of its lines, counted from 1."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[: line - 1] + lines[line:])


def behind(text: str, line: int, added: str) -> str:
    """Return the text with a line more behind one of its lines."""
    lines = text.splitlines(keepends=True)
    if line <= len(lines) and not lines[line - 1].endswith("\n"):  # the last line keeps its missing end
        lines[line - 1] += newline(text)
        return "".join([*lines[:line], added, *lines[line:]])
    return "".join([*lines[:line], added + newline(text), *lines[line:]])


def replaced(text: str, line: int, old: str, new: str) -> str:
    """Return the text with a line's pattern written in another way."""
    lines = text.splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "".join(lines)
