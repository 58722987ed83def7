"""The server itself, driven by plain git, as the pieces that are tested with it will drive it."""

from __future__ import annotations

import base64
import gzip
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli import committed, environment
from tests.servers.git_http import Asked, GitHttp, Level, Reply, serve

TOKENS: dict[str | None, Level] = {"writes": "write", "reads": "read", "other": "none", None: "none"}


def allows(repository: str, token: str | None) -> Level:
    return "read" if repository == "a/public" and token is None else TOKENS.get(token, "unknown")


@pytest.fixture
def server(tmp_path: Path) -> GitHttp:
    return GitHttp(tmp_path / "served", allows)


@pytest.fixture
def url(server: GitHttp) -> Iterator[str]:
    with serve(server) as url:
        yield url


def git(folder: Path, *arguments: str, token: str | None = None, fails: bool = False) -> str:
    header = ()
    if token:
        coded = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        header = ("-c", f"http.extraHeader=Authorization: Basic {coded}")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    run = subprocess.run(
        ("git", *identity, *header, *arguments),
        cwd=folder,
        env=environment(GIT_TERMINAL_PROMPT="0"),
        capture_output=True,
        text=True,
    )
    assert (run.returncode != 0) == fails, run.stderr
    return run.stderr if fails else run.stdout


def test_what_is_pushed_can_be_cloned(server: GitHttp, url: str, tmp_path: Path):
    server.create("a/b")
    work = committed(tmp_path / "work", {"x": "1\n", "big": "".join(f"{number}\n" for number in range(300_000))})
    git(work, "push", "-q", f"{url}/a/b.git", "HEAD:refs/heads/main", token="writes")
    git(tmp_path, "clone", "-q", f"{url}/a/b", "copy", token="reads")
    assert (tmp_path / "copy" / "x").read_text() == "1\n"
    assert {asked.token for asked in server.asked} == {"writes", "reads"}
    assert server.asked[-1].service == "git-upload-pack"
    assert server.asked[-1].headers["git-protocol"] == "version=2"


def test_one_commit_without_blobs_is_given(server: GitHttp, url: str, tmp_path: Path):
    work = committed(tmp_path / "work", {"x": "1\n"})
    sha = git(work, "rev-parse", "HEAD").strip()
    git(work, "push", "-q", str(server.create("a/b")), "HEAD:refs/heads/main")
    git(tmp_path, "init", "-q", "--bare", "bare")
    git(tmp_path / "bare", "fetch", "-q", "--depth=1", "--filter=blob:none", f"{url}/a/b.git", sha, token="reads")
    objects = git(tmp_path / "bare", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)")
    assert sorted(objects.split()) == ["commit", "tree"]


@pytest.mark.parametrize(
    ("token", "arguments", "says"),
    [
        ("reads", ("push", "HEAD:refs/heads/main"), "403"),
        ("other", ("ls-remote",), "not found"),
        ("nobody", ("ls-remote",), "Authentication failed|could not read Username"),
        (None, ("ls-remote",), "could not read Username"),
    ],
)
def test_who_may_not_is_refused(
    server: GitHttp, url: str, tmp_path: Path, token: str | None, arguments: tuple[str, ...], says: str
):
    work = committed(tmp_path / "work", {"x": "1\n"})
    server.create("a/b")
    words = git(work, arguments[0], f"{url}/a/b.git", *arguments[1:], token=token, fails=True)
    assert any(saying in words for saying in says.split("|")), words


def test_what_may_be_read_by_all_needs_no_token(server: GitHttp, url: str, tmp_path: Path):
    work = committed(tmp_path / "work", {"x": "1\n"})
    git(work, "push", "-q", str(server.create("a/public")), "HEAD:refs/heads/main")
    assert "refs/heads/main" in git(tmp_path, "ls-remote", f"{url}/a/public")


def test_a_repository_that_is_not_there_is_not_found(url: str, tmp_path: Path):
    assert "not found" in git(tmp_path, "ls-remote", f"{url}/a/b", token="writes", fails=True)


@pytest.mark.parametrize("path", ["/a/b.git/config", "/a/b.git/HEAD", "/../x.git/info/refs", "/a/../info/refs", "/"])
def test_nothing_but_the_smart_protocol_is_served(server: GitHttp, url: str, path: str):
    server.create("a/b")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url + path, timeout=10)
    assert error.value.code == 404
    error.value.close()


def test_a_body_in_gzip_is_unpacked(server: GitHttp, url: str, tmp_path: Path):
    work = committed(tmp_path / "work", {"x": "1\n"})
    git(work, "push", "-q", str(server.create("a/public")), "HEAD:refs/heads/main")
    body = gzip.compress(b"0014command=ls-refs\n00010000")
    headers = {
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
        "Git-Protocol": "version=2",
    }
    request = urllib.request.Request(f"{url}/a/public.git/git-upload-pack", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert b"refs/heads/main" in answer.read()


def test_another_answer_can_be_given_in_its_place(server: GitHttp, url: str, tmp_path: Path):
    async def before(asked: Asked) -> Reply | None:
        if asked.repository == "a/gone":
            raise ConnectionResetError
        return Reply(503, b"Sorry\n")

    server.create("a/b")
    server.before = before
    assert "503" in git(tmp_path, "ls-remote", f"{url}/a/b", token="writes", fails=True)
    assert git(tmp_path, "ls-remote", f"{url}/a/gone", token="writes", fails=True)


def test_it_stands_beside_another_application(server: GitHttp, tmp_path: Path):
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/zen")
    def zen() -> str:
        return "Keep it logically awesome."

    work = committed(tmp_path / "work", {"x": "1\n"})
    git(work, "push", "-q", str(server.create("a/public")), "HEAD:refs/heads/main")
    with serve(server.beside(app)) as url:
        assert "refs/heads/main" in git(tmp_path, "ls-remote", f"{url}/a/public")
        with urllib.request.urlopen(url + "/zen", timeout=10) as answer:
            assert b"awesome" in answer.read()
    app.mount("/git", server)
    with serve(app) as url:
        assert "refs/heads/main" in git(tmp_path, "ls-remote", f"{url}/git/a/public")
