"""pdm.lock: what PDM installs. Read after PDM 2.29, tried; each package says for which groups it is, since format 4.4."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from bot.engine.image.locks import markers, scan
from bot.engine.image.locks.lock import Package, Sort, Unusable
from bot.engine.image.locks.markers import Environment
from bot.engine.model.requirements import normal


class PdmLock:
    """A pdm.lock. `content_hash` is what was hashed of pyproject.toml; a package of an old one may not say its groups."""

    def __init__(self, text: str) -> None:
        """Read a lock; raises `Unusable`."""
        self.content_hash = ""
        self._packages: list[tuple[Package, tuple[str, ...], str]] = []
        if re.search(r"^(?:<{7}|>{7}) ", text, re.M):
            raise Unusable("pdm.lock holds merge markers")
        for table in scan.tables(text):
            if table.path == "metadata":
                self.content_hash = table.string("content_hash").rpartition(":")[2]
            elif table.path == "package":
                self._package(table)

    def _package(self, table: scan.Table) -> None:
        sorts: tuple[tuple[str, Sort], ...] = (("git", "git"), ("url", "address"), ("path", "folder"))
        key, sort = next(((key, sort) for key, sort in sorts if key in table.values), ("", "index"))
        package = Package(normal(table.string("name")), table.string("version"), sort, table.string(key), table.line)
        groups = tuple(map(normal, scan.strings(table.values.get("groups", ""))))
        self._packages.append((package, groups, table.string("marker")))

    def chosen(self, groups: Collection[str], environment: Environment) -> Iterator[Package]:
        """Yield what an install of these groups takes."""
        seen: set[tuple[str, str]] = set()
        for package, own, marker in self._packages:
            fits = not own or any(group in groups for group in own)
            if fits and markers.holds(marker, environment) and (package.name, package.version) not in seen:
                seen.add((package.name, package.version))
                yield package
