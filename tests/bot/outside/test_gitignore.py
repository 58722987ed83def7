"""What a clone lacks, held against git itself: `git check-ignore` is right by definition."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.outside import gitignore
from bot.outside.folder import Folder
from tests.bot.cli import committed, environment, git, put


def paths(repo: Path) -> list[str]:
    """Return everything in a work tree, folders included."""
    found = [path.relative_to(repo) for path in sorted(repo.rglob("*"))]
    return [str(path) for path in found if path.parts[0] != ".git"]


def by_git(repo: Path, asked: list[str]) -> set[str]:
    """Return what git ignores of these paths."""
    run = subprocess.run(
        ("git", "check-ignore", "-z", "--stdin"),
        cwd=repo,
        env=environment(),
        input=b"\0".join(map(os.fsencode, asked)),
        capture_output=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    return {os.fsdecode(path) for path in run.stdout.split(b"\0") if path}


def by_us(repo: Path, asked: list[str]) -> set[str]:
    folder = Folder(str(repo))
    return {path for path in asked if folder.ignored(path, "folder" if (repo / path).is_dir() else "file")}


def agreed(repo: Path) -> set[str]:
    """Assert that git and we ignore the same, and return it."""
    asked = paths(repo)
    ours = by_us(repo, asked)
    assert ours == by_git(repo, asked)
    return ours


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


# --- vectors

NAMES = (
    "a.py", "b.txt", "a b", "a ", "#a", "!a", "[a]", "a*", "a\\", "é.py", "A.PY", ".env", ".env.local", "-", "build",
    "x/a.py", "x/build/out", "x/y/a.py", "x/y/z/b.txt", "x/.env", "build.d/a", "docs/build/a", "a/x/b", "a/x/y/b",
    "a/b", "foo/bar/baz", "]",
)  # fmt: skip
PATTERNS = (
    "a.py", "/a.py", "*.py", "x/*.py", "x/**/*.py", "**/a.py", "**/y/a.py", "x/", "/x/", "x/y", "/x/y/", "y/", "a/**/b",
    "a/**", "a/*", "**", "*", "/*", "*/", "**/", "/**", "/**/", "build", "build/", "/build", "docs/build", "build*",
    "*build*", "b?ild", "[ab].*", "[!a].*", "[^a].*", "[a-b].txt", "[b-a].txt", "[]]", "[]-]", "[[:alpha:]].py",
    "[[:nope:]].py", "[a", "[]", "[!]a", "\\#a", "#a", "\\!a", "!a", "a\\ ", "a ", "a\\  ", "a b", "a\\ b", "  a",
    "a\\\\", "a\\", "\\a.py", "*\\", "a\\*", "a*", "é.py", "?.py", "??.py", "[é].py", "A.PY", "a.PY", ".*", ".env*",
    "/.env", "foo/bar", "foo/*/baz", "foo/**/baz", "foo**/baz", "foo**baz", "**baz", "x**", "x/**b.txt",
    "x/**/**/b.txt", "**/**/b.txt", "x*/**/b*", "a/**\\/b", "./a.py", "x/../a.py", "//a.py", "x//y", "", "/", "!", "!/",
    "\\", "-", "***", "a/***/b", "\t", "a.py\t", "*.py\n!a.py", "*.py\n!x/a.py", "x/\n!x/a.py", "x/*\n!x/y", "/*\n!/x",
    "*\n!*/\n!*.py", "!a.py\n*.py", "[-a]", "[a-]", "[\\]]", "[\\-]", "[--0]", "[/]", "x[/]y", "[!/]", "x?y",
)  # fmt: skip


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("named")
    git(repo, "init", "-q")
    return put(repo, dict.fromkeys(NAMES, ""))


@pytest.mark.parametrize("text", PATTERNS)
def test_a_pattern_means_what_git_says(named: Path, text: str):
    for written in (f"{text}\n", text.replace("\n", "\r\n") + "\r\n"):
        (named / ".gitignore").write_bytes(written.encode())
        agreed(named)


def test_the_last_line_needs_no_end(named: Path):
    put(named, {".gitignore": "b.txt\n*.py"})
    assert agreed(named) >= {"a.py", "b.txt"}


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfa.py\n", b"\xff\xfe\na.py\n", b"caf\xe9\n", b"caf?\n", b"a.py\0x\n", b"\0\n", b"\r\na.py\n", b"a.py\r\r\n"],
)
def test_bytes_that_are_no_text_mean_what_git_says(repo: Path, data: bytes):
    put(repo, {"a.py": "", ".gitignore": data})
    os.close(os.open(os.fsencode(repo) + b"/caf\xe9", os.O_CREAT))
    agreed(repo)


def test_a_file_in_a_deeper_folder_goes_before_those_above(repo: Path):
    put(repo, {".gitignore": "*.py\n", "x/.gitignore": "!a.py\n/y\n", "x/y/.gitignore": "!*\n"})
    put(repo, {"x/a.py": "", "x/b.py": "", "x/y/a.py": "", "y": ""})
    assert agreed(repo) == {"x/b.py", "x/y", "x/y/.gitignore", "x/y/a.py"}


def test_nothing_below_an_ignored_folder_comes_back(repo: Path):
    put(repo, {".gitignore": "x/\n!x/a.py\n", "x/.gitignore": "!*\n", "x/a.py": ""})
    assert agreed(repo) == {"x", "x/.gitignore", "x/a.py"}


def test_the_repositorys_own_exclude_file_counts_and_goes_last(repo: Path):
    put(repo, {".git/info/exclude": "*.py\n!b.txt\n", ".gitignore": "!a.py\nb.txt\n", "a.py": "", "b.py": "", "b.txt": ""})
    assert agreed(repo) == {"b.py", "b.txt"}


def test_an_ignore_file_that_is_a_link_does_not_count(repo: Path):
    put(repo, {"rules": "*.py\n", "a.py": ""})
    (repo / ".gitignore").symlink_to("rules")
    assert agreed(repo) == set()


def test_a_folder_named_gitignore_does_not_count(repo: Path):
    put(repo, {".gitignore/a.py": "", "a.py": ""})
    assert agreed(repo) == set()


@pytest.mark.parametrize(
    "pattern", ["*a" * 12 + "b", "**/" * 12 + "b", "a/**/" * 12 + "b", "?*" * 12 + "b", "**/*a*a*a*a/" * 6 + "b"]
)
def test_no_pattern_takes_long(pattern: str):
    rules = gitignore.rules(pattern.encode(), "")
    start = time.process_time()
    for path in ("a" * 250, "a/" * 500 + "c", ("a" * 60 + "/") * 60 + "c"):
        gitignore.matches(rules, path, False)
    assert time.process_time() - start < 2


# --- what git tracks


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_what_is_tracked_is_never_ignored(tmp_path: Path, version: str):
    repo = committed(tmp_path, {".gitignore": "*.py\nx/\n", "a.py": "", "x/y/a.py": "", "x/" + "long" * 60 + "/a.py": ""})
    git(repo, "update-index", "--index-version", version)
    put(repo, {"b.py": "", "x/z": "", "n/a.py": ""})
    if version == "3":
        git(repo, "add", "-N", "-f", "b.py")
    assert gitignore.tracked(str(repo)) == set(git(repo, "ls-files", "-z").split("\0")) - {""}
    ignored = by_us(repo, ["a.py", "b.py", "x/y/a.py", "x/z", "n/a.py"])
    assert ignored == {"b.py", "x/z", "n/a.py"} - ({"b.py"} if version == "3" else set())


def test_a_repository_of_sha_256_is_read_too(tmp_path: Path):
    git(tmp_path, "init", "-q", "--object-format=sha256")
    put(tmp_path, {"a.py": "", "x/b.py": "", "c": ""})
    git(tmp_path, "add", "-A")
    assert gitignore.tracked(str(tmp_path)) == {"a.py", "x/b.py", "c"}


def test_names_that_are_no_utf_8_are_tracked_as_they_are(repo: Path):
    os.close(os.open(os.fsencode(repo) + b"/caf\xe9", os.O_CREAT))
    put(repo, {"new\nline": "", 'a"b': ""})
    git(repo, "add", "-A")
    assert gitignore.tracked(str(repo)) == {os.fsdecode(b"caf\xe9"), "new\nline", 'a"b'}


def test_a_linked_work_tree_has_an_index_of_its_own_and_shares_the_exclude_file(tmp_path: Path):
    repo = committed(tmp_path / "repo", {"a.py": ""})
    put(repo, {".git/info/exclude": "*.log\n"})
    git(repo, "worktree", "add", "-q", "../linked")
    linked = put(tmp_path / "linked", {"b.py": "", "b.log": ""})
    git(linked, "add", "b.py")
    assert gitignore.tracked(str(linked)) == {"a.py", "b.py"}
    assert agreed(linked) == {"b.log"}


def test_a_submodule_is_asked_for_its_own_index(tmp_path: Path):
    committed(tmp_path / "library", {".gitignore": "*.py\n", "a.py": ""})
    repo = committed(tmp_path / "repo", {"main.py": ""})
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib")
    put(repo, {"lib/b.py": ""})
    assert gitignore.tracked(str(repo / "lib")) == {".gitignore", "a.py"}
    assert agreed(repo / "lib") == {"b.py"}


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"DIRC",
        b"nope" * 10,
        b"DIRC\0\0\0\x09\0\0\0\1",
        b"DIRC\0\0\0\2\xff\xff\xff\xff",
        b"DIRC\0\0\0\4\0\0\0\1" + b"\xff" * 99,
    ],
)
def test_an_index_that_is_broken_tracks_nothing(tmp_path: Path, index: bytes):
    put(tmp_path, {".git/index": index})
    assert gitignore.tracked(str(tmp_path)) == set()


@pytest.mark.parametrize("link", ["gitdir: nowhere\n", "gitdir:\n", "nonsense", "gitdir: \0\n", "\udcff"])
def test_a_git_file_that_leads_nowhere_tracks_nothing(tmp_path: Path, link: str):
    (tmp_path / ".git").write_bytes(link.encode("utf-8", "surrogateescape"))
    assert gitignore.tracked(str(tmp_path)) == set()
    assert not Folder(str(tmp_path)).ignored("a.py", "file")


# --- properties

PIECE = st.sampled_from(
    ["a", "b", "ab", "/", "/", "*", "**", "**/", "/**", "?", "[ab]", "[!a]", "[a-b]", "\\", "\\*", "é", " ", "!", "."]
)
PATTERN = st.lists(PIECE, min_size=1, max_size=7).map("".join)
NAME = st.text("ab*é !.\\", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
PATH = st.lists(NAME, min_size=1, max_size=5).map("/".join)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("shared")
    git(repo, "init", "-q")
    return repo


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PATTERN, min_size=1, max_size=4), st.lists(PATTERN, max_size=2), st.lists(PATH, min_size=1, max_size=8))
def test_any_pattern_means_what_git_says(shared: Path, above: list[str], below: list[str], files: list[str]):
    for old in shared.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for path in files:
        try:
            put(shared, {path: ""})
        except (NotADirectoryError, FileExistsError, IsADirectoryError):  # another path is a file there
            continue
    (shared / ".gitignore").write_text("\n".join(above))
    if (shared / "a").is_dir():
        (shared / "a" / ".gitignore").write_text("\n".join(below))
    agreed(shared)
