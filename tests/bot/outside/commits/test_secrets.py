"""A token is in the environment of git's processes while they talk to its server, and nowhere else, whatever happens."""

from __future__ import annotations

import asyncio
import base64
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.engine.model.tree import Tree
from bot.outside.commits import Access, GitFailed, Limits, Store
from tests.bot.outside.commits import BOT, NAME, TOKEN, Remote, fetched, wait
from tests.servers.git_http import Asked, Reply

CODED = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
FORMS = (TOKEN, CODED, base64.b64encode(TOKEN.encode()).decode()[:-4])


def clean(text: str) -> bool:
    return not any(form in text for form in FORMS)


def processes(name: str) -> dict[str, str]:
    """Return what stands in a file of /proc for every process."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found[process.name] = (process / name).read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
    return found


def test_it_is_in_no_command_line_while_git_works(remote: Remote, store: Store):
    base = remote.commit({"main.py": "", "logo.png": "x"})
    lines: list[str] = []
    environments: list[str] = []

    async def before(asked: Asked) -> None:
        lines.extend(processes("cmdline").values())
        environments.extend(text for text in processes("environ").values() if f"GIT_DIR={store.folder} " in text)

    remote.server.before = before
    fetched(store, remote, base)
    wait(store.want(remote.access, ["logo.png"]))
    with store.commit(base) as commit:
        sha = wait(store.write(base, Tree(commit).write("main.py", "x = 1\n").changes(), "Fix", BOT))
    wait(store.push(remote.access, "fix", sha, None))
    wait(store.history(remote.access, "fix", base))
    assert any("git-remote-http" in line or "remote-http" in line for line in lines)  # it was looked at the right time
    assert any(CODED in text for text in environments)
    assert all(map(clean, lines))
    assert {asked.token for asked in remote.server.asked} == {TOKEN}


def test_it_is_in_no_file_and_no_trace(remote: Remote, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    base = remote.commit({"main.py": ""})
    fetched(store, remote, base)
    with store.commit(base) as commit:
        sha = wait(store.write(base, Tree(commit).write("main.py", "x = 1\n").changes(), "Fix", BOT))
    wait(store.push(remote.access, "fix", sha, None))
    assert not (tmp_path / "trace").exists()
    for path in Path(store.folder).rglob("*"):
        assert path.is_dir() or clean(path.read_bytes().decode("latin-1")), path
    assert clean(caplog.text)


def test_the_processes_that_read_a_commit_know_none(remote: Remote, store: Store):
    sha = remote.commit({"main.py": "x = 1\n"})
    with fetched(store, remote, sha).commit(sha) as commit:
        commit.read("main.py")
        seen = [text for text in processes("environ").values() if f"GIT_DIR={store.folder} " in text]
        assert len(seen) == 2
        assert all(map(clean, seen))


def test_access_does_not_show_it():
    access = Access("https://github.com/a/b.git", TOKEN)
    assert all(clean(text) for text in (repr(access), str(access), f"{access}", f"{(access,)}", "%s" % (access,)))  # noqa: UP031
    assert repr(access) == "Access(url='https://github.com/a/b.git', token=•••)"
    assert repr(Access("https://github.com/a/b.git", None)) == "Access(url='https://github.com/a/b.git', token=None)"


async def echo(asked: Asked) -> Reply:
    return Reply(403, f"denied for {TOKEN} with {CODED}\n".encode())


async def echo_missing(asked: Asked) -> Reply:
    return Reply(404, f"Repository {TOKEN} not found\n".encode())


async def hang(asked: Asked) -> None:
    await asyncio.sleep(30)


async def hang_up(asked: Asked) -> None:
    raise ConnectionResetError


@pytest.mark.parametrize("before", [echo, echo_missing, hang, hang_up])
def test_no_error_shows_it(remote: Remote, tmp_path: Path, before: Callable[[Asked], None], caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    base = remote.commit({"main.py": ""})
    store = fetched(Store.create(str(tmp_path / "brief"), Limits(seconds=20)), remote, base)
    with store.commit(base) as commit:
        sha = wait(store.write(base, Tree(commit).write("main.py", "x = 1\n").changes(), "Fix", BOT))
    remote.server.before = before
    store = Store(store.folder, Limits(seconds=1))
    calls = [
        lambda: store.fetch(remote.access, "2" * 40),
        lambda: store.branch_head(remote.access, "main"),
        lambda: store.push(remote.access, "fix", sha, None),
        lambda: store.history(remote.access, "fix", base),
    ]
    for call in calls:
        with pytest.raises(GitFailed) as failed:
            wait(call())
        told = "".join(traceback.format_exception(failed.value))
        assert clean(told + repr(failed.value) + str(failed.value.args)), told
        copied = pickle.loads(pickle.dumps(failed.value))
        assert (copied.kind, str(copied)) == (failed.value.kind, str(failed.value))
    assert clean(caplog.text)


def test_it_is_shown_to_its_own_server_alone(remote: Remote, store: Store, monkeypatch: pytest.MonkeyPatch):
    sha = remote.commit({"main.py": ""})
    with pytest.raises(GitFailed):
        wait(store.fetch(Access(remote.access.url.replace("127.0.0.1", "localhost"), None), sha))
    assert [asked.token for asked in remote.server.asked] == [None]
    assert NAME in remote.server.asked[0].path
