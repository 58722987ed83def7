"""Runs the real command in a process of its own, in folders of the tests."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.tools import Files


class Outcome(NamedTuple):
    """What a run of the command came to."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Return an environment without anything of the developer's own."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV", "LANG") if name in os.environ}
    return {**kept, "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **more}


def bot(cwd: Path, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 60) -> Outcome:
    """Run `bot` in a folder; an error that nobody caught fails the test."""
    run = subprocess.run(
        (sys.executable, "-m", "deploymend", *arguments),
        cwd=cwd,
        env=env or environment(),
        capture_output=True,
        timeout=seconds,
        check=False,
    )
    outcome = Outcome(run.returncode, run.stdout.decode(), run.stderr.decode())
    assert "Traceback" not in outcome.err + outcome.out, outcome.err
    assert "internal error" not in outcome.err, outcome.err
    return outcome


def on_terminal(cwd: Path, *arguments: str, **more: str) -> str:
    """Run `bot` on a terminal, and return all that the terminal gets."""
    leader, follower = pty.openpty()
    command = (sys.executable, "-m", "deploymend", *arguments)
    env = environment(**{"TERM": "xterm", **more})
    run = subprocess.Popen(command, cwd=cwd, env=env, stdout=follower, stderr=subprocess.DEVNULL)
    os.close(follower)
    seen = b""
    try:
        while piece := os.read(leader, 65536):
            seen += piece
    except OSError:  # Linux ends a terminal so
        pass
    os.close(leader)
    run.wait(60)
    return seen.decode()


def put(folder: Path, files: Files) -> Path:
    """Write files into a folder and return it."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, git's own aside."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def git(folder: Path, *arguments: str, text: str | None = None) -> str:
    """Run git in a folder."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    run = subprocess.run(
        ("git", *identity, *arguments), cwd=folder, env=environment(), input=text, capture_output=True, text=True, check=True
    )
    return run.stdout


def committed(folder: Path, files: Files) -> Path:
    """Make a repository in which these files are committed."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    put(folder, files)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "all")
    return folder
