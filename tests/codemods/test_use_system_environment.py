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


DEBIAN = """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y python3 python3-pip
WORKDIR /app
COPY . .
RUN {}
"""


def debian(run: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": DEBIAN.format(run)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pip install -r requirements.txt", "pip install --break-system-packages -r requirements.txt"),
        ("python3 -m pip install fastapi && ls", "python3 -m pip install --break-system-packages fastapi && ls"),
    ],
)
def test_pip_is_told_to_use_the_python_of_the_system(before: str, after: str):
    check_transformed(NAME, debian(before), {"Dockerfile": DEBIAN.format(after)})


@pytest.mark.parametrize(
    "run",
    [
        "python3 -m venv /opt/v && /opt/v/bin/pip install fastapi",
        "pip install --break-system-packages fastapi",
        "PIP_BREAK_SYSTEM_PACKAGES=1 pip3 install fastapi",
        "pip install -t /app/lib fastapi",
        "pip install fastapi || true",
    ],
)
def test_a_pip_that_may_install(run: str):
    assert not [d for d in check_noop(NAME, debian(run)).dropped if d.codemod == NAME]


@pytest.mark.parametrize("base", ["debian:bullseye-slim", "debian:11", "ubuntu:22.04", "alpine:3.18", "python:3.11-slim"])
def test_systems_that_let_pip_install(base: str):
    files = debian("pip install fastapi")
    files["Dockerfile"] = files["Dockerfile"].replace("debian:bookworm-slim", base)
    assert not [d for d in check_noop(NAME, files).dropped if d.codemod == NAME]
