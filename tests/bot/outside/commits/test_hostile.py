"""Repositories that want to get out: none of them runs anything, leaves its tree, or is read as what it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.engine.model.tree import Tree, Unreadable
from bot.outside.commits import GitFailed, Limits, Store
from bot.outside.commits.paths import is_hostile
from tests.bot.cli import git
from tests.bot.outside.commits import Remote, fetched, raw, wait

FILE, LINK, FOLDER, SUBMODULE = "100644", "120000", "40000", "160000"


def unchecked(store: Store, remote: Remote, sha: str) -> Store:
    """Bring a commit into the store past git's own check, as if that knew no such trick yet."""
    git(Path(store.folder), "-c", "transfer.fsckObjects=false", "fetch", "-q", str(remote.bare), f"{sha}:refs/commits/{sha}")
    return store


@pytest.mark.parametrize("name", [".gi\u200ct", ".git ", *".. . .git .GIT git~1 .git. .git::$INDEX_ALLOCATION".split()])
def test_a_tree_with_gits_own_names_is_refused_twice(remote: Remote, store: Store, name: str):
    inner = raw(remote.bare, "tree", b"100644 config\0" + bytes.fromhex(raw(remote.bare, "blob", b"[core]\n")))
    sha = remote.raw_commit([(FOLDER, name, inner)])
    with pytest.raises(GitFailed) as failed:
        fetched(store, remote, sha)
    assert failed.value.kind == "hostile", failed.value
    with pytest.raises(GitFailed, match="called like git's own") as failed:
        unchecked(store, remote, sha).commit(sha)
    assert failed.value.kind == "hostile"


@pytest.mark.parametrize("path", r"a/.git/x /etc/passwd a//b a\.git\config a/../b .git sub/GIT~1/hooks a/".split())
def test_paths_that_lead_out_are_known(path: str):
    assert is_hostile(path)


@pytest.mark.parametrize("path", r".gitignore .github/x.yml git a..b ... x\x2d.service gita~1 .git-x ünï/ö".split())
def test_paths_that_only_look_like_it_are_harmless(path: str):
    assert not is_hostile(path)


def test_two_entries_of_one_name_are_refused(remote: Remote, store: Store):
    blob = raw(remote.bare, "blob", b"x\n")
    tree = raw(remote.bare, "tree", b"100644 b\0" + bytes.fromhex(blob))
    sha = remote.raw_commit([(FILE, "a", blob), (FOLDER, "a", tree)])
    with pytest.raises(GitFailed) as failed:
        fetched(store, remote, sha)
    assert failed.value.kind == "hostile"
    with pytest.raises(GitFailed, match="two files of one name"):
        unchecked(store, remote, sha).commit(sha)


def test_links_are_links_and_lead_nowhere(remote: Remote, store: Store):
    links = {"passwd": "/etc/passwd", "up": "../../etc", "hooks": ".git/hooks", "good": "main.py", "loop": "loop"}
    for name, target in links.items():
        (remote.work / name).symlink_to(target)
    sha = remote.commit({"main.py": "x = 1\n"})
    with fetched(store, remote, sha).commit(sha) as commit:
        tree = Tree(commit)
        assert {name: kind for name, kind in commit.entries("").items() if kind == "link"}.keys() == links.keys()
        assert tree.text("good") == "x = 1\n"
        assert commit.target("passwd") == "/etc/passwd"
        for name in ("passwd", "up/passwd", "hooks/pre-push", "loop"):
            with pytest.raises(Unreadable):
                tree.read(name)
        with pytest.raises(Unreadable):
            commit.read("good")  # a link is no file
        with pytest.raises(Unreadable):
            commit.target("main.py")


def test_a_link_that_is_a_whole_book_is_not_followed(remote: Remote, store: Store):
    blob = raw(remote.bare, "blob", b"a/" * 10_000)
    sha = remote.raw_commit([(LINK, "link", blob)])
    with fetched(store, remote, sha).commit(sha) as commit, pytest.raises(Unreadable, match="longer than any system takes"):
        commit.target("link")


def test_submodules_filters_and_hooks_start_nothing(remote: Remote, store: Store, tmp_path: Path):
    proof = tmp_path / "ran"
    sha = remote.commit(
        {
            "a.py": "x = 1\n",
            ".gitattributes": "*.py filter=evil diff=evil merge=evil\n",
            ".gitconfig": f'[filter "evil"]\n\tsmudge = touch {proof}\n\tclean = touch {proof}\n',
            ".gitmodules": f'[submodule "s"]\n\tpath = s\n\turl = ext::sh -c "touch% {proof}"\n',
            ".lfsconfig": f"[lfs]\n\turl = http://127.0.0.1:1/{proof}\n",
            "hooks/post-checkout": f"#!/bin/sh\ntouch {proof}\n",
        }
    )
    git(remote.work, "update-index", "--add", "--cacheinfo", f"{SUBMODULE},{sha},s")
    git(remote.work, "commit", "-q", "-m", "submodule")
    git(remote.work, "push", "-q", str(remote.bare), "HEAD:refs/heads/main")
    sha = remote.head("main")
    fetched(store, remote, sha)
    with store.commit(sha) as commit:
        wait(store.want(remote.access, list(commit.paths())))
        assert "s" not in commit.entries("")
        assert commit.read("a.py") == b"x = 1\n"
        assert commit.read("hooks/post-checkout").startswith(b"#!/bin/sh\n")
    assert not proof.exists()


def test_strange_names_are_kept_and_control_characters_left_out(remote: Remote, store: Store):
    blob = raw(remote.bare, "blob", b"x\n")
    strange = ['"quoted".py', "a b.py", "back\\slash.py", "mañana.py", "-rf.py", "\udcff\udcfe.py", "$(id).py", "*.py"]
    entries = [(FILE, name, blob) for name in [*strange, "bell\a.py", "new\nline.py", "tab\t.py", "del\x7f.py"]]
    sha = remote.raw_commit(sorted(entries, key=lambda entry: os.fsencode(entry[1])))
    with fetched(store, remote, sha).commit(sha) as commit:
        assert sorted(commit.entries("")) == sorted(strange)
        assert {commit.read(name) for name in strange} == {b"x\n"}


def test_a_tree_in_a_tree_by_the_million_is_too_large(remote: Remote, store: Store):
    level = raw(remote.bare, "tree", b"")
    for _ in range(12):
        level = raw(remote.bare, "tree", b"".join(b"40000 %d\0" % number + bytes.fromhex(level) for number in range(10)))
    sha = remote.raw_commit([(FOLDER, "bomb", level)])
    with pytest.raises(GitFailed) as failed:
        fetched(store, remote, sha)
    assert failed.value.kind == "too-large"
    with pytest.raises(GitFailed) as failed:
        store.commit(sha)
    assert failed.value.kind == "too-large"


def test_folders_beyond_all_depth_are_left_out(remote: Remote, store: Store):
    level = raw(remote.bare, "tree", b"100644 x.py\0" + bytes.fromhex(raw(remote.bare, "blob", b"x\n")))
    for _ in range(300):
        level = raw_tree(remote, level)
    sha = remote.raw_commit([(FOLDER, "d", level), (FILE, "main.py", raw(remote.bare, "blob", b"y\n"))])
    with fetched(store, remote, sha).commit(sha) as commit:
        assert list(Tree(commit).walk()) == ["main.py"]


def raw_tree(remote: Remote, inner: str) -> str:
    """Write a tree with one folder, without starting git for each."""
    import hashlib
    import zlib

    body = b"40000 d\0" + bytes.fromhex(inner)
    data = b"tree %d\0" % len(body) + body
    sha = hashlib.sha1(data).hexdigest()
    path = remote.bare / "objects" / sha[:2] / sha[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(data))
    return sha


def test_what_is_larger_than_a_file_may_be_is_there_and_not_read(remote: Remote, tmp_path: Path):
    sha = remote.commit({"main.py": "x" * 5000, "small.py": "y"})
    store = Store.create(str(tmp_path / "other"), Limits(blob=4096))
    with fetched(store, remote, sha).commit(sha) as commit:
        assert commit.size("main.py") == 5000
        with pytest.raises(Unreadable, match="more than"):
            commit.read("main.py")
        assert commit.read("small.py") == b"y"
