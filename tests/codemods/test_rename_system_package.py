import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

NAME = "rename-system-package"
BOOKWORM, TRIXIE = "python:3.11-slim-bookworm", "python:3.11-slim-trixie"


def asking(packages: str, base: str = TRIXIE, more: str = "") -> dict[str, str]:
    line = f"RUN apt-get update && apt-get install -y {packages} && rm -rf /var/lib/apt/lists/*\n{more}"
    return {**HEALTHY, "Dockerfile": DOCKERFILE.replace("python:3.11-slim", base).replace("COPY req", f"{line}COPY req")}


@pytest.mark.parametrize(
    ("base", "old", "new"),
    [
        (TRIXIE, "libgl1-mesa-glx", "libgl1"),
        (TRIXIE, "libatlas-base-dev", "libopenblas-dev"),
        (TRIXIE, "libgdk-pixbuf2.0-0", "libgdk-pixbuf-2.0-0"),
        (BOOKWORM, "netcat", "netcat-openbsd"),
        (BOOKWORM, "mysql-client", "default-mysql-client"),
        (BOOKWORM, "chromium-browser", "chromium"),
        (TRIXIE, "libpango1.0-0", "libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0"),
    ],
)
def test_the_same_thing_under_the_name_of_today(base: str, old: str, new: str):
    check_transformed(NAME, asking(f"curl {old} git", base), asking(f"curl {new} git", base))


@pytest.mark.parametrize(
    ("base", "old", "new"),
    [
        (BOOKWORM, "openjdk-11-jre-headless", "default-jre-headless"),
        (TRIXIE, "openjdk-17-jdk", "default-jdk"),
        (BOOKWORM, "postgresql-client-13", "postgresql-client"),
        (BOOKWORM, "libssl1.1", "libssl3"),
        (TRIXIE, "libssl1.1", "libssl3t64"),
        (BOOKWORM, "libicu67", "libicu72"),
        (TRIXIE, "libffi7", "libffi8"),
        (BOOKWORM, "python3.9-dev", "python3-dev"),
        (BOOKWORM, "libpython3.9", "libpython3.11"),
    ],
)
def test_another_version_is_a_judgement_call(base: str, old: str, new: str):
    check_transformed(NAME, asking(old, base), asking(new, base), unsafe=True)
    made = planned(asking(old, base), NAME)
    assert not made.steps
    assert [dropped.suggestion for dropped in made.dropped if dropped.codemod == NAME] == [True]


def test_a_pin_to_a_version_of_another_release_goes():
    check_transformed(NAME, asking("git curl=7.88.1-10+deb12u5"), asking("git curl"), unsafe=True)
    check_transformed(NAME, asking("libgl1-mesa-glx=22.3.6-1+deb12u1"), asking("libgl1"))


LISTED = """\
RUN apt-get update && apt-get install -y \\
    curl \\
    {}git \\
    && rm -rf /var/lib/apt/lists/*
"""
LAST = "RUN apt-get update && apt-get install -y \\\n    curl{}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "RUN apt-get update && apt-get install -y software-properties-common curl\n",
            "RUN apt-get update && apt-get install -y curl\n",
        ),
        (
            "RUN apt-get update && apt-get install -y curl software-properties-common\n",
            "RUN apt-get update && apt-get install -y curl\n",
        ),
        (LISTED.format("software-properties-common \\\n    "), LISTED.format("")),
        (LAST.format(" \\\n    software-properties-common"), LAST.format("")),
        (LAST.format(" \\\n    software-properties-common \\\n    && rm -rf /tmp/x"), LAST.format(" \\\n    && rm -rf /tmp/x")),
    ],
)
def test_what_nothing_needs_is_left_out(before: str, after: str):
    def files(line: str) -> dict[str, str]:
        dockerfile = DOCKERFILE.replace("python:3.11-slim", TRIXIE)
        return {**HEALTHY, "Dockerfile": dockerfile.replace("COPY req", f"{line}COPY req")}

    check_transformed(NAME, files(before), files(after))


def test_two_packages_take_two_steps():
    made = check_transformed(NAME, asking("libgl1-mesa-glx libatlas-base-dev"), asking("libgl1 libopenblas-dev"))
    assert len(made.steps) == 2


@pytest.mark.parametrize(
    ("packages", "reason"),
    [
        ("curl wkhtmltopdf", "nothing is known to take the place of wkhtmltopdf in trixie"),
        ("software-properties-common", "software-properties-common is all that is installed, or a comment belongs to it"),
    ],
)
def test_what_has_no_successor_is_said(packages: str, reason: str):
    assert reason in reasons(NAME, asking(packages))


def test_what_adds_sources_is_still_needed():
    files = asking("curl software-properties-common", more="RUN add-apt-repository ppa:x/y\n")
    assert "nothing is known to take the place of software-properties-common in trixie" in reasons(NAME, files)


def test_a_name_that_stands_twice_or_elsewhere_is_left_to_a_person():
    assert reasons(NAME, asking("libgl1-mesa-glx && dpkg -l libgl1-mesa-glx")) == {
        "`libgl1-mesa-glx` does not stand in the RUN exactly once"
    }
    files = asking("$PACKAGES")
    files["Dockerfile"] = files["Dockerfile"].replace("WORKDIR", "ENV PACKAGES=libgl1-mesa-glx\nWORKDIR")
    assert reasons(NAME, files) == {"`libgl1-mesa-glx` does not stand in the RUN exactly once"}


@pytest.mark.parametrize(
    "files",
    [
        asking("libgl1 libglib2.0-0 libasound2 telnet netcat-openbsd"),
        asking("libgl1-mesa-glx openjdk-17-jre-headless software-properties-common", BOOKWORM),
        asking("libssl1.1 openjdk-11-jre netcat", "python:3.11-slim-bullseye"),
        asking("no-such-package"),
        asking("libgl1-mesa-glx", "ubuntu:22.04"),
        asking("libgl1-mesa-glx || true"),
    ],
)
def test_what_the_release_has_or_nobody_knows_stays(files: dict[str, str]):
    assert not check_noop(NAME, files).dropped


@pytest.mark.parametrize(
    "before",
    [
        "RUN echo 'deb http://deb.debian.org/debian bookworm main' > /etc/apt/sources.list.d/old.list\n",
        "COPY old.list /etc/apt/sources.list.d/\n",
        "RUN curl -fsSL https://example.org/setup | bash -\n",
        "RUN sed -i s/trixie/bookworm/ /etc/apt/sources.list.d/debian.sources\n",
    ],
)
def test_other_sources_may_have_it(before: str):
    files = asking("libgl1-mesa-glx", TRIXIE.replace("-slim", ""))
    files["Dockerfile"] = files["Dockerfile"].replace("RUN apt-get", f"{before}RUN apt-get", 1)
    check_noop(NAME, {**files, "old.list": "x"})


def test_another_release_is_asked():
    check_noop(NAME, asking("-t bookworm-backports libgl1-mesa-glx"))


def test_all_stages_that_ask_for_it_are_edited():
    def twice(name: str) -> dict[str, str]:
        line = f"RUN apt-get update && apt-get install -y {name}\n"
        dockerfile = DOCKERFILE.replace("python:3.11-slim", TRIXIE).replace("COPY req", f"{line}COPY req")
        return {
            **HEALTHY,
            "Dockerfile": f"FROM {TRIXIE} AS one\n{line}\n" + dockerfile.replace("COPY . .", "COPY --from=one /x /x\nCOPY . ."),
        }

    check_transformed(NAME, twice("libgl1-mesa-glx"), twice("libgl1"))
