"""Builds an app for real and asks its health check, as its platform does: shares no code with the simulation.

An image is built with buildah in a chroot, a process is started in it with the variables that the platform sets, and the
checked path is asked without following redirects: once it has been answered, at once as often as in an hour of checks. The
chroot has the machine's own network, so whether a process listens on more than 127.0.0.1 shows at another address of the
loopback device. What a platform takes from its config stands in `fly.py` and `render.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import NamedTuple

from tests.containers.bases import ENVIRONMENT, buildah

_ADDRESS = "127.0.0.2"  # answered where every address is bound


class Verdict(NamedTuple):
    """How far the real deploy got: "config", "build", "release", "boot", "port", "health" or "ok"; and what it printed last."""

    stage: str
    says: str


class Deploy(NamedTuple):
    """What a platform builds and starts.

    `command` None: the image's CMD; `entrypoint`: what the image says goes before it. `below` is the first status of an answer
    to `path` that the platform does not take; without a path anything but an error of the server is an answer. `release` is
    run to its end before, in a machine of its own; without a `port` nothing of the app is to be reached. `hourly` is how often
    an hour the path is asked for.
    """

    dockerfile: Path
    context: Path
    command: tuple[str, ...] | None
    entrypoint: bool
    variables: dict[str, str]
    port: int | None
    path: str | None
    host: str
    below: int
    release: tuple[str, ...] | None = None
    hourly: int = 1


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def probe(deploy: Deploy, seconds: float = 40) -> Verdict:
    """Build and boot; the image is removed afterwards."""
    if not deploy.dockerfile.is_file():
        return Verdict("build", f"dockerfile '{deploy.dockerfile}' not found")
    tag = f"localhost/probe/{uuid.uuid4().hex[:12]}"
    options = ("--layers", "--format", "docker", "--pull-never", "-f", str(deploy.dockerfile), "-t", tag)
    built = buildah("bud", *options, str(deploy.context))  # what a build has in common with an earlier one is not done again
    if built.returncode:
        return Verdict("build", (built.stdout + built.stderr)[-2000:])
    try:
        return _release(deploy, tag) or _boot(deploy, tag, seconds)
    finally:
        buildah("rmi", "-f", tag)


def _release(deploy: Deploy, tag: str) -> Verdict | None:
    """Run the release command to its end; None where there is none, or all went well."""
    if deploy.release is None:
        return None
    container = buildah("from", "--pull-never", tag).stdout.strip()
    try:
        done = buildah("run", *_flags(deploy), container, "--", *_argv(deploy, tag, deploy.release), timeout=120)
    finally:
        buildah("rm", container)
    return Verdict("release", (done.stdout + done.stderr)[-2000:]) if done.returncode else None


def _argv(deploy: Deploy, tag: str, command: tuple[str, ...] | None) -> list[str]:
    entry = _image(tag, "Entrypoint") if deploy.entrypoint else []
    return [*entry, *(command if command is not None else _image(tag, "Cmd"))]


def _flags(deploy: Deploy) -> list[str]:
    return [part for name, value in deploy.variables.items() for part in ("--env", f"{name}={value}")]


def _boot(deploy: Deploy, tag: str, seconds: float) -> Verdict:
    if deploy.port is None:
        return Verdict("port", "no service exposes the app")
    if _listens(deploy.port):
        return Verdict("boot", f"port {deploy.port} of this machine is taken")
    container = buildah("from", "--pull-never", tag).stdout.strip()
    argv, flags = _argv(deploy, tag, deploy.command), _flags(deploy)
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
                stage, answer = _ask(process, deploy, seconds)
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


def _ask(process: subprocess.Popen[bytes], deploy: Deploy, seconds: float) -> tuple[str, str]:
    opener = urllib.request.build_opener(_NoRedirect)
    url = f"http://{_ADDRESS}:{deploy.port}{deploy.path or '/'}"
    request = urllib.request.Request(url, headers={"Host": deploy.host})
    deadline = time.monotonic() + seconds
    stage, answer, passed = "", "", 0
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(request, timeout=5) as response:
                status = int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            status = error.code
        except OSError:
            time.sleep(0.3)
            continue
        if status >= (deploy.below if deploy.path else 500):
            stage, answer, passed = "health", f"GET {deploy.path} answered {status}", 0
            time.sleep(0.3)
        elif passed + 1 >= deploy.hourly:
            return "ok", f"{status}"
        else:
            passed += 1
    if stage or process.poll() is not None:
        return stage or "boot", answer
    return "port", f"nothing answers at {_ADDRESS}:{deploy.port}"


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what was started here, the processes in the chroot included: they are all in one session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
