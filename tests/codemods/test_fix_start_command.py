import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, faults, planned

NAME = "fix-start-command"
SERVE = "uvicorn main:app --host 0.0.0.0 --port $PORT"
FILES = {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN}
INNER = {f"backend/{path}": text for path, text in FILES.items()}
GROUP = FLY.replace("[http_service]\n", '[processes]\n  web = "{}"\n\n[http_service]\n  processes = ["web"]\n')
SERVE_FLY = "uvicorn main:app --host 0.0.0.0 --port 8080"


def blueprint(command: str, root: str = "", more: str = "") -> str:
    return f"""\
services:
  - type: web  # the API
    name: api
    runtime: python
    rootDir: {root or "."}
    buildCommand: pip install -r requirements.txt
    startCommand: {command}
{more}    envVars:
      - key: PYTHON_VERSION
        value: '3.11.4'
"""


def instruction(line: str) -> str:
    return DOCKERFILE[: DOCKERFILE.index("CMD")] + line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"source venv/bin/activate && {SERVE}", SERVE),
        (f". ./.env/bin/activate && exec {SERVE}  # start", f"exec {SERVE}  # start"),
        (f"'source venv/bin/activate && {SERVE}'", f"'{SERVE}'"),
        (f'"echo a && source venv/bin/activate && {SERVE}"', f'"echo a && {SERVE}"'),
        (f"set -e; source venv/bin/activate; {SERVE}", f"set -e; {SERVE}"),
        (f"./venv/bin/{SERVE}", SERVE),
        (f"venv/bin/python -m {SERVE}", f"python -m {SERVE}"),
        (f"exec /opt/render/project/src/venv/bin/{SERVE}", f"exec {SERVE}"),
        (f"source venv/bin/activate && ./venv/bin/{SERVE}", SERVE),
        (f"|\n      set -e\n      source venv/bin/activate\n      {SERVE}", f"|\n      set -e\n      {SERVE}"),
        (f">-\n      source venv/bin/activate &&\n      {SERVE}", f">-\n      {SERVE}"),
    ],
)
def test_an_environment_that_nothing_makes(before: str, after: str):
    made = check_transformed(NAME, {**FILES, "render.yaml": blueprint(before)}, {"render.yaml": blueprint(after)})
    assert not [fault for report in made.after for fault in report.faults]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"cd backend && {SERVE}", SERVE),
        (f"cd ./backend/ && exec {SERVE}", f"exec {SERVE}"),
        (f'"cd backend && {SERVE}"', f'"{SERVE}"'),
        (f"set -e; cd 'backend'; {SERVE}", f"set -e; {SERVE}"),
        (f"cd /opt/render/project/src/backend/backend && {SERVE}", SERVE),
        (f"cd backend && source venv/bin/activate && {SERVE}", SERVE),
        (f"|\n      cd backend && \\\n      {SERVE}", f"|\n      {SERVE}"),
    ],
)
def test_the_folder_that_the_service_is_in_already(before: str, after: str):
    files = {**INNER, "render.yaml": blueprint(before, "backend")}
    made = check_transformed(NAME, files, {"render.yaml": blueprint(after, "backend")})
    assert not [fault for report in made.after for fault in report.faults]
    everything = planned(files, unsafe=True)
    assert {step.codemod for step in everything.steps} == {NAME}
    assert len(everything.tree.changes()) == 1


def test_both_commands_at_once():
    both = blueprint(f"cd backend && {SERVE}", "backend").replace("buildCommand: ", "buildCommand: cd backend && ")
    made = planned({**INNER, "render.yaml": both}, unsafe=True)
    assert [step.codemod for step in made.steps] == ["fix-build-command", NAME]
    assert made.tree.text("render.yaml") == blueprint(SERVE, "backend")


def test_the_command_before_a_deploy():
    before, after = (f"    preDeployCommand: {line}python main.py\n" for line in ("source venv/bin/activate && ", ""))
    files = {**FILES, "render.yaml": blueprint(SERVE, more=before)}
    check_transformed(NAME, files, {"render.yaml": blueprint(SERVE, more=after)})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"CMD . venv/bin/activate && {SERVE_FLY}\n", f"CMD {SERVE_FLY}\n"),
        (f"CMD source venv/bin/activate && {SERVE_FLY}\n", f"CMD {SERVE_FLY}\n"),
        (f"CMD cd /app/backend && \\\n    {SERVE_FLY}\n", f"CMD {SERVE_FLY}\n"),
        (f'CMD ["sh", "-c", ". venv/bin/activate && {SERVE_FLY}"]\n', f'CMD ["sh", "-c", "{SERVE_FLY}"]\n'),
        (f"ENTRYPOINT . venv/bin/activate && exec {SERVE_FLY}\n", f"ENTRYPOINT exec {SERVE_FLY}\n"),
    ],
)
def test_the_command_of_an_image(before: str, after: str):
    check_transformed(NAME, {**HEALTHY, "Dockerfile": instruction(before)}, {"Dockerfile": instruction(after)})


def test_a_program_of_an_environment_in_exec_form():
    words = '["./venv/bin/uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
    before = instruction(f"CMD {words}")
    check_transformed(NAME, {**HEALTHY, "Dockerfile": before}, {"Dockerfile": before.replace("./venv/bin/", "")})


def test_a_process_of_fly():
    before = GROUP.format(f"sh -c '. venv/bin/activate && exec {SERVE_FLY}'")
    check_transformed(NAME, {**HEALTHY, "fly.toml": before}, {"fly.toml": before.replace(". venv/bin/activate && ", "")})


def test_an_entry_script():
    script = f"#!/bin/sh\nset -e\n\n# the environment\n. venv/bin/activate  # mine\nexec {SERVE_FLY}\n"
    files = {**HEALTHY, "Dockerfile": instruction('CMD ["sh", "start.sh"]\n'), "start.sh": script}
    check_transformed(NAME, files, {"start.sh": script.replace(". venv/bin/activate  # mine\n", "")})


def test_a_clone_has_nothing_that_git_ignores():
    files = {**FILES, "render.yaml": blueprint(f"source venv/bin/activate && {SERVE}")}
    [fault] = faults(files, hidden=("venv",))
    assert (fault.code, fault.confidence) == ("environment-not-made", "certain")
    assert "git ignores" in fault.reason
    image = instruction(f"CMD . venv/bin/activate && {SERVE_FLY}\n")
    [fault] = faults({**HEALTHY, "Dockerfile": image}, hidden=("venv",))
    assert (fault.code, fault.confidence) == ("environment-not-made", "likely")


@pytest.mark.parametrize(
    "command",
    [
        SERVE,
        f"source .venv/bin/activate && {SERVE}",
        f"source venv/bin/activate; {SERVE}",
        f"[ -d venv ] && source venv/bin/activate; {SERVE}",
        f"if [ -d venv ]; then . venv/bin/activate; fi; {SERVE}",
        f"cd backend || true; {SERVE}",
        f"cd ../src && {SERVE}",
        f"mkdir -p backend && cd backend && cd .. && {SERVE}",
        f".venv/bin/{SERVE}",
    ],
)
def test_what_is_there_or_does_not_matter_stays(command: str):
    check_noop(NAME, {**FILES, "render.yaml": blueprint(command)})


def test_a_folder_that_the_rest_needs_stays():
    lost = {**FILES, "render.yaml": blueprint("cd web && uvicorn api:app --host 0.0.0.0 --port $PORT")}
    assert "would stop at" in " ".join(reasons(NAME, lost))
    assert not planned({**lost, "main.py": "print(1)\n"}, unsafe=True).tree.changes()


def test_an_environment_that_lies_elsewhere_is_put_on_path():
    made = "RUN python -m venv /opt/env && /opt/env/bin/pip install -r"
    image = instruction(f"CMD . env/bin/activate && {SERVE_FLY}\n").replace("RUN pip install -r", made)
    steps = planned({**HEALTHY, "Dockerfile": image})
    assert [step.codemod for step in steps.steps] == [NAME, "add-env-path"]


def test_what_only_means_something_in_its_folder_stays():
    files = {**FILES, "render.yaml": blueprint(f"cd web && npm start && {SERVE}")}
    assert reasons(NAME, files) == {"the command is written in a way that is not edited"}


def test_a_command_that_is_made_otherwise_is_left_to_a_person():
    files = {**FILES, "render.yaml": blueprint(f"D=backend && cd $D && {SERVE}")}
    assert reasons(NAME, files) == {"the command is written in a way that is not edited"}
