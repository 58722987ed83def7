"""What is too much, takes too long or is cut off ends with one sentence, leaves nothing running, and can be tried again."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from pathlib import Path

import pytest

from bot.outside.commits import Access, GitFailed, Limits, Store
from tests.bot.outside.commits import NAME, TOKEN, Remote, fetched, running, wait
from tests.servers.git_http import Asked, GitHttp, Reply, serve


def failing(remote: Remote, store: Store, sha: str) -> GitFailed:
    with pytest.raises(GitFailed) as failed:
        fetched(store, remote, sha)
    assert running(store) == []
    assert "\n" not in str(failed.value)
    return failed.value


def test_too_many_files_are_too_large(remote: Remote, tmp_path: Path):
    sha = remote.commit({f"{number}.py": "" for number in range(6)})
    failure = failing(remote, Store.create(str(tmp_path / "few"), Limits(files=5)), sha)
    assert (failure.kind, str(failure)) == ("too-large", "The commit holds more than 5 files and folders.")
    with pytest.raises(GitFailed, match="more than 5 files") as failed:
        Store(str(tmp_path / "few"), Limits(files=5)).commit(sha)
    assert failed.value.kind == "too-large"
    fetched(Store.create(str(tmp_path / "more"), Limits(files=6)), remote, sha)


def test_too_many_bytes_are_not_taken(remote: Remote, tmp_path: Path):
    sha = remote.commit({"main.py": random.Random(1).randbytes(2_000_000)})
    store = Store.create(str(tmp_path / "small"), Limits(bytes=1_000_000))
    assert failing(remote, store, sha).kind == "too-large"
    assert failing(remote, store, sha).kind == "too-large"  # what the first one left does not count
    assert sum(path.stat().st_size for path in Path(store.folder).rglob("*") if path.is_file()) < 1_100_000
    fetched(Store(store.folder, Limits(bytes=9_000_000)), remote, sha)


def test_a_store_that_is_full_takes_nothing_more(remote: Remote, store: Store):
    sha = remote.commit({"main.py": random.Random(1).randbytes(50_000)})
    fetched(store, remote, sha)
    with pytest.raises(GitFailed, match="more than the 0 MB that are kept") as failed:
        wait(Store(store.folder, Limits(bytes=50_000)).want(remote.access, ["main.py"]))
    assert failed.value.kind == "too-large"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_hangs_is_left(remote: Remote, tmp_path: Path, method: str):
    sha = remote.commit({"main.py": ""})

    async def before(asked: Asked) -> None:
        if asked.method == method:
            await asyncio.sleep(60)

    remote.server.before = before
    store, start = Store.create(str(tmp_path / "brief"), Limits(seconds=1.5)), time.monotonic()
    failure = failing(remote, store, sha)
    assert (failure.kind, str(failure)) == ("timeout", "git fetch took longer than 2 seconds.")
    assert time.monotonic() - start < 10
    remote.server.before = None
    fetched(Store(store.folder), remote, sha)


def test_a_redirect_is_not_followed(remote: Remote, store: Store, tmp_path: Path):
    sha = remote.commit({"main.py": ""})
    elsewhere = GitHttp(tmp_path / "elsewhere", lambda *_: "write")
    with serve(elsewhere) as url:

        async def before(asked: Asked) -> Reply:
            return Reply(301, b"", (("location", f"{url}/{NAME}.git{asked.path.partition('.git')[2]}?{asked.query}"),))

        remote.server.before = before
        failure = failing(remote, store, sha)
    assert failure.kind == "missing"
    assert "its address leads elsewhere" in str(failure)
    assert elsewhere.asked == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_worth_another_try(remote: Remote, store: Store, status: int):
    sha = remote.commit({"main.py": ""})

    async def before(asked: Asked) -> Reply:
        return Reply(status)

    remote.server.before = before
    failure = failing(remote, store, sha)
    assert failure.kind == "network"
    assert str(status) in str(failure)


def test_a_connection_that_breaks_off_is_worth_another_try(remote: Remote, store: Store):
    sha = remote.commit({"main.py": ""})

    async def before(asked: Asked) -> None:
        if asked.method == "POST":
            raise ConnectionResetError

    remote.server.before = before
    assert failing(remote, store, sha).kind == "network"
    remote.server.before = None
    fetched(store, remote, sha)


def test_a_server_that_does_not_answer_at_all_is_worth_another_try(remote: Remote, store: Store):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/{NAME}.git"
        with pytest.raises(GitFailed) as failed:
            wait(store.fetch(Access(url, TOKEN), "1" * 40))
    assert failed.value.kind == "network"


def test_what_no_server_of_git_says_is_no_repository(remote: Remote, store: Store):
    async def before(asked: Asked) -> Reply:
        return Reply(200, b"<html>Please log in</html>", (("content-type", "text/html"),))

    remote.server.before = before
    with pytest.raises(GitFailed) as failed:
        wait(store.branch_head(remote.access, "main"))
    assert failed.value.kind == "missing"
