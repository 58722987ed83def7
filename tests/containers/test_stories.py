"""The repaired states of the stories, built and booted for real. Skipped, with the reason, where no container tool is there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from bot.outside import folder
from tests.containers import bases
from tests.containers.probe import Verdict, probe
from tests.test_fixtures import STATES, expected, named, repair

pytestmark = pytest.mark.container
_CACHE = Path(os.environ.get("DEPLOYMEND_BASES", "/var/tmp/deploymend-bases"))


@pytest.fixture(scope="module", autouse=True)
def base_image() -> None:
    if reason := bases.missing():
        pytest.skip(reason)
    bases.make(_CACHE)


def deploy(root: Path, state: Path, moved: dict[str, str]) -> Verdict:
    options = json.loads((state / "expected.json").read_text())["judge"]
    given = dict(zip(options[::2], options[1::2], strict=True))
    config = given.get("--config") or next(str(path.relative_to(root)) for path in sorted(root.rglob("fly.toml")))
    return probe(root, moved.get(config, config), given.get("--from"))


@pytest.mark.parametrize("state", STATES, ids=named)
def test_the_broken_state_stops_and_the_repaired_one_answers(state: Path, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    shutil.copytree(state / "before", root)
    wanted = expected(state)
    before = deploy(root, state, {})
    assert before.stage == ("ok" if wanted["weakness"] else wanted["stage"]), before
    folder.write(str(root), repair(root, wanted).tree.changes())
    after = deploy(root, state, {})
    assert after.stage == "ok", after
