"""Reads source of a newer Python than ours: what only the newer one can parse is put in words that ours can.

Only imports and names matter to the walk, so f-strings (PEP 701 lets them nest quotes, 3.12) become empty strings of as
many lines, type parameters (PEP 695, 3.12) are left out, and `except A, B:` (PEP 758, 3.14) gets its brackets.
"""

from __future__ import annotations

import re

_START = re.compile(r"(?<![A-Za-z0-9_])([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_PLAIN = r"[^\[\]]{0,400}"
_BRACKETS = rf"\[{_PLAIN}(?:\[{_PLAIN}(?:\[{_PLAIN}\]{_PLAIN}){{0,9}}\]{_PLAIN}){{0,9}}\]"  # with two more levels inside
_PARAMETERS = re.compile(rf"^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)[ \t]*({_BRACKETS})", re.M)
_ALIAS = re.compile(rf"^([ \t]*)type[ \t]+(\w+)[ \t]*({_BRACKETS})?[ \t]*=(?!=)", re.M)
_FORMATTED = ("f", "fr", "rf", "t", "tr", "rt")
_EXCEPT = re.compile(r"^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)[ \t]*:", re.M)


def plain(source: str) -> str:
    """Return `source` with the newer syntax written in the older one; line numbers stay."""
    text = _without_formatted_strings(source)
    text = _PARAMETERS.sub(lambda match: match[1] + _lines(match[2]), text)
    text = _ALIAS.sub(lambda match: f"{match[1]}{match[2]}{_lines(match[3] or '')} =", text)
    return _EXCEPT.sub(r"\1(\2):", text)


def _lines(removed: str) -> str:
    """Return continued lines, as many as a piece of text that is left out has."""
    return " \\\n" * removed.count("\n")


def _without_formatted_strings(source: str) -> str:
    result, at = [], 0
    while at < len(source):
        character = source[at]
        if character == "#":
            end = source.find("\n", at)
            end = len(source) if end < 0 else end
            result.append(source[at:end])
            at = end
            continue
        match = _START.match(source, at) if character in "'\"" or character.isalpha() else None
        if match is None:
            step = re.compile(r"\w+").match(source, at)
            end = step.end() if step else at + 1
            result.append(source[at:end])
            at = end
            continue
        formatted = match[1].lower() in _FORMATTED
        end = _string_end(source, match.end(), match[2], formatted)
        lines = source.count("\n", at, end)
        result.append('"""' + "\n" * lines + '"""' if formatted else source[at:end])
        at = end
    return "".join(result)


def _string_end(source: str, at: int, quote: str, formatted: bool) -> int:
    """Return the offset behind the string whose content begins at `at`."""
    while at < len(source):
        if source.startswith(quote, at):
            return at + len(quote)
        if source[at] == "\\":
            at += 1 if formatted and source[at + 1 : at + 2] in ("{", "}") else 2
        elif formatted and source.startswith(("{{", "}}"), at):
            at += 2
        elif formatted and source[at] == "{":
            at = _expression_end(source, at + 1)
        elif source[at] == "\n" and len(quote) == 1:
            return at
        else:
            at += 1
    return len(source)


def _expression_end(source: str, at: int) -> int:
    """Return the offset behind the `}` that closes a replacement field."""
    depth = 0
    while at < len(source):
        character = source[at]
        match = _START.match(source, at) if character in "'\"" or character.isalpha() else None
        if match:
            at = _string_end(source, match.end(), match[2], match[1].lower() in _FORMATTED)
            continue
        if character == "#":
            end = source.find("\n", at)
            at = len(source) if end < 0 else end
            continue
        if character == ":" and depth == 0:
            return _format_end(source, at + 1)
        if character in "([{":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "}":
            if depth == 0:
                return at + 1
            depth -= 1
        at += 1
    return len(source)


def _format_end(source: str, at: int) -> int:
    """Return the offset behind the `}` that closes a field, from its format on: there, quotes and `#` are plain text."""
    while at < len(source) and source[at] != "}":
        at = _expression_end(source, at + 1) if source[at] == "{" else at + 1
    return min(at + 1, len(source))
