"""The repaired states of the stories, built and booted for real. Skipped, with the reason, where no container tool is there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.outside import folder
from tests.containers import bases, fly, render
from tests.containers.probe import Verdict, probe
from tests.test_fixtures import STATES, expected, named, repair

pytestmark = pytest.mark.container


@pytest.fixture(scope="module", autouse=True)
def base_image() -> Iterator[None]:
    if reason := bases.missing():
        pytest.skip(reason)
    bases.make()
    yield
    bases.prune()


def deploy(root: Path, state: Path, work: Path) -> Verdict:
    options = json.loads((state / "expected.json").read_text())["judge"]
    given = dict(zip(options[::2], options[1::2], strict=True))
    if given.get("--platform") == "render":
        found = render.deploy(root, given.get("--config", "render.yaml"), work)
    else:
        config = given.get("--config") or next(str(path.relative_to(root)) for path in sorted(root.rglob("fly.toml")))
        found = fly.deploy(root, config, given.get("--from"), work)
    return found if isinstance(found, Verdict) else probe(found)


@pytest.mark.parametrize("state", STATES, ids=named)
def test_the_broken_state_stops_and_the_repaired_one_answers(state: Path, tmp_path: Path) -> None:
    root = tmp_path / "repo"
    shutil.copytree(state / "before", root)
    wanted = expected(state)
    before = deploy(root, state, tmp_path)
    assert before.stage == ("ok" if wanted["weakness"] else wanted["stage"]), before
    folder.write(str(root), repair(root, wanted).tree.changes())
    after = deploy(root, state, tmp_path)
    assert after.stage == "ok", after
