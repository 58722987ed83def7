from tests.codemods import check_noop, reasons
from tests.tools import DOCKERFILE, HEALTHY, check_transformed

PROJECT = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n'
HATCHLING = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n' + PROJECT
POETRY = HATCHLING.replace('"hatchling"', '"poetry-core"').replace("hatchling.build", "poetry.core.masonry.api")
INSTALLING = DOCKERFILE.replace(
    "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .", "COPY . .\nRUN pip install ."
)
FILES = {
    **{path: text for path, text in HEALTHY.items() if path != "requirements.txt"},
    "Dockerfile": INSTALLING,
    "app/__init__.py": "",
    "main.py": "from fastapi import FastAPI\nimport app\n\napp = FastAPI()\n",
    "core/db.py": "",
    "static/a.css": "",
    "data/seed.py": "",
    "tests/test_a.py": "import app\n",
    "core_backup/db.py": "",
}
FIND = '\n[tool.setuptools.packages.find]\ninclude = ["app*", "core*"]\nexclude = ["core_backup*"]\n'


def test_setuptools_is_told_which_folders_are_packages():
    files = {**FILES, "pyproject.toml": PROJECT}
    check_transformed("name-packages", files, {"pyproject.toml": PROJECT + FIND}, unsafe=True)


def test_without_modules_beside_the_packages_it_is_safe():
    files = {
        **FILES,
        "pyproject.toml": PROJECT,
        "app/main.py": FILES["main.py"],
        "Dockerfile": INSTALLING.replace("main:", "app.main:"),
    }
    del files["main.py"]
    check_transformed("name-packages", files, {"pyproject.toml": PROJECT + FIND})


def test_a_folder_that_the_code_imports_is_one():
    files = {**FILES, "pyproject.toml": PROJECT, "core/db.py": "from data import seed\n"}
    wanted = FIND.replace('"core*"]\nex', '"core*", "data*"]\nex')
    check_transformed("name-packages", files, {"pyproject.toml": PROJECT + wanted}, unsafe=True)


def test_hatchling_and_poetry():
    wheel = '\n[tool.hatch.build.targets.wheel]\npackages = ["app", "core"]\n'
    check_transformed(
        "name-packages", {**FILES, "pyproject.toml": HATCHLING}, {"pyproject.toml": HATCHLING + wheel}, unsafe=True
    )
    listed = '\n[tool.poetry]\npackages = [{ include = "app" }, { include = "core" }]\n'
    check_transformed("name-packages", {**FILES, "pyproject.toml": POETRY}, {"pyproject.toml": POETRY + listed}, unsafe=True)


def test_a_project_that_says_something_is_left_alone():
    files = {**FILES, "pyproject.toml": f"{PROJECT}\n[tool.setuptools]\nzip-safe = false\n"}
    assert reasons("name-packages", files) == {"pyproject.toml says something of its packages already"}


def test_a_project_without_a_doubt_is_left_alone():
    files = {path: text for path, text in FILES.items() if not path.startswith(("core", "static", "data"))}
    check_noop("name-packages", {**files, "pyproject.toml": PROJECT})
