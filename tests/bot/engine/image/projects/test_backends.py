import pytest

from tests.bot.engine.image.projects.tools import SITE, imports, refusal


def project(backend: str, more: str, *paths: str) -> dict[str, str]:
    head = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n[project]\nname = "my-app"\nversion = "1"\n'
    return {**dict.fromkeys(paths, ""), "pyproject.toml": head + more}


HATCHLING, POETRY, FLIT = "hatchling.build", "poetry.core.masonry.api", "flit_core.buildapi"
WHEEL = "[tool.hatch.build.targets.wheel]\n"


@pytest.mark.parametrize("backend", [HATCHLING, POETRY, FLIT])
@pytest.mark.parametrize("folder", ["", "src/"])
def test_the_package_that_carries_the_name(backend, folder):
    files = project(backend, "", f"{folder}my_app/__init__.py", f"{folder}my_app/sub/x.py", f"{folder}other/__init__.py")
    names = ("my_app.sub.x", "other")
    assert imports(files, "-e .", *names) == [f"/app/{folder}my_app/sub/x.py", f"/app/{folder}other/__init__.py"]
    assert imports(files, ".", *names) == [f"{SITE}/my_app/sub/x.py", None]


@pytest.mark.parametrize("backend", [HATCHLING, POETRY])
def test_the_module_that_carries_the_name(backend):
    files = project(backend, "", "my_app.py", "other.py")
    assert imports(files, "-e .", "my_app", "other") == ["/app/my_app.py", "/app/other.py"]
    assert imports(files, ".", "my_app", "other") == [f"{SITE}/my_app.py", None]


def test_packages_that_hatchling_is_told():
    files = project(HATCHLING, f'{WHEEL}packages = ["backend/app", "lib"]\n', "backend/app/__init__.py", "lib/a.py")
    assert imports(files, "-e .", "app", "lib.a") == ["/app/backend/app/__init__.py", "/app/lib/a.py"]
    assert imports(files, ".", "app", "lib.a", "backend") == [f"{SITE}/app/__init__.py", f"{SITE}/lib/a.py", None]


def test_packages_that_poetry_is_told():
    more = '[tool.poetry]\npackages = [{include = "app", from = "backend"}, {include = "lib"}]\n'
    files = project(POETRY, more, "backend/app/__init__.py", "lib/a.py", "backend/z.py")
    assert imports(files, "-e .", "app", "lib.a", "z") == ["/app/backend/app/__init__.py", "/app/lib/a.py", "/app/backend/z.py"]
    assert imports(files, ".", "app", "lib.a", "z") == [f"{SITE}/app/__init__.py", f"{SITE}/lib/a.py", None]


def test_no_package_that_carries_the_name():
    assert refusal(project(HATCHLING, "", "app/__init__.py")).startswith("ValueError: Unable to determine which files to ship")
    words = "poetry.core.masonry.utils.module.ModuleOrPackageNotFoundError: No file/folder found for package my-app"
    assert refusal(project(POETRY, "", "app/__init__.py"), "-e .") == words


def test_a_poetry_project_that_is_no_package():
    words = "RuntimeError: Building a package is not possible in non-package mode."
    assert refusal(project(POETRY, "[tool.poetry]\npackage-mode = false\n", "app/__init__.py")) == words


def test_a_package_of_poetry_that_is_not_there():
    files = project(POETRY, '[tool.poetry]\npackages = [{include = "nope"}]\n', "app/__init__.py")
    assert refusal(files) == "ValueError: /app/nope does not contain any element"


@pytest.mark.parametrize(
    "files",
    [
        project(HATCHLING, f'{WHEEL}include = ["app"]\n', "app/__init__.py"),
        project(HATCHLING, f'{WHEEL}sources = ["src"]\n', "app/__init__.py"),
        project(POETRY, '[tool.poetry]\npackages = [{include = "app/*.py"}]\n', "app/a.py"),
        project(FLIT, "", "app/__init__.py"),
        project("pdm.backend", "", "app/__init__.py"),
        project("own", "", "app/__init__.py"),
    ],
)
def test_what_is_not_known_is_no_fault(files):
    assert imports(files, ".", "nothing") == [None]
