import pytest

from tests.tools import HEALTHY, check_noop, check_transformed, planned

NAME = "fix-build-user"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
START = "FROM python:3.11-slim-bookworm\nRUN useradd -m web\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
SCRIPT = "#!/bin/sh\nset -e\n{}exec uvicorn main:app --host 0.0.0.0 --port 8080\n"


def files(dockerfile: str, script: str = "") -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": dockerfile, "start.sh": SCRIPT.format(script)}


def after(before: str, old: str, new: str, script: str = "") -> None:
    made = check_transformed(NAME, files(before, script), {"Dockerfile": before.replace(old, new, 1)})
    assert made.after[0].reached == "ok"


@pytest.mark.parametrize(
    "command",
    [
        "chmod +x start.sh",
        "chown -R web /app",
        "useradd other",
        "chmod +x \\\n    # the entry point\n    start.sh",
    ],
)
def test_what_needs_root_comes_before_the_user(command: str):
    after(f"{START}USER web\nRUN {command}\n{CMD}", f"USER web\nRUN {command}\n", f"RUN {command}\nUSER web\n")


def test_two_such_lines_take_two_steps():
    before = f"{START}USER web\nENV X=1\nRUN useradd other\nRUN chmod +x start.sh\n{CMD}"
    after(
        before,
        "USER web\nENV X=1\nRUN useradd other\nRUN chmod +x start.sh\n",
        "ENV X=1\nRUN useradd other\nRUN chmod +x start.sh\nUSER web\n",
    )


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("mkdir logs", "RUN chown web /app"),
        ("mkdir -p logs/a/b", "RUN chown web /app"),
        ("touch /app/x && echo y > z", "RUN chown web /app"),
        ("mkdir -p /data", "RUN mkdir -p /data && chown web /data"),
        ("cp main.py other.py", "RUN chown web /app"),
    ],
)
def test_a_folder_is_given_to_the_user_that_makes_files_in_it(command: str, line: str):
    after(f"{START}USER web\nRUN {command}\n{CMD}", "USER web\n", f"{line}\nUSER web\n")


def test_a_folder_is_given_to_the_user_of_an_entry_script():
    before = f'{START}USER web\nCMD ["sh", "start.sh"]\n'
    after(before, "USER web\n", "RUN chown web /app\nUSER web\n", "mkdir -p /app/logs\n")


@pytest.mark.parametrize(
    ("dockerfile", "script"),
    [
        (f"{START}RUN chmod +x start.sh && mkdir logs\nUSER web\n{CMD}", ""),
        (f"{START}RUN chown web /app\nUSER web\nRUN mkdir logs\n{CMD}", ""),
        (f"{START}USER web\nRUN mkdir logs || true\n{CMD}", ""),
        (f"{START}USER web\nRUN touch /tmp/x ~/y\n{CMD}", ""),
        (f'{START}RUN chown web /app\nUSER web\nCMD ["sh", "start.sh"]\n', "mkdir -p /app/logs\n"),
        (f'{START}USER web\nCMD ["sh", "start.sh"]\n', "mkdir -p /tmp/logs\n"),
    ],
)
def test_what_is_allowed_is_left_alone(dockerfile: str, script: str):
    check_noop(NAME, files(dockerfile, script))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("USER web\nRUN touch ~/x\nRUN chmod +x start.sh\n", "what stands between USER and the command would become root's"),
        ("USER web\nRUN touch /etc/x\n", "/etc/x lies in a folder of the system"),
    ],
)
def test_what_is_not_repaired(lines: str, reason: str):
    made = planned(files(f"{START}{lines}{CMD}"), NAME, unsafe=True)
    assert not made.tree.changes()
    assert reason in [dropped.reason for dropped in made.dropped]
