from __future__ import annotations

from bot.engine.simulate import Options
from tests.bot.engine.index import WEB, Dist, Index
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "relax-conflicting-pin"
KNOWN = {
    "uvicorn": WEB["uvicorn"],
    "fastapi": {"0.100.0": Dist(("starlette<0.28",), {"fastapi/__init__.py": "class FastAPI: ...\n"})},
    "starlette": {"0.27.0": Dist(), "0.40.0": Dist()},
}


def options() -> Options:
    return Options(package_index=Index(KNOWN))


def check(before: str, after: str) -> None:
    files = {**HEALTHY, "requirements.txt": before}
    check_transformed(NAME, files, {"requirements.txt": after}, True, options())


def test_what_another_brings_along_goes_free():
    check("fastapi==0.100.0\nstarlette==0.40.0\nuvicorn\n", "fastapi==0.100.0\nstarlette\nuvicorn\n")


def test_comments_and_markers_stay():
    check(
        "fastapi==0.100.0\nStarlette==0.40.0 ; python_version > '3'  # newest\nuvicorn\n",
        "fastapi==0.100.0\nStarlette ; python_version > '3'  # newest\nuvicorn\n",
    )


def test_of_a_distribution_that_is_asked_for_twice_the_last_goes():
    check("fastapi\nstarlette==0.27.0\nuvicorn\nstarlette==0.40.0\n", "fastapi\nstarlette==0.27.0\nuvicorn\n")


def test_what_fits_stays():
    files = {**HEALTHY, "requirements.txt": "fastapi==0.100.0\nstarlette==0.27.0\nuvicorn\n"}
    assert not check_noop(NAME, files, options=options()).dropped


def test_without_the_index_nothing_is_known_of_it():
    files = {**HEALTHY, "requirements.txt": "fastapi==0.100.0\nstarlette==0.40.0\nuvicorn\n"}
    assert not check_noop(NAME, files).dropped
