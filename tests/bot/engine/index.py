"""A package index as plain data: distributions with versions, what they need, and the modules of their wheels."""

from __future__ import annotations

from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bot.engine.boot import outlines
from bot.engine.image import releases
from bot.engine.model.index import Pin, Release, Solved, Unreachable, Unsolved, Wish
from bot.engine.model.outline import Outline


class Dist(NamedTuple):
    """One release: what it needs, its modules by path, and for which Python and systems it is."""

    needs: tuple[str, ...] = ()
    files: dict[str, str] = {}  # noqa: RUF012  (never changed)
    scripts: tuple[str, ...] = ()
    python: str = ""
    wheels: tuple[str, ...] | None = None  # tags; None: one for all
    source: bool = False
    libraries: tuple[str, ...] = ()
    seen: bool = True  # its wheel can be looked into


class Wheel:
    """See `bot.engine.model.index.Wheel`."""

    def __init__(self, dist: Dist) -> None:
        self.dist = dist

    @property
    def files(self) -> frozenset[str]:
        return frozenset(self.dist.files)

    @property
    def scripts(self) -> frozenset[str]:
        return frozenset(self.dist.scripts)

    def outline(self, path: str, python: tuple[int, int]) -> Outline | None:
        text = self.dist.files.get(path)
        return None if text is None else outlines.read(text.encode(), path, python)

    def libraries(self) -> tuple[str, ...]:
        return self.dist.libraries


class Index:
    """See `bot.engine.model.index.Index`; resolves greedily, the newest first, which is enough for tests."""

    def __init__(self, known: dict[str, dict[str, Dist]], deep: bool = True, reachable: bool = True) -> None:
        self.known = known
        self.deep = deep
        self.reachable = reachable
        self.wishes: list[Wish] = []

    def releases(self, name: str) -> tuple[Release, ...] | None:
        if not self.reachable:
            return None
        found = []
        for version, dist in self.known.get(name, {}).items():
            tags = ("py3-none-any",) if dist.wheels is None else dist.wheels
            wheels = tuple(f"{name.replace('-', '_')}-{version}-{tag}.whl" for tag in tags)
            found.append(Release(version, dist.python, wheels, f"{name}-{version}.tar.gz" if dist.source else None, False))
        return tuple(found)

    def wheel(self, pin: Pin) -> Wheel | None:
        dist = self.known[pin.name][pin.version]
        return Wheel(dist) if dist.seen else None

    def resolve(self, wish: Wish) -> Solved | Unsolved | Unreachable:
        self.wishes.append(wish)
        if not self.reachable:
            return Unreachable("the network is down")
        bounds: dict[str, SpecifierSet] = {}
        chosen: dict[str, str] = {}
        queue = [Requirement(line) for line in wish.requirements]
        limits = {line.name: line.specifier for line in map(Requirement, wish.constraints)}
        environment = {"python_version": f"{wish.python[0]}.{wish.python[1]}", "sys_platform": "linux", "extra": ""}
        while queue:
            line = queue.pop(0)
            if line.name in wish.excluded or (line.marker and not line.marker.evaluate(environment)):
                continue
            bounds[line.name] = bounds.get(line.name, limits.get(line.name, SpecifierSet())) & line.specifier
            answer = self._choose(line.name, bounds[line.name], wish)
            if isinstance(answer, Unsolved):
                several = line.name in chosen and answer.kind != "name"
                return Unsolved("conflict", "", f"{line.name} is needed by several; {answer.says}") if several else answer
            if chosen.get(line.name) != answer:
                chosen[line.name] = answer
                queue += [] if wish.alone else [Requirement(need) for need in self.known[line.name][answer].needs]
        return Solved(tuple(Pin(name, version, f"https://files/{name}", "0", 1) for name, version in chosen.items()))

    def _choose(self, name: str, bound: SpecifierSet, wish: Wish) -> str | Unsolved:
        listed = self.releases(name) or ()
        allowed = [each for each in listed if each.version in bound]
        if not allowed:
            kind = "version" if listed else "name"
            return Unsolved(kind, name, f"there is no version of {name}{bound}")  # type: ignore[arg-type]
        fitting = [
            each
            for each in allowed
            if releases.for_python(each, wish.python) and releases.has_wheel(each, wish.python, wish.platform)
        ]
        if not fitting:
            return Unsolved("wheel", name, f"{name}{bound} has no usable wheels")
        kept = {pin.partition("==")[0]: pin.partition("==")[2] for pin in wish.kept}
        if kept.get(name) in {each.version for each in fitting}:
            return kept[name]
        return max((each.version for each in fitting), key=Version)
