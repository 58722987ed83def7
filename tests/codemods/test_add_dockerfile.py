import dockerfile as docker
import pytest

from bot.engine.plan import Allowed, plan
from bot.engine.simulate import Options
from codemods import Shelf, _dockerfiles
from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, planned, result, tree

NAME = "add-dockerfile"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
WRITTEN = """\
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY . .

RUN useradd --create-home app && chown -R app /app
USER app

EXPOSE 8080
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""
BARE: dict[str, str] = {path: content for path, content in HEALTHY.items() if path != "Dockerfile"}
RENDER = "services:\n  - type: web\n    name: demo\n    runtime: docker\n"


def check(files: dict[str, str], wanted: str, path: str = "Dockerfile", certain: bool = True) -> None:
    """Assert that one file is written, on demand alone, that the deploy gets through with it, and that it then stays.

    The file is new: whatever endings the others have, its own are those of Linux.
    """
    cautious = planned(files, NAME)
    assert not cautious.tree.changes()
    assert [dropped.suggestion for dropped in cautious.dropped if dropped.suggestion] == [True] * certain
    for ending in ("\n", "\r\n"):
        before = {name: content.replace("\n", ending) for name, content in files.items()}
        made = planned(before, NAME, unsafe=True)
        assert [(step.codemod, step.safety) for step in made.steps] == [(NAME, "unsafe")]
        assert result(made, before) == {**before, path: wanted}
        assert not [fault for report in made.after for fault in report.faults]
    assert docker.parse_string(wanted)
    assert not planned({**files, path: wanted}, NAME, unsafe=True).tree.changes()


def test_an_app_of_fastapi_is_served_by_uvicorn():
    check(BARE, WRITTEN)


def test_where_the_config_names_no_dockerfile_it_lies_where_the_deploy_starts():
    check({**BARE, "fly.toml": FLY.replace('[build]\n  dockerfile = "Dockerfile"\n\n', "")}, WRITTEN)


@pytest.mark.parametrize(
    ("requirements", "command"),
    [
        ("flask\n", '["flask", "--app", "main:app", "run", "--host", "0.0.0.0", "--port", "8080"]'),
        ("flask\nGunicorn\n", '["gunicorn", "--bind", "0.0.0.0:8080", "main:app"]'),
    ],
)
def test_an_app_of_flask_is_served_by_what_is_installed(requirements: str, command: str):
    wanted = WRITTEN[: WRITTEN.index("CMD")] + f"CMD {command}\n"
    check({**BARE, "main.py": FLASK, "requirements.txt": requirements}, wanted)


def test_django_is_served_by_its_wsgi():
    code = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
    files = {path: content for path, content in BARE.items() if path != "main.py"} | {
        "requirements.txt": "django\ngunicorn\n",
        "site1/__init__.py": "",
        "site1/wsgi.py": code,
        "site1/asgi.py": code.replace("wsgi", "asgi"),
    }
    check(files, WRITTEN[: WRITTEN.index("CMD")] + 'CMD ["gunicorn", "--bind", "0.0.0.0:8080", "site1.wsgi:application"]\n')


def test_the_port_of_the_service_is_served():
    check({**BARE, "fly.toml": FLY.replace("8080", "9000")}, WRITTEN.replace("8080", "9000"))


def test_a_port_below_1024_is_for_root():
    wanted = WRITTEN.replace("RUN useradd --create-home app && chown -R app /app\nUSER app\n\n", "").replace("8080", "80")
    check({**BARE, "fly.toml": FLY.replace("8080", "80")}, wanted)


def test_a_command_of_the_config_stays_the_command():
    command = "uvicorn main:app --host 0.0.0.0 --port 8080"
    group = FLY.replace("[http_service]", f'[processes]\n  web = "{command}"\n\n[http_service]')
    files = {**BARE, "fly.toml": group + '  processes = ["web"]\n'}
    check(files, WRITTEN[: WRITTEN.index("\nEXPOSE")])


@pytest.mark.parametrize(
    ("path", "content", "minor"),
    [
        (".python-version", "3.12.4\n", 12),
        ("runtime.txt", "python-3.10.13\n", 10),
        ("pyproject.toml", '[project]\nname = "a"\nrequires-python = ">=3.9"\n', 11),
        ("pyproject.toml", '[project]\nname = "a"\nrequires-python = ">=3.12,<4"\n', 12),
        ("pyproject.toml", '[project]\nname = "a"\nrequires-python = "<3.11,>=3.9"\n', 10),
        ("pyproject.toml", '[project]\nname = "a"\nrequires-python = "==3.10.*"\n', 10),
        ("pyproject.toml", "not toml at all\n", 11),
    ],
)
def test_the_python_that_the_repository_names_is_taken(path: str, content: str, minor: int):
    check({**BARE, path: content}, WRITTEN.replace("3.11", f"3.{minor}"))


def test_a_project_is_installed_itself():
    project = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n'
    files = {path: content for path, content in BARE.items() if path != "requirements.txt"} | {"pyproject.toml": project}
    copied = "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n\nCOPY . .\n"
    check(files, WRITTEN.replace(copied, "COPY . .\nRUN pip install --no-cache-dir .\n"))


def test_the_folder_in_which_the_dockerfile_should_lie_is_copied():
    files = {
        "fly.toml": FLY.replace('"Dockerfile"', '"backend/Dockerfile"'),
        "backend/main.py": MAIN,
        "backend/requirements.txt": "fastapi\nuvicorn\n",
    }
    wanted = WRITTEN.replace("COPY requ", "COPY backend/requ").replace("COPY . .", "COPY backend .")
    check(files, wanted, "backend/Dockerfile")


def test_render_gets_the_port_that_it_looks_at():
    files = {path: content for path, content in BARE.items() if path != "fly.toml"} | {"render.yaml": RENDER}
    check(files, WRITTEN.replace("8080", "10000"), certain=False)


def test_tests_and_examples_are_no_apps():
    check({**BARE, "tests/main.py": MAIN, "examples/app.py": FLASK, "conftest.py": MAIN}, WRITTEN)


@pytest.mark.parametrize("other", [{"app.py": MAIN}, {"main.py": "print('hello')\n"}, {"main.py": "app = (\n"}])
def test_what_should_be_started_is_not_guessed(other: dict[str, str]):
    assert reasons(NAME, {**BARE, **other}) == {"what should be started is not clear"}


def test_one_that_another_config_builds_where_more_lies_is_not_meant():
    files = {f"api/{path}": content for path, content in BARE.items()}
    above = DOCKERFILE.replace("COPY req", "COPY api/req").replace("COPY . .", "COPY api/ .")
    files |= {"fly.toml": BARE["fly.toml"], "Dockerfile": above}
    made = planned(files, NAME, unsafe=True)
    assert [change.path for change in made.tree.changes()] == ["api/Dockerfile"]


def test_without_requirements_nothing_is_written():
    files = {path: content for path, content in BARE.items() if path != "requirements.txt"}
    assert reasons(NAME, files) == {"no requirements lie where the deploy is started"}


@pytest.mark.parametrize("content", [DOCKERFILE, "", "FROM scratch\n", DOCKERFILE.replace("main:app", "other:app")])
def test_a_dockerfile_that_is_there_is_never_replaced(content: str):
    check_noop(NAME, {**HEALTHY, "Dockerfile": content})


def test_one_in_another_case_is_never_replaced():
    assert reasons(NAME, {**BARE, "dockerfile": DOCKERFILE}) == {"dockerfile is there, and a disk may not tell the two apart"}


def test_one_that_git_ignores_is_never_replaced():
    made = plan(tree(HEALTHY, hidden=("Dockerfile",)), Shelf(), Options(), Allowed(True, (NAME,)))
    assert not made.tree.changes()
    assert {dropped.reason for dropped in made.dropped} == {"git ignores Dockerfile"}


def test_one_that_lies_elsewhere_may_be_meant():
    assert reasons(NAME, {**BARE, "docker/Dockerfile": DOCKERFILE}) == {"docker/Dockerfile may be meant"}


def test_one_for_another_language_is_not_meant():
    check({**BARE, "web/Dockerfile": "FROM node:20\nCMD ['npm', 'start']\n"}, WRITTEN)


# --- package managers, and what is started


PROJECT = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n'
INSTALL = "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\n"
LOCKED = {path: content for path, content in BARE.items() if path != "requirements.txt"} | {"pyproject.toml": PROJECT}


def installed(lines: str, late: str = "") -> str:
    return WRITTEN.replace(INSTALL, lines).replace("COPY . .\n", f"COPY . .\n{late}")


def test_uv_installs_its_lock():
    lines = """\
COPY pyproject.toml uv.lock ./
RUN pip install --no-cache-dir uv && uv sync --frozen --no-dev
ENV PATH=/app/.venv/bin:$PATH
"""
    lock = 'version = 1\n\n[[package]]\nname = "demo"\nversion = "1"\nsource = { virtual = "." }\n'
    made = planned({**LOCKED, "uv.lock": lock}, NAME, unsafe=True)
    assert result(made, LOCKED)["Dockerfile"] == installed(lines)


def test_a_packaged_project_is_installed_when_its_code_is_there():
    project = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n' + PROJECT
    found = _dockerfiles.source(tree({"pyproject.toml": project, "uv.lock": ""}), "", "")
    assert found is not None
    assert (
        _dockerfiles.install(found)[1] == "RUN pip install --no-cache-dir uv && uv sync --frozen --no-dev --no-install-project"
    )
    assert "COPY . .\nRUN uv sync --frozen --no-dev\n" in _dockerfiles.text(12, found, None, 80)


def test_poetry_installs_its_lock():
    poetry = (
        '[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.12"\nfastapi = "*"\nuvicorn = "*"\n'
    )
    found = _dockerfiles.source(tree({"pyproject.toml": poetry, "poetry.lock": ""}), "", "")
    assert found is not None
    assert _dockerfiles.install(found) == [
        "ENV POETRY_VIRTUALENVS_CREATE=false",
        "COPY pyproject.toml poetry.lock ./",
        "RUN pip install --no-cache-dir poetry && poetry install --only main --no-interaction --no-root",
    ]
    assert _dockerfiles.python(tree({"pyproject.toml": poetry}), "") == 12
    assert _dockerfiles.asks(tree({"pyproject.toml": poetry}), found, "uvicorn")
    assert not _dockerfiles.asks(tree({"pyproject.toml": poetry}), found, "gunicorn")


def test_pipenv_installs_its_lock():
    pipfile = '[packages]\nflask = "*"\n\n[requires]\npython_version = "3.10"\n'
    files = {"Pipfile": pipfile, "Pipfile.lock": "{}"}
    found = _dockerfiles.source(tree(files), "", "")
    assert found is not None
    assert _dockerfiles.install(found) == [
        "COPY Pipfile Pipfile.lock ./",
        "RUN pip install --no-cache-dir pipenv && pipenv install --system --deploy",
    ]
    assert _dockerfiles.python(tree(files), "") == 10


def test_the_procfile_says_what_is_started():
    wanted = (
        WRITTEN[: WRITTEN.index("EXPOSE")] + "ENV PORT=8080\nEXPOSE 8080\nCMD uvicorn main:app --host 0.0.0.0 --port $PORT\n"
    )
    check({**BARE, "Procfile": "release: true\nweb: uvicorn main:app --host 0.0.0.0 --port $PORT\n"}, wanted)


def test_a_script_of_streamlit():
    files = {**BARE, "requirements.txt": "streamlit\n", "main.py": "import streamlit as st\n\nst.title('x')\n"}
    command = (
        '["streamlit", "run", "main.py", "--server.port", "8080", "--server.address", "0.0.0.0", "--server.headless", "true"]'
    )
    check(files, WRITTEN[: WRITTEN.index("CMD")] + f"CMD {command}\n")


def test_the_dockerfile_of_another_app_is_not_meant():
    other = {"worker/fly.toml": FLY, "worker/Dockerfile": DOCKERFILE, "worker/requirements.txt": "fastapi\nuvicorn\n"}
    made = planned({**BARE, **other, "worker/main.py": MAIN}, NAME, unsafe=True)
    assert result(made, {})["Dockerfile"] == WRITTEN


# --- in place of a buildpack


BUILDER = FLY.replace('dockerfile = "Dockerfile"', "builder = 'heroku/builder:24'  # until now").replace(
    "[http_service]\n",
    '[processes]\n  web = "uvicorn main:app --host 0.0.0.0 --port 8080"\n\n[http_service]\n  processes = ["web"]\n',
)
MONOREPO = {
    "backend/fly.toml": BUILDER,
    "backend/main.py": f"from backend import db\n{MAIN}",
    "backend/db.py": "import shared.models\n",
    "backend/requirements.txt": "fastapi\nuvicorn\n",
    "shared/models.py": "import helpers\n",
    "helpers.py": "",
    "other/thing.py": "",
}
REPLACING = f"""\
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /app

{INSTALL.replace("COPY ", "COPY backend/")}
COPY helpers.py ./helpers.py
COPY shared ./shared
COPY backend ./backend

ENV PYTHONPATH=/app
WORKDIR /app/backend

RUN useradd --create-home app && chown -R app /app
USER app
"""


def test_a_dockerfile_takes_the_place_of_a_buildpack_that_sees_too_little():
    moved = BUILDER.replace("builder = 'heroku/builder:24'", "dockerfile = 'Dockerfile'")
    check_transformed(NAME, MONOREPO, {"Dockerfile": REPLACING, "fly.toml": moved, "backend/fly.toml": ""})


def test_a_dockerfile_in_the_root_is_not_replaced():
    assert "Dockerfile is there" in reasons(NAME, {**MONOREPO, "Dockerfile": "FROM node:20\n"})


def test_without_a_command_a_buildpack_is_left_alone():
    config = BUILDER.replace('[processes]\n  web = "uvicorn main:app --host 0.0.0.0 --port 8080"\n\n', "").replace(
        '  processes = ["web"]\n', ""
    )
    check_noop(NAME, {**MONOREPO, "backend/fly.toml": config})


def test_a_buildpack_that_sees_everything_is_left_alone():
    files = {path.replace("backend/fly", "fly"): content for path, content in MONOREPO.items()}
    check_noop(
        NAME, {**files, "fly.toml": BUILDER.replace("main:app", "backend.main:app"), "requirements.txt": "fastapi\nuvicorn\n"}
    )
