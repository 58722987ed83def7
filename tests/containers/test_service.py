"""A pull request with proof: the service builds and boots the repair for real before it offers it.

Skipped, with the reason, where no container tool is there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containers import bases
from tests.github.standin import running
from tests.webhooks.service.bench import wait
from tests.webhooks.service.shops import Shops

pytestmark = pytest.mark.container


def test_what_was_booted_stands_in_the_pull_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTAINERS_STORAGE_CONF", "BUILDAH_ISOLATION"):
        monkeypatch.setenv(name, bases.ENVIRONMENT[name])
    with running(tmp_path / "github") as standin:
        shops = Shops(standin, tmp_path, verify=True, engine="buildah")
        shops.start()
        try:
            shop = shops.shop(story="docflow/e")
            shop.fail(wait=False)
            wait(lambda: shop.checks and shop.check().conclusion, 500, "check run")
            assert shop.pull.body
            for told in ("**Booted.**", "GET /health → 200", "ModuleNotFoundError: No module named 'backend'"):
                assert told in shop.pull.body
            assert shop.check().details_url.endswith(f"/pull/{shop.pull.number}")
            shops.idle()
            assert not list((shops.settings.data / "work").iterdir())
        finally:
            shops.close()
