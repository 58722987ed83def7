"""The scratch copy: what a deploy would send, and nothing else."""

import os
from pathlib import Path

import pytest

from bot.engine.model.tree import Tree, Unreadable
from bot.outside.containers.scratch import copied
from bot.outside.folder import Folder
from tests.bot.cli import committed, contents, put


def tree(root: Path) -> Tree:
    return Tree(Folder(str(root), in_git=(root / ".git").exists()))


def test_it_holds_what_is_tracked_and_what_is_not_ignored(tmp_path: Path):
    repo = committed(tmp_path / "repo", {"a.py": "a", "kept.log": "k", ".gitignore": "*.log\nout/\n", "api/b.py": "b"})
    put(repo, {"new.py": "n", "noise.log": "x", "out/big.bin": "x", "api/out/c": "x"})
    with copied(str(repo), tree(repo), []) as copy:
        found = contents(Path(copy))
        assert not (Path(copy) / ".git").exists()
    assert sorted(found) == [".gitignore", "a.py", "api/b.py", "kept.log", "new.py"]
    assert not os.path.exists(copy)


def test_edits_are_made_in_the_copy_alone(tmp_path: Path):
    repo = put(tmp_path / "repo", {"a.py": "old", "b/fly.toml": "app"})
    edited = tree(repo).write("a.py", "new").move("b/fly.toml", "fly.toml").write("c/d.py", "d")
    with copied(str(repo), tree(repo), edited.changes()) as copy:
        assert contents(Path(copy)) == {"a.py": b"new", "fly.toml": b"app", "c/d.py": b"d"}
    assert contents(repo) == {"a.py": b"old", "b/fly.toml": b"app"}


def test_links_and_executable_files_stay_what_they_are(tmp_path: Path):
    repo = put(tmp_path / "repo", {"run.sh": "x", "plain": "x"})
    (repo / "run.sh").chmod(0o700)
    (repo / "link").symlink_to("plain")
    (repo / "away").symlink_to("/etc/passwd")
    with copied(str(repo), tree(repo), []) as copy:
        assert (Path(copy) / "run.sh").stat().st_mode & 0o777 == 0o755
        assert (Path(copy) / "plain").stat().st_mode & 0o777 == 0o644
        assert [os.readlink(Path(copy) / name) for name in ("link", "away")] == ["plain", "/etc/passwd"]


def test_it_is_removed_after_an_error_too(tmp_path: Path):
    repo = put(tmp_path / "repo", {"a": "a"})
    kept = []
    with pytest.raises(KeyboardInterrupt), copied(str(repo), tree(repo), []) as copy:  # noqa: PT012
        kept.append(copy)
        raise KeyboardInterrupt
    assert not os.path.exists(kept[0])


def test_a_file_that_cannot_be_copied_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    repo = put(tmp_path / "repo", {"a": "a"})

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.copyfile", refuse)
    with pytest.raises(Unreadable, match="a: it can't be copied: Permission denied"), copied(str(repo), tree(repo), []):
        pass
