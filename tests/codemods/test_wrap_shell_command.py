import os
import subprocess
from pathlib import Path

import pytest

from bot.engine.codemod import Proposal
from bot.engine.model import dockerfile, shell, toml
from bot.engine.model.tree import Tree
from codemods.wrap_shell_command import propose, with_exec
from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, only, planned, tree

NAME = "wrap-shell-command"
HEAD = DOCKERFILE[: DOCKERFILE.index("CMD")]
SERVER = "uvicorn main:app --host 0.0.0.0 --port 8080"
FILES = {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\ngunicorn\n"}


def group(value: str) -> dict[str, str]:
    text = FLY.replace(
        "[http_service]\n", f"[processes]\n  web = {value}  # the server\n\n[http_service]\n  processes = ['web']\n"
    )
    return {**FILES, "fly.toml": text}


def check_group(before: str, after: str) -> None:
    check_transformed(NAME, group(before), {"fly.toml": group(after)["fly.toml"]})


def check_cmd(before: str, after: str) -> None:
    check_transformed(NAME, {**FILES, "Dockerfile": HEAD + before}, {"Dockerfile": HEAD + after})


def test_a_change_of_folder():
    check_group(f'"cd /app && {SERVER}"', f"\"sh -c 'cd /app && exec {SERVER}'\"")


def test_an_assignment():
    check_group(f'"LOG=1 {SERVER}"', f"\"sh -c 'LOG=1 exec {SERVER}'\"")


def test_a_literal_string_stays_one():
    check_group(f"'cd /app && {SERVER}'", f"'sh -c \"cd /app && exec {SERVER}\"'")


def test_a_port_that_nobody_sets_gets_the_port_of_the_service():
    check_group(f'"{SERVER.replace("8080", "$PORT")}"', f"\"sh -c 'exec {SERVER.replace('8080', '${PORT:-8080}')}'\"")


def test_a_port_that_the_config_sets_stays_as_it_is():
    before, after = (
        {path: text + '\n[env]\n  PORT = "8080"\n' if path == "fly.toml" else text for path, text in files.items()}
        for files in (
            group(f'"{SERVER.replace("8080", "$PORT")}"'),
            group(f"\"sh -c 'exec {SERVER.replace('8080', '$PORT')}'\""),
        )
    )
    check_transformed(NAME, before, {"fly.toml": after["fly.toml"]})


def test_a_line_with_quotes_of_its_own():
    check_group(f"\"cd /app && {SERVER} --root-path '/a b'\"", f'"sh -c \\"cd /app && exec {SERVER} --root-path \'/a b\'\\""')
    check_group(f'"cd /app && {SERVER} --root-path \\"/a b\\""', f'"sh -c \'cd /app && exec {SERVER} --root-path \\"/a b\\"\'"')


def test_what_flyctl_takes_literally_is_quoted_for_the_shell():
    check_group(
        f'"cd /app && {SERVER} --forwarded-allow-ips *"', f'"sh -c \\"cd /app && exec {SERVER} --forwarded-allow-ips \'*\'\\""'
    )


def test_a_factory_with_parentheses_is_quoted_for_the_shell():
    code = MAIN + "\n\ndef create_app():\n    return app\n"
    before, after = (
        {**group(value), "main.py": code}
        for value in (
            '"PORT=8080 gunicorn main:create_app() --bind 0.0.0.0:8080"',
            '"sh -c \\"PORT=8080 exec gunicorn \'main:create_app()\' --bind 0.0.0.0:8080\\""',
        )
    )
    check_transformed(NAME, before, {"fly.toml": after["fly.toml"]})


def test_a_server_in_the_background_gets_no_exec():
    check_group(f'"cd /app && {SERVER} & wait"', f"\"sh -c 'cd /app && {SERVER} & wait'\"")


def test_a_release_command():
    text = FLY + '\n[deploy]\n  release_command = "cd /app && python -m main"\n'
    after = text.replace('"cd /app && python -m main"', "\"sh -c 'cd /app && exec python -m main'\"")
    check_transformed(NAME, {**FILES, "fly.toml": text}, {"fly.toml": after})


def test_two_groups_are_wrapped_one_after_the_other():
    text = group(f'"cd /app && {SERVER}"')["fly.toml"].replace("  # the server\n", "\n  work = 'cd /app && python -m main'\n")
    after = text.replace(f'"cd /app && {SERVER}"', f"\"sh -c 'cd /app && exec {SERVER}'\"")
    after = after.replace("'cd /app && python -m main'", "'sh -c \"cd /app && exec python -m main\"'")
    check_transformed(NAME, {**FILES, "fly.toml": text}, {"fly.toml": after})


def test_an_exec_form_cmd():
    check_cmd(
        'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$PORT"]\n',
        'CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8080}"]\n',
    )


def test_the_words_of_an_exec_form_cmd_that_are_no_variables_stay_literal():
    check_cmd(
        'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "${PORT}", "--forwarded-allow-ips", "*"]',
        'CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8080} --forwarded-allow-ips \'*\'"]',
    )


def test_a_folder_and_operators_in_an_exec_form_cmd():
    check_cmd(
        '# the end\nCMD  ["cd", "/app", "&&", "uvicorn", "main:app", \\\n  "--host", "0.0.0.0", "--port", "8080"]\n',
        '# the end\nCMD  ["sh", "-c", "cd /app && exec uvicorn main:app --host 0.0.0.0 --port 8080"]\n',
    )


def test_an_entry_point_that_only_starts_what_follows():
    check_cmd(
        'ENTRYPOINT ["nice", "--"]\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$PORT"]\n',
        'ENTRYPOINT ["nice", "--"]\nCMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8080}"]\n',
    )


@pytest.mark.parametrize("value", [f'"{SERVER}"', f"\"sh -c 'cd /app && exec {SERVER}'\""])
def test_a_command_that_needs_no_shell_or_has_one_is_left_alone(value: str):
    check_noop(NAME, group(value))


def test_a_cmd_in_shell_form_has_one():
    check_noop(NAME, {**FILES, "Dockerfile": HEAD + f"CMD cd /app && {SERVER.replace('8080', '${PORT:-8080}')}\n"})


NOT_EDITED = "the command is written in a way that is not edited"


@pytest.mark.parametrize(
    "value",
    [
        f'"""cd /app &&\n {SERVER}"""',  # a new line is blank for flyctl and ends a command for a shell
        f'"cd /app && {SERVER} --header x=$A*"',
        f'"cd /app && {SERVER} --header a;b"',
    ],
)
def test_a_line_that_the_shell_would_read_otherwise_is_left_to_a_person(value: str):
    assert NOT_EDITED in reasons(NAME, group(value))


def test_a_subshell_is_left_to_a_person():
    check_noop(NAME, group(f'"(cd /app && {SERVER})"'))


@pytest.mark.parametrize(
    "command",
    [
        'CMD ["uvicorn", "main:app", "--port", "$PORT", "--header", "X-Home: $HOME"]\n',
        'CMD ["uvicorn", "main:app", \\\n# where\n "--port", "$PORT"]\n',
    ],
)
def test_a_list_that_would_lose_something_is_left_to_a_person(command: str):
    assert NOT_EDITED in reasons(NAME, {**FILES, "Dockerfile": HEAD + command})


def test_the_arguments_of_an_entry_point_are_no_command():
    files = {**FILES, "Dockerfile": HEAD + 'ENTRYPOINT ["gunicorn"]\nCMD ["main:app", "--bind", "0.0.0.0:$PORT"]\n'}
    assert "ENTRYPOINT takes the command as its arguments" in reasons(NAME, files)


def test_a_config_in_json_is_left_to_a_person():
    files = {path: text for path, text in FILES.items() if path != "fly.toml"}
    files["fly.json"] = f'{{"app": "demo", "processes": {{"app": "cd /app && {SERVER}"}}}}'
    assert NOT_EDITED in reasons(NAME, files)


def test_a_dockerfile_of_two_targets_serves_both_afterwards():
    files = {**FILES, "Dockerfile": HEAD + 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$PORT"]\n'}
    files["fly.other.toml"] = FLY.replace("demo", "other")
    made = planned(files, NAME)
    assert [report.reached for report in made.after] == ["ok", "ok"]
    assert [change.path for change in made.tree.changes()] == ["Dockerfile"]


# --- what a real shell makes of it

STUB = '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n'


def executed(argv: list[str], folder: Path) -> list[str]:
    """Execute argv as Fly does, with a `uvicorn` that prints its arguments."""
    stub = folder / "uvicorn"
    stub.write_text(STUB)
    stub.chmod(0o755)
    (folder / "a.txt").touch()  # something that `*` would become
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "LOG": "0"}
    run = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def proposed(files: dict[str, str]) -> Tree:
    """Return the first proposal, whatever the simulation thinks of the stub's arguments."""
    report = only(files)
    [found] = propose(next(fault for fault in report.faults if fault.code == "needs-shell"), report, tree(files))
    assert isinstance(found, Proposal), found
    return found.tree


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cd . && uvicorn main:app --x 'a b' \\\"c d\\\" e", ["main:app", "--x", "a b", "c d", "e"]),
        ("cd . && uvicorn main:app --port $PORT *", ["main:app", "--port", "8080", "*"]),
        ("LOG=1 uvicorn [::]:80 ~ a?", ["[::]:80", "~", "a?"]),
        ("cd .; uvicorn a # the rest", ["a"]),
        ("cd . && LOG='1 2' uvicorn 'main:create_app()' main:create_app()", ["main:create_app()"] * 2),
    ],
)
def test_a_real_shell_starts_the_server_with_the_words_that_were_meant(line: str, words: list[str], tmp_path: Path):
    command = toml.read(proposed(group(f'"{line}"')).text("fly.toml")).data["processes"]["web"]
    assert executed(shell.split(command), tmp_path) == words


def test_a_real_shell_gives_a_list_back_word_for_word(tmp_path: Path):
    words = ["main:app", "--port", "$PORT", "*", "a b", "it's", '"', "\\", "a;b", "x&y", "(z)", "", "#", "~"]
    files = {**FILES, "Dockerfile": HEAD + f"CMD {dockerfile.json_list(['cd', '.', '&&', 'uvicorn', *words])}\n"}
    argv = dockerfile.read(proposed(files).text("Dockerfile")).instructions[-1].argv
    assert executed(argv, tmp_path) == ["8080" if word == "$PORT" else word for word in words]


@pytest.mark.parametrize("line", ["a || b", "a | b", "a &", "a & wait", "cd x", "export A=1", "exec a", "if a; then b; fi", ""])
def test_exec_stays_away_where_the_shell_has_to_go_on(line: str):
    assert with_exec(line) == line
