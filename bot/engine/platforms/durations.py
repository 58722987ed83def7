"""Durations as flyctl reads them."""

from __future__ import annotations

import re

from bot.engine.model.toml import Value

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(value: Value) -> float | None:
    """Return a duration in seconds: `15s`, `1m30s`; a number is one of milliseconds. None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 1000 or None
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", value) if isinstance(value, str) else []
    return sum(float(number) * _UNITS[unit] for number, unit in parts) or None
