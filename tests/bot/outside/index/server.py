"""A small package index for tests: a real server of PEP 691 on loopback, with wheels that the tests make."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bot.engine.model.requirements import normal


def wheel(
    name: str,
    version: str,
    files: Mapping[str, str | bytes] | None = None,
    needs: tuple[str, ...] = (),
    scripts: Mapping[str, str] | None = None,
    tag: str = "py3-none-any",
    python: str = "",
) -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Python: {python}\n" if python else ""
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    content: dict[str, str | bytes] = dict(files if files is not None else {f"{name}/__init__.py": ""})
    content[f"{info}/METADATA"] = metadata
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if scripts:
        content[f"{info}/entry_points.txt"] = "[console_scripts]\n" + "".join(f"{k} = {v}\n" for k, v in scripts.items())
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in content.items():
            archive.writestr(path, data)
    return f"{name}-{version}-{tag}.whl", buffer.getvalue()


class Server:
    """What the index serves, and what was asked of it. `ranges` False: it answers with whole files alone."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.python: dict[str, str] = {}
        self.yanked: set[str] = set()
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.address = ""
        self.broken = False

    def add(self, name: str, data: bytes, python: str = "", yanked: bool = False) -> None:
        """Serve one more file."""
        self.files[name] = data
        self.python[name] = python
        if yanked:
            self.yanked.add(name)

    def page(self, project: str) -> bytes | None:
        """Return the page of a project."""
        listed = [
            {
                "filename": name,
                "url": f"{self.address.removesuffix('/simple')}/files/{name}",
                "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                "requires-python": self.python[name] or None,
                "size": len(data),
                "yanked": name in self.yanked,
            }
            for name, data in self.files.items()
            if normal(re.split(r"-\d", name)[0]) == project
        ]
        document = {"meta": {"api-version": "1.1"}, "name": project, "files": listed, "versions": []}
        return json.dumps(document).encode() if listed else None


@contextmanager
def serving() -> Iterator[Server]:
    """Serve an index on loopback."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            server.asked.append((self.path, wanted))
            data = server.files.get(self.path.rpartition("/")[2])
            if self.path.startswith("/simple/"):
                data = server.page(self.path.removeprefix("/simple/").strip("/"))
                self.answer(data, "application/vnd.pypi.simple.v1+json", None)
            else:
                self.answer(data, "application/octet-stream", wanted if server.ranges else None)

        def do_HEAD(self) -> None:
            self.do_GET()

        def answer(self, data: bytes | None, kind: str, wanted: str | None) -> None:
            if data is None or server.broken:
                self.send_error(500 if server.broken else 404)
                return
            match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted or "")
            total = len(data)
            if match:
                start = int(match[1]) if match[1] else total - int(match[2])
                end = int(match[2]) + 1 if match[1] and match[2] else total
                data = data[start:end]
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{start + len(data) - 1}/{total}")
            else:
                self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Accept-Ranges", "bytes" if server.ranges else "none")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{httpd.server_port}/simple"
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
