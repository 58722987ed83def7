"""What an image's distributions give: the modules, the console scripts, and what they bring along.

What a distribution gives and brings is looked up in a snapshot of the package index (see `snapshot.py`). It knows the
newest releases of the day that it shows; of a distribution that it does not have, only the name is known.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.image import snapshot
from bot.engine.image.snapshot import known
from bot.engine.model.requirements import normal

if TYPE_CHECKING:
    from bot.engine.image.projects import Given
    from bot.engine.image.site import Site


_CLAUSE = re.compile(r"(===?|~=|<=?|>=?|!=)\s*v?(\d[\w.*+!-]*)")
# names that wheels bring by mistake, and that the snapshot leaves out
_MISPLACED = frozenset(
    "tests test docs doc examples example samples sample benchmarks benchmark scripts script src data tools utils"
    " resources conftest setup build dist assets static templates".split()
)
_CALENDAR = 1990  # a version that begins with a year
# from which release to which (without it) today's extras were dependencies, where that is known
_MOVED: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "django": ((0,), (0,)),
    "fastapi": ((0, 111), (0, 112)),
    "flask": ((0,), (0,)),
    "gunicorn": ((0,), (0,)),
    "passlib": ((0,), (0,)),
    "pydantic": ((0,), (0,)),
    "python-jose": ((0,), (0,)),
    "requests": ((0,), (0,)),
    "sqlalchemy": ((1, 4), (2, 1)),
    "starlette": ((0,), (0,)),
    "uvicorn": ((0,), (0, 13)),
}
_BROUGHT = {"fastapi": "standard", "sqlalchemy": "asyncio"}  # the extra that those releases bring without being asked
_COMMON = 10  # distributions that depend on one: from here on, it is among what everybody uses
_FEW = 5  # dependencies: what has no more had none but common ones in its older releases
# what package managers bring along that apps import as well, tried on 2026-11-28: an app that has one has only these of it
_MANAGERS = {
    "uv": frozenset[str](),
    "pip-tools": frozenset("build click packaging pyproject-hooks setuptools wheel".split()),
    "pipenv": frozenset("certifi distlib filelock packaging platformdirs setuptools typing-extensions virtualenv".split()),
    "poetry": frozenset(
        "anyio build cachecontrol certifi cffi charset-normalizer cleo crashtest cryptography distlib dulwich"
        " fastjsonschema filelock findpython h11 httpcore httpcore2 httpx httpx2 idna importlib-metadata installer"
        " jaraco-classes jaraco-context jaraco-functools jeepney keyring more-itertools msgpack packaging pbs-installer"
        " pkginfo platformdirs poetry-core pycparser pyproject-hooks python-discovery rapidfuzz requests requests-toolbelt"
        " secretstorage shellingham tomlkit trove-classifiers typing-extensions urllib3 virtualenv zstandard".split()
    ),
    "pdm": frozenset(
        "anyio blinker certifi dep-logic distlib filelock findpython h11 hishel httpcore httpcore2 httpx httpx2 id idna"
        " importlib-metadata installer markdown-it-py mdurl msgpack packaging pbs-installer platformdirs pygments"
        " pyproject-hooks python-dotenv requests resolvelib rich shellingham socksio tomlkit truststore typing-extensions"
        " unearth urllib3 virtualenv".split()
    ),
    "poetry-plugin-export": frozenset(("poetry-core", "poetry")),
}
_TELLING = 4  # letters of a word that tells distributions apart
_OLD = (3, 10)  # for a Python before it, pip takes older releases than the snapshot's


class Asked(NamedTuple):
    """A distribution that an install names; `rest` is its version and marker as written.

    `alone`: what it needs is asked for by itself, as a lock file does.
    """

    name: str
    extras: tuple[str, ...]
    rest: str
    alone: bool = False


class Installed:
    """What the installs of an image come to.

    `opaque` says why there may be more than that, `projects` are folders of the image that are installed themselves,
    `python` is the interpreter's version (None: not known).
    """

    def __init__(
        self,
        asked: tuple[Asked, ...] = (),
        opaque: str | None = None,
        projects: tuple[str, ...] = (),
        python: tuple[int, int] | None = None,
    ) -> None:
        self.asked = asked
        self.opaque = opaque
        self.projects = projects
        self.python = python
        self.site: Site | None = None  # the content of the wheels, where they were looked into
        self.given: tuple[Given, ...] = ()  # the projects of which it is known what they give

    @cached_property
    def _extras(self) -> dict[str, set[str]]:
        """All distributions that are there, with the extras that were asked for."""
        found: dict[str, set[str]] = {"pip": set()}
        queue = [(each.name, extra) for each in self.asked for extra in ("", *each.extras, *_once(each))]
        while queue:
            name, extra = queue.pop()
            if name in found and (not extra or extra in found[name]):
                continue
            entry = None if name in self._alone else snapshot.entry(name)
            if name not in found:
                found[name] = set()
                needs = entry.needs if entry else ()
                queue += [(need.name, each) for need in needs if need.counts(self.python) for each in ("", *need.extras)]
            if extra:
                found[name].add(extra)
                needs = entry.extras.get(extra, ()) if entry else ()
                queue += [(need.name, each) for need in needs if need.counts(self.python) for each in ("", *need.extras)]
        return found

    @cached_property
    def _alone(self) -> frozenset[str]:
        """The distributions that nothing asks for but a lock file, which names what they need as well."""
        return frozenset(each.name for each in self.asked if each.alone) - {each.name for each in self.asked if not each.alone}

    @property
    def distributions(self) -> frozenset[str]:
        """All distributions that are there by their normal names, dependencies included."""
        return frozenset(self._extras)

    @cached_property
    def _modules(self) -> tuple[frozenset[str], frozenset[str]]:
        """The import names that are there, and the packages that these lie in."""
        entries = [snapshot.entry(name) for name in self._extras]
        names = frozenset(name for entry in entries if entry for name in entry.imports)
        parents = {name.rsplit(".", count)[0] for name in names if "." in name for count in range(1, name.count(".") + 1)}
        return names, frozenset(parents)

    @cached_property
    def _unknown(self) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._extras if name != "pip" and not known(name)))

    def has(self, name: str) -> bool:
        """Say whether a distribution is there."""
        return any(each.name == name for each in self.asked) or name in self._extras

    def asks(self, name: str, extra: str) -> bool:
        """Say whether a distribution is asked for with an extra."""
        return any(each.name == name and extra in each.extras for each in self.asked)

    def gives(self, module: str) -> bool:
        """Say whether an installed distribution gives a module, by its dotted name."""
        parts = module.split(".")
        names, parents = self._modules
        if module in parents or any(".".join(parts[:length]) in names for length in range(1, len(parts) + 1)):
            return True
        plain = normal(parts[0])
        return any(
            name in (plain, f"python-{plain}", f"py{plain}")
            or name.startswith((f"{plain}-", f"django-{plain}"))
            or name.endswith(f"-{plain}")
            for name in self._unknown
        )

    def lacks(self, name: str) -> str | None:
        """Return the first part of a dotted name that nothing gives, though its parent is a namespace that others fill."""
        names, parents = self._modules
        parts = name.split(".")
        for length in range(1, len(parts)):
            above, here = ".".join(parts[:length]), ".".join(parts[: length + 1])
            if above not in parents or above in names:
                return None
            if not self.gives(here):
                return here
        return None

    def before(self, name: str, release: tuple[int, ...]) -> bool:
        """Say whether a requirement keeps a distribution below a release."""
        entry = snapshot.entry(name)
        found = [_distance(each.rest, entry.versions) for each in self.asked if entry and each.name == name]
        return any(far and (far.bound < release or (far.below and far.bound == release)) for far in found)

    def exact(self, name: str) -> bool:
        """Say whether the version of a distribution is known."""
        return False

    def held(self, name: str) -> bool:
        """Say whether an older release of another distribution may keep this one from its newest."""
        found = [(each.rest, entry) for each in self.asked if (entry := snapshot.entry(each.name))]
        holding = [(rest, entry) for rest, entry in found if any(need.name == name for need in entry.needs)]
        return any(_distance(rest, entry.versions) for rest, entry in holding)

    def akin(self, module: str) -> str | None:
        """Return a distribution that the snapshot lacks and whose name begins or ends with a module's."""
        plain = normal(module)
        return next((name for name in self._unknown if name.startswith(plain) or name.endswith(plain)), None)

    def runs(self, script: str) -> bool | None:
        """Say whether a console script is there; None where a distribution that is not known may bring it."""
        entries = [snapshot.entry(name) for name in self._extras]
        if script in ("pip", "pip3") or any(entry and script in entry.scripts for entry in entries):
            return True
        if any(script in project.scripts for project in self.given):
            return True
        return None if self.opaque or self.projects or self._unknown else False

    def doubt(self, module: str, provided_by: str | None = None) -> str | None:
        """Return why a module may be there although `gives` denies it; None where that is certain.

        `provided_by` is the distribution that would give it, where that is known without asking the snapshot.
        """
        found = self.opaque or self.by_snapshot(module, provided_by)
        return found if found is None or self.opaque else f"{found} (--deep tells)"

    def by_snapshot(self, module: str, provided_by: str | None = None) -> str | None:
        """Return why a module may be there that the snapshot knows nobody to give."""
        top = module.partition(".")[0]
        unknown = next((name for name in self._unknown if self._may_give(name, top)), None)
        if unknown:
            return f"{unknown} is not in the snapshot of {snapshot.date()}, and may give or bring `{top}`"
        if top.startswith("_") or top in _MISPLACED:
            return f"a wheel may bring a `{top}` of its own"
        return self._by_extra(top) or self._by_version(top, (provided_by,) if provided_by else snapshot.givers(top))

    def _may_give(self, name: str, top: str) -> bool:
        """Say whether a distribution that the snapshot lacks may give or bring a module.

        One from a lock file brings nothing more; it may give what others give by another name, as `opencv-contrib-python` and
        `py-cord` do.
        """
        givers = snapshot.givers(top)
        if name in _MANAGERS:
            return not givers or not _MANAGERS[name].isdisjoint(givers)
        if name not in self._alone or not givers:
            return True
        others = (normal(top), *givers)
        words = {word for each in others for word in each.split("-") if len(word) >= _TELLING}
        own = [word for word in name.split("-") if len(word) >= _TELLING]
        alike = any(word in name for word in words) or any(word in each for each in others for word in own)
        return normal(top) in name or alike

    def _by_extra(self, top: str) -> str | None:
        for name, extras in self._extras.items():
            entry = None if name in self._alone else snapshot.entry(name)
            lacking = [extra for extra in extras if entry and extra not in entry.extras]
            if lacking:
                return f"{name}[{lacking[0]}] is not in the snapshot of {snapshot.date()}, and may bring `{top}`"
        return None

    def _by_version(self, top: str, givers: tuple[str, ...]) -> str | None:
        """Return the requirement for a release so far from the snapshot's that it may have brought the module."""
        wanted = max(map(snapshot.dependents, givers), default=_COMMON)
        if wanted and self.python and self.python < _OLD:
            return f"Python {self.python[0]}.{self.python[1]} gets older releases than those of the snapshot"
        for each in self.asked:
            entry = snapshot.entry(each.name)
            far = _distance(each.rest, entry.versions) if entry else None
            if entry is None or far is None or each.name in self._alone:
                continue
            optional = {need.name for needs in entry.extras.values() for need in needs}
            extra = any(name in optional for name in givers)
            moved = extra and far.within(_MOVED.get(each.name))
            others = wanted >= (_COMMON if len(entry.needs) <= _FEW else 1)
            if moved or (far.major and others and not (extra and each.name in _MOVED)):
                written = each.rest.partition(";")[0].strip()
                return f"{each.name}{written} may bring `{top}`: only {entry.versions[0]} is known"
        return None


def _once(asked: Asked) -> tuple[str, ...]:
    """Return the extra that a pinned release brought of itself."""
    extra, entry = _BROUGHT.get(asked.name), snapshot.entry(asked.name)
    far = _distance(asked.rest, entry.versions) if extra and entry else None
    return (extra,) if extra and far and not far.below and far.within(_MOVED[asked.name]) else ()


class _Far(NamedTuple):
    """A release that a requirement comes to, other than the known ones."""

    bound: tuple[int, ...]
    major: bool
    below: bool  # the bound itself is left out

    def within(self, releases: tuple[tuple[int, ...], tuple[int, ...]] | None) -> bool:
        return releases is None or releases[0] <= self.bound < releases[1]


def _distance(rest: str, versions: tuple[str, ...]) -> _Far | None:
    """Return how far a requirement keeps a distribution from its known releases; None where it does not."""
    seen = {_numbers(version)[0] for version in versions}
    newest = _numbers(versions[0])
    for operator, written in _CLAUSE.findall(rest.partition(";")[0]):
        bound = _numbers(written)
        if operator == "~=":
            bound = bound[:-1]
        if operator in ("==", "===", "~="):
            if not bound or bound == newest[: len(bound)]:
                continue
            major = bound[0]
        elif operator in ("<", "<=") and bound < newest:
            major = bound[0] if operator == "<=" or any(bound[1:]) else bound[0] - 1
        else:
            continue
        return _Far(bound, major not in seen and max(bound[0], newest[0]) < _CALENDAR, operator == "<")
    return None


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else (0,)
