"""Ctrl-C and SIGTERM: the first one ends the work, and none of them what removes the containers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _State:
    holding = 0  # how many removals are under way
    came: int | None = None  # the signal that waits for their end


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the first signal end what is done inside: as KeyboardInterrupt, or as SystemExit with the code of its kind."""
    former = {each: signal.signal(each, _arrived) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


def _arrived(number: int, _: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # one is enough
    print("removing what was started …", file=sys.stderr, flush=True)
    _State.came = number
    _end()


@contextmanager
def held_back() -> Iterator[None]:
    """Let what is done inside come to its end; a signal that came meanwhile counts afterwards."""
    _State.holding += 1
    try:
        yield
    finally:
        _State.holding -= 1
        _end()


def _end() -> None:
    number = _State.came
    if number is None or _State.holding:
        return
    _State.came = None
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
