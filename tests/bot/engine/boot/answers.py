"""Apps that real frameworks serve, for the tests that hold the simulated answer of a health check against theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# asks an app of ASGI or WSGI without a server, as a health check on Fly does, and prints each status
_CLIENT = """
import asyncio, importlib, io, inspect, json, logging, sys
sys.path[0] = ""
logging.disable()
name, _, attribute = sys.argv[1].partition(":")
path, headers, times = sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])
app = getattr(importlib.import_module(name), attribute)
headers = {"host": "172.19.0.2:8080", **{key.lower(): value for key, value in headers.items()}}

async def asgi():
    found = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("172.19.0.1", 1),
        "server": ("172.19.0.2", 8080), "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }
    ended = asyncio.Event()
    asked = []
    async def receive():
        if asked:
            await ended.wait()
            return {"type": "http.disconnect"}
        asked.append(1)
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        if "status" in message:
            found.append(message["status"])
        elif not message.get("more_body"):
            ended.set()
    await app(scope, receive, send)
    return found[0]

def wsgi():
    found = []
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "172.19.0.2",
        "SERVER_PORT": "8080", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr, "REMOTE_ADDR": "172.19.0.1",
        **{"HTTP_" + key.upper().replace("-", "_"): value for key, value in headers.items()},
    }
    list(app(environ, lambda status, headers, error=None: found.append(int(status[:3]))))
    return found[0]

called = app if inspect.isfunction(app) else type(app).__call__
for _ in range(times):
    print(asyncio.run(asgi()) if inspect.iscoroutinefunction(called) else wsgi())
"""


def answers(
    folder: Path, files: Mapping[str, str], app: str, path: str, headers: Mapping[str, str] | None = None, times: int = 1
) -> list[int]:
    """Write the files and ask the app `module:attribute` for a path; return the status of each answer."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        (sys.executable, "-c", _CLIENT, app, path, json.dumps(dict(headers or {})), str(times)),
        cwd=folder,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]
