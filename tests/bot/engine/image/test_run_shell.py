"""What a RUN's shell does itself; the words were tried with dash 0.5.12 and bash 5.2."""

import pytest

from tests.bot.engine.image.running import FILES, ran

PIP = "pip install flask"
BASH = ("/bin/bash", "-c")


def said(script: str, **more) -> list[tuple[str, str]]:
    found = ran(script, **more)
    return list(zip(found.codes, found.messages, strict=True))


@pytest.mark.parametrize(
    ("script", "shell", "message"),
    [
        (f". venv/bin/activate && {PIP}", None, "/bin/sh: 1: .: cannot open venv/bin/activate: No such file"),
        (f". venv/bin/activate; {PIP}", None, "/bin/sh: 1: .: cannot open venv/bin/activate: No such file"),
        (f". venv/bin/activate || true; {PIP}", None, "/bin/sh: 1: .: cannot open venv/bin/activate: No such file"),
        (f"source .venv/bin/activate && {PIP}", BASH, "/bin/bash: line 1: .venv/bin/activate: No such file or directory"),
        (f"bash -c 'source env/bin/activate && {PIP}'", None, "bash: line 1: env/bin/activate: No such file or directory"),
        (f"./venv/bin/{PIP}", None, "/bin/sh: 1: ./venv/bin/pip: not found"),
        (f"/opt/venv/bin/python -m {PIP}", BASH, "/bin/bash: line 1: /opt/venv/bin/python: No such file or directory"),
    ],
)
def test_an_environment_that_nothing_made(script: str, shell: tuple[str, ...] | None, message: str):
    assert said(script, shell=shell) == [("environment-not-made", message)]
    assert ran(script, shell=shell).installs[0].prefix == "/usr/local"


@pytest.mark.parametrize(
    "script",
    [
        f"python -m venv venv && . venv/bin/activate && {PIP}",
        f"virtualenv venv && . ./venv/bin/activate && {PIP}",
        f"if [ -d venv ]; then . venv/bin/activate; fi; {PIP}",
        f"bash -c 'source venv/bin/activate; {PIP}'",
        f"make environment && . venv/bin/activate && {PIP}",
        f"curl -sSf https://example.org/setup.sh | sh && . venv/bin/activate && {PIP}",
        f"source() {{ :; }}; source venv/bin/activate; {PIP}",
    ],
)
def test_an_environment_that_is_there_or_may_be_or_does_not_matter(script: str):
    assert not {"environment-not-made", "needs-bash"} & set(ran(script, base="python:3.11").codes)


def test_an_environment_of_the_tree_or_of_an_unknown_image():
    assert ran(". venv/bin/activate", files={**FILES, "venv/bin/activate": ""}).codes == []
    assert ran(". /opt/venv/bin/activate", base="example/image").codes == []


def test_source_is_no_command_of_dash():
    assert said(f"source venv/bin/activate && {PIP}", before="python -m venv venv") == [
        ("needs-bash", "/bin/sh: 1: source: not found")
    ]
    assert ran("source ./env.sh && echo").codes == ["needs-bash"]
    made = f"python -m venv venv && source venv/bin/activate && {PIP}"
    assert ran(made).installs[0].prefix == "/app/venv"
    assert ran(made, shell=BASH).codes == ran(made, base="python:3.11-alpine").codes == []
    assert ran(f"source venv/bin/activate; {PIP}", before="python -m venv venv").installs[0].prefix == "/usr/local"
    script = {**FILES, "build.sh": f"#!/bin/sh\nset -e\npython -m venv venv\nsource venv/bin/activate\n{PIP}\n"}
    assert said("sh ./build.sh", files=script) == [("needs-bash", "./build.sh: 4: source: not found")]
    assert said("bash build.sh", files=script) == []


def test_busybox_knows_source():
    message = "/bin/sh: source: line 0: can't open 'venv/bin/activate': No such file or directory"
    assert said("source venv/bin/activate && echo", base="python:3.11-alpine") == [("environment-not-made", message)]


@pytest.mark.parametrize(
    ("script", "more", "message"),
    [
        ("cd web && pip install -r requirements.txt", {}, "/bin/sh: 1: cd: can't cd to web"),
        ("set -e; cd web; pip install -r requirements.txt", {}, "/bin/sh: 1: cd: can't cd to web"),
        ("cd web && ls", {"shell": BASH}, "/bin/bash: line 1: cd: web: No such file or directory"),
        ("cd web && ls", {"base": "python:3.11-alpine"}, "/bin/sh: cd: line 0: can't cd to web: No such file or directory"),
    ],
)
def test_a_folder_that_is_not_there(script: str, more: dict, message: str):
    assert said(script, **more) == [("folder-missing", message)]


@pytest.mark.parametrize(
    "script",
    [
        "cd lib && pip install -r requirements.txt",
        "mkdir web && cd web && ls",
        "cd web; pip install -r requirements.txt",
        "cd web || true",
        "git clone https://example.org/web.git && cd web && ls",
        "curl -fsSL https://example.org/a.tar.gz | tar xz && cd a-1.0 && ls",
        "make web && cd web && ls",
        "cd /tmp && ls",
        "cd /usr/share/thing && ls",
        'cd "$(mktemp -d)" && ls',
        "cd ~ && ls",
        "cd w* && ls",
        "if true; then cd web && ls; fi",
    ],
)
def test_a_folder_that_is_there_or_may_be(script: str):
    assert ran(script, base="python:3.11").codes == []
