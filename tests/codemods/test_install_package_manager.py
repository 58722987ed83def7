import pytest

from tests.codemods import reasons
from tests.codemods.test_leave_project_out import POETRY, UV
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "install-package-manager"
DOCKERFILE = """\
FROM python:3.11-slim
ENV POETRY_VIRTUALENVS_CREATE=false UV_PROJECT_ENVIRONMENT=/usr/local
WORKDIR /app
COPY . .
{}
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""


def building(run: str, manifest: str = UV) -> dict[str, str]:
    files = {**HEALTHY, "Dockerfile": DOCKERFILE.format(run), "pyproject.toml": manifest, "src/demo/__init__.py": ""}
    return {path: text for path, text in files.items() if path != "requirements.txt"}


@pytest.mark.parametrize(
    ("run", "manifest", "name"),
    [
        ("RUN uv sync --no-dev", UV, "uv"),
        ("RUN --mount=type=cache,target=/root/.cache \\\n    uv sync", UV, "uv"),
        ("RUN poetry install --no-root", POETRY, "poetry"),
        ("RUN cd /app && pdm install", UV, "pdm"),
    ],
)
def test_the_manager_is_installed_in_front(run: str, manifest: str, name: str):
    files = building(run, manifest)
    wanted = DOCKERFILE.format(f"RUN pip install --no-cache-dir {name}\n{run}")
    made = check_transformed(NAME, files, {"Dockerfile": wanted})
    assert "program-missing" not in [fault.code for fault in made.after[0].faults]


@pytest.mark.parametrize(
    "run",
    [
        "RUN pip install uv\nRUN uv sync",
        "COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/\nRUN uv sync",
        "RUN curl -LsSf https://astral.sh/uv/install.sh | sh\nRUN /root/.local/bin/uv sync",
        "RUN apt-get install -y python3-poetry\nRUN uv sync || true",
    ],
)
def test_a_manager_that_is_there(run: str):
    assert not check_noop(NAME, building(run)).dropped


def test_a_stage_that_only_carries_uv():
    dockerfile = DOCKERFILE.format("COPY --from=uv /uv /usr/local/bin/uv\nRUN uv sync")
    files = {**building(""), "Dockerfile": f"FROM ghcr.io/astral-sh/uv:latest AS uv\n{dockerfile}"}
    assert not check_noop(NAME, files).dropped


def test_a_program_that_is_no_manager_is_not_installed():
    assert not reasons(NAME, building("RUN pip install uv && uv sync && docker ps"))
