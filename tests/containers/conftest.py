"""The base image that all real builds start from."""

from collections.abc import Iterator

import pytest

from tests.containers import bases


@pytest.fixture(scope="module", autouse=True)
def base_image() -> Iterator[None]:
    """Make the base image, and remove what is left of the builds; skipped with the reason where it can't be made."""
    if reason := bases.missing():
        pytest.skip(reason)
    bases.make()
    yield
    bases.prune()
