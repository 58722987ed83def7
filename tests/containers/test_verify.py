"""`bot verify --fix` with a real engine: a story's broken state stops for real, the repaired one answers, nothing is left.

Skipped, with the reason, where no container tool is there.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.bot.cli import bot, contents
from tests.containers import bases

pytestmark = pytest.mark.container
STATE = Path(__file__).parents[2] / "fixtures" / "repos" / "docflow" / "e" / "before"


def images() -> set[str]:
    return set(bases.buildah("images", "--format", "{{.Name}}").stdout.split())


def containers() -> set[str]:
    return set(bases.buildah("containers", "-q").stdout.split())


def test_before_and_after_the_repair(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    shutil.copytree(STATE, repo)
    (tmp_path / "tmp").mkdir()
    before, built, running = contents(repo), images(), containers()
    env = {**bases.ENVIRONMENT, "TMPDIR": str(tmp_path / "tmp")}
    done = bot(repo, "verify", "--fix", "--engine", "buildah", "--format", "json", "--timeout", "120", env=env, seconds=600)
    assert done.err == ""
    [proof] = json.loads(done.out)["proofs"]
    assert (proof["before"]["reached"], proof["before"]["message"]) == (
        "boot",
        "ModuleNotFoundError: No module named 'backend'",
    )
    assert (proof["after"]["reached"], proof["after"]["asked"], proof["after"]["status"]) == ("ok", "GET /health", 200)
    assert (done.code, contents(repo), images()) == (0, before, built)
    assert not list((tmp_path / "tmp").iterdir())
    assert containers() <= running
