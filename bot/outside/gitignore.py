"""Which files git leaves out of a clone: the rules of `.gitignore` files, and the index, which goes before them.

Rules as in git's documentation (gitignore(5)); the index is read by ourselves (index-format(5), versions 2 to 4), since git
itself need not be installed.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from typing import NamedTuple

from bot.engine.model import wildcards
from bot.engine.model.tree import Kind, parent
from bot.engine.model.wildcards import Piece

_LARGEST = 64 * 1024 * 1024
_CLASS = re.compile(rb"\[:([^\]]*):\]")
_ASCII = [chr(code) for code in range(128)]
_PRINTED = [character for character in _ASCII if character.isprintable()]
_CLASSES = {
    name: frozenset(map(ord, members))
    for name, members in {
        b"alnum": [character for character in _ASCII if character.isalnum()],
        b"alpha": [character for character in _ASCII if character.isalpha()],
        b"blank": " \t",
        b"cntrl": [character for character in _ASCII if not character.isprintable()],
        b"digit": "0123456789",
        b"graph": [character for character in _PRINTED if character != " "],
        b"lower": [character for character in _ASCII if character.islower()],
        b"print": _PRINTED,
        b"punct": [character for character in _PRINTED if character != " " and not character.isalnum()],
        b"space": " \t\n\v\f\r",
        b"upper": [character for character in _ASCII if character.isupper()],
        b"xdigit": "0123456789abcdefABCDEF",
    }.items()
}


class Rule(NamedTuple):
    """One line of an ignore file: `pattern` matches below `base`."""

    base: str
    pattern: re.Pattern[bytes]
    includes: bool
    folders_only: bool


def rules(data: bytes, base: str) -> list[Rule]:
    """Read an ignore file that lies in the folder `base`; bytes, since git's wildcards stand for bytes."""
    found = []
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if line.startswith(b"#"):
            continue
        line = _trimmed(line.removesuffix(b"\r").partition(b"\0")[0])
        includes = line.startswith(b"!")
        line = line[1:] if includes else line
        folders_only = line.endswith(b"/")
        line = line[:-1] if folders_only else line
        anchored = b"/" in line
        compiled = _compiled(line.removeprefix(b"/"), anchored) if line else None
        if compiled:
            found.append(Rule(base, compiled, includes, folders_only))
    return found


def _trimmed(line: bytes) -> bytes:
    """Return a line without the spaces at its end, but for those behind a backslash."""
    end = at = 0
    while at < len(line):
        if line[at : at + 1] == b"\\":
            at += 1
        if line[at : at + 1] != b" " or line[at - 1 : at] == b"\\":
            end = at + 1
        at += 1
    return line[:end]


def _compiled(pattern: bytes, anchored: bool) -> re.Pattern[bytes] | None:
    """Return a pattern as git's own matcher reads it (`wildmatch.c`); None for one that it never matches."""
    pieces, at = [Piece(wildcards.START if anchored else wildcards.FOLDERS, [])], 0
    plain = min(pattern.find(special) % (len(pattern) + 1) for special in (b"*", b"?", b"[", b"\\"))
    while at < len(pattern):
        character = pattern[at : at + 1]
        if character == b"*":
            end = len(pattern) - len(pattern[at:].lstrip(b"*"))
            first = at == 0 or pattern[at - 1 : at] == b"/" or (anchored and at == plain)  # what is plain is compared apart
            whole = end - at > 1 and first
            if whole and pattern[end : end + 1] == b"/":
                pieces.append(Piece(wildcards.FOLDERS, []))
                at = end + 1
            else:
                deep = whole and (end == len(pattern) or pattern[end : end + 2] == b"\\/")
                pieces.append(Piece(wildcards.ANYTHING if deep else wildcards.NAMES, []))
                at = end
            continue
        if character == b"?":
            listed: tuple[bytes, int] | None = (b"[^/]", at + 1)
        elif character == b"[":
            listed = _set(pattern, at + 1)
        else:
            at += character == b"\\"
            listed = (re.escape(pattern[at : at + 1]), at + 1) if at < len(pattern) else None
        if listed is None:
            return None
        pieces[-1].text.append(listed[0].decode("latin-1"))
        at = listed[1]
    return re.compile(wildcards.expression(pieces).encode("latin-1") + rb"\Z", re.S)


def _set(pattern: bytes, at: int) -> tuple[bytes, int] | None:
    """Read what stands in brackets: an expression for those bytes, and where it ends; None when it is never closed."""
    negated = pattern[at : at + 1] in (b"!", b"^")
    at += negated
    members: set[int] = set()
    previous: int | None = None
    first = True
    while first or pattern[at : at + 1] != b"]":
        first = False
        if at >= len(pattern):
            return None
        named = _CLASS.match(pattern, at)
        if named:
            if named[1] not in _CLASSES:
                return None
            members.update(_CLASSES[named[1]])
            previous, at = None, named.end()
            continue
        ranged = pattern[at : at + 1] == b"-" and previous is not None and pattern[at + 1 : at + 2] not in (b"", b"]")
        at += ranged
        at += pattern[at : at + 1] == b"\\"
        if at >= len(pattern):
            return None
        members.update(range(previous or 0, pattern[at] + 1) if ranged else (pattern[at],))
        previous = None if ranged else pattern[at]
        at += 1
    chosen = (set(range(256)) - members if negated else members) - {ord("/")}
    expression = b"[" + b"".join(b"\\x%02x" % member for member in sorted(chosen)) + b"]" if chosen else b"(?!)"
    return expression, at + 1


def matches(found: list[Rule], path: str, is_folder: bool) -> bool | None:
    """Return whether the last rule that matches ignores the path (True) or re-includes it (False); None without one."""
    for rule in reversed(found):
        if rule.folders_only and not is_folder:
            continue
        if rule.base and not path.startswith(rule.base + "/"):
            continue
        relative = path[len(rule.base) + 1 :] if rule.base else path
        if rule.pattern.match(os.fsencode(relative)):
            return not rule.includes
    return None


class Rules:
    """The rules of a tree's ignore files. `read` returns an ignore file, `b""` where there is none to be followed.

    `own` returns the rules that the repository keeps for itself, which all others outweigh.
    """

    def __init__(self, read: Callable[[str], bytes], own: Callable[[], bytes] = bytes) -> None:
        self._read = read
        self._own = own
        self._found: dict[str, list[Rule]] = {}
        self._excluded: dict[str, bool] = {}

    def exclude(self, path: str, kind: Kind) -> bool:
        """Say whether a rule matches a path or a folder above it, tracked or not."""
        known = self._excluded.get(path)
        if known is None:
            folder = parent(path)
            above = bool(folder) and self.exclude(folder, "folder")
            known = above or bool(matches(self._for(folder), path, kind == "folder"))
            self._excluded[path] = known
        return known

    def _for(self, folder: str) -> list[Rule]:
        found = self._found.get(folder)
        if found is None:
            above = self._for(parent(folder)) if folder else rules(self._own(), "")
            found = [*above, *rules(self._read(f"{folder}/.gitignore" if folder else ".gitignore"), folder)]
            self._found[folder] = found
        return found


def tracked(root: str) -> set[str]:
    """Return the paths in the index of the repository whose work tree is `root`; nothing where there is none."""
    data = _of_git(root, "index")
    for width in (20, 32):  # of a SHA-1, of a SHA-256
        try:
            return _index(data, width)
        except (struct.error, IndexError, ValueError):
            continue
    return set()


def excluded(root: str) -> bytes:
    """Return the ignore rules that the repository keeps for itself, `info/exclude`; linked work trees share it."""
    common = _of_git(root, "commondir").decode("utf-8", "surrogateescape").strip()
    return _of_git(root, os.path.join(common, "info", "exclude"))


def _of_git(root: str, path: str) -> bytes:
    """Return a file of git's own folder; nothing where it is missing, a link, or too large."""
    git = os.path.join(root, ".git")
    try:
        if os.path.isfile(git):  # a linked work tree or a submodule
            with open(git, encoding="utf-8", errors="surrogateescape") as link:
                named = link.read(4096).partition("gitdir:")[2].strip()
            git = os.path.join(root, named) if named else git
        path = os.path.join(git, path)
        if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
            return b""
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return b""


def _index(data: bytes, width: int) -> set[str]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        return set()
    found: set[str] = set()
    at, previous = 12, b""
    for _ in range(count):
        flags = struct.unpack_from(">H", data, at + 40 + width)[0]
        start = at + 42 + width + (2 if version > 2 and flags & 0x4000 else 0)
        if version == 4:
            cut, start = _varint(data, start)
            end = data.index(b"\0", start)
            previous = previous[: len(previous) - cut] + data[start:end]
            at = end + 1
        else:
            end = data.index(b"\0", start)
            previous = data[start:end]
            at += ((end - at) // 8 + 1) * 8
        if flags & 0xFFF != min(len(previous), 0xFFF):
            raise ValueError("no entry")
        found.add(os.fsdecode(previous))
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
