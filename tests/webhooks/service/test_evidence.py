"""What comes when: signals that say the same, evidence that comes late, deliveries that were never queued."""

from __future__ import annotations

import time

import pytest

from tests.webhooks.service import bench as benches
from tests.webhooks.service.shops import Shop, Shops
from tests.webhooks.service.test_pulls import REPAIRED


def sound(shops: Shops) -> Shop:
    """Return a repository that needs no repair."""
    return shops.shop({**benches.files("docflow/d"), "fly.toml": REPAIRED})


def test_evidence_that_comes_after_a_job_without_a_repair_is_looked_at_three_times_at_most(shops: Shops) -> None:
    shop = sound(shops)
    for _ in range(5):
        shop.fail(log="nothing that is known\n")
    assert list(shops.jobs(shop.name)) == [f"{shop.name}@{shop.head}:{attempt}" for attempt in (1, 2, 3)]
    assert len(shop.checks) == 1


def test_evidence_that_comes_after_a_repair_changes_nothing(shop: Shop) -> None:
    for _ in range(2):
        shop.fail()
    assert len(shop.shops.jobs(shop.name)) == 1


def test_a_signal_of_a_failure_that_was_looked_at_is_no_new_evidence(shops: Shops) -> None:
    shop = sound(shops)
    job = shop.failed_job(log="nothing that is known\n")
    for _ in range(3):
        shop.take("workflow_job", action="completed", thing=job)
        shops.idle()
    assert len(shops.jobs(shop.name)) == 1


def test_evidence_that_comes_while_a_job_runs_is_not_lost(shops: Shops) -> None:
    shop = sound(shops)
    fault = shop.standin.fail(f"POST /repos/{shop.name}/check-runs", 200, delay=1.5)
    shop.fail(log="nothing that is known\n", wait=False)
    benches.wait(lambda: not fault.times, 60, "the report")
    shop.fail(log="nothing that is known either\n", wait=False)  # too late for that job's look at the logs
    shops.idle()
    assert len(shops.jobs(shop.name)) == 1
    assert shops.run(shops.workshop.receiver.sweep(0)) == 1
    shops.idle()
    assert len(shops.jobs(shop.name)) == 2
    assert shops.run(shops.workshop.receiver.sweep(0)) == 0


def test_what_was_stored_and_never_queued_is_queued_by_the_sweep(shop: Shop) -> None:
    receiver = shop.shops.workshop.receiver
    enqueue = receiver.enqueue

    async def killed(_: object) -> bool:
        raise InterruptedError

    receiver.enqueue = killed
    try:
        with pytest.raises(InterruptedError):
            shop.fail(wait=False)
    finally:
        receiver.enqueue = enqueue
    assert shop.shops.jobs(shop.name) == {}
    assert shop.shops.run(receiver.sweep(0)) == 1
    shop.shops.idle()
    assert len(shop.pulls) == 1


def test_a_stored_delivery_that_is_not_understood_does_not_hold_up_the_others(shop: Shop) -> None:
    workshop = shop.shops.workshop
    workshop.store.take("of-another-version", {"flow": "repair", "id": "x", "lane": "x", "about": {"colour": "red"}})
    workshop.store.take("of-a-later-one", {"flow": "dance", "steps": 3})
    about = {"repositories": [shop.name]}
    workshop.store.take("like-one-of-ours", {"flow": "dance", "id": "y", "lane": shop.name, "about": about})
    assert shop.shops.run(workshop.receiver.sweep(0)) == 3
    assert shop.shops.run(workshop.receiver.sweep(0)) == 0
    assert shop.shops.jobs(shop.name) == {}


def test_the_receiver_answers_while_a_job_runs(shop: Shop) -> None:
    fault = shop.standin.fail(f"POST /repos/{shop.name}/pulls", 200, delay=1.0)
    shop.fail(wait=False)
    benches.wait(lambda: not fault.times, 60, "the pull request")
    begun = time.monotonic()
    for number in range(20):
        shop.take("status", sha=shop.head, context=f"ci/deploy-{number}")
    assert time.monotonic() - begun < 10
    shop.shops.idle()
    assert len(shop.pulls) == 1
