"""The repository's own formatter counts for the lines that a repair touches, without any of its code being run.

Where a repository declares Black or Ruff (in pyproject.toml, ruff.toml or .ruff.toml), its line length, quote style and
magic trailing comma are read and handed to Ruff's formatter, which lays code out as Black does. A file that was in that form
before the repair is in it afterwards; of any other file, only lines of ours that are longer than the repository allows are
wrapped, with their quotes kept. The outcome is taken where it means the same to Python and no line changes that the repair
did not touch; else our text stays. Sources: docs.astral.sh/ruff/settings (format), black.readthedocs.io (pyproject.toml).
"""

from __future__ import annotations

import ast
import difflib
import posixpath
import subprocess
from functools import cache
from typing import NamedTuple

from bot.engine.model import toml
from bot.engine.model.tree import Change, Tree, Unreadable, join, parent

_SECONDS = 20.0
_LARGEST = 512 * 1024  # bytes of a file that is laid out anew
_EXTENDS = 5  # files of Ruff's that are followed by `extend`
_RUFF_FILES = (".ruff.toml", "ruff.toml")


class Style(NamedTuple):
    """What a repository says of its layout, in Ruff's words."""

    length: int = 88
    quotes: str = "double"
    commas: bool = True  # a trailing comma keeps a bracket open
    indent: str = "space"

    def settings(self, quotes: str) -> tuple[str, ...]:
        """Return the settings as options of Ruff's."""
        said = (
            f"line-length = {self.length}",
            f'format.quote-style = "{quotes}"',
            f"format.skip-magic-trailing-comma = {'false' if self.commas else 'true'}",
            f'format.indent-style = "{self.indent}"',
        )
        return tuple(word for setting in said for word in ("--config", setting))


def formatted(tree: Tree, edit: Change) -> bytes:
    """Return what is to be written for an edit: its text, laid out as the repository wants it where that is safe."""
    if not edit.path.endswith((".py", ".pyi")) or len(edit.after) > _LARGEST or _ruff() is None:
        return edit.after
    style = declared(tree, edit.path)
    if style is None:
        return edit.after
    made = _laid_out(edit, style)
    return made if made is not None and _is_same(edit, made) else edit.after


def declared(tree: Tree, path: str) -> Style | None:
    """Return the style that is declared for a file: in its folder, or the nearest one above; None where there is none."""
    folder = parent(path)
    while True:
        style = _of_folder(tree, folder)
        if style is not None or not folder:
            return style
        folder = parent(folder)


def _of_folder(tree: Tree, folder: str) -> Style | None:
    tools = _table(_read(tree, posixpath.join(folder, "pyproject.toml")), "tool")
    if isinstance(tools.get("black"), dict):
        return _black(_table(tools, "black"))
    for name in _RUFF_FILES:
        path = posixpath.join(folder, name)
        if tree.is_file(path):
            return _ruffs(tree, path, _read(tree, path), _EXTENDS)
    if isinstance(tools.get("ruff"), dict):
        return _ruffs(tree, posixpath.join(folder, "pyproject.toml"), _table(tools, "ruff"), _EXTENDS)
    return None


def _black(table: dict[str, toml.Value]) -> Style:
    length = _number(table.get("line-length"), 88)
    quotes = "preserve" if table.get("skip-string-normalization") is True else "double"
    return Style(length, quotes, table.get("skip-magic-trailing-comma") is not True)


def _ruffs(tree: Tree, path: str, table: dict[str, toml.Value], left: int) -> Style:
    """Return the style of a table of Ruff's, on top of the one that it extends."""
    base, more = Style(), table.get("extend")
    if isinstance(more, str) and left:
        other = join(parent(path), more)
        read = _read(tree, other) if other else {}
        if other and other.endswith("pyproject.toml"):
            read = _table(_table(read, "tool"), "ruff")
        base = _ruffs(tree, other, read, left - 1) if other and read else base
    layout = _table(table, "format")
    quotes, indent = layout.get("quote-style"), layout.get("indent-style")
    commas = layout.get("skip-magic-trailing-comma")
    return Style(
        _number(table.get("line-length"), base.length),
        quotes if isinstance(quotes, str) and quotes in ("single", "double", "preserve") else base.quotes,
        not commas if isinstance(commas, bool) else base.commas,
        indent if isinstance(indent, str) and indent in ("space", "tab") else base.indent,
    )


def _read(tree: Tree, path: str) -> dict[str, toml.Value]:
    if not tree.is_file(path):
        return {}
    try:
        text = tree.text(path)
    except Unreadable:
        return {}
    if path.endswith("pyproject.toml") and "black" not in text and "ruff" not in text:
        return {}
    document = toml.read(text)
    return {} if document.problems else document.data


def _table(table: dict[str, toml.Value], key: str) -> dict[str, toml.Value]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _number(value: toml.Value | None, usual: int) -> int:
    return value if type(value) is int and 1 <= value <= 320 else usual


# --- laying out


@cache
def _ruff() -> str | None:
    """Return Ruff's program, where it is installed; never one that PATH or the repository names."""
    try:
        from ruff import find_ruff_bin  # type: ignore[import-untyped]

        return str(find_ruff_bin())
    except (ImportError, FileNotFoundError):
        return None


def _laid_out(edit: Change, style: Style) -> bytes | None:
    """Return the edited file as Ruff lays it out: all of it, where it was in that form before, else lines that are too long."""
    whole = edit.old is None or _run(edit.before, style.settings(style.quotes)) == edit.before
    if whole:
        return _run(edit.after, style.settings(style.quotes))
    made: bytes | None = None
    text = edit.after
    for line in reversed(_long(edit, style.length)):  # the last first: those above keep their numbers
        made = _run(text, (*style.settings("preserve"), "--range", f"{line}-{line + 1}"))
        if made is None:
            return None
        text = made
    return made


def _long(edit: Change, length: int) -> list[int]:
    """Return the lines, counted from 1, that the edit adds and that are longer than the repository allows."""
    after = edit.after.decode("utf-8", "replace").splitlines()
    found = []
    for tag, _, _, start, end in _opcodes(edit.before, edit.after):
        if tag != "equal":
            found += [at + 1 for at in range(start, min(end, len(after))) if len(after[at]) > length]
    return found


def _run(data: bytes, options: tuple[str, ...]) -> bytes | None:
    """Return what Ruff makes of a file that it reads from standard input; None where it says no.

    `--isolated` keeps it from reading any file of settings.
    """
    command = (_ruff() or "", "format", "--isolated", "--no-cache", "--quiet", *options, "--stdin-filename", "edited.py", "-")
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=False, env={}, cwd="/")
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


# --- doing no harm


def _is_same(edit: Change, made: bytes) -> bool:
    """Say whether a file means to Python what our text means, and differs from the one before only where ours does."""
    if made == edit.after:
        return True
    try:
        if ast.dump(ast.parse(made)) != ast.dump(ast.parse(edit.after)):
            return False
    except (SyntaxError, ValueError, RecursionError):
        return False
    ours = [(start, end) for tag, start, end, _, _ in _opcodes(edit.before, edit.after) if tag != "equal"]
    theirs = [(start, end) for tag, start, end, _, _ in _opcodes(edit.before, made) if tag != "equal"]
    return all(any(start <= first and last <= end for start, end in ours) for first, last in theirs)


def _opcodes(before: bytes, after: bytes) -> list[tuple[str, int, int, int, int]]:
    lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
    return list(difflib.SequenceMatcher(None, *lines, autojunk=False).get_opcodes())
