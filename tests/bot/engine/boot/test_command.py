import shlex
import subprocess

import pytest

from bot.engine.boot.program import Module, Program, Script
from tests.bot.engine.boot.tools import boot, resolve

FILES = {"main.py": "app = 1", "src/web.py": "app = 1", "manage.py": "", "start.sh": "#!/bin/sh\nexec uvicorn main:app\n"}
NOT_SPAWNED = "ERROR Error: failed to spawn command: "
NO_SUCH_FILE = ": No such file or directory (os error 2)"


def said(program: Program) -> str:
    """Return a program in a few words: its launcher, what it starts, and where."""
    match program.entry:
        case Module(written=written):
            what = written
        case Script(path=what):
            pass
        case _:
            what = "-"
    doubt = " ?" if program.loose else ""
    return f"{program.launcher} {what} in {program.folder}{doubt}" + ("" if program.fatal else ", perhaps")


def programs(line: str | tuple[str, ...] | None, files=FILES, **more) -> list[str]:
    argv = tuple(shlex.split(line)) if isinstance(line, str) else line
    return [said(each) for each in resolve(files, argv, **more).programs]


def in_shell(text: str, **more) -> list[str]:
    return programs(("sh", "-c", text), **more)


def in_script(text: str, *arguments: str) -> list[str]:
    return programs(("./x.sh", *arguments), {**FILES, "x.sh": f"#!/bin/sh\n{text}\n"})


# --- what the platform executes


@pytest.mark.parametrize(
    ("dockerfile", "argv", "wanted"),
    [
        ('CMD ["uvicorn", "main:app"]', None, "uvicorn main:app in /app"),
        ("CMD uvicorn main:app", None, "uvicorn main:app in /app"),
        ("CMD cd src && uvicorn web:app", None, "uvicorn web:app in /app/src"),
        ('WORKDIR /app/src\nCMD ["uvicorn", "web:app"]', None, "uvicorn web:app in /app/src"),
        ('ENTRYPOINT ["tini", "--"]\nCMD ["uvicorn", "main:app"]', None, "uvicorn main:app in /app"),
        ('ENTRYPOINT ["uvicorn"]\nCMD ["main:app"]', None, "uvicorn main:app in /app"),
        ('ENTRYPOINT ["uvicorn"]\nCMD ["main:app"]', ("src.web:app",), "uvicorn src.web:app in /app"),
        ('ENTRYPOINT uvicorn main:app\nCMD ["nothing"]', None, "uvicorn main:app in /app"),
        ('ENTRYPOINT ["./start.sh"]\nCMD ["nothing"]', None, "uvicorn main:app in /app"),
        ('CMD ["nothing"]', ("uvicorn", "main:app"), "uvicorn main:app in /app"),
    ],
)
def test_the_entrypoint_stays_in_front_of_the_command(dockerfile, argv, wanted):
    assert programs(argv, dockerfile=f"COPY . .\n{dockerfile}\n") == [wanted]


# --- programs that start another one


@pytest.mark.parametrize(
    "wrapper",
    [
        "env",
        "env A=1 B=2",
        "env -u A B=1",
        "tini --",
        "tini -g --",
        "dumb-init",
        "gosu app",
        "su-exec app:app",
        "nice -n 5",
        "timeout -k 5 60",
        "nohup",
        "poetry run",
        "pipenv run",
        "pdm run",
        "uv run",
        "uv run --no-dev --with x",
        "uv run --env-file .env --",
        "doppler run --",
        "doppler run -p x --",
        "newrelic-admin run-program",
        "opentelemetry-instrument --service_name x",
        "ddtrace-run",
        "tini -- poetry run env A=1",
    ],
)
def test_what_only_starts_the_command_behind_it(wrapper):
    assert programs(f"{wrapper} uvicorn main:app") == ["uvicorn main:app in /app"]


def test_env_sets_variables_for_the_program():
    [program] = resolve(FILES, ("env", "A=1", "uvicorn", "main:app")).programs
    assert program.env["A"] == "1"


def test_uv_and_poetry_may_be_told_another_folder():
    assert programs("uv run --directory src uvicorn web:app") == ["uvicorn web:app in /app/src"]
    assert programs("uv --directory=src run uvicorn web:app") == ["uvicorn web:app in /app/src"]
    assert programs("poetry -C src run uvicorn web:app") == ["uvicorn web:app in /app ?"]


def test_uv_runs_files_and_modules_itself():
    assert programs("uv run main.py") == ["python /app/main.py in /app"]
    assert programs("uv run -m main") == ["python main in /app"]
    assert programs("uv run --script main.py") == ["python /app/main.py in /app"]


# --- no shell


@pytest.mark.parametrize(
    "line", ["cd src && uvicorn web:app", "PORT=80 uvicorn main:app", "exec uvicorn main:app", "export A=1"]
)
def test_without_a_shell_its_words_are_no_programs(line):
    booted = boot(FILES, tuple(shlex.split(line)))
    assert booted.verdict == f"{NOT_SPAWNED}{line}{NO_SUCH_FILE}"


def test_without_a_shell_a_variable_is_plain_text():
    booted = boot(FILES, ("uvicorn", "main:app", "--port", "$PORT"), {"PORT": "8080"})
    assert booted.verdict == "Error: Invalid value for '--port': '$PORT' is not a valid integer."
    assert [fault.code for fault in booted.faults] == ["needs-shell"]
    assert boot(FILES, ("gunicorn", "main:app", "-b", "0.0.0.0:$PORT")).verdict == "Error: '$PORT' is not a valid port number."


def test_without_a_shell_operators_are_arguments():
    booted = boot(FILES, ("uvicorn", "main:app", "&&", "echo"))
    assert booted.verdict == "? unexpected extra arguments (&& echo)"


# --- text for a shell


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("uvicorn main:app", ["uvicorn main:app in /app"]),
        ("exec uvicorn main:app", ["uvicorn main:app in /app"]),
        ("cd src && uvicorn web:app", ["uvicorn web:app in /app/src"]),
        ("cd src; cd ..; uvicorn main:app", ["uvicorn main:app in /app"]),
        ("cd /tmp && uvicorn main:app", ["uvicorn main:app in /tmp"]),
        ("cd $WHERE && uvicorn main:app", ["uvicorn main:app in /app ?"]),
        ("mkdir x; cd x; uvicorn main:app", ["mkdir - in /app, perhaps", "uvicorn main:app in /app/x"]),
        ("(cd src && python web.py); uvicorn main:app", ["uvicorn main:app in /app"]),
        ("python manage.py migrate && gunicorn main:app", ["python /app/manage.py in /app", "gunicorn main:app in /app"]),
        (
            "python manage.py migrate; gunicorn main:app",
            ["python /app/manage.py in /app, perhaps", "gunicorn main:app in /app"],
        ),
        ("uvicorn main:app & wait", ["uvicorn main:app in /app, perhaps"]),
        ("uvicorn main:app | tee log", ["uvicorn main:app in /app, perhaps"]),
        ("uvicorn main:app; python nowhere.py", ["uvicorn main:app in /app"]),
        ("[ -d src ] && uvicorn main:app", ["uvicorn main:app in /app, perhaps"]),
        ("for i in 1 2; do uvicorn main:app; done", ["uvicorn main:app in /app, perhaps"]),
        ("if [ -f x ]; then cd src; fi; uvicorn web:app", ["uvicorn web:app in /app ?"]),
        ('set -- uvicorn main:app; exec "$@"', ["uvicorn main:app in /app"]),
        ("exit 0; uvicorn main:app", []),
    ],
)
def test_the_text_of_a_shell(text, wanted):
    assert in_shell(text) == wanted


@pytest.mark.parametrize(
    "options", ["-c", "-ec", "-lc", "-o errexit -c", "-euo pipefail -c", "-e -u -o pipefail -c", "--norc -c", "-c -e"]
)
def test_the_options_of_a_shell(options):
    assert programs(f"bash {options} 'uvicorn main:app'") == ["uvicorn main:app in /app"]
    assert subprocess.run(shlex.split(f"bash {options} 'exit 7'"), check=False).returncode == 7


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("export PORT=80; uvicorn main:app --port $PORT", 80),
        ("PORT=80; uvicorn main:app --port $PORT", 80),
        ("uvicorn main:app --port ${PORT:-8000}", 8000),
        ("uvicorn main:app --port=$GIVEN", 81),
        ('if [ -z "$PORT" ]; then PORT=8080; fi; uvicorn main:app --port $PORT', 8080),
        ("uvicorn main:app --port $SECRET", None),
    ],
)
def test_variables_of_a_shell(text, port):
    [program] = resolve(FILES, ("sh", "-c", text), {"GIVEN": "81", "SECRET": None}).programs
    assert program.listen is not None
    assert program.listen.port == port


def test_a_variable_that_nobody_sets_may_be_a_secret():
    booted = boot(FILES, ("sh", "-c", "uvicorn main:app --port $PORT"))
    assert booted.verdict == "? Error: Option '--port' requires an argument."
    assert in_shell("uvicorn main:app --app-dir $WHERE") == ["uvicorn main:app in /app ?"]


def test_a_folder_that_is_not_there():
    assert boot(FILES, ("sh", "-c", "cd nowhere && uvicorn main:app")).verdict == "sh: 1: cd: can't cd to nowhere"
    assert boot(FILES, ("sh", "-ec", "cd nowhere; uvicorn main:app")).verdict == "sh: 1: cd: can't cd to nowhere"
    said = "bash: line 1: cd: nowhere: No such file or directory"
    assert boot(FILES, ("bash", "-c", "cd nowhere && uvicorn main:app")).verdict == said
    said = "sh: cd: line 0: can't cd to nowhere: No such file or directory"
    alpine = "FROM python:3.12-alpine\nWORKDIR /app\nCOPY . .\n"
    assert boot(FILES, ("sh", "-c", "cd nowhere && uvicorn main:app"), dockerfile=alpine).verdict == said
    assert boot(FILES, ("sh", "-c", "cd nowhere; uvicorn main:app")).verdict == ""


def test_a_command_that_may_fail_is_no_fault():
    assert boot(FILES, ("sh", "-c", "python nowhere.py || true; uvicorn main:app")).verdict == ""
    assert boot(FILES, ("sh", "-c", "python nowhere.py; uvicorn main:app")).verdict == ""
    assert boot(FILES, ("sh", "-c", "python nowhere.py && uvicorn main:app")).verdict.startswith("python: can't open file")
    assert boot(FILES, ("sh", "-c", "python nowhere.py || exit 1; uvicorn main:app")).verdict.startswith("python: can't open")


# --- scripts


@pytest.mark.parametrize("line", ["./start.sh", "/app/start.sh", "sh start.sh", "bash -e ./start.sh", "sh -c ./start.sh"])
def test_a_script_is_followed(line):
    assert programs(line) == ["uvicorn main:app in /app"]


def test_a_script_hands_its_arguments_on():
    assert in_script('exec "$@"', "uvicorn", "main:app") == ["uvicorn main:app in /app"]
    assert in_script('shift\nexec "$@"', "web", "uvicorn", "main:app") == ["uvicorn main:app in /app"]
    assert in_script("uvicorn $1", "main:app") == ["uvicorn main:app in /app"]


@pytest.mark.parametrize(
    ("text", "fatal"), [("", False), ("set -e\n", True), ("set -euo pipefail\n", True), ("set -e\nset +e\n", False)]
)
def test_a_script_goes_on_behind_a_failure_unless_it_is_told_otherwise(text, fatal):
    files = {**FILES, "x.sh": f"#!/bin/sh\n{text}python nowhere.py\nexec uvicorn main:app\n"}
    assert bool(boot(files, ("./x.sh",)).certain) is fatal


def test_the_shell_of_a_first_line_may_be_told_to_stop():
    files = {**FILES, "x.sh": "#!/bin/sh -e\npython nowhere.py\nexec uvicorn main:app\n"}
    assert boot(files, ("./x.sh",)).certain
    assert not boot(files, ("sh", "x.sh")).certain
    assert boot(files, ("sh", "-e", "x.sh")).certain


def test_a_script_that_is_not_there():
    assert boot(FILES, ("./x.sh", "web")).verdict == f"{NOT_SPAWNED}./x.sh web{NO_SUCH_FILE}"
    assert boot(FILES, ("sh", "x.sh")).verdict == "sh: 0: cannot open x.sh: No such file"
    assert boot(FILES, ("sh", "-c", "./x.sh")).verdict == "./x.sh: not found"


def test_a_script_that_is_ignored():
    ignored = boot({**FILES, ".dockerignore": "start.sh\n"}, ("./start.sh",))
    assert ignored.verdict == f"{NOT_SPAWNED}./start.sh{NO_SUCH_FILE}"
    assert ".dockerignore:1 keeps it out" in ignored.faults[0].reason
    assert boot(FILES, ("./start.sh",), hidden=("start.sh",)).verdict.startswith("? ")


def test_a_script_that_the_build_may_have_made():
    dockerfile = "COPY . .\nRUN curl https://example.org/install | sh\n"
    assert boot(FILES, ("./x.sh",), dockerfile=dockerfile).verdict == f"? {NOT_SPAWNED}./x.sh{NO_SUCH_FILE}"


def test_a_carriage_return_becomes_a_part_of_the_interpreters_name():
    files = {**FILES, "x.sh": "#!/bin/sh\r\nexec uvicorn main:app\r\n"}
    assert boot(files, ("./x.sh",)).verdict == f"{NOT_SPAWNED}./x.sh{NO_SUCH_FILE}"
    assert boot(files, ("./x.sh",)).faults[0].code == "script-line-endings"
    assert boot(files, ("sh", "-c", "./x.sh")).verdict == "./x.sh: not found"
    assert boot(files, ("sh", "x.sh")).verdict == ""


def test_a_script_of_another_interpreter():
    assert programs("./x.sh", {**FILES, "x.sh": "#!/usr/bin/env python3\nimport main\n"}) == ["python /app/x.sh in /app"]
    assert boot({"x.sh": "#!/usr/bin/env node\n"}, ("./x.sh",)).unknowns == ["./x.sh is not followed"]
    assert boot({"x.sh": b"\x7fELF\xff"}, ("./x.sh",)).unknowns == ["./x.sh is not followed"]


# --- python


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("python main.py", "python /app/main.py in /app"),
        ("python -u main.py", "python /app/main.py in /app"),
        ("python -W ignore -X dev main.py", "python /app/main.py in /app"),
        ("python -Wignore main.py", "python /app/main.py in /app"),
        ("python3.11 -um main", "python main in /app"),
        ("python -m uvicorn main:app", "uvicorn main:app in /app"),
        ("/usr/local/bin/python -m gunicorn main:app", "gunicorn main:app in /app"),
        (".venv/bin/uvicorn main:app", "uvicorn main:app in /app"),
        ("/opt/venv/bin/python main.py", "python /app/main.py in /app"),
        ("python .venv/bin/uvicorn main:app", "uvicorn main:app in /app"),
        ("./main.py", "python /app/main.py in /app"),
    ],
)
def test_how_python_is_started(line, wanted):
    assert programs(line) == [wanted]


def test_a_script_of_python_that_is_not_there():
    assert boot(FILES, ("python", "x.py")).verdict == "python: can't open file '/app/x.py': [Errno 2] No such file or directory"
    assert boot(FILES, ("python", "src")).verdict == "python: can't find '__main__' module in '/app/src'"


def test_a_path_without_its_first_folder_may_be_a_volume():
    assert boot(FILES, ("python", "/data/x.py")).verdict.startswith("? python: can't open file '/data/x.py'")


# --- what is not followed


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("perl x.pl", "perl is not followed"),
        ("service x start", "service is not followed"),
        ("python -c 'print()'", "python code on the command line"),
        ("pipenv run web", "web is not followed"),
        ("sh -c '$(which uvicorn) main:app'", "a command whose program is named at run time is not followed"),
        ("sh -c '. ./env.sh; uvicorn main:app'", ". ./env.sh is not followed"),
        ("sh -c 'eval uvicorn main:app'", "eval is not followed"),
    ],
)
def test_what_is_not_followed_is_said(line, unknown):
    booted = boot(FILES, tuple(shlex.split(line)))
    assert (booted.unknowns, booted.verdict) == ([unknown], "")


def test_a_script_that_starts_itself_ends():
    files = {"x.sh": "#!/bin/sh\n./x.sh\n"}
    assert boot(files, ("./x.sh",)).unknowns == ["a command that starts itself"]


def test_what_runs_beside_may_serve():
    assert resolve(FILES, ("sh", "-c", "nginx & uvicorn main:app")).others
    assert not resolve(FILES, ("sh", "-c", "nothing; uvicorn main:app")).others
