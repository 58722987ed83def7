"""One pull request per branch, whatever is cut, called again, closed or opened meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.github.standin import Standin
from tests.webhooks.github.conftest import NAME, client_of
from webhooks.github import Gone, Installation, Limited, Refused, Trouble, marker, markers

OPEN = "POST /repos/{owner}/{repo}/pulls"
EDIT = "PATCH /repos/{owner}/{repo}/pulls/{pull_number}"
HEAD = "deploymend/fix-1f00ba42cafe"
MARK = marker("cause", "1f00ba42cafe")


@pytest.fixture(autouse=True)
def branch(standin: Standin, head: str) -> str:
    """Return the commit of our branch."""
    return standin.commit(NAME, HEAD, {"app.py": "import flask\n"}, by="deploymend[bot]", parent=head)


def test_pull_request_is_opened_with_its_marker(ours: Installation, standin: Standin, branch: str) -> None:
    pull = ours.ensure_pull(NAME, HEAD, "main", "Fix deploy: No module named 'backend'", "Body", MARK)
    assert (pull.number, pull.state, pull.merged, pull.closed_by, pull.ours) == (1, "open", False, None, True)
    assert (pull.head, pull.head_sha, pull.base) == (HEAD, branch, "main")
    assert pull.url == f"{standin.web}/{NAME}/pull/1"
    assert pull.author == "deploymend[bot]"
    assert pull.body == f"Body\n\n{MARK}"
    assert markers(pull.body) == {"cause": "1f00ba42cafe"}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_cut_after_its_effect_and_called_again_ends_with_one(status: int, ours: Installation, standin: Standin) -> None:
    standin.fail(OPEN, status, after_effect=True)
    with pytest.raises(Trouble):
        ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert len(standin.find(NAME).pulls) == 1
    assert ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK).number == 1
    assert len(standin.find(NAME).pulls) == 1
    assert len(standin.sent(OPEN)) == 1
    assert not standin.sent(EDIT)


def test_called_again_with_the_same_words_writes_nothing(ours: Installation, standin: Standin) -> None:
    for body in ("Body\n\nmore", "Body\r\n\r\nmore\r\n"):
        ours.ensure_pull(NAME, HEAD, "main", "Title", body, MARK)
    assert len(standin.sent(OPEN)) == 1
    assert not standin.sent(EDIT)


def test_other_words_are_edited_in(ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    pull = ours.ensure_pull(NAME, HEAD, "main", "Other title", "Other body", MARK)
    assert (pull.number, pull.title, pull.body) == (1, "Other title", f"Other body\n\n{MARK}")
    assert [one.body for one in standin.sent(EDIT)] == [{"title": "Other title", "body": f"Other body\n\n{MARK}"}]


def test_other_base_is_edited_in(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, "develop", {"x": "y"}, parent=head)
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert ours.ensure_pull(NAME, HEAD, "develop", "Title", "Body", MARK).base == "develop"
    assert len(standin.find(NAME).pulls) == 1


def test_two_at_once_open_one(ours: Installation, standin: Standin) -> None:
    other = client_of(standin)
    both = [ours, other.installation(ours.identity)]
    standin.fail("GET /repos/{owner}/{repo}/pulls", 200, times=4, delay=0.1)  # both look before either writes
    with ThreadPoolExecutor(2) as pool:
        pulls = list(pool.map(lambda one: one.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK), both))
    other.close()
    assert [pull.number for pull in pulls] == [1, 1]
    assert len(standin.find(NAME).pulls) == 1


def test_pull_request_that_moved_to_another_branch_is_found_by_its_marker(
    ours: Installation, standin: Standin, head: str
) -> None:
    standin.commit(NAME, "deploymend/older-name", {"app.py": "import flask\n"}, parent=head)
    first = ours.ensure_pull(NAME, "deploymend/older-name", "main", "Title", "Body", MARK)
    assert ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK).number == first.number
    assert len(standin.sent(OPEN)) == 1


def test_marker_that_somebody_quotes_is_not_ours(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, "quoting", {"z": "z"}, parent=head)
    standin.open_pull(NAME, "quoting", "main", "Mine", f"> {MARK}", by="mallory")
    pull = ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert pull.number == 2
    assert [one.number for one in ours.open_pulls(NAME)] == [2]
    assert standin.find(NAME).issues[1].title == "Mine"


def test_pull_request_that_a_person_opened_from_our_branch_is_left_as_it_is(ours: Installation, standin: Standin) -> None:
    standin.open_pull(NAME, HEAD, "main", "Mine", "By hand", by="alice")
    pull = ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert (pull.number, pull.title, pull.ours, pull.author) == (1, "Mine", False, "alice")
    assert not standin.sent(OPEN)
    assert not standin.sent(EDIT)


def test_branch_of_the_same_beginning_is_another(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, f"{HEAD}-2", {"z": "z"}, parent=head)
    standin.open_pull(NAME, f"{HEAD}-2", "main", "Mine", by="alice")
    assert ours.find_pull(NAME, HEAD) is None


def test_find_says_who_closed_it(ours: Installation, standin: Standin) -> None:
    assert ours.find_pull(NAME, HEAD) is None
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.close(NAME, 1, by="alice")
    pull = ours.find_pull(NAME, HEAD)
    assert pull is not None
    assert (pull.state, pull.merged, pull.closed_by) == ("closed", False, "alice")
    assert ours.pull(NAME, 1) == pull


def test_open_one_is_found_before_a_newer_closed_one(ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.close(NAME, 1)
    standin.open_pull(NAME, HEAD, "main", "Second", by="alice")
    standin.close(NAME, 2)
    standin.reopen(NAME, 1)
    found = ours.find_pull(NAME, HEAD)
    assert found is not None
    assert (found.number, found.state) == (1, "open")


def test_merged_one_is_said_to_be(ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.merge(NAME, 1)
    found = ours.find_pull(NAME, HEAD)
    assert found is not None
    assert (found.state, found.merged) == ("closed", True)


def test_commit_that_was_offered_and_closed_is_not_offered_again(ours: Installation, standin: Standin) -> None:
    standin.fail(OPEN, 502, after_effect=True)
    with pytest.raises(Trouble):
        ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.close(NAME, 1, by="alice")
    pull = ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert (pull.number, pull.state, pull.closed_by) == (1, "closed", "alice")
    assert len(standin.find(NAME).pulls) == 1


def test_other_commit_is_offered_again(ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.close(NAME, 1, by="alice")
    standin.commit(NAME, HEAD, {"app.py": "import django\n"})
    assert ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK).number == 2


def test_nothing_to_merge_is_refused(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, "other", {"z": "z"}, parent=head)
    with pytest.raises(Refused) as raised:
        ours.ensure_pull(NAME, HEAD, HEAD, "Title", "Body", MARK)
    assert f"Can't open the pull request of {HEAD} in {NAME}: GitHub answered 422 (Validation Failed" in str(raised.value)
    assert "No commits between" in str(raised.value)


def test_branch_that_is_not_there_is_said(ours: Installation) -> None:
    with pytest.raises((Gone, Refused)):
        ours.ensure_pull(NAME, "nothing", "main", "Title", "Body", MARK)


def test_long_words_are_cut(ours: Installation) -> None:
    pull = ours.ensure_pull(NAME, HEAD, "main", "t" * 300, "line\n" * 20_000, MARK)
    assert len(pull.title) == 256
    assert len(pull.body) <= 65_536
    assert pull.body.endswith(MARK)
    assert "characters are left out" in pull.body


@pytest.mark.parametrize("cut", [None, "POST /repos/{owner}/{repo}/issues/{issue_number}/comments", EDIT])
def test_closing_says_why_once(cut: str | None, ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    note = marker("closed", "1f00ba42cafe")
    if cut:
        standin.fail(cut, 502, after_effect=True)
        with pytest.raises(Trouble):
            ours.close_pull(NAME, 1, "The cause is gone.", note)
    pull = ours.close_pull(NAME, 1, "The cause is gone.", note)
    assert pull.state == "closed"
    assert [one.body for one in standin.find(NAME).comments.values()] == [f"The cause is gone.\n\n{note}"]
    found = ours.find_pull(NAME, HEAD)
    assert found is not None
    assert found.closed_by == "deploymend[bot]"


def test_closed_one_gets_no_word(ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.close(NAME, 1, by="alice")
    assert ours.close_pull(NAME, 1, "The cause is gone.", marker("closed", "x")).state == "closed"
    assert not standin.find(NAME).comments


def test_reopened(ours: Installation, standin: Standin) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    standin.close(NAME, 1)
    for _ in range(2):
        assert ours.reopen_pull(NAME, 1).state == "open"
    standin.merge(NAME, 1)
    with pytest.raises(Refused, match="it was merged"):
        ours.reopen_pull(NAME, 1)


def test_pull_requests_of_a_commit(ours: Installation, branch: str, head: str) -> None:
    ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert [one.number for one in ours.pulls_of(NAME, branch)] == [1]


def test_all_pages_are_looked_through(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, "deploymend/older-name", {"app.py": "import flask\n"}, parent=head)
    first = ours.ensure_pull(NAME, "deploymend/older-name", "main", "Title", "Body", MARK)
    for number in range(4):
        standin.find(NAME).git.run("update-ref", f"refs/heads/base-{number}", head)
        standin.open_pull(NAME, "deploymend/older-name", f"base-{number}", "Other", by="alice")
    ours.reads.per_page = ours.writes.per_page = 2
    assert [one.number for one in ours.open_pulls(NAME)] == [first.number]
    assert ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK).number == first.number


def test_limit_in_between_is_told_and_the_next_try_ends_with_one(ours: Installation, standin: Standin) -> None:
    standin.fail(OPEN, 403, headers={"Retry-After": "5"}, body={"message": "You have exceeded a secondary rate limit."})
    with pytest.raises(Limited):
        ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK)
    assert ours.ensure_pull(NAME, HEAD, "main", "Title", "Body", MARK).number == 1
