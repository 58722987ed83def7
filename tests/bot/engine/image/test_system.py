import pytest

from bot.engine.image.system import call
from bot.engine.model.findings import MissingPackage, UnreadyInstall
from tests.bot.engine.image.building import image
from tests.bot.engine.image.running import Ran
from tests.bot.engine.image.running import ran as running

SLIM, BOOKWORM, TRIXIE = "python:3.11-slim", "python:3.11-slim-bookworm", "python:3.11-slim-trixie"
UPDATED = "apt-get update && "


def ran(script: str, base: str = BOOKWORM, **more) -> Ran:
    return running(script, base=base, **more)


def said(script: str, base: str = BOOKWORM, **more) -> list[str]:
    """Return what a RUN fails with, a `?` in front of what is not certain."""
    found = ran(script, base, **more)
    return [("" if sure else "? ") + message for message, sure in zip(found.messages, found.sure, strict=True)]


# --- reading the arguments


@pytest.mark.parametrize(
    ("line", "verb", "packages"),
    [
        ("-y install curl git", "install", {"curl": "curl", "git": "git"}),
        ("install -y --no-install-recommends curl=7.88.1 g++", "install", {"curl": "curl=7.88.1", "g++": "g++"}),
        ("install -yt bookworm-backports git", "install", {"git": "git"}),
        ("-o Acquire::Retries=3 -qq install git/stable libc6:amd64", "install", {"git": "git/stable", "libc6": "libc6:amd64"}),
        ("install ./tool.deb /tmp/other.deb lib*-dev ^x vim-", "install", {}),
        ("update", "update", {}),
    ],
)
def test_what_apt_is_asked_for(line: str, verb: str, packages: dict[str, str]):
    found = call("apt-get", list(line.split()))
    assert (found.verb, found.packages()) == (verb, packages)


def test_what_apk_is_asked_for():
    found = call("apk", "add --no-cache --virtual .build gcc musl-dev".split())
    assert (found.verb, list(found.packages())) == ("add", ["gcc", "musl-dev"])


@pytest.mark.parametrize(
    "options", ["-y", "-yq", "-qy", "-qq", "-q -q", "--yes", "--assume-yes", "-s", "-qq=2 -y", "--quiet=2"]
)
def test_an_answer(options: str):
    assert call("apt-get", [*options.split(), "install", "curl"]).answered()
    assert call("apt-get", ["install", "curl", *options.split()]).answered()


@pytest.mark.parametrize("options", ["", "-q", "--quiet", "--no-install-recommends", "-o Acquire::Retries=3", "-f", "-V"])
def test_no_answer(options: str):
    assert not call("apt-get", [*options.split(), "install", "curl"]).answered()


# --- packages that a release does not have


@pytest.mark.parametrize(
    ("base", "package", "message"),
    [
        (BOOKWORM, "openjdk-11-jre-headless", "E: Package 'openjdk-11-jre-headless' has no installation candidate"),
        (BOOKWORM, "netcat", "E: Package 'netcat' has no installation candidate"),
        (BOOKWORM, "postgresql-client-14", "E: Unable to locate package postgresql-client-14"),
        (BOOKWORM, "libglib2.0-0t64", "E: Unable to locate package libglib2.0-0t64"),
        (BOOKWORM, "gconf2=1.0", ""),
        (BOOKWORM, "netcat=1.0", "E: Version '1.0' for 'netcat' was not found"),
        (BOOKWORM, "curl=7.88.1-10+deb11u1", "E: Version '7.88.1-10+deb11u1' for 'curl' was not found"),
        (BOOKWORM, "curl=7.88.1-10+deb12u4", ""),
        (TRIXIE, "libgl1-mesa-glx", "E: Package 'libgl1-mesa-glx' has no installation candidate"),
        (TRIXIE, "software-properties-common", "E: Unable to locate package software-properties-common"),
        (TRIXIE, "libasound2", ""),
        (SLIM, "libgl1-mesa-glx", "? E: Package 'libgl1-mesa-glx' has no installation candidate"),
        ("python:3.8-slim", "openjdk-11-jdk", "E: Unable to locate package openjdk-11-jdk"),
        ("python:3.11", "libgl1-mesa-glx", "? E: Package 'libgl1-mesa-glx' has no installation candidate"),
        ("debian:bookworm-slim", "netcat", "E: Package 'netcat' has no installation candidate"),
        ("python:3.11-slim-bullseye", "netcat", ""),
        ("ubuntu:22.04", "libgl1-mesa-glx", ""),
        ("example.org/ours:1", "netcat", ""),
    ],
)
def test_a_package_that_the_release_does_not_have(base: str, package: str, message: str):
    assert said(f"{UPDATED}apt-get install -y {package}", base) == ([message] if message else [])


def test_apt_of_trixie_spells_its_errors_out():
    assert said("apt update && apt install -y libgl1-mesa-glx", TRIXIE) == [
        "Error: Package 'libgl1-mesa-glx' has no installation candidate"
    ]
    assert said("apt update && apt install -y netcat") == ["E: Package 'netcat' has no installation candidate"]


def test_each_package_is_named_in_the_order_of_the_line():
    assert said(f"{UPDATED}apt-get install -y netcat curl postgresql-client-14") == [
        "E: Package 'netcat' has no installation candidate",
        "E: Unable to locate package postgresql-client-14",
    ]


def test_what_is_missing_and_why():
    found = image(f"FROM {SLIM}\nRUN {UPDATED}apt-get install -y libgl1-mesa-glx\n").faults[0]
    assert found.detail == MissingPackage("libgl1-mesa-glx", "trixie", 1)
    assert found.reason == (
        "python:3.11-slim is Debian trixie, which has no such package; its tag follows Debian's newest release."
    )


@pytest.mark.parametrize(
    "script",
    [
        f"{UPDATED}apt-get install -y no-such-package",
        f"{UPDATED}apt-get install -y netcat || true",
        f"{UPDATED}apt-get install -y netcat; echo done",
        f"{UPDATED}(apt-get install -y netcat || apt-get install -y netcat-openbsd)",
        f"if [ -n x ]; then {UPDATED}apt-get install -y netcat; fi",
        f"{UPDATED}apt-get install -y -t bullseye netcat",
        f"{UPDATED}apt-get install -y --target-release=bullseye netcat",
        f"{UPDATED}apt-get install -y $UNKNOWN/netcat",
        f"echo deb x > /etc/apt/sources.list.d/x.list && {UPDATED}apt-get install -y netcat",
        f"{UPDATED}apt-get install -y software-properties-common && add-apt-repository x && apt-get install -y netcat",
        "apt-get remove -y netcat",
        "apt-cache show netcat",
        "apt-mark hold netcat",
    ],
)
def test_what_may_be_had_or_need_not_be_is_no_fault(script: str):
    assert said(script) == []


def test_another_stage_does_not_know_the_sources_of_this_one():
    first = f"FROM {BOOKWORM} AS one\nRUN echo deb x > /etc/apt/sources.list.d/x.list\n"
    line = f"RUN {UPDATED}apt-get install -y netcat\n"
    assert [fault.code for fault in image(f"{first}FROM {BOOKWORM}\nCOPY --from=one /x /x\n{line}").faults] == [
        "system-package-gone"
    ]
    assert image(f"{first}FROM one\n{line}").faults == ()


# --- lists of packages


@pytest.mark.parametrize("base", [SLIM, BOOKWORM, "python:3.11", "debian:12", "ubuntu:24.04", "python:3.8"])
@pytest.mark.parametrize("program", ["apt-get", "apt"])
def test_an_image_comes_without_lists(base: str, program: str):
    error = "Error:" if program == "apt" and base in (SLIM, "python:3.11") else "E:"
    assert said(f"{program} install -y ffmpeg", base) == [f"{error} Unable to locate package ffmpeg"]


@pytest.mark.parametrize(
    ("script", "before", "messages"),
    [
        ("apt-get install -y vim", f"{UPDATED}apt-get install -y git && rm -rf /var/lib/apt/lists/*", 1),
        ("apt-get install -y vim", f"{UPDATED}apt-get install -y git && rm -rf /var/lib/apt/lists", 1),
        ("apt-get install -y vim", f"{UPDATED}apt-get install -y git && apt-get clean && rm -rf /var/lib/apt/* /tmp/*", 1),
        ("apt-get install -y vim", f"{UPDATED}apt-get install -y git", 0),
        ("apt-get install -y vim", f"{UPDATED}apt-get install -y git && apt-get clean", 0),
        ("apt-get install -y git", f"{UPDATED}apt-get install -y git && rm -rf /var/lib/apt/lists/*", 0),
        ("apt-get install -y vim", "if [ -n x ]; then apt-get update; fi", 0),
        ("apt-get install -y vim", "./setup.sh", 0),
        ("apt-get install -y vim", "make setup", 0),
        ("apt-get install -y vim", "pip install flask", 1),
        ("apt-get install -y vim", "python -m playwright install --with-deps", 0),
    ],
)
def test_lists_come_and_go(script: str, before: str, messages: int):
    found = ran(script, "python:3.11-bookworm", before=before, files={"setup.sh": "#!/usr/bin/perl\n"})
    assert found.messages == ["E: Unable to locate package vim"] * messages


def test_a_cache_in_their_place_keeps_them():
    cache = "--mount=type=cache,target=/var/lib/apt,sharing=locked"
    first = f"RUN {cache} {UPDATED}apt-get install -y git\n"
    assert image(f"{first}RUN {cache} apt-get install -y vim\n").faults == ()
    assert [fault.message for fault in image(f"{first}RUN apt-get install -y vim\n").faults] == [
        "Error: Unable to locate package vim".replace("Error:", "E:")
    ]


def test_what_is_installed_needs_no_lists():
    assert said("apt-get install -y ca-certificates tzdata bash") == []
    assert said("apt-get install -y curl git", "python:3.11-bookworm") == []


def test_what_follows_is_judged_as_if_they_were_there():
    assert said("apt-get install -y vim && apt-get install -y git") == ["E: Unable to locate package vim"]


def test_xargs_installs_as_well():
    assert said("xargs apt-get install -y git < packages.txt") == ["E: Unable to locate package git"]
    assert said(f"{UPDATED}xargs apt-get install -y < packages.txt") == []


def test_names_of_variables_are_read():
    assert said("apt-get install -y $PACKAGES", env={"PACKAGES": "git vim"}) == ["E: Unable to locate package git"]


# --- the question


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (f"{UPDATED}apt-get install curl", "Do you want to continue? [Y/n] Abort."),
        (f"{UPDATED}apt-get install --no-install-recommends build-essential", "Do you want to continue? [Y/n] Abort."),
        (f"{UPDATED}apt-get install netcat-openbsd", "? Do you want to continue? [Y/n] Abort."),
        (f"{UPDATED}apt-get install -y git && apt-get install curl", "? Do you want to continue? [Y/n] Abort."),
        (f"DEBIAN_FRONTEND=noninteractive {UPDATED}apt-get install curl", "Do you want to continue? [Y/n] Abort."),
    ],
)
def test_a_question_that_nobody_answers(script: str, message: str):
    assert said(script) == [message]


def test_apt_of_trixie_asks_otherwise():
    assert said("apt update && apt install curl", TRIXIE) == ["Continue? [Y/n] Abort."]
    assert said("apt-get update && apt-get install curl", TRIXIE) == ["Do you want to continue? [Y/n] Abort."]


@pytest.mark.parametrize(
    "script",
    [
        f"{UPDATED}yes | apt-get install curl",
        f"{UPDATED}echo y | apt-get install curl",
        f"{UPDATED}apt-get install -y curl && apt-get install curl",
        f"{UPDATED}apt-get install ca-certificates",
        f"echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90 && {UPDATED}apt-get install curl",
        f"{UPDATED}apt-get install ./x.deb",
    ],
)
def test_an_answer_that_comes_from_elsewhere(script: str):
    assert said(script) == []


# --- who installs


@pytest.mark.parametrize(
    ("script", "base", "message"),
    [
        (
            "apt-get install -y curl",
            SLIM,
            "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)",
        ),
        (
            f"{UPDATED}apt-get install -y curl",
            SLIM,
            "E: List directory /var/lib/apt/lists/partial is missing. - Acquire (13: Permission denied)",
        ),
        ("apk add --no-cache curl", "python:3.11-alpine", "ERROR: Unable to lock database: Permission denied"),
    ],
)
def test_only_root_may_install(script: str, base: str, message: str):
    assert said(script, base, user="1000")[0] == message
    assert message not in said(script, base)


def test_lists_that_root_fetched_have_a_lock():
    built = image(f"FROM {SLIM}\nRUN apt-get update\nRUN useradd app\nUSER app\nRUN apt-get update\n")
    assert [fault.message for fault in built.faults] == [
        "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)"
    ]
    assert built.faults[0].detail == UnreadyInstall("root", 4)


@pytest.mark.parametrize("user", ["root", "0", "root:root", "0:0"])
def test_root_by_any_name(user: str):
    assert said(f"{UPDATED}apt-get install -y curl", user=user) == []


def test_sudo_makes_root_of_a_user():
    before = f"FROM {SLIM}\nRUN {UPDATED}apt-get install -y sudo && useradd app\nUSER app\n"
    assert image(f"{before}RUN sudo apt-get install -y curl\n").faults == ()


# --- releases that are gone


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (
            "python:3.9-slim-buster",
            "E: The repository 'http://deb.debian.org/debian buster Release' does not have a Release file.",
        ),
        ("python:2.7", "E: The repository 'http://deb.debian.org/debian buster Release' does not have a Release file."),
        ("debian:9", "E: The repository 'http://deb.debian.org/debian stretch Release' does not have a Release file."),
        ("python:3.9-slim-bullseye", ""),
    ],
)
def test_a_release_in_the_archive(base: str, message: str):
    assert said(f"{UPDATED}apt-get install -y curl", base) == ([message] if message else [])


def test_sources_may_name_the_archive():
    script = f"sed -i s/deb.debian/archive.debian/ /etc/apt/sources.list && {UPDATED}apt-get install -y curl"
    assert said(script, "python:3.9-slim-buster") == []
