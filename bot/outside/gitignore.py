"""Which files git leaves out of a clone: the rules of `.gitignore` files, and the index, which goes before them.

Rules as in git's documentation (gitignore(5)); the index is read by ourselves (index-format(5), versions 2 to 4), since git
itself need not be installed.
"""

from __future__ import annotations

import os
import re
import struct
from typing import NamedTuple

_LARGEST_INDEX = 64 * 1024 * 1024


class Rule(NamedTuple):
    """One line of an ignore file: `pattern` matches below `base`."""

    base: str
    pattern: re.Pattern[str]
    includes: bool
    folders_only: bool


def rules(text: str, base: str) -> list[Rule]:
    """Read an ignore file that lies in the folder `base`."""
    found = []
    for line in text.removeprefix("\ufeff").splitlines():
        line = re.sub(r"(?<!\\)[ \t]+$", "", line)
        if not line or line.startswith("#"):
            continue
        includes = line.startswith("!")
        line = line[1:] if includes else line.removeprefix("\\") if line.startswith(("\\#", "\\!")) else line
        folders_only = line.endswith("/")
        line = line.rstrip("/")
        anchored = "/" in line
        line = line.lstrip("/")
        compiled = _compiled(line, anchored)
        if line and compiled:
            found.append(Rule(base, compiled, includes, folders_only))
    return found


def _compiled(pattern: str, anchored: bool) -> re.Pattern[str] | None:
    expression, at = "" if anchored else "(?:.*/)?", 0
    while at < len(pattern):
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            expression, at = expression + "(?:.*/)?", at + 3
        elif pattern.startswith("/**", at) and at + 3 == len(pattern):
            expression, at = expression + "/.+", at + 3
        elif pattern[at] == "*":
            at += len(pattern[at:]) - len(pattern[at:].lstrip("*"))
            expression += "[^/]*"
        elif pattern[at] == "?":
            expression, at = expression + "[^/]", at + 1
        elif pattern[at] == "[" and "]" in pattern[at + 2 :]:
            end = pattern.index("]", at + 2)
            inner = pattern[at + 1 : end].replace("\\", "\\\\")
            expression += f"[{'^' + inner[1:] if inner[0] in '!^' else inner}]"
            at = end + 1
        else:
            at += pattern[at] == "\\" and at + 1 < len(pattern)
            expression, at = expression + re.escape(pattern[at]), at + 1
    try:
        return re.compile(expression + r"\Z", re.S)
    except re.error:
        return None


def matches(found: list[Rule], path: str, is_folder: bool) -> bool | None:
    """Return whether the last rule that matches ignores the path (True) or re-includes it (False); None without one."""
    for rule in reversed(found):
        if rule.folders_only and not is_folder:
            continue
        if rule.base and not path.startswith(rule.base + "/"):
            continue
        relative = path[len(rule.base) + 1 :] if rule.base else path
        if rule.pattern.match(relative):
            return not rule.includes
    return None


def tracked(root: str) -> set[str]:
    """Return the paths in the index of the repository whose work tree is `root`; nothing where there is none."""
    git = os.path.join(root, ".git")
    if os.path.isfile(git):  # a linked work tree or a submodule
        with open(git, encoding="utf-8", errors="replace") as file:
            named = file.read(4096).partition("gitdir:")[2].strip()
        git = os.path.join(root, named) if named else git
    path = os.path.join(git, "index")
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST_INDEX:
            return set()
        with open(path, "rb") as file:
            return _index(file.read())
    except (OSError, struct.error, IndexError, ValueError):
        return set()


def _index(data: bytes) -> set[str]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        return set()
    found: set[str] = set()
    at, previous = 12, b""
    for _ in range(count):
        flags = struct.unpack_from(">H", data, at + 60)[0]
        start = at + 62 + (2 if version > 2 and flags & 0x4000 else 0)
        if version == 4:
            cut, start = _varint(data, start)
            end = data.index(b"\0", start)
            previous = previous[: len(previous) - cut] + data[start:end]
            at = end + 1
        else:
            end = data.index(b"\0", start)
            previous = data[start:end]
            at += ((end - at) // 8 + 1) * 8
        found.add(previous.decode("utf-8", "surrogateescape"))
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
