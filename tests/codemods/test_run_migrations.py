"""run-migrations: migrations that nothing runs."""

import pytest

from bot.engine.plan import Allowed, weaknesses
from codemods import Shelf
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, only, tree

NAME = "run-migrations"
ALEMBIC = HEALTHY | {
    "requirements.txt": "fastapi\nuvicorn\nalembic\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": "from alembic import context\n",
    "migrations/versions/0a1b_users.py": "revision = '0a1b'\n",
}
DJANGO = HEALTHY | {
    "requirements.txt": "fastapi\nuvicorn\n",
    "manage.py": "import sys\n",
    "shop/__init__.py": "",
    "shop/migrations/0001_initial.py": "",
}


def with_release(command: str) -> dict[str, str]:
    return {"fly.toml": FLY + f'\n[deploy]\n  release_command = "{command}"\n'}


def test_a_release_command_runs_them():
    check_transformed(NAME, ALEMBIC, with_release("alembic upgrade head"), unsafe=True)
    check_transformed(NAME, DJANGO, with_release("python manage.py migrate --noinput"), unsafe=True)
    check_noop(NAME, ALEMBIC, unsafe=False)


@pytest.mark.parametrize(
    "files",
    [
        HEALTHY,
        ALEMBIC | with_release("alembic upgrade head"),
        ALEMBIC | with_release("python prepare.py") | {"prepare.py": ""},
        ALEMBIC | {"README.md": "Then `fly ssh console -C 'alembic upgrade head'`.\n"},
        ALEMBIC | {".github/workflows/deploy.yml": "on: push\njobs:\n  a:\n    steps:\n      - run: make migrate\n"},
        ALEMBIC | {"db.py": "from alembic import command\n\n\ndef up(config):\n    command.upgrade(config, 'head')\n"},
        ALEMBIC | {"db.py": "def up(base, engine):\n    base.metadata.create_all(engine)\n"},
        ALEMBIC | {"db.py": "URL = 'sqlite:///app.db'\n"},
        ALEMBIC | {"Dockerfile": DOCKERFILE.replace("CMD", "# alembic upgrade head\nCMD")},
        {path: source for path, source in ALEMBIC.items() if "versions" not in path},
        DJANGO | {"start.sh": "python manage.py migrate\n"},
        {path: source for path, source in DJANGO.items() if "migrations" not in path},
    ],
)
def test_what_runs_them_or_has_none_is_no_weakness(files):
    found = weaknesses([only(files)], tree(files), Shelf(), Allowed())[0].weaknesses
    assert "migrations-not-run" not in [each.code for each in found]
    check_noop(NAME, files)
