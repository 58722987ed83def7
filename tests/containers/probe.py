"""Builds a Fly app for real and asks its health check, as Fly does: shares no code with the simulation.

The Dockerfile is built with buildah in a chroot, the process that fly.toml names is started with its `[env]`, and the
checked path is asked with the machine's address as Host, without following redirects.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import NamedTuple

from tests.containers.bases import ENVIRONMENT, buildah


class Verdict(NamedTuple):
    """How far the real deploy got: "config", "build", "boot", "health" or "ok"; and the last lines that it printed."""

    stage: str
    says: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def probe(root: Path, config: str = "fly.toml", start: str | None = None, seconds: float = 40) -> Verdict:
    """Deploy `config` (a path in `root`) from the folder `start`, by default the config's own."""
    path = root / config
    try:
        fly = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        return Verdict("config", str(error))
    context = root / start if start is not None else path.parent
    named = fly.get("build", {}).get("dockerfile")
    dockerfile = path.parent / named if named else context / "Dockerfile"
    if not dockerfile.is_file():
        return Verdict("build", f"dockerfile '{dockerfile}' not found")
    tag = f"localhost/probe/{uuid.uuid4().hex[:12]}"
    built = buildah("bud", "--format", "docker", "--pull-never", "-f", str(dockerfile), "-t", tag, str(context))
    if built.returncode:
        return Verdict("build", (built.stdout + built.stderr)[-2000:])
    try:
        return _boot(fly, tag, seconds)
    finally:
        buildah("rmi", "-f", tag)


def _boot(fly: dict[str, object], tag: str, seconds: float) -> Verdict:
    service = _service(fly)
    group = service.get("processes", ["app"])[0]
    processes = fly.get("processes", {})
    command = processes.get(group) if isinstance(processes, dict) else None
    port = int(service["internal_port"])
    if _listens(port):
        return Verdict("boot", f"port {port} of this machine is taken")
    container = buildah("from", "--pull-never", tag).stdout.strip()
    argv = [*_image(tag, "Entrypoint"), *(shlex.split(command) if command else _image(tag, "Cmd"))]
    variables = {"FLY_APP_NAME": str(fly.get("app")), **{k: str(v) for k, v in dict(fly.get("env", {})).items()}}
    flags = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
    process = subprocess.Popen(
        ["buildah", "run", *flags, container, "--", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        with process:
            try:
                stage, answer = _ask(process, port, _path(service), seconds)
            finally:
                _end(process)
            printed = process.stdout.read().decode(errors="replace") if process.stdout else ""
    finally:
        buildah("rm", container)
    return Verdict(stage, answer or printed[-2000:])


def _image(tag: str, key: str) -> list[str]:
    """Return the image's Entrypoint or Cmd."""
    config = json.loads(buildah("inspect", "--type", "image", tag).stdout)["OCIv1"]["config"]
    return [str(word) for word in config.get(key) or []]


def _service(fly: dict[str, object]) -> dict[str, object]:
    services = fly.get("http_service") or fly.get("services") or [{}]
    return services[0] if isinstance(services, list) else dict(services)


def _path(service: dict[str, object]) -> str | None:
    checks = service.get("checks") or service.get("http_checks") or []
    return next((check["path"] for check in checks if "path" in check), None)


def _ask(process: subprocess.Popen[bytes], port: int, path: str | None, seconds: float) -> tuple[str, str]:
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path or '/'}", headers={"Host": f"172.19.7.2:{port}"})
    deadline = time.monotonic() + seconds
    stage, answer = "boot", ""
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(request, timeout=5) as response:
                return "ok", f"{response.status}"
        except urllib.error.HTTPError as error:
            error.close()
            stage, answer = "health", f"GET {path} answered {error.code}"
            if path is None and error.code < 500:
                return "ok", f"{error.code}"
        except OSError:
            pass
        time.sleep(0.3)
    return stage, answer


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what was started here, the processes in the chroot included: they are all in one session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
