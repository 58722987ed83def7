"""Bad input gets one sentence on standard error, exit code 2, and leaves everything as it was; never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.cli import bot, committed, contents, environment, put
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

COMMANDS = pytest.mark.parametrize("command", ["check", "fix"])


def refused(folder: Path, *arguments: str) -> str:
    """Run a command that has to be refused, and return its one sentence."""
    before = contents(folder)
    done = bot(folder, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("bot: ")
    assert done.err.count("\n") == 1
    assert contents(folder) == before
    return done.err.removeprefix("bot: ").removesuffix("\n")


# --- the command line


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "the following arguments are required: COMMAND; `bot --help` says what there is"),
        (("check", "--strickt"), "unrecognized arguments: --strickt; `bot --help` says what there is"),
        (("fix", "--uns"), "unrecognized arguments: --uns; `bot --help` says what there is"),
        (("check", "a", "b"), "unrecognized arguments: b; `bot --help` says what there is"),
        (("check", "--app"), "argument --app: expected one argument; `bot check --help` says what there is"),
        (("explain",), "the following arguments are required: NAME; `bot explain --help` says what there is"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str):
    assert refused(tmp_path, *arguments) == sentence


@pytest.mark.parametrize("arguments", [("nope",), ("check", "--format", "xml")])
def test_a_wrong_choice_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...]):
    assert f"invalid choice: '{arguments[-1]}'" in refused(tmp_path, *arguments)


@pytest.mark.parametrize("arguments", [("--help",), ("check", "--help"), ("fix", "-h"), ("--version",)])
def test_help_is_no_error(tmp_path: Path, arguments: tuple[str, ...]):
    done = bot(tmp_path, *arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out


@COMMANDS
def test_help_documents_the_exit_codes(tmp_path: Path, command: str):
    words = " ".join(bot(tmp_path, command, "--help").out.split())
    assert "exit codes: 0 nothing certain stops the deploy, 1 something does (fix: is left), 2 usage or internal error" in words


@COMMANDS
def test_a_path_that_is_not_there(tmp_path: Path, command: str):
    assert refused(tmp_path, command, "nowhere") == "nowhere: no such folder"


@COMMANDS
def test_a_file_instead_of_a_folder(tmp_path: Path, command: str):
    put(tmp_path, HEALTHY)
    assert refused(tmp_path, command, "fly.toml") == "fly.toml is a file; name the folder of the repository"


@COMMANDS
def test_a_folder_without_a_target(tmp_path: Path, command: str):
    put(tmp_path, {"main.py": MAIN, "netlify.toml": "[build]\n"})
    assert refused(tmp_path, command) == f"no Fly.io config (fly.toml, fly.json, fly.yaml) and no render.yaml in {tmp_path}"


@COMMANDS
def test_a_blueprint_of_services_that_run_no_python(tmp_path: Path, command: str):
    put(tmp_path, {"render.yaml": "services:\n  - type: web\n    name: demo\n    runtime: node\n"})
    wanted = "no service of render.yaml runs Python, and there is no Fly.io config (fly.toml, fly.json, fly.yaml)"
    assert refused(tmp_path, command) == f"{wanted} in {tmp_path}"


def test_a_folder_named_like_a_config_is_no_target(tmp_path: Path):
    put(tmp_path, {"fly.toml/readme.md": ""})
    assert refused(tmp_path, "check").startswith("no Fly.io config ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--config", "fly.nope.toml"), "fly.nope.toml: no such config in ."),
        (("--config", "../fly.toml"), "../fly.toml lies outside of ."),
        (("--config", "/etc/hostname"), "/etc/hostname lies outside of ."),
        (("--from", "nope"), "nope: no such folder in ."),
        (("--from", "main.py"), "main.py: no such folder in ."),
        (("--from", ".."), ".. lies outside of ."),
        (("--process", "nope"), "there is no process group nope; there is app"),
        (("--select", "fix-pathcase"), "there is no codemod fix-pathcase; did you mean fix-path-case?"),
        (("--ignore", "zzz"), "there is no codemod zzz; `bot list` lists them"),
    ],
)
@COMMANDS
def test_a_choice_that_is_not_there(tmp_path: Path, command: str, arguments: tuple[str, ...], sentence: str):
    put(tmp_path, HEALTHY)
    assert refused(tmp_path, command, *arguments) == sentence


def test_an_app_that_is_not_there(tmp_path: Path):
    put(tmp_path, HEALTHY)
    assert refused(tmp_path, "check", "--app", "nope") == f"no target for nope in {tmp_path}"


def test_a_sentence_stays_one_line_whatever_is_typed(tmp_path: Path):
    assert refused(tmp_path, "check", "no\nwhere\x1b[2J") == "no where\ufffd[2J: no such folder"


# --- settings


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("strct = true\n", "deploymend.toml:1: there is no setting `strct`; did you mean `strict`?"),
        ("\n\nstrict = 'yes'\n", "deploymend.toml:3: `strict` is true or false"),
        ("app = 1\n", "deploymend.toml:1: `app` is a string"),
        ("select = 'repair-toml'\n", "deploymend.toml:1: `select` is a list of strings"),
        ("exclude = ['a', 1]\n", "deploymend.toml:1: `exclude` is a list of strings"),
        ("ignore = ['repair-tom']\n", "there is no codemod repair-tom; did you mean repair-toml?"),
        ("config = 'fly.nope.toml'\n", "fly.nope.toml: no such config in ."),
        ("from = 'nope'\n", "nope: no such folder in ."),
        (b"app = '\xe9'\n", "deploymend.toml can't be used: line 1 is not UTF-8 text (byte 0xe9)"),
    ],
)
@COMMANDS
def test_a_wrong_setting(tmp_path: Path, command: str, settings: str | bytes, sentence: str):
    put(tmp_path, {**HEALTHY, "deploymend.toml": settings})
    assert refused(tmp_path, command) == sentence


def test_a_wrong_setting_in_pyproject(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "pyproject.toml": "[project]\nname = 'x'\n\n[tool.deploymend]\nstrickt = true\n"})
    assert refused(tmp_path, "check") == "pyproject.toml:5: there is no setting `strickt`; did you mean `strict`?"


def test_an_unknown_setting_without_a_neighbour_lists_them_all(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "deploymend.toml": "zzz = 1\n"})
    sentence = refused(tmp_path, "check")
    assert sentence.startswith("deploymend.toml:1: there is no setting `zzz`; the settings are app, config, ")


def test_settings_that_do_not_parse_are_named_with_row_and_column(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "deploymend.toml": "strict = true\napp = \n"})
    assert refused(tmp_path, "check").startswith("deploymend.toml:2:7: ")


# --- files that can't be used


@pytest.mark.parametrize("name", ["fly.toml", "Dockerfile", ".dockerignore"])
@COMMANDS
def test_a_file_that_is_not_utf_8(tmp_path: Path, command: str, name: str):
    put(tmp_path, {**HEALTHY, name: HEALTHY.get(name, "").encode() + b"# caf\xe9\n"})
    line = HEALTHY.get(name, "").count("\n") + 1
    assert refused(tmp_path, command) == f"{name} can't be used: line {line} is not UTF-8 text (byte 0xe9)"


@pytest.mark.parametrize("name", ["fly.toml", "Dockerfile", ".dockerignore", "deploymend.toml"])
@COMMANDS
def test_a_file_of_100_mb_is_not_read(tmp_path: Path, command: str, name: str):
    put(tmp_path, HEALTHY)
    with (tmp_path / name).open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    done = bot(tmp_path, command)
    assert done == (2, "", f"bot: {name} can't be used: 100 MB is more than the 8 MB that are read\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path):
    put(tmp_path, HEALTHY)
    (tmp_path / "fly.toml").chmod(0)
    done = bot(tmp_path, "check")
    assert done == (2, "", "bot: fly.toml can't be used: Permission denied\n")


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path):
    put(tmp_path, HEALTHY)
    (tmp_path / "Dockerfile").unlink()
    os.mkfifo(tmp_path / "Dockerfile")
    done = bot(tmp_path, "check")
    assert (done.code, done.err) == (1, "")
    assert "dockerfile-not-found" in done.out


def test_a_name_that_is_not_utf_8_is_no_trouble(tmp_path: Path):
    put(tmp_path, HEALTHY)
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9/fly.toml")).write_text(FLY + FLY)
    done = bot(tmp_path, "check")
    assert (done.code, done.err) == (1, "")
    assert bot(tmp_path, "check", "--format", "json").code == 1


# --- what is wrong in the repository is a fault, and no error


def test_toml_that_does_not_parse_is_a_fault_with_row_and_column(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "fly.toml": 'app = "demo"\n[build\n'})
    done = bot(tmp_path, "check")
    assert (done.code, done.err) == (1, "")
    assert "Error: failed loading app config from /…/fly.toml: row 2 column " in done.out


def test_a_dockerfile_that_does_not_parse_is_a_fault(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "Dockerfile": DOCKERFILE + "COPPY a b\n"})
    done = bot(tmp_path, "check")
    assert (done.code, done.err) == (1, "")
    assert "dockerfile parse error on line 7: unknown instruction: COPPY" in done.out


@pytest.mark.parametrize(
    "files",
    [
        {"fly.toml": ""},
        {"fly.toml": "\0\0\0"},
        {"fly.toml": "x = " + "[" * 5000},
        {"Dockerfile": ""},
        {"Dockerfile": "FROM"},
        {"Dockerfile": "RUN <<EOF"},
        {"main.py": "x = " + "(" * 500},
        {"main.py": "\0"},
        {".dockerignore": "[\n!\n**\n\\\n"},
        {".gitignore": "[[:alpha:]\n[z-a]\n\\\n", ".git/HEAD": ""},
        {".git/HEAD": "", ".git/index": b"DIRC\0\0\0\2\0\0\0\x09garbage", ".gitignore": "*\n"},
        {"requirements.txt": "-r requirements.txt\n"},
        {".github/workflows/a.yml": "a: &a [*a]\n"},
        {".github/workflows/a.yml": "on: push\njobs: {a: {steps: [{run: [flyctl deploy]}, 1, null]}}\n"},
    ],
    ids=lambda files: ",".join(files),
)
def test_nonsense_is_never_an_internal_error(tmp_path: Path, files: dict[str, str | bytes]):
    put(tmp_path, {**HEALTHY, **files})
    assert bot(tmp_path, "check").code in (0, 1, 2)
    assert bot(tmp_path, "fix", "--diff", "--unsafe").code in (0, 1, 2)


# --- links that leave the repository

SECRET = "the-secret-of-somebody-else"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fly.toml", f"app = '{SECRET}'\n{SECRET} =\n"),
        ("Dockerfile", f"FROM {SECRET}\n{SECRET}\n"),
        ("main.py", f"import {SECRET.replace('-', '_')}\n{SECRET}\n"),
        ("requirements.txt", f"{SECRET}\n-r {SECRET}.txt\n"),
        (".dockerignore", f"{SECRET}\n*\n"),
        (".gitignore", f"{SECRET}\n*\n"),
        ("deploymend.toml", f"{SECRET} = 1\n"),
        ("pyproject.toml", f"[tool.deploymend]\n{SECRET} = 1\n"),
        ("deploy.sh", f"cd {SECRET} && fly deploy\n"),
    ],
)
@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_link_that_leaves_the_repository_is_never_followed(tmp_path: Path, name: str, text: str, linked: str):
    outside = put(tmp_path / "outside", {**HEALTHY, name: text})
    repo = put(tmp_path / "repo", HEALTHY)
    (repo / ".git").mkdir()
    if linked == "file":
        (repo / name).unlink(missing_ok=True)
        (repo / name).symlink_to(outside / name)
    else:
        (repo / "api").symlink_to(outside, target_is_directory=True)
        put(repo, {"Makefile": "deploy:\n\tfly deploy --config api/fly.toml\n"})
    before = contents(outside)
    for arguments in (
        ("check", "-v"),
        ("check", "--format", "json"),
        ("fix", "--diff", "--unsafe", "-v"),
        ("fix", "--allow-dirty"),
    ):
        done = bot(repo, *arguments)
        assert SECRET not in done.out + done.err
        assert SECRET.replace("-", "_") not in done.out + done.err
    assert contents(outside) == before


def test_a_config_behind_a_link_that_leaves_the_repository_is_not_there(tmp_path: Path):
    put(tmp_path / "outside", HEALTHY)
    repo = put(tmp_path / "repo", {"main.py": MAIN})
    (repo / "api").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert refused(repo, "check", "--config", "api/fly.toml") == "api/fly.toml: no such config in ."


def test_a_link_within_the_repository_is_followed_and_stays_a_link(tmp_path: Path):
    repo = put(tmp_path, {**HEALTHY, "docker/web": DOCKERFILE.replace("COPY requ", "COPY repo/requ")})
    put(repo, {"api/requirements.txt": "fastapi\n"})
    (repo / "Dockerfile").unlink()
    (repo / "Dockerfile").symlink_to("docker/web")
    assert bot(repo, "check").code == 1
    done = bot(repo, "fix")
    assert (repo / "Dockerfile").is_symlink()
    assert done.code == 0, done
    assert (repo / "docker/web").read_text() == DOCKERFILE


def test_a_current_folder_that_is_gone_is_one_sentence(tmp_path: Path):
    script = f"mkdir gone; cd gone; rmdir ../gone; exec {sys.executable} -m deploymend check"
    run = subprocess.run(("bash", "-c", script), cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "bot: the current folder is gone; change to another one\n"


# --- the reader of our output


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path):
    put(tmp_path, HEALTHY)
    script = f"{sys.executable} -m deploymend list | true; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(("bash", "-c", script), cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) in (("0\n", ""), ("2\n", ""))


def test_a_terminal_that_knows_no_unicode_is_no_trouble(tmp_path: Path):
    put(tmp_path, {**HEALTHY, "fly.toml": FLY.replace("demo", "dé🚂mo")})
    for arguments in (("check",), ("check", "--format", "json"), ("fix",)):
        done = bot(tmp_path, *arguments, env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"))
        assert (done.code, done.err) == (0, "")
        assert done.out.isascii()


def test_an_interrupt_is_130(tmp_path: Path):
    import signal

    repo = put(tmp_path, HEALTHY)
    (repo / "many").mkdir()
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"  # a job in the background ignores it
        "import bot.cli.check as check, time;"
        "check.run = lambda options: print('running', flush=True) or time.sleep(60);"
        "from bot.cli import main; sys.exit(main(['check']))"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen((sys.executable, "-c", code), cwd=repo, env=environment(), **pipes) as running:
        try:
            assert running.stdout
            assert running.stdout.readline() == b"running\n"
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=30)
        finally:
            running.kill()
    assert (running.returncode, err) == (130, b"")


def test_a_commit_is_not_needed_to_check(tmp_path: Path):
    repo = committed(tmp_path / "repo", {"a.txt": ""})
    put(repo, HEALTHY)
    assert bot(repo, "check").code == 0
