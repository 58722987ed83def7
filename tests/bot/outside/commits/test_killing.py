"""Cut at any point, cancelled or killed: nothing goes on behind our back, and the same call again does the rest."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.model.tree import Tree
from bot.outside.commits import GitFailed, Limits, Store
from bot.outside.commits import running as processes
from tests.bot.outside.commits import BOT, TOKEN, Remote, fetched, running, wait
from tests.servers.git_http import Asked

KILLS = int(os.environ.get("DEPLOYMEND_KILLS", "1"))  # rounds of each
FILES = {"main.py": "x = 1\n", "app.py": "y = 1\n", "logo.png": "x"}

CHILD = """
import asyncio, sys
from bot.outside.commits import Access, Store
folder, url, token, sha, what = sys.argv[1:]
store, access = Store(folder), Access(url, token)
work = store.fetch(access, sha) if what == "fetch" else store.push(access, "fix", sha, None)
asyncio.run(work)
"""


class Gate:
    """Holds the server's answer to one request, and lets all others through."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.reached = False

    async def __call__(self, asked: Asked) -> None:
        self.left -= 1
        if self.left == 0:
            self.reached = True
            await asyncio.sleep(30)


def soon(condition: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def killed(remote: Remote, store: Store, sha: str, what: str, request: int) -> bool:
    """Kill a process of ours in the middle of a request; says whether it got as far as that."""
    gate = Gate(request)
    remote.server.before = gate
    command = (sys.executable, "-c", CHILD, store.folder, remote.access.url, TOKEN, sha, what)
    process = subprocess.Popen(command, cwd=Path(__file__).parents[4], stderr=subprocess.DEVNULL)
    soon(lambda: gate.reached or process.poll() is not None, 30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    remote.server.before = None
    assert soon(lambda: not running(store)), running(store)
    return gate.reached


@pytest.mark.parametrize("request_number", [1, 2, 3, 4, 5])
def test_a_fetch_that_was_killed_is_made_up_for(remote: Remote, store: Store, request_number: int):
    sha = remote.commit(FILES)
    for _ in range(KILLS):
        assert killed(remote, store, sha, "fetch", request_number) == (request_number < 5)  # it has four
    with fetched(store, remote, sha).commit(sha) as commit:
        assert commit.read("main.py") == b"x = 1\n"


@pytest.mark.parametrize("request_number", [1, 2, 3, 4])
@pytest.mark.parametrize("moved", [False, True])
def test_a_push_that_was_killed_is_made_up_for(remote: Remote, store: Store, moved: bool, request_number: int):
    base = remote.commit(FILES)
    fetched(store, remote, base)
    if moved:
        remote.commit({**FILES, "more.py": "z = 1\n"})
    with store.commit(base) as commit:
        sha = wait(store.write(base, Tree(commit).write("main.py", "import app\n").changes(), "Fix", BOT))
    for _ in range(KILLS):
        # on top of a branch it is one exchange of two requests; else what both have is found out first
        assert killed(remote, store, sha, "push", request_number) == (moved or request_number < 3)
    wait(store.push(remote.access, "fix", sha, None))
    assert remote.head("fix") == sha


@pytest.mark.skipif(KILLS == 1, reason="DEPLOYMEND_KILLS=100 kills at random moments")
def test_a_fetch_that_was_killed_at_any_moment_is_made_up_for(remote: Remote, store: Store):
    import random

    for number in range(KILLS):
        sha = remote.commit({**FILES, "n.py": f"n = {number}\n"})
        command = (sys.executable, "-c", CHILD, store.folder, remote.access.url, TOKEN, sha, "fetch")
        process = subprocess.Popen(command, cwd=Path(__file__).parents[4], stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.05, 0.8))
        process.send_signal(signal.SIGKILL)
        process.wait()
        with fetched(store, remote, sha).commit(sha) as commit:
            assert commit.read("n.py") == f"n = {number}\n".encode()


def test_a_call_that_is_cancelled_ends_git_at_once(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    gate = Gate(2)
    remote.server.before = gate

    async def cancelled() -> float:
        task = asyncio.create_task(store.fetch(remote.access, sha))
        while not gate.reached:
            await asyncio.sleep(0.01)
        assert len(running(store)) > 1  # git and its helper
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - start

    assert wait(cancelled()) < 2
    assert running(store) == []
    remote.server.before = None
    fetched(store, remote, sha)


def test_a_git_that_does_not_listen_is_ended_too(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\ntrap '' TERM\nsleep 60 & wait; wait; sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(processes, "_PATIENCE", 0.2)
    with pytest.raises(GitFailed, match="took longer than 1 seconds"):
        wait(processes.run(("fetch",), processes.environment(store.folder), 1))
    assert soon(lambda: not running(store))


def test_what_a_killed_git_left_is_taken_away(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    left = [
        Path(store.folder) / name for name in ("shallow.lock", "refs/commits.lock", "objects/pack/tmp_pack_x", "scratch-x/HEAD")
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    fetched(store, remote, sha)
    assert not any(path.exists() for path in left)


def test_a_store_that_somebody_writes_to_is_waited_for(remote: Remote, store: Store):
    sha = remote.commit(FILES)
    with open(Path(store.folder) / "busy", "w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        with pytest.raises(GitFailed, match="Another job held") as failed:
            wait(Store(store.folder, Limits(seconds=0.2)).fetch(remote.access, sha))
        assert failed.value.kind == "timeout"
    fetched(store, remote, sha)


def test_two_calls_at_once_do_not_disturb_each_other(remote: Remote, store: Store):
    first = remote.commit(FILES)
    second = remote.commit({"main.py": "x = 2\n"})

    async def both() -> None:
        await asyncio.gather(*(store.fetch(remote.access, sha) for sha in (first, second, first)))

    wait(both())
    with store.commit(first) as one, store.commit(second) as two:
        assert (one.read("main.py"), two.read("main.py")) == (b"x = 1\n", b"x = 2\n")
