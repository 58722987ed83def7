"""What `bot serve` and `bot worker` have in common: what they need, their settings, and how mistakes in these are said."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.errors import TROUBLE, Refused
from bot.report.text import clean

if TYPE_CHECKING:
    from webhooks.settings import BadSettings, Settings

_NEEDED = ("cryptography", "dbos", "fastapi", "github", "httpx", "prometheus_client", "psycopg", "sqlalchemy", "uvicorn")


def settings(command: str, more: Mapping[str, str | None]) -> Settings:
    """Return the settings of the environment, with what the command line says before it, and start the journal.

    Raises `Refused` where the extra `serve` is not installed, and `BadSettings`.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise Refused(
            f"`bot {command}` needs packages that are not installed ({', '.join(missing)}): pip install 'deploymend[serve]', "
            "in a clone pip install '.[serve]'"
        )
    from webhooks import journal
    from webhooks.settings import read

    found = read(os.environ | {name: value for name, value in more.items() if value is not None}, Path.cwd())
    journal.install(found.log_level)
    return found


def say(error: BadSettings) -> int:
    """Print a sentence for each mistake and return the exit code."""
    for sentence in error.sentences:
        print(f"bot: {clean(sentence)}", file=sys.stderr)
    return TROUBLE
