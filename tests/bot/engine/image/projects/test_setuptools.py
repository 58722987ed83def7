import pytest

from tests.bot.engine.image.projects.tools import SITE, imports, installed, refusal, where

SYSTEM = '[build-system]\nrequires = ["setuptools>=64"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = f'{SYSTEM}[project]\nname = "demo"\nversion = "1"\n'


def files(*paths: str, **texts: str) -> dict[str, str]:
    named = {name.replace("_toml", ".toml").replace("_py", ".py").replace("_cfg", ".cfg"): text for name, text in texts.items()}
    return {**dict.fromkeys(paths, ""), **named}


def test_the_one_package_at_the_top_is_discovered():
    project = files("app/__init__.py", "app/sub/x.py", "tests/__init__.py", "main.py", pyproject_toml=PROJECT)
    assert imports(project, "-e .", "app.sub.x", "main", "tests") == ["/app/app/sub/x.py", None, None]
    assert imports(project, ".", "app.sub.x", "main", "tests") == [f"{SITE}/app/sub/x.py", None, None]


def test_a_folder_without_python_counts_as_a_package_too():
    project = files("api/__init__.py", "core/__init__.py", "static/a.css", pyproject_toml=PROJECT)
    assert refusal(project) == "error: Multiple top-level packages discovered in a flat-layout: ['…']."
    assert refusal(files("main.py", "db.py", pyproject_toml=PROJECT)) == (
        "error: Multiple top-level modules discovered in a flat-layout: ['…']."
    )


@pytest.mark.parametrize("aside", ["tests", "docs", "scripts", "utils", "_private", "build", "not-a-name", "with.dot"])
def test_what_is_no_package_at_the_top(aside):
    project = files("app/__init__.py", f"{aside}/__init__.py", "data.txt", pyproject_toml=PROJECT)
    assert imports(project, "-e .", "app") == ["/app/app/__init__.py"]


def test_a_single_module():
    project = files("main.py", "setup.py", "conftest.py", "manage.py", pyproject_toml=PROJECT)
    project["setup.py"] = "from setuptools import setup\nsetup()\n"
    assert imports(project, "-e .", "main", "manage") == ["/app/main.py", None]
    assert imports(project, ".", "main", "manage") == [f"{SITE}/main.py", None]


def test_everything_in_src_is_discovered():
    project = files("src/pkg/__init__.py", "src/pkg/sub/y.py", "src/mod.py", "other/__init__.py", pyproject_toml=PROJECT)
    assert imports(project, "-e .", "pkg.sub.y", "mod", "other") == ["/app/src/pkg/sub/y.py", "/app/src/mod.py", None]
    assert imports(project, ".", "pkg.sub.y", "mod", "other") == [f"{SITE}/pkg/sub/y.py", f"{SITE}/mod.py", None]


def test_src_is_no_package_even_with_an_init():
    project = files("src/__init__.py", "src/main.py", "src/api/x.py", pyproject_toml=PROJECT)
    assert imports(project, "-e .", "src", "main", "api.x") == [None, "/app/src/main.py", "/app/src/api/x.py"]


def test_packages_that_are_searched_for():
    find = f'{PROJECT}[tool.setuptools.packages.find]\ninclude = ["backend*"]\n'
    project = files("backend/__init__.py", "backend/plain/z.py", "frontend/app.py", pyproject_toml=find)
    assert imports(project, "-e .", "backend.plain.z", "frontend") == ["/app/backend/plain/z.py", None]
    assert imports(project, ".", "backend.plain.z", "frontend") == [f"{SITE}/backend/plain/z.py", None]


def test_packages_in_another_folder():
    find = f'{PROJECT}[tool.setuptools.packages.find]\nwhere = ["backend"]\nexclude = ["tests*"]\n'
    project = files("backend/app/__init__.py", "backend/tests/a.py", "backend/main.py", pyproject_toml=find)
    assert imports(project, "-e .", "app", "main", "backend") == ["/app/backend/app/__init__.py", "/app/backend/main.py", None]
    assert imports(project, ".", "app", "main", "tests") == [f"{SITE}/app/__init__.py", None, None]


def test_packages_in_several_folders():
    find = f'{PROJECT}[tool.setuptools.packages.find]\nwhere = ["a", "b"]\n'
    project = files("a/p/__init__.py", "b/q/__init__.py", "a/loose.py", pyproject_toml=find)
    assert imports(project, "-e .", "p", "q", "loose") == ["/app/a/p/__init__.py", "/app/b/q/__init__.py", None]


@pytest.mark.parametrize("packages", ['packages = ["backend", "backend.api"]\n', ""])
@pytest.mark.parametrize("initial", [True, False])
def test_a_folder_that_is_mapped_to_a_name(packages, initial):
    mapped = f'{PROJECT}[tool.setuptools]\n{packages}package-dir = {{ backend = "." }}\n'
    project = files("api/service.py", "settings.py", *(["__init__.py"] if initial else []), pyproject_toml=mapped)
    names = ("backend", "backend.api.service", "backend.settings", "api")
    root = "/app/__init__.py" if initial else "/app"
    assert imports(project, "-e .", *names) == [root, "/app/api/service.py", "/app/settings.py", None]
    copied = f"{SITE}/backend/__init__.py" if initial else f"{SITE}/backend"
    assert imports(project, ".", *names) == [copied, f"{SITE}/backend/api/service.py", f"{SITE}/backend/settings.py", None]


def test_a_copy_holds_the_listed_packages_alone():
    mapped = f'{PROJECT}[tool.setuptools]\npackages = ["backend"]\npackage-dir = {{ backend = "." }}\n'
    project = files("__init__.py", "api/service.py", "settings.py", pyproject_toml=mapped)
    assert imports(project, "-e .", "backend.api.service") == ["/app/api/service.py"]
    assert imports(project, ".", "backend.api.service", "backend.settings") == [None, f"{SITE}/backend/settings.py"]


def test_all_of_a_folder_that_packages_count_from():
    mapped = f'{PROJECT}[tool.setuptools]\npackages = ["app"]\npackage-dir = {{ "" = "." }}\n'
    project = files("app/__init__.py", "x/__init__.py", pyproject_toml=mapped)
    assert imports(project, "-e .", "app", "x") == ["/app/app/__init__.py", "/app/x/__init__.py"]


def test_a_listed_package_that_is_not_there():
    listed = f'{PROJECT}[tool.setuptools]\npackages = ["nope"]\n'
    assert refusal(files("main.py", pyproject_toml=listed)) == "error: package directory 'nope' does not exist"


def test_modules_that_are_listed():
    listed = f'{PROJECT}[tool.setuptools]\npy-modules = ["main"]\n'
    project = files("main.py", "db.py", pyproject_toml=listed)
    assert imports(project, "-e .", "main", "db") == ["/app/main.py", None]


def test_a_project_that_is_installed_before_its_code_is_there_gives_nothing():
    dockerfile = "WORKDIR /app\nCOPY pyproject.toml .\nRUN pip install -e .\nCOPY . .\nWORKDIR /elsewhere\n"
    from tests.bot.engine.image.building import image

    built = image(dockerfile, files=files("app/__init__.py", pyproject_toml=PROJECT))
    assert (built.faults, where(built, "app")) == ((), None)


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("packages=find_packages()", {"api": "api/__init__.py", "plain": None, "config": None}),
        ("packages=setuptools.find_namespace_packages(exclude=['core*'])", {"api": "api/__init__.py", "plain": "plain"}),
        ("packages=['api', *['core']]", {"api": "api/__init__.py", "core": "core/__init__.py", "plain": None}),
        (
            "package_dir={'backend': '.'}, packages=['backend'] + [f'backend.{p}' for p in find_packages()]",
            {"backend": "__init__.py", "backend.api": "api/__init__.py", "backend.config": "config.py", "api": None},
        ),
        ("package_dir=WHERE, packages=find_packages(where='lib')", {"inner": "lib/inner/__init__.py", "api": None}),
        ("py_modules=['config']", {"config": "config.py", "api": None}),
    ],
)
def test_what_a_setup_script_says(script, names):
    head = "import setuptools\nfrom setuptools import find_packages, setup\nWHERE = {'': 'lib'}\n"
    project = files(
        "__init__.py", "api/__init__.py", "core/__init__.py", "plain/x.py", "config.py", "lib/inner/__init__.py",
        setup_py=f"{head}setup(name='demo', {script})\n",
    )  # fmt: skip
    built = installed(project, "-e .")
    assert not built.faults
    assert {name: where(built, name) for name in names} == {
        name: None if path is None else f"/app/{path}" for name, path in names.items()
    }


@pytest.mark.parametrize(
    "script",
    [
        "setup(packages=PACKAGES)",
        "setup(packages=[p for p in find_packages() if p != 'x'])",
        "setup(packages=find_packages(), cmdclass={})",
        "setup(**options)",
        "setup(\n",
        "print('no call')",
    ],
)
def test_a_setup_script_that_can_not_be_told_leaves_a_doubt(script):
    built = installed(files("app/__init__.py", setup_py=script), "-e .")
    assert [(install.projects, install.given) for install in built.installs if install.place.line > 3] == [(("/app",), ())]


def test_what_setup_cfg_says():
    config = "[options]\npackages = find:\npackage_dir =\n    = lib\n[options.packages.find]\nwhere = lib\n"
    project = files(
        "lib/inner/__init__.py", "lib/loose.py", setup_cfg=config, setup_py="from setuptools import setup\nsetup()\n"
    )
    assert imports(project, "-e .", "inner", "loose") == ["/app/lib/inner/__init__.py", "/app/lib/loose.py"]
    assert imports(project, ".", "inner", "loose") == [f"{SITE}/inner/__init__.py", None]
