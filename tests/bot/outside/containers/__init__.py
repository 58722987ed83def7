"""Engines that only pretend: programs on PATH that write down how they were called, and start processes of this machine."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple

# answers every request with STATUS (and a Location) on HOST and PORT, after DELAY seconds; SAYS is printed first
SERVER = """
import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.environ["FAKE_REQUESTS"], "a") as file:
            file.write(self.path + " " + self.headers["Host"] + " " + self.headers["User-Agent"] + "\\n")
        time.sleep({delay})
        self.send_response({status})
        self.send_header("Location", "/elsewhere")
        self.end_headers()
    def log_message(self, *_):
        pass
print({says!r}, flush=True)
http.server.HTTPServer(({host!r}, {port}), Handler).serve_forever()
"""

_ENGINE = """#!{python}
import json, os, subprocess, sys, tempfile
folder = {folder!r}
name, argv = os.path.basename(sys.argv[0]), sys.argv[1:]
said = json.load(open(os.path.join(folder, "says.json")))
seen = {{"argv": sys.argv, "environment": dict(os.environ)}}
if "--file" in argv:
    seen["dockerfile"] = open(argv[argv.index("--file") + 1]).read()
    walked = [os.path.join(at, each) for at, _, files in os.walk(argv[-1]) for each in files]
    seen["context"] = sorted(os.path.relpath(path, argv[-1]) for path in walked)
for part in argv:
    if part.startswith("id=") and "src=" in part:
        seen["secret"] = open(part.partition("src=")[2]).read()
with open(os.path.join(folder, "calls.jsonl"), "a") as file:
    file.write(json.dumps(seen) + "\\n")
config = {{"Entrypoint": said["entrypoint"], "Cmd": said["cmd"], "User": said["user"]}}
os.environ["FAKE_REQUESTS"] = os.path.join(folder, "requests")
if argv[0] in ("bud", "build") and "--quiet" not in argv:
    print(said["build_says"])
    sys.exit(said["build_code"])
elif argv[0] == "inspect":
    print(json.dumps({{"OCIv1": {{"config": config}}}}))
elif argv[:2] == ["image", "inspect"]:
    print(json.dumps(config))
elif argv[0] == "run":
    image = next(index for index, word in enumerate(argv) if word.startswith("localhost/") or word == "--")
    command = argv[image + 1:]
    if name != "buildah":
        os.execvp(command[0], command)
    given = dict(argv[index + 1].split("=", 1) for index, word in enumerate(argv[:image]) if word == "--env")
    with tempfile.TemporaryDirectory():  # which is left behind when it is killed
        sys.exit(subprocess.run(command, env={{**os.environ, **given}}).returncode)
elif argv[0] == "exec":
    sys.exit(subprocess.run([{python!r}, *argv[4:]], stdin=sys.stdin).returncode)
"""


class Call(NamedTuple):
    """How an engine was called."""

    argv: list[str]
    environment: dict[str, str]
    dockerfile: str
    context: list[str]
    secret: str


class Fake:
    """An engine of some name in a folder of its own, which is to be put on PATH."""

    def __init__(self, folder: Path, name: str = "buildah") -> None:
        self.folder = folder
        self.program = folder / "bin" / name
        self.program.parent.mkdir(parents=True, exist_ok=True)
        self.program.write_text(_ENGINE.format(python=sys.executable, folder=str(folder)))
        self.program.chmod(0o755)
        self.says()

    def says(
        self, code: str | None = None, build: tuple[int, str] = (0, ""), user: str = "", entry: tuple[str, ...] = ()
    ) -> None:
        """Set what the built image starts (Python code), and how the build ends."""
        command = [sys.executable, "-u", "-c", code or "import time; time.sleep(600)"]
        known = {"entrypoint": entry, "cmd": command, "user": user, "build_code": build[0], "build_says": build[1]}
        (self.folder / "says.json").write_text(json.dumps(known))

    def serves(self, port: int, status: int = 200, host: str = "0.0.0.0", delay: float = 0, says: str = "started") -> None:
        """Let the built image start a server."""
        self.says(SERVER.format(port=port, status=status, host=host, delay=delay, says=says))

    @property
    def calls(self) -> list[Call]:
        """How it was called so far, in order."""
        try:
            lines = (self.folder / "calls.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        empty = {"dockerfile": "", "context": [], "secret": ""}
        return [Call(**{**empty, **json.loads(line)}) for line in lines]

    @property
    def requests(self) -> list[list[str]]:
        """The requests that its server got: path, Host and User-Agent."""
        path = self.folder / "requests"
        return [line.split(" ", 2) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def path(self) -> str:
        """A PATH on which it comes first, and no other engine is found."""
        return os.pathsep.join([str(self.program.parent), "/nowhere"])


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
