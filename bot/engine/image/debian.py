"""What Debian's releases can install, looked up in debian.txt, which `tools/debian.py` writes and describes.

The file is read when the first package is asked for, and searched, not parsed.
"""

from __future__ import annotations

import pkgutil
import re
from functools import cache
from typing import Literal

RELEASES = ("bullseye", "bookworm", "trixie")
Standing = Literal["there", "refused", "unknown"]
_STANDINGS: dict[str, Standing] = {"+": "there", "-": "refused", "?": "unknown"}


@cache
def text() -> str:
    """Return the whole table."""
    data = pkgutil.get_data(__package__, "debian.txt")
    assert data is not None
    return data.decode("ascii")


def date() -> str:
    """Return the day on which the table was made, as YYYY-MM-DD."""
    return text()[2:12]


def standing(name: str, release: str) -> Standing | None:
    """Return how a package stands in a release: there, refused (no candidate), or unknown (never heard of).

    None where the table can't tell: a name that is the same in all releases, one that nobody asks for, a misspelt one, another
    release.
    """
    marks = _marks(name)
    return _STANDINGS[marks[RELEASES.index(release)]] if marks and release in RELEASES else None


def _marks(name: str) -> str | None:
    """Return the three marks in front of the line that holds a name."""
    whole = text()
    end = _second_part()
    at = whole.find(f" {name}", 0, end)
    while at >= 0:
        if whole[at + 1 + len(name)] in " \n":
            start = whole.rfind("\n", 0, at) + 1
            return whole[start : start + 3]
        at = whole.find(f" {name}", at + 1, end)
    return None


@cache
def _second_part() -> int:
    return text().index("\n@")


def alike(name: str, release: str) -> tuple[str, ...]:
    """Return the packages of a release that differ from this one in their version alone: `libicu67`, `libicu72`."""
    stem = re.fullmatch(r"([a-z][a-z0-9+.-]*?[a-z+-])(\d[\d.]*)(t64)?(-[a-z-]+)?", name)
    if stem is None or release not in RELEASES:
        return ()
    found = []
    pattern = re.compile(rf" ({re.escape(stem[1])}\d[\d.]*(?:t64)?{re.escape(stem[4] or '')})(?=[ \n])")
    for match in pattern.finditer(text(), 0, _second_part()):
        if standing(match[1], release) == "there":
            found.append(match[1])
    return tuple(found)


@cache
def base(release: str | None, whole: bool) -> frozenset[str]:
    """Return the packages of the `python` images on a release: the slim ones, or the whole; on any where it is not known."""
    found: set[str] = set()
    for each in RELEASES if release not in RELEASES else (release,):
        found.update(_line(f"@{each}") or ())
        found.update((_line(f"@{each}+") or ()) if whole else ())
    return frozenset(found)


def brings(name: str) -> tuple[str, ...] | None:
    """Return the packages with programs that a package brings along; None where that is not known."""
    line = _line(f"={name}")
    return tuple(word for word in line if word != "*") if line is not None else None


def asks(name: str) -> bool:
    """Say whether installing a package into a slim image takes others with it, so that apt asks before it does so."""
    return "*" in (_line(f"={name}") or ())


def _line(head: str) -> list[str] | None:
    whole = text()
    start = whole.find(f"\n{head} ", _second_part() - 1)
    if start < 0:
        return None
    return whole[start + len(head) + 2 : whole.index("\n", start + 1)].split()
