"""Reads Python's tracebacks in a log: frames, the exception, and the chain of those that one led to.

As CPython's `traceback` module prints them, also behind a logger's level (`ERROR:    Traceback …`, uvicorn), without a
header (a log that begins in the middle), and with the blanks in front of their lines lost.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.evidence import Line

HEADER = "Traceback (most recent call last)"
_FRAME = re.compile(r'^\s*File "([^"]{1,600})", line (\d{1,7})(?:, in (.{1,200}))?')
_RICH = re.compile(r"^[│ ]{0,4}\s{0,8}(/[^\s:]{1,500}\.py):(\d{1,7}) in (\S{1,200})")
_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w{0,80}\.){0,12}[A-Z]\w{0,80}(?::\s.*|:?$)")
_CONTEXT = "During handling of the above exception"
_CAUSE = "The above exception was the direct cause"
_PASSED_OVER = ("Exception ignored in", "Exception ignored on", "Task exception was never retrieved", "Unclosed client session")
_GROUP = re.compile(r"^ *(?:[|+] ?)+(?=\S| )")  # in front of each line of an exception group
_MOST_LINES = 3000  # of one traceback


class Frame(NamedTuple):
    """A line of code that was running: the path as the log has it."""

    path: str
    line: int
    function: str


class Trace(NamedTuple):
    """One traceback: where it begins in the log and where its exception stands (indices), and what came before it.

    `after` is how it belongs to the traceback in front of it: raised `from` that one, or while that one was `handled`.
    """

    start: int
    end: int
    frames: tuple[Frame, ...]
    exception: str  # the class, as it is printed
    after: str = ""

    @property
    def short(self) -> str:
        """The name of the exception's class without its module."""
        return self.exception.rpartition(".")[2]


def chains(given: tuple[Line, ...]) -> list[tuple[Trace, ...]]:
    """Return the tracebacks of a log; those of one chain are together, the first exception first.

    What the interpreter passes over as it ends is left out.
    """
    lines = tuple(line._replace(text=_GROUP.sub(_blanks, line.text)) for line in given)
    found: list[list[Trace]] = []
    link = ""
    at = 0
    while at < len(lines):
        text = lines[at].text
        if _CONTEXT in text or _CAUSE in text:
            link = "handled" if _CONTEXT in text else "from"
        elif HEADER in text or _FRAME.match(text):
            passed = any(words in above.text for above in lines[max(0, at - 2) : at] for words in _PASSED_OVER)
            trace, at = _read(lines, at, link)
            if trace and not passed:
                if link and found:
                    found[-1].append(trace)
                else:
                    found.append([trace._replace(after="")])
                link = ""
        elif link and not text.isspace():
            link = ""
        at += 1
    return [tuple(chain) for chain in found]


def _read(lines: tuple[Line, ...], start: int, link: str) -> tuple[Trace | None, int]:
    """Read one traceback, and return it with its last line; None where its exception is not in the log."""
    header = HEADER in lines[start].text
    margin = _indent(lines[start].text) if header else max(0, _indent(lines[start].text) - 2)
    frames: list[Frame] = []
    loose = 0
    stop = min(len(lines), start + _MOST_LINES)
    for at in range(start + header, stop):
        text = lines[at].text
        if HEADER in text:
            return None, at - 1
        if frame := _FRAME.match(text):
            frames.append(Frame(frame[1], int(frame[2]), (frame[3] or "").strip()))
            loose = 0
        elif rich := _RICH.match(text):
            frames.append(Frame(rich[1], int(rich[2]), rich[3]))
            loose = 0
        elif _EXCEPTION.match(bare := text.strip()) and (_indent(text) <= margin + 1):
            return Trace(start, at, tuple(frames), bare.partition(":")[0], link), at
        elif _indent(text) <= margin and not text.lstrip().startswith(("│", "╰", "╭", "[Previous line")):
            loose += 1  # a line of code whose blanks were lost, or another process's line
            if loose > 3:
                return None, at
    return None, stop - 1


def _blanks(front: re.Match[str]) -> str:
    return " " * len(front[0])


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
