"""The log that a person gives: read, and taken apart."""

from __future__ import annotations

from bot.cli.errors import Refused
from bot.engine.evidence import Log
from bot.evidence import reading
from bot.outside import logs


def opened(name: str) -> Log:
    """Return the log of a file, or of standard input for `-`; raises `Refused`."""
    try:
        raw = logs.read(name)
    except logs.NoLog as error:
        raise Refused(str(error)) from None
    log = reading.read(raw.data, raw.left_out, raw.first_after, raw.split_at)
    if not log.lines:
        raise Refused(f"{'standard input' if name == '-' else name} holds no log: it is empty")
    return log
