"""uv.lock: what uv installs, and whether the lock still says what pyproject.toml asks for.

Tried with uv 0.13; revisions of version 1 only add keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.engine.image.locks import scan
from bot.engine.image.locks.lock import Need, Package, Sort, Unusable
from bot.engine.model.requirements import normal

_SORTS: dict[str, Sort] = {
    "registry": "index",
    "git": "git",
    "url": "address",
    "path": "folder",
    "directory": "folder",
    "editable": "editable",
    "virtual": "virtual",
}


class Asked(NamedTuple):
    """A requirement of a project as the lock noted it; `clauses` are those of its specifier."""

    name: str
    extras: frozenset[str]
    clauses: frozenset[str]


class UvLock:
    """A uv.lock. `python` is its `requires-python`, `members` the projects of the workspace."""

    def __init__(self, text: str) -> None:
        """Read a lock; raises `Unusable`."""
        self.python = ""
        self.members: tuple[str, ...] = ()
        self._packages: dict[str, list[Package]] = {}
        self.groups: dict[str, tuple[Need, ...]] = {}  # of a root that is no project
        self._noted: dict[str, dict[str, tuple[Asked, ...]]] = {}
        if re.search(r"^(?:<{7}|>{7}) ", text, re.M):
            raise Unusable("uv.lock holds merge markers")
        self._read(scan.tables(text))

    def _read(self, tables: Iterable[scan.Table]) -> None:
        package = ""
        for table in tables:
            values = table.values
            if table.path == "":
                self.python = table.string("requires-python")
                if values.get("version", "1").strip() != "1":
                    raise Unusable(f"uv.lock is of version {values['version'].strip()}")
            elif table.path == "manifest":
                self.members = scan.strings(values.get("members", ""))
            elif table.path == "manifest.dependency-groups":
                self.groups = {normal(key): tuple(_needs(value)) for key, value in values.items()}
            elif table.path == "package":
                package = normal(table.string("name"))
                self._packages.setdefault(package, []).append(_package(table))
            elif table.path in ("package.optional-dependencies", "package.dev-dependencies"):
                self._more(package, table)
            elif table.path.startswith("package.metadata"):
                noted = self._noted.setdefault(package, {})
                noted.update((normal(key), tuple(_asked(value))) for key, value in values.items())

    def _more(self, name: str, table: scan.Table) -> None:
        """Add the needs of a package's extras, or of its dependency groups."""
        found = {normal(key): tuple(_needs(value)) for key, value in table.values.items()}
        last = self._packages[name][-1]
        here = last._replace(extras=found) if "optional" in table.path else last._replace(groups=found)
        self._packages[name][-1] = here

    def packages(self, name: str) -> tuple[Package, ...]:
        """See `Lock`."""
        return tuple(self._packages.get(name, ()))

    def own(self) -> Iterator[Package]:
        """Yield the projects that the lock was made for, those of the workspace."""
        for packages in self._packages.values():
            yield from (each for each in packages if each.sort in ("editable", "virtual", "folder"))

    def noted(self, name: str) -> dict[str, tuple[Asked, ...]]:
        """Return what a project asked for when the lock was made: `requires-dist`, and each group by its name."""
        return self._noted.get(name, {})


def _package(table: scan.Table) -> Package:
    source = scan.pairs(table.values.get("source", ""))
    key = next((key for key in _SORTS if key in source), "registry")
    needs = tuple(_needs(table.values.get("dependencies", "")))
    where = scan.string(source.get(key, ""))
    return Package(normal(table.string("name")), table.string("version"), _SORTS[key], where, table.line, needs)


def _needs(text: str) -> Iterator[Need]:
    for each in scan.inline_tables(text):
        extras = tuple(map(normal, scan.strings(each.get("extra") or each.get("extras", ""))))
        version = scan.string(each["version"]) if "version" in each else None
        yield Need(normal(scan.string(each.get("name", ""))), extras, scan.string(each.get("marker", "")), version)


def _asked(text: str) -> Iterator[Asked]:
    for each in scan.inline_tables(text):
        extras = frozenset(map(normal, scan.strings(each.get("extras", ""))))
        yield Asked(normal(scan.string(each.get("name", ""))), extras, clauses(scan.string(each.get("specifier", ""))))


def clauses(specifier: str) -> frozenset[str]:
    """Return the clauses of a version specifier, in one spelling: uv writes them without blanks, and in its own order."""
    plain = re.sub(r"[\s()]", "", specifier)
    return frozenset(clause for clause in plain.split(",") if clause)


def activated(project: str, extras: Iterable[str], groups: Iterable[str]) -> frozenset[str]:
    """Return the names under which a lock's markers know the extras and groups of a project that were chosen.

    uv writes them where `[tool.uv] conflicts` splits a resolution: `extra == 'extra-4-demo-cpu'`.
    """
    names = [f"extra-{len(project)}-{project}-{extra}" for extra in extras]
    names += [f"group-{len(project)}-{project}-{group}" for group in groups]
    return frozenset((*names, f"project-{len(project)}-{project}"))
