"""Writing a tree's edits: every one or none, and nothing else changes on the disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.model.tree import Change, Tree
from bot.outside import folder
from tests.bot.cli import contents, put

FILES = {"a.toml": "a = 1\n", "b.toml": "b = 1\n", "sub/c.toml": "c = 1\n"}


def tree(root: Path) -> Tree:
    return Tree(folder.Folder(str(root), in_git=False))


def everything(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """Return all that lies below a folder: mode, and content or what a link says."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in sorted(root.rglob("*")):
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(root))] = (path.lstat().st_mode, content)
    return found


def refused(root: Path, changes: list[Change], replace: Callable[[str, str], None] = os.replace) -> str:
    """Write changes that can't be written, and return the sentence; everything has to be as it was."""
    before = everything(root)
    with pytest.raises(folder.NotWritten) as raised:
        folder.write(str(root), changes, replace)
    assert everything(root) == before
    return str(raised.value)


def edited(root: Path) -> list[Change]:
    """Return changes of each sort: two files edited, one moved, one new in a new folder."""
    made = tree(put(root, FILES)).write("a.toml", "a = 2\n").write("b.toml", "b = 2\n")
    return made.move("sub/c.toml", "c.toml").write("c.toml", "c = 2\n").write("new/folder/d.toml", "d = 2\n").changes()


# --- all of it


def test_every_change_is_made_and_nothing_else_is_there(tmp_path: Path):
    folder.write(str(tmp_path), edited(tmp_path))
    assert contents(tmp_path) == {
        "a.toml": b"a = 2\n",
        "b.toml": b"b = 2\n",
        "c.toml": b"c = 2\n",
        "new/folder/d.toml": b"d = 2\n",
    }


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755, 0o750, 0o440])
def test_the_mode_of_a_file_is_kept(tmp_path: Path, mode: int):
    put(tmp_path, {"a.sh": "1", "sub/b.sh": "1"})
    for name in ("a.sh", "sub/b.sh"):
        (tmp_path / name).chmod(mode)
    folder.write(str(tmp_path), tree(tmp_path).write("a.sh", "2").move("sub/b.sh", "b.sh").changes())
    assert [(tmp_path / name).stat().st_mode & 0o7777 for name in ("a.sh", "b.sh")] == [mode, mode]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may write the files of others")
def test_a_file_keeps_its_owner(tmp_path: Path):
    os.chown(put(tmp_path, FILES) / "a.toml", 1234, 4321)
    folder.write(str(tmp_path), tree(tmp_path).write("a.toml", "").changes())
    status = (tmp_path / "a.toml").stat()
    assert (status.st_uid, status.st_gid) == (1234, 4321)


@pytest.mark.parametrize("text", ["a\r\nb\r\n", "a\nb", "\ufeffa\n", "a\rb\n", "a\r\nb\n", "", "\0é🚂"])
def test_a_text_is_written_as_it_is(tmp_path: Path, text: str):
    put(tmp_path, FILES)
    folder.write(str(tmp_path), tree(tmp_path).write("a.toml", text).changes())
    assert (tmp_path / "a.toml").read_bytes() == text.encode()


def test_a_link_stays_and_the_file_behind_it_is_written(tmp_path: Path):
    put(tmp_path, FILES)
    (tmp_path / "link.toml").symlink_to("sub/c.toml")
    folder.write(str(tmp_path), tree(tmp_path).write("link.toml", "c = 2\n").changes())
    assert os.readlink(tmp_path / "link.toml") == "sub/c.toml"
    assert (tmp_path / "sub/c.toml").read_text() == "c = 2\n"


def test_the_root_may_be_reached_through_a_link(tmp_path: Path):
    changes = edited(tmp_path / "repo")
    (tmp_path / "link").symlink_to("repo", target_is_directory=True)
    folder.write(str(tmp_path / "link"), changes)
    assert (tmp_path / "repo/new/folder/d.toml").read_text() == "d = 2\n"


def test_names_may_be_of_any_sort(tmp_path: Path):
    name = os.fsdecode(b"a b\n\"'\xe9\\-*")
    (tmp_path / name).write_text("1")
    folder.write(str(tmp_path), tree(tmp_path).write(name, "2").move(name, f"x/{name}").changes())
    assert contents(tmp_path) == {f"x/{name}": b"2"}


def test_no_change_writes_nothing(tmp_path: Path):
    put(tmp_path, FILES)
    before = (tmp_path / "a.toml").stat()
    folder.write(str(tmp_path), tree(tmp_path).write("a.toml", FILES["a.toml"]).changes())
    assert (tmp_path / "a.toml").stat() == before


# --- or none of it


@pytest.mark.parametrize("taken", ["c.toml", "new", "new/folder/d.toml"])
def test_a_place_that_was_taken_meanwhile_is_left_alone(tmp_path: Path, taken: str):
    changes = edited(tmp_path)
    put(tmp_path, {taken: "theirs"})
    assert refused(tmp_path, changes).endswith("; nothing was changed")


@pytest.mark.parametrize("taken", ["a.toml", "c.toml", "sub/c.toml"])
def test_a_folder_in_the_way_is_left_alone(tmp_path: Path, taken: str):
    changes = edited(tmp_path)
    (tmp_path / taken).unlink(missing_ok=True)
    put(tmp_path, {f"{taken}/theirs": ""})
    assert refused(tmp_path, changes).startswith(f"{taken}: ")


@pytest.mark.parametrize("name", ["a.toml", "b.toml", "sub/c.toml"])
def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path, name: str):
    changes = edited(tmp_path)
    put(tmp_path, {name: "theirs"})
    assert refused(tmp_path, changes) == f"{name}: it has changed meanwhile; nothing was changed"


@pytest.mark.parametrize("name", ["a.toml", "b.toml", "sub/c.toml"])
def test_a_file_that_vanished_meanwhile_does_not_come_back(tmp_path: Path, name: str):
    changes = edited(tmp_path)
    (tmp_path / name).unlink()
    assert refused(tmp_path, changes) == f"{name}: No such file or directory; nothing was changed"


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path):
    changes = edited(tmp_path)
    (tmp_path / "b.toml").unlink()
    os.mkfifo(tmp_path / "b.toml")
    assert refused(tmp_path, changes) == "b.toml: it has changed meanwhile; nothing was changed"


@pytest.mark.parametrize("name", ["a.toml", "c.toml", "sub/c.toml", "sub", "new", "new/folder"])
@pytest.mark.parametrize("there", [True, False], ids=["to-something", "to-nothing"])
def test_nothing_is_written_through_a_link_that_came_meanwhile(tmp_path: Path, name: str, there: bool):
    changes = edited(tmp_path / "repo")
    outside = put(tmp_path / "outside", FILES)
    link = tmp_path / "repo" / name
    link.parent.mkdir(exist_ok=True)
    if link.exists():
        link.rename(tmp_path / "aside")
    target = outside / (name if name.endswith("toml") else "sub") if there else outside / "gone"
    link.symlink_to(target, target_is_directory=not name.endswith("toml"))
    before = everything(outside)
    assert refused(tmp_path / "repo", changes).endswith("; nothing was changed")
    assert everything(outside) == before


def test_a_link_that_leaves_the_repository_is_not_written_through(tmp_path: Path):
    repo = put(tmp_path / "repo", FILES)
    put(tmp_path / "outside", FILES)
    (repo / "out").symlink_to("../outside", target_is_directory=True)
    refused(repo, tree(repo).write("out/new.toml", "x").changes())
    assert contents(tmp_path / "outside") == contents(repo)


@pytest.mark.parametrize("works", range(4))
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupt"])
def test_a_rename_that_fails_takes_back_those_before_it(tmp_path: Path, works: int, error: BaseException):
    changes, made = edited(tmp_path), []
    (tmp_path / "a.toml").chmod(0o750)
    before = everything(tmp_path)

    def replace(source: str, target: str) -> None:
        if len(made) == works:
            raise error
        made.append(target)
        os.replace(source, target)

    with pytest.raises((folder.NotWritten, KeyboardInterrupt)):
        folder.write(str(tmp_path), changes, replace)
    assert everything(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("locked", [".", "sub"])
def test_a_folder_that_may_not_be_written_keeps_all_from_being_written(tmp_path: Path, locked: str):
    changes = edited(tmp_path)
    (tmp_path / locked).chmod(0o500)
    assert refused(tmp_path, changes).endswith(": Permission denied; nothing was changed")
    (tmp_path / locked).chmod(0o700)


def test_a_name_that_is_too_long_is_named_itself(tmp_path: Path):
    changes = edited(tmp_path)
    long = "x" * 250 + ".toml"
    new = Change(long, None, b"", b"", False)
    assert refused(tmp_path, [*changes, new]) == f"{long}: File name too long; nothing was changed"
