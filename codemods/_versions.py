"""Searches the releases of a distribution for one that will do; everything is asked of the package index at hand."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.image import releases, resolving
from bot.engine.image.site import Site
from bot.engine.image.stage import Image
from bot.engine.model.findings import Lacking
from bot.engine.model.index import Index, Python, Release, Solved, Unsolved, Wish

_ROUNDS = 12


class Found(NamedTuple):
    """A release that will do, and the first one after it (None: it is the newest)."""

    version: str
    following: str | None


class History:
    """The releases of distributions that an image could install."""

    def __init__(self, index: Index, image: Image) -> None:
        self.index = index
        self.python: Python = image.base.python or (3, 11)
        self.platform = resolving.platform_of(image.base)

    def fitting(self, name: str) -> list[Release]:
        """Return the releases with a wheel for the image's Python, the oldest first."""
        known = releases.in_order(self.index.releases(name) or ())
        return [
            each
            for each in known
            if releases.for_python(each, self.python) and releases.has_wheel(each, self.python, self.platform)
        ]

    def nearest(self, name: str, wanted: str) -> Found | None:
        """Return the release nearest to a version that is not to be had: the next one of its line, else the one before it."""
        from packaging.version import InvalidVersion, Version

        fitting = self.fitting(name)
        try:
            own = Version(wanted)
        except InvalidVersion:
            return None
        numbers = [Version(each.version) for each in fitting]
        for digits in (2, 1):
            line = [number for number in numbers if number.release[:digits] == own.release[:digits]]
            later = min((number for number in line if number > own), default=None)
            chosen = later or max(line, default=None)
            if chosen is not None:
                return self._found(fitting, numbers.index(chosen))
        later = min((number for number in numbers if number > own), default=None)
        return self._found(fitting, numbers.index(later)) if later is not None else None

    def newest_with(self, lacking: Lacking) -> Found | None:
        """Return the newest release, before the installed one, that has what that one lacks.

        Only the last release of each line is looked into: of a minor one where the major number is the same, else of a major
        one. What one release has, those before it are taken to have, too.
        """
        from packaging.version import Version

        fitting, own = self.fitting(lacking.distribution), Version(lacking.version)
        lines: dict[tuple[int, ...], Release] = {}
        for release in fitting:
            version = Version(release.version)
            if version < own:
                lines[version.release[:2] if version.release[:1] == own.release[:1] else version.release[:1]] = release
        ends = list(lines.values())
        low, high = self._bracket(lacking, ends)
        while low is not None and high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.has(lacking, ends[middle].version) else (low, middle)
        return None if low is None else self._found(fitting, fitting.index(ends[low]))

    def _bracket(self, lacking: Lacking, ends: list[Release]) -> tuple[int | None, int]:
        """Return the index of a release that has what is missing, and of a later one that lacks it, in growing steps."""
        high, step = len(ends), 1
        while high > 0:
            low = max(0, high - step)
            if self.has(lacking, ends[low].version):
                return low, high
            high, step = low, step * 2
        return None, 0

    def has(self, lacking: Lacking, version: str) -> bool:
        """Say whether another release has what one lacks; False where it can't be looked into."""
        wish = Wish((f"{lacking.distribution}=={version}",), (), (), (), self.python, self.platform, alone=True)
        answer = self.index.resolve(wish)
        if not isinstance(answer, Solved):
            return False
        site = Site(answer.pins, self.index, self.python, None)
        return not site.unseen and site.offers(lacking.module, lacking.name)

    def version_beside(self, name: str, lines: tuple[str, ...]) -> str | None:
        """Return the version of a distribution that a set of requirements comes to, whatever of it has no wheel left out."""
        left_out: tuple[str, ...] = ()
        for _ in range(_ROUNDS):
            answer = self.index.resolve(Wish(lines, (), (), left_out, self.python, self.platform))
            if isinstance(answer, Solved):
                return next((pin.version for pin in answer.pins if pin.name == name), None)
            if not isinstance(answer, Unsolved) or answer.kind != "wheel" or answer.name in (name, *left_out):
                return None
            left_out += (answer.name,)
        return None

    def _found(self, fitting: list[Release], at: int) -> Found:
        return Found(fitting[at].version, fitting[at + 1].version if at + 1 < len(fitting) else None)


def below(following: str) -> str:
    """Return the specifier that keeps to the releases before one, as short as a person would write it."""
    parts = following.split(".")
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return f"<{'.'.join(parts)}"
