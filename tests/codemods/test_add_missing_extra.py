import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed

NAME = "add-missing-extra"
RUN = DOCKERFILE.replace('"uvicorn", "main:app"', '"fastapi", "run"')
EMAIL = "from fastapi import FastAPI\nfrom pydantic import BaseModel, EmailStr\n\napp = FastAPI()\n\n\n"
EMAIL += "class A(BaseModel):\n    a: EmailStr\n"
ASYNC = "from fastapi import FastAPI\nimport sqlalchemy.ext.asyncio\n\napp = FastAPI()\n"


def listing(requirements: str, **more: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": RUN, **more, "requirements.txt": requirements}


def project(
    text: str,
    build: str = "pip install uv && uv pip install --system -r pyproject.toml",
    path: str = "pyproject.toml",
    **more: str,
) -> dict[str, str]:
    dockerfile = RUN.replace("COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .", f"COPY . .\nRUN {build}")
    files = {**HEALTHY, "Dockerfile": dockerfile, **more, path: text}
    return {name: text for name, text in files.items() if name != "requirements.txt"}


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("fastapi", "fastapi[standard]"),
        ("fastapi[all2]", "fastapi[all2,standard]"),
        ("FastAPI == 0.115.0 ; python_version > '3'  # web", "fastapi[standard] == 0.115.0 ; python_version > '3'  # web"),
    ],
)
def test_the_server_of_fastapi(written: str, after: str):
    files = listing(f"requests\n{written}\nuvicorn\n")
    check_transformed(NAME, files, {"requirements.txt": f"requests\n{after}\nuvicorn\n"}, unsafe=True)


def test_an_extra_that_the_message_names():
    files = listing("fastapi\npydantic>=2\nuvicorn\n", **{"Dockerfile": DOCKERFILE, "main.py": EMAIL})
    check_transformed(NAME, files, {"requirements.txt": "fastapi\npydantic[email]>=2\nuvicorn\n"})
    files = listing("fastapi\nuvicorn\nSQLAlchemy\n", **{"Dockerfile": DOCKERFILE, "main.py": ASYNC})
    check_transformed(NAME, files, {"requirements.txt": "fastapi\nuvicorn\nsqlalchemy[asyncio]\n"})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('dependencies = ["fastapi>=0.115"]', 'dependencies = ["fastapi[standard]>=0.115"]'),
        (
            "dependencies = [\n  'fastapi',  # web\n  'uvicorn',\n]",
            "dependencies = [\n  'fastapi[standard]',  # web\n  'uvicorn',\n]",
        ),
    ],
)
def test_a_project(before: str, after: str):
    text = '[project]\nname = "demo"\nversion = "1"\n{}\n'
    check_transformed(NAME, project(text.format(before)), {"pyproject.toml": text.format(after)}, unsafe=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('fastapi = "^0.115"', 'fastapi = {extras = ["standard"], version = "^0.115"}'),
        ('fastapi = { version = "^0.115" }', 'fastapi = {extras = ["standard"],  version = "^0.115" }'),
        ('fastapi = {extras = ["x"], version = "*"}', 'fastapi = {extras = ["x", "standard"], version = "*"}'),
    ],
)
def test_tables_of_poetry_and_pipenv(before: str, after: str):
    head = '[tool.poetry]\nname = "demo"\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.11"\n{}\n'
    files = project(head.format(before), "pip install poetry && POETRY_VIRTUALENVS_CREATE=false poetry install")
    check_transformed(NAME, files, {"pyproject.toml": head.format(after)}, unsafe=True)
    pipfile = "[packages]\n{}\n"
    files = project(pipfile.format(before), "pip install pipenv && pipenv install --skip-lock --system", "Pipfile")
    check_transformed(NAME, files, {"Pipfile": pipfile.format(after)}, unsafe=True)


def test_a_lock_has_to_follow():
    lock = (
        'version = 1\n\n[[package]]\nname = "demo"\nversion = "1"\nsource = { virtual = "." }\n'
        'dependencies = [\n    { name = "fastapi" },\n]\n\n[[package]]\nname = "fastapi"\nversion = "0.115.0"\n'
    )
    text = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["fastapi"]\n'
    files = project(text, "pip install uv && uv sync --frozen", **{"uv.lock": lock})
    assert reasons(NAME, files) == {"uv.lock has to follow pyproject.toml: `uv add 'fastapi[standard]'` does both"}


def test_what_is_not_asked_for_gets_no_extra():
    files = listing("uvicorn\nfastapi-users\n", **{"main.py": "app = 1\n"})
    assert not check_noop(NAME, files).tree.changes()


@pytest.mark.parametrize("requirements", ["fastapi[standard]\n", "fastapi\nuvicorn\nfastapi-cli\n"])
def test_an_extra_that_is_there_is_enough(requirements: str):
    assert not check_noop(NAME, listing(requirements)).dropped
