"""The rows of a list: a repository, and how it would be started. One JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, NamedTuple


class Row(NamedTuple):
    repo: str
    way: Literal["package", "dots", "base"]
    folder: str
    sha: str = "HEAD"
    entry: str = ""
    app: str = "app"
    requirements: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    settings: str = ""
    path: tuple[str, ...] = ()
    env: tuple[str, ...] = ()


def read(path: Path) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            rows.append(Row(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(line).items()}))
    return rows
