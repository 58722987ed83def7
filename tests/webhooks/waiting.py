"""Waits for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def until(
    holds: Callable[[], Any], seconds: float = 40.0, what: str = "such thing", more: Callable[[], str] = lambda: ""
) -> Any:
    """Wait until something holds, and return it."""
    end = time.monotonic() + seconds
    while not (held := holds()):
        assert time.monotonic() < end, f"no {what} within {seconds:g} s\n{more()}"
        time.sleep(0.05)
    return held
