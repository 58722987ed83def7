import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, faults, planned

NAME = "use-binary-driver"


def asking(line: str, python: str = "3.11-slim", **more: str) -> dict[str, str]:
    dockerfile = DOCKERFILE.replace("3.11-slim", python)
    return {**HEALTHY, "requirements.txt": f"fastapi\n{line}\nuvicorn\n", "Dockerfile": dockerfile, **more}


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "{}==2.9.9",
        "{}>=2.9,<3  # the database",
        "{} == 2.9.10",
        "  {}~=2.9.5",
    ],
)
def test_the_name_changes_and_the_version_stays(line: str):
    made = check_transformed(
        NAME, asking(line.format("psycopg2")), {"requirements.txt": asking(line.format("psycopg2-binary"))["requirements.txt"]}
    )
    assert made.steps[0].finding.message == "Error: pg_config executable not found."
    assert not [fault for report in made.after for fault in report.faults]


def test_the_last_line_of_a_file_without_a_final_newline():
    before = {**asking(""), "requirements.txt": "fastapi\nuvicorn\npsycopg2"}
    check_transformed(NAME, before, {"requirements.txt": "fastapi\nuvicorn\npsycopg2-binary"})


def test_a_file_that_another_one_names():
    before = {
        **asking("-r base.txt"),
        "base.txt": "psycopg2\n",
        "Dockerfile": DOCKERFILE.replace("requirements.txt .", "*.txt ./"),
    }
    check_transformed(NAME, before, {"base.txt": "psycopg2-binary\n"})


def test_where_both_are_asked_for_one_goes():
    check_transformed(
        NAME,
        asking("psycopg2==2.9.9\npsycopg2-binary==2.9.9"),
        {"requirements.txt": asking("psycopg2-binary==2.9.9")["requirements.txt"]},
    )


@pytest.mark.parametrize(
    ("version", "python"),
    [("2.8.6", "3.11"), ("2.9.4", "3.11"), ("2.9.8", "3.12"), ("2.9.9", "3.13"), ("2.9.10", "3.14")],
)
def test_a_version_without_a_wheel_is_left_alone(version: str, python: str):
    found = reasons(NAME, asking(f"psycopg2=={version}", f"{python}-slim"))
    assert found == {f"`psycopg2-binary=={version}` has no wheel for Python {python}"}


@pytest.mark.parametrize(("version", "python"), [("2.9.5", "3.11"), ("2.9.9", "3.12"), ("2.9.10", "3.13"), ("2.8.6", "3.9")])
def test_the_first_version_with_a_wheel_will_do(version: str, python: str):
    before = asking(f"psycopg2=={version}", f"{python}-slim")
    check_transformed(NAME, before, {"requirements.txt": before["requirements.txt"].replace("psycopg2", "psycopg2-binary")})


def test_the_successor_of_pycrypto_is_a_suggestion():
    before = asking("pycrypto")
    check_transformed(NAME, before, {"requirements.txt": asking("pycryptodome")["requirements.txt"]}, unsafe=True)
    cautious = planned(before, NAME)
    assert not cautious.tree.changes()
    assert [dropped.suggestion for dropped in cautious.dropped] == [True]


def test_a_version_of_pycrypto_is_none_of_its_successor():
    assert reasons(NAME, asking("pycrypto==2.6.1")) == {"`pycryptodome` has other versions than `pycrypto==2.6.1`"}


@pytest.mark.parametrize("line", ["psycopg2-binary", "psycopg[binary]", "asyncpg"])
def test_a_driver_with_a_wheel_stays(line: str):
    assert not check_noop(NAME, asking(line)).dropped


@pytest.mark.parametrize(
    "files",
    [
        asking("psycopg2", "3.11"),  # the whole image has a compiler and the headers
        asking(
            "psycopg2",
            Dockerfile=DOCKERFILE.replace("COPY requ", "RUN apt-get update && apt-get install -y gcc libpq-dev\nCOPY requ"),
        ),
    ],
)
def test_what_can_be_built_stays(files: dict[str, str]):
    assert not faults(files)
    assert not check_noop(NAME, files).dropped


def test_what_has_no_other_name_is_left_to_others():
    assert not check_noop(NAME, asking("mysqlclient")).dropped


def test_hashes_and_other_manifests_are_left_to_a_person():
    pins = f"psycopg2==2.9.9 --hash=sha256:{'0' * 64}"
    assert reasons(NAME, asking(pins)) == {"requirements.txt is not edited"}
    run = DOCKERFILE.replace("-r requirements.txt", "fastapi psycopg2 uvicorn")
    assert reasons(NAME, asking("", Dockerfile=run)) == {"Dockerfile is not edited"}


def test_where_another_file_asks_for_the_wheel_one_goes():
    dockerfile = DOCKERFILE.replace("requirements.txt .", "*.txt ./")
    before = {**asking("-r base.txt\npsycopg2-binary"), "base.txt": "httpx\npsycopg2==2.8.6\n", "Dockerfile": dockerfile}
    check_transformed(NAME, before, {"base.txt": "httpx\n"})


# --- shared libraries of the system


def using(line: str, module: str, **more: str) -> dict[str, str]:
    return asking(line, **{"main.py": f"import {module}\nfrom fastapi import FastAPI\n\napp = FastAPI()\n", **more})


@pytest.mark.parametrize(
    ("before", "after", "module"),
    [
        ("opencv-python>=4.9  # frames", "opencv-python-headless>=4.9  # frames", "cv2"),
        ("opencv-contrib-python==4.10.0.84", "opencv-contrib-python-headless==4.10.0.84", "cv2"),
        ("psycopg>=3.2", "psycopg[binary]>=3.2", "psycopg"),
        ("psycopg[pool]", "psycopg[binary,pool]", "psycopg"),
    ],
)
def test_one_that_needs_no_library_of_the_system(before: str, after: str, module: str):
    made = check_transformed(NAME, using(before, module), {"requirements.txt": asking(after)["requirements.txt"]})
    assert made.after[0].reached == "ok"


def test_windows_stay():
    code = "import cv2\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\ndef show(frame):\n    cv2.imshow('frame', frame)\n"
    assert reasons(NAME, using("opencv-python", "cv2", **{"main.py": code})) == {"main.py opens windows"}


def test_another_one_may_ask_for_it_itself():
    assert reasons(NAME, using("opencv-python\nultralytics", "cv2")) == {"ultralytics asks for `opencv-python` itself"}


@pytest.mark.parametrize("line", ["opencv-python-headless", "psycopg[binary]", "psycopg[c]"])
def test_what_carries_its_libraries_is_left_alone(line: str):
    check_noop(NAME, using(line, "cv2" if "opencv" in line else "psycopg"))
