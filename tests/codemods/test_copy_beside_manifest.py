import pytest

from tests.bot.engine.image.managers.test_pipenv import FILES as PIPENV
from tests.bot.engine.image.managers.test_uv import BUILT, FILES, lock
from tests.codemods import reasons
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "copy-beside-manifest"
DOCKERFILE = """\
FROM python:3.11-slim
RUN pip install uv pipenv
WORKDIR /app
{}
RUN {}
"""


def building(copies: str, command: str = "uv sync --frozen", files: dict[str, str] = FILES, **more: str) -> dict[str, str]:
    return {**files, "fly.toml": HEALTHY["fly.toml"], **more, "Dockerfile": DOCKERFILE.format(copies, command)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY pyproject.toml .", "COPY pyproject.toml uv.lock ."),
        ("COPY --chown=app pyproject.toml setup.py* ./", "COPY --chown=app pyproject.toml setup.py* uv.lock ./"),
        ("COPY ./pyproject.toml /app", "COPY ./pyproject.toml ./uv.lock /app/"),
        ("COPY pyproject.toml ./\nCOPY README.md ./", "COPY pyproject.toml uv.lock ./\nCOPY README.md ./"),
    ],
)
def test_the_lock_goes_along(before: str, after: str):
    files = building(before, **{"README.md": ""})
    made = check_transformed(NAME, files, {"Dockerfile": DOCKERFILE.format(after, "uv sync --frozen")})
    assert not [fault for fault in made.after[0].faults if fault.stage == "build"]


def test_the_lock_of_pipenv():
    command = "pipenv install --system --deploy"
    files = building("COPY Pipfile ./", command, PIPENV)
    check_transformed(NAME, files, {"Dockerfile": DOCKERFILE.format("COPY Pipfile Pipfile.lock ./", command)})


def test_the_readme_that_the_project_names():
    manifest = BUILT.replace("version", 'readme = "README.md"\nversion', 1)
    files = {"pyproject.toml": manifest, "uv.lock": lock('editable = "."'), "src/demo/__init__.py": "", "README.md": ""}
    before = building("COPY pyproject.toml uv.lock ./\nCOPY src src", files=files)
    after = DOCKERFILE.format("COPY pyproject.toml uv.lock README.md ./\nCOPY src src", "uv sync --frozen")
    check_transformed(NAME, before, {"Dockerfile": after})


def test_a_lock_that_the_repository_does_not_have():
    files = building("COPY pyproject.toml ./", files={"pyproject.toml": FILES["pyproject.toml"]})
    assert reasons(NAME, files) == {"the build context has no uv.lock: `uv lock` writes it"}


def test_a_lock_that_is_kept_out():
    files = building("COPY pyproject.toml ./", **{".dockerignore": "*.lock\n"})
    assert reasons(NAME, files) == {"the build context has no uv.lock: `uv lock` writes it"}


@pytest.mark.parametrize("copies", ["COPY pyproject.toml uv.lock ./", "COPY . .", "COPY pyproject.toml uv.* ./"])
def test_a_lock_that_is_there(copies: str):
    assert not check_noop(NAME, building(copies)).dropped


def test_a_lock_that_nobody_insists_on():
    assert not check_noop(NAME, building("COPY pyproject.toml ./", "uv sync")).dropped
