import pytest

from tests.codemods import reasons
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "leave-project-out"
POETRY = """\
[tool.poetry]
name = "demo"
version = "0.1.0"

[tool.poetry.dependencies]
python = "^3.10"
fastapi = "*"
uvicorn = "*"
"""
UV = """\
[project]
name = "demo"
version = "0.1.0"
dependencies = ["fastapi", "uvicorn"]

[build-system]
requires = ["uv_build"]
build-backend = "uv_build"
"""
DOCKERFILE = """\
FROM python:3.11-slim
ENV POETRY_VIRTUALENVS_CREATE=false UV_PROJECT_ENVIRONMENT=/usr/local
RUN pip install poetry uv
WORKDIR /app
COPY pyproject.toml ./
{}
COPY . .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""


def building(run: str, manifest: str = POETRY) -> dict[str, str]:
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.format(run), "pyproject.toml": manifest}
    return {path: text for path, text in files.items() if path != "requirements.txt"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN poetry install", "RUN poetry install --no-root"),
        ("RUN poetry install --only main --no-ansi", "RUN poetry install --no-root --only main --no-ansi"),
        ("RUN pip check && poetry -n install && pip list", "RUN pip check && poetry -n install --no-root && pip list"),
        ("RUN poetry sync \\\n    --only main", "RUN poetry sync --no-root \\\n    --only main"),
    ],
)
def test_poetry_installs_the_dependencies_alone(before: str, after: str):
    made = check_transformed(NAME, building(before), {"Dockerfile": DOCKERFILE.format(after)})
    assert not made.after[0].faults


def test_uv_syncs_the_dependencies_alone():
    made = check_transformed(
        NAME, building("RUN uv sync", UV), {"Dockerfile": DOCKERFILE.format("RUN uv sync --no-install-project")}
    )
    assert not made.after[0].faults


def test_the_build_command_of_a_blueprint():
    blueprint = (
        "services:\n  - type: web\n    name: api\n    runtime: python\n    buildCommand: poetry install  # all of it\n"
        "    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT\n    envVars:\n"
        "      - key: POETRY_VERSION\n        value: 2.1.3\n      - key: PYTHON_VERSION\n        value: 3.11.9\n"
    )
    files = {"render.yaml": blueprint, "pyproject.toml": POETRY, "main.py": HEALTHY["main.py"]}
    check_transformed(NAME, files, {"render.yaml": blueprint.replace("install  #", "install --no-root  #")}, unsafe=True)


def test_a_command_as_a_list_is_left_alone():
    found = reasons(NAME, building('RUN ["poetry", "install"]'))
    assert found == {"the command that installs the project is not written where it is edited"}


@pytest.mark.parametrize(
    "run", ["RUN poetry install --no-root", "RUN mkdir demo && poetry install", "RUN uv pip install --system flask"]
)
def test_what_needs_no_project_stays(run: str):
    assert not check_noop(NAME, building(run)).dropped


def test_a_project_with_its_files_stays():
    assert not check_noop(NAME, {**building("COPY . .\nRUN poetry install"), "demo/__init__.py": ""}).dropped
