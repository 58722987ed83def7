import pytest

from tests.tools import HEALTHY, check_noop, check_transformed, planned

NAME = "add-env-path"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
MODULE = CMD.replace('"uvicorn"', '"python", "-m", "uvicorn"')
START = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"


def files(dockerfile: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": dockerfile}


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (START + VENV + CMD, 'ENV PATH="/opt/venv/bin:$PATH"\n'),
        (START + VENV + MODULE, 'ENV PATH="/opt/venv/bin:$PATH"\n'),
        (START + VENV + "EXPOSE 8080\n# start\n" + CMD, 'ENV PATH="/opt/venv/bin:$PATH"\n'),
        (START + "RUN pip install --user -r requirements.txt\n" + CMD, 'ENV PATH="/root/.local/bin:$PATH"\n'),
        (
            START + "RUN useradd -m web\nUSER web\nRUN pip install -r requirements.txt\n" + CMD,
            'ENV PATH="/home/web/.local/bin:$PATH"\n',
        ),
        (START + "RUN pip install --target /deps -r requirements.txt\n" + MODULE, "ENV PYTHONPATH=/deps\n"),
        (
            START + "ENV PYTHONPATH=/app\nRUN pip install --target /deps -r requirements.txt\n" + MODULE,
            'ENV PYTHONPATH="/deps:$PYTHONPATH"\n',
        ),
    ],
)
def test_an_environment_is_put_on_path_before_the_command(before: str, line: str):
    at = before.index("CMD")
    made = check_transformed(NAME, files(before), {"Dockerfile": before[:at] + line + before[at:]})
    assert made.after[0].reached == "ok"


def test_packages_of_a_user_whose_home_is_elsewhere():
    builder = "FROM python:3.11-slim AS builder\nCOPY requirements.txt .\nRUN pip install --user -r requirements.txt\n\n"
    copied = "COPY --from=builder /root/.local /home/app/.local\nENV PATH=/home/app/.local/bin:$PATH\n"
    before = builder + START + "RUN useradd -r -d /nonexistent app\n" + copied + "USER app\n" + CMD
    after = before.replace("CMD", "ENV PYTHONUSERBASE=/home/app/.local\nCMD")
    made = check_transformed(NAME, files(before), {"Dockerfile": after})
    assert made.after[0].reached == "ok"


def test_scripts_and_modules_of_a_bare_folder_take_two_lines():
    before = START + "RUN pip install --target /deps -r requirements.txt\n" + CMD
    lines = 'ENV PATH="/deps/bin:$PATH"\nENV PYTHONPATH=/deps\n'
    check_transformed(NAME, files(before), {"Dockerfile": before.replace("CMD", lines + "CMD")})


def test_a_command_of_the_config_needs_no_cmd():
    config = 'app = "demo"\n[processes]\n  app = "uvicorn main:app --host 0.0.0.0 --port 8080"\n'
    config += '[http_service]\n  internal_port = 8080\n  processes = ["app"]\n'
    before = {**files(START + VENV), "fly.toml": config}
    check_transformed(NAME, before, {"Dockerfile": START + VENV + 'ENV PATH="/opt/venv/bin:$PATH"\n'})


@pytest.mark.parametrize(
    "dockerfile",
    [
        START + VENV + 'ENV PATH="/opt/venv/bin:$PATH"\n' + CMD,
        START + VENV + CMD.replace('"uvicorn"', '"/opt/venv/bin/uvicorn"'),
        START + VENV + "CMD . /opt/venv/bin/activate && exec uvicorn main:app --host 0.0.0.0 --port 8080\n",
        START + "RUN pip install --user -r requirements.txt\n" + MODULE,
        START + "RUN pip install -r requirements.txt\n" + CMD,
    ],
)
def test_an_environment_that_is_used_is_left_alone(dockerfile: str):
    check_noop(NAME, files(dockerfile))


def test_a_path_that_needs_quotes_is_not_edited():
    lines = START + 'RUN python -m venv "/opt/my venv" && "/opt/my venv/bin/pip" install -r requirements.txt\n' + CMD
    made = planned(files(lines), NAME, unsafe=True)
    assert [dropped.reason for dropped in made.dropped] == ["/opt/my venv is not edited"]
