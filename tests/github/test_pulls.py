"""Pull requests, issues, comments and reactions."""

from __future__ import annotations

import pytest
from github import GithubException, UnknownObjectException
from github.Repository import Repository

from tests.github.conftest import client
from tests.github.standin import Standin


@pytest.fixture(autouse=True)
def branch(standin: Standin) -> str:
    standin.commit("acme/shop", "deploymend/a", {"app.py": "fixed\n"}, parent=standin.find("acme/shop").git.head("main"))
    return "deploymend/a"


def test_a_pull_request_is_opened_changed_and_found_by_its_branch(standin: Standin, shop: Repository, branch: str):
    made = shop.create_pull(base="main", head=branch, title="Fix", body="Why", draft=True)
    assert (made.number, made.state, made.draft, made.user.login, made.user.type) == (1, "open", True, "deploymend[bot]", "Bot")
    assert (made.commits, made.changed_files, made.additions, made.mergeable_state) == (1, 1, 1, "draft")
    assert made.html_url == f"{standin.web}/acme/shop/pull/1"
    made.edit(title="Fix it", body="Because")
    found = list(shop.get_pulls(head=f"acme:{branch}"))
    assert [(pull.number, pull.title, pull.body, pull.head.ref, pull.base.ref) for pull in found] == [
        (1, "Fix it", "Because", branch, "main")
    ]
    assert list(shop.get_pulls(head="acme:other")) == []
    assert [commit.commit.message for commit in made.get_commits()] == ["Change"]


def test_one_is_open_for_a_branch(shop: Repository, branch: str):
    shop.create_pull(base="main", head=branch, title="Fix", body="")
    with pytest.raises(GithubException) as refused:
        shop.create_pull(base="main", head=branch, title="Fix", body="")
    assert refused.value.status == 422
    assert refused.value.data["message"] == "Validation Failed"
    assert [error["message"] for error in refused.value.data["errors"]] == [
        "A pull request already exists for acme:deploymend/a."
    ]


@pytest.mark.parametrize(
    ("head", "base", "error"),
    [
        ("nothing", "main", {"resource": "PullRequest", "field": "head", "code": "invalid"}),
        ("deploymend/a", "nothing", {"resource": "PullRequest", "field": "base", "code": "invalid"}),
        ("main", "main", {"resource": "PullRequest", "code": "custom", "message": "No commits between main and main"}),
    ],
)
def test_the_branches_have_to_be_there_and_to_differ(shop: Repository, head: str, base: str, error: dict[str, str]):
    with pytest.raises(GithubException) as refused:
        shop.create_pull(base=base, head=head, title="Fix", body="")
    assert refused.value.data["errors"] == [error]


def test_a_body_has_an_end(shop: Repository, branch: str):
    made = shop.create_pull(base="main", head=branch, title="Fix", body="x" * 65_536)
    with pytest.raises(GithubException, match="body is too long"):
        made.edit(body="x" * 65_537)
    with pytest.raises(GithubException, match="title is too long"):
        made.edit(title="x" * 257)
    with pytest.raises(GithubException, match="body is too long"):
        made.create_issue_comment("x" * 65_537)


def test_drafts_are_not_to_be_had_everywhere(standin: Standin, shop: Repository, branch: str):
    standin.find("acme/shop").drafts = False
    with pytest.raises(GithubException, match="Draft pull requests are not supported"):
        shop.create_pull(base="main", head=branch, title="Fix", body="", draft=True)


def test_its_head_follows_the_branch_while_it_is_open(standin: Standin, shop: Repository, branch: str):
    made = shop.create_pull(base="main", head=branch, title="Fix", body="")
    second = standin.commit("acme/shop", branch, {"app.py": "better\n"})
    assert shop.get_pull(1).head.sha == second
    made.edit(state="closed")
    standin.commit("acme/shop", branch, {"app.py": "best\n"})
    assert shop.get_pull(1).head.sha == second
    assert [pull.number for pull in shop.get_pulls(state="closed", head=f"acme:{branch}")] == [1]


def test_one_that_was_closed_can_be_opened_again_unless_its_branch_went(standin: Standin, shop: Repository, branch: str):
    made = shop.create_pull(base="main", head=branch, title="Fix", body="")
    standin.close("acme/shop", 1, by="alice")
    assert shop.get_issue(1).closed_by.login == "alice"
    made.edit(state="open")
    assert (shop.get_pull(1).state, shop.get_issue(1).closed_by) == ("open", None)
    shop.get_git_ref(f"heads/{branch}").delete()
    assert shop.get_pull(1).state == "closed"
    with pytest.raises(GithubException, match="branch has been deleted"):
        made.edit(state="open")
    standin.commit("acme/shop", branch, {"app.py": "else\n"}, parent=standin.find("acme/shop").git.head("main"))
    with pytest.raises(GithubException, match="force-pushed or recreated"):
        made.edit(state="open")


def test_people_merge(standin: Standin, shop: Repository, branch: str):
    made = shop.create_pull(base="main", head=branch, title="Fix", body="")
    sha = standin.merge("acme/shop", 1, by="alice")
    merged = shop.get_pull(1)
    assert (merged.merged, merged.state, merged.merged_by.login, merged.merge_commit_sha) == (True, "closed", "alice", sha)
    assert shop.get_branch("main").commit.sha == sha
    assert shop.get_contents("app.py").decoded_content == b"fixed\n"
    with pytest.raises(GithubException, match="has been merged"):
        made.edit(state="open")


def test_what_conflicts_is_not_mergeable(standin: Standin, shop: Repository, branch: str):
    shop.create_pull(base="main", head=branch, title="Fix", body="")
    standin.commit("acme/shop", "main", {"app.py": "other\n"})
    pull = shop.get_pull(1)
    assert (pull.mergeable, pull.mergeable_state) == (False, "dirty")
    with pytest.raises(GithubException, match="not mergeable"):
        pull.merge()


def test_one_whose_commits_reached_the_base_is_merged(standin: Standin, shop: Repository, branch: str):
    shop.create_pull(base="main", head=branch, title="Fix", body="")
    git = standin.find("acme/shop").git
    git.update("refs/heads/main", git.head(branch) or "")
    assert shop.get_pull(1).merged is True


def test_the_pull_requests_of_a_commit(standin: Standin, shop: Repository, branch: str):
    shop.create_pull(base="main", head=branch, title="Fix", body="")
    git = standin.find("acme/shop").git
    assert [pull.number for pull in shop.get_commit(git.head(branch) or "").get_pulls()] == [1]
    assert list(shop.get_commit("main").get_pulls()) == []


def test_comments_are_written_changed_and_answered(standin: Standin, shop: Repository, branch: str):
    pull = shop.create_pull(base="main", head=branch, title="Fix", body="")
    mine = pull.create_issue_comment("Hello")
    theirs = standin.comment("acme/shop", 1, "/deploymend retry", by="alice")
    mine.edit("Hello again")
    assert [(found.body, found.user.login) for found in pull.get_issue_comments()] == [
        ("Hello again", "deploymend[bot]"),
        ("/deploymend retry", "alice"),
    ]
    assert shop.get_pull(1).comments == 2
    comment = shop.get_issue(1).get_comment(theirs.id)
    first, second = comment.create_reaction("eyes"), comment.create_reaction("eyes")
    assert first.id == second.id
    comment.create_reaction("+1")
    assert [(found.content, found.user.login) for found in comment.get_reactions()] == [
        ("eyes", "deploymend[bot]"),
        ("+1", "deploymend[bot]"),
    ]
    comment.delete_reaction(first.id)
    assert [found.content for found in comment.get_reactions()] == ["+1"]
    with pytest.raises(GithubException, match="Invalid request"):
        comment.create_reaction("thumbs up")
    mine.delete()
    with pytest.raises(UnknownObjectException):
        shop.get_issue(1).get_comment(mine.id)


def test_an_issue_and_a_pull_request_have_one_row_of_numbers(standin: Standin, shop: Repository, branch: str):
    standin.issue("acme/shop", "Broken")
    pull = shop.create_pull(base="main", head=branch, title="Fix", body="")
    assert pull.number == 2
    assert shop.get_issue(2).pull_request is not None
    assert shop.get_issue(1).pull_request is None
    with pytest.raises(UnknownObjectException):
        shop.get_pull(1)
    made = shop.create_issue("Another", "Text")
    made.edit(state="closed")
    assert (shop.get_issue(3).state, shop.get_issue(3).state_reason) == ("closed", "completed")
    made.add_to_labels("deploy")
    assert [label.name for label in shop.get_issue(3).get_labels()] == ["deploy"]


def test_on_a_pull_request_either_permission_will_do_but_not_on_an_issue(standin: Standin, shop: Repository, branch: str):
    standin.issue("acme/shop", "Broken")
    shop.create_pull(base="main", head=branch, title="Fix", body="")
    pulls_only = client(standin, standin.token("acme/shop", {"pull_requests": "write"})).get_repo("acme/shop")
    assert pulls_only.get_issue(2).create_comment("Hello").body == "Hello"
    with pytest.raises(GithubException, match="not accessible"):
        pulls_only.get_issue(1)
    with pytest.raises(GithubException, match="not accessible"):
        client(standin, standin.token("acme/shop", {"checks": "write"})).get_repo("acme/shop").get_pull(2)


def test_issues_may_be_locked_or_switched_off(standin: Standin, shop: Repository, branch: str):
    issue = standin.issue("acme/shop", "Broken")
    shop.create_pull(base="main", head=branch, title="Fix", body="")
    issue.locked = True
    with pytest.raises(GithubException, match="issue is locked"):
        shop.get_issue(1).create_comment("x")
    assert [found.number for found in shop.get_issues(state="all")] == [2, 1]
    standin.find("acme/shop").has_issues = False
    with pytest.raises(GithubException, match="410"):
        shop.get_issue(1)
    assert shop.get_issue(2).number == 2  # pull requests are talked about all the same


def test_a_pull_request_may_come_from_a_fork(standin: Standin, shop: Repository):
    standin.repository("bob/shop", fork_of="acme/shop", installed=False)
    sha = standin.commit("bob/shop", "idea", {"app.py": "idea\n"}, by="bob")
    made = standin.open_pull("acme/shop", "bob:idea", "main", "Idea", by="bob")
    pull = shop.get_pull(made.number)
    assert (pull.head.sha, pull.head.label, pull.head.repo.full_name, pull.base.repo.full_name) == (
        sha,
        "bob:idea",
        "bob/shop",
        "acme/shop",
    )
    assert [file.filename for file in pull.get_files()] == ["app.py"]
    newer = standin.commit("bob/shop", "idea", {"app.py": "better\n"}, by="bob")
    assert [found.head.sha for found in shop.get_pulls(head="bob:idea")] == [newer]
    assert shop.create_check_run("Deploymend", newer).pull_requests == []  # checks do not know the pull requests of forks
    with pytest.raises(GithubException, match="invalid"):
        shop.create_pull(base="main", head="carol:idea", title="Idea", body="")
