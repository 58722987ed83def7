"""The rows of a list: a repository, and how it would be started. One JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, NamedTuple


class Row(NamedTuple):
    """One repository, and one way to import its modules; see README.md for the fields."""

    repo: str
    way: Literal["package", "dots", "base"]
    folder: str
    sha: str = "HEAD"
    entry: str = ""
    requirements: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    settings: str = ""
    env: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.repo.replace('/', '+')}-{self.way}"


def read(path: Path) -> list[Row]:
    """Read a list; raises `ValueError` with the line of what can't be used."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                data = json.loads(line)
                found.append(Row(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{path}:{number}: {error}") from None
    return found
