from __future__ import annotations

import pytest

from tests.codemods import reasons
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "fix-requirement-syntax"


def listing(line: str) -> dict[str, str]:
    return {**HEALTHY, "requirements.txt": f"fastapi\n{line}\nuvicorn\n"}


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("requests==-2.31.0", "requests==2.31.0"),
        ("requests=2.31.0", "requests==2.31.0"),
        ("requests = 2.31.0", "requests==2.31.0"),
        ("requests=>2.31.0", "requests>=2.31.0"),
        ("Requests 2.31.0  # http", "Requests==2.31.0  # http"),
        ("requests==2.x", "requests==2.*"),
        ("requests>=2.31.*", "requests>=2.31"),
        ("requests==", "requests"),
        ("requests==latest", "requests"),
        ("requests[socks]==2.31.", "requests[socks]==2.31"),
        ("requests==-2.31.0; python_version > '3'", "requests==2.31.0; python_version > '3'"),
    ],
)
def test_what_is_meant_is_written(written: str, after: str):
    made = check_transformed(NAME, listing(written), {"requirements.txt": f"fastapi\n{after}\nuvicorn\n"})
    assert made.steps[0].finding.message.startswith("ERROR: Invalid requirement: '")


@pytest.mark.parametrize("line", ["requests==2.31.0", "requests ~= 2.31", "requests[socks] (>=2)", "requests===odd", "# x==-1"])
def test_what_pip_can_read_stays(line: str):
    assert not check_noop(NAME, listing(line)).dropped


@pytest.mark.parametrize("line", ["requests and more", "requests==two", "requests >> 2", "requests^2.31"])
def test_what_is_not_plain_is_left_to_a_person(line: str):
    assert reasons(NAME, listing(line)) == {"what requirements.txt:2 asks for is not plain"}


def test_marks_of_a_merge_are_left_to_a_person():
    files = {**HEALTHY, "requirements.txt": "<<<<<<< HEAD\nfastapi\n=======\nflask\n>>>>>>> other\nuvicorn\n"}
    check_noop(NAME, files)
