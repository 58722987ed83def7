"""What goes wrong on demand, and what makes a test fail although nobody refused anything."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from github import GithubException, RateLimitExceededException
from github.GithubException import RateLimitExceededExceedsMaxWait
from github.Repository import Repository

from tests.github import description
from tests.github.calls import OPERATIONS
from tests.github.conftest import SHOP, client, git
from tests.github.standin import Standin, running

PULLS = "POST /repos/{owner}/{repo}/pulls"


@pytest.fixture
def branch(standin: Standin) -> str:
    standin.commit("acme/shop", "fix", {"app.py": "fixed\n"}, parent=standin.find("acme/shop").git.head("main"))
    return "fix"


def headers(standin: Standin) -> dict[str, str]:
    return {"Authorization": f"Bearer {standin.token('acme/shop')}"}


def test_an_operation_fails_as_often_as_it_should(standin: Standin, shop: Repository, branch: str):
    standin.fail(PULLS, status=502, times=2)
    for _ in range(2):
        with pytest.raises(GithubException, match="502"):
            shop.create_pull(base="main", head=branch, title="Fix", body="")
    assert not standin.find("acme/shop").pulls
    assert shop.create_pull(base="main", head=branch, title="Fix", body="").number == 1
    assert [sent.status for sent in standin.sent(PULLS)] == [502, 502, 201]
    assert standin.sent(PULLS)[-1].body["title"] == "Fix"


def test_the_effect_may_be_there_although_the_answer_is_lost(standin: Standin, shop: Repository, branch: str):
    standin.fail("POST /repos/*/pulls", status=502, after_effect=True)
    with pytest.raises(GithubException, match="502"):
        shop.create_pull(base="main", head=branch, title="Fix", body="")
    assert [pull.number for pull in shop.get_pulls(head="acme:fix")] == [1]


def test_the_connection_may_end_in_the_middle_of_an_answer(standin: Standin, shop: Repository, branch: str):
    standin.fail(PULLS, status=0, after_effect=True)
    body = {"title": "Fix", "head": branch, "base": "main"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{standin.api}/repos/acme/shop/pulls", headers=headers(standin), json=body)
    assert len(standin.find("acme/shop").pulls) == 1


def test_an_answer_may_be_late(standin: Standin, shop: Repository):
    standin.fail("GET /repos/{owner}/{repo}", status=200, delay=0.5)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{standin.api}/repos/acme/shop", headers=headers(standin), timeout=0.1)


def test_the_primary_limit_is_told_and_kept(standin: Standin, shop: Repository):
    token = standin.known_token(standin.token("acme/shop"))
    assert token
    standin.limits.primary(token, remaining=1, seconds=600)
    assert shop.get_branch("main").name == "main"
    with pytest.raises(RateLimitExceededExceedsMaxWait) as refused:
        shop.get_branch("main")
    assert refused.value.status == 403
    assert refused.value.headers["x-ratelimit-remaining"] == "0"
    assert int(refused.value.headers["x-ratelimit-reset"]) > standin.now().timestamp() + 500
    standin.advance(601)
    assert shop.get_branch("main").name == "main"


def test_the_secondary_limit_says_how_long(standin: Standin, shop: Repository):
    standin.limits.secondary(30)
    with pytest.raises(RateLimitExceededException, match="secondary rate limit") as refused:
        shop.create_issue("x")
    assert (refused.value.status, refused.value.headers["retry-after"]) == (403, "30")
    standin.advance(31)
    assert shop.create_issue("x").number == 1
    standin.limits.secondary(30, retry_after=False, status=429)
    answer = httpx.get(f"{standin.api}/repos/acme/shop", headers=headers(standin))
    assert (answer.status_code, "retry-after" in answer.headers) == (429, False)


def test_what_did_not_change_is_not_sent_again_and_costs_nothing(standin: Standin, shop: Repository):
    assert shop.update() is False
    assert standin.requests[-1].status == 304
    before = int(httpx.get(f"{standin.api}/rate_limit", headers=headers(standin)).json()["rate"]["remaining"])
    assert shop.update() is False
    after = int(httpx.get(f"{standin.api}/rate_limit", headers=headers(standin)).json()["rate"]["remaining"])
    assert before - after == 1  # the second question for the limit
    standin.find("acme/shop").archived = True
    assert shop.update() is True
    assert shop.archived is True


def test_long_lists_come_in_pages(standin: Standin, shop: Repository):
    issue = standin.issue("acme/shop", "Long")
    for number in range(65):
        standin.comment("acme/shop", issue.number, f"{number}")
    found = shop.get_issue(1).get_comments()
    assert [comment.body for comment in found] == [str(number) for number in range(65)]
    first = httpx.get(f"{standin.api}/repos/acme/shop/issues/1/comments?per_page=30", headers=headers(standin))
    assert {rel: link["url"].rpartition("page=")[2] for rel, link in first.links.items()} == {"next": "2", "last": "3"}
    last = httpx.get(first.links["last"]["url"], headers=headers(standin))
    assert len(last.json()) == 5
    assert set(last.links) == {"prev", "first"}


def test_a_body_that_does_not_fit_is_refused(standin: Standin):
    def post(body: bytes) -> httpx.Response:
        return httpx.post(f"{standin.api}/repos/acme/shop/pulls", headers=headers(standin), content=body)

    assert post(b"{").json()["message"] == "Problems parsing JSON"
    missing = post(json.dumps({"title": "x", "base": "main"}).encode())
    assert (missing.status_code, missing.json()["message"]) == (422, 'Invalid request.\n\n"head" wasn\'t supplied.')
    wrong = post(json.dumps({"title": "x", "base": "main", "head": 1}).encode())
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", "/repos/acme/shop/topics", None, "is not answered"),
        ("GET", "/repos/acme/shop/pulls?author=x", None, "has no parameter author"),
        ("POST", "/repos/acme/shop/issues", {"title": "x", "text": "y"}, "has no text in its body"),
        ("GET", "/repos/acme/shop/pulls?state=merged", None, None),
    ],
)
def test_what_github_would_pass_over_fails_the_test(
    standin: Standin, method: str, path: str, body: dict[str, str] | None, problem: str | None
):
    answer = httpx.request(method, f"{standin.api}{path}", headers=headers(standin), json=body)
    if problem is None:
        assert answer.status_code == 422
        return
    assert answer.status_code == (501 if "answered" in problem else 201 if body else 200)
    assert problem in standin.problems[0]
    standin.problems.clear()


def test_a_problem_fails_the_test_that_made_it(tmp_path: Path):
    with pytest.raises(AssertionError, match="GET /zen is not answered"), running(tmp_path) as standin:
        httpx.get(f"{standin.api}/zen")


def test_an_answer_of_ours_that_does_not_fit_is_a_problem(standin: Standin, shop: Repository):
    standin.issue("acme/shop", "x").state = 3  # type: ignore[assignment]
    httpx.get(f"{standin.api}/repos/acme/shop/issues/1", headers=headers(standin))
    assert "does not fit GitHub's description: state" in standin.problems[0]
    standin.problems.clear()


def test_every_operation_of_the_description_is_answered():
    described = {
        f"{method.upper()} {path}" for path, methods in description.description()["paths"].items() for method in methods
    }
    assert set(OPERATIONS) == described


def test_what_stands_on_a_list_of_exceptions_is_needed(monkeypatch: pytest.MonkeyPatch):
    labels = description.find("POST", "/repos/acme/shop/issues/1/labels")
    assert labels
    assert description.body_errors(labels, ["deploy"]) == []
    monkeypatch.setattr(description, "TAKEN", {})
    assert description.body_errors(labels, ["deploy"])
    listed = description.find("GET", "/app/installations")
    assert listed
    assert description.answer_errors(listed, 200, description.example(listed.name)) == []
    monkeypatch.setattr(description, "SLIPS", {})
    assert description.answer_errors(listed, 200, description.example(listed.name))


def test_it_can_stand_where_an_enterprise_server_would(tmp_path: Path):
    with running(tmp_path, prefix="/api/v3") as standin:
        standin.repository("acme/shop", SHOP)
        shop = client(standin, standin.token("acme/shop")).get_repo("acme/shop")
        assert shop.url == f"{standin.web}/api/v3/repos/acme/shop"
        assert shop.get_branch("main").name == "main"
        assert shop.clone_url == f"{standin.web}/acme/shop.git"


@pytest.mark.parametrize("status", [502, 0])
def test_a_push_may_have_happened_although_its_answer_is_lost(standin: Standin, tmp_path: Path, status: int):
    token = standin.token("acme/shop")
    git(tmp_path, token, "clone", "-q", f"{standin.web}/acme/shop.git", "work")
    standin.fail("git-receive-pack acme/shop", status=status, after_effect=True)
    pushed = git(tmp_path / "work", token, "push", "origin", "HEAD:refs/heads/new")
    assert pushed.returncode != 0
    assert standin.find("acme/shop").git.head("new") is not None


def test_what_was_written_is_told(standin: Standin, shop: Repository, branch: str):
    standin.fail(PULLS)
    with pytest.raises(GithubException, match="502"):
        shop.create_pull(base="main", head=branch, title="Fix", body="")
    shop.create_pull(base="main", head=branch, title="Fix", body="").create_issue_comment("x")
    assert standin.written == [PULLS, "POST /repos/{owner}/{repo}/issues/{issue_number}/comments"]


def test_git_can_fail_too(standin: Standin):
    standin.fail("git-upload-pack acme/shop", status=503)
    refs = f"{standin.web}/acme/shop.git/info/refs?service=git-upload-pack"
    assert [httpx.get(refs).status_code for _ in range(2)] == [503, 200]
    standin.rename("acme/shop", "acme/store")
    moved = httpx.get(refs)
    assert (moved.status_code, moved.headers["location"]) == (301, refs.replace("acme/shop", "acme/store"))
