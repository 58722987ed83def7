"""Where nothing is pushed, and what is said instead; and what we never react to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.github.world import PERMISSIONS
from tests.webhooks.service import bench as benches
from tests.webhooks.service import shops as making
from tests.webhooks.service.shops import Shop, Shops
from webhooks.work import preparing


def test_a_commit_of_a_fork_gets_a_report_and_no_push(shop: Shop) -> None:
    git = shop.repository.git
    tree = git.commit(shop.head).tree
    who = git.commit(shop.head).author
    theirs = git.make_commit(tree, [shop.head], "From a fork", who, who)  # there, as GitHub has it under refs/pull
    check = shop.standin.check(shop.name, theirs, "fly deploy", app="fly-io", summary=benches.log("docflow/d"))
    assert check.suite.branch is None
    assert shop.take("check_run", action="completed", thing=check) == "stored"
    shop.shops.idle()
    assert (shop.pulls, shop.branches) == ([], [])
    summary = shop.check(theirs).summary or ""
    assert "belongs to a fork" in summary
    assert "uvicorn backend.main:app" in summary or "`fly.toml`" in summary


def test_an_archived_repository_is_left_alone(shop: Shop) -> None:
    shop.repository.archived = True
    assert shop.fail() == "stored"
    assert (shop.pulls, shop.branches, shop.checks) == ([], [], [])


def test_a_huge_repository_is_left_alone_with_the_reason(shop: Shop) -> None:
    shop.repository.size = 3_000_000
    shop.fail()
    assert (shop.pulls, shop.branches) == ([], [])
    assert "too large" in (shop.check().summary or "")


def test_an_empty_repository_is_left_alone(shops: Shops) -> None:
    shop = shops.shop({})
    shop.repository.git.delete("refs/heads/main")
    sha = "1" * 40
    job = shop.standin.workflow_run(shop.name, sha, making.JobDone("deploy", log="no"), branch="main").jobs[0]
    assert shop.take("workflow_job", action="completed", thing=job) == "stored"
    shops.idle()
    assert (shop.pulls, shop.checks) == ([], [])


def test_a_repository_that_is_gone_ends_the_job(shop: Shop) -> None:
    headers, body = shop.standin.delivery("workflow_job", repository=shop.name, action="completed", thing=shop.failed_job())
    del shop.standin.repositories[shop.repository.id]
    assert shop.shops.hand(headers, body) == "stored"
    shop.shops.idle()


def test_a_repository_with_a_new_name_is_asked_for_nothing_by_its_old_one(shop: Shop) -> None:
    headers, body = shop.standin.delivery("workflow_job", repository=shop.name, action="completed", thing=shop.failed_job())
    shop.standin.rename(shop.name, f"{shop.name}-new")
    assert shop.shops.hand(headers, body) == "stored"
    shop.shops.idle()
    assert (shop.pulls, shop.checks) == ([], [])


def test_a_hostile_tree_is_said_and_not_touched(shop: Shop) -> None:
    git = shop.repository.git
    blob = git.run("hash-object", "-w", "--stdin", input=b"[core]\n").decode().strip()
    inner = git.run("mktree", input=f"100644 blob {blob}\tconfig\n".encode()).decode().strip()
    raw = b"40000 .GIT\0" + bytes.fromhex(inner) + b"100644 fly.toml\0" + bytes.fromhex(blob)
    tree = git.run("hash-object", "-t", "tree", "-w", "--stdin", "--literally", input=raw).decode().strip()
    who = git.commit(shop.head).author
    git.update("refs/heads/main", git.make_commit(tree, [shop.head], "Hostile", who, who))
    shop.fail()
    assert (shop.pulls, shop.branches) == ([], [])
    check = shop.check()
    assert check.title == "The analysis did not come to an end"
    assert check.conclusion == "neutral"


def test_without_the_right_to_write_workflows_they_are_left_out_and_listed(shops: Shops) -> None:
    shop = shops.shop(story="docflow/c")
    shop.fail()
    assert shop.pull.pull
    changed = shop.changed(shop.pull.pull.head)
    whole = {line[6:] for line in expected("docflow/c") if line.startswith("+++ b/")}
    assert whole - changed == {path for path in whole if path.startswith(".github/workflows/")}
    assert changed
    assert "## Not in this pull request" in (shop.pull.body or "")
    check = shop.check()
    assert "may not write workflows" in (check.summary or "")
    assert check.conclusion == "action_required"
    # once it has the right, the same cause is repaired whole
    shop.standin.install("acme", {**PERMISSIONS, "workflows": "write"})
    try:
        shop.push({"NOTES.md": "1\n"})
        assert shop.pull.pull
        assert shop.changed(shop.pull.pull.head) == whole
        assert "## Not in this pull request" not in (shop.pull.body or "")
    finally:
        shop.standin.install("acme")


def expected(story: str) -> list[str]:
    return (benches.STORIES / story / "expected.diff").read_text().splitlines()


def test_our_own_checks_comments_and_closings_are_dropped(shop: Shop) -> None:
    shop.fail()
    bot = shop.standin.app.bot
    mine = shop.check()
    mine.conclusion = "failure"
    assert shop.take("check_run", action="completed", thing=mine) == "ours"
    assert shop.take("check_suite", action="completed", thing=mine.suite) != "stored"
    said = shop.standin.comment(shop.name, shop.pull.number, "/deploymend fix", bot)
    assert shop.take("issue_comment", action="created", thing=said, sender=bot.login) == "ours"
    shop.standin.close(shop.name, shop.pull.number, bot)
    assert shop.take("pull_request", action="closed", number=shop.pull.number, sender=bot.login) == "ours"


def test_an_installation_that_is_removed_is_forgotten(shop: Shop) -> None:
    shop.fail()
    shop.push({"NOTES.md": "1\n"})
    store = shop.shops.workshop.store
    sha = shop.checks[0].sha
    assert store.open_causes(shop.name)
    shop.shops.take("installation_repositories", action="removed", removed=(shop.name,))
    shop.shops.idle()
    assert store.open_causes(shop.name) == []
    assert store.failures(shop.name, sha) == []
    assert not store.is_ours(shop.name, shop.repository.git.head(shop.branches[0]) or "")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, shops: Shops) -> Iterator[Shops]:
    """The same service, with two pushes a day."""
    from dataclasses import replace

    from webhooks.work import context

    before = context.current()
    context.use(before._replace(settings=replace(before.settings, pushes_per_day=2)))
    yield shops
    context.use(before)


def test_a_branch_gets_so_many_pushes_a_day(few: Shops) -> None:
    shop = few.shop()
    shop.fail()
    second = shop.push({"NOTES.md": "2\n"})
    third = shop.push({"NOTES.md": "3\n"})
    assert shop.parents() == (second,)
    shop.fail(third)
    assert shop.parents() == (second,)
    assert "2 pushes to its branch within a day" in (shop.check(third).summary or "")


def test_a_repair_of_workflows_alone_is_shown_where_they_may_not_be_written(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "pushable", lambda repair, workflows: ((), ()))
    shop = shops.shop(story="docflow/c")
    shop.fail()
    assert (shop.pulls, shop.branches) == ([], [])
    check = shop.check()
    assert check.conclusion == "action_required"
    assert "-        working-directory: backend" in (check.summary or "")
