import pytest

from tests.tools import HEALTHY, check_noop, check_transformed, planned

NAME = "fix-user-site"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
MODULE = CMD.replace('"uvicorn"', '"python", "-m", "uvicorn"')
BUILDER = "FROM python:3.11-slim AS builder\nCOPY requirements.txt .\nRUN pip install --user -r requirements.txt\n"
FINAL = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"
PATH = "ENV PATH=/root/.local/bin:$PATH\n"
COPY = "COPY --from=builder /root/.local /root/.local\n"
USER = "RUN useradd -r web\nUSER web\n"


def files(dockerfile: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": dockerfile}


@pytest.mark.parametrize("command", [CMD, MODULE])
def test_packages_of_a_builder_go_to_the_users_own_home(command: str):
    before = BUILDER + FINAL + COPY + PATH + USER + command
    changed = before.replace("/root/.local /root/.local", "/root/.local /home/web/.local").replace(
        "ENV PATH=/root/", "ENV PATH=/home/web/"
    )
    assert check_transformed(NAME, files(before), {"Dockerfile": changed}).after[0].reached == "ok"


@pytest.mark.parametrize(
    ("install", "repaired"),
    [
        ("pip install --user -r requirements.txt", "pip install -r requirements.txt"),
        ("pip install --no-cache-dir --user -r requirements.txt", "pip install --no-cache-dir -r requirements.txt"),
        (
            "pip install --user fastapi && pip install --user -r requirements.txt",
            "pip install fastapi && pip install -r requirements.txt",
        ),
    ],
)
def test_packages_of_the_same_stage_are_everybodys(install: str, repaired: str):
    before = FINAL + f"RUN {install}\n" + PATH + USER + CMD
    made = check_transformed(NAME, files(before), {"Dockerfile": before.replace(install, repaired)})
    assert made.after[0].reached == "ok"


@pytest.mark.parametrize(
    "dockerfile",
    [
        BUILDER + FINAL + COPY + PATH + CMD,
        BUILDER
        + FINAL
        + COPY.replace(" /root/.local\n", " /home/web/.local\n")
        + PATH.replace("root", "home/web")
        + USER
        + CMD,
        FINAL + "RUN pip install -r requirements.txt\n" + USER + CMD,
        BUILDER + FINAL + COPY + "RUN chmod 755 /root\n" + PATH + USER + CMD,
    ],
)
def test_packages_that_can_be_read_are_left_alone(dockerfile: str):
    check_noop(NAME, files(dockerfile))


def test_a_user_without_a_home_of_its_own_is_not_given_one():
    made = planned(files(BUILDER + FINAL + COPY + PATH + "USER nobody\n" + CMD), NAME, unsafe=True)
    assert not made.tree.changes()
    assert "/root/.local is not copied to a place that can be changed" in [dropped.reason for dropped in made.dropped]
