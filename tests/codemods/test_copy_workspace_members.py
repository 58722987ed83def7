import pytest

from tests.bot.engine.image.managers.test_uv import SPACE
from tests.codemods import reasons
from tests.tools import HEALTHY, check_noop, check_transformed

NAME = "copy-workspace-members"
DOCKERFILE = """\
FROM python:3.11-slim
RUN pip install uv
WORKDIR /app
{}
RUN {}
"""


def space(copies: str, command: str, **more: str) -> dict[str, str]:
    files = {**SPACE, "fly.toml": HEALTHY["fly.toml"], "packages/core/core/__init__.py": "", **more}
    return {**files, "Dockerfile": DOCKERFILE.format(copies, command)}


ROOT = "COPY pyproject.toml uv.lock ./"


@pytest.mark.parametrize(
    ("copies", "command", "added"),
    [
        (ROOT, "uv sync --frozen", "COPY packages/core packages/core"),
        ("COPY pyproject.toml uv.lock /app/", "uv sync --frozen", "COPY packages/core /app/packages/core"),
        ("COPY . .\nRUN rm -rf packages\nCOPY ./pyproject.toml ./x/", "uv sync --frozen", "COPY packages/core ./packages/core"),
        (
            f"{ROOT}\nCOPY packages/jobs/pyproject.toml packages/jobs/",
            "uv sync --locked --no-install-workspace",
            "COPY packages/core/pyproject.toml packages/core/pyproject.toml",
        ),
    ],
)
def test_a_member_is_copied_behind_the_last_line(copies: str, command: str, added: str):
    made = check_transformed(NAME, space(copies, command), {"Dockerfile": DOCKERFILE.format(f"{copies}\n{added}", command)})
    assert not [fault for fault in made.after[0].faults if fault.stage == "build"]


def test_all_members_are_copied():
    added = "COPY packages/core packages/core\nCOPY packages/jobs packages/jobs"
    files = space(ROOT, "uv sync --frozen --all-packages")
    check_transformed(NAME, files, {"Dockerfile": DOCKERFILE.format(f"{ROOT}\n{added}", "uv sync --frozen --all-packages")})


def test_a_member_in_an_earlier_stage():
    dockerfile = DOCKERFILE.format(ROOT, "uv sync --frozen").replace("slim\n", "slim AS builder\n", 1)
    end = "\nFROM python:3.11-slim\nCOPY --from=builder /app /app\n"
    files = {**space("", ""), "Dockerfile": dockerfile + end}
    wanted = dockerfile.replace(ROOT, f"{ROOT}\nCOPY packages/core packages/core") + end
    check_transformed(NAME, files, {"Dockerfile": wanted})


def test_a_member_that_the_context_does_not_have():
    files = {path: text for path, text in space(ROOT, "uv sync --frozen").items() if not path.startswith("packages/core")}
    assert reasons(NAME, files) == {"the build context has no project that would be /app/packages/core"}


@pytest.mark.parametrize(
    ("copies", "command"),
    [
        ("COPY . .", "uv sync --frozen"),
        (f"{ROOT}\nCOPY packages packages", "uv sync --locked"),
        (ROOT, "uv sync --frozen --no-install-workspace"),
    ],
)
def test_members_that_are_there_or_not_needed(copies: str, command: str):
    assert not check_noop(NAME, space(copies, command)).dropped
