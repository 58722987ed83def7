from __future__ import annotations

import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed

NAME = "fix-foreign-requirement"


def listing(line: str) -> dict[str, str]:
    return {**HEALTHY, "requirements.txt": f"fastapi\n{line}\nuvicorn\n"}


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("pywin32==306", 'pywin32==306; sys_platform == "win32"'),
        ("PyWin32  # for the tray", 'PyWin32; sys_platform == "win32"  # for the tray'),
        ("pyobjc-core==10.1", 'pyobjc-core==10.1; sys_platform == "darwin"'),
    ],
)
def test_what_another_system_has_gets_a_marker(written: str, after: str):
    check_transformed(NAME, listing(written), {"requirements.txt": f"fastapi\n{after}\nuvicorn\n"})


@pytest.mark.parametrize("line", ["sqlite3", "pkg-resources==0.0.0", "pkg_resources==0.0.0", "json"])
def test_what_is_no_distribution_goes(line: str):
    check_transformed(NAME, listing(line), {"requirements.txt": "fastapi\nuvicorn\n"})


@pytest.mark.parametrize(
    "line", ["pywin32==306; sys_platform == 'win32'", "pywin32-ctypes", "sqlite3 @ https://host/sqlite3.whl", "requests"]
)
def test_what_linux_can_have_stays(line: str):
    assert not check_noop(NAME, listing(line)).dropped


def test_another_index_may_have_it():
    files = listing("sqlite3")
    files["Dockerfile"] = DOCKERFILE.replace("install -r", "install --extra-index-url https://host/simple -r")
    assert not check_noop(NAME, files).dropped


def test_hashes_are_left_to_their_tool():
    files = listing("pywin32==306 \\\n    --hash=sha256:00")
    assert reasons(NAME, files) == {"requirements.txt:2 is not edited"}
