"""The errors that a person sees: one sentence each, and the exit code."""

from __future__ import annotations

CLEAN, FOUND, TROUBLE = 0, 1, 2  # nothing certain; something certain is there (or left); usage or internal error


class Refused(Exception):
    """The command can't be carried out; the text says what, where and what to do."""
