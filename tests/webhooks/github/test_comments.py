"""One comment per marker, and one reaction."""

from __future__ import annotations

import pytest

from tests.github.standin import Standin
from tests.webhooks.github.conftest import NAME
from webhooks.github import Denied, Gone, Installation, Trouble, marker

WRITE = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments"
EDIT = "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}"
REACT = "POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"
MARK = marker("answer", "12")


@pytest.fixture(autouse=True)
def issue(standin: Standin) -> int:
    return standin.issue(NAME, "Deploy").number


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_cut_after_its_effect_and_called_again_ends_with_one(
    status: int, issue: int, ours: Installation, standin: Standin
) -> None:
    standin.fail(WRITE, status, after_effect=True)
    with pytest.raises(Trouble):
        ours.ensure_comment(NAME, issue, "Hello", MARK)
    url = ours.ensure_comment(NAME, issue, "Hello", MARK)
    (comment,) = standin.find(NAME).comments.values()
    assert comment.body == f"Hello\n\n{MARK}"
    assert comment.user is standin.app.bot
    assert url == f"{standin.web}/{NAME}/issues/{issue}#issuecomment-{comment.id}"
    assert len(standin.sent(WRITE)) == 1
    assert not standin.sent(EDIT)


def test_other_words_are_edited_in(issue: int, ours: Installation, standin: Standin) -> None:
    for body in ("Hello", "Hello\r\n", "Goodbye"):
        ours.ensure_comment(NAME, issue, body, MARK)
    assert [one.body for one in standin.find(NAME).comments.values()] == [f"Goodbye\n\n{MARK}"]
    assert len(standin.sent(EDIT)) == 1


def test_comment_that_quotes_our_marker_is_not_ours(issue: int, ours: Installation, standin: Standin) -> None:
    standin.comment(NAME, issue, f"> {MARK}", by="mallory")
    ours.ensure_comment(NAME, issue, "Hello", MARK)
    assert [one.body for one in standin.find(NAME).comments.values()] == [f"> {MARK}", f"Hello\n\n{MARK}"]


def test_other_marker_is_another_comment(issue: int, ours: Installation, standin: Standin) -> None:
    ours.ensure_comment(NAME, issue, "Hello", MARK)
    ours.ensure_comment(NAME, issue, "Hello", marker("answer", "13"))
    assert len(standin.find(NAME).comments) == 2


def test_found_behind_many_comments(issue: int, ours: Installation, standin: Standin) -> None:
    for number in range(150):
        standin.comment(NAME, issue, str(number))
    ours.ensure_comment(NAME, issue, "Hello", MARK)
    ours.ensure_comment(NAME, issue, "Hello", MARK)
    assert len(standin.find(NAME).comments) == 151


def test_long_comment_is_cut_before_its_marker(issue: int, ours: Installation, standin: Standin) -> None:
    ours.ensure_comment(NAME, issue, "line\n" * 20_000, MARK)
    (comment,) = standin.find(NAME).comments.values()
    assert len(comment.body) <= 65_536
    assert comment.body.endswith(MARK)


def test_issue_that_is_not_there_is_gone(ours: Installation) -> None:
    with pytest.raises(Gone, match=f"Can't comment on {NAME} number 99"):
        ours.ensure_comment(NAME, 99, "Hello", MARK)


def test_without_permission_it_is_denied_with_what_is_needed(issue: int, ours: Installation, standin: Standin) -> None:
    standin.install("acme", {"metadata": "read", "issues": "read"})
    with pytest.raises(Denied, match="it needs issues: write; pull_requests: write"):
        ours.ensure_comment(NAME, issue, "Hello", MARK)


def test_reaction_stands_once(issue: int, ours: Installation, standin: Standin) -> None:
    comment = standin.comment(NAME, issue, "/deploymend fix")
    standin.fail(REACT, 502, after_effect=True)
    with pytest.raises(Trouble):
        ours.react(NAME, comment.id, "eyes")
    ours.react(NAME, comment.id, "eyes")
    ours.react(NAME, comment.id, "rocket")
    assert [(one.content, one.user.login) for one in comment.reactions] == [
        ("eyes", "deploymend[bot]"),
        ("rocket", "deploymend[bot]"),
    ]
