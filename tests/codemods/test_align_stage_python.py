import pytest

from tests.tools import HEALTHY, check_noop, check_transformed, planned

NAME = "align-stage-python"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"
REST = 'WORKDIR /app\nCOPY --from=builder /opt/venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nCOPY . .\n' + CMD


def files(builder: str, final: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": f"FROM {builder} AS builder\nCOPY requirements.txt .\n{VENV}FROM {final}\n{REST}"}


@pytest.mark.parametrize(
    ("builder", "final", "aligned"),
    [
        ("python:3.11-slim", "python:3.12-slim", "python:3.11-slim"),
        ("python:3.12", "python:3.11-slim-bookworm", "python:3.12-slim-bookworm"),
        ("python:3.11.4", "docker.io/library/python:3.13", "docker.io/library/python:3.11"),
    ],
)
def test_the_final_stage_gets_the_python_of_its_packages(builder: str, final: str, aligned: str):
    before = files(builder, final)
    changed = before["Dockerfile"].replace(f"FROM {final}", f"FROM {aligned}")
    assert check_transformed(NAME, before, {"Dockerfile": changed}, unsafe=True).after[0].reached == "ok"


def test_it_is_a_judgement_call():
    made = planned(files("python:3.11-slim", "python:3.12-slim"), NAME)
    assert not made.tree.changes()
    assert [dropped.suggestion for dropped in made.dropped] == [True]


@pytest.mark.parametrize("final", ["python:3.11-slim", "python:3.11", "example.org/own:1"])
def test_one_python_in_all_stages_is_left_alone(final: str):
    check_noop(NAME, files("python:3.11-slim", final))


@pytest.mark.parametrize("final", ["python:3-slim", "python:3.12.1-slim"])
def test_a_version_that_can_t_be_put_in_place_is_not_edited(final: str):
    made = planned(files("python:3.11-slim", final), NAME, unsafe=True)
    assert not made.tree.changes()
    assert made.dropped
