"""What uv may not write as the user who runs it: its cache, a new environment, packages that an environment lacks.

Tried with uv 0.13: even a `uv run` that installs nothing wants its cache, unless it is told to do without
(https://docs.astral.sh/uv/concepts/cache/); of an environment that has all it needs, it writes nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import NamedTuple

from bot.engine.image.access import Access
from bot.engine.image.managers.call import Call, Outcome
from bot.engine.image.stage import Install

_CACHED = ("run", "sync", "pip", "venv", "lock", "export", "add", "tool")
_CREATES = "error: failed to create directory `{}`: Permission denied (os error 13)"


class Refused(NamedTuple):
    """A write that is denied: the path, uv's words and the reason."""

    path: str
    message: str
    reason: str


def refused(call: Call, access: Access, outcome: Outcome) -> Refused | None:
    """Return what uv fails to write first, if that is known; the stage is as it was before the command."""
    if None in call.words or access.root or access.user is None:
        return None
    return _cache(call, access) or _environment(call, access, outcome) or _packages(call, access, outcome)


def _cache(call: Call, access: Access) -> Refused | None:
    """Judge the cache: `--cache-dir`, UV_CACHE_DIR, XDG_CACHE_HOME, or `.cache/uv` in the home folder."""
    words = [word or "" for word in call.words]
    front = words[: words.index("run") + 1] if "run" in words else words  # what follows is another command's
    if not {*_CACHED} & {*front} or {"--no-cache", "-n", "--no-cache-dir"} & {*words} or call.switched("UV_NO_CACHE"):
        return None
    named, shared, home = (call.variable(name) for name in ("UV_CACHE_DIR", "XDG_CACHE_HOME", "HOME"))
    if named is None or shared is None or not home or any(word.startswith("--cache-dir") for word in words):
        return None
    path = posixpath.normpath(posixpath.join(call.folder, named or posixpath.join(shared or f"{home}/.cache", "uv")))
    answer = access.write(path)
    return Refused(path, f"error: Failed to initialize cache at `{path}`", answer.reason) if answer.yes is False else None


def _environment(call: Call, access: Access, outcome: Outcome) -> Refused | None:
    stage = call.stage
    for path in outcome.environments:
        there = path in stage.environments or stage.files.find(path) or any(each.prefix == path for each in stage.installs)
        answer = access.write(path)
        if answer.yes is False and not there and not stage.files.tainted(path):
            return Refused(path, _CREATES.format(path), answer.reason)
    return None


def _packages(call: Call, access: Access, outcome: Outcome) -> Refused | None:
    """Judge what is to be installed on top of what an environment has."""
    for install in outcome.installs:
        before = [each for each in call.stage.installs if each.prefix == install.prefix]
        wanted = install.lock is not None and not install.opaque and before and not any(each.opaque for each in before)
        answer = access.write(f"{install.prefix}/lib")
        new = _new(install, before) if wanted and answer.yes is False else None
        if new:
            return Refused(install.prefix, f"error: Failed to install: {new}", f"{answer.reason} {new} is not installed there.")
    return None


def _new(install: Install, before: Iterable[Install]) -> str | None:
    """Return what an install adds to those before it: a distribution's name, or the folder of a project."""
    names = {each.line.value for one in before for each in one.requirements}
    projects = {folder for one in before for folder in (*one.projects, *(project.folder for project in one.given))}
    added = [folder for folder in install.projects if folder not in projects]
    added += [each.line.value for each in install.requirements if each.line.value not in names]
    return added[0] if added else None
