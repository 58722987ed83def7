"""A request as a health check makes it, asked of real servers."""

import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import ClassVar

import pytest

from bot.outside.containers import asking


class Handler(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        Handler.seen = {"path": self.path, **dict(self.headers.items())}
        if self.path == "/slow":
            time.sleep(1.5)
        self.send_response({"/moved": 307, "/gone": 404, "/broken": 500}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/gone", 404), ("/broken", 500)])
def test_the_status_is_told(port: int, path: str, status: int):
    assert asking.ask("127.0.0.1", port, path, {}, 5) == (status, "", "")


def test_a_redirect_is_not_followed(port: int):
    assert asking.ask("127.0.0.1", port, "/moved", {}, 5) == (307, "/", "")


def test_the_host_and_the_agent_are_those_of_the_check(port: int):
    asking.ask("127.0.0.1", port, "/a?b=c", {"Host": "172.19.0.2:8080", "User-Agent": "Consul Health Check"}, 5)
    seen = Handler.seen
    assert (seen["path"], seen["Host"], seen["User-Agent"]) == ("/a?b=c", "172.19.0.2:8080", "Consul Health Check")


def test_an_answer_that_comes_too_late_is_none(port: int):
    began = time.monotonic()
    assert asking.ask("127.0.0.1", port, "/slow", {}, 0.3) == (None, "", "no answer within 0.3 s")
    assert time.monotonic() - began < 1.2


def answered(data: bytes, slowly: float = 0) -> tuple[int | None, str, str]:
    """Ask a server that sends these bytes, piece by piece where it is to be slow."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            try:
                for piece in (data[i : i + 1] for i in range(len(data))) if slowly else (data,):
                    connection.sendall(piece)
                    time.sleep(slowly)
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        found = asking.ask("127.0.0.1", listener.getsockname()[1], "/", {}, 0.5)
    thread.join(5)
    return found


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", "the connection was closed without an answer"), (b"SSH-2.0-OpenSSH\r\n", "the answer is no HTTP")],
)
def test_what_is_no_answer_is_told(data: bytes, error: str):
    assert answered(data) == (None, "", error)


def test_an_answer_in_drops_ends_at_the_limit_too():
    began = time.monotonic()
    assert answered(b"HTTP/1.1 200 OK\r\n" + b"X" * 200, slowly=0.05)[2] == "no answer within 0.5 s"
    assert time.monotonic() - began < 3


def test_a_port_on_which_nobody_listens_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert asking.ask("127.0.0.1", port, "/", {}, 5) == (None, "", "Connection refused")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_loopback_is_told_apart_from_all_addresses():
    with socket.create_server(("127.0.0.1", 0)) as inside, socket.create_server(("0.0.0.0", 0)) as outside:
        found = {(loopback, port) for loopback, port, _ in asking.listening()}
        assert {(True, inside.getsockname()[1]), (False, outside.getsockname()[1])} <= found


def test_it_also_runs_alone_from_standard_input():
    server = http.server.HTTPServer(("0.0.0.0", 0), Handler)
    threading.Thread(target=server.handle_request, daemon=True).start()
    port = server.server_address[1]
    wanted = json.dumps({"port": port, "path": "/gone", "headers": {"Host": "x"}, "seconds": 5, "method": "GET"})
    with open(asking.__file__, "rb") as source:
        run = subprocess.run((sys.executable, "-I", "-", wanted), stdin=source, capture_output=True, timeout=20, check=True)
    server.server_close()
    found = json.loads(run.stdout)
    assert found["answer"] == [404, "", ""]
    assert [False, port] in [listener[:2] for listener in found["listening"]]
