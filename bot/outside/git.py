"""The questions that are put to git itself: which files have uncommitted changes, and where the work tree begins."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_SETTINGS = {"core.fsmonitor": "false", "core.hooksPath": os.devnull}  # nothing of a repository may start a program
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_ELSEWHERE = frozenset(  # `git rev-parse --local-env-vars`: a hook's environment names another repository
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT GIT_OBJECT_DIRECTORY GIT_DIR"
    " GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_INDEX_FILE GIT_NO_REPLACE_OBJECTS GIT_REPLACE_REF_BASE"
    " GIT_PREFIX GIT_SHALLOW_FILE GIT_COMMON_DIR".split()
)


class GitTrouble(Exception):
    """git is there and did not answer as it should."""


def work_tree(path: str) -> str | None:
    """Return the folder above (or at) `path` that holds a `.git`; None where there is none."""
    here = os.path.realpath(path)
    while True:
        if os.path.lexists(os.path.join(here, ".git")):
            return here
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def uncommitted(root: str, paths: list[str]) -> list[str]:
    """Return those of `paths` (relative to `root`) that differ from the last commit; raises `GitTrouble`.

    Each is asked of the repository that it lies in, which may be a submodule; one in no repository differs from nothing.
    """
    names: dict[str, dict[str, str]] = {}
    for path in paths:
        folder = os.path.realpath(os.path.dirname(os.path.join(root, path)))
        top = work_tree(folder)
        if top is not None:
            seen = os.path.relpath(os.path.join(folder, os.path.basename(path)), top)
            names.setdefault(top, {})[path] = seen
    dirty = {top: _status(top, list(seen.values())) for top, seen in names.items()}
    return [path for path in paths for top, seen in names.items() if path in seen and _listed(seen[path], dirty[top])]


def _listed(path: str, entries: list[str]) -> bool:
    """Say whether git names a path, or a folder above it as a whole."""
    return any(path == entry or (entry.endswith("/") and path.startswith(entry)) for entry in entries)


def _status(top: str, paths: list[str]) -> list[str]:
    """Return what `git status` lists of these paths, all relative to the top of a work tree."""
    filters = _git(top, _SETTINGS, "config", "--null", "--name-only", "--get-regexp", r"^filter\.")
    keys = {key for key in filters.stdout.decode("utf-8", "surrogateescape").split("\0") if key}
    silenced = {key: "false" if key.endswith(".required") else "" for key in keys}
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching", "--no-renames", "--ignore-submodules=all")
    run = _git(top, {**_SETTINGS, **silenced}, "--literal-pathspecs", "status", *options, "--", *paths)
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitTrouble(f"git status failed: {said[0] if said else 'no reason given'}")
    return [entry[3:] for entry in run.stdout.decode("utf-8", "surrogateescape").split("\0") if len(entry) > 3]


def _git(top: str, settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    import subprocess  # costly, and only needed before something is written

    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE} | _ENVIRONMENT
    environment["GIT_WORK_TREE"] = top  # a repository's core.worktree may name another folder
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    environment["GIT_CONFIG_COUNT"] = str(len(settings))
    try:
        return subprocess.run(("git", *arguments), cwd=top, capture_output=True, timeout=60, env=environment, check=False)
    except FileNotFoundError:
        raise GitTrouble("git is not installed, so uncommitted changes can't be told; --allow-dirty goes on without") from None
    except subprocess.TimeoutExpired:
        raise GitTrouble(f"git {arguments[0]} took longer than a minute") from None
