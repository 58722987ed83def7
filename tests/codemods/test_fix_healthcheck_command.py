import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, only, planned, result

NAME = "fix-healthcheck-command"
FAILING = (
    "python -c \"import http.client as h; c = h.HTTPConnection('localhost', 8080); c.request('GET', '/health');"
    ' exit(c.getresponse().status >= 400)"'
)


def checked(check: str, base: str = "python:3.11-slim") -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("python:3.11-slim", base).replace("CMD", f"{check}\nCMD")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("HEALTHCHECK CMD curl -f http://localhost:8080/health || exit 1", f"HEALTHCHECK CMD {FAILING} || exit 1"),
        ("HEALTHCHECK CMD curl --fail http://localhost:8080/health", f"HEALTHCHECK CMD {FAILING}"),
        (
            "HEALTHCHECK --interval=30s --timeout=10s \\\n    CMD curl -fsS http://localhost:8080/health > /dev/null || exit 1",
            f"HEALTHCHECK --interval=30s --timeout=10s \\\n    CMD {FAILING} || exit 1",
        ),
        (
            'HEALTHCHECK CMD ["curl", "-f", "http://127.0.0.1:8080/"]',
            'HEALTHCHECK CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection(\'127.0.0.1\', 8080);'
            " c.request('GET', '/'); exit(c.getresponse().status >= 400)\"]",
        ),
        (
            'HEALTHCHECK CMD curl -f "http://localhost:${PORT:-8080}/health" || exit 1',
            "HEALTHCHECK CMD python -c \"import http.client as h; c = h.HTTPConnection('localhost', ${PORT:-8080});"
            " c.request('GET', '/health'); exit(c.getresponse().status >= 400)\" || exit 1",
        ),
        (
            "HEALTHCHECK CMD wget -q --spider http://localhost:8080/health || exit 1",
            "HEALTHCHECK CMD python -c \"import urllib.request as r; r.urlopen('http://localhost:8080/health')\" || exit 1",
        ),
        (
            "HEALTHCHECK CMD curl -fL -m 5 -o /dev/null http://localhost/ || exit 1",
            "HEALTHCHECK CMD python -c \"import urllib.request as r; r.urlopen('http://localhost/', timeout=5)\" || exit 1",
        ),
    ],
)
def test_python_asks_for_the_same_page(before: str, after: str):
    check_transformed(NAME, checked(before), checked(after))


def test_it_is_only_done_where_it_is_selected():
    files = checked("HEALTHCHECK CMD curl -f http://localhost:8080/health || exit 1")
    assert [weakness.code for weakness in planned(files).before[0].weaknesses] == ["healthcheck-program"]
    assert not planned(files).steps
    assert only(files).reached == "ok"


@pytest.mark.parametrize(
    "check",
    [
        "HEALTHCHECK CMD curl -f -H 'Host: x' http://localhost:8080/health || exit 1",
        "HEALTHCHECK CMD curl -f https://localhost:8080/health || exit 1",
        "HEALTHCHECK CMD curl -X POST http://localhost:8080/health",
        'HEALTHCHECK CMD ["curl", "-f", "http://localhost:8080/", "&&", "true"]',
    ],
)
def test_a_check_that_does_more_is_left_to_a_person(check: str):
    assert reasons(NAME, checked(check)) == {"the check does more than to ask for a page of this machine"}


@pytest.mark.parametrize(
    "files",
    [
        checked("HEALTHCHECK CMD curl -f http://localhost:8080/health", "python:3.11"),
        checked("RUN apt-get update && apt-get install -y curl\nHEALTHCHECK CMD curl -f http://localhost:8080/health"),
        checked("COPY --from=builder /usr/bin/curl /usr/local/bin/\nHEALTHCHECK CMD curl -f http://localhost:8080/health"),
        checked("HEALTHCHECK CMD wget -q --spider http://localhost:8080/health", "python:3.11-alpine"),
        checked("HEALTHCHECK CMD curl -f http://localhost:8080/health", "example.org/ours:1"),
        checked("HEALTHCHECK CMD curl -f http://localhost:8080/health\nHEALTHCHECK NONE"),
        checked("HEALTHCHECK CMD python check.py"),
        checked("HEALTHCHECK NONE"),
        HEALTHY,
    ],
)
def test_a_check_that_works_or_that_nobody_knows_stays(files: dict[str, str]):
    made = check_noop(NAME, files)
    assert not made.before[0].weaknesses


# --- the command itself, really run


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/ok": 200, "/gone": 404, "/broken": 503, "/moved": 307}[self.path]
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "/gone")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port():
    server = HTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("command", "page", "fails"),
    [
        ("curl -f", "ok", False),
        ("curl -f", "gone", True),
        ("curl -f", "broken", True),
        ("curl -f", "moved", False),
        ("curl", "broken", False),
        ("curl -fL", "moved", True),
        ("wget -q", "ok", False),
        ("wget -qO-", "gone", True),
        ("wget -q", "moved", True),
    ],
)
def test_it_fails_as_the_command_did(command: str, page: str, fails: bool, port: int):
    files = checked(f"HEALTHCHECK CMD {command} http://127.0.0.1:{port}/{page}")
    line = re.search(r"HEALTHCHECK CMD (python.*)", result(planned(files, NAME), files)["Dockerfile"])
    assert line
    script = line[1].replace("python", sys.executable, 1)
    assert (subprocess.run(("sh", "-c", script), capture_output=True, check=False).returncode != 0) == fails


def test_it_fails_where_nothing_listens():
    files = checked("HEALTHCHECK CMD curl http://127.0.0.1:9/x")
    line = re.search(r"HEALTHCHECK CMD (python.*)", result(planned(files, NAME), files)["Dockerfile"])
    assert line
    script = line[1].replace("python", sys.executable, 1)
    assert subprocess.run(("sh", "-c", script), capture_output=True, check=False).returncode != 0
