"""Reading a folder: what lies in it, nothing that lies outside of it, and no waiting."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.engine.model.tree import LARGEST, Tree, Unreadable
from bot.engine.simulate import Options, simulate
from bot.outside.folder import Folder
from tests.bot.cli import bot, put
from tests.tools import DOCKERFILE, HEALTHY, MAIN


def tree(root: Path, in_git: bool = False) -> Tree:
    return Tree(Folder(str(root), in_git=in_git))


def reason(root: Path, path: str) -> str:
    """Return why a file can't be used as text."""
    with pytest.raises(Unreadable) as raised:
        tree(root).text(path)
    return raised.value.reason


# --- what lies in it


def test_entries_have_their_kinds(tmp_path: Path):
    put(tmp_path, {"a.py": "", "x/b.py": ""})
    (tmp_path / "to-file").symlink_to("a.py")
    (tmp_path / "to-folder").symlink_to("x", target_is_directory=True)
    (tmp_path / "to-nothing").symlink_to("gone")
    links = dict.fromkeys(("to-file", "to-folder", "to-nothing"), "link")
    assert Folder(str(tmp_path)).entries("") == {"a.py": "file", "x": "folder", **links}


@pytest.mark.parametrize("folder", ["gone", "a.py", "gone/x", "a.py/x", "..", "x/..", ".", "\0"])
def test_what_is_no_folder_has_no_entries(tmp_path: Path, folder: str):
    put(tmp_path, {"repo/a.py": "", "repo/x/b.py": ""})
    assert Folder(str(tmp_path / "repo")).entries(folder) == {}


@pytest.mark.parametrize("path", ["gone", "x", "a.py/x", "../outside", "x/../a.py", "\0"])
def test_what_is_no_file_is_not_read(tmp_path: Path, path: str):
    put(tmp_path, {"outside": "", "repo/a.py": "", "repo/x/b.py": ""})
    with pytest.raises(Unreadable):
        Folder(str(tmp_path / "repo")).read(path)


def test_pipes_sockets_and_devices_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("socket")
        put(tmp_path, {"a.py": ""})
        assert Folder(str(tmp_path)).entries("") == {"a.py": "file"}
    assert Folder("/dev").entries("").get("null") is None


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "main.py")
    with pytest.raises(Unreadable, match="no such file"):
        Folder(str(tmp_path)).read("main.py")


def test_names_that_are_no_utf_8_are_kept(tmp_path: Path):
    os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9", os.O_CREAT))
    [name] = Folder(str(tmp_path)).entries("")
    assert os.fsencode(name) == b"caf\xe9"
    assert Folder(str(tmp_path)).read(name) == b""


def test_the_owners_right_to_execute_counts(tmp_path: Path):
    put(tmp_path, {"a.sh": "", "b.sh": ""})
    (tmp_path / "a.sh").chmod(0o700)
    (tmp_path / "b.sh").chmod(0o611)
    folder = Folder(str(tmp_path))
    assert [folder.executable(name) for name in ("a.sh", "b.sh", "gone")] == [True, False, False]


# --- what can't be used


@pytest.mark.parametrize(("data", "line"), [(b"\xff", 1), (b"a\nb\xe9\n", 2), (b"\xed\xa0\x80", 1), ("é".encode("utf-16"), 1)])
def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path, data: bytes, line: int):
    put(tmp_path, {"a.py": data})
    assert reason(tmp_path, "a.py").startswith(f"line {line} is not UTF-8 text (byte 0x")


@pytest.mark.parametrize("data", ["\ufeffa\n", "a\r\nb\n", "a\rb", "", "\0", "a"])
def test_text_is_read_as_it_is(tmp_path: Path, data: str):
    put(tmp_path, {"a.py": data})
    assert tree(tmp_path).text("a.py") == data


def test_a_file_is_read_up_to_the_limit_and_not_beyond(tmp_path: Path):
    for name, size in (("most", LARGEST), ("more", LARGEST + 1)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    assert len(tree(tmp_path).read("most")) == LARGEST
    assert reason(tmp_path, "more") == "8 MB is more than the 8 MB that are read"


def test_an_ignore_file_beyond_the_limit_ignores_nothing(tmp_path: Path):
    put(tmp_path, {".gitignore": b"*\n" + b"#" * LARGEST, "x/.gitignore": "*.py\n"})
    folder = Folder(str(tmp_path))
    assert [folder.ignored(path, "file") for path in ("a.py", "x/a.py")] == [False, True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_unreadable_or_empty(tmp_path: Path):
    put(tmp_path, {"a.py": "", "x/b.py": "", ".gitignore": "*\n"})
    for name in ("a.py", "x", ".gitignore"):
        (tmp_path / name).chmod(0)
    assert reason(tmp_path, "a.py") == "Permission denied"
    assert Folder(str(tmp_path)).entries("x") == {}
    assert not Folder(str(tmp_path)).ignored("a.py", "file")
    (tmp_path / "x").chmod(0o700)


def test_a_file_that_vanishes_after_the_listing_is_unreadable(tmp_path: Path):
    put(tmp_path, {"a.py": ""})
    folder = Folder(str(tmp_path))
    folder.entries("")
    (tmp_path / "a.py").unlink()
    for look in (folder.read, folder.size, folder.target):
        with pytest.raises(Unreadable, match="No such file or directory"):
            look("a.py")
    assert not folder.executable("a.py")


# --- links


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """Return a repository with links to what lies beside it, and to what lies in it."""
    put(tmp_path / "outside", {"secret.py": "secret", ".gitignore": "*.py\n", "x/secret.py": ""})
    repo = put(tmp_path / "repo", {"in/main.py": "main", "in/x/b.py": ""})
    (repo / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (repo / "up").symlink_to("../outside", target_is_directory=True)
    (repo / "secret.py").symlink_to(tmp_path / "outside/secret.py")
    (repo / "near").symlink_to("in", target_is_directory=True)
    (repo / "main.py").symlink_to("near/main.py")
    (repo / "loop").symlink_to("loop")
    (repo / "gone").symlink_to("nowhere")
    return repo


@pytest.mark.parametrize("folder", ["out", "up", "near", "out/x", "up/x", "near/x"])
def test_a_folder_lists_nothing_behind_a_link(linked: Path, folder: str):
    assert Folder(str(linked)).entries(folder) == {}


@pytest.mark.parametrize(
    "path", ["secret.py", "out/secret.py", "up/secret.py", "up/x/secret.py", "main.py", "near/main.py", "loop"]
)
def test_a_folder_reads_nothing_behind_a_link(linked: Path, path: str):
    with pytest.raises(Unreadable):
        Folder(str(linked)).read(path)


def test_an_ignore_file_behind_a_link_does_not_count(linked: Path):
    assert not Folder(str(linked)).ignored("out/secret.py", "file")
    assert not tree(linked, in_git=True).unversioned("up/secret.py")


@pytest.mark.parametrize("path", ["secret.py", "out/secret.py", "up/secret.py", "gone", "loop", "near/../../outside/secret.py"])
def test_a_tree_has_nothing_that_a_link_outside_leads_to(linked: Path, path: str):
    assert not tree(linked).is_file(path)
    assert reason(linked, path) in ("the link leaves the repository", "no such file")


def test_a_tree_follows_a_link_within(linked: Path):
    assert tree(linked).text("main.py") == "main"
    assert tree(linked).is_folder("near/x")


def test_a_walk_enters_no_link(linked: Path):
    assert list(tree(linked).walk()) == ["in/main.py", "in/x/b.py"]


def test_the_root_itself_may_be_a_link(tmp_path: Path):
    put(tmp_path / "repo", HEALTHY)
    (tmp_path / "link").symlink_to("repo", target_is_directory=True)
    assert bot(tmp_path, "check", "link").out == bot(tmp_path, "check", "repo").out


# --- large repositories


@pytest.fixture
def abyss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a repository with more folders in one another than Python's stack has room for."""
    put(tmp_path, HEALTHY)
    monkeypatch.chdir(tmp_path)
    levels = sys.getrecursionlimit() + 500
    for _ in range(levels):
        os.mkdir("d")
        os.chdir("d")
    yield tmp_path
    for _ in range(levels):  # what removes temporary folders has the same stack
        os.chdir("..")
        os.rmdir("d")


def test_folders_may_lie_very_deep(abyss: Path):
    assert bot(abyss, "check") == bot(put(abyss / "plain", HEALTHY), "check")
    assert bot(abyss, "fix").code == 0


def test_a_folder_is_listed_down_to_a_depth(tmp_path: Path):
    for levels in (30, 300):
        put(tmp_path, {"d/" * levels + "a.py": ""})
    assert list(tree(tmp_path).walk()) == ["d/" * 30 + "a.py"]


def test_what_is_excluded_is_no_target_and_is_never_listed(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "examples/fly.toml": "nonsense", "examples/x/fly.toml": "", "docs/fly.toml": "nonsense"})
    source = Folder(str(tmp_path))
    found = simulate(Tree(source), Options(exclude=("examples", "docs/fly.toml")))
    assert [(report.target.config, report.reached) for report in found] == [("fly.toml", "ok")]
    assert "examples/x" not in source._listed


def test_only_what_the_chain_reaches_is_read(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "Dockerfile": DOCKERFILE, "later.py": b"\xff", "data/table.csv": b"\xff"})
    os.mkfifo(tmp_path / "data/pipe")
    assert bot(tmp_path, "check").code == 0
    put(tmp_path, {"main.py": MAIN + "import later\n"})
    assert bot(tmp_path, "check").code == 1
