import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

NAME = "change-debian-release"
APT = "RUN apt-get update && apt-get install -y {}\n"


def on(base: str, packages: str = "curl", lines: str = "") -> dict[str, str]:
    head = f"{lines}{APT.format(packages)}COPY req"
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("python:3.11-slim", base).replace("COPY req", head, 1)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python:3.9-slim-buster", "python:3.9-slim-bullseye"),
        ("python:3.9.18-buster", "python:3.9.18-bullseye"),
        ("python:3.9.7-slim-buster", "python:3.9.7-slim-bullseye"),
        ("python:3.8-buster", "python:3.8-bullseye"),
        ("docker.io/library/python:3.7-slim-buster", "docker.io/library/python:3.7-slim-bullseye"),
    ],
)
def test_a_release_in_the_archive_is_left_for_the_next(old: str, new: str):
    check_transformed(NAME, on(old), on(new), unsafe=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [("python:3.11-slim", "python:3.11-slim-bookworm"), ("python:3.12", "python:3.12-bookworm")],
)
def test_a_tag_that_moved_on_names_the_release_that_had_the_package(old: str, new: str):
    check_transformed(NAME, on(old, "curl wkhtmltopdf"), on(new, "curl wkhtmltopdf"), unsafe=True)


def test_the_image_of_the_stage_below_is_the_one():
    files = on("base", "wkhtmltopdf")
    before = {**files, "Dockerfile": "FROM python:3.11-slim AS base\n\n" + files["Dockerfile"]}
    after = {**files, "Dockerfile": "FROM python:3.11-slim-bookworm AS base\n\n" + files["Dockerfile"]}
    check_transformed(NAME, before, after, unsafe=True)


def test_it_is_a_judgement_call():
    assert not planned(on("python:3.9-slim-buster")).steps
    assert [step.codemod for step in planned(on("python:3.9-slim-buster"), unsafe=True).steps] == [NAME]


def test_a_name_of_today_is_the_smaller_step():
    made = planned(on("python:3.11-slim", "libgl1-mesa-glx libatlas-base-dev"), unsafe=True)
    assert {step.codemod for step in made.steps} == {"rename-system-package"}


@pytest.mark.parametrize(
    "base", ["python:3.6.9-slim-buster", "python:3.9.1-slim-buster", "python:3.8.5-slim", "debian:buster", "$BASE"]
)
def test_where_no_other_release_is_known_a_person_decides(base: str):
    found = reasons(NAME, on(base))
    assert found <= {f"no other Debian release is known for {base}", "the image is not named as a tag of python"}
    assert found or base == "$BASE"


@pytest.mark.parametrize(
    "files",
    [
        on("python:3.11-slim-trixie", "wkhtmltopdf"),
        on("python:3.9-slim-bullseye"),
        on("python:3.9-slim-buster", lines="RUN sed -i s/deb.debian/archive.debian/ /etc/apt/sources.list\n"),
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace("3.11-slim", "3.9-slim-buster")},
        on("python:3.11-slim"),
    ],
)
def test_a_release_that_will_do_stays(files: dict[str, str]):
    check_noop(NAME, files)


def test_all_stages_on_it_leave_it():
    def stages(release: str) -> dict[str, str]:
        files = on(f"python:3.9-slim-{release}", lines="COPY --from=one /x /x\n")
        return {**files, "Dockerfile": f"FROM python:3.9-{release} AS one\n{APT.format('git')}\n" + files["Dockerfile"]}

    check_transformed(NAME, stages("buster"), stages("bullseye"), unsafe=True)
