import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed

NAME = "install-as-root"
APT = "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"
ADDS = {"python:3.11-slim": "useradd app && useradd web", "python:3.11-alpine": "adduser -D app", "example.org/ours:1": "true"}


def running(lines: str, base: str = "python:3.11-slim") -> dict[str, str]:
    based = DOCKERFILE.replace("python:3.11-slim", base)
    return {**HEALTHY, "Dockerfile": based.replace("COPY . .\n", f"COPY . .\nRUN {ADDS[base]}\n{lines}")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"USER app\n{APT}", f"USER app\nUSER root\n{APT}USER app\n"),
        (f"USER 1000:1000\n{APT}", f"USER 1000:1000\nUSER root\n{APT}USER 1000:1000\n"),
        (f"USER app\n{APT}{APT}", f"USER app\nUSER root\n{APT}{APT}USER app\n"),
        (f"USER app\nRUN ls\n{APT}RUN ls\n", f"USER app\nRUN ls\nUSER root\n{APT}USER app\nRUN ls\n"),
        (
            "USER app\nRUN apt-get update \\\n    && apt-get install -y curl\n",
            "USER app\nUSER root\nRUN apt-get update \\\n    && apt-get install -y curl\nUSER app\n",
        ),
    ],
)
def test_root_installs_and_the_user_comes_back(before: str, after: str):
    check_transformed(NAME, running(before), running(after))


def test_alpine_is_the_same():
    before, after = "USER app\nRUN apk add --no-cache curl\n", "USER app\nUSER root\nRUN apk add --no-cache curl\nUSER app\n"
    check_transformed(NAME, running(before, "python:3.11-alpine"), running(after, "python:3.11-alpine"))


def test_what_else_the_run_does_is_a_judgement_call():
    both = APT.replace("\n", " && mkdir cache\n")
    before, after = running(f"USER app\n{both}"), running(f"USER app\nUSER root\n{both}USER app\n")
    check_transformed(NAME, before, after, unsafe=True)
    assert not check_noop(NAME, before, unsafe=False).steps


def test_the_user_of_the_stage_below_counts():
    first = "FROM python:3.11-slim AS base\nRUN useradd app\nUSER app\n\n"
    before = running(APT)
    before["Dockerfile"] = first + before["Dockerfile"].replace("FROM python:3.11-slim", "FROM base")
    after = {**before, "Dockerfile": before["Dockerfile"].replace(APT, f"USER root\n{APT}USER app\n")}
    check_transformed(NAME, before, after)


def test_users_that_differ_are_left_to_a_person():
    assert reasons(NAME, running(f"USER app\n{APT}USER web\n{APT}")) == {
        "no USER of this Dockerfile says whose the RUN is",
    }


@pytest.mark.parametrize(
    "lines",
    [
        APT,
        f"USER app\nUSER root\n{APT}USER app\n",
        f"USER root\n{APT}",
        f"USER 0\n{APT}",
        "USER app\nRUN apt-get install -y curl || true\n",
        "USER app\nRUN apt-cache policy curl\n",
        "RUN apt-get update && apt-get install -y sudo\nUSER app\nRUN sudo apt-get install -y curl\n",
    ],
)
def test_root_or_what_needs_none_stays(lines: str):
    check_noop(NAME, running(lines))


def test_an_unknown_image_may_have_another_user():
    check_noop(NAME, running(f"USER app\n{APT}", "example.org/ours:1"))
