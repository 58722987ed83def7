"""Modes of files as chmod writes them: in digits (`755`) or in letters (`u+x,g=u`)."""

from __future__ import annotations

import re

FOLDER, PROGRAM, FILE = 0o755, 0o755, 0o644  # what they usually are, with the umask of a build (022)
_OCTAL = re.compile(r"[0-7]{1,5}\Z")
_CLAUSE = re.compile(r"([ugoa]*)([-+=])([rwxXst]*|[ugo])\Z")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}


def understood(change: str) -> bool:
    """Say whether a change of a mode can be followed."""
    return _OCTAL.match(change) is not None or all(_CLAUSE.match(clause) for clause in change.split(","))


def changed(mode: int, change: str, folder: bool) -> int:
    """Return the mode after a change; what can't be followed changes nothing."""
    if _OCTAL.match(change):
        return int(change, 8) & 0o777
    for clause in change.split(","):
        found = _CLAUSE.match(clause)
        if found:
            mode = _clause(mode, found[1], found[2], found[3], folder)
    return mode


def _clause(mode: int, who: str, operator: str, what: str, folder: bool) -> int:
    masked = not who  # `chmod +w` gives what the umask leaves
    for each in "ugo" if not who or "a" in who else who:
        shift = _SHIFTS[each]
        bits = _bits(mode, what, folder)
        if masked and each != "u":
            bits &= ~2
        if operator == "+":
            mode |= bits << shift
        elif operator == "-":
            mode &= ~(bits << shift)
        else:
            mode = (mode & ~(7 << shift)) | (bits << shift)
    return mode


def _bits(mode: int, what: str, folder: bool) -> int:
    if what in _SHIFTS:
        return (mode >> _SHIFTS[what]) & 7
    bits = sum(_BITS[letter] for letter in set(what) & _BITS.keys())
    return bits | 1 if "X" in what and (folder or mode & 0o111) else bits
