"""What the tests of the boot share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.engine.boot import modules, unbound


@pytest.fixture
def names_given(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let names that a piece of code reads and does not bind be there, as the rest of its file would see to."""
    modules.read.cache_clear()
    monkeypatch.setattr(unbound, "mark", lambda *_: None)
    yield
    modules.read.cache_clear()
