from tests.codemods import check_noop, reasons
from tests.tools import DOCKERFILE, FLY, check_transformed

EDITABLE = DOCKERFILE.replace("COPY . .", "COPY . .\nRUN pip install -e .")
MAIN = "from fastapi import FastAPI\n\nfrom {} import settings\n\napp = FastAPI()\n"
BACKEND = {
    "backend/fly.toml": FLY,
    "backend/Dockerfile": EDITABLE.replace("main:app", "backend.api.service:app"),
    "backend/requirements.txt": "# what it needs\nfastapi\nuvicorn>=0.30\n",
    "backend/api/service.py": MAIN.format("backend"),
    "backend/settings.py": "",
    "backend/tests/test_a.py": "import backend\n",
}
HEAD = """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "demo"
version = "0.1.0"
dynamic = ["dependencies"]
"""
TAIL = """
[tool.setuptools.dynamic]
dependencies = { file = ["requirements.txt"] }
"""
MAPPED = f'{HEAD}\n[tool.setuptools]\npackage-dir = {{ backend = "." }}\n{TAIL}'


def flat(**more: str) -> dict[str, str]:
    """Return a repository whose root is installed; its code lies in packages."""
    files = {
        "fly.toml": FLY,
        "Dockerfile": EDITABLE.replace("main:app", "app.main:app"),
        "requirements.txt": "fastapi\nuvicorn\n",
    }
    return {**files, "app/main.py": MAIN.format("core"), "core/settings.py": "", "tests/test_a.py": "", **more}


def test_a_folder_that_is_the_package_is_mapped_to_its_name():
    check_transformed("add-setup-py", BACKEND, {"backend/pyproject.toml": MAPPED})


def test_installed_as_a_copy_too():
    files = {**BACKEND, "backend/Dockerfile": BACKEND["backend/Dockerfile"].replace("-e .", ".")}
    check_transformed("add-setup-py", files, {"backend/pyproject.toml": MAPPED})


def test_packages_beside_each_other_are_named():
    find = '\n[tool.setuptools.packages.find]\ninclude = ["app*", "core*"]\n'
    check_transformed("add-setup-py", flat(), {"pyproject.toml": HEAD + find + TAIL})


def test_what_setuptools_finds_by_itself_is_named_all_the_same():
    files = {path: text for path, text in flat().items() if not path.startswith("core")}
    files["app/main.py"] = MAIN.format("app").replace("from app", "import app\n# from app")
    find = '\n[tool.setuptools.packages.find]\ninclude = ["app*"]\n'
    check_transformed("add-setup-py", files, {"pyproject.toml": HEAD + find + TAIL})


def test_requirements_that_setuptools_can_not_read_are_left_to_pip():
    files = flat(**{"requirements.txt": "-r base.txt\n", "base.txt": "fastapi\nuvicorn\n"})
    files["Dockerfile"] = files["Dockerfile"].replace("COPY requirements.txt", "COPY *.txt")
    find = '\n[tool.setuptools.packages.find]\ninclude = ["app*", "core*"]\n'
    check_transformed("add-setup-py", files, {"pyproject.toml": HEAD.replace('dynamic = ["dependencies"]\n', "") + find})


def test_a_repository_that_does_it_with_a_setup_script_gets_one():
    script = 'from setuptools import setup\n\nsetup(name="worker", version="1")\n'
    wanted = """\
from pathlib import Path

from setuptools import find_namespace_packages, setup

REQUIREMENTS = Path(__file__).with_name("requirements.txt").read_text(encoding="utf-8").splitlines()

setup(
    name="demo",
    version="0.1.0",
    package_dir={"backend": "."},
    packages=["backend", *(f"backend.{name}" for name in find_namespace_packages(exclude=["tests*"]))],
    install_requires=[line for line in REQUIREMENTS if line.strip() and not line.startswith("#")],
)
"""
    check_transformed("add-setup-py", {**BACKEND, "worker/setup.py": script}, {"backend/setup.py": wanted})


def test_metadata_that_the_image_only_lacks_is_not_written_again():
    files = flat(**{"pyproject.toml": HEAD + TAIL, ".dockerignore": "pyproject.toml\n"})
    assert reasons("add-setup-py", files) == {"the root has metadata, and the image does not"}


def test_a_folder_without_python_is_no_project():
    files = {"fly.toml": FLY, "Dockerfile": EDITABLE, "requirements.txt": "fastapi\nuvicorn\n"}
    assert "the root holds no Python" in reasons("add-setup-py", files)


def test_a_folder_that_is_copied_only_later_stays_a_fault():
    files = flat(Dockerfile=EDITABLE.replace("COPY . .\nRUN pip install -e .", "RUN pip install -e .\nCOPY . ."))
    check_noop("add-setup-py", files)
