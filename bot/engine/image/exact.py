"""What the installs of an image come to, by the package index: each distribution at its version, and what its wheel holds.

What the index could not resolve (a distribution without a wheel, one install of several) is looked up in the snapshot, as
everything is where the index was not asked.
"""

from __future__ import annotations

import re
from functools import cached_property

from bot.engine.image import snapshot
from bot.engine.image.distributions import Asked, Installed
from bot.engine.image.site import Site
from bot.engine.image.stage import Install
from bot.engine.model.index import Index, Pin

_USUAL = frozenset(("pip", "setuptools", "wheel"))  # what images bring, and the snapshot knows well enough


class Exact(Installed):
    """See `Installed`; `pins` are the distributions whose versions are known."""

    def __init__(
        self,
        asked: tuple[tuple[Asked, ...], tuple[Asked, ...]],
        pins: dict[str, Pin],
        opaque: str | None,
        projects: tuple[str, ...],
        python: tuple[int, int],
        index: Index,
    ) -> None:
        """`asked` are the requirements that were not resolved, and those that were."""
        loose = tuple(each for each in (*asked[0], *asked[1]) if each.name not in pins)
        super().__init__(loose, opaque, projects, python)
        self.named = (*asked[0], *asked[1])
        self.unresolved = tuple(each.name for each in loose if each.name not in _USUAL)
        self.pins = pins
        if index.deep:
            self.site = Site(pins.values(), index, python, self._partial())

    def _partial(self) -> str | None:
        """Return why there may be modules that no wheel shows."""
        if self.opaque or self.projects:
            return self.opaque or "an installed project may give more"
        return f"{self.unresolved[0]} has no wheel that was looked into" if self.unresolved else None

    @cached_property
    def distributions(self) -> frozenset[str]:
        """All distributions that are there by their normal names, dependencies included."""
        return frozenset((*self.pins, *self._extras))

    def has(self, name: str) -> bool:
        """Say whether a distribution is there."""
        return name in self.pins or super().has(name)

    def asks(self, name: str, extra: str) -> bool:
        """Say whether a distribution is asked for with an extra."""
        return any(each.name == name and extra in each.extras for each in self.named)

    @cached_property
    def _given(self) -> tuple[frozenset[str], frozenset[str]]:
        """The import names that the snapshot knows of the pinned distributions, and the packages that these lie in."""
        entries = [snapshot.entry(name) for name in self.pins]
        names = frozenset(name for entry in entries if entry for name in entry.imports)
        return names, frozenset(name.rsplit(".", count)[0] for name in names for count in range(1, name.count(".") + 1))

    def gives(self, module: str) -> bool:
        """Say whether an installed distribution gives a module, by its dotted name."""
        if module.partition(".")[0] == "distutils" and self.has("setuptools"):  # by a hook of setuptools
            return True
        if super().gives(module):
            return True
        if self.site is not None and not self.site.unseen:
            return self.site.has(module) or self.site.may_have(module)
        names, parents = self._given
        parts = module.split(".")
        return module in parents or any(".".join(parts[:length]) in names for length in range(1, len(parts) + 1))

    def lacks(self, name: str) -> str | None:
        """Return the first part of a dotted name that nothing gives; what the wheels show, they tell by themselves."""
        return None if self.site is not None else super().lacks(name)

    def version(self, name: str) -> tuple[int, ...] | None:
        """Return the version of a distribution, as numbers; None where it is not known."""
        pin = self.pins.get(name)
        found = re.match(r"(?:\d+!)?(\d+(?:\.\d+)*)", pin.version) if pin else None
        return tuple(int(part) for part in found[1].split(".")) if found else None

    def exact(self, name: str) -> bool:
        """Say whether the version of a distribution is known."""
        return name in self.pins

    def before(self, name: str, release: tuple[int, ...]) -> bool:
        """Say whether a distribution is older than a release."""
        version = self.version(name)
        return version < release if version is not None else super().before(name, release)

    def held(self, name: str) -> bool:
        """Say whether another distribution may keep this one from its newest release: its version is known."""
        return name not in self.pins and super().held(name)

    def runs(self, script: str) -> bool | None:
        """Say whether a console script is there; None where a distribution that is not known may bring it."""
        if self.site is not None and script in self.site.scripts:
            return True
        entries = [snapshot.entry(name) for name in self.pins]
        if any(entry and script in entry.scripts for entry in entries):
            return True
        found = super().runs(script)
        unseen = bool(self.site.unseen) if self.site else any(entry is None for entry in entries)
        return None if found is False and unseen else found

    def doubt(self, module: str, provided_by: str | None = None) -> str | None:
        """Return why a module may be there although `gives` denies it; None where that is certain."""
        if self.opaque:
            return self.opaque
        if self.unresolved:
            return self.by_snapshot(module, provided_by)
        if self.site is not None:
            return f"{self.site.unseen[0]} was not looked into" if self.site.unseen else None
        unknown = next((name for name in self.pins if not snapshot.known(name)), None)
        top = module.partition(".")[0]
        if unknown:
            return f"{unknown} is not in the snapshot of {snapshot.date()}, and may give `{top}` (--deep tells)"
        return None


def pins_of(installs: tuple[Install, ...]) -> dict[str, Pin]:
    """Return what is installed in the end, by name: a later install replaces what an earlier one brought."""
    return {pin.name: pin for install in installs for pin in install.pins or ()}
