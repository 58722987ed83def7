"""A remote with a repository in it, and plain git to make what real people and others push there."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.outside.commits import Access, Author, Store
from tests.bot.cli import environment, git, put
from tests.servers.git_http import GitHttp, Level, serve
from tests.tools import Files

T = TypeVar("T")
NAME = "octo/app"
TOKEN = "ghs_canaryCANARY0123456789canaryCANARY0"
BOT = Author("deploymend[bot]", "1+deploymend[bot]@users.noreply.github.com")


class Remote:
    """The server, and a work tree from which it is filled."""

    def __init__(self, folder: Path, url: str, server: GitHttp) -> None:
        self.url = url
        self.server = server
        self.bare = server.create(NAME)
        self.work = folder / "work"
        self.work.mkdir()
        git(self.work, "init", "-q")
        self.access = Access(f"{url}/{NAME}.git", TOKEN)
        self.reader = Access(f"{url}/{NAME}.git", "reads")

    def commit(self, files: Files, message: str = "more", branch: str = "main") -> str:
        """Commit files on top of what is there, and push."""
        put(self.work, files)
        git(self.work, "add", "-A", "-f")
        git(self.work, "commit", "-q", "--allow-empty", "-m", message)
        git(self.work, "push", "-q", str(self.bare), f"+HEAD:refs/heads/{branch}")
        return git(self.work, "rev-parse", "HEAD").strip()

    def head(self, branch: str) -> str:
        return git(self.bare, "rev-parse", f"refs/heads/{branch}").strip()

    def raw_commit(self, entries: list[tuple[str, str, str]], branch: str = "main") -> str:
        """Push a commit whose tree has these (mode, name, blob or tree), which git itself would not make."""
        body = b"".join(os.fsencode(f"{mode} {name}\0") + bytes.fromhex(sha) for mode, name, sha in entries)
        tree = raw(self.bare, "tree", body)
        person = "A <a@example.org> 1700000000 +0000"
        sha = raw(self.bare, "commit", f"tree {tree}\nauthor {person}\ncommitter {person}\n\nraw\n".encode())
        (self.bare / "refs/heads" / branch).write_text(sha + "\n")
        return sha


def raw(repository: Path, kind: str, body: bytes) -> str:
    """Write an object as it is, without git's checks."""
    command = ("git", "hash-object", "-t", kind, "-w", "--literally", "--stdin")
    return (
        subprocess.run(command, cwd=repository, input=body, env=environment(), capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


@contextmanager
def remote(folder: Path) -> Iterator[Remote]:
    """Serve a remote: `TOKEN` may write, `reads` may read."""
    levels: dict[str | None, Level] = {TOKEN: "write", "reads": "read", "other": "none", None: "none"}
    server = GitHttp(folder / "served", lambda _, token: levels.get(token, "unknown"))
    with serve(server) as url:
        yield Remote(folder, url, server)


def wait(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def fetched(store: Store, remote: Remote, sha: str) -> Store:
    wait(store.fetch(remote.access, sha))
    return store


def running(store: Store) -> list[str]:
    """Return the command lines of every git that works in a store, by its environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"GIT_DIR={store.folder}\0".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended
            continue
    return found
