import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed, faults, planned

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


@pytest.mark.parametrize("command", [PIP, f"{PIP} && alembic --help || true", f"docker ps || true; {PIP}", f"docker ps; {PIP}"])
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
        f"|\n      {PIP}\n      docker build \\\n        .",
        f">\n      {PIP} &&\n      docker build .",
    ],
)
def test_what_is_more_than_a_list_of_commands_is_left_to_a_person(command: str):
    assert reasons(NAME, files(command)) == {"what else the build command should do is not known"}


def test_a_line_of_several_is_left_to_a_person():
    assert not check_noop(NAME, files(f"|\n      {PIP} && docker build .\n      echo done")).dropped


def test_without_requirements_there_is_nothing_to_put_in_its_place():
    bare = {"main.py": MAIN, "render.yaml": blueprint("docker build .")}
    assert reasons(NAME, bare) == {"what else the build command should do is not known"}


# --- what is not there

INNER = {"backend/requirements.txt": "fastapi\nuvicorn\n", "backend/main.py": MAIN}


def inside(command: str) -> dict[str, str]:
    """Return a service whose rootDir is `backend`."""
    return {**INNER, "render.yaml": blueprint(command).replace("runtime: python\n", "runtime: python\n    rootDir: backend\n")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"source venv/bin/activate && {PIP}", PIP),
        (f". ./env/bin/activate && {PIP}", PIP),
        (f'"source venv/bin/activate && {PIP}"  # all', f'"{PIP}"  # all'),
        (f"echo a && source 'venv/bin/activate' && {PIP}", f"echo a && {PIP}"),
        (f"{PIP} && source venv/bin/activate", PIP),
        (f"./venv/bin/{PIP}", PIP),
        (f"venv/bin/python -m {PIP} && echo", f"python -m {PIP} && echo"),
        (f"|\n      set -e\n      source venv/bin/activate  # mine\n      {PIP}", f"|\n      set -e\n      {PIP}"),
        (f">-\n      source venv/bin/activate &&\n      {PIP}", f">-\n      {PIP}"),
    ],
)
def test_an_environment_that_nothing_makes_is_not_activated(before: str, after: str):
    made = check_transformed(NAME, files(before), {"render.yaml": blueprint(after)})
    assert not [fault for report in made.after for fault in report.faults]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"cd backend && {PIP}", PIP),
        (f"cd ./backend/ && {PIP}  # all", f"{PIP}  # all"),
        (f"'cd backend && {PIP} && cd ..'", f"'{PIP}'"),
        (f"echo a && cd backend && {PIP}", f"echo a && {PIP}"),
        (f"|\n      set -e\n      cd backend\n      {PIP}", f"|\n      set -e\n      {PIP}"),
        (f"cd /opt/render/project/src/backend/backend && {PIP}", PIP),
    ],
)
def test_the_folder_that_the_build_is_in_already(before: str, after: str):
    made = check_transformed(NAME, inside(before), {"render.yaml": inside(after)["render.yaml"]})
    assert not [fault for report in made.after for fault in report.faults]


def test_a_folder_that_lies_nearer():
    deep = {"api/v1/requirements.txt": "fastapi\nuvicorn\n", "api/v1/main.py": MAIN, "api/v1/x": ""}
    config = inside(f"cd api/v1 && {PIP}")["render.yaml"].replace("rootDir: backend", "rootDir: api")
    config = config.replace("uvicorn main", "cd v1 && uvicorn main")
    check_transformed(NAME, {**deep, "render.yaml": config}, {"render.yaml": config.replace("cd api/v1", "cd v1")})


def test_a_script_that_the_build_starts():
    script = "#!/usr/bin/env bash\nset -o errexit\n\n# install\nsource venv/bin/activate\npip install -r requirements.txt\n"
    wanted = {**files("bash build.sh"), "build.sh": script}
    check_transformed(NAME, wanted, {"build.sh": script.replace("source venv/bin/activate\n", "")})


def test_a_run_of_a_dockerfile():
    lines = "RUN . venv/bin/activate && \\\n    pip install -r requirements.txt\n"
    dockerfile = DOCKERFILE.replace("RUN pip install -r requirements.txt\n", lines)
    check_transformed(NAME, {**HEALTHY, "Dockerfile": dockerfile}, {"Dockerfile": DOCKERFILE})


def test_a_folder_of_an_image_may_be_what_copy_should_bring():
    before = {**HEALTHY, "Dockerfile": DOCKERFILE.replace("RUN pip", "RUN cd backend && pip")}
    check_transformed(NAME, before, {"Dockerfile": DOCKERFILE}, unsafe=True)
    assert not planned(before, NAME).tree.changes()


@pytest.mark.parametrize(
    "command",
    [
        f"source .venv/bin/activate && {PIP}",
        f"source venv/bin/activate; {PIP}",
        f"if [ -d venv ]; then source venv/bin/activate; fi; {PIP}",
        f"cd api && {PIP}",
        f"cd nowhere; {PIP}",
        f"(cd backend && ls); {PIP}",
    ],
)
def test_what_is_there_or_does_not_matter_stays(command: str):
    check_noop(NAME, {**files(command), "api/requirements.txt": "fastapi\nuvicorn\n"})


def test_an_environment_that_the_build_makes_stays():
    wanted = files(f"python -m venv venv && source venv/bin/activate && {PIP} && ./venv/bin/pip list")
    wanted["render.yaml"] = wanted["render.yaml"].replace("uvicorn main", "source venv/bin/activate && uvicorn main")
    check_noop(NAME, wanted)


# --- another manifest

PROJECT = """\
[tool.poetry]
name = "x"
version = "0.1"
description = ""
authors = []
package-mode = false

[tool.poetry.dependencies]
python = "^3.11"
fastapi = "*"
uvicorn = "*"
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("poetry install", PIP),
        ("'poetry install --no-root'  # all", f"'{PIP}'  # all"),
        ("pip install poetry && poetry config virtualenvs.create false && poetry install && echo", f"{PIP} && echo"),
        ("uv sync --frozen && uv cache prune --ci", f"{PIP} && uv cache prune --ci"),
        ("pipenv install --deploy", PIP),
    ],
)
def test_requirements_go_for_a_project_that_is_not_there(before: str, after: str):
    check_transformed(NAME, files(before), {"render.yaml": blueprint(after)}, unsafe=True)
    assert not planned(files(before), NAME).tree.changes()


def test_nothing_starts_the_server_in_a_project_that_is_not_there():
    before = blueprint("poetry install").replace("uvicorn main", "poetry run uvicorn main")
    check_transformed(NAME, {**FILES, "render.yaml": before}, {"render.yaml": blueprint(PIP)}, unsafe=True)


@pytest.mark.parametrize(
    ("manifest", "after"),
    [
        ({"pyproject.toml": PROJECT, "poetry.lock": ""}, "poetry install --no-root"),
        ({"Pipfile": '[packages]\nfastapi = "*"\nuvicorn = "*"\n'}, "pipenv install"),
    ],
)
def test_the_project_goes_for_requirements_that_are_not_there(manifest: dict[str, str], after: str):
    wanted = {"main.py": MAIN, **manifest, "render.yaml": blueprint(PIP)}
    check_transformed(NAME, wanted, {"render.yaml": blueprint(after)}, unsafe=True)


@pytest.mark.parametrize(
    "command", ["poetry install || true", "|\n      poetry install\n      echo", "for a in 1; do poetry install; done"]
)
def test_what_else_installs_a_project_is_left_to_a_person(command: str):
    check_noop(NAME, files(command))


def test_two_manifests_or_none():
    check_noop(NAME, {"main.py": MAIN, "render.yaml": blueprint("poetry install")})
    check_noop(NAME, {"main.py": MAIN, "setup.cfg": "", "render.yaml": blueprint(PIP)})
    check_noop(NAME, {**FILES, "pyproject.toml": PROJECT, "render.yaml": blueprint("poetry install --no-root")})
