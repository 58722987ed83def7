"""The engines that `bot verify` is tried with for real, each with the base image and with what it needs here.

podman is told to use runc, and both it and docker's daemon to keep to limits that this process may set: in a virtual machine
without CAP_SYS_RESOURCE they could start nothing otherwise. docker's daemon is started for the test, in a folder of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.containers import bases

_LIMIT = 1024
_CONFIG = f"""\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[containers]
default_ulimits = ["nofile={_LIMIT}:{_LIMIT}", "nproc={_LIMIT}:{_LIMIT}"]
"""


class Absent(Exception):
    """The engine can't be used here; the text says why."""


@contextmanager
def ready(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment in which `bot verify --engine name` works; raises `Absent`."""
    match name:
        case "buildah":
            yield bases.ENVIRONMENT
        case "podman":
            yield _podman(folder)
        case _:
            with _docker(folder) as environment:
                yield environment


def _podman(folder: Path) -> dict[str, str]:
    absent = [tool for tool in ("podman", "runc", "conmon") if shutil.which(tool) is None]
    if absent:
        raise Absent(f"{' and '.join(absent)} not installed")
    config = folder / "containers.conf"
    config.write_text(_CONFIG)
    environment = {**bases.ENVIRONMENT, "CONTAINERS_CONF": str(config)}
    tried = ("podman", "run", "--rm", "--network", "none", bases.IMAGE, "true")
    done = subprocess.run(tried, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Absent(f"podman can't start a container: {done.stderr.strip()[-200:]}")
    return environment


@contextmanager
def _docker(folder: Path) -> Iterator[dict[str, str]]:
    client = next((path for path in ("/usr/bin/docker",) if os.access(path, os.X_OK)), None)
    if client is None or shutil.which("dockerd") is None:
        raise Absent("Debian's docker.io is not installed")
    socket, limits = f"unix://{folder}/docker.sock", f"={_LIMIT}:{_LIMIT}"
    own = ("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/docker.pid")
    ulimits = ("--default-ulimit", f"nofile{limits}", "--default-ulimit", f"nproc{limits}")
    alone = ("--bridge", "none", "--iptables=false", "--ip6tables=false")  # the machine's network stays as it is
    (folder / "daemon.json").write_text("{}")  # and its own settings count for nothing
    own += ("--config-file", f"{folder}/daemon.json")
    with open(folder / "dockerd.log", "wb") as log:
        daemon = subprocess.Popen(("dockerd", "-H", socket, *own, *ulimits, *alone), stdout=log, stderr=log)
    try:
        environment = {**bases.ENVIRONMENT, "DOCKER_HOST": socket, "PATH": f"{Path(client).parent}:{os.environ['PATH']}"}
        _await(daemon, client, environment, folder)
        pushed = bases.buildah("push", "-q", bases.IMAGE, f"docker-archive:{folder}/image.tar:{bases.IMAGE}")
        assert pushed.returncode == 0, pushed.stderr
        loaded = (client, "load", "-q", "-i", f"{folder}/image.tar")
        subprocess.run(loaded, env=environment, check=True, capture_output=True, timeout=300)
        yield environment
    finally:
        daemon.terminate()
        daemon.wait(30)


def _await(daemon: subprocess.Popen[bytes], client: str, environment: dict[str, str], folder: Path) -> None:
    for _ in range(60):
        if daemon.poll() is not None:
            raise Absent(f"docker's daemon does not start: {(folder / 'dockerd.log').read_text()[-200:]}")
        if subprocess.run((client, "version"), env=environment, capture_output=True, timeout=20).returncode == 0:
            return
        time.sleep(0.5)
    raise Absent("docker's daemon does not answer")
