"""What all lock files come to: packages at a version, what each needs, and the walk from what is asked to what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from bot.engine.image.locks import markers
from bot.engine.image.locks.markers import Environment

Sort = Literal["index", "git", "address", "folder", "editable", "virtual"]


class Need(NamedTuple):
    """A dependency as a lock file writes it. `version` where a lock has several of that name; `extras` of what is needed."""

    name: str
    extras: tuple[str, ...] = ()
    marker: str = ""
    version: str | None = None


class Package(NamedTuple):
    """A locked package. `source` is an address, or a folder as the lock writes it; `line` is where it begins.

    `groups` (uv) are the dependency groups of a project, `extras` what its extras need.
    """

    name: str
    version: str
    sort: Sort
    source: str
    line: int
    needs: tuple[Need, ...] = ()
    extras: Mapping[str, tuple[Need, ...]] = MappingProxyType({})
    groups: Mapping[str, tuple[Need, ...]] = MappingProxyType({})


class Lock(Protocol):
    """A lock file that is searched by name."""

    def packages(self, name: str) -> tuple[Package, ...]:
        """Return the packages of a name, several where they are for different surroundings."""
        ...


class Unusable(Exception):
    """A lock file that can't be read: its text is damaged, or of a version that is not known."""


def walk(lock: Lock, wanted: Iterable[Need], environment: Environment) -> Iterator[tuple[Package, frozenset[str]]]:
    """Yield the packages that an install takes, each with the extras that are asked of it.

    A package's own markers see the extras that are asked of it. What is asked for and not in the lock is left out.
    """
    found: dict[tuple[str, str], tuple[Package, set[str]]] = {}
    queue = [(need, environment) for need in wanted]
    while queue:
        need, seen_by = queue.pop()
        if not markers.holds(need.marker, seen_by):
            continue
        for package in lock.packages(need.name):
            if need.version not in (None, package.version):
                continue
            key = (package.name, package.version)
            fresh = set(need.extras) - found[key][1] if key in found else {"", *need.extras}
            extras = found.setdefault(key, (package, set()))[1]
            extras |= fresh
            own = environment._replace(extras=environment.extras | extras)
            queue += [(each, own) for each in _needed(package, fresh)]
    for package, asked in found.values():
        yield package, frozenset(asked - {""})


def _needed(package: Package, extras: set[str]) -> Iterator[Need]:
    for extra in extras:
        yield from package.extras.get(extra, ()) if extra else package.needs
