"""A config file in TOML, JSON or YAML: its values, and the place of each key."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from bot.engine.model import toml
from bot.engine.model.findings import Place
from bot.engine.model.toml_scalars import Problem
from bot.engine.model.tree import position


class ConfigFile(NamedTuple):
    """What a config says. `problem` is the parser's complaint; `data` is then what the author meant, or empty."""

    path: str
    text: str
    data: dict[str, toml.Value]
    spans: dict[toml.Path, toml.Span]
    problem: Problem | None

    def place(self, *path: str | int) -> Place:
        """Return where a key stands; its nearest parent's place when the key itself is not written."""
        while path:
            span = self.spans.get(path)
            if span:
                return Place(self.path, *position(self.text, span.key_start))
            path = path[:-1]
        return Place(self.path, 1)

    def table(self, name: str) -> dict[str, toml.Value]:
        """Return a top-level table; empty when it is missing or something else."""
        value = self.get(name)
        return value if isinstance(value, dict) else {}

    def get(self, name: str) -> toml.Value:
        """Return a top-level value; names match in any case, as Go's JSON decoder matches them."""
        return lookup(self.data, name)


def lookup(table: dict[str, toml.Value], name: str) -> toml.Value:
    """Return a table's value; the exact name goes before one in another case."""
    if name in table:
        return table[name]
    return next((value for key, value in table.items() if key.lower() == name.lower()), None)


def load(path: str, text: str) -> ConfigFile:
    """Read a config by its suffix, as flyctl chooses the parser: `.json`, `.yaml`, anything else is TOML."""
    if path.endswith((".json", ".yaml")):
        from bot.engine.model import yaml  # costly, and most configs are TOML

        document = yaml.read(text)
        problem = document.problem
        if problem and path.endswith(".json"):  # "\ud83d\ude00" is one character in JSON and none in YAML
            import json

            with contextlib.suppress(ValueError, RecursionError):
                document, problem = document._replace(data=json.loads(text)), None
        data = document.data if isinstance(document.data, dict) else {}
        return ConfigFile(path, text, data, document.spans, problem)
    read = toml.read(text)
    return ConfigFile(path, text, read.data, read.spans, read.problems[0] if read.problems else None)
