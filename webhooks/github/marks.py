"""Hidden markers, by which we find what we wrote ourselves, and texts cut to what GitHub takes.

GitHub takes 65,536 characters for the body of a pull request or comment, 65,535 for the summary and the text of a check run's
output, 64 KB for the message and 255 characters for the title of an annotation (the REST API's pages for checks and issues).
"""

from __future__ import annotations

import re

BODY = 65_536
OUTPUT = 65_535
TITLE = 256
OUTPUT_TITLE = 255  # no page says how much GitHub takes, but lists show less than this
ANNOTATION_TITLE = 255  # bytes
ANNOTATION = 64 * 1024  # bytes

_MARK = re.compile(r"<!-- deploymend:([a-z][a-z-]{0,30}):([A-Za-z0-9_][A-Za-z0-9_./@=-]{0,199}) -->")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def marker(kind: str, value: str) -> str:
    """Return the hidden comment that marks a body: marker("cause", "1f00ba…") → `<!-- deploymend:cause:1f00ba… -->`.

    Raises ValueError for what could end the comment or not be found again.
    """
    mark = f"<!-- deploymend:{kind}:{value} -->"
    if not _MARK.fullmatch(mark) or "--" in value:
        raise ValueError(f"not fit for a marker: {kind!r}, {value!r}")
    return mark


def markers(body: str | None) -> dict[str, str]:
    """Return the markers of a body, kind → value; of two of one kind the last, which is where ours stand."""
    return dict(_MARK.findall(body or ""))


def marked(body: str, mark: str, limit: int = BODY) -> str:
    """Return a body that ends with the marker and is not longer than GitHub takes; a second time changes nothing."""
    text = body.replace("\r\n", "\n").replace(mark, "").strip()
    return f"{cut(text, limit - len(mark) - 2)}\n\n{mark}".lstrip()


def cut(text: str, limit: int) -> str:
    """Return the text, or as many of its whole lines as fit into `limit` characters with a sentence that says so.

    A fence of code that the cut would leave open is closed.
    """
    if len(text) <= limit:
        return text
    room = limit - 160  # for the sentence and the fence
    head = text[: max(room, 0)]
    head = head[: head.rfind("\n") + 1] or head
    open_fence = _open(head)
    closing = f"{open_fence}\n" if open_fence else ""
    left = len(text) - len(head)
    return f"{head}{closing}\n*The last {left:,} characters are left out: GitHub takes no more than {limit:,} here.*"


def cut_line(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters, which ends with an ellipsis where it was cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def cut_bytes(text: str, limit: int) -> str:
    """Return the text, or its start with an ellipsis, in at most `limit` bytes of UTF-8."""
    data = text.encode()
    return text if len(data) <= limit else data[: limit - 3].decode("utf-8", "ignore") + "…"


def same(first: str | None, second: str | None) -> bool:
    """Return whether two bodies are the same to GitHub, which changes line ends and drops blanks at the ends."""
    return _plain(first) == _plain(second)


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").strip()


def _open(text: str) -> str | None:
    """Return the fence that is open at the end of a text."""
    fence: str | None = None
    for found in _FENCE.finditer(text):
        mark = found[1]
        if fence is None:
            fence = mark
        elif mark[0] == fence[0] and len(mark) >= len(fence):
            fence = None
    return fence
