"""What people ask for in comments, and who may."""

from __future__ import annotations

import pytest

from bot.engine.model.proof import Attempt, Proof
from tests.webhooks.service.shops import Shop, Shops
from webhooks.work import proving

REACT = "POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"


def test_only_who_may_write_is_heard(shop: Shop) -> None:
    shop.fail()
    number = shop.pull.number
    for login, role in (("reader", "read"), ("triager", "triage"), ("stranger", None)):
        comment = shop.say("/deploymend ignore", number, login, role)
        assert comment.reactions == []
    assert (shop.pull.state, shop.comments()) == ("open", [])


def test_fix_reopens_what_was_closed_after_a_reaction(shop: Shop) -> None:
    shop.fail()
    number = shop.pull.number
    shop.close(number)
    begun = len(shop.standin.requests)
    comment = shop.say("/deploymend fix", number)
    assert [reaction.content for reaction in comment.reactions] == ["eyes"]
    assert [(pull.number, pull.state) for pull in shop.pulls] == [(number, "open")]
    [said] = shop.comments(number)
    assert f"/pull/{number}" in said
    written = [
        sent.operation for sent in shop.standin.requests[begun:] if sent.method != "GET" and "{repo}" in str(sent.operation)
    ]
    assert written[0] == REACT


def test_fix_on_an_issue_looks_at_the_default_branch(shops: Shops) -> None:
    shop = shops.shop()
    issue = shop.standin.issue(shop.name, "The deploy fails")
    shop.say("/deploymend fix", issue.number)
    [pull] = shop.pulls
    assert pull.state == "open"
    assert f"/pull/{pull.number}" in shop.comments(issue.number)[0]


def test_fix_tries_a_third_time_what_did_not_help_twice(shop: Shop) -> None:
    shop.fail()
    cause = shop.shops.workshop.store.open_causes(shop.name)[0]
    for sha in ("1" * 40, "2" * 40):
        shop.shops.workshop.store.did_not_help(cause, sha)
    issue = shop.standin.issue(shop.name, "Still broken")
    head = shop.commit({"NOTES.md": "1\n"})
    shop.fail(head)
    assert shop.parents() != (head,)
    shop.say("/deploymend retry", issue.number)
    assert shop.parents() == (head,)


def test_ignore_closes_and_remembers(shop: Shop) -> None:
    shop.fail()
    number = shop.pull.number
    shop.say("/deploymend ignore", number)
    assert shop.pull.state == "closed"
    assert shop.comments(number) == ["This cause is left alone from now on, until it changes."]
    shop.fail(shop.commit({"NOTES.md": "1\n"}))
    assert len(shop.pulls) == 1
    assert shop.pull.state == "closed"
    assert "ignored" in (shop.check().summary or "")


def test_ignore_elsewhere_is_answered(shop: Shop) -> None:
    issue = shop.standin.issue(shop.name, "A question")
    shop.say("/deploymend ignore", issue.number)
    assert shop.comments(issue.number)[0].endswith("can't be done: This is no pull request of a repair.")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("/deploymend", "These are the commands"),
        ("/deploymend help", "These are the commands"),
        ("/deploymend fxi", "Did you mean `/deploymend fix`?"),
        ("/deploymend explain entry-not-found", "entry-not-found"),
        ("/deploymend explain nothing-of-the-kind", "There is no `nothing-of-the-kind`."),
    ],
)
def test_what_needs_no_analysis_is_answered(shop: Shop, text: str, answer: str) -> None:
    issue = shop.standin.issue(shop.name, "A question")
    comment = shop.say(text, issue.number)
    assert answer in shop.comments(issue.number)[0]
    assert [reaction.content for reaction in comment.reactions] == ["eyes"]


def test_the_same_comment_again_is_one_command(shop: Shop) -> None:
    issue = shop.standin.issue(shop.name, "A question")
    comment = shop.say("/deploymend help", issue.number)
    for _ in range(3):
        shop.take("issue_comment", action="created", thing=comment, sender="alice")
    shop.shops.idle()
    assert len(shop.comments(issue.number)) == 1


def test_a_comment_that_was_deleted_is_no_trouble(shop: Shop) -> None:
    issue = shop.standin.issue(shop.name, "A question")
    shop.standin.collaborate(shop.name, "alice", "write")
    comment = shop.standin.comment(shop.name, issue.number, "/deploymend help", "alice")
    told = shop.standin.delivery("issue_comment", repository=shop.name, action="created", thing=comment, sender="alice")
    del shop.repository.comments[comment.id]
    assert shop.shops.hand(*told) == "stored"
    shop.shops.idle()
    assert shop.comments(issue.number) == []


def test_fix_on_a_pull_request_of_others_goes_onto_its_branch(shop: Shop) -> None:
    theirs = shop.commit({"NOTES.md": "1\n"}, "feature", parent=shop.head)
    pull = shop.standin.open_pull(shop.name, "feature", "main", "A feature")
    shop.say("/deploymend fix", pull.number)
    newest = shop.pull
    assert newest.pull
    assert newest.pull.base == "feature"
    [commit] = shop.repository.git.commits(f"feature..{newest.pull.head}")
    assert commit.parents == (theirs,)


def test_verify_says_what_could_not_be_verified(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(*_: object) -> tuple[None, str]:
        return None, "There is no container engine."

    monkeypatch.setattr(proving, "_verified", nowhere)
    shop.fail()
    shop.say("/deploymend verify", shop.pull.number)
    [said] = shop.comments()
    assert f"/pull/{shop.pull.number}" in said
    assert said.endswith("It could not be verified: There is no container engine.")
    assert "**Simulated.**" in (shop.pull.body or "")


FAILED = Attempt("boot", 'ERROR:    Error loading ASGI app. Could not import module "main".')
PROOF = Proof("fly", "docflow-admin-api", "fly.toml", "web", "podman", FAILED)


def proven(monkeypatch: pytest.MonkeyPatch, after: Attempt) -> None:
    async def verified(*_: object) -> tuple[list[Proof], str]:
        return [PROOF._replace(after=after)], ""

    monkeypatch.setattr(proving, "_verified", verified)


def test_verify_puts_the_real_boot_into_the_pull_request(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    proven(monkeypatch, Attempt("ok", "", "GET /health", 200, 1.2))
    shop.fail()
    shop.say("/deploymend verify", shop.pull.number)
    for told in ("**Booted.**", "GET /health → 200 in 1.2 s", "podman"):
        assert told in (shop.pull.body or "")


def test_a_repair_that_a_real_boot_refutes_is_not_offered(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    proven(monkeypatch, FAILED)
    issue = shop.standin.issue(shop.name, "It does not deploy")
    shop.say("/deploymend verify", issue.number)
    assert (shop.pulls, shop.branches) == ([], [])
    [said] = shop.comments(issue.number)
    assert "The real boot gets no further with the repair" in said
