import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "set-pythonpath"
BELOW = DOCKERFILE.replace("COPY . .\n", "COPY . .\nWORKDIR /app/backend\n")
FILES = {
    **HEALTHY,
    "Dockerfile": BELOW,
    "backend/__init__.py": "",
    "backend/main.py": "from fastapi import FastAPI\nfrom backend.db import connect\n\napp = FastAPI()\n",
    "backend/db.py": "def connect():\n    return None\n",
}


def test_a_line_of_its_own_behind_the_last_workdir():
    changed = BELOW.replace("WORKDIR /app/backend\n", "WORKDIR /app/backend\nENV PYTHONPATH=/app\n")
    check_transformed(NAME, FILES, {"Dockerfile": changed})


def test_stands_with_the_other_variables():
    dockerfile = BELOW.replace("COPY . .\n", "ENV PYTHONUNBUFFERED=1\nCOPY . .\n")
    changed = dockerfile.replace("ENV PYTHONUNBUFFERED=1\n", "ENV PYTHONUNBUFFERED=1\nENV PYTHONPATH=/app\n")
    check_transformed(NAME, {**FILES, "Dockerfile": dockerfile}, {"Dockerfile": changed})


def test_another_entry_where_it_is_set_already():
    dockerfile = BELOW.replace("COPY . .\n", 'COPY . .\nENV PYTHONPATH="/opt/lib" LANG=C.UTF-8\n')
    changed = dockerfile.replace('"/opt/lib"', '"/opt/lib:/app"')
    check_transformed(NAME, {**FILES, "Dockerfile": dockerfile}, {"Dockerfile": changed})


def test_a_module_of_a_package_is_not_the_distribution_of_its_name():
    files = {
        **HEALTHY,
        "main.py": "from fastapi import FastAPI\nimport celery\n\napp = FastAPI()\n",
        "shop/celery.py": "A = 1\n",
    }
    assert planned(files, NAME).tree.changes()
    assert "no folder of the image has a module `celery`" in reasons(NAME, {**files, "shop/__init__.py": ""})


def test_imports_that_resolve_are_left_alone():
    check_noop(NAME, HEALTHY)


def test_a_module_that_the_image_does_not_have_is_not_its_matter():
    files = {**HEALTHY, "main.py": "import nowhere_to_be_found\n\napp = None\n"}
    made = check_noop(NAME, files)
    assert "no folder of the image has a module `nowhere_to_be_found`" in {dropped.reason for dropped in made.dropped}


def test_the_plan_takes_it_for_imports_that_begin_above_the_start_folder():
    assert [step.codemod for step in planned(FILES).steps] == ["set-pythonpath"]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("ENV PYTHONPATH /opt/lib\n", "ENV PYTHONPATH /opt/lib:/app\n"),
        ("ENV LANG=C \\\n    # ours\n    PYTHONPATH=/opt/lib\n", "ENV LANG=C \\\n    # ours\n    PYTHONPATH=/opt/lib:/app\n"),
    ],
)
def test_every_way_to_write_env(line: str, after: str):
    dockerfile = BELOW.replace("COPY . .\n", f"COPY . .\n{line}")
    check_transformed(NAME, {**FILES, "Dockerfile": dockerfile}, {"Dockerfile": dockerfile.replace(line, after)})


def test_a_last_line_without_a_newline():
    start = BELOW[BELOW.index("CMD") :]
    dockerfile = BELOW.replace("WORKDIR /app/backend\n", "").replace(start, start + "WORKDIR /app/backend")
    check_transformed(NAME, {**FILES, "Dockerfile": dockerfile}, {"Dockerfile": dockerfile + "\nENV PYTHONPATH=/app"})


def test_the_final_stage_gets_the_line():
    stages = BELOW.replace("FROM python:3.11-slim", "FROM python:3.11-slim AS base").replace(
        "COPY . .\n", "FROM base\nCOPY . .\n"
    )
    stages = stages.replace("AS base\n", "AS base\nENV LANG=C\n")
    changed = stages.replace("WORKDIR /app/backend\n", "WORKDIR /app/backend\nENV PYTHONPATH=/app\n")
    check_transformed(NAME, {**FILES, "Dockerfile": stages}, {"Dockerfile": changed})


def test_a_module_that_the_start_command_names():
    files = {**FILES, "Dockerfile": BELOW.replace('"main:app"', '"backend.main:app"')}
    changed = files["Dockerfile"].replace("WORKDIR /app/backend\n", "WORKDIR /app/backend\nENV PYTHONPATH=/app\n")
    check_transformed(NAME, files, {"Dockerfile": changed})


SET_OTHERWISE = "PYTHONPATH is set in a way that is not edited"


@pytest.mark.parametrize(
    "line",
    [
        "ENV PYTHONPATH=/opt/lib:$PYTHONPATH\n",
        "ENV LIB=/opt/lib\nENV PYTHONPATH=$LIB\n",
        "ENV PYTHONPATH=/opt/lib LIB=/opt/lib\n",
        'ENV PYTHONPATH=""\n',
    ],
)
def test_a_path_that_is_put_together_is_left_to_a_person(line: str):
    files = {**FILES, "Dockerfile": BELOW.replace("COPY . .\n", f"COPY . .\n{line}")}
    assert SET_OTHERWISE in reasons(NAME, files)


def test_a_path_that_an_earlier_stage_sets_is_not_replaced():
    stages = BELOW.replace("FROM python:3.11-slim", "FROM python:3.11-slim AS base\nENV PYTHONPATH=/opt/lib\n\nFROM base")
    assert SET_OTHERWISE in reasons(NAME, {**FILES, "Dockerfile": stages})


def test_a_path_that_the_config_sets_makes_the_image_s_own_useless():
    files = {**FILES, "Dockerfile": BELOW, "fly.toml": FLY + '\n[env]\n  PYTHONPATH = "/opt/lib"\n'}
    assert "the same fault would remain" in reasons(NAME, files)


def test_a_process_that_boots_keeps_booting():
    config = FLY + "  processes = ['web']\n\n[processes]\n  web = 'uvicorn main:app --host 0.0.0.0 --port 8080'\n"
    config += "  work = 'python -m db'\n"
    changed = BELOW.replace("WORKDIR /app/backend\n", "WORKDIR /app/backend\nENV PYTHONPATH=/app\n")
    check_transformed(NAME, {**FILES, "fly.toml": config, "Dockerfile": BELOW}, {"Dockerfile": changed})


# --- native services of Render


BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: gunicorn backend.app:app
"""
FLASK = "from flask import Flask\nimport analyzer\n\napp = Flask(__name__)\n"
SERVICE = {
    "requirements.txt": "flask\ngunicorn\n",
    "backend/app.py": FLASK,
    "backend/analyzer.py": "",
}
VARIABLE = "      - key: PYTHONPATH\n        value: {}\n"
FOLDER = "/opt/render/project/src/backend"


def test_a_variable_of_the_blueprint():
    wanted = f"{BLUEPRINT}    envVars:\n{VARIABLE.format(FOLDER)}"
    check_transformed(NAME, {**SERVICE, "render.yaml": BLUEPRINT}, {"render.yaml": wanted})


def test_behind_the_other_variables():
    before = f"{BLUEPRINT}    envVars:\n      - key: MODE\n        value: live # for now\n    plan: free\n"
    wanted = before.replace("    plan", f"{VARIABLE.format(FOLDER)}    plan")
    check_transformed(NAME, {**SERVICE, "render.yaml": before}, {"render.yaml": wanted})


def test_one_that_is_there_gets_another_entry():
    before = f"{BLUEPRINT}    envVars:\n{VARIABLE.format('/opt/render/project/src')}"
    wanted = before.replace("project/src\n", f"project/src:{FOLDER}\n")
    check_transformed(NAME, {**SERVICE, "render.yaml": before}, {"render.yaml": wanted})


def test_one_of_the_dashboard_is_left_alone():
    before = f"{BLUEPRINT}    envVars:\n      - key: PYTHONPATH\n        sync: false\n"
    check_noop(NAME, {**SERVICE, "render.yaml": before})


def test_a_service_that_boots_is_left_alone():
    check_noop(NAME, {**SERVICE, "render.yaml": BLUEPRINT.replace("gunicorn backend.app", "gunicorn --chdir backend app")})
