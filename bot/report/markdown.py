"""Text of a repository, a log or a person inside markdown that GitHub renders: it stays text.

Nothing that comes from outside can end its code span or fence, become HTML, a picture or a comment, mention anybody or link
to an issue; and nothing secret is in it. GitHub looks for mentions and links in the finished HTML, where a backslash is gone
and only code is left alone: so in running text a word of that sort becomes code.
Sources: CommonMark 0.31 (code spans, fenced code, backslash escapes, HTML blocks), GitHub Flavored Markdown (autolinks), and
"Autolinked references and URLs" and "Writing mathematical expressions" in GitHub's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.evidence.redaction import HIDDEN, redact
from bot.report.text import clean

LIMIT = 65_536  # what GitHub takes of a body or a comment, in characters
_COMMENT = re.compile(r"<(?=!-)")
_TICKS = re.compile(r"`+")
_LINKED = re.compile(
    r"[@$`]|<(?=[a-z/!?])|&(?=[a-z#])|#\d|\bGH-\d|://|\bwww\.|\bmailto:|\bxmpp:|:[\w+-]+:|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"([\\*_\[\]~|!<>])")
_OPENING = re.compile(r"^(\d{1,9})(?=[.)])|^(?=[-+=#])")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_ZERO_WIDTH = "\u200b"
_REFERENCE = re.compile(
    r"(?<=@)(?=[\w-])|(?<=#)(?=\d)|(?<=\bGH-)(?=\d)|(?<=://)(?=\w)"
    r"|(?<=\[)(?=(?:skip|no|ci|actions)[ -])|(?<=-by)(?=:)|(?<=skip-checks)(?=:)",  # words to CI, trailers of a commit
    re.IGNORECASE,
)


def length(text: str) -> int:
    """Return the characters of a text as GitHub counts them at the most: in units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` characters; `…` ends one that was longer."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def safe(text: str, most: int = 500) -> str:
    """Return text on one line, without secrets and control characters, in which no comment begins: such hold our markers."""
    return cut(_COMMENT.sub("< ", redact(clean(text[: 40 * most].replace(_ZERO_WIDTH, "")))), most)


def plain(text: str, most: int) -> str:
    """Return text for a place where nothing is rendered, but references are linked: a title, a commit message.

    A character that nobody sees stands in every reference, so that none is one.
    """
    return _REFERENCE.sub(_ZERO_WIDTH, safe(text, most))


def code(text: str, most: int = 300) -> str:
    """Return text as a code span, which lasts to its end whatever it holds."""
    text = safe(text, most).strip()
    if not text:
        return "(nothing)"
    ticks = "`" * (max((len(run) for run in _TICKS.findall(text)), default=0) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fence(lines: Iterable[str], language: str = "text", width: int = 300) -> list[str]:
    """Return lines as a fenced block, which ends at its own end alone; tabs are kept, since a patch needs them."""
    kept = ["\t".join(safe(piece, width) for piece in line.split("\t")) for line in lines]
    longest = max((len(run) for line in kept for run in _TICKS.findall(line)), default=0)
    ticks = "`" * max(3, longest + 1)
    return [f"{ticks}{language}", *kept, ticks]


def commands(lines: Iterable[str]) -> list[str]:
    """Return commands as a fenced block; where a person puts a secret in, `…` stands."""
    first, *rest = fence(lines, "sh", 500)
    return [first, *(line.replace(HIDDEN, "…") for line in rest)]


def prose(text: str, most: int = 600) -> str:
    """Return a sentence of ours that has names of a repository in it: what it puts in backticks is code, the rest is text."""
    text = safe(text, most)
    parts, at = [], 0
    for span in _CODE.finditer(text):
        parts += [*_words(text[at : span.start()]), code(span[1], most)]
        at = span.end()
    made = ""
    for part in (*parts, *_words(text[at:])):
        made += f" {part}" if made.endswith("`") and part.startswith("`") else part  # two runs of backticks would be one
    return _OPENING.sub(lambda start: f"{start[1] or ''}\\", made, count=1)


def _words(text: str) -> list[str]:
    """Return running text in pieces; words that GitHub would make links of are code."""
    pieces = [piece for piece in re.split(r"( +)", text) if piece]
    return [code(piece) if _LINKED.search(piece) else _MARKUP.sub(r"\\\1", piece) for piece in pieces]


def link(words: str, address: str) -> str:
    """Return a link of ours; an address that is none of https, or holds anything unusual, is left out."""
    usual = re.fullmatch(r"https?://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._~/%?=&:;,+-]*)?(?:#[A-Za-z0-9._:-]+)?", address)
    return f"[{words}](<{address}>)" if usual and len(address) <= 500 else words


def joined(sections: Sequence[tuple[int, str]], limit: int) -> str:
    """Join sections, each with its weight, in their order into a text that is no longer than `limit`.

    Whole sections are left out where there is no room, the lightest first, and a sentence says so.
    """
    kept = [(weight, text) for weight, text in sections if text]
    note = ""
    while len(kept) > 1 and length("\n\n".join([*(text for _, text in kept), note])) >= limit:
        kept.remove(min(kept, key=lambda section: section[0]))
        note = "_There is more to say than a text on GitHub has room for: the rest was left out._"
    return "\n\n".join([*(text for _, text in kept), *([note] if note else [])]) + "\n"


def section(heading: str, *lines: str) -> str:
    """Return a section with a heading; an empty one where there are no lines."""
    return "\n".join([f"## {heading}", "", *lines]) if lines else ""
