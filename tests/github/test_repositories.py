"""Repositories, branches, contents, commits and comparisons: all of the one repository that is on disk."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from github import GithubException, InputGitTreeElement, UnknownObjectException
from github.Repository import Repository

from tests.github.conftest import client, git
from tests.github.standin import Standin


def test_a_repository_says_what_it_is(standin: Standin):
    standin.repository("acme/old", {"a": ""}, archived=True, private=True, size=5_000_000, default_branch="trunk")
    standin.repository("bob/shop", fork_of="acme/shop")
    old = client(standin, standin.token("acme/old")).get_repo("acme/old")
    assert (old.archived, old.private, old.size, old.default_branch, old.fork) == (True, True, 5_000_000, "trunk", False)
    fork = client(standin, standin.token("bob/shop")).get_repo("BOB/Shop")
    assert (fork.full_name, fork.fork, fork.parent.full_name) == ("bob/shop", True, "acme/shop")
    assert fork.get_branch("main").commit.sha == standin.find("acme/shop").git.head("main")


def test_an_archived_repository_is_read_only(standin: Standin):
    standin.repository("acme/old", {"a": ""}, archived=True)
    old = client(standin, standin.token("acme/old")).get_repo("acme/old")
    with pytest.raises(GithubException, match="archived so is read-only"):
        old.create_git_ref("refs/heads/x", old.get_branch("main").commit.sha)


def test_an_empty_repository_has_no_commits(standin: Standin):
    standin.repository("acme/empty")
    empty = client(standin, standin.token("acme/empty")).get_repo("acme/empty")
    with pytest.raises(GithubException, match=r"Git Repository is empty.*|409"):
        empty.get_commit("main")
    with pytest.raises(UnknownObjectException):
        empty.get_branch("main")


def test_refs_have_slashes(standin: Standin, shop: Repository):
    sha = shop.get_branch("main").commit.sha
    made = shop.create_git_ref("refs/heads/deploymend/fix/a", sha)
    assert shop.get_git_ref("heads/deploymend/fix/a").object.sha == sha
    assert shop.get_branch("deploymend/fix/a").name == "deploymend/fix/a"
    assert [ref.ref for ref in shop.get_git_matching_refs("heads/deploymend/")] == ["refs/heads/deploymend/fix/a"]
    with pytest.raises(GithubException, match="Reference already exists"):
        shop.create_git_ref("refs/heads/deploymend/fix/a", sha)
    with pytest.raises(GithubException, match="not a valid ref name"):
        shop.create_git_ref("refs/heads/a..b", sha)
    with pytest.raises(GithubException, match="Object does not exist"):
        shop.create_git_ref("refs/heads/b", "1" * 40)
    made.delete()
    assert standin.find("acme/shop").git.head("deploymend/fix/a") is None
    with pytest.raises(UnknownObjectException):
        shop.get_branch("deploymend/fix/a")


def test_a_ref_goes_forward_unless_it_is_forced(standin: Standin, shop: Repository):
    first = shop.get_branch("main").commit.sha
    ref = shop.create_git_ref("refs/heads/x", first)
    second = standin.commit("acme/shop", "main", {"app.py": "2\n"})
    ref.edit(second)
    with pytest.raises(GithubException, match="not a fast forward"):
        ref.edit(first)
    ref.edit(first, force=True)
    assert standin.find("acme/shop").git.head("x") == first


def test_a_commit_is_made_of_a_tree(standin: Standin, shop: Repository):
    base = shop.get_git_commit(shop.get_branch("main").commit.sha)
    changed = InputGitTreeElement("src/main.py", "100644", "blob", content="new\n")
    gone = InputGitTreeElement("app.py", "100644", "blob", sha=None)
    tree = shop.create_git_tree([changed, gone], base.tree)
    commit = shop.create_git_commit("Change", tree, [base])
    shop.create_git_ref("refs/heads/made", commit.sha)
    bare = standin.find("acme/shop").git
    assert [(file.path, file.status) for file in bare.files(base.sha, commit.sha)] == [
        ("app.py", "removed"),
        ("src/main.py", "modified"),
    ]
    assert {entry.path: entry.mode for entry in shop.get_git_tree("made", recursive=True).tree}["run.sh"] == "100755"
    assert base64.b64decode(shop.get_git_blob(bare.entry("made", "src/main.py").sha).content) == b"new\n"


def test_contents_are_those_of_a_ref(standin: Standin, shop: Repository):
    standin.commit(
        "acme/shop",
        "other",
        {"app.py": "else\n", "link": ("app.py", "120000")},
        parent=standin.find("acme/shop").git.head("main"),
    )
    assert shop.get_contents("app.py").decoded_content == b"import flask\n"
    assert shop.get_contents("app.py", ref="other").decoded_content == b"else\n"
    assert shop.get_contents("link", ref="other").type == "symlink"
    assert [(found.path, found.type) for found in shop.get_contents("src")] == [("src/main.py", "file")]
    with pytest.raises(UnknownObjectException):
        shop.get_contents("nothing.py")


def test_a_file_is_written_when_its_old_hash_is_named(standin: Standin, shop: Repository):
    old = shop.get_contents("app.py")
    shop.update_file("app.py", "Change", "new\n", old.sha)
    with pytest.raises(GithubException, match="does not match"):
        shop.update_file("app.py", "Change", "newer\n", old.sha)
    made = shop.create_file("more.py", "Add", "x\n")
    assert made["commit"].sha == standin.find("acme/shop").git.head("main")
    with pytest.raises(GithubException, match="not accessible"):
        shop.create_file(".github/workflows/ci.yml", "Add", "x\n")


def test_commits_are_compared(standin: Standin, shop: Repository):
    first = shop.get_branch("main").commit.sha
    standin.commit("acme/shop", "x/y", {"app.py": "2\n", "new.py": "1\n2\n"}, parent=first)
    standin.commit("acme/shop", "main", {"run.sh": "3\n"})
    found = shop.compare("main", "x/y")
    assert (found.status, found.ahead_by, found.behind_by, found.merge_base_commit.sha) == ("diverged", 1, 1, first)
    assert [(file.filename, file.status, file.additions) for file in found.files] == [
        ("app.py", "modified", 1),
        ("new.py", "added", 2),
    ]
    assert found.files[0].patch.startswith("@@ -1 +1 @@")
    assert shop.compare(first, "main").status == "ahead"
    assert shop.compare("main", "main").status == "identical"


def test_a_commit_names_the_account_of_its_address(standin: Standin, shop: Repository):
    bot = standin.app.bot
    assert bot.email == f"{bot.id}+deploymend[bot]@users.noreply.github.com"
    standin.commit("acme/shop", "main", {"app.py": "2\n"}, by="deploymend[bot]")
    commit = shop.get_commit("main")
    assert commit.author.login == "deploymend[bot]"
    assert (commit.stats.total, [file.filename for file in commit.files]) == (2, ["app.py"])
    assert [found.commit.message for found in shop.get_commits(sha="main")] == ["Change", "Begin"]


def test_people_have_roles(standin: Standin, shop: Repository):
    standin.collaborate("acme/shop", "alice", "maintain")
    standin.collaborate("acme/shop", "carol", "triage")
    standin.person("bob")
    assert shop.get_collaborator_permission("alice") == "write"
    assert shop.get_collaborator_permission("carol") == "read"
    assert shop.get_collaborator_permission("bob") == "read"  # the repository is public
    assert shop.get_collaborator_permission("acme") == "admin"
    standin.find("acme/shop").private = True
    assert shop.get_collaborator_permission("bob") == "none"
    with pytest.raises(GithubException, match="not a user"):
        shop.get_collaborator_permission("nobody")


def test_a_renamed_repository_is_found_by_its_old_name(standin: Standin, shop: Repository):
    token = standin.token("acme/shop")
    standin.rename("acme/shop", "acme/store")
    assert client(standin, token).get_repo("acme/shop").full_name == "acme/store"
    assert standin.requests[-2].status == 301
    assert [branch.name for branch in shop.get_branches()] == ["main"]


def test_git_and_the_api_show_one_repository(standin: Standin, shop: Repository, tmp_path: Path):
    token = standin.token("acme/shop")
    assert git(tmp_path, token, "clone", "-q", f"{standin.web}/acme/shop.git", "work").returncode == 0
    (tmp_path / "work" / "app.py").write_text("pushed\n")
    assert git(tmp_path / "work", token, "commit", "-qam", "Push").returncode == 0
    assert git(tmp_path / "work", token, "push", "-q", "origin", "HEAD:refs/heads/deploymend/a").returncode == 0
    pull = shop.create_pull(base="main", head="deploymend/a", title="A", body="")
    assert pull.head.sha == shop.get_branch("deploymend/a").commit.sha
    (tmp_path / "work" / "app.py").write_text("again\n")
    git(tmp_path / "work", token, "commit", "-qam", "Again")
    git(tmp_path / "work", token, "push", "-q", "origin", "HEAD:refs/heads/deploymend/a")
    assert shop.get_pull(pull.number).head.sha != pull.head.sha
    assert [file.filename for file in shop.get_pull(pull.number).get_files()] == ["app.py"]


def test_a_push_needs_the_permission_and_one_more_for_workflows(standin: Standin, tmp_path: Path):
    token, reads = standin.token("acme/shop"), standin.token("acme/shop", {"contents": "read"})
    git(tmp_path, token, "clone", "-q", f"{standin.web}/acme/shop.git", "work")
    work = tmp_path / "work"
    assert "403" in git(work, reads, "push", "origin", "HEAD:refs/heads/x").stderr
    (work / ".github/workflows/deploy.yml").write_text("on: pull_request\n")
    git(work, token, "commit", "-qam", "Workflow")
    assert "without `workflows` permission" in git(work, token, "push", "origin", "HEAD:refs/heads/x").stderr
    more = standin.token("acme/shop", {"contents": "write", "workflows": "write"})
    assert git(work, more, "push", "-q", "origin", "HEAD:refs/heads/x").returncode == 0


def test_a_protected_branch_takes_no_push(standin: Standin, shop: Repository, tmp_path: Path):
    standin.protect("acme/shop", "release/*")
    token = standin.token("acme/shop")
    git(tmp_path, token, "clone", "-q", f"{standin.web}/acme/shop.git", "work")
    refused = git(tmp_path / "work", token, "push", "origin", "HEAD:refs/heads/release/1")
    assert "GH006: Protected branch update failed" in refused.stderr
    with pytest.raises(GithubException, match="protected ref"):
        shop.create_git_ref("refs/heads/release/1", shop.get_branch("main").commit.sha)
    assert shop.get_branch("main").protected is False
