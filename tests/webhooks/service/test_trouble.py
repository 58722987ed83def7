"""GitHub and its git host in trouble: what was begun is ended, once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.github.state import Token
from tests.webhooks.service import bench as benches
from tests.webhooks.service.shops import Shop, Shops
from tests.webhooks.service.test_pulls import REPAIRED


def steps(shop: Shop, job: str) -> list[str]:
    query = "SELECT function_name FROM operation_outputs WHERE workflow_uuid = :job ORDER BY function_id"
    with shop.shops.workshop.engine.connect() as connection:
        return list(connection.execute(sa.text(query), {"job": job}).scalars())


def token(shop: Shop) -> Token:
    return shop.standin.tokens[shop.standin.token(shop.name)]


def test_an_answer_that_is_lost_after_its_effect_does_nothing_twice(shop: Shop) -> None:
    lost = [
        shop.standin.fail(f"{verb} /repos/{shop.name}/{path}", after_effect=True)
        for verb, path in (
            ("POST", "pulls"),
            ("POST", "check-runs"),
            ("POST", "issues/*/comments"),
            ("PATCH", "pulls/*"),
        )
    ]
    shop.fail()
    assert (len(shop.pulls), len(shop.branches), len(shop.checks)) == (1, 1, 1)
    shop.push({"fly.toml": REPAIRED})
    assert [fault.times for fault in lost] == [0, 0, 0, 0]
    assert (shop.pull.state, len(shop.pulls), len(shop.comments())) == ("closed", 1, 1)


def test_a_reaction_and_an_answer_that_are_lost_after_their_effect_are_there_once(shop: Shop) -> None:
    lost = [
        shop.standin.fail(f"POST /repos/{shop.name}/issues/{path}", after_effect=True)
        for path in ("comments/*/reactions", "[0-9]*/comments")
    ]
    issue = shop.standin.issue(shop.name, "A question")
    comment = shop.say("/deploymend help", issue.number)
    assert [fault.times for fault in lost] == [0, 0]
    assert (len(comment.reactions), len(shop.comments())) == (1, 1)


@pytest.mark.parametrize("status", [0, 503])
def test_a_server_in_trouble_is_asked_again_later(shop: Shop, status: int) -> None:
    fault = shop.standin.fail(f"* /repos/{shop.name}*", status, times=4)
    shop.fail()
    assert fault.times == 0
    assert (len(shop.pulls), len(shop.checks)) == (1, 1)


def test_a_git_host_that_is_down_is_asked_again_later(shop: Shop) -> None:
    faults = [shop.standin.fail(f"{service} {shop.name}", 503, times=3) for service in ("git-upload-pack", "git-receive-pack")]
    shop.fail()
    assert [fault.times for fault in faults] == [0, 0]
    assert (len(shop.pulls), len(shop.branches), len(shop.checks)) == (1, 1, 1)


def test_a_git_host_that_stays_down_is_said(shop: Shop) -> None:
    fault = shop.standin.fail(f"git-upload-pack {shop.name}", 503, times=1000)
    shop.fail()
    fault.times = 0
    assert shop.check().title == "The analysis did not come to an end"
    # and what comes later is looked at again
    lost = shop.standin.fail(f"PATCH /repos/{shop.name}/check-runs/*", after_effect=True)
    shop.fail(shop.checks[0].sha)
    assert shop.pull.state == "open"
    assert lost.times == 0
    [check] = shop.checks
    assert check.details_url.endswith(f"/pull/{shop.pull.number}")


def test_a_git_that_dies_in_the_middle_of_a_push_pushes_once(shop: Shop) -> None:
    fault = shop.standin.fail(f"git-receive-pack {shop.name}", 0, times=2)
    shop.fail()
    assert fault.times == 0
    assert (len(shop.pulls), len(shop.branches)) == (1, 1)


@pytest.mark.parametrize("told", [True, False])
def test_a_rate_limit_is_slept_out_without_a_thread(shops: Shops, told: bool) -> None:
    shop = shops.shop()
    if told:
        shop.standin.limits.secondary(8)  # longer than a slow machine takes to come to it
    else:
        shop.standin.limits.primary(token(shop), remaining=4, seconds=12)
    shop.fail()
    assert (len(shop.pulls), len(shop.checks)) == (1, 1)
    [job] = shops.jobs(shop.name)
    assert "DBOS.sleep" in steps(shop, job)


def test_a_permission_that_is_missing_is_said_or_logged_and_ends_the_job(shops: Shops) -> None:
    shop = shops.shop()
    installation = shop.standin.installation_of(shop.repository)
    assert installation
    kept = dict(installation.permissions)
    installation.permissions = {**kept, "contents": "read"}
    shops.workshop.github.forget(installation.id)
    try:
        shop.fail()
        assert (shop.pulls, shop.branches) == ([], [])
        assert "contents: write" in (shop.check().summary or "")
        installation.permissions = {"metadata": "read", "contents": "read"}
        shops.workshop.github.forget(installation.id)
        other = shops.shop()
        other.fail()
        assert (other.pulls, other.checks) == ([], [])
    finally:
        installation.permissions = kept
        shops.workshop.github.forget(installation.id)


def test_a_service_that_starts_again_goes_on_where_it_was(shops: Shops) -> None:
    shop = shops.shop()
    fault = shop.standin.fail(f"POST /repos/{shop.name}/pulls", 503, times=1)
    shop.fail(wait=False)
    benches.wait(lambda: not fault.times, 60, "a failure")
    shops.restart()
    shops.idle()
    assert (len(shop.pulls), len(shop.branches), len(shop.checks)) == (1, 1, 1)


def test_logs_that_cannot_be_had_do_not_hold_up_a_repair(shop: Shop) -> None:
    fault = shop.standin.fail(f"GET /repos/{shop.name}/actions/jobs/*", 503, times=1000)
    shop.fail()
    assert fault.times < 1000
    fault.times = 0
    assert shop.pull.state == "open"
    assert len(shop.checks) == 1
