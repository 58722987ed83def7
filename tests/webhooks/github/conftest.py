"""A stand-in for GitHub with one repository, and our client for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.standin import Standin, running
from webhooks.github import GitHub, Installation

NAME = "acme/shop"


def client_of(standin: Standin, **options: object) -> GitHub:
    """Return the App's client for a stand-in."""
    return GitHub(standin.api, standin.app.id, standin.app.private_key, pauses=False, web_url=standin.web, **options)  # type: ignore[arg-type]


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with running(tmp_path) as made:
        made.repository(NAME, {"app.py": "import fastapi\n"})
        yield made


@pytest.fixture
def github(standin: Standin) -> Iterator[GitHub]:
    made = client_of(standin)
    yield made
    made.close()


@pytest.fixture
def ours(github: GitHub, standin: Standin) -> Installation:
    found = standin.installation_of(standin.find(NAME))
    assert found is not None
    return github.installation(found.id)


@pytest.fixture
def head(standin: Standin) -> str:
    """Return the commit that the default branch stands at."""
    sha = standin.find(NAME).git.head("main")
    assert sha is not None
    return sha
