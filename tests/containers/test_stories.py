"""The repaired states of the stories, built and booted for real.

Skipped, with the reason, where no container tool is there, or no PostgreSQL for a state that has a database.
"""

from __future__ import annotations

import json
import shutil
import socket
import urllib.parse
from pathlib import Path

import pytest

from bot.outside import folder
from tests.containers import fly, render
from tests.containers.probe import Verdict, probe
from tests.test_fixtures import STATES, expected, named, repair

pytestmark = pytest.mark.container


def judged(state: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the options of a state's real deploy, and what `--env` gives it beside them."""
    options = json.loads((state / "expected.json").read_text())["judge"]
    pairs = list(zip(options[::2], options[1::2], strict=True))
    secrets = [value.partition("=") for name, value in pairs if name == "--env"]
    return dict(pairs), {name: value for name, _, value in secrets}


def unreachable(secrets: dict[str, str]) -> str | None:
    """Return why a database that a state needs is not there."""
    for name, value in secrets.items():
        url = urllib.parse.urlsplit(value)
        if url.scheme.startswith("postgres"):
            with socket.socket() as client:
                client.settimeout(2)
                if client.connect_ex((url.hostname or "", url.port or 5432)):
                    return f"no PostgreSQL at {url.hostname}:{url.port} for {name}"
    return None


def deploy(root: Path, state: Path, work: Path) -> Verdict:
    given, secrets = judged(state)
    if given.get("--platform") == "render":
        found = render.deploy(root, given.get("--config", "render.yaml"), work)
    else:
        config = given.get("--config") or next(str(path.relative_to(root)) for path in sorted(root.rglob("fly.toml")))
        found = fly.deploy(root, config, given.get("--from"), work, secrets)
    return found if isinstance(found, Verdict) else probe(found)


@pytest.mark.parametrize("state", STATES, ids=named)
def test_the_broken_state_stops_and_the_repaired_one_answers(state: Path, tmp_path: Path) -> None:
    if reason := unreachable(judged(state)[1]):
        pytest.skip(reason)
    root = tmp_path / "repo"
    shutil.copytree(state / "before", root)
    wanted = expected(state)
    before = deploy(root, state, tmp_path)
    assert before.stage == ("ok" if wanted["weakness"] else wanted["stage"]), before
    folder.write(str(root), repair(root, state).tree.changes())
    after = deploy(root, state, tmp_path)
    assert after.stage == "ok", after
