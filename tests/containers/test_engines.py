"""Each engine for real: an app answers, one that is too large or wants the network stops, and nothing of it is left.

Skipped, with the reason, where an engine is not there or can't start a container.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.bot.cli import bot
from tests.containers import bases, engines

pytestmark = pytest.mark.container

CONFIG = """\
app = "probe"
primary_region = "ams"

[env]
  GREETING = "good morning"

[http_service]
  internal_port = 8080

  [[http_service.checks]]
    method = "GET"
    path = "/health"
"""
DOCKERFILE = f"""\
FROM {bases.IMAGE.removeprefix("docker.io/library/")}
WORKDIR /app
COPY app.py ./
USER 1000
CMD ["python", "app.py"]
"""
ANSWERS = """\
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.path == "/health" and os.environ["GREETING"] == "good morning" and os.environ["TOKEN"] == "s3cret"
        self.send_response(200 if good else 500)
        self.end_headers()


HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""
TOO_LARGE = "held = b'x' * (300 * 1024 * 1024)\n"
SHORT = """\
import sys

sys.excepthook = lambda kind, error, _: print(f"{kind.__name__}: {error}", file=sys.stderr)
"""
REACHES_OUT = SHORT + "import socket\nsocket.create_connection(('192.0.2.1', 443), timeout=5)\n"
STOPS = SHORT + "import nothing_of_this_name\n"
UNREACHABLE = "OSError: [Errno 101] Network is unreachable"


class Engine(NamedTuple):
    name: str
    environment: dict[str, str]

    def left(self) -> list[set[str]]:
        """Return the containers and images that are there."""
        words = (("containers", "-q"), ("images", "-q")) if self.name == "buildah" else (("ps", "-aq"), ("images", "-q"))
        return [set(self.say(*word).split()) for word in words]

    def say(self, *arguments: str) -> str:
        program = "/usr/bin/docker" if self.name == "docker" else self.name
        done = subprocess.run((program, *arguments), env=self.environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module", params=["buildah", "podman", "docker"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    try:
        with engines.ready(request.param, tmp_path_factory.mktemp(request.param)) as environment:
            yield Engine(request.param, environment)
    except engines.Absent as reason:
        pytest.skip(str(reason))


def verified(engine: Engine, tmp_path: Path, app: str, *options: str) -> dict[str, Any]:
    """Return the proof of an app, and make sure that nothing of it is left."""
    repo = tmp_path / "repo"
    repo.mkdir()
    for name, text in (("fly.toml", CONFIG), ("Dockerfile", DOCKERFILE), ("app.py", app)):
        (repo / name).write_text(text)
    (tmp_path / "tmp").mkdir()
    before = engine.left()
    env = {**engine.environment, "TMPDIR": str(tmp_path / "tmp")}
    done = bot(repo, "verify", "--engine", engine.name, "--format", "json", *options, env=env, seconds=300)
    assert done.err == ""
    assert (engine.left(), list((tmp_path / "tmp").iterdir())) == (before, [])
    [proof] = json.loads(done.out)["proofs"]
    return {**proof, "code": done.code}


def test_an_app_answers(engine: Engine, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text("TOKEN=s3cret\n")
    proof = verified(engine, tmp_path, ANSWERS, "--env-file", str(secrets))
    attempt = proof["before"]
    assert (attempt["reached"], attempt["asked"], attempt["status"], proof["code"]) == ("ok", "GET /health", 200, 0)
    assert "s3cret" not in json.dumps(proof)


def test_one_that_stops_at_once_is_no_failure_of_the_engine(engine: Engine, tmp_path: Path) -> None:
    attempt = verified(engine, tmp_path, STOPS)["before"]
    assert attempt["reached"] == "boot"
    assert attempt["message"] == "ModuleNotFoundError: No module named 'nothing_of_this_name'"


def test_memory_is_limited_or_it_is_said_that_it_is_not(engine: Engine, tmp_path: Path) -> None:
    proof = verified(engine, tmp_path, TOO_LARGE, "--memory", "100")
    if engine.name == "buildah":
        assert any("limits neither memory nor network" in note for note in proof["notes"])
    else:
        assert proof["before"]["reached"] == "boot"
        assert "more memory than 100 MB" in proof["before"]["message"]


def test_the_network_is_closed_or_it_is_said_that_it_is_not(engine: Engine, tmp_path: Path) -> None:
    proof = verified(engine, tmp_path, REACHES_OUT)
    if engine.name == "buildah":
        assert any("limits neither memory nor network" in note for note in proof["notes"])
    else:
        assert (proof["before"]["reached"], proof["before"]["message"]) == ("boot", UNREACHABLE)
