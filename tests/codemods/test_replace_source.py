import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned

NAME = "replace-source"
MAKE = "RUN python -m venv /opt/venv\n"
PIP = "pip install -r requirements.txt"
ON_PATH = 'ENV PATH="/opt/venv/bin:$PATH"\n'
START = "uvicorn main:app --host 0.0.0.0 --port 8080"


def files(line: str, start: str = "", shell: str = "") -> dict[str, str]:
    text = DOCKERFILE.replace(f"RUN {PIP}\n", f"{shell}{MAKE}RUN {line}\n{ON_PATH}")
    return {**HEALTHY, "Dockerfile": text[: text.index("CMD")] + (start or text[text.index("CMD") :])}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"source /opt/venv/bin/activate && {PIP}", f". /opt/venv/bin/activate && {PIP}"),
        (f"set -e; source '/opt/venv/bin/activate'; {PIP}", f"set -e; . '/opt/venv/bin/activate'; {PIP}"),
        (
            f"echo && \\\n    source  /opt/venv/bin/activate && \\\n    {PIP}",
            f"echo && \\\n    .  /opt/venv/bin/activate && \\\n    {PIP}",
        ),
        (f"sh -c 'source /opt/venv/bin/activate && {PIP}'", f"sh -c '. /opt/venv/bin/activate && {PIP}'"),
    ],
)
def test_a_run(before: str, after: str):
    made = check_transformed(NAME, files(before), {"Dockerfile": files(after)["Dockerfile"]})
    assert not [fault for report in made.after for fault in report.faults]


def test_a_start():
    before, after = (files(PIP, f"CMD {word} /opt/venv/bin/activate && exec {START}\n") for word in ("source", "."))
    check_transformed(NAME, before, {"Dockerfile": after["Dockerfile"]})


def test_a_script_and_a_name_without_a_slash():
    script = f"#!/bin/sh\nset -e\nsource env.sh\nexec {START}\n"
    before = {**HEALTHY, "Dockerfile": DOCKERFILE[: DOCKERFILE.index("CMD")] + 'CMD ["sh", "start.sh"]\n', "env.sh": "A=1\n"}
    check_transformed(NAME, {**before, "start.sh": script}, {"start.sh": script.replace("source env.sh", ". ./env.sh")})


def test_the_environment_that_is_then_used():
    text = DOCKERFILE.replace(f"RUN {PIP}\n", f"{MAKE}RUN source /opt/venv/bin/activate && {PIP}\n")
    made = planned({**HEALTHY, "Dockerfile": text})
    assert [step.codemod for step in made.steps] == [NAME, "add-env-path"]


@pytest.mark.parametrize(
    ("line", "shell"),
    [
        (f". /opt/venv/bin/activate && {PIP}", ""),
        (f"source /opt/venv/bin/activate && {PIP}", 'SHELL ["/bin/bash", "-c"]\n'),
        (f"bash -c 'source /opt/venv/bin/activate && {PIP}'", ""),
        (f"echo source && . /opt/venv/bin/activate && {PIP}", ""),
        (f"source /opt/venv/bin/activate || true; /opt/venv/bin/{PIP}", ""),
    ],
)
def test_what_works_stays(line: str, shell: str):
    check_noop(NAME, files(line, shell=shell))


def test_alpine_knows_source():
    text = files(f"source /opt/venv/bin/activate && {PIP}")["Dockerfile"].replace("-slim", "-alpine")
    check_noop(NAME, {**HEALTHY, "Dockerfile": text})


def test_an_environment_that_is_not_there_either():
    text = DOCKERFILE.replace(f"RUN {PIP}", f"RUN source venv/bin/activate && {PIP}")
    assert "would stop at" in " ".join(reasons(NAME, {**HEALTHY, "Dockerfile": text}))
    assert planned({**HEALTHY, "Dockerfile": text}).tree.text("Dockerfile") == DOCKERFILE
