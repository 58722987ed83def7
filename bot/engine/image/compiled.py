"""What pip needs beside Python to install some distributions: a compiler, headers, git.

The slim images have none of them. Which distributions publish no wheel for Linux, what their builds look for and
the words with which they give up are those of their releases of 2026-11 (psycopg2 2.9, mysqlclient 2.2, uWSGI 2.0).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.image.bases import Base
from bot.engine.image.stage import Stage
from bot.engine.model.findings import MissingSystem
from bot.engine.model.requirements import Requirement

_GCC = "error: [Errno 2] No such file or directory: 'gcc'"


class Need(NamedTuple):
    """What building a distribution needs (Debian's names), the words when it is not there, and what has a wheel instead."""

    packages: tuple[str, ...]
    message: str = _GCC
    instead: str | None = None
    wheels_until: tuple[int, int] = (0, 0)  # the newest Python with wheels
    wheels_at: str = ""  # releases with wheels, as a pattern of what is asked for


NEEDS: dict[str, Need] = {
    "psycopg2": Need(("gcc", "libpq-dev"), "Error: pg_config executable not found.", "psycopg2-binary", (3, 7), r"2\.[0-7]\b"),
    "mysqlclient": Need(("gcc", "pkg-config", "default-libmysqlclient-dev"), "Exception: Can not find valid pkg-config name."),
    "uwsgi": Need(("gcc",), "Exception: you need a C compiler to build uWSGI"),
    "python-ldap": Need(("gcc", "libldap2-dev", "libsasl2-dev")),
    "netifaces": Need(("gcc",), wheels_until=(3, 9)),
    "pyaudio": Need(("gcc", "portaudio19-dev")),
    "pycrypto": Need(("gcc",), instead="pycryptodome"),
    "fasttext": Need(("g++",)),
    "dlib": Need(("g++", "cmake", "make")),
    "llama-cpp-python": Need(("g++", "cmake", "make")),
    "hnswlib": Need(("g++",)),
    "annoy": Need(("g++",)),
}
_COMPILERS = {  # each with the packages that depend on it, or recommend it
    "gcc": ("gcc", "g++", "build-essential", "gfortran", "clang", "libtool", "cmake", "dpkg-dev"),
    "g++": ("g++", "build-essential", "clang", "dpkg-dev"),
    "make": ("make", "build-essential", "cmake", "dpkg-dev"),
}
_SAME = {
    "libpq-dev": ("libpq-dev", "postgresql-server-dev", "postgresql-common"),
    "pkg-config": ("pkg-config", "pkgconf"),
    "default-libmysqlclient-dev": ("default-libmysqlclient-dev", "libmariadb", "libmysqlclient-dev"),
    "libldap2-dev": ("libldap2-dev", "libldap-dev"),
}


class Lack(NamedTuple):
    """A requirement that can't be installed: the installer's words, the reason, and what is missing."""

    message: str
    reason: str
    missing: MissingSystem


def lacks(stage: Stage, asked: tuple[Requirement, ...]) -> list[Lack]:
    """Return which requirements an install in this stage can't build."""
    if not is_bare(stage.base):
        return []
    found = []
    for requirement in asked:
        name = requirement.line.value
        need = NEEDS.get(name)
        if need and _has_wheel(need, requirement, stage):
            continue
        absent = tuple(each for each in need.packages if not _there(stage, each)) if need else ()
        if need and absent:
            reason = f"`{name}` has no wheel for Linux, so pip builds it, and {stage.base.name} lacks {', '.join(absent)}."
            found.append(Lack(need.message, reason, MissingSystem(absent, name, None)))
    return found


def lacks_git(stage: Stage, asked: tuple[Requirement, ...], address: str | None) -> list[Lack]:
    """Return that an install of a git repository finds no git: at an address, or of a requirement that names one."""
    named = (each.line for each in asked if "git+" in each.line.rest and ";" not in each.line.rest)
    address = address or next((line.value for line in named), None)
    if address is None or not is_bare(stage.base) or _there(stage, "git"):
        return []
    message = "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?"
    reason = f"{address} comes from a git repository, and {stage.base.name} has no git."
    return [Lack(message, reason, MissingSystem(("git",), None, None))]


def is_bare(base: Base) -> bool:
    """Say whether an image of Python brings no compiler, no git and few libraries: a slim one of Debian."""
    return base.known and base.python is not None and "slim" in base.name


def _there(stage: Stage, package: str) -> bool:
    names = _COMPILERS.get(package) or _SAME.get(package) or (package,)
    return any(program == name or program.startswith(f"{name}-") for name in names for program in stage.programs)


def _has_wheel(need: Need, requirement: Requirement, stage: Stage) -> bool:
    """Say whether a wheel may be there: for an old Python, an old release, at an address; or a marker leaves it out."""
    rest, python = requirement.line.rest, stage.base.python
    old = python is not None and python <= need.wheels_until
    return old or ";" in rest or "@" in rest or bool(need.wheels_at and re.search(need.wheels_at, rest))
