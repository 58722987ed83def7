import pytest

from tests.codemods import reasons
from tests.codemods.test_leave_project_out import building
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "use-system-environment"


def installing(run: str) -> dict[str, str]:
    files = building(f"COPY requirements.txt ./\n{run}")
    return {**files, "requirements.txt": HEALTHY["requirements.txt"], "pyproject.toml": "[tool.x]\n"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN uv pip install -r requirements.txt", "RUN uv pip install --system -r requirements.txt"),
        ("RUN uv --no-cache pip install fastapi uvicorn && ls", "RUN uv --no-cache pip install --system fastapi uvicorn && ls"),
        ("RUN uv pip sync requirements.txt", "RUN uv pip sync --system requirements.txt"),
        (
            "RUN uv pip install --system fastapi && uv pip install uvicorn",
            "RUN uv pip install --system fastapi && uv pip install --system uvicorn",
        ),
        (
            "RUN uv pip install fastapi\nRUN uv pip install uvicorn",
            "RUN uv pip install --system fastapi\nRUN uv pip install --system uvicorn",
        ),
    ],
)
def test_uv_installs_into_the_images_python(before: str, after: str):
    made = check_transformed(NAME, installing(before), {"Dockerfile": installing(after)["Dockerfile"]})
    assert not made.after[0].faults


@pytest.mark.parametrize(
    "run",
    [
        "RUN uv venv && uv pip install -r requirements.txt",
        "ENV UV_SYSTEM_PYTHON=1\nRUN uv pip install -r requirements.txt",
        "ENV VIRTUAL_ENV=/opt/venv\nRUN uv venv $VIRTUAL_ENV && uv pip install -r requirements.txt",
        "RUN python -m uv pip install -r requirements.txt",
        "RUN pip install -r requirements.txt",
    ],
)
def test_an_environment_that_is_there(run: str):
    assert not [d for d in check_noop(NAME, installing(run)).dropped if d.codemod == NAME]


def test_a_command_as_a_list_is_left_alone():
    assert reasons(NAME, installing('RUN ["uv", "pip", "install", "fastapi"]')) == {
        "the command is not written where it is edited"
    }
