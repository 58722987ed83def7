from __future__ import annotations

import pytest

from bot.engine.simulate import Options
from tests.bot.engine.index import WEB, Dist, Index
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed, planned

NAME = "pin-python-version"


def tags(*minors: int) -> tuple[str, ...]:
    return tuple(f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64" for minor in minors)


KNOWN = {
    **WEB,
    "pandas": {"2.0.3": Dist(wheels=tags(9, 10, 11), source=True), "2.2.3": Dist(wheels=tags(11, 12, 13), source=True)},
    "numpy": {"1.26.0": Dist(python="<3.13"), "1.21.0": Dist(python="<3.11,>=3.9")},
    "nowhere": {"1.0": Dist(wheels=tags(8), source=True)},
}
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
"""
VARIABLE = "    envVars:\n      - key: PYTHON_VERSION  # ours\n        value: 3.13.4\n"


def options() -> Options:
    return Options(package_index=Index(KNOWN))


def image(requirements: str, dockerfile: str = DOCKERFILE.replace("3.11", "3.13")) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": dockerfile, "requirements.txt": f"fastapi\n{requirements}\nuvicorn\n"}


def service(requirements: str, blueprint: str = BLUEPRINT, **more: str) -> dict[str, str]:
    return {"render.yaml": blueprint, "main.py": MAIN, "requirements.txt": f"fastapi\n{requirements}\nuvicorn\n", **more}


def check(before: dict[str, str], after: dict[str, str]) -> None:
    check_transformed(NAME, before, after, True, options())


def test_an_image_of_the_python_that_has_wheels():
    before = image("pandas==2.0.3")
    check(before, {"Dockerfile": before["Dockerfile"].replace("3.13", "3.11")})


def test_the_nearest_that_a_release_allows():
    before = image("numpy==1.26.0")
    check(before, {"Dockerfile": before["Dockerfile"].replace("3.13", "3.12")})


def test_every_stage_gets_the_same():
    head = "ARG BASE=python:3.13-slim\nFROM python:3.13-slim AS builder\nRUN true\nFROM python:3.13.2-slim-bookworm\n"
    before = image("pandas==2.0.3", DOCKERFILE.replace("FROM python:3.11-slim\n", head))
    after = before["Dockerfile"].replace("python:3.13.2", "python:3.11").replace("python:3.13", "python:3.11")
    check(before, {"Dockerfile": after})


def test_a_service_without_a_version_gets_a_file():
    made = planned(service("pandas==2.0.3"), NAME, True, options())
    [change] = made.tree.changes()
    assert (change.path, change.old, change.after) == (".python-version", None, b"3.11\n")


def test_what_the_repository_names_for_others_goes_first():
    made = planned(service("pandas==2.0.3", **{"runtime.txt": "python-3.10.2\n"}), NAME, True, options())
    assert made.tree.changes()[0].after == b"3.10\n"


def test_a_variable_is_set_where_there_is_one():
    before = service("pandas==2.0.3", BLUEPRINT + VARIABLE)
    check(before, {"render.yaml": (BLUEPRINT + VARIABLE).replace("3.13.4", '"3.11.11"')})


@pytest.mark.parametrize("requirements", ["pandas==2.2.3", "pandas", "nowhere==1.0", "pandas>=2.0.3"])
def test_no_other_python_suits_more(requirements: str):
    check_noop(NAME, image(requirements), options=options())


def test_nothing_without_the_index():
    assert not check_noop(NAME, image("pandas==2.0.3")).steps


def test_a_version_that_there_is_not_has_nothing_to_do_with_python():
    assert not check_noop(NAME, image("pandas==2.0.9"), options=options()).steps
