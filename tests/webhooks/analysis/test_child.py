"""The child reads a commit out of a bare store, without a checkout, and says what it lacks."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.tools import HEALTHY
from tests.webhooks.analysis import stories
from webhooks.analysis import Analysis, Limits, Request, analyse
from webhooks.analysis.model import Malformed, dump_request, load_request

LIMITS = Limits(seconds=120)
CHECKED = {**HEALTHY, "fly.toml": HEALTHY["fly.toml"] + '\n  [[http_service.checks]]\n    path = "/health"\n'}


def git(folder: Path, *arguments: str, data: bytes = b"") -> str:
    command = ("git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments)
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().strip()


def committed(folder: Path, source: Path | dict[str, str]) -> tuple[Path, str]:
    """Return a repository with one commit."""
    work = folder / "work"
    if isinstance(source, Path):
        subprocess.run(("cp", "-r", str(source), str(work)), check=True)
    else:
        for path, text in source.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
    git(work, "init", "-q")
    git(work, "config", "uploadpack.allowFilter", "true")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "one")
    return work, git(work, "rev-parse", "HEAD")


def bare(folder: Path, work: Path, *options: str) -> Path:
    git(folder, "clone", "-q", "--bare", *options, f"file://{work}", "store.git")
    return folder / "store.git"


def analysed(store: Path, sha: str, log: str = "", unsafe: bool = False) -> Analysis:
    return asyncio.run(analyse(Request(str(store), sha, log, None, unsafe, stories.TOLD), LIMITS))


def test_the_commit_of_a_story_is_analysed_in_a_child(tmp_path: Path):
    state = stories.REPOS / "docflow/d"
    work, sha = committed(tmp_path, state / "before")
    made = analysed(bare(tmp_path, work), sha, (state / "deploy.log").read_text())
    [repair] = made.repairs
    [here] = stories.analysis("docflow/d").repairs
    assert repair._replace(body="") == here._replace(body="")
    assert repair.body == here.body.replace(stories.SHA[:12], sha[:12])
    assert not list((tmp_path / "store.git").glob("**/fly.toml"))


def test_what_was_not_fetched_is_wanted_until_it_is_there(tmp_path: Path):
    state = stories.REPOS / "docflow/d"
    work, sha = committed(tmp_path, state / "before")
    store = bare(tmp_path, work, "--filter=blob:none")
    git(store, "config", "--remove-section", "remote.origin")  # nobody to ask, as in a store of ours
    rounds = 0
    while (made := analysed(store, sha)).wanted:
        assert made == Analysis(wanted=made.wanted)
        rounds += 1
        assert rounds < 12
        for path in made.wanted:
            git(store, "hash-object", "-w", "--stdin", data=(work / path).read_bytes())
    assert rounds > 1
    assert [change.path for change in made.repairs[0].changes] == ["fly.toml"]


def test_a_commit_that_is_not_there_is_said(tmp_path: Path):
    work, _ = committed(tmp_path, HEALTHY)
    assert analysed(bare(tmp_path, work), "b" * 40) == Analysis(trouble=f"The commit {'b' * 40} is not in the store.")


def test_the_formatter_works_within_the_limits(tmp_path: Path):
    main = 'from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get("/items")\ndef items():\n    return []\n'
    plain, sha = committed(tmp_path / "plain", {**CHECKED, "main.py": main})
    [ours] = analysed(bare(tmp_path / "plain", plain), sha, unsafe=True).repairs
    declared = {**CHECKED, "main.py": main, "pyproject.toml": "[tool.black]\nline-length = 24\n"}
    styled, sha = committed(tmp_path / "styled", declared)
    [theirs] = analysed(bare(tmp_path / "styled", styled), sha, unsafe=True).repairs
    before, after = (repair.changes[0].content.decode() for repair in (ours, theirs))
    assert before.endswith('    return {"status": "ok"}\n')
    assert after == before.replace('{"status": "ok"}', '{\n        "status": "ok"\n    }')


def test_a_request_survives_its_way():
    request = Request("/x", "a" * 40, "log \udc80 ✗", "fly", True, stories.TOLD)
    assert load_request(dump_request(request)) == request
    for bad in (b"", b"[]", b'{"folder": 1}', b'{"about": {"x": 1}}'):
        with pytest.raises(Malformed):
            load_request(bad)
