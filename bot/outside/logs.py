"""Reads a log from a file or from standard input, and of one that is too long its beginning and its end."""

from __future__ import annotations

import os
import sys
from collections import deque
from typing import BinaryIO, NamedTuple

_HEAD, _TAIL, _PIECE = 2 << 20, 10 << 20, 1 << 16


class NoLog(Exception):
    """The log can't be read; the text says why."""


class Raw(NamedTuple):
    """The bytes of a log. `left_out` of them are missing at `split_at`; behind them goes on the line `first_after`."""

    data: bytes
    left_out: int = 0
    first_after: int = 0
    split_at: int = 0


def read(name: str) -> Raw:
    """Return a log; `-` is standard input. Raises `NoLog`."""
    try:
        if name == "-":
            return _read(sys.stdin.buffer)
        if os.path.isdir(name):
            raise NoLog(f"{name} is a folder; name the file of the log")
        with open(name, "rb") as file:
            return _read(file)
    except OSError as error:
        raise NoLog(f"{name}: {error.strerror or error}") from None


def _read(file: BinaryIO) -> Raw:
    """Read to the end, and keep no more than what is looked at."""
    head, tail = bytearray(), deque[bytes]()
    held = gone = lines = 0
    while piece := file.read(_PIECE):
        if len(head) < _HEAD:
            head += piece
            continue
        tail.append(piece)
        held += len(piece)
        while held - len(tail[0]) > _TAIL:
            lines += tail[0].count(b"\n")
            gone += len(tail[0])
            held -= len(tail.popleft())
    whole = bytes(head) + b"".join(tail)
    return Raw(whole, gone, head.count(b"\n") + lines + 1, len(head)) if gone else Raw(whole)
