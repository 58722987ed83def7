"""The telling line of a log, as engines and Python print it."""

import pytest

from bot.outside.containers import lines

TRACEBACK = """INFO:     Started server process [7]
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    import backend
ModuleNotFoundError: No module named 'backend'
"""


PLAIN = "ModuleNotFoundError: No module named 'backend'"
PIP = "ERROR: No matching distribution found for x"
URL = "sqlalchemy.exc.NoSuchModuleError: Can't load plugin"
COPY = 'Error: building at STEP "COPY gone .": copier: stat: "/gone": no such file or directory'


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (TRACEBACK, PLAIN),
        (f"{TRACEBACK}subprocess exited with status 1\nError: exit status 1\n", PLAIN),
        (f"{URL}\nERROR: Application startup failed. Exiting.\n", URL),
        (f"#9 1.204 {PIP}\n#9 ERROR: process did not complete successfully: exit code: 1\n", PIP),
        (f"STEP 5/7: COPY gone .\n{COPY}\n", COPY),
        ("\x1b[31mERROR\x1b[0m: red\n", "ERROR: red"),
        ("starting up\nnothing else\n", "nothing else"),
        ("", ""),
    ],
)
def test_the_first_cause_is_told(output: str, line: str):
    assert lines.telling(output) == line


def test_a_program_that_is_not_there_is_told_by_the_runtime():
    output = (
        'exec: "uvicorn": executable file not found in $PATH process exited with status 1\nsubprocess exited with status 1\n'
    )
    assert lines.telling(output) == 'exec: "uvicorn": executable file not found in $PATH'


def test_a_long_log_has_its_end_without_empty_lines():
    text = lines.tail("\n\n".join(f"line {number}" for number in range(100)))
    assert text.splitlines() == [f"line {number}" for number in range(60, 100)]


@pytest.mark.parametrize(
    "output",
    [
        "ERROR: failed to solve: python:9: failed to resolve source metadata for docker.io/library/python:9: not found",
        'Error: creating build container: short-name "python:9" did not resolve to an alias',
        "Error response from daemon: pull access denied for private/image",
        "WARNING: Retrying: Failed to establish a new connection: Temporary failure in name resolution",
    ],
)
def test_what_cannot_be_reached_is_known(output: str):
    assert lines.unavailable(f"STEP 1\n{output}\n") == output


def test_an_error_of_the_repository_is_no_such_thing():
    assert lines.unavailable(TRACEBACK + "ERROR: No matching distribution found for x\n") is None


def test_what_looks_like_a_secret_is_not_shown():
    log = "connecting to postgresql://app:hunter22@db/app\nValueError: bad url postgresql://app:hunter22@db/app\n"
    assert "hunter22" not in lines.telling(log) + lines.tail(log)
    assert lines.telling(log).startswith("ValueError: bad url postgresql://app:")
    refused = "unauthorized: authentication required for https://robot:hunter22@registry.example.org"
    assert "hunter22" not in str(lines.unavailable(refused))
