"""`bot serve` and `bot worker` as processes: what they need, what they say, how they end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bot.cli import main, serve, serving

ROOT = Path(__file__).parents[3]
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"
APP = {
    "DEPLOYMEND_APP_ID": "4711",
    "DEPLOYMEND_PRIVATE_KEY": KEY,
    "DEPLOYMEND_WEBHOOK_SECRET": "a secret of sixteen or more",
}
# The workshop of these tests writes down what happens to it; the real one has tests of its own.
STARTER = """
import sys
from fastapi import APIRouter
from webhooks import credentials, journal, service
from webhooks.settings import BadSettings

class Workshop:
    async def start(self, work):
        if "broken" in sys.argv:
            raise BadSettings("The database can't be used.", "Nor can the disk.")
        journal.log("test", "started", work=work)
    async def stop(self):
        journal.log("test", "stopped")
    async def receive(self, delivery, event):
        return True
    async def ready(self):
        return {"database": "ok"}

def setup(settings, stored):
    def store():
        credentials.save(settings.data, credentials.Credentials(7, open("key").read(), "the secret of the new App"))
        stored()
        return "stored"
    routes = APIRouter()
    routes.add_api_route("/setup", store)
    return routes

service._setup = setup
service._workshop = lambda settings, metrics: Workshop()
from bot.cli import main
sys.exit(main([word for word in sys.argv[1:] if word != "broken"]))
"""


@pytest.fixture
def environ(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webhooks.journal.install", lambda level: None)  # the loggers here are those of the tests
    for name in [name for name in os.environ if name.startswith("DEPLOYMEND_") or name == "PORT"]:
        monkeypatch.delenv(name)
    return monkeypatch


def start(*arguments, cwd, **more):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DEPLOYMEND_") and name != "PORT"}
    command = [sys.executable, "-c", STARTER, *arguments]
    paths = {"PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=cwd, env=environ | paths | more, **pipes)


def ended(process, number=signal.SIGTERM):
    """End a process and return its exit code and its journal."""
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    return process.returncode, [json.loads(line)["message"] for line in said.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_listens_until_a_signal(tmp_path, number):
    process = start("serve", "--port", "0", cwd=tmp_path, **APP)
    line = process.stdout.readline()
    address = re.fullmatch(r"Deploymend listens at (http://127\.0\.0\.1:\d+)\n", line)[1]
    with urllib.request.urlopen(f"{address}/health/ready") as answer:
        assert json.load(answer)["status"] == "ok"
        assert "server" not in answer.headers
    code, said = ended(process, number)
    assert code == 0
    assert [message for message in said if message[0].islower()] == ["started", "listening", "stopped"]  # not uvicorn's


def test_serve_takes_up_the_credentials_that_setup_stored(tmp_path):
    (tmp_path / "key").write_text(KEY)
    process = start("serve", "--port", "0", cwd=tmp_path)
    line = process.stdout.readline()
    address = re.fullmatch(r"Deploymend listens at (\S+); set it up at \1/setup with the key [a-z2-9-]{23}\n", line)[1]
    with pytest.raises(urllib.error.HTTPError, match="503"):
        urllib.request.urlopen(f"{address}/health/ready")
    with urllib.request.urlopen(f"{address}/setup") as answer:  # answered before the service starts again
        assert json.load(answer) == "stored"
    assert process.stdout.readline() == f"Deploymend listens at {address}\n"
    with urllib.request.urlopen(f"{address}/health/ready") as answer:
        assert json.load(answer)["status"] == "ok"
    code, said = ended(process)
    assert code == 0
    assert said.count("listening") == 2
    assert said.count("started") == said.count("stopped") == 1


def test_worker_works_until_a_signal(tmp_path):
    process = start("worker", cwd=tmp_path, **APP)
    assert json.loads(process.stderr.readline())["message"] == "started"
    assert json.loads(process.stderr.readline())["message"] == "working"
    assert ended(process) == (0, ["stopped"])


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_workshop_that_does_not_start_is_said_in_sentences(tmp_path, command):
    port = ["--port", "0"] if command == "serve" else []
    process = start(command, *port, "broken", cwd=tmp_path, **APP)
    out, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert out == ""
    assert said == "bot: The database can't be used.\nbot: Nor can the disk.\n"


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_mistakes_in_settings_are_one_sentence_each(environ, capsys, command):
    environ.setenv("DEPLOYMEND_APP_ID", "x")
    environ.setenv("DEPLOYMEND_WORKER", "2")
    assert main([command]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "bot: DEPLOYMEND_APP_ID is a number from 1 to 9007199254740992, not 'x'.",
        "bot: There is no setting 'DEPLOYMEND_WORKER' (did you mean DEPLOYMEND_WORKERS?).",
    ]


def test_serve_refuses_to_start_without_a_secret(environ, capsys):
    for name, value in APP.items():
        if "SECRET" not in name:
            environ.setenv(name, value)
    assert main(["serve"]) == 2
    assert "DEPLOYMEND_WEBHOOK_SECRET is not set" in capsys.readouterr().err


def test_worker_refuses_to_start_without_an_app_or_without_work(environ, capsys):
    assert main(["worker"]) == 2
    assert "No App is set up" in capsys.readouterr().err
    for name, value in APP.items():
        environ.setenv(name, value)
    environ.setenv("DEPLOYMEND_WORKERS", "0")
    assert main(["worker"]) == 2
    assert "DEPLOYMEND_WORKERS is 0" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_without_the_extra_there_is_one_sentence_with_the_command(environ, capsys, command):
    environ.setattr(serving, "_NEEDED", ("json", "not_there", "not_there_either"))
    assert main([command]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"`bot {command}` needs packages that are not installed (not_there, not_there_either)" in said
    assert "pip install 'deploymend[serve]'" in said


def test_a_port_that_is_taken(environ, capsys):
    for name, value in APP.items():
        environ.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"nothing can listen at 127.0.0.1:{port} (Address already in use)" in capsys.readouterr().err


def test_answers_do_not_wait_for_an_acknowledgement():
    with serve.listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("port", ["x", "-1", "65536", "٣"])
def test_what_is_no_port(environ, capsys, port):
    assert main(["serve", f"--port={port}"]) == 2
    assert "is no port" in capsys.readouterr().err
