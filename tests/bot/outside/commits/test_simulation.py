"""A commit is as good as a folder: the same files, and the same simulated deploy, with what it lacks fetched on demand."""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path

import pytest

from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from bot.engine.simulate import simulate
from bot.outside.commits import Commit, Missing, Store
from bot.outside.folder import Folder
from bot.report import json as document
from bot.report.repairs import Repairs
from tests.bot.cli import git
from tests.bot.outside.commits import Remote, fetched, running, wait

REPOS = Path(__file__).parents[4] / "fixtures" / "repos"
STATES = sorted(path.parent for path in REPOS.glob("*/*/expected.json"))
CHOSEN = STATES[:: max(1, len(STATES) // 8)]  # a few of each story


def shown(reports: list[Report]) -> object:
    """Return all that a check prints of them, and what they rest on."""
    more = [(report.reached, report.followed, report.unknowns, report.assumptions) for report in reports]
    return json.loads(document.check(".", tuple(reports), Repairs({}))), more


def simulated(store: Store, remote: Remote, sha: str) -> tuple[list[Report], int]:
    """Simulate a commit as the service does: again with what was missing, until nothing is; returns the rounds too."""
    for rounds in range(1, 20):
        with store.commit(sha) as commit:
            try:
                return simulate(Tree(commit)), rounds
            except Missing:
                wanted = commit.missing
        assert wanted
        wait(store.want(remote.access, wanted, sha))
    raise AssertionError("it never had enough")


@pytest.mark.parametrize("state", CHOSEN, ids=lambda state: f"{state.parent.name}/{state.name}")
def test_a_commit_is_simulated_as_its_folder_is(remote: Remote, store: Store, state: Path):
    shutil.copytree(state / "before", remote.work, dirs_exist_ok=True)
    sha = remote.commit({})
    fetched(store, remote, sha)
    reports, rounds = simulated(store, remote, sha)
    assert shown(reports) == shown(simulate(Tree(Folder(str(remote.work)))))
    assert rounds == 1  # what the first fetch brings is enough


def test_what_the_names_did_not_tell_is_fetched_on_demand(remote: Remote, store: Store):
    state = STATES[0]
    shutil.copytree(state / "before", remote.work, dirs_exist_ok=True)
    sha = remote.commit({})
    git(Path(store.folder), "-c", "protocol.file.allow=always", "fetch", "-q", "--depth=1", f"file://{remote.bare}", sha)
    bare = Store.create(str(Path(store.folder).parent / "bare"))
    trees = git(Path(store.folder), "rev-list", "--objects", "--filter=blob:none", "--no-object-names", sha)
    pack = Path(bare.folder) / "objects/pack/pack"
    pack.parent.mkdir()
    git(Path(store.folder), "pack-objects", "-q", str(pack), text=trees)  # as after a fetch that brought no file at all
    (Path(bare.folder) / "shallow").write_text(sha + "\n")
    reports, rounds = simulated(bare, remote, sha)
    assert shown(reports) == shown(simulate(Tree(Folder(str(remote.work)))))
    assert rounds > 2


def differences(commit: Commit, folder: Folder, here: str = "") -> list[str]:
    """Return every path at which the two tell something else."""
    mine, theirs = commit.entries(here), folder.entries(here)
    found = [f"{here}/{name}" for name in mine.keys() ^ theirs.keys()]
    for name, kind in mine.items():
        path = f"{here}/{name}" if here else name
        if theirs.get(name) != kind:
            found.append(path)
        elif kind == "folder":
            found += differences(commit, folder, path)
        elif kind == "link":
            found += [path] if commit.target(path) != folder.target(path) else []
        elif (commit.read(path), commit.size(path), commit.executable(path)) != (
            folder.read(path),
            folder.size(path),
            folder.executable(path),
        ):
            found.append(path)
        found += [path] if commit.ignored(path, kind) != folder.ignored(path, kind) else []
    return found


def test_a_commit_shows_what_its_folder_shows(remote: Remote, store: Store):
    shutil.copytree(REPOS, remote.work, dirs_exist_ok=True, symlinks=True)
    (remote.work / "link").symlink_to("docflow")
    (remote.work / "lost").symlink_to("../../nowhere/ünï")
    (remote.work / "run").write_bytes(b"#!/bin/sh\n")
    (remote.work / "run").chmod(0o755)
    sha = remote.commit({"crlf.txt": b"a\r\nb\r\n", ".gitattributes": "* text eol=lf filter=x\n", "ünï/ö ö.py": "x = 'ü'\n"})
    git(remote.work, "add", "--renormalize", ".")
    fetched(store, remote, sha)
    with store.commit(sha) as commit:
        wait(store.want(remote.access, list(commit.paths()), sha))
        (remote.work / "crlf.txt").write_bytes(git(remote.bare, "show", f"{sha}:crlf.txt").encode())
        folder = Folder(str(remote.work))
        assert [path for path in differences(commit, folder) if not path.startswith("/.git")] == []
        assert commit.missing == []


def test_what_is_not_in_a_commit_may_be_ignored(remote: Remote, store: Store):
    rules = {".gitignore": "*.log\n/build/\n!keep.log\n", "sub/.gitignore": "local.py\n", "build/kept.py": "", "a.log": ""}
    sha = remote.commit(rules)
    fetched(store, remote, sha)
    folder = Folder(str(remote.work))
    with store.commit(sha) as commit:
        for path in (
            "x.log",
            "a.log",
            "keep.log",
            "build/kept.py",
            "build/other.py",
            "sub/local.py",
            "local.py",
            "sub/x/local.py",
        ):
            assert commit.ignored(path, "file") == folder.ignored(path, "file"), path
        assert commit.ignored("x.log", "file")
        assert not commit.ignored("a.log", "file")
        for path in ("build", "sub", "build/inner"):
            assert commit.ignored(path, "folder") == folder.ignored(path, "folder"), path
        assert Tree(commit).unversioned("build/other.py")


def test_the_processes_of_a_commit_end_with_it(remote: Remote, store: Store):
    sha = remote.commit({"main.py": ""})
    commit = fetched(store, remote, sha).commit(sha)
    assert commit.read("main.py") == b""
    assert len(running(store)) == 2
    commit.close()
    assert running(store) == []
    assert commit.read("main.py") == b""  # and start again
    del commit
    gc.collect()
    assert running(store) == []


def test_a_git_that_broke_off_is_started_again(remote: Remote, store: Store):
    sha = remote.commit({"main.py": "x\n", "other.py": "y\n"})
    with fetched(store, remote, sha).commit(sha) as commit:
        assert commit.read("main.py") == b"x\n"
        for process in list(commit._processes.values()):
            process.kill()
            process.wait()
        for _ in range(2):
            with pytest.raises(Unreadable, match="git can't read its content"):
                commit.read("main.py")
        assert commit.read("other.py") == b"y\n"
