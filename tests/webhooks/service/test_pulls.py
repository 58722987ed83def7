"""What becomes of a pull request: closed, merged, overtaken by its base, touched by others."""

from __future__ import annotations

import pytest

from tests.webhooks.service import bench as benches
from tests.webhooks.service.shops import Shop, Shops

REPAIRED = benches.files("docflow/d")["fly.toml"][0].replace(b"uvicorn main:app", b"uvicorn backend.main:app")


def other_error(shop: Shop) -> str:
    """Push another mistake in the place of the first, and return the commit."""
    text: bytes = benches.files("docflow/d")["fly.toml"][0]
    return shop.commit({"fly.toml": text.replace(b"uvicorn main:app", b"uvicorn app:app")})


def test_what_a_person_closed_stays_closed_until_the_cause_changes(shop: Shop) -> None:
    shop.fail()
    shop.close(shop.pull.number)
    again = shop.commit({"NOTES.md": "1\n"})
    shop.fail(again)
    assert [pull.state for pull in shop.pulls] == ["closed"]
    assert "was closed" in (shop.check(again).summary or "")
    changed = other_error(shop)
    shop.fail(changed, benches.log("docflow/d").replace('module "main"', 'module "app"'))
    assert [pull.state for pull in shop.pulls] == ["closed", "open"]
    assert len(shop.branches) == 2


def test_a_pull_request_that_was_closed_without_a_delivery_stays_closed(shop: Shop) -> None:
    shop.fail()
    shop.standin.close(shop.name, shop.pull.number)
    shop.fail(shop.commit({"NOTES.md": "1\n"}))
    assert [pull.state for pull in shop.pulls] == ["closed"]


def test_deliveries_in_the_wrong_order_do_not_change_what_is_so(shop: Shop) -> None:
    shop.fail()
    number = shop.pull.number
    shop.standin.close(shop.name, number)
    closed = shop.standin.delivery("pull_request", repository=shop.name, action="closed", number=number)
    shop.standin.reopen(shop.name, number)
    shop.told("reopened", number)
    assert shop.shops.hand(*closed) == "stored"  # it is older, and comes last
    shop.shops.idle()
    head = shop.push({"NOTES.md": "1\n"})
    assert shop.pull.state == "open"
    assert shop.parents() == (head,)


def test_a_repair_that_did_not_help_is_tried_once_more_and_then_no_more(shop: Shop) -> None:
    undone = {"fly.toml": benches.files("docflow/d")["fly.toml"]}
    for number in (1, 2):
        shop.fail()
        assert [pull.state for pull in shop.pulls] == ["closed"] * (number - 1) + ["open"]
        shop.merge(shop.pull.number)
        shop.commit(undone)
    for number in (1, 2):  # however often it fails then
        last = shop.commit({"NOTES.md": f"{number}\n"})
        shop.fail(last)
        assert len(shop.pulls) == 2
        check = shop.check(last)
        assert "2 repairs of this cause were tried and did not help" in (check.summary or "")
        assert check.conclusion == "neutral"


def test_a_failure_on_our_own_branch_counts_and_starts_no_job(shop: Shop) -> None:
    shop.fail()
    branch = shop.branches[0]
    ours = shop.repository.git.head(branch)
    jobs = shop.shops.jobs(shop.name)
    shop.fail(ours, branch=branch)
    shop.fail(ours, branch=branch)  # twice the same
    assert shop.shops.jobs(shop.name) == jobs
    [cause] = shop.shops.workshop.store.open_causes(shop.name)
    assert cause.failed == (ours,)


def test_a_base_that_moves_carries_the_pull_request_along(shop: Shop) -> None:
    shop.fail()
    [number], [branch] = [pull.number for pull in shop.pulls], shop.branches
    head = shop.push({"NOTES.md": "1\n"})
    assert [pull.number for pull in shop.pulls] == [number]
    assert shop.branches == [branch]
    assert shop.parents() == (head,)
    assert shop.comments() == []


def test_a_pull_request_whose_cause_is_gone_is_closed_with_the_reason(shop: Shop) -> None:
    shop.fail()
    head = shop.push({"fly.toml": REPAIRED})
    assert shop.pull.state == "closed"
    assert shop.pull.closed_by is shop.standin.app.bot
    [said] = shop.comments()
    assert said.startswith(f"The cause is gone: at `{head[:7]}` nothing of it is left.")


def test_a_cause_that_comes_back_gets_a_new_pull_request(shop: Shop) -> None:
    shop.fail()
    shop.push({"fly.toml": REPAIRED})
    shop.fail(shop.commit({"fly.toml": benches.files("docflow/d")["fly.toml"]}))
    assert [pull.state for pull in shop.pulls] == ["closed", "open"]
    assert len(shop.branches) == 1


def test_settings_that_cannot_be_read_do_not_make_a_cause_gone(shop: Shop) -> None:
    shop.fail()
    shop.push({"deploymend.toml": "select = [\n"})
    assert shop.pull.state == "open"
    assert shop.comments() == []


@pytest.mark.parametrize("held_up", ["pulls", "actions/jobs/*"])
def test_a_base_that_moves_while_the_job_runs_is_not_missed(shop: Shop, held_up: str) -> None:
    fault = shop.standin.fail(f"GET */{shop.name}/{held_up}", 200, times=1, delay=1.5)
    shop.fail(wait=False)
    benches.wait(lambda: not fault.times, 60, "request that was held up")
    head = shop.push({"NOTES.md": "1\n"})
    assert shop.parents() == (head,)


def test_commits_of_others_end_our_work_on_a_branch(shop: Shop) -> None:
    shop.fail()
    [branch] = shop.branches
    theirs = shop.commit({"fly.toml": REPAIRED}, branch, by="alice")
    for _ in range(2):
        shop.take("pull_request", action="synchronize", number=shop.pull.number, sender="alice")
        shop.shops.idle()
    shop.push({"NOTES.md": "1\n"})
    shop.fail(shop.head)
    assert shop.repository.git.head(branch) == theirs
    assert shop.comments() == ["There are commits of somebody else on this branch: it is not touched any more."]
    assert shop.pull.state == "open"


def test_commits_of_others_are_seen_without_a_delivery(shop: Shop) -> None:
    shop.fail()
    [branch] = shop.branches
    theirs = shop.commit({"NOTES.md": "mine\n"}, branch, by="alice")
    shop.push({"OTHER.md": "1\n"})
    shop.push({"OTHER.md": "2\n"})
    shop.fail(shop.head)
    assert shop.repository.git.head(branch) == theirs
    assert len(shop.comments()) == 1
    assert "somebody else" in (shop.check().summary or "")


def two_targets(shops: Shops) -> Shop:
    """Return a repository with the broken app in two folders."""
    files = {}
    for folder in ("one", "two"):
        for path, (data, mode) in benches.files("docflow/d").items():
            files[f"{folder}/{path}"] = (data.replace(b"docflow-admin-api", f"docflow-{folder}".encode()), mode)
    return shops.shop(files)


def test_two_targets_have_a_pull_request_each(shops: Shops) -> None:
    shop = two_targets(shops)
    shop.fail()
    assert [pull.state for pull in shop.pulls] == ["open", "open"]
    assert len(shop.branches) == 2
    changed = [shop.changed(branch) for branch in shop.branches]
    assert sorted(map(sorted, changed)) == [["one/fly.toml"], ["two/fly.toml"]]
    [check] = shop.checks
    assert all(f"/pull/{pull.number}" in (check.summary or "") for pull in shop.pulls)
    shop.close(shop.pull.number)
    shop.fail(shop.commit({"NOTES.md": "1\n"}))
    assert sorted(pull.state for pull in shop.pulls) == ["closed", "open"]


def test_what_fails_with_one_repair_does_not_take_the_other_along(shops: Shops) -> None:
    shop = two_targets(shops)
    shop.standin.fail(f"POST */{shop.name}/pulls", 422, body={"message": "Validation Failed"})
    shop.fail()
    assert len(shop.pulls) == 1
    assert f"/pull/{shop.pull.number}" in (shop.check().summary or "")
