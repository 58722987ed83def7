"""Lays out one commit of a local git mirror in a folder, as a repository of its own with that one commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_LARGEST = 100 * 1024 * 1024  # bytes of a file that is laid out
_ENVIRONMENT = {
    **os.environ,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


class NoCommit(Exception):
    """The mirror, or the commit in it, is not there."""


def mirror(folder: Path, repository: str) -> Path:
    """Return the git folder of `owner/name` below a folder of mirrors, however they are laid out."""
    for name in (repository, f"{repository}.git", repository.replace("/", "+"), repository.replace("/", "__")):
        for path in (folder / name, folder / name / "repo", folder / name / ".git", folder / name / "repo" / ".git"):
            if (path / "HEAD").is_file() and (path / "objects").is_dir():
                return path
    raise NoCommit(f"no mirror of {repository} in {folder}")


def lay_out(git_folder: Path, sha: str, target: Path) -> None:
    """Write the commit's files below `target`; a mirror may lack its largest ones, which are left out then."""
    listed = _git(git_folder, "ls-tree", "-r", "-z", sha)
    if listed.returncode:
        raise NoCommit(f"no commit {sha} in {git_folder}")
    target.mkdir(parents=True)
    links = []
    with subprocess.Popen(
        ("git", f"--git-dir={git_folder}", "cat-file", "--batch"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_ENVIRONMENT,
    ) as batch:
        for entry in filter(None, listed.stdout.split(b"\0")):
            meta, _, name = entry.partition(b"\t")
            mode, kind, blob = meta.split()
            path = target / os.fsdecode(name)
            if kind != b"blob" or {"..", ".git"} & {*path.relative_to(target).parts}:
                continue
            data = _blob(batch, blob)
            if data is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == b"120000":  # made last, so that no file is written through one
                links.append((path, os.fsdecode(data)))
            else:
                path.write_bytes(data)
                path.chmod(0o755 if mode == b"100755" else 0o644)
        if batch.stdin:
            batch.stdin.close()
    for path, aim in links:
        path.symlink_to(aim)
    identity = ("-c", "user.name=replay", "-c", "user.email=replay@example.org", "-c", "core.hooksPath=/dev/null")
    for command in (("init", "-q", "-b", "main"), ("add", "-A", "-f"), (*identity, "commit", "-q", "-m", "as it was")):
        subprocess.run(("git", *command), cwd=target, env=_ENVIRONMENT, check=True, capture_output=True)


def _blob(batch: subprocess.Popen[bytes], blob: bytes) -> bytes | None:
    """Return an object's bytes; None where the mirror does not have it, or it is huge."""
    if not batch.stdin or not batch.stdout:
        return None
    batch.stdin.write(blob + b"\n")
    batch.stdin.flush()
    header = batch.stdout.readline().split()
    if len(header) != 3:
        return None
    left, pieces = int(header[2]) + 1, []  # a line's end follows
    keep = left <= _LARGEST
    while left > 0:
        piece = batch.stdout.read(min(left, 1 << 20))
        if not piece:
            return None
        left -= len(piece)
        pieces += [piece] if keep else []
    return b"".join(pieces)[:-1] if keep else None


def _git(git_folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ("git", f"--git-dir={git_folder}", *arguments)
    return subprocess.run(command, capture_output=True, env=_ENVIRONMENT, check=False)
