"""A small HTTP server that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """A request."""

    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Answer(NamedTuple):
    """What is answered; a body that is a function writes it by itself."""

    status: int = 200
    body: bytes | Callable[[Any], None] = b""
    headers: dict[str, str] = {}  # noqa: RUF012


class Server(NamedTuple):
    """Where it is, and what it was asked so far."""

    url: str
    port: int
    asked: list[Asked]


def told(data: object, status: int = 200, **headers: str) -> Answer:
    """Return an answer in JSON; `retry_after="3"` is a header."""
    return Answer(status, json.dumps(data).encode(), {name.replace("_", "-"): value for name, value in headers.items()})


@contextlib.contextmanager
def serving(answer: Callable[[Asked], Answer], context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve on a free port of 127.0.0.1."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Asked(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(sent) if sent else None,
            )
            asked.append(request)
            found = answer(request)
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            if callable(found.body):
                self.send_header("connection", "close")
                self.end_headers()
                with contextlib.suppress(OSError):  # the other side may have had enough
                    found.body(self.wfile)
            else:
                self.send_header("content-length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    port = server.server_address[1]
    try:
        yield Server(f"http{'s' if context else ''}://127.0.0.1:{port}", port, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
