"""Whose processes listen where: by descent and by a mark, never by name."""

import os
import subprocess
import sys
import time
import uuid

import pytest

from bot.outside.containers import sockets

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
LISTEN = """
import socket, sys, time
listener = socket.create_server((sys.argv[1], 0))
print(listener.getsockname()[1], flush=True)
time.sleep(60)
"""


def started(mark: str, *arguments: str) -> subprocess.Popen[str]:
    env = {**os.environ, sockets.MARK: mark} if mark else dict(os.environ)
    return subprocess.Popen((sys.executable, *arguments), env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.parametrize(("address", "loopback"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_what_a_run_listens_on(address: str, loopback: bool):
    mark = uuid.uuid4().hex
    with started(mark, "-c", LISTEN, address) as process, started("", "-c", LISTEN, address) as other:
        port = int(line(process))
        line(other)
        assert sockets.of(sockets.belonging(process.pid, mark)) == {(loopback, port)}
        sockets.end(process.pid, mark)
        process.wait(5)
        assert other.poll() is None  # it looks the same, and is not ours
        other.kill()


def test_a_process_that_left_its_parent_is_ended_by_its_mark():
    mark = uuid.uuid4().hex
    code = "import subprocess; p = subprocess.Popen(['sleep', '60'], start_new_session=True, stdout=-3); print(p.pid)"
    with started(mark, "-c", code) as parent:
        child = int(line(parent))
        parent.wait(5)
        assert child in sockets.belonging(parent.pid, mark)
        sockets.end(parent.pid, mark)
    time.sleep(0.2)
    assert sockets._is_dead(child)


def test_one_that_lost_its_mark_is_ended_by_descent():
    mark = uuid.uuid4().hex
    code = (
        "import subprocess; p = subprocess.Popen(['env', '-i', 'sleep', '60'], stdout=-3); print(p.pid, flush=True); p.wait()"
    )
    with started("", "-c", code) as parent:
        child = int(line(parent))
        sockets.end(parent.pid, mark, patience=2)
        parent.wait(5)
    time.sleep(0.2)
    assert sockets._is_dead(child)


def test_we_do_not_belong_to_a_run_ourselves():
    assert os.getpid() not in sockets.belonging(os.getpid(), "x")
