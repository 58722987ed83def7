"""Our own Dockerfile and fly.toml, read as those of any repository."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from bot.cli import main

ROOT = Path(__file__).parents[3]


def test_our_own_deploy_reaches_its_end(capsys):
    assert main(["check", str(ROOT), "--strict", "--format", "json"]) == 0
    (target,) = json.loads(capsys.readouterr().out)["targets"]
    assert target["config"] == "fly.toml"
    assert (target["reached"], target["faults"], target["weaknesses"], target["unknowns"]) == ("ok", [], [], [])


def test_the_image_is_built_from_what_is_locked():
    locked = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    tested = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    assert {name: tested.get(name) for name, _ in locked} == dict(locked)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted in (*needed["dependencies"], *needed["optional-dependencies"]["serve"]):
        name = re.match(r"[A-Za-z0-9-]+", wanted)[0].lower()
        assert name in dict(locked)


def test_the_build_gets_nothing_but_what_it_copies():
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {
        word.removeprefix("./")
        for line in re.findall(r"^COPY (?!--)(.+)$", dockerfile, re.MULTILINE)
        for word in line.split()[:-1]
    }
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed
