"""The rows of a list: a commit, and how its deploy is looked at. One JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

_OF_BOT = ("--config", "--app", "--process", "--from")
_OF_VERIFY = ("--timeout", "--engine", "--network", "--memory", "--build-timeout")


class Row(NamedTuple):
    """One commit. `chosen` are the options of every command, `verifying` those of `bot verify` alone, `secrets` its file."""

    name: str
    repo: str
    sha: str
    platform: str | None
    chosen: tuple[str, ...]
    verifying: tuple[str, ...]
    secrets: dict[str, str]

    @property
    def config(self) -> str | None:
        """The config that is named."""
        return dict(zip(self.chosen[::2], self.chosen[1::2], strict=False)).get("--config")


def read(path: Path) -> list[Row]:
    """Read a list; raises `ValueError` with the line of what can't be used."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                rows.append(_row(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}:{number}: {error}") from None
    return rows


def _row(data: dict[str, object]) -> Row:
    options = data.get("options", data.get("opts")) or []
    if not isinstance(options, list):
        raise ValueError("options is a list")
    chosen: list[str] = []
    verifying: list[str] = []
    given = data.get("secrets") or {}
    secrets = {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    platform = data.get("platform")
    words = [str(option) for option in options]
    while words:
        option = words.pop(0)
        if option == "--release":
            verifying.append(option)
        elif option in _OF_BOT:
            chosen += [option, words.pop(0)]
        elif option in _OF_VERIFY:
            verifying += [option, words.pop(0)]
        elif option == "--env":  # a value that the platform holds
            name, _, value = words.pop(0).partition("=")
            secrets[name] = value
        elif option == "--platform":
            platform = words.pop(0)
        elif option == "--path":  # which page to ask is the config's to say
            words.pop(0)
        else:
            raise ValueError(f"{option} is no option of a row")
    repo, sha = str(data["repo"]), str(data["sha"])
    name = str(data.get("id") or f"{repo}@{sha[:7]}")
    return Row(name, repo, sha, str(platform) if platform else None, tuple(chosen), tuple(verifying), secrets)
