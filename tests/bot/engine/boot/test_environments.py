"""Virtual environments that a start uses; the words were tried with dash 0.5.12 and bash 5.2."""

import pytest

from tests.bot.engine.boot.tools import boot, resolve
from tests.tools import DOCKERFILE, FLY, MAIN, faults

FILES = {"main.py": "app = 1\n"}
NO_FILE = "No such file or directory"


def said(command: str, shell: str = "sh", **more) -> list[tuple[str, str]]:
    return [(fault.code, fault.message) for fault in boot(FILES, (shell, "-c", command), **more).faults]


@pytest.mark.parametrize(
    ("command", "shell", "message"),
    [
        ("source venv/bin/activate && uvicorn main:app", "bash", f"bash: line 1: venv/bin/activate: {NO_FILE}"),
        (". .venv/bin/activate && exec uvicorn main:app", "bash", f"bash: line 1: .venv/bin/activate: {NO_FILE}"),
        ("set -e; source ./venv/bin/activate; uvicorn main:app", "bash", f"bash: line 1: ./venv/bin/activate: {NO_FILE}"),
        (". venv/bin/activate && uvicorn main:app", "sh", "sh: 1: .: cannot open venv/bin/activate: No such file"),
        (". venv/bin/activate; uvicorn main:app", "sh", "sh: 1: .: cannot open venv/bin/activate: No such file"),
        (". venv/bin/activate || true; uvicorn main:app", "sh", "sh: 1: .: cannot open venv/bin/activate: No such file"),
        ("source venv/Scripts/activate && uvicorn main:app", "bash", f"bash: line 1: venv/Scripts/activate: {NO_FILE}"),
        ("./venv/bin/uvicorn main:app", "bash", f"bash: line 1: ./venv/bin/uvicorn: {NO_FILE}"),
        ("exec venv/bin/python -m uvicorn main:app", "sh", "sh: 1: venv/bin/python: not found"),
    ],
)
def test_an_environment_that_nothing_made(command: str, shell: str, message: str):
    assert said(command, shell) == [("environment-not-made", message)]


def test_the_words_without_a_shell_and_in_a_script():
    [fault] = boot(FILES, ("./venv/bin/uvicorn", "main:app")).faults
    words = "ERROR Error: failed to spawn command: ./venv/bin/uvicorn main:app: No such file or directory (os error 2)"
    assert (fault.code, fault.message) == ("environment-not-made", words)
    files = {**FILES, "start.sh": "#!/bin/bash\nset -e\nsource venv/bin/activate\nexec uvicorn main:app\n"}
    assert boot(files, ("./start.sh",)).verdict == f"./start.sh: line 3: venv/bin/activate: {NO_FILE}"
    assert boot(files, ("sh", "start.sh")).verdict == "start.sh: 3: source: not found"


@pytest.mark.parametrize(
    "command",
    [
        "source venv/bin/activate; uvicorn main:app",
        "source venv/bin/activate || true; uvicorn main:app",
        "[ -d venv ] && source venv/bin/activate; uvicorn main:app",
        "if [ -f venv/bin/activate ]; then source venv/bin/activate; fi; uvicorn main:app",
        "python -m venv venv && source venv/bin/activate && uvicorn main:app",
        "virtualenv venv && . venv/bin/activate && uvicorn main:app",
        "uv sync && source .venv/bin/activate && uvicorn main:app",
        "source activate web && uvicorn main:app",
        "source $WHERE/bin/activate && uvicorn main:app",
        "~/.local/bin/uvicorn main:app",
        "/usr/bin/env uvicorn main:app",
    ],
)
def test_an_environment_that_is_there_or_may_be_or_does_not_matter(command: str):
    assert said(command, "bash") == []


def test_an_environment_that_the_build_made():
    built = "COPY . .\nRUN python -m venv venv\n"
    assert said(". venv/bin/activate && uvicorn main:app", dockerfile=built) == []
    assert said("source venv/bin/activate && uvicorn main:app", "bash", dockerfile=built) == []
    assert said("venv/bin/uvicorn main:app", dockerfile=built) == []
    assert boot({**FILES, "venv/bin/activate": ""}, ("sh", "-c", ". venv/bin/activate && uvicorn main:app")).verdict == ""


def test_one_that_git_ignores_is_likely_missing():
    config = "services:\n  - type: web\n    name: a\n    runtime: python\n    startCommand: source venv/bin/activate && "
    files = {"render.yaml": f"{config}gunicorn main:app\n", "main.py": "app = 1\n", "requirements.txt": "gunicorn\n"}
    [fault] = [each for each in faults(files) if each.code == "environment-not-made"]
    assert fault.message == f"bash: line 1: venv/bin/activate: {NO_FILE}"
    [fault] = [each for each in faults(files, hidden=("venv",)) if each.code == "environment-not-made"]
    assert fault.confidence == "certain" or "git ignores" in fault.reason


def test_source_is_no_command_of_dash():
    for command in ("source venv/bin/activate && uvicorn main:app", "source ./env.sh && uvicorn main:app"):
        assert said(command) == [("needs-bash", "sh: 1: source: not found")]
        assert said(command, "zsh") != [("needs-bash", "sh: 1: source: not found")]
    assert said("source ./env.sh; uvicorn main:app") == []
    assert said("source ./env.sh && uvicorn main:app", dockerfile="FROM python:3.12-alpine\nWORKDIR /app\nCOPY . .\n") == []
    assert said("source ./env.sh && uvicorn main:app", dockerfile="FROM example/image\nWORKDIR /app\nCOPY . .\n") == []


def test_the_own_shell_form_of_an_image():
    files = {"fly.toml": FLY, "requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN}
    start = (
        DOCKERFILE[: DOCKERFILE.index("CMD")]
        + "{}CMD source venv/bin/activate && uvicorn main:app --host 0.0.0.0 --port 8080\n"
    )
    [fault] = faults({**files, "Dockerfile": start.format("")})
    assert (fault.code, fault.message) == ("needs-bash", "/bin/sh: 1: source: not found")
    [fault] = faults({**files, "Dockerfile": start.format('SHELL ["/bin/bash", "-c"]\n')})
    assert fault.message == f"/bin/bash: line 1: venv/bin/activate: {NO_FILE}"


def test_what_is_missed_behind_a_folder_that_is_not_there_only_follows():
    [program] = resolve(FILES, ("bash", "-c", "cd web && uvicorn main:app")).programs
    assert program.folder == "/app/web"
    config = "services:\n  - type: web\n    name: a\n    runtime: python\n    startCommand: cd web && gunicorn main:app\n"
    files = {"render.yaml": config, "main.py": "app = 1\n", "requirements.txt": "gunicorn\n"}
    assert [fault.code for fault in faults(files)] == ["folder-missing"]
