"""Which third-party modules an image has: the distributions that its installs ask for, and what these bring along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.engine.image.distributions import Asked, Installed
from bot.engine.image.snapshot import known, needs, provider, version
from bot.engine.image.stage import Install

if TYPE_CHECKING:
    from bot.engine.model.index import Index

__all__ = ["Asked", "Installed", "installed", "known", "needs", "provider", "version"]
_ELSEWHERE = re.compile(  # a marker that does not hold in a container
    r"""\s*\(?\s*(?:sys_platform|platform_system|os_name)\s*==\s*["'](?:win32|Windows|nt|darwin|Darwin|cygwin)["']\s*\)?\s*$"""
)


def installed(installs: tuple[Install, ...], python: tuple[int, int] | None = None, index: Index | None = None) -> Installed:
    """Return what an image's installs come to, for a version of Python; `index` is what they were resolved with."""
    found = _installed(installs, python, index)
    if any(install.given for install in installs):
        from bot.engine.image import projects  # for images in which a project is installed alone

        found.given = tuple(
            project._replace(paths=(projects.site(install.prefix, python),)) if project.copied else project
            for install in installs
            for project in install.given
        )
    return found


def _installed(installs: tuple[Install, ...], python: tuple[int, int] | None, index: Index | None) -> Installed:
    asked = tuple(each for install in installs if install.pins is None or index is None for each in _asked(install))
    opaque = next((install.opaque for install in installs if install.opaque), None)
    projects = tuple(project for install in installs for project in install.projects)
    if index is None or python is None or all(install.pins is None for install in installs):
        return Installed(asked, opaque, projects, python)
    from bot.engine.image import exact  # where the package index was asked alone

    left = [each for install in installs if install.pins is not None for each in _asked(install)]
    return exact.Exact((asked, tuple(left)), exact.pins_of(installs), opaque, projects, python, index)


def _asked(install: Install) -> Iterator[Asked]:
    for requirement in install.requirements:
        line = requirement.line
        if not _ELSEWHERE.match(line.rest.partition(";")[2]):
            yield Asked(line.value, line.extras, line.rest, install.lock is not None)
