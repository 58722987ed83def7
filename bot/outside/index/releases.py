"""Reads the page of a distribution in a simple index (PEP 691, PEP 700) as its releases."""

from __future__ import annotations

import re
from typing import Any

from bot.engine.model.index import Release

_ARCHIVE = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.(?:tar\.gz|tar\.bz2|zip|tgz)$")


def read(document: Any) -> tuple[Release, ...]:
    """Return the releases of a page in the order of the index; none where there is no such page."""
    files = document.get("files") if isinstance(document, dict) else None
    found: dict[str, Release] = {}
    for file in files if isinstance(files, list) else ():
        name = str(file.get("filename", ""))
        version = _version(name)
        if version is None:
            continue
        python, yanked = str(file.get("requires-python") or ""), bool(file.get("yanked"))
        known = found.get(version) or Release(version, python, (), None, yanked)
        if name.endswith(".whl"):
            known = known._replace(wheels=(*known.wheels, name))
        else:
            known = known._replace(source=name)
        found[version] = known._replace(requires_python=known.requires_python or python, yanked=known.yanked and yanked)
    return tuple(found.values())


def dump(found: tuple[Release, ...]) -> list[list[Any]]:
    """Return releases as lists."""
    return [[each.version, each.requires_python, list(each.wheels), each.source, each.yanked] for each in found]


def load(kept: list[Any]) -> tuple[Release, ...] | None:
    """Return the releases that `dump` wrote; None for anything else."""
    try:
        return tuple(
            Release(version, python, tuple(wheels), source, yanked) for version, python, wheels, source, yanked in kept
        )
    except (TypeError, ValueError):
        return None


def _version(name: str) -> str | None:
    if name.endswith(".whl"):
        parts = name.split("-")
        return parts[1] if len(parts) in (5, 6) else None
    archive = _ARCHIVE.match(name)
    return archive["version"] if archive else None
