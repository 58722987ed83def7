import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, faults

NAME = "install-system-package"
PIP = "RUN pip install -r requirements.txt\n"
GIT = "git+https://github.com/octo/lib.git\n"
OWN = """\
RUN apt-get update \\
    && apt-get install -y --no-install-recommends {} \\
    && rm -rf /var/lib/apt/lists/*
"""


def asking(line: str = GIT, above: str = "", dockerfile: str = DOCKERFILE) -> dict[str, str]:
    dockerfile = dockerfile.replace(PIP, above + PIP)
    return {**HEALTHY, "requirements.txt": f"fastapi\nuvicorn\n{line}", "Dockerfile": dockerfile}


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        (GIT, "git"),
        ("mysqlclient\n", "gcc pkg-config default-libmysqlclient-dev"),
        ("psycopg2==2.9.9\n", "gcc libpq-dev"),
        ("uWSGI\n", "gcc"),
        ("dlib\n", "g++ cmake make"),
    ],
)
def test_the_packages_are_installed_in_front_of_pip(line: str, packages: str):
    made = check_transformed(NAME, asking(line), {"Dockerfile": asking(line, OWN.format(packages))["Dockerfile"]})
    assert not [fault for report in made.after for fault in report.faults]


def test_two_needs_become_one_install():
    line = f"{GIT}mysqlclient\n"
    made = check_transformed(
        NAME,
        asking(line),
        {"Dockerfile": asking(line, OWN.format("git gcc pkg-config default-libmysqlclient-dev"))["Dockerfile"]},
    )
    assert len(made.steps) == 2


@pytest.mark.parametrize(
    "above",
    [
        "RUN apt-get update && apt-get install -y{} curl\n",
        "RUN apt-get update && apt-get install{} curl -y && rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update \\\n    && apt-get -qq install -y --no-install-recommends{} \\\n        curl \\\n        vim\n",
        "RUN apt update && apt install -yq -t stable-backports{} curl\n",
        "RUN apt-get update && apt-get install -o Acquire::Retries=3 -y{} curl\n",
        "RUN apt-get update && \\\n    # apt-get install -y vim\n    apt-get install -y{} curl\n",
        'RUN ["sh", "-c", "apt-get update && apt-get install -y{} curl"]\n',
        "USER root\nRUN apt-get update && apt-get install -y{} curl\nUSER app\n",
    ],
)
def test_the_install_that_stands_above_takes_them(above: str):
    check_transformed(NAME, asking(above=above.format("")), {"Dockerfile": asking(above=above.format(" git"))["Dockerfile"]})


@pytest.mark.parametrize(
    "above",
    [
        'RUN if [ -n "$DEV" ]; then apt-get update && apt-get install -y curl; fi\n',
        "RUN apt-get install -y curl || true\n",
        "RUN apt-get update\n",
    ],
)
def test_an_install_that_may_not_happen_is_not_that_one(above: str):
    check_transformed(NAME, asking(above=above), {"Dockerfile": asking(above=above + OWN.format("git"))["Dockerfile"]})


def test_an_install_of_another_stage_is_not_that_one():
    first = "FROM python:3.11-slim AS tools\nRUN apt-get update && apt-get install -y curl\n\n"
    before = asking(dockerfile=first + DOCKERFILE)
    check_transformed(
        NAME, before, {"Dockerfile": asking(above=OWN.format("git"), dockerfile=first + DOCKERFILE)["Dockerfile"]}
    )


def test_the_stage_that_installs_is_edited():
    builder = (
        f"FROM python:3.11-slim AS builder\nWORKDIR /app\nCOPY requirements.txt .\n{PIP}\n"
        "FROM python:3.11-slim\nWORKDIR /app\n"
        "COPY --from=builder /usr/local /usr/local\nCOPY . .\n" + DOCKERFILE[DOCKERFILE.index("CMD") :]
    )
    check_transformed(
        NAME, asking(dockerfile=builder), {"Dockerfile": asking(above=OWN.format("git"), dockerfile=builder)["Dockerfile"]}
    )


@pytest.mark.parametrize("above", ["USER app\n", "USER app:app\n", "USER root\nUSER 1000\n"])
def test_another_user_than_root_installs_nothing(above: str):
    assert reasons(NAME, asking(above=above)) == {"packages are installed as another user than root would be"}


def test_the_user_of_the_stage_below_counts():
    first = "FROM python:3.11-slim AS Base\nUSER app\n\n"
    files = asking(dockerfile=first + DOCKERFILE.replace("FROM python:3.11-slim", "FROM base"))
    assert reasons(NAME, files) == {"packages are installed as another user than root would be"}


@pytest.mark.parametrize("above", ["USER app\nUSER root\n", "USER 0\n", "USER root:root\n"])
def test_root_again_may_install(above: str):
    check_transformed(NAME, asking(above=above), {"Dockerfile": asking(above=above + OWN.format("git"))["Dockerfile"]})


@pytest.mark.parametrize(
    "files",
    [
        HEALTHY,
        asking(dockerfile=DOCKERFILE.replace("3.11-slim", "3.11")),
        asking(above="RUN apt-get update && apt-get install -y curl git\n"),
        asking(
            "mysqlclient\n", "RUN apt-get update && apt-get install -y build-essential pkg-config default-libmysqlclient-dev\n"
        ),
        asking("lib @ https://github.com/octo/lib/archive/main.zip\n"),
        asking("psycopg2-binary\n"),
    ],
)
def test_an_image_that_has_what_is_needed_stays(files: dict[str, str]):
    assert not faults(files)
    assert not check_noop(NAME, files).dropped


def test_alpine_is_left_alone():
    assert not check_noop(NAME, asking(dockerfile=DOCKERFILE.replace("slim", "alpine"))).dropped


def test_an_install_that_may_fail_is_left_alone():
    assert not check_noop(NAME, asking(dockerfile=DOCKERFILE.replace(PIP, PIP.replace("\n", " || true\n")))).dropped


# --- programs that a command starts

TINI = DOCKERFILE.replace('CMD ["', 'ENTRYPOINT ["tini", "--"]\nCMD ["')


def with_lines(lines: str, dockerfile: str = DOCKERFILE, base: str = "python:3.11-slim") -> dict[str, str]:
    return asking("", lines, dockerfile.replace("python:3.11-slim", base))


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("RUN git clone https://example.org/me/tool.git /opt/tool\n", "git"),
        ("RUN curl -fsSL https://example.org/x -o /opt/x\n", "curl"),
        ("RUN sudo mkdir /opt/x\n", "sudo"),
        ("RUN set -o pipefail; wget -qO- https://example.org/x | tar xz\n", "wget"),
    ],
)
def test_a_program_of_the_build_is_installed_in_front_of_it(line: str, package: str):
    check_transformed(NAME, with_lines(line), with_lines(OWN.format(package) + line))


def test_what_a_starved_pipe_needs_is_installed_where_that_is_allowed():
    line = "RUN curl -sSL https://install.example.org | bash\n"
    check_transformed(NAME, with_lines(line), with_lines(OWN.format("curl") + line), unsafe=True)
    assert not check_noop(NAME, with_lines(line), unsafe=False).steps


def test_a_program_of_trixie_alone_is_likely():
    line = "RUN adduser --disabled-password app\n"
    check_transformed(NAME, with_lines(line), with_lines(OWN.format("adduser") + line), unsafe=True)
    check_transformed(
        NAME,
        with_lines(line, base="python:3.11-slim-trixie"),
        with_lines(OWN.format("adduser") + line, base="python:3.11-slim-trixie"),
    )


def test_a_program_of_the_process_is_installed_at_the_head_of_the_stage():
    before = {**HEALTHY, "Dockerfile": TINI}
    after = {**HEALTHY, "Dockerfile": TINI.replace("COPY req", OWN.format("tini") + "COPY req")}
    check_transformed(NAME, before, after)


def test_a_program_of_the_process_joins_the_install_of_its_stage():
    line = "RUN apt-get update && apt-get install -y{} gcc\n"
    builder = f"FROM python:3.11-slim AS builder\n{line.format('')}\n"
    before = builder + TINI.replace("COPY . .\n", f"COPY . .\n{line.format('')}USER app\n")
    after = builder + TINI.replace("COPY . .\n", f"COPY . .\n{line.format(' tini')}USER app\n")
    check_transformed(NAME, {**HEALTHY, "Dockerfile": before}, {**HEALTHY, "Dockerfile": after})


def test_alpine_takes_its_own():
    alpine = TINI.replace("python:3.11-slim", "python:3.11-alpine")
    before = {**HEALTHY, "Dockerfile": alpine}
    after = {**HEALTHY, "Dockerfile": alpine.replace("COPY req", "RUN apk add --no-cache tini\nCOPY req")}
    check_transformed(NAME, before, after)
    there = alpine.replace("COPY req", "RUN apk add --no-cache{} git\nCOPY req")
    check_transformed(NAME, {**HEALTHY, "Dockerfile": there.format("")}, {**HEALTHY, "Dockerfile": there.format(" tini")})


def test_what_alpine_removes_again_is_not_joined():
    line = "RUN apk add --no-cache --virtual .build gcc && apk del .build\n"
    alpine = TINI.replace("python:3.11-slim", "python:3.11-alpine").replace("COPY . .\n", f"COPY . .\n{line}")
    after = alpine.replace("COPY req", "RUN apk add --no-cache tini\nCOPY req")
    check_transformed(NAME, {**HEALTHY, "Dockerfile": alpine}, {**HEALTHY, "Dockerfile": after})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (with_lines("RUN apk add curl\n"), "no package of the image's system brings it"),
        (
            with_lines("RUN add-apt-repository x\n", base="python:3.11-slim-trixie"),
            "Debian trixie has no software-properties-common",
        ),
        (with_lines("USER app\nRUN git init\n"), "packages are installed as another user than root would be"),
    ],
)
def test_what_can_not_be_installed_is_said(files: dict[str, str], reason: str):
    assert reason in reasons(NAME, files)


@pytest.mark.parametrize(
    "files",
    [
        with_lines("RUN curl -fsSL https://example.org/x || true\n"),
        with_lines("RUN git init\n", base="python:3.11"),
        with_lines("RUN apt-get update && apt-get install -y git\nRUN git init\n"),
        with_lines("COPY --from=node:20 /usr/local /usr/local\nRUN npm ci\n"),
        {**HEALTHY, "Dockerfile": TINI.replace("COPY req", "RUN apt-get update && apt-get install -y tini\nCOPY req")},
    ],
)
def test_a_program_that_is_there_or_need_not_be_stays(files: dict[str, str]):
    check_noop(NAME, files)


def test_each_stage_gets_what_it_lacks():
    def stages(install: str) -> dict[str, str]:
        line = "RUN git clone https://example.org/me/tool.git /opt/tool\n"
        first = f"FROM python:3.11-slim AS one\n{install}{line}\n"
        return with_lines(f"COPY --from=one /opt /opt\n{install}{line}{line}", first + DOCKERFILE)

    check_transformed(NAME, stages(""), stages(OWN.format("git")))


# --- shared libraries


@pytest.mark.parametrize(
    ("line", "module", "packages", "base"),
    [
        ("python-magic", "magic", "libmagic1", "python:3.12-slim"),
        ("lightgbm", "lightgbm", "libgomp1", "python:3.11-slim-bookworm"),
        ("pyzbar", "pyzbar", "libzbar0", "python:3.12-slim-trixie"),
    ],
)
def test_a_library_is_installed_at_the_head_of_the_stage(line: str, module: str, packages: str, base: str):
    files = asking(line, dockerfile=DOCKERFILE.replace("python:3.11-slim", base))
    files["main.py"] = f"import {module}\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
    head = files["Dockerfile"].replace("COPY requirements.txt", f"{OWN.format(packages)}COPY requirements.txt")
    made = check_transformed(NAME, files, {"Dockerfile": head})
    assert made.after[0].reached == "ok"
