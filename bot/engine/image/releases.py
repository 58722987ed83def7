"""Which releases of a distribution an installer takes: for a version of Python, on Linux, within what a requirement allows.

Tags of wheels: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/. Fly and Render build for
x86-64.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.engine.model.index import Python, Release

_LIBC = re.compile(r"(manylinux|musllinux)_(\d+)_(\d+)_x86_64")
_OLD = {"manylinux1_x86_64": 5, "manylinux2010_x86_64": 12, "manylinux2014_x86_64": 17}  # the glibc 2.x that they stand for
_INTERPRETER = re.compile(r"(cp|py)(\d)(\d*)")


def fits(wheel: str, python: Python, platform: str) -> bool:
    """Say whether a wheel, by the name of its file, is for a version of Python on a platform such as `manylinux_2_36`."""
    parts = wheel.removesuffix(".whl").split("-")
    if len(parts) < 5:
        return False
    interpreters, abis, platforms = (part.split(".") for part in parts[-3:])
    return any(_is_for(each, abis, python) for each in interpreters) and any(_runs_on(each, platform) for each in platforms)


def _is_for(interpreter: str, abis: list[str], python: Python) -> bool:
    match = _INTERPRETER.fullmatch(interpreter)
    if match is None or int(match[2]) != python[0]:
        return False
    minor = int(match[3]) if match[3] else None
    if match[1] == "py" or "abi3" in abis:
        return minor is None or minor <= python[1]
    return minor == python[1] and (
        f"cp{python[0]}{python[1]}" in abis or "none" in abis or f"cp{python[0]}{python[1]}m" in abis
    )


def _runs_on(tag: str, platform: str) -> bool:
    if tag == "any":
        return True
    kind, _, version = platform.partition("_")
    libc = int(version.rpartition("_")[2])
    if tag in _OLD:
        return kind == "manylinux" and _OLD[tag] <= libc
    match = _LIBC.fullmatch(tag)
    return match is not None and match[1] == kind and int(match[3]) <= libc


def allows(specifier: str, version: str) -> bool:
    """Say whether a version lies within a specifier such as `>=3.9,<4`; one that can't be read allows everything."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # costly, and for a look into an index alone
    from packaging.version import InvalidVersion

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def for_python(release: Release, python: Python) -> bool:
    """Say whether a release is for a version of Python; of its patch releases, a late one counts."""
    return allows(release.requires_python, f"{python[0]}.{python[1]}.30")


def has_wheel(release: Release, python: Python, platform: str) -> bool:
    """Say whether a release has a wheel that fits."""
    return any(fits(wheel, python, platform) for wheel in release.wheels)


def is_compiled(release: Release) -> bool:
    """Say whether a release has binaries: wheels for certain platforms, and none for all."""
    return bool(release.wheels) and not any(wheel.endswith("-any.whl") for wheel in release.wheels)


def in_order(releases: Iterable[Release]) -> list[Release]:
    """Return the final releases that were not withdrawn, the oldest first."""
    from packaging.version import InvalidVersion, Version

    found = []
    for release in releases:
        try:
            version = Version(release.version)
        except InvalidVersion:
            continue
        if not (version.is_prerelease or release.yanked):
            found.append((version, release))
    return [release for _, release in sorted(found, key=lambda pair: pair[0])]
