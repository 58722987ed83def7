import pytest

from bot.engine.model.findings import MissingSystem
from tests.bot.engine.image.building import image
from tests.bot.engine.image.running import ran
from tests.tools import HEALTHY, only

PIP = "pip install psycopg2"


def codes(dockerfile: str, base: str = "python:3.11-slim", **more) -> list[tuple[str, str]]:
    built = image(f"FROM {base}\nWORKDIR /srv\n{dockerfile}", **more)
    return [(fault.code, fault.confidence) for fault in built.faults]


@pytest.mark.parametrize("base", ["python:3.11-slim", "python:3.12-slim-bookworm", "python:3.11-slim-bullseye"])
@pytest.mark.parametrize(
    "script",
    [
        PIP,
        "pip install psycopg2==2.9.9",
        "python -m pip install flask psycopg2",
        "pip install uv && uv pip install --system psycopg2",
    ],
)
def test_psycopg2_needs_a_compiler(base: str, script: str):
    assert codes(f"RUN {script}", base) == [("system-package-missing", "certain")]


def test_the_words_and_what_is_missing():
    found = image(f"RUN {PIP}").faults[0]
    assert found.message.endswith("Error: pg_config executable not found.")
    assert "`psycopg2` has no wheel for Linux" in found.reason
    assert found.detail == MissingSystem(("gcc", "libpq-dev"), "psycopg2", 2)
    assert "lacks libpq-dev" in image(f"RUN apt-get update && apt-get install -y gcc\nRUN {PIP}").faults[0].reason


@pytest.mark.parametrize("name", ["mysqlclient", "uWSGI", "python-ldap", "netifaces", "pycrypto", "dlib", "annoy"])
def test_others_that_have_no_wheel(name: str):
    assert ran(f"pip install {name}").codes == ["system-package-missing"]


def test_a_list_of_requirements_is_read():
    assert codes("COPY requirements.txt .\nRUN pip install -r requirements.txt", files={"requirements.txt": "psycopg2\n"}) == [
        ("system-package-missing", "certain")
    ]


@pytest.mark.parametrize(
    "packages",
    [
        "gcc libpq-dev",
        "build-essential libpq-dev",
        "g++ libpq-dev",
        "--no-install-recommends gcc=4:12 libpq-dev=15.1",
        "gcc-12 postgresql-server-dev-all",
        "clang libpq-dev",
        "$PACKAGES",
    ],
)
def test_packages_that_bring_what_it_needs(packages: str):
    assert codes(f'ENV PACKAGES="gcc libpq-dev"\nRUN apt-get update && apt-get install -y {packages}\nRUN {PIP}') == []


@pytest.mark.parametrize(
    "script",
    ["apt-get install -y $(cat packages.txt)", "xargs apt-get install -y < packages.txt", "invoke tools", "conda install gcc"],
)
def test_packages_that_cant_be_told_leave_a_doubt(script: str):
    assert codes(f"RUN {script} && {PIP}") == [("system-package-missing", "likely")]


@pytest.mark.parametrize(
    "base",
    ["python:3.11", "python:3.11-bookworm", "python:3.11-alpine", "debian:bookworm-slim", "example.org/ours:slim", "$BASE"],
)
def test_a_base_that_has_a_compiler_or_is_not_known(base: str):
    assert ("system-package-missing", "certain") not in codes(f"RUN {PIP}", base)


def test_packages_of_an_earlier_stage_count_where_it_is_the_base():
    base = "FROM python:3.11-slim AS base\nRUN apt-get update && apt-get install -y gcc libpq-dev\n"
    assert image(f"{base}FROM base\nRUN {PIP}\n").faults == ()
    found = image(f"{base}FROM python:3.11-slim\nRUN {PIP}\n").faults
    assert [fault.code for fault in found] == ["system-package-missing"]


@pytest.mark.parametrize(
    "script",
    [
        "pip install psycopg2-binary",
        "pip install 'psycopg[binary]'",
        "pip install 'psycopg2; sys_platform == \"win32\"'",
        "pip install --no-index --find-links=/wheels psycopg2",
        "pip install -f /wheels psycopg2",
        "pip install --extra-index-url https://example.org/simple psycopg2",
        "PIP_FIND_LINKS=/wheels pip install psycopg2",
        "export PIP_EXTRA_INDEX_URL=https://example.org/simple && pip install psycopg2",
        "pip install /wheels/psycopg2-2.9-cp311-linux_x86_64.whl",
        "pip install psycopg2 || pip install psycopg2-binary",
        "pip uninstall -y psycopg2",
    ],
)
def test_what_is_not_built_needs_no_compiler(script: str):
    assert ran(script).codes == []


def test_wheels_of_an_earlier_stage_are_no_fault():
    builder = "FROM python:3.11 AS build\nRUN pip wheel -w /wheels psycopg2\nFROM python:3.11-slim\n"
    for script in ("pip install --no-index --find-links=/wheels psycopg2", "pip install /wheels/*"):
        assert image(f"{builder}COPY --from=build /wheels /wheels\nRUN {script}\n").faults == ()


def test_a_list_that_names_another_index_is_no_fault():
    files = {"requirements.txt": "--extra-index-url https://example.org/simple\npsycopg2\n"}
    assert codes("COPY requirements.txt .\nRUN pip install -r requirements.txt", files=files) == []


def test_old_releases_with_wheels_are_no_fault():
    assert codes("RUN pip install psycopg2==2.7.7", "python:3.7-slim") == []
    assert codes("RUN pip install psycopg2", "python:3.7-slim") == []
    assert codes("RUN pip install netifaces", "python:3.9-slim") == []


def test_what_is_installed_already_is_not_built_again():
    builder = "FROM python:3.11 AS build\nRUN pip install psycopg2\nFROM python:3.11-slim\n"
    copied = "COPY --from=build /usr/local/lib/python3.11/site-packages /usr/local/lib/python3.11/site-packages\n"
    assert image(f"{builder}{copied}RUN {PIP}\n").faults == ()


# --- git

GIT = "pip install git+https://example.org/me/tool.git"


@pytest.mark.parametrize(
    "script",
    [
        GIT,
        "pip install 'tool @ git+https://example.org/me/tool.git'",
        "pip install -e git+https://example.org/me/tool.git#egg=tool",
        "pip install git+ssh://git@example.org/me/tool.git",
    ],
)
def test_an_address_of_git_needs_git(script: str):
    assert codes(f"RUN {script}") == [("system-package-missing", "certain")]


def test_git_is_there_where_it_was_installed_or_the_image_is_whole():
    assert codes(f"RUN apt-get update && apt-get install -y git && {GIT}") == []
    assert codes(f"RUN {GIT}", "python:3.11") == []
    assert codes("RUN pip install https://example.org/me/tool.zip") == []


# --- the deploy as a whole


def test_the_deploy_stops_at_it():
    found = only({**HEALTHY, "requirements.txt": "fastapi\nuvicorn\npsycopg2\n"})
    assert [(fault.code, fault.stage) for fault in found.faults] == [("system-package-missing", "build")]
    assert not only({**HEALTHY, "requirements.txt": "fastapi\nuvicorn\npsycopg2-binary\n"}).faults
