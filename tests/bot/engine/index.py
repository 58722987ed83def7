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
    """See `bot.engine.model.index.Index`; resolves by trying, the newest first."""

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
        environment = {"python_version": f"{wish.python[0]}.{wish.python[1]}", "sys_platform": "linux", "extra": ""}

        def counts(line: Requirement) -> bool:
            return line.name not in wish.excluded and (line.marker is None or line.marker.evaluate(environment))

        limits = {line.name: line.specifier for line in map(Requirement, wish.constraints)}
        lines = [line for line in map(Requirement, wish.requirements) if counts(line)]
        for line in lines:
            refused = self._refused(line.name, line.specifier & limits.get(line.name, SpecifierSet()), wish)
            if refused is not None:
                return refused

        def solve(queue: list[Requirement], chosen: dict[str, str]) -> dict[str, str] | None:
            if not queue:
                return chosen
            line, rest = queue[0], queue[1:]
            bound = line.specifier & limits.get(line.name, SpecifierSet())
            if line.name in chosen:
                return solve(rest, chosen) if chosen[line.name] in bound else None
            for version in self._fitting(line.name, bound, wish):
                needs = [] if wish.alone else [*map(Requirement, self.known[line.name][version].needs)]
                found = solve([*rest, *filter(counts, needs)], {**chosen, line.name: version})
                if found is not None:
                    return found
            return None

        solution = solve(lines, {})
        if solution is None:
            return Unsolved("conflict", "", " and ".join(map(str, lines)))
        return Solved(tuple(Pin(name, version, f"https://files/{name}", "0", 1) for name, version in solution.items()))

    def _fitting(self, name: str, bound: SpecifierSet, wish: Wish) -> list[str]:
        """Return the versions that can be installed: what is kept first, then the newest."""
        kept = {pin.partition("==")[0]: pin.partition("==")[2] for pin in wish.kept}
        found = [
            each.version
            for each in self.releases(name) or ()
            if each.version in bound and releases.for_python(each, wish.python)
            if releases.has_wheel(each, wish.python, wish.platform)
        ]
        return sorted(found, key=lambda version: (version == kept.get(name), Version(version)), reverse=True)

    def _refused(self, name: str, bound: SpecifierSet, wish: Wish) -> Unsolved | None:
        listed = self.releases(name) or ()
        if not listed:
            return Unsolved("name", name, f"{name} was not found")
        if not any(each.version in bound for each in listed):
            return Unsolved("version", name, f"there is no version of {name}{bound}")
        if not self._fitting(name, bound, wish):
            return Unsolved("wheel", name, f"{name}{bound} has no usable wheels")
        return None


WEB = {  # what a healthy app of the tests installs
    "fastapi": {"0.115.0": Dist(files={"fastapi/__init__.py": "class FastAPI: ...\n"})},
    "uvicorn": {"0.30.0": Dist(files={"uvicorn/__init__.py": ""}, scripts=("uvicorn",))},
}
