"""What is remembered, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.webhooks import databases
from webhooks.jobs.database import open_engine
from webhooks.model import Failure, Repository
from webhooks.work.store import Cause, Store, clean

SHOP = Repository("acme/shop_1", 7, "main")
FAILURE = Failure(
    SHOP, "a" * 40, "main", "check_run", 5, "deploy", "failure", text="GITHUB_TOKEN=ghp_0123456789abcdefABCDEF0123456789abcd"
)
CAUSE = Cause(SHOP.full_name, "c" * 12, "main", "open", "deploymend/" + "c" * 12, 3)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=databases.KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with databases.database(request.param, tmp_path) as place:
        engine = open_engine(place)
        made = Store(engine, Clock())
        made.create()
        made.create()
        yield made
        engine.dispose()


def test_a_delivery_and_a_failure_are_taken_once(store: Store) -> None:
    assert store.take("one", {"id": "x"}, FAILURE) == (True, True)
    assert store.take("one", {"id": "x"}, FAILURE) == (False, False)
    assert store.take("two", {"id": "x"}, FAILURE) == (True, False)
    assert store.take("three", {"id": "x"}, FAILURE._replace(identity=6)) == (True, True)
    assert [name for name, _ in store.waiting()] == ["one", "three"]
    store.queued("one")
    assert [name for name, _ in store.waiting()] == ["three"]
    assert store.waiting(older=1) == []
    [first, second] = store.failures(SHOP.full_name, "a" * 40)
    assert (first.identity, second.identity) == (5, 6)
    assert "ghp_" not in first.text


def test_what_a_job_has_read_is_no_news(store: Store) -> None:
    store.take("one", {}, FAILURE)
    store.take("two", {}, FAILURE._replace(identity=6))
    store.read([FAILURE])
    assert store.unread(SHOP.full_name, "a" * 40)
    store.read([FAILURE._replace(identity=6)])
    assert not store.unread(SHOP.full_name, "a" * 40)
    store.take("three", {}, FAILURE)
    assert not store.unread(SHOP.full_name, "a" * 40)


def test_a_job_keeps_what_it_needs_until_it_is_done(store: Store) -> None:
    assert store.kept("acme/shop_1@a:1") == ("", None)
    store.keep("acme/shop_1@a:1", log="log")
    store.keep("acme/shop_1@a:1", analysis="{}")
    assert store.kept("acme/shop_1@a:1") == ("log", "{}")
    assert store.busy("acme/shop_1")
    assert not store.busy("acme/shop-1")  # no wildcard
    assert not store.busy("acme/shop")
    store.forget_job("acme/shop_1@a:1")
    assert not store.busy("acme/shop_1")


def test_repairs_that_did_not_help_are_counted_apart_from_the_rest(store: Store) -> None:
    store.put(CAUSE)
    store.did_not_help(CAUSE, "1" * 40)
    store.put(CAUSE._replace(log="newer"))  # of a job that knew nothing of it
    assert store.did_not_help(CAUSE, "1" * 40).failed == ("1" * 40,)
    known = store.cause(SHOP.full_name, CAUSE.fingerprint, "main")
    assert known == CAUSE._replace(log="newer", failed=("1" * 40,))
    assert store.cause_of(SHOP.full_name, CAUSE.branch) == known
    assert store.cause(SHOP.full_name, CAUSE.fingerprint, "other") is None
    assert store.forgive(known).failed == ()
    assert store.open_causes(SHOP.full_name, "main")[0].failed == ()
    store.put(CAUSE._replace(state="closed"))
    assert store.open_causes(SHOP.full_name) == []
    assert [cause.state for cause in store.causes_on(SHOP.full_name, "main")] == ["closed"]


def test_pushes_are_counted_for_a_day(store: Store) -> None:
    for sha in ("1", "2", "2"):
        store.pushed(SHOP.full_name, "b", sha)
    assert store.pushes(SHOP.full_name, "b") == 2
    assert store.pushes(SHOP.full_name, "b", but="2") == 1
    assert store.is_ours(SHOP.full_name, "1")
    assert not store.is_ours(SHOP.full_name, "3")
    Clock.now += 86_401
    try:
        assert store.pushes(SHOP.full_name, "b") == 0
    finally:
        Clock.now -= 86_401


def test_a_repository_is_forgotten_whole_and_no_other(store: Store) -> None:
    other = FAILURE._replace(repository=SHOP._replace(full_name="acme/shopx1"))
    for number, failure in enumerate((FAILURE, other)):
        name = failure.repository.full_name
        store.take(f"{number}", {}, failure)
        store.put(CAUSE._replace(repository=name))
        store.did_not_help(CAUSE._replace(repository=name), "1")
        store.pushed(name, "b", "1")
        store.keep(f"{name}@a:1", log="log")
    store.forget([SHOP.full_name])
    assert store.failures(SHOP.full_name, "a" * 40) == []
    assert store.cause(SHOP.full_name, CAUSE.fingerprint, "main") is None
    assert not store.is_ours(SHOP.full_name, "1")
    assert not store.busy(SHOP.full_name)
    assert store.busy("acme/shopx1")
    assert store.open_causes("acme/shopx1")[0].failed == ("1",)
    assert len(store.failures("acme/shopx1", "a" * 40)) == 1


def test_what_is_old_goes_and_what_is_not_queued_stays(store: Store) -> None:
    store.take("old", {}, FAILURE)
    store.queued("old")
    store.take("never queued", {}, FAILURE._replace(identity=6))
    store.put(CAUSE)
    store.pushed(SHOP.full_name, "b", "1")
    with store.engine.begin() as connection:
        assert clean(connection, datetime.fromtimestamp(Clock.now - 1, UTC)) == 0
    with store.engine.begin() as connection:
        assert clean(connection, datetime.fromtimestamp(Clock.now + 1, UTC)) == 4
    assert [name for name, _ in store.waiting()] == ["never queued"]
    assert store.open_causes(SHOP.full_name)
    with store.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM deploymend_delivery")).scalar() == 1
