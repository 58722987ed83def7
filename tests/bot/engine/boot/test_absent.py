import pytest

from bot.engine.model.findings import MissingProgram
from tests.bot.engine.boot.tools import resolve
from tests.tools import DOCKERFILE, FLY, HEALTHY, only

BOOKWORM, ALPINE = "python:3.11-slim-bookworm", "python:3.11-alpine"
SERVER = "uvicorn main:app --host 0.0.0.0 --port 8080"
NO_SUCH_FILE = ": No such file or directory (os error 2)"
NOT_SPAWNED = "ERROR Error: failed to spawn command: "


def said(
    argv: tuple[str, ...] | str, base: str = BOOKWORM, lines: str = "", shebang: str = "#!/bin/sh", **files: str
) -> list[str]:
    """Return what stops a command line, or the lines of a start script; a `?` in front of what is not certain."""
    script = argv if isinstance(argv, str) else ""
    argv = ("./start.sh",) if isinstance(argv, str) else argv
    given = {"main.py": "app = 1\n", "start.sh": f"{shebang}\n{script}\n", **files}
    dockerfile = f"FROM {base}\nWORKDIR /app\n{lines}COPY . .\n"
    found = resolve(given, argv, dockerfile=dockerfile, executable=("start.sh",)).faults
    return [("" if fault.confidence == "certain" else "? ") + fault.message for fault in found]


@pytest.mark.parametrize(
    "line", ["tini -- " + SERVER, "dumb-init " + SERVER, "gosu app " + SERVER, "node x.js", "redis-server", "nginx -g daemon"]
)
def test_flys_init_finds_no_such_program(line: str):
    assert said(tuple(line.split())) == [f"{NOT_SPAWNED}{line}{NO_SUCH_FILE}"]


def test_the_package_that_brings_it_is_known():
    found = resolve({"main.py": ""}, ("tini", "--", "uvicorn", "main:app"), dockerfile=f"FROM {BOOKWORM}\nCOPY . .\n").faults[0]
    assert (found.code, found.detail) == ("command-not-found", MissingProgram("tini", "tini", None))
    assert found.reason == "python:3.11-slim-bookworm has no `tini`: the package tini brings it."


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("sh", "-c", f"curl x && {SERVER}"), "sh: 1: curl: not found"),
        (("/bin/sh", "-c", f"exec tini {SERVER}"), "/bin/sh: 1: exec: tini: not found"),
        (("bash", "-c", f"curl x && {SERVER}"), "bash: line 1: curl: command not found"),
        (("bash", "-ec", f"curl x; {SERVER}"), "bash: line 1: curl: command not found"),
    ],
)
def test_a_shell_has_its_own_words(argv: tuple[str, ...], message: str):
    assert said(argv) == [message]


@pytest.mark.parametrize(
    ("script", "shebang", "message"),
    [
        (f"set -e\ncurl x\n{SERVER}", "#!/bin/sh", "./start.sh: 3: curl: not found"),
        (f"set -e\n\npsql -c x\n{SERVER}", "#!/bin/bash", "./start.sh: line 4: psql: command not found"),
        (f"exec gosu app {SERVER}", "#!/bin/sh", "./start.sh: 2: exec: gosu: not found"),
        (f"ps aux && {SERVER}", "#!/bin/sh", "./start.sh: 2: ps: not found"),
    ],
)
def test_a_script_says_which_line(script: str, shebang: str, message: str):
    assert said(script, shebang=shebang) == [message]


@pytest.mark.parametrize(
    "script",
    [
        f"curl x\n{SERVER}",
        f"set -e\ncurl x || true\n{SERVER}",
        f"set -e\nif curl x; then echo; fi\n{SERVER}",
        f"set -e\ncommand -v curl && curl x\n{SERVER}",
        f'set -e\nif [ -n "$X" ]; then while ! nc -z db 5432; do sleep 1; done; fi\n{SERVER}',
        f"curl x &\n{SERVER}",
        f"set -e\ncurl() {{ true; }}\ncurl x\n{SERVER}",
        f"set -e\napt-get update && apt-get install -y curl\ncurl x\n{SERVER}",
    ],
)
def test_what_the_process_does_not_hang_on_is_no_fault(script: str):
    assert said(script) == []


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("until pg_isready -h db; do sleep 1; done", "? ./start.sh: 2: pg_isready: not found"),
        ("while ! nc -z db 5432; do\n  sleep 1\ndone", "? ./start.sh: 2: nc: not found"),
        ("while true; do\n  sleep 1\ndone", ""),
    ],
)
def test_a_loop_that_waits_with_it_never_ends(loop: str, message: str):
    assert said(f"{loop}\n{SERVER}") == ([message] if message else [])


@pytest.mark.parametrize(
    ("lines", "argv"),
    [
        ("RUN apt-get update && apt-get install -y tini\n", ("tini", "--", "uvicorn", "main:app")),
        ("RUN apt-get update && apt-get install -y some-unknown-package\n", ("tini", "--", "uvicorn", "main:app")),
        ("RUN pip install dumb-init\n", ("dumb-init", "uvicorn", "main:app")),
        ("RUN pip install supervisor\n", ("supervisord", "-n")),
        ("COPY --from=krallin/tini /tini /usr/bin/tini\n", ("tini", "--", "uvicorn", "main:app")),
        ("RUN python -m setup.tools\nADD https://example.org/tini /usr/bin/tini\n", ("/usr/bin/tini", "uvicorn", "main:app")),
        ("ENV PATH=/opt/bin:$PATH\nCOPY main.py /opt/bin/node\n", ("node", "x.js")),
        ("", ("sleep", "1")),
        ("", ("/bin/bash", "-c", "uvicorn main:app")),
    ],
)
def test_a_program_that_is_or_may_be_there(lines: str, argv: tuple[str, ...]):
    assert said(argv, lines=lines) == []


# --- Alpine


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("bash", "-c", "uvicorn main:app"), f"{NOT_SPAWNED}bash -c uvicorn main:app{NO_SUCH_FILE}"),
        (("/bin/bash", "start.sh"), f"{NOT_SPAWNED}/bin/bash start.sh{NO_SUCH_FILE}"),
        (("sh", "-c", "curl x"), "sh: curl: not found"),
    ],
)
def test_alpine_has_no_bash(argv: tuple[str, ...], message: str):
    assert said(argv, ALPINE)[:1] == [message]


@pytest.mark.parametrize(
    ("shebang", "message"),
    [
        ("#!/bin/bash", f"{NOT_SPAWNED}./start.sh{NO_SUCH_FILE}"),
        ("#!/usr/bin/env bash", "env: can't execute 'bash': No such file or directory"),
        ("#!/bin/sh", ""),
    ],
)
def test_a_script_for_bash_does_not_start_on_alpine(shebang: str, message: str):
    assert said(SERVER, ALPINE, shebang=shebang) == ([message] if message else [])
    assert said(SERVER, ALPINE, "RUN apk add --no-cache bash\n", shebang=shebang) == []
    assert said(SERVER, BOOKWORM, shebang=shebang) == []


# --- the deploy as a whole


def test_the_deploy_stops_at_it():
    dockerfile = DOCKERFILE.replace('CMD ["', 'ENTRYPOINT ["tini", "--"]\nCMD ["')
    found = only({**HEALTHY, "Dockerfile": dockerfile})
    assert [(fault.code, fault.stage, fault.confidence) for fault in found.faults] == [("command-not-found", "boot", "certain")]
    assert (
        only(
            {**HEALTHY, "Dockerfile": dockerfile.replace("WORKDIR", "RUN apt-get update && apt-get install -y tini\nWORKDIR")}
        ).reached
        == "ok"
    )


def test_a_release_command_stops_the_release():
    found = only({**HEALTHY, "fly.toml": FLY + '\n[deploy]\n  release_command = "psql -f schema.sql"\n'})
    assert [(fault.code, fault.stage) for fault in found.faults] == [("command-not-found", "release")]
