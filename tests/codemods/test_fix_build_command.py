import pytest

from tests.codemods import reasons
from tests.tools import MAIN, check_noop, check_transformed, faults, planned

NAME = "fix-build-command"
FILES = {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN}
PIP = "pip install -r requirements.txt"
HEAD = """\
services:
  - type: web  # the API
    name: api
    runtime: python
"""
TAIL = """\
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: PYTHON_VERSION
        value: '3.11.4'
"""


def blueprint(command: str) -> str:
    return f"{HEAD}    buildCommand: {command}\n{TAIL}"


def files(command: str) -> dict[str, str]:
    return {**FILES, "render.yaml": blueprint(command)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("docker build -t app .", PIP),
        ("docker build -t app .  # the image", f"{PIP}  # the image"),
        ("'docker build -t app .'", f"'{PIP}'"),
        ('"docker-compose build"', f'"{PIP}"'),
        ("podman build .", PIP),
        (f"{PIP} && docker build .", PIP),
        (f"docker build . && {PIP}", PIP),
        (f"'{PIP} && docker build . && echo done'", f"'{PIP} && echo done'"),
        (f"echo a; docker build . && {PIP}", f"echo a; {PIP}"),
        (f"'{PIP} && echo a; echo b && docker build .'", f"'{PIP} && echo a; echo b'"),
        (f"{PIP} && playwright install chromium", PIP),
        (f"|\n      {PIP}\n      playwright install", f"|\n      {PIP}"),
        (f"|\n      set -e\n      docker build .\n      {PIP}", f"|\n      set -e\n      {PIP}"),
        (f">-\n      docker build . &&\n      {PIP}", f">-\n      {PIP}"),
    ],
)
def test_the_command_goes_and_the_rest_stays(before: str, after: str):
    made = check_transformed(NAME, files(before), {"render.yaml": blueprint(after)}, unsafe=True)
    assert not [fault for report in made.after for fault in report.faults]


def test_it_is_never_safe():
    assert faults(files("docker build ."))[0].code == "program-missing"
    assert not planned(files("docker build ."), NAME).tree.changes()


@pytest.mark.parametrize(
    "command", [PIP, f"{PIP} && alembic --help || true", f"docker ps || true; {PIP}", "poetry install", f"docker ps; {PIP}"]
)
def test_a_build_that_works_stays(command: str):
    check_noop(NAME, files(command))


def test_a_program_that_is_installed_stays():
    check_noop(NAME, {**files(f"{PIP} && playwright install"), "requirements.txt": "fastapi\nuvicorn\nplaywright\n"})


def test_a_program_that_the_code_imports_stays():
    wanted = {**files(f"{PIP} && playwright install"), "crawl.py": "from playwright.sync_api import sync_playwright\n"}
    assert reasons(NAME, wanted) == {"crawl.py imports playwright"}


@pytest.mark.parametrize(
    "command",
    [
        "'if true; then echo; fi; docker build .'",
        "cat list | wc -l && docker build .",
        f"|\n      {PIP} && docker build .\n      echo done",
        f"|\n      {PIP}\n      docker build \\\n        .",
        f">\n      {PIP} &&\n      docker build .",
    ],
)
def test_what_is_more_than_a_list_of_commands_is_left_to_a_person(command: str):
    assert reasons(NAME, files(command)) <= {"what else the build command should do is not known"}


def test_without_requirements_there_is_nothing_to_put_in_its_place():
    bare = {"main.py": MAIN, "render.yaml": blueprint("docker build .")}
    assert reasons(NAME, bare) == {"what else the build command should do is not known"}
