"""The title of a pull request and the message of its commit: they name the error that the person saw."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.report.markdown import cut, plain

MOST = 72  # characters of a title, and of the first line of a commit message
_FRONT = "Fix deploy: "
_LABEL = re.compile(r"^(?:(?:\[\w+\]|ERROR|WARNING|FATAL|CRITICAL|✘|(?:[Ee]rror|E|fatal)(?=:))[: ]+)+")
_SAYING = re.compile(  # exceptions whose message is a sentence
    r"^(?:[A-Za-z_][\w.]*\.)?(?:\w*(?:Error|Exception|Warning|ImproperlyConfigured)|ModuleNotFound\w*): (?=\S+ \S)"
)
_BARE = frozenset("KeyError NameError TypeError ValueError IndexError AttributeError SyntaxError".split())
_INSIDE = re.compile(r"\((?:[A-Za-z_]\w*\.)*\w+Error: ([^()]+)\)$")  # runpy names what it met in brackets
_ASIDE = re.compile(r" \((?:most likely|unable to|caused by|/)[^)]*\)")
_SENTENCE = re.compile(r"(?<=[a-z\"')])\. (?=[A-Z])")
_SUBJECT = re.compile(r"['\"`/‘]")


def headline(message: str, most: int) -> str:
    """Return what a line of a log says, without the labels and the frames around it, on one line of at most `most` characters.

    `Error: building: failed to solve: "/x": not found` → `"/x": not found`, where the whole does not fit.
    """
    text = _ASIDE.sub("", " ".join(message.replace("/…/", "").replace("…", " ").split()))
    text = _LABEL.sub("", text) or text
    inside = _INSIDE.search(text)
    if inside and len(text) > most:
        text = inside[1]
    named = _SAYING.match(text)
    if named and named[0].rstrip(": ").rpartition(".")[2] not in _BARE:
        text = text[named.end() :]
    text = text.rstrip(". ")
    return plain(text if len(text) <= most else _part(text, most), most)


def _part(text: str, most: int) -> str:
    """Return the part of a long line that tells most: one that names something, else its beginning."""
    sentences = _SENTENCE.split(text)
    for pieces, glue in ((sentences, ". "), (text.split(": "), ": ")):
        ends = [(i, j) for i in range(len(pieces[:12])) for j in range(i + 1, len(pieces) + 1)]
        runs = [(j == len(pieces), run) for i, j in ends if len(run := glue.join(pieces[i:j])) <= most and _SUBJECT.search(run)]
        if runs:  # the end of a line says most, as a rule
            return max(runs, key=lambda each: (each[0], len(each[1])))[1]
    if len(sentences[0]) <= most:
        return sentences[0]
    start = text[:most]
    joint = start.rfind(" and ")
    if joint > most * 0.6:
        return start[:joint]
    return text[: most - 1].rpartition(" ")[0].rstrip(",;:") + "…" if " " in start else text


def title(message: str) -> str:
    """Return the title of a pull request that repairs what a line of a log says: one line, at most 72 characters."""
    told = headline(message, MOST - len(_FRONT))
    return cut(_FRONT + (told or "it stops without a word"), MOST)


def commit_message(name: str, reasons: Sequence[str]) -> str:
    """Return the message of a commit: the title, then why each edit is made, one paragraph each, in lines of 72 characters."""
    import textwrap

    paragraphs = [textwrap.fill(plain(reason, 600), MOST, break_long_words=False) for reason in dict.fromkeys(reasons)]
    return "\n\n".join([name, *paragraphs[:20]]) + "\n"
