"""What distributions give and bring, looked up in distributions.txt, which `tools/snapshot.py` writes and describes.

The file is read when it is first asked for, and searched, not parsed: a line is found by bisection, an import name or a
dependency by `str.find`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_LEVELS = 3  # of a dotted name that the file distinguishes at most
# what several distributions give: the one that people mean
_USUAL = {
    "binance": "python-binance",
    "cpuinfo": "py-cpuinfo",
    "cv2": "opencv-python-headless",
    "discord": "discord-py",
    "dotenv": "python-dotenv",
    "fpdf": "fpdf2",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "litellm": "litellm",
    "multipart": "python-multipart",
    "magic": "python-magic",
    "phonenumbers": "phonenumbers",
    "pkg_resources": "setuptools",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "slugify": "python-slugify",
    "tensorflow": "tensorflow",
}


class Needed(NamedTuple):
    """A dependency: `below` and `since` are the versions of Python that it is for, None where that does not matter."""

    name: str
    extras: tuple[str, ...]
    below: tuple[int, ...] | None = None
    since: tuple[int, ...] | None = None

    def counts(self, python: tuple[int, int] | None) -> bool:
        """Say whether it is installed for a version of Python; it may be where that is not known."""
        if python is None:
            return True
        return (self.below is None or python < self.below) and (self.since is None or python >= self.since)


class Entry(NamedTuple):
    """What is known of a distribution: the newest version comes first."""

    name: str
    versions: tuple[str, ...]
    imports: tuple[str, ...]
    scripts: tuple[str, ...]
    needs: tuple[Needed, ...]
    extras: dict[str, tuple[Needed, ...]]


@cache
def text() -> str:
    """Return the whole snapshot."""
    data = pkgutil.get_data(__package__, "distributions.txt")
    assert data is not None
    return data.decode("utf-8")


def date() -> str:
    """Return the day on which the snapshot was taken, as YYYY-MM-DD."""
    return text()[2:12]


@cache
def entry(name: str) -> Entry | None:
    """Return what is known of a distribution by its normal name."""
    line = _line(name)
    if line is None:
        return None
    words = line.split(" ")
    found: dict[str, list[str]] = {":": [], "$": [], "+": []}
    extras: dict[str, tuple[Needed, ...]] = {}
    here = ""
    for word in words[2:]:
        if word[0] == "[":
            here = word[1:-1]
            extras[here] = ()
        elif here:
            extras[here] += (_needed(word[1:]),)
        else:
            found[word[0]].append(word[1:])
    needs = tuple(_needed(word) for word in found["+"])
    return Entry(name, tuple(words[1].split(",")), tuple(found[":"]), tuple(found["$"]), needs, extras)


def _line(name: str) -> str | None:
    whole = text()
    low, high = whole.index("\n") + 1, len(whole)
    while low < high:
        start = whole.rfind("\n", low, (low + high) // 2) + 1 or low
        end = whole.index("\n", start)
        here = whole[start : whole.index(" ", start)]
        if here == name:
            return whole[start:end]
        if here < name:
            low = end + 1
        else:
            high = start
    return None


def _needed(word: str) -> Needed:
    name, _, condition = word.partition(";")
    name, _, extras = name.partition("[")
    below = since = None
    if condition:
        version = tuple(int(part) for part in condition.lstrip("<>=").split("."))
        below, since = (version, None) if condition[0] == "<" else (None, version)
    return Needed(name, tuple(extras[:-1].split(",")) if extras else (), below, since)


@cache
def givers(module: str) -> tuple[str, ...]:
    """Return the distributions that give a module by its dotted name, or a part of the namespace that it is."""
    parts = module.split(".")[:_LEVELS]
    for length in range(len(parts), 0, -1):
        found = tuple(_having(f" :{'.'.join(parts[:length])}", " \n"))
        if found:
            return found
    return tuple(dict.fromkeys(_having(f" :{module}.", "")))


def dependents(name: str) -> int:
    """Return how many distributions depend on this one, at least with one of their extras."""
    return len(set(_having(f" +{name}", " \n[;")))


def _having(wanted: str, then: str) -> Iterator[str]:
    """Yield the distributions in whose line a text stands, with one of the characters behind it."""
    whole = text()
    at = whole.find(wanted)
    while at >= 0:
        after = at + len(wanted)
        if not then or whole[after] in then:
            start = whole.rfind("\n", 0, at) + 1
            yield whole[start : whole.index(" ", start)]
        at = whole.find(wanted, after)


def provider(module: str) -> str | None:
    """Return what to require for an import name, where one distribution is the usual; None where nobody can tell."""
    usual = _USUAL.get(module.partition(".")[0])
    found = givers(module)
    if usual or len(found) == 1:
        return usual or found[0]
    alike = module.replace("_", "-").replace(".", "-").lower()
    return alike if alike in found else None


def known(name: str) -> bool:
    """Say whether the snapshot has a distribution, by its normal name."""
    return entry(name) is not None


def version(name: str) -> str | None:
    """Return the newest version of a distribution that the snapshot knows."""
    found = entry(name)
    return found.versions[0] if found else None


def needs(name: str) -> frozenset[str]:
    """Return the distributions that one depends on directly, without its extras."""
    found = entry(name)
    return frozenset(need.name for need in found.needs) if found else frozenset()
