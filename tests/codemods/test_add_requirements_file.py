import pytest

from tests.codemods import check_noop, reasons
from tests.tools import HEALTHY, MAIN, planned, result

NAME = "add-requirements-file"
FLASK = "import pandas\nfrom flask import Flask\n\napp = Flask(__name__)\n"
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: {}
    startCommand: {}
"""


def native(build: str = '""', start: str = "gunicorn app:app", **more: str) -> dict[str, str]:
    return {"app.py": FLASK, "render.yaml": BLUEPRINT.format(build, start), **more}


def bare(**more: str) -> dict[str, str]:
    return {path: text for path, text in HEALTHY.items() if path != "requirements.txt"} | more


@pytest.mark.parametrize(
    ("build", "start", "listed"),
    [
        ('""', "gunicorn app:app", "gunicorn\n"),
        ("pip install -r requirements.txt", "flask --app app run --host 0.0.0.0 --port $PORT", "flask\n"),
        ("pip install -r requirements.txt", "waitress-serve --port=$PORT app:app", "waitress\n"),
        ("pip install -r requirements.txt", "python app.py", ""),
    ],
)
def test_the_list_begins_with_the_servers(build: str, start: str, listed: str):
    made = planned(native(build, start), NAME, unsafe=True)
    assert result(made, native(build, start)) == {**native(build, start), "requirements.txt": listed}


def test_what_the_code_imports_is_added():
    made = planned(native(), unsafe=True)
    assert [step.codemod for step in made.steps] == [NAME, "add-missing-requirement", "add-missing-requirement"]
    assert sorted(made.tree.text("requirements.txt").split()) == ["flask", "gunicorn", "pandas"]
    assert made.after[0].reached == "ok"


def test_a_dockerfile_copies_it():
    made = planned(bare(), NAME, unsafe=True)
    assert result(made, bare()) == {**bare(), "requirements.txt": "uvicorn\n"}


def test_it_lies_where_the_build_looks_for_it():
    blueprint = BLUEPRINT.format("pip install -r requirements.txt", "gunicorn app:app") + "    rootDir: backend\n"
    files = {"backend/app.py": FLASK, "render.yaml": blueprint}
    assert result(planned(files, NAME, unsafe=True), files) == {**files, "backend/requirements.txt": "gunicorn\n"}


def test_versions_are_a_judgement_call():
    assert not planned(native(), NAME).tree.changes()


@pytest.mark.parametrize(
    "other",
    [
        "requirements-dev.txt",
        "requirements/base.txt",
        "pyproject.toml",
        "backend/requirements.txt",
        "Pipfile",
        "environment.yml",
    ],
)
def test_another_list_may_be_meant(other: str):
    assert f"{other} may be meant" in reasons(NAME, native(**{other: ""}))


def test_without_python_beside_it_nothing_is_written():
    files = {
        "src/app.py": FLASK,
        "docs/index.md": "",
        "render.yaml": BLUEPRINT.format("pip install -r docs/requirements.txt", "gunicorn app:app"),
    }
    assert "no Python lies beside it" in reasons(NAME, files)


@pytest.mark.parametrize(
    "files", [HEALTHY, native(**{"requirements.txt": ""}), {**HEALTHY, "main.py": MAIN + "import nothing\n"}]
)
def test_a_list_that_is_there_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)
