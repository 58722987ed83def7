"""The questions that are put to git itself: which files have uncommitted changes, and where the work tree begins."""

from __future__ import annotations

import os

_ENVIRONMENT = {  # nothing of a repository's configuration may start a program
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "core.fsmonitor",
    "GIT_CONFIG_VALUE_0": "false",
    "GIT_CONFIG_KEY_1": "core.hooksPath",
    "GIT_CONFIG_VALUE_1": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


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
    """Return those of `paths` (relative to `root`) that differ from the last commit; raises `GitTrouble`."""
    import subprocess  # costly, and only needed before something is written

    command = (
        "git",
        "--literal-pathspecs",
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--",
        *paths,
    )
    try:
        run = subprocess.run(
            command, cwd=root, capture_output=True, timeout=60, env={**os.environ, **_ENVIRONMENT}, check=False
        )
    except FileNotFoundError:
        raise GitTrouble("git is not installed, so uncommitted changes can't be told; --allow-dirty goes on without") from None
    except subprocess.TimeoutExpired:
        raise GitTrouble("git status took longer than a minute") from None
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitTrouble(f"git status failed: {said[0] if said else 'no reason given'}")
    top = work_tree(root) or root
    prefix = os.path.relpath(os.path.realpath(root), top)
    entries = [entry[3:] for entry in run.stdout.decode("utf-8", "surrogateescape").split("\0") if len(entry) > 3]
    return [entry if prefix == "." else os.path.relpath(entry, prefix) for entry in entries]
