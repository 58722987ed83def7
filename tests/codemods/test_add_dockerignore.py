import pytest

from bot.engine.plan import Allowed, plan
from bot.engine.simulate import Options
from codemods import Shelf
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned, result, text, tree

NAME = "add-dockerignore"
BARE = {path: content for path, content in HEALTHY.items() if path != ".dockerignore"}
SMALLEST = text("""
    # history, settings of one machine, secrets
    .git
    .env
    .env.*

    # what Python and its tools leave behind
    **/__pycache__
    **/*.py[cod]
    .venv
    venv
""")


def written(files: dict[str, str], hidden: tuple[str, ...] = (), unsafe: bool = False) -> str:
    """Return the ignore file that comes out of files some of which only lie on the disk."""
    made = plan(tree(files, hidden=hidden), Shelf(), Options(), Allowed(unsafe, (NAME,)))
    return next((change.after.decode() for change in made.tree.changes() if change.path == ".dockerignore"), "")


def test_a_small_app():
    check_transformed(NAME, BARE, {".dockerignore": SMALLEST})


def test_it_lies_in_the_folder_that_is_the_context():
    files = {f"backend/{path}": content for path, content in BARE.items()}
    check_transformed(NAME, files, {"backend/.dockerignore": SMALLEST})


def test_what_lies_there_is_listed_in_its_group():
    files = {
        **BARE,
        "tests/test_main.py": "",
        ".github/workflows/test.yml": "on: push\n",
        "package.json": "{}",
        "notes.bak": "",
    }
    after = SMALLEST.replace(".env.*\n", ".env.*\n.github\n") + text("""
        **/*.bak

        # installed for another system
        node_modules

        # not needed at run time
        tests
    """)
    check_transformed(NAME, files, {".dockerignore": after})


def test_what_git_ignores_and_the_disk_has():
    files = {**BARE, "env/pyvenv.cfg": "", ".pytest_cache/README.md": "", "node_modules/a/index.js": ""}
    found = written(files, hidden=("env", ".pytest_cache", "node_modules"))
    assert found == SMALLEST.replace("venv\n", "venv\nenv\n.pytest_cache\n", 2).replace(
        ".venv\nenv\n.pytest_cache\n", ".venv\n"
    ) + ("\n# installed for another system\nnode_modules\n")


@pytest.mark.parametrize(
    "more",
    [
        {"pyproject.toml": '[build-system]\nrequires = ["setuptools-scm"]\n'},
        {"main.py": BARE["main.py"] + "import git  # GitPython\n"},
        {"Dockerfile": DOCKERFILE + "RUN git describe > version\n"},
    ],
)
def test_the_history_stays_where_something_reads_it(more: dict[str, str]):
    assert ".git\n" not in written({**BARE, **more})
    assert ".env\n" in written({**BARE, **more})


@pytest.mark.parametrize(
    "more",
    [
        {"Dockerfile": DOCKERFILE.replace("CMD", "RUN pytest tests\nCMD")},
        {"Dockerfile.ci": "FROM python:3.11\nCOPY tests /tests\n"},
        {"check.py": "from tests.tools import check\n"},
        {"run.sh": "python -m tests\n"},
    ],
)
def test_tests_stay_where_something_asks_for_them(more: dict[str, str]):
    assert "\ntests\n" not in written({**BARE, "tests/__init__.py": "", "tests/tools.py": "check = 1\n", **more})


def test_settings_that_a_dockerfile_copies_stay():
    files = {**BARE, ".env.production": "A=1\n", "Dockerfile": DOCKERFILE.replace("CMD", "COPY .env.production .env\nCMD")}
    assert ".env" not in written(files)


def test_settings_of_an_environment_that_git_keeps_stay():
    found = written({**BARE, ".env.production": "A=1\n", ".env.example": "A=\n"})
    assert ".env\n" in found
    assert ".env.*" not in found


def test_a_package_that_is_called_like_an_environment_stays():
    found = written({**BARE, "venv/__init__.py": "", "env/__init__.py": ""})
    assert "\nvenv\n" not in found
    assert "\nenv\n" not in found


def test_settings_that_the_app_reads_take_a_judgement():
    files = {**BARE, ".env": "KEY=1\n", "main.py": "from dotenv import load_dotenv\n" + BARE["main.py"]}
    files["requirements.txt"] += "python-dotenv\n"
    assert written(files) == ""
    assert written(files, unsafe=True) == SMALLEST
    made = planned(files, NAME, unsafe=True)
    assert made.steps[0].manual == ("Set the variables of .env on the platform: the image does not have them any more.",)


def test_an_ignore_file_that_lets_settings_through():
    files = {**BARE, ".dockerignore": "*.md\n.git", ".env": "KEY=1\n"}
    check_transformed(NAME, files, {".dockerignore": "*.md\n.git\n.env\n"})


def test_an_ignore_file_beside_the_dockerfile_gets_the_lines():
    files = {**BARE, "Dockerfile.dockerignore": "*.md\n", ".env": "KEY=1\n"}
    check_transformed(NAME, files, {"Dockerfile.dockerignore": "*.md\n.env\n"})


@pytest.mark.parametrize(
    "more",
    [
        {".dockerignore": ""},
        {".dockerignore": "**/.env\nnode_modules\n"},
        {".dockerignore": "*\n!main.py\n!requirements.txt\n", ".env": "KEY=1\n"},
        {"Dockerfile": DOCKERFILE.replace("COPY . .", "COPY main.py ./")},
        {"Dockerfile.dockerignore": "*.md\n"},
    ],
)
def test_nothing_is_written_where_nothing_leaks(more: dict[str, str]):
    check_noop(NAME, {**BARE, **more})


def test_a_deploy_without_a_dockerfile_needs_none():
    check_noop(NAME, {"fly.toml": FLY.replace('dockerfile = "Dockerfile"', 'image = "nginx"'), "main.py": ""})


def test_it_is_only_written_where_it_is_asked_for():
    assert result(planned(BARE, unsafe=True), BARE) == BARE


def test_one_that_git_ignores_is_not_replaced():
    made = plan(tree({**BARE, ".dockerignore": "x\n"}, hidden=(".dockerignore",)), Shelf(), Options(), Allowed(True, (NAME,)))
    assert not made.tree.changes()
    assert "a .dockerignore is there, and is not used" in {dropped.reason for dropped in made.dropped}


def test_nothing_that_the_deploy_finds_is_missed_after():
    files = {**BARE, "main.py": BARE["main.py"] + "open('tests/data.json')\n", "tests/data.json": "{}"}
    check_transformed(NAME, files, {".dockerignore": SMALLEST})
