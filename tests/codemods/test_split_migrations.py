"""split-migrations: a process that migrates before it serves."""

import pytest

from bot.engine.plan import Allowed, weaknesses
from codemods import Shelf
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, only, tree

NAME = "split-migrations"
SERVER = "uvicorn main:app --host 0.0.0.0 --port 8080"
UP = "alembic upgrade head"
HEAD = DOCKERFILE.partition("CMD")[0]
BASE = HEALTHY | {
    "requirements.txt": "fastapi\nuvicorn\nalembic\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": "from alembic import context\n",
}
RELEASE = FLY + '\n[deploy]\n  release_command = "alembic upgrade head"\n'
GROUP = FLY.replace("[http_service]\n", '[processes]\n  web = "{}"\n\n[http_service]\n  processes = ["web"]\n')
SCRIPT = "#!/bin/sh\nset -e\n\n# Run migrations\necho 'Migrating...'\n{}exec {}\n"
RENDER = """\
services:
  - type: web
    name: demo
    runtime: python
    plan: {}
    buildCommand: pip install -r requirements.txt{}
    startCommand: {}uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: PYTHON_VERSION
        value: 3.12.8
"""


def cmd(line: str, **files: str) -> dict[str, str]:
    return BASE | {"Dockerfile": HEAD + line + "\n"} | files


def test_a_cmd_in_either_form():
    check_transformed(NAME, cmd(f"CMD {UP} && {SERVER}"), {"fly.toml": RELEASE, "Dockerfile": HEAD + f"CMD {SERVER}\n"})
    check_transformed(
        NAME,
        cmd(f'CMD ["sh", "-c", "{UP} && exec {SERVER}"]'),
        {"fly.toml": RELEASE, "Dockerfile": HEAD + f'CMD ["sh", "-c", "exec {SERVER}"]\n'},
    )


def test_a_process_group():
    before = BASE | {"fly.toml": GROUP.format(f"sh -c '{UP} && {SERVER}'")}
    after = GROUP.format(f"sh -c '{SERVER}'") + '\n[deploy]\n  release_command = "alembic upgrade head"\n'
    check_transformed(NAME, before, {"fly.toml": after})


def test_a_script_loses_what_announces_it():
    before = cmd('CMD ["sh", "start.sh"]', **{"start.sh": SCRIPT.format(f"{UP}\n", SERVER)})
    after = "#!/bin/sh\nset -e\n\n# Run migrations\n" + f"exec {SERVER}\n"
    check_transformed(NAME, before, {"fly.toml": RELEASE, "start.sh": after})


def test_another_folder():
    files = {"api/" + path: source for path, source in BASE.items() if path.startswith(("alembic", "migrations"))}
    before = {path: source for path, source in BASE.items() if not path.startswith(("alembic", "migrations"))} | files
    before["Dockerfile"] = HEAD + f"CMD cd api && {UP} && cd .. && {SERVER}\n"
    release = RELEASE.replace('"alembic upgrade head"', '"sh -c \\"cd api && exec alembic upgrade head\\""')
    check_transformed(NAME, before, {"fly.toml": release, "Dockerfile": HEAD + f"CMD cd api && cd .. && {SERVER}\n"})


def test_django_and_flask():
    manage = {"manage.py": "import sys\n", "requirements.txt": "fastapi\nuvicorn\n"}
    line = "python manage.py migrate --noinput"
    after = {"fly.toml": RELEASE.replace(UP, line), "Dockerfile": HEAD + f"CMD {SERVER}\n"}
    check_transformed(NAME, cmd(f"CMD {line} && {SERVER}", **manage), after)


def test_render_on_a_paid_instance():
    files = {path: source for path, source in BASE.items() if path not in ("fly.toml", "Dockerfile")}
    before = files | {"render.yaml": RENDER.format("starter", "", f"{UP} && ")}
    check_transformed(NAME, before, {"render.yaml": RENDER.format("starter", f"\n    preDeployCommand: {UP}", "")})
    check_noop(NAME, files | {"render.yaml": RENDER.format("free", "", f"{UP} && ")})


@pytest.mark.parametrize(
    "files",
    [
        cmd(f"CMD {SERVER}"),
        cmd(f"CMD {UP} && {SERVER}", **{"fly.toml": RELEASE}),
        cmd(f"CMD {UP} && {SERVER}", **{"db.py": "URL = 'sqlite:////data/app.db'\n"}),
        cmd(f"CMD {UP} && {SERVER}", **{"fly.toml": FLY + '\n[env]\n  DATABASE_URL = "sqlite:///app.db"\n'}),
        cmd(f"CMD {UP} && {SERVER}", **{"alembic.ini": BASE["alembic.ini"] + "sqlalchemy.url = sqlite:///a.db\n"}),
        cmd(f"CMD {UP}; python worker.py", **{"worker.py": ""}),
        cmd(f"CMD alembic history && {SERVER}"),
    ],
)
def test_where_nothing_is_moved_nothing_is_said(files):
    found = weaknesses([only(files)], tree(files), Shelf(), Allowed())[0].weaknesses
    assert "migrations-at-start" not in [each.code for each in found]
    check_noop(NAME, files)


def test_a_file_is_no_matter_where_the_platform_gives_the_database():
    files = cmd(
        f"CMD {UP} && {SERVER}", **{"db.py": "URL = 'sqlite:///dev.db'\n", "README.md": "fly postgres attach demo-db\n"}
    )
    check_transformed(NAME, files, {"fly.toml": RELEASE, "Dockerfile": HEAD + f"CMD {SERVER}\n"})


@pytest.mark.parametrize(
    "line", [f"{UP} || true; {SERVER}", f"{UP} & {SERVER}", f'if [ -n "$UP" ]; then\n  {UP}\nfi\n{SERVER}']
)
def test_migrations_that_may_fail_or_may_not_run_stay(line):
    check_noop(NAME, cmd('CMD ["sh", "start.sh"]', **{"start.sh": f"#!/bin/sh\n{line}\n"}))


def test_an_image_that_something_else_starts_is_changed_on_request():
    compose = "services:\n  web:\n    build: .\n"
    files = cmd(f"CMD {UP} && {SERVER}", **{"docker-compose.yml": compose})
    check_noop(NAME, files, unsafe=False)
    check_transformed(NAME, files, {"fly.toml": RELEASE, "Dockerfile": HEAD + f"CMD {SERVER}\n"}, unsafe=True)
