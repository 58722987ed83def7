"""Which system lies under an image, told by its tag: the family, and Debian's release where it is one of Debian's.

A tag of `python` without a release follows Debian's: docker-library/python built the unpinned ones on bullseye from 2021-08,
on bookworm from 2023-06 and on trixie from 2025-08. A tag with a patch version was built for the last time before the next
patch release, and stays what it was; so do those of Pythons that ended. The others move.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

DEBIAN = {"8": "jessie", "9": "stretch", "10": "buster", "11": "bullseye", "12": "bookworm", "13": "trixie"}
ARCHIVED = ("jessie", "stretch", "buster")  # gone from Debian's mirrors to its archive, buster in 2025-06
NEWEST = "trixie"
# for each Python, the releases that its unpinned tags were built on, each with the first patch release built on it
_BUILT: dict[tuple[int, int], tuple[tuple[str, int], ...]] = {
    (2, 7): (("buster", 17),),
    (3, 5): (("buster", 8),),
    (3, 6): (("bullseye", 14), ("buster", 10)),
    (3, 7): (("bookworm", 17), ("bullseye", 11), ("buster", 5)),
    (3, 8): (("bookworm", 17), ("bullseye", 11), ("buster", 0)),
    (3, 9): (("trixie", 23), ("bookworm", 17), ("bullseye", 6), ("buster", 0)),
    (3, 10): (("trixie", 18), ("bookworm", 12), ("bullseye", 0)),
    (3, 11): (("trixie", 13), ("bookworm", 4), ("bullseye", 0)),
    (3, 12): (("trixie", 11), ("bookworm", 0)),
    (3, 13): (("trixie", 7), ("bookworm", 0)),
    (3, 14): (("trixie", 0),),
}
_UNSURE = ("3.13.6",)  # it was current in the days of a switch
_ENDED = (3, 9)  # the newest Python whose images are not built any more
_CODENAME = re.compile(rf"(?:^|[-_])({'|'.join(DEBIAN.values())})(?=[-_.]|$|\d)")
_PATCH = re.compile(r"\d+\.\d+\.(\d+)(?=-|$)")


class System(NamedTuple):
    """The system of an image; `release` is Debian's codename, None where that can't be told.

    `moving`: the tag will lie on another release one day, or lay on one when it was last pulled. `whole`: compilers, git and
    curl come with it.
    """

    family: Literal["debian", "ubuntu", "alpine"]
    release: str | None = None
    moving: bool = False
    whole: bool = False


def of_python(tag: str, version: tuple[int, int] | None, digest: bool) -> System | None:
    """Return the system of a tag of `python` or of `uv`'s images; None for one that is neither Debian nor Alpine."""
    if "alpine" in tag:
        return System("alpine")
    if "windows" in tag or "nanoserver" in tag:
        return None
    whole = "slim" not in tag
    named = _CODENAME.search(tag)
    if named:
        return System("debian", named[1], whole=whole)
    if digest or tag.partition("-")[0] in _UNSURE:  # it was built on a day that nobody knows
        return System("debian", whole=whole)
    built = _BUILT.get(version or (0, 0))
    patch = _PATCH.match(tag)
    if built and patch:
        release = next((release for release, first in built if int(patch[1]) >= first), None)
        return System("debian", release, whole=whole)
    moving = version is None or version > _ENDED
    return System("debian", NEWEST if moving or not built else built[0][0], moving, whole)


def of_system(name: str, tag: str, digest: bool) -> System | None:
    """Return the system of an image that is one: `debian`, `ubuntu`, `alpine`."""
    if name == "ubuntu":
        return System("ubuntu")
    if name == "alpine":
        return System("alpine")
    if name != "debian":
        return None
    named = _CODENAME.search(tag)
    number = re.match(r"(\d+)", tag)
    if named or number:
        return System("debian", named[1] if named else DEBIAN.get(number[1] if number else ""))
    follows = {"oldstable": "bookworm"}.get(
        tag.partition("-")[0], NEWEST if re.match(r"(?:latest|stable)?(?:-|$)", tag) else None
    )
    return System("debian", None if digest else follows, moving=True)


def siblings(tag: str, version: tuple[int, int]) -> tuple[str, ...]:
    """Return the Debian releases that a Python's tag was built on, the newest first: two at a time, each in its turn."""
    built = _BUILT.get(version, ())
    patch = _PATCH.match(tag)
    if patch is None:
        return tuple(release for release, _ in built)
    start = next((at for at, (_, first) in enumerate(built) if int(patch[1]) >= first), len(built))
    return tuple(release for release, _ in built[start : start + 2])
