import pytest

from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "fix-install-user"
PROJECT = '[project]\nname = "my-app"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n'
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
PATH = "ENV PATH=/home/web/.local/bin:$PATH\n"
START = "FROM python:3.11-slim-bookworm\nRUN useradd --create-home web\nWORKDIR /app\n"


def files(dockerfile: str, **more: str) -> dict[str, str]:
    return {**HEALTHY, "pyproject.toml": PROJECT, "Dockerfile": dockerfile, **more}


def after(before: str, old: str, new: str, **more: str) -> None:
    """Assert that the repair puts `new` in place of `old` in the Dockerfile, and that the deploy then gets to its end."""
    made = check_transformed(NAME, files(before, **more), {"Dockerfile": before.replace(old, new, 1)})
    assert made.after[0].reached == "ok"


def test_the_folder_of_the_sources_is_given_to_the_user():
    before = f"{START}COPY --chown=web . .\nUSER web\n{PATH}RUN pip install --user --no-cache-dir -e .\n{CMD}"
    after(before, "USER web\n", "RUN chown web /app\nUSER web\n")


def test_a_folder_that_only_copy_makes_is_made_before():
    before = f"{START.replace('/app', '/')}USER web\nCOPY . /app/\n{PATH}RUN pip install --user /app\nWORKDIR /app\n{CMD}"
    after(before, "USER web\n", "RUN mkdir -p /app && chown web /app\nUSER web\n")


def test_the_user_comes_after_an_install_that_needs_no_home():
    before = f"{START}COPY . .\nUSER web\nRUN pip install .\n{CMD}"
    after(before, "USER web\nRUN pip install .\n", "RUN pip install .\nUSER web\n")


def test_a_home_is_made_where_the_install_goes_there():
    before = f"{START.replace(' --create-home', '')}COPY . .\nUSER web\n{PATH}RUN pip install --user -r requirements.txt\n{CMD}"
    after(before, "useradd web", "useradd --create-home web")


@pytest.mark.parametrize(
    ("made", "repaired"),
    [
        ("useradd --no-create-home web", "useradd --create-home web"),
        ("useradd -M -s /bin/sh web", "useradd --create-home -s /bin/sh web"),
        ("groupadd web && useradd -r -g web web", "groupadd web && useradd --create-home -r -g web web"),
        ("adduser --system web", "adduser --home /home/web --system web"),
    ],
)
def test_a_home_is_made_by_the_command_that_makes_the_user(made: str, repaired: str):
    start = f"FROM python:3.11-slim-bookworm\nRUN {made}\nWORKDIR /app\nCOPY . .\nUSER web\n"
    before = f"{start}{PATH}RUN pip install --user -r requirements.txt\n{CMD}"
    after(before, made, repaired)


def test_sources_in_a_folder_of_their_own_are_given_with_their_copy():
    project = PROJECT + '[build-system]\nrequires = ["setuptools"]\n[tool.setuptools.packages.find]\nwhere = ["src"]\n'
    before = f"{START}COPY . .\nRUN chown web /app\nUSER web\n{PATH}RUN pip install --user .\n{CMD}"
    after(before, "COPY . .", "COPY --chown=web:web . .", **{"pyproject.toml": project, "src/x/__init__.py": ""})


def test_an_environment_of_root_takes_packages_from_root():
    venv = 'RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\n'
    before = f"{START}{venv}COPY . .\nUSER web\nRUN pip install -r requirements.txt\n{CMD}"
    after(before, "USER web\nRUN pip install -r requirements.txt\n", "RUN pip install -r requirements.txt\nUSER web\n")


@pytest.mark.parametrize(
    "dockerfile",
    [
        f"{START}COPY . .\nRUN pip install .\nUSER web\n{CMD}",
        f"{START}COPY . .\nUSER web\n{PATH}RUN pip install -r requirements.txt\n{CMD}",
        f"{START}RUN chown web /app\nCOPY . .\nUSER web\n{PATH}RUN pip install --user -e .\n{CMD}",
        f"FROM python:3.11-slim\nRUN useradd -m web\nUSER web\nWORKDIR /app\nCOPY . .\n{PATH}RUN pip install --user .\n{CMD}",
        f"{START}COPY . .\nUSER web\n{PATH}RUN pip install --user -e . || pip install --user -r requirements.txt\n{CMD}",
    ],
)
def test_installs_that_go_through_are_left_alone(dockerfile: str):
    check_noop(NAME, files(dockerfile))


def test_what_stands_between_must_not_become_roots():
    lines = f"{START}COPY . .\nUSER web\nRUN mkdir ~/cache\nRUN pip install .\n{CMD}"
    made = planned(files(lines), NAME)
    assert "RUN chown web /app\nUSER web\n" in made.tree.text("Dockerfile")


def test_a_user_of_the_stage_before_is_not_edited():
    base = "FROM python:3.11-slim AS base\nRUN useradd -m web && mkdir /app\nUSER web\nFROM base\n"
    stages = f"{base}USER root\nWORKDIR /app\nCOPY . .\nUSER web\n{PATH}RUN pip install --user .\n{CMD}"
    after(stages, "COPY . .\nUSER web\n", "COPY . .\nRUN chown web /app\nUSER web\n")
    inherited = f"{base}COPY . /app/\n{PATH}RUN pip install --user /app\nWORKDIR /app\n{CMD}"
    made = planned(files(inherited, **{"fly.toml": FLY}), NAME, unsafe=True)
    assert not made.tree.changes()
    assert "the user is not set in the stage of the install" in [dropped.reason for dropped in made.dropped]
