"""A remote and an empty store for each test, in surroundings that would lead git astray."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.outside.commits import Store
from tests.bot.outside.commits import Remote
from tests.bot.outside.commits import remote as served


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    with served(tmp_path) as remote:
        yield remote


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(str(tmp_path / "store"))


@pytest.fixture(autouse=True)
def astray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a hook or a developer may have set: another repository, a trace, a config with a filter and an alias."""
    config = tmp_path / "gitconfig"
    config.write_text('[core]\n\tsshCommand = false\n[url "http://127.0.0.1:1/"]\n\tinsteadOf = http://\n')
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'http.proxy'='http://127.0.0.1:1'")
