"""Commands that install a project with its dependencies: uv, poetry, pipenv, PDM and pip-tools, in any build."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from bot.engine.image.managers.call import Call, Follow, Outcome

_FOLLOWED = {
    "uv": "uv",
    "poetry": "poetry",
    "pipenv": "pipenv",
    "pdm": "pdm",
    "pip-sync": "pip_tools",
    "pip-compile": "pip_tools",
    "pipx": "pipx",
}
PROGRAMS = frozenset(_FOLLOWED)
BROUGHT_BY = {
    "uv": "uv",
    "poetry": "poetry",
    "pipenv": "pipenv",
    "pdm": "pdm",
    "pip-sync": "pip-tools",
    "pip-compile": "pip-tools",
}
_SCRIPTS = {"astral.sh/uv": "uv", "install.python-poetry.org": "poetry", "pdm-project.org/install": "pdm"}


def brought_by_script(addresses: str) -> str | None:
    """Return the manager that an installer script at one of these addresses brings."""
    return next((name for address, name in _SCRIPTS.items() if address in addresses), None)


def follow(program: str, call: Call) -> Outcome:
    """Return what a command of a package manager does; each manager's file is loaded when it is first met."""
    module = import_module(f"bot.engine.image.managers.{_FOLLOWED[program]}")
    return cast("Follow", module.follow)(program, call)
