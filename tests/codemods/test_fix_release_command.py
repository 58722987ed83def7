"""fix-release-command: commands that name the file, the module or the folder that the image has."""

import pytest

from tests.tools import FLY, HEALTHY, check_noop, check_transformed

INI = "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n"
ALEMBIC = {
    "alembic.ini": INI,
    "alembic/env.py": "from alembic import context\nfrom app.models import Base\n",
    "app/__init__.py": "",
    "app/models.py": "class Base:\n    pass\n",
}
RENDER = """\
services:
  - type: web
    name: demo
    runtime: python
    buildCommand: pip install -r requirements.txt
    preDeployCommand: {}
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: PYTHON_VERSION
        value: 3.12.8
"""


def released(command: str, **files: str) -> dict[str, str]:
    """A deploy with a release command, and more files; `__` in a name stands for a slash."""
    fly = FLY + f'\n[deploy]\n  release_command = "{command}"\n'
    return HEALTHY | {"fly.toml": fly, "requirements.txt": "fastapi\nuvicorn\nalembic\n"} | files


def below(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": source for path, source in files.items()}


def fly(command: str) -> dict[str, str]:
    return {"fly.toml": FLY + f'\n[deploy]\n  release_command = "{command}"\n'}


REPAIRED = [
    ("python create_tables.py", "python scripts/create_tables.py", {"scripts/create_tables.py": "import os\n"}),
    ("python manage.py migrate --noinput", "python backend/manage.py migrate --noinput", {"backend/manage.py": "import os\n"}),
    (
        "python create_tables.py",
        "python -m scripts.create_tables",
        {"scripts/create_tables.py": "from app.models import Base\n", **ALEMBIC},
    ),
    ("alembic upgrade head", "sh -c 'cd backend && exec alembic upgrade head'", below("backend", ALEMBIC)),
    (
        "alembic upgrade head",
        "alembic -c backend/alembic.ini upgrade head",
        below(
            "backend", ALEMBIC | {"alembic.ini": INI.replace("= alembic", "= %(here)s/alembic").replace("= .", "= %(here)s")}
        ),
    ),
]


@pytest.mark.parametrize(("before", "after", "files"), REPAIRED)
def test_the_release_command_names_what_is_there(before, after, files):
    check_transformed("fix-release-command", released(before, **files), fly(after))


def test_alembic_is_told_to_look_in_the_current_folder():
    files = released(
        "alembic upgrade head", **ALEMBIC | {"alembic.ini": "[alembic]\nscript_location = alembic\n# sqlalchemy.url\n"}
    )
    after = "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n# sqlalchemy.url\n"
    check_transformed("fix-release-command", files, {"alembic.ini": after})


def test_a_path_that_counts_from_another_folder_counts_from_the_config():
    moved = below("backend", ALEMBIC | {"alembic.ini": INI.replace("= alembic", "= backend/alembic")})
    after = moved["backend/alembic.ini"].replace("= .", "= %(here)s")
    files = released("alembic -c backend/alembic.ini upgrade head", **moved)
    check_transformed("fix-release-command", files, {"backend/alembic.ini": after})


def test_render_reads_the_command_with_a_shell():
    files = {"render.yaml": RENDER.format("alembic upgrade head"), "main.py": HEALTHY["main.py"], **below("backend", ALEMBIC)}
    files["requirements.txt"] = "fastapi\nuvicorn\nalembic\n"
    check_transformed("fix-release-command", files, {"render.yaml": RENDER.format("cd backend && alembic upgrade head")})


def test_a_start_command_that_migrates_goes_on_in_its_own_folder():
    line = "CMD {} && uvicorn main:app --host 0.0.0.0 --port 8080\n"
    head = HEALTHY["Dockerfile"].partition("CMD")[0]
    files = HEALTHY | {"requirements.txt": "fastapi\nuvicorn\nalembic\n", **below("backend", ALEMBIC)}
    files["Dockerfile"] = head + line.format("alembic upgrade head")
    after = head + line.format("(cd backend && alembic upgrade head)")
    check_transformed("fix-release-command", files, {"Dockerfile": after})


@pytest.mark.parametrize(
    "files",
    [
        released("alembic upgrade head", **ALEMBIC),
        released("python scripts/create_tables.py", **{"scripts/create_tables.py": "import os\n"}),
        released("python create_tables.py"),
        released("python create_tables.py", **{"a/create_tables.py": "", "b/create_tables.py": ""}),
        released("python create_tables.py", **{"tests/create_tables.py": ""}),
        released("alembic upgrade head", **below("a", ALEMBIC), **below("b", ALEMBIC)),
        released("alembic -c db.ini upgrade head", **ALEMBIC),
    ],
)
def test_what_works_or_is_not_clear_stays(files):
    check_noop("fix-release-command", files)
