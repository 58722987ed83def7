"""Asks an app over HTTP as a health check does: one request to an address, no redirect followed, a limit of time.

This file stands alone and also runs in a container, handed to its Python on standard input: the standard library of Python 3.7
is all that it may use, and nothing of ours.
"""

from __future__ import annotations

import json
import socket
import sys
import time

_MOST = 65536  # bytes of an answer's head; what follows does not matter


def ask(
    address: str, port: int, path: str, headers: dict[str, str], seconds: float, method: str = "GET"
) -> tuple[int | None, str, str]:
    """Send one request; return its status (None: there was no answer), the place that a redirect names, and what went wrong."""
    lines = [f"{method} {path or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "replace")
    deadline, answer = time.monotonic() + seconds, b""
    try:
        with socket.create_connection((address, port), timeout=seconds) as connection:
            connection.sendall(request)
            while b"\r\n\r\n" not in answer and len(answer) < _MOST and time.monotonic() < deadline:
                connection.settimeout(max(deadline - time.monotonic(), 0.01))
                piece = connection.recv(4096)
                if not piece:
                    return _read(answer.decode("latin-1"))
                answer += piece
    except OSError as error:
        if time.monotonic() < deadline:
            return None, "", error.strerror or str(error)
    if b"\r\n\r\n" not in answer:
        return None, "", f"no answer within {seconds:g} s"
    return _read(answer.decode("latin-1"))


def _read(answer: str) -> tuple[int | None, str, str]:
    first, *rest = answer.partition("\r\n\r\n")[0].split("\r\n")
    words = first.split(" ")
    if not first.startswith("HTTP/") or len(words) < 2 or not words[1].isdigit():
        return None, "", "the answer is no HTTP" if answer else "the connection was closed without an answer"
    found = [line.partition(":")[2].strip() for line in rest if line.lower().startswith("location:")]
    return int(words[1]), found[0] if found else "", ""


def listening() -> list[tuple[bool, int, str]]:
    """Return every TCP socket that listens in this network: on the loopback alone or not, its port, its inode."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as file:
                rows = file.read(4194304).splitlines()[1:]
        except OSError:  # no such protocol, or no Linux
            continue
        for row in rows:
            fields = row.split()
            if len(fields) > 9 and fields[3] == "0A":
                address, port = fields[1].split(":")
                loopback = (len(address) == 8 and address.endswith("7F")) or address == "0" * 24 + "01000000"
                found.append((loopback, int(port, 16), fields[9]))
    return found


def _look(wanted: dict[str, object] | None) -> dict[str, object]:
    sockets = listening()
    open_to_all = wanted is not None and any(not loopback and port == wanted["port"] for loopback, port, _ in sockets)
    return {"listening": sockets, "answer": ask("127.0.0.1", **wanted) if wanted and open_to_all else None}  # type: ignore[arg-type]


if __name__ == "__main__":
    print(json.dumps(_look(json.loads(sys.argv[1]))))
