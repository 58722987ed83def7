"""Pipfile.lock: what pipenv installs. Read after pipenv 2026.10 (`pipenv/project.py`, plette), tried."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.engine.image.locks import markers
from bot.engine.image.locks.lock import Package, Unusable
from bot.engine.image.locks.markers import Environment
from bot.engine.model.requirements import normal


class PipfileLock:
    """A Pipfile.lock. `content_hash` is that of the Pipfile it was made from; `python` the version that this asked for."""

    def __init__(self, text: str) -> None:
        """Read a lock; raises `Unusable`."""
        import json  # only where there is such a file

        try:
            data = json.loads(text)
        except ValueError as error:
            raise Unusable(f"Pipfile.lock is no JSON: {error}") from None
        except RecursionError:
            raise Unusable("Pipfile.lock is nested too deeply") from None
        if not isinstance(data, dict):
            raise Unusable("Pipfile.lock holds no table")
        self._data = data
        self._text = text
        meta = _table(data.get("_meta"))
        self.content_hash = str(_table(meta.get("hash")).get("sha256", ""))
        self.python = str(_table(meta.get("requires")).get("python_version", ""))

    def chosen(self, categories: Collection[str], environment: Environment) -> Iterator[Package]:
        """Yield what an install of these categories (`default`, `develop`, or one's own) takes."""
        for category in categories:
            at = self._text.find(f'"{category}"')
            for name, entry in _table(self._data.get(category)).items():
                at = max(at, self._text.find(f'"{name}": {{', at))
                found = _package(name, _table(entry), self._text.count("\n", 0, max(at, 0)) + 1)
                if markers.holds(str(_table(entry).get("markers", "")), environment):
                    yield found


def _package(name: str, entry: dict[str, object], line: int) -> Package:
    for key, sort in (("git", "git"), ("path", "folder"), ("file", "address")):
        if key in entry:
            return Package(normal(name), "", sort, str(entry[key]), line)  # type: ignore[arg-type]
    return Package(normal(name), str(entry.get("version", "")).lstrip("="), "index", "", line)


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
