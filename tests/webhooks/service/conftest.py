"""One service and one stand-in for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.webhooks.service import shops as making
from tests.webhooks.service.shops import Shop, Shops


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    with making.shops(tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def shop(shops: Shops) -> Shop:
    """A repository whose deploy fails."""
    return shops.shop()
