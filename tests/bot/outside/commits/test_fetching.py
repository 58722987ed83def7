"""One commit comes without a clone: its trees, the files that an analysis usually reads, and others when they are wanted."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.engine.model.tree import Tree, Unreadable
from bot.outside.commits import Access, GitFailed, Missing, Store
from tests.bot.cli import git
from tests.bot.outside.commits import TOKEN, Remote, fetched, wait

FILES = {
    "main.py": "import app\n",
    "app/__init__.py": "",
    "fly.toml": 'app = "x"\n',
    "Dockerfile": "FROM python:3.12\n",
    "bin/start": "#!/bin/sh\n",
    "docs/guide.md": "# Guide\n",
    "tests/test_app.py": "assert True\n",
    "static/logo.png": b"\x89PNG\r\n\x1a\n\0",
    "data/big.json": "{}\n",
    "a/b/c/d/e.json": "[]\n",
    "windows.py": b"x = 1\r\n",
}


def test_what_an_analysis_usually_reads_is_there_at_once(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    with fetched(store, remote, sha).commit(sha) as commit:
        for path in ("main.py", "app/__init__.py", "fly.toml", "Dockerfile", "bin/start", "docs/guide.md", "windows.py"):
            text = FILES[path]
            assert commit.read(path) == (text.encode() if isinstance(text, str) else text)
        assert commit.missing == []


def test_another_file_is_missing_until_it_is_wanted(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    with fetched(store, remote, sha).commit(sha) as commit:
        tree = Tree(commit)
        for _ in range(2):
            with pytest.raises(Missing) as missing:
                tree.read("static/logo.png")
            assert missing.value.path == "static/logo.png"
        with pytest.raises(Missing):
            tree.text_if_any("tests/test_app.py")  # no `Unreadable`, which the engine would take for an answer
        with pytest.raises(Missing):
            commit.size("a/b/c/d/e.json")
        assert commit.missing == ["static/logo.png", "tests/test_app.py", "a/b/c/d/e.json"]
        wait(store.want(remote.access, commit.missing))
        assert commit.read("static/logo.png") == FILES["static/logo.png"]
        assert commit.size("a/b/c/d/e.json") == 3


def test_wanted_files_come_in_one_request_and_only_once(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    fetched(store, remote, sha)
    before = len(remote.server.asked)
    wait(store.want(remote.access, ["static/logo.png", "a/b/c/d/e.json"], sha))
    assert [asked.path.rpartition("/")[2] for asked in remote.server.asked[before:]] == ["refs", "git-upload-pack"]
    blob = store.commit(sha).paths()["static/logo.png"]
    wait(store.want(remote.access, ["a/b/c/d/e.json", blob]))
    assert len(remote.server.asked) == before + 2


def test_a_second_fetch_asks_nothing(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    fetched(store, remote, sha)
    before = len(remote.server.asked)
    fetched(store, remote, sha)
    assert len(remote.server.asked) == before


def test_a_later_commit_comes_into_the_same_store(remote: Remote, store: Store):
    first = remote.commit(FILES)
    fetched(store, remote, first)
    second = remote.commit({"main.py": "import other\n", "other.py": ""})
    fetched(store, remote, second)
    with store.commit(first) as old, store.commit(second) as new:
        assert (old.read("main.py"), new.read("main.py")) == (b"import app\n", b"import other\n")
        assert "other.py" not in old.entries("")


def test_a_commit_that_no_branch_points_to_is_fetched(remote: Remote, store: Store):
    first = remote.commit(FILES)
    remote.commit({"main.py": "pass\n"})
    with fetched(store, remote, first).commit(first) as commit:
        assert commit.read("main.py") == b"import app\n"


def test_nothing_of_the_repository_lies_on_the_disk_under_its_name(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    fetched(store, remote, sha)
    names = {name for _, folders, files in os.walk(store.folder) for name in (*folders, *files)}
    assert not names & {Path(path).name for path in FILES}
    assert sorted(os.listdir(store.folder)) == ["HEAD", "busy", "config", "objects", "refs", "shallow"]
    assert stat.S_IMODE(os.stat(store.folder).st_mode) == 0o700
    assert (Path(store.folder) / "config").read_text() == "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


def test_an_empty_commit_has_no_files(remote: Remote, store: Store):
    sha = remote.commit({})
    with fetched(store, remote, sha).commit(sha) as commit:
        assert commit.entries("") == {}
        with pytest.raises(Unreadable):
            commit.read("main.py")


def test_a_branch_is_looked_up_by_its_whole_name(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    remote.commit({}, branch="x/refs/heads/fix")
    assert wait(store.branch_head(remote.reader, "main")) == sha
    assert wait(store.branch_head(remote.reader, "fix")) is None


@pytest.mark.parametrize(
    "branch", ["", "-x", "a..b", "a b", "a\nb", "a:b", "x.lock", "a//b", ".x", "a/.b", "x/", "@{1}", "a*", "@"]
)
def test_what_is_no_branch_is_not_asked_for(remote: Remote, store: Store, branch: str):
    with pytest.raises(GitFailed, match="no name of a branch") as failed:
        wait(store.branch_head(remote.access, branch))
    assert failed.value.kind == "hostile"
    assert remote.server.asked == []


# --- what can't be had


def test_a_commit_that_is_not_there_is_missing(remote: Remote, store: Store):
    remote.commit(FILES)
    with pytest.raises(GitFailed) as failed:
        fetched(store, remote, "1" * 40)
    assert failed.value.kind == "missing"
    assert str(failed.value).startswith("The commit 111111111111 can't be fetched: it is not there (")
    with pytest.raises(GitFailed) as failed:
        store.commit("1" * 40)
    assert failed.value.kind == "missing"


@pytest.mark.parametrize("sha", ["HEAD", "main", "1" * 39, "--upload-pack=x", "1" * 64, ""])
def test_only_whole_names_of_commits_are_taken(remote: Remote, store: Store, sha: str):
    with pytest.raises(GitFailed, match="no commit's whole name"):
        fetched(store, remote, sha)
    assert remote.server.asked == []


@pytest.mark.parametrize(
    ("token", "kind", "says"),
    [
        ("other", "missing", "Repository not found"),
        ("stale", "refused", "access was refused"),
        (None, "refused", "access was refused"),
    ],
)
def test_who_has_no_access_is_told_so(remote: Remote, store: Store, token: str | None, kind: str, says: str):
    sha = remote.commit(FILES)
    with pytest.raises(GitFailed, match=says) as failed:
        wait(store.fetch(Access(remote.access.url, token), sha))
    assert failed.value.kind == kind
    with pytest.raises(GitFailed) as failed:
        wait(store.branch_head(Access(remote.access.url, token), "main"))
    assert failed.value.kind == kind


def test_a_repository_that_is_not_there_is_missing(remote: Remote, store: Store):
    with pytest.raises(GitFailed, match="not there") as failed:
        wait(store.fetch(Access(f"{remote.url}/octo/gone.git", TOKEN), "1" * 40))
    assert failed.value.kind == "missing"


def test_an_empty_repository_has_no_branches_to_look_up(remote: Remote, store: Store):
    with pytest.raises(GitFailed, match="the repository is empty") as failed:
        wait(store.branch_head(remote.access, "main"))
    assert failed.value.kind == "missing"


def test_a_path_that_no_commit_has_is_missing(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    with pytest.raises(GitFailed, match="no file of the commit") as failed:
        wait(fetched(store, remote, sha).want(remote.access, ["nowhere.py"]))
    assert failed.value.kind == "missing"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("ext::sh -c id", "hostile"),
        ("file:///etc", "hostile"),
        ("/etc", "hostile"),
        ("ssh://git@github.com/a/b.git", "hostile"),
        ("https://user:word@github.com/a/b.git", "hostile"),
        ("https://github.com/a/../b.git", "hostile"),
        ("https://github.com/a/b.git\n", "hostile"),
        ("--upload-pack=id", "hostile"),
        ("http://github.com/a/b.git", "refused"),
    ],
)
def test_only_https_is_spoken_beyond_this_machine(store: Store, url: str, kind: str):
    with pytest.raises(GitFailed) as failed:
        wait(store.fetch(Access(url, TOKEN), "1" * 40))
    assert failed.value.kind == kind


def test_the_store_of_a_clone_that_git_knows_is_sound(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    fetched(store, remote, sha)
    wait(store.want(remote.access, list(store.commit(sha).paths()), sha))
    assert git(Path(store.folder), "fsck", "--strict", "--no-dangling") == ""
