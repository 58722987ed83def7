"""What is read of repositories, and what becomes of limits, moved repositories and a broken network."""

from __future__ import annotations

import time

import pytest

from tests.github.standin import Standin
from tests.webhooks.github.conftest import NAME
from webhooks.github import Denied, Failed, Gone, Installation, Limited, Refused, Trouble

REPOSITORY = "GET /repos/{owner}/{repo}"


def test_repository_is_read(ours: Installation, standin: Standin) -> None:
    found = ours.repository(NAME)
    assert found.full_name == NAME
    assert found.default_branch == "main"
    assert (found.archived, found.disabled, found.fork, found.private) == (False, False, False, False)
    assert (found.id, found.size) == (standin.find(NAME).id, 100)
    assert found.url == f"{standin.web}/{NAME}"
    assert found.clone_url == f"{standin.web}/{NAME}.git"
    assert len(standin.sent(REPOSITORY)) == 1


def test_former_name_leads_to_the_present_one(ours: Installation, standin: Standin) -> None:
    standin.rename(NAME, "acme/store")
    assert ours.repository(NAME).full_name == "acme/store"


def test_nothing_is_written_under_a_former_name(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, "fix", {"b": "c"}, parent=head)
    standin.rename(NAME, "acme/store")
    with pytest.raises(Failed):
        ours.ensure_pull(NAME, "fix", "main", "Title", "Body", "<!-- deploymend:cause:a -->")
    assert not standin.find("acme/store").pulls
    # GitHub's description lists the redirects of moved repositories for a few operations alone
    standin.problems[:] = [one for one in standin.problems if not one.endswith(("never answers 301", "never answers 307"))]


@pytest.mark.parametrize(
    "name", ["acme", "acme/", "/shop", "acme/shop/pulls", "acme/..", "../shop", "acme/shop?x=1", "a b/c", ""]
)
def test_what_is_no_name_is_not_asked_for(name: str, ours: Installation) -> None:
    with pytest.raises(ValueError, match="not the name of a repository"):
        ours.repository(name)


def test_repository_that_is_not_there_is_gone(ours: Installation) -> None:
    with pytest.raises(Gone) as raised:
        ours.repository("acme/nothing")
    assert str(raised.value) == (
        "Can't read the repository acme/nothing: GitHub knows no such thing, or we may not see it (Not Found)."
    )


def test_branches(ours: Installation, standin: Standin, head: str) -> None:
    standin.commit(NAME, "deploymend/fix-1f00", {"b": "c"}, parent=head)
    assert ours.branch_head(NAME, "main") == head
    assert ours.branch_head(NAME, "deploymend/fix-1f00") == standin.find(NAME).git.head("deploymend/fix-1f00")
    assert ours.branch_head(NAME, "deploymend/fix") is None
    assert ours.branch_head(NAME, "deploymend") is None


def test_empty_repository_has_no_branch(ours: Installation, standin: Standin) -> None:
    standin.repository("acme/empty")
    assert ours.branch_head("acme/empty", "main") is None


@pytest.mark.parametrize(
    ("role", "permission"),
    [("admin", "admin"), ("maintain", "write"), ("write", "write"), ("triage", "read"), ("read", "read")],
)
def test_permission_of_people(role: str, permission: str, ours: Installation, standin: Standin) -> None:
    standin.collaborate(NAME, "bob", role)  # type: ignore[arg-type]
    assert ours.permission(NAME, "bob") == permission


def test_stranger_may_nothing_in_a_private_repository(ours: Installation, standin: Standin) -> None:
    standin.repository("acme/secret", {"a": "b"}, private=True)
    standin.person("mallory")
    assert ours.permission("acme/secret", "mallory") == "none"
    assert ours.permission(NAME, "nobody-of-that-name") == "none"


def test_archived_repository_is_denied_to_writes(ours: Installation, standin: Standin, head: str) -> None:
    standin.find(NAME).archived = True
    assert ours.repository(NAME).archived
    with pytest.raises(Denied, match="archived so is read-only"):
        ours.ensure_check(NAME, head, "Deploymend", "a", "Title", "Summary", conclusion="neutral")


@pytest.mark.parametrize("after", [True, False])
def test_secondary_limit_is_told_at_once(after: bool, ours: Installation, standin: Standin) -> None:
    ours.repository(NAME)
    standin.limits.secondary(30, retry_after=after)
    began = time.monotonic()
    with pytest.raises(Limited) as raised:
        ours.repository(NAME)
    assert raised.value.retry_at == pytest.approx(time.time() + (30 if after else 60), abs=4)
    assert time.monotonic() - began < 5
    assert len(standin.sent(REPOSITORY)) == 2
    assert str(raised.value).startswith(f"Can't read the repository {NAME}: GitHub's rate limit is used up until ")


def test_primary_limit_is_told_with_its_end(ours: Installation, standin: Standin) -> None:
    ours.repository(NAME)
    standin.limits.primary(next(iter(standin.tokens.values())), 0, 1800)
    with pytest.raises(Limited) as raised:
        ours.repository(NAME)
    assert raised.value.retry_at == pytest.approx(time.time() + 1800, abs=4)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_reading_is_tried_again(status: int, ours: Installation, standin: Standin) -> None:
    standin.fail(REPOSITORY, status, times=3)
    assert ours.repository(NAME).full_name == NAME
    assert len(standin.sent(REPOSITORY)) == 4


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "60"}])
def test_reading_ends_as_trouble(headers: dict[str, str], ours: Installation, standin: Standin) -> None:
    standin.fail(REPOSITORY, 503, times=9, headers=headers)
    began = time.monotonic()
    with pytest.raises(Trouble) as raised:
        ours.repository(NAME)
    assert str(raised.value) == f"Can't read the repository {NAME}: GitHub answered 503."
    assert time.monotonic() - began < 5


def test_429_is_a_limit(ours: Installation, standin: Standin) -> None:
    standin.fail(REPOSITORY, 429, headers={"Retry-After": "7"}, body={"message": "Too many requests"})
    began = time.monotonic()
    with pytest.raises(Limited) as raised:
        ours.repository(NAME)
    assert raised.value.retry_at == pytest.approx(time.time() + 7, abs=2)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0])
def test_writing_is_never_repeated(status: int, ours: Installation, standin: Standin) -> None:
    number = standin.issue(NAME, "Deploy").number
    standin.fail("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", status)
    with pytest.raises(Trouble):
        ours.ensure_comment(NAME, number, "Hello", "<!-- deploymend:note:a -->")
    assert len(standin.sent("POST /repos/{owner}/{repo}/issues/{issue_number}/comments")) == 1


def test_answer_that_breaks_off_is_trouble(ours: Installation, standin: Standin) -> None:
    standin.fail(REPOSITORY, 0, times=9)
    with pytest.raises(Trouble) as raised:
        ours.repository(NAME)
    assert str(raised.value) == f"Can't read the repository {NAME}: GitHub could not be reached."


@pytest.mark.parametrize("body", [["a list"], "text", {"id": "no number"}, {}])
def test_answer_of_another_form_is_a_failure(body: object, ours: Installation, standin: Standin) -> None:
    standin.fail(REPOSITORY, 400, body=body, times=2)
    with pytest.raises(Refused):
        ours.repository(NAME)


def test_host_that_is_not_there_is_trouble(standin: Standin) -> None:
    from webhooks.github import GitHub

    github = GitHub("http://127.0.0.1:9", standin.app.id, standin.app.private_key, pauses=False)
    with pytest.raises(Trouble, match="GitHub could not be reached"):
        github.installation(7).repository(NAME)
    github.close()
