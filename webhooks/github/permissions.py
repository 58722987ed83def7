"""The permissions that our tokens ask for, each set for one purpose; a token never has more than its purpose needs.

Names and levels are those of "Permissions required for GitHub Apps" in GitHub's documentation of the REST API.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Permissions = Mapping[str, str]

FETCH: Final[Permissions] = MappingProxyType({"metadata": "read", "contents": "read"})  # git fetch
PUSH: Final[Permissions] = MappingProxyType({"metadata": "read", "contents": "write"})  # git push
PUSH_WORKFLOWS: Final[Permissions] = MappingProxyType({**PUSH, "workflows": "write"})  # … of a change under .github/workflows
READ: Final[Permissions] = MappingProxyType(
    {
        "metadata": "read",  # the repository, who may do what
        "contents": "read",  # where a branch stands
        "pull_requests": "read",
        "issues": "read",  # who closed a pull request
        "checks": "read",  # outputs and annotations as evidence
        "actions": "read",  # the logs of jobs
    }
)
TALK: Final[Permissions] = MappingProxyType(
    {
        "metadata": "read",
        "contents": "read",  # a pull request names branches
        "pull_requests": "write",
        "issues": "write",  # comments and reactions
        "checks": "write",
    }
)

_LEVELS = {"read": 1, "write": 2, "admin": 3}


def covers(granted: Permissions, wanted: Permissions) -> bool:
    """Return whether everything that is wanted has been granted."""
    return not lacking(granted, wanted)


def lacking(granted: Permissions, wanted: Permissions) -> dict[str, str]:
    """Return what is wanted and has not been granted."""
    return {name: level for name, level in wanted.items() if _LEVELS.get(granted.get(name, ""), 0) < _LEVELS[level]}


def shared(granted: Permissions, wanted: Permissions) -> dict[str, str]:
    """Return as much of what is wanted as has been granted: a level that is too high is lowered."""
    return {
        name: min(level, granted[name], key=lambda one: _LEVELS.get(one, 0))
        for name, level in wanted.items()
        if name in granted
    }
