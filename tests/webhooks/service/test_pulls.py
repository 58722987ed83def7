"""What becomes of a pull request: closed, merged, overtaken by its base, touched by others."""

from __future__ import annotations

import pytest

from tests.webhooks.service.shops import Shop, Shops

# A second cause in the same file: another message, so another fingerprint.
BROKEN_COMMAND = ('app = "uvicorn main:app --host 0.0.0.0 --port 8080"', 'app = "uvicorn backend.main:application"')


def test_what_a_person_closed_stays_closed_until_the_cause_changes(shop: Shop) -> None:
    shop.fail()
    shop.close(shop.pull.number)
    again = shop.commit({"NOTES.md": "1\n"})
    shop.fail(again)
    assert [pull.state for pull in shop.pulls] == ["closed"]
    assert "was closed" in (shop.check(again).summary or "")
