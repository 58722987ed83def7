"""Work that is not committed, asked of real git, which starts nothing that a repository brings along."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from bot.outside.git import GitTrouble, uncommitted, work_tree
from tests.bot.cli import bot, committed, contents, environment, git, put
from tests.tools import FLY, HEALTHY

TWICE = {**HEALTHY, "fly.toml": FLY + FLY}  # repaired by repair-toml
FILES = {"a.toml": "a\n", "sub/b.toml": "b\n", ".gitignore": "*.log\nbuild/\n"}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing of the developer's own git settings."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return committed(tmp_path / "repo", FILES)


def dirty(root: Path, *paths: str) -> list[str]:
    return uncommitted(str(root), list(paths))


# --- what differs


def test_a_clean_repository_has_nothing_uncommitted(repo: Path):
    assert dirty(repo, *FILES) == []


def test_no_paths_are_no_question(repo: Path):
    put(repo, {"a.toml": "changed"})
    assert dirty(repo) == []


def test_only_the_paths_that_are_asked_for_count(repo: Path):
    put(repo, {"a.toml": "changed", "sub/b.toml": "changed", "new": ""})
    assert dirty(repo, "sub/b.toml", ".gitignore") == ["sub/b.toml"]


@pytest.mark.parametrize("how", ["edited", "staged", "added", "deleted", "unstaged", "mode", "link", "intended"])
def test_each_sort_of_change_counts(repo: Path, how: str):
    path = repo / "a.toml"
    match how:
        case "edited":
            path.write_text("changed")
        case "staged":
            path.write_text("changed")
            git(repo, "add", "-A")
        case "added":  # and taken back on the disk
            path.write_text("changed")
            git(repo, "add", "-A")
            path.write_text("a\n")
        case "deleted":
            path.unlink()
        case "unstaged":
            git(repo, "rm", "-q", "--cached", "a.toml")
        case "mode":
            path.chmod(0o755)
        case "link":
            path.unlink()
            path.symlink_to("sub/b.toml")
        case "intended":
            git(repo, "rm", "-q", "--cached", "a.toml")
            git(repo, "add", "-N", "a.toml")
    assert dirty(repo, "a.toml", "sub/b.toml") == ["a.toml"]


def test_a_file_touched_without_a_change_is_clean(repo: Path):
    os.utime(repo / "a.toml", (1, 1))
    assert dirty(repo, "a.toml") == []


def test_what_git_does_not_know_counts(repo: Path):
    put(repo, {"new.toml": "", "deep/er/new.toml": ""})
    assert dirty(repo, "new.toml", "deep/er/new.toml") == ["new.toml", "deep/er/new.toml"]


def test_what_git_ignores_counts_since_no_commit_has_it(repo: Path):
    put(repo, {"a.log": "", "build/x/fly.toml": ""})
    assert dirty(repo, "a.log", "build/x/fly.toml", "a.toml") == ["a.log", "build/x/fly.toml"]


def test_what_is_not_there_yet_does_not_count(repo: Path):
    assert dirty(repo, "new.toml", "new/folder/a.toml", "build/new.toml") == []


def test_everything_is_new_before_the_first_commit(tmp_path: Path):
    git(put(tmp_path, FILES), "init", "-q")
    assert dirty(tmp_path, "a.toml", "sub/b.toml") == ["a.toml", "sub/b.toml"]


def test_line_endings_that_git_converts_are_no_change(repo: Path):
    git(repo, "config", "core.autocrlf", "true")
    (repo / "a.toml").unlink()
    git(repo, "checkout", "-q", "a.toml")
    assert (repo / "a.toml").read_bytes() == b"a\r\n"
    assert dirty(repo, "a.toml") == []


def test_a_conflict_counts(repo: Path):
    git(repo, "checkout", "-q", "-b", "other")
    for branch, text in (("other", "theirs\n"), ("main", "ours\n")):
        git(repo, "checkout", "-q", branch)
        put(repo, {"a.toml": text})
        git(repo, "commit", "-q", "-a", "-m", branch)
    with pytest.raises(subprocess.CalledProcessError, match="merge"):
        git(repo, "merge", "-q", "other")
    assert dirty(repo, "a.toml", "sub/b.toml") == ["a.toml"]


@pytest.mark.parametrize(
    "name", ["a b", "é", "-rf", "*.toml", ":(top)a", "a\nb", '"a"', "\\", os.fsdecode(b"\xff"), "[a]", "#", "!x"]
)
def test_a_name_of_any_sort_is_that_file_alone(repo: Path, name: str):
    (repo / name).write_text("1")
    assert dirty(repo, name, "a.toml") == [name]
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "more")
    put(repo, {"a.toml": "changed"})
    assert dirty(repo, name) == []
    (repo / name).write_text("2")
    assert dirty(repo, "sub/b.toml", name) == [name]


# --- where a repository begins


def test_a_work_tree_begins_where_git_lies(repo: Path):
    assert work_tree(str(repo)) == work_tree(str(repo / "sub")) == work_tree(str(repo / "gone/more")) == str(repo)
    assert work_tree("/proc") is None


def test_paths_count_from_the_folder_that_is_asked(repo: Path):
    put(repo, {"sub/b.toml": "changed", "a.toml": "changed"})
    assert dirty(repo / "sub", "b.toml") == ["b.toml"]
    (repo.parent / "link").symlink_to("repo/sub", target_is_directory=True)
    assert dirty(repo.parent / "link", "b.toml") == ["b.toml"]


def test_without_a_repository_nothing_is_uncommitted(tmp_path: Path):
    assert work_tree(str(put(tmp_path, FILES))) is None
    assert dirty(tmp_path, "a.toml") == []


def test_a_linked_work_tree_is_asked_for_itself(repo: Path):
    git(repo, "worktree", "add", "-q", "../linked")
    put(repo, {"a.toml": "changed"})
    linked = put(repo.parent / "linked", {"sub/b.toml": "changed"})
    assert dirty(linked, "a.toml", "sub/b.toml") == ["sub/b.toml"]
    assert dirty(repo, "a.toml", "sub/b.toml") == ["a.toml"]


@pytest.fixture
def nested(repo: Path) -> Path:
    """Return a repository with a submodule in `lib`, and one that it does not know in `own`."""
    committed(repo.parent / "library", FILES)
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib")
    git(repo, "commit", "-q", "-m", "lib")
    committed(repo / "own", FILES)
    return repo


@pytest.mark.parametrize("inner", ["lib", "own"])
def test_a_repository_within_is_asked_for_its_own_files(nested: Path, inner: str):
    assert dirty(nested, f"{inner}/a.toml", f"{inner}/sub/b.toml", "a.toml") == []
    put(nested, {f"{inner}/a.toml": "changed", f"{inner}/new": "", "sub/b.toml": "changed"})
    asked = (f"{inner}/new", "sub/b.toml", f"{inner}/a.toml", "a.toml")
    assert dirty(nested, *asked) == list(asked[:3])


def test_a_fix_refuses_changes_in_a_submodule(nested: Path):
    put(nested, {f"lib/{path}": text for path, text in TWICE.items()})
    before = contents(nested)
    done = bot(nested, "fix")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bot: lib/fly.toml has uncommitted changes: ")
    assert contents(nested) == before


# --- git that does not answer


def test_without_git_it_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitTrouble, match=r"^git is not installed, .* --allow-dirty goes on without$"):
        dirty(repo, "a.toml")


@pytest.mark.parametrize("damage", ["HEAD", "index", "config"])
def test_a_repository_that_is_broken_is_one_sentence(repo: Path, damage: str):
    (repo / ".git" / damage).write_text("[nonsense\n")
    with pytest.raises(GitTrouble, match=r"^git status failed: [^\n]+$"):
        dirty(repo, "a.toml")


def test_a_repository_of_somebody_else_is_not_asked_unless_it_is_trusted(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own switch for its tests of safe.directory
    with pytest.raises(GitTrouble, match="dubious ownership"):
        dirty(repo, "a.toml")
    (repo.parent / "trust").write_text(f"[safe]\n\tdirectory = {repo}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(repo.parent / "trust"))
    put(repo, {"a.toml": "changed"})
    assert dirty(repo, "a.toml") == ["a.toml"]


# --- a repository that means harm

HOOKS = ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout", "reference-transaction")


@pytest.fixture
def hostile(repo: Path) -> Path:
    """Return a repository whose own settings start a program wherever git lets them; the program leaves `marker`."""
    program = repo.parent / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{repo.parent}/marker'\ncat\n")
    program.chmod(0o755)
    put(repo, {".gitattributes": "* filter=evil diff=evil text=auto\n*.toml filter=worse ident merge=evil\n"})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "attributes")
    for hook in HOOKS:
        shutil.copy(program, repo / ".git/hooks" / hook)
    keys = "core.fsmonitor core.pager core.editor core.askPass core.sshCommand core.gitProxy core.alternateRefsCommand"
    keys += " pager.status diff.external diff.evil.textconv diff.evil.command merge.evil.driver gpg.program credential.helper"
    keys += " filter.evil.clean filter.evil.smudge filter.worse.process alias.status uploadpack.packObjectsHook"
    for key in keys.split():
        git(repo, "config", key, f"!{program}" if key.startswith("alias") else str(program))
    for name in ("evil", "worse"):
        git(repo, "config", f"filter.{name}.required", "true")
    git(repo, "config", "core.hooksPath", str(repo / ".git/hooks"))
    git(repo, "config", "status.submoduleSummary", "true")
    for path in FILES:
        os.utime(repo / path, (1, 1))  # git has to look into each
    (repo.parent / "marker").unlink(missing_ok=True)
    return repo


def test_settings_of_a_repository_start_nothing(hostile: Path):
    put(hostile, {"a.toml": "changed", "new.toml": ""})
    assert dirty(hostile, "a.toml", "sub/b.toml", "new.toml") == ["a.toml", "new.toml"]
    assert not (hostile.parent / "marker").exists()


def test_the_settings_would_start_something(hostile: Path):
    put(hostile, {"a.toml": "changed"})
    with suppress(subprocess.CalledProcessError):
        git(hostile, "status", "--short")
    assert (hostile.parent / "marker").exists()


def test_a_fix_of_a_hostile_repository_starts_nothing(hostile: Path):
    put(hostile, TWICE)
    assert bot(hostile, "fix").code == 2
    assert bot(hostile, "fix", "--allow-dirty").code == 0
    assert not (hostile.parent / "marker").exists()


def test_settings_that_are_included_start_nothing_either(hostile: Path):
    (hostile / ".git/config").rename(hostile / "more")
    (hostile / ".git/config").write_text("[core]\n\trepositoryformatversion = 0\n[include]\n\tpath = ../more\n")
    assert dirty(hostile, "a.toml", "sub/b.toml") == []
    assert not (hostile.parent / "marker").exists()


def test_objects_that_are_missing_are_not_fetched(hostile: Path):
    git(hostile, "config", "remote.evil.url", f"ext::{hostile.parent}/program")
    git(hostile, "config", "protocol.ext.allow", "always")
    for key, value in (
        ("remote.evil.promisor", "true"),
        ("extensions.partialClone", "evil"),
        ("core.repositoryFormatVersion", "1"),
    ):
        git(hostile, "config", key, value)
    tree = git(hostile, "rev-parse", "HEAD^{tree}").strip()
    (hostile.parent / "marker").unlink(missing_ok=True)
    (hostile / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(GitTrouble):
        dirty(hostile, "a.toml")
    assert not (hostile.parent / "marker").exists()


def test_a_work_tree_that_the_settings_name_is_not_looked_at(repo: Path):
    other = put(repo.parent / "other", FILES)
    git(repo, "config", "core.worktree", str(other))
    put(repo, {"a.toml": "changed"})
    assert dirty(repo, "a.toml", "sub/b.toml") == ["a.toml"]


def test_asking_changes_nothing_in_the_repository(hostile: Path):
    before = {path: path.lstat().st_mtime_ns for path in hostile.rglob("*")}
    dirty(hostile, "a.toml", "sub/b.toml")
    assert {path: path.lstat().st_mtime_ns for path in hostile.rglob("*")} == before
