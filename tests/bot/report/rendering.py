"""Markdown as GitHub reads it: what is code, what is running text, and what is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_OURS = re.compile(r"</?details>|<summary>[\w ]+</summary>|\n")
_LINKED = re.compile(r"@[\w-]|#\d|\bGH-\d|://|\bwww\.|:[\w+-]+:|\$\S", re.IGNORECASE)


def tokens(text: str) -> Iterator[Token]:
    """Yield all tokens of a text, those of running text one by one."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def running(text: str) -> str:
    """Return what a person reads outside of code."""
    return "".join(token.content if token.type in ("text", "text_special") else "\n" for token in tokens(text))


def codes(text: str) -> list[str]:
    """Return the content of code spans and of fenced blocks."""
    return [token.content for token in tokens(text) if token.type in ("code_inline", "fence")]


def check_harmless(text: str, links: tuple[str, ...] = ()) -> None:
    """Assert that a text holds no HTML, picture, comment or link but ours, and nothing that GitHub links by itself."""
    assert "<!--" not in text
    found = list(tokens(text))
    for token in found:
        assert token.type not in ("image", "code_block"), token
        if token.type in ("html_block", "html_inline"):
            assert _OURS.sub("", token.content) == "", token.content
        if token.type == "link_open":
            assert token.attrs["href"] in links, token.attrs
    assert not _LINKED.search(running(text)), running(text)
