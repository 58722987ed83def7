import pytest

from bot.engine.boot.program import Module
from tests.bot.engine.boot.tools import boot, resolve

STARTS = "exec uvicorn main:app --host 0.0.0.0"
FILES = {"main.py": "import backend.db\napp = 1\n", "backend/__init__.py": ""}
MISSING = "ModuleNotFoundError: No module named 'backend.db'"


def verdict(text: str, files=FILES, **more) -> str:
    """Return what stops a start script, with a `?` where that is not certain."""
    return boot({**files, "start.sh": f"#!/bin/sh\nset -e\n{text}\n"}, ("./start.sh",), **more).verdict


def folder(text: str) -> str:
    [*_, program] = resolve({**FILES, "start.sh": f"#!/bin/sh\nset -e\n{text}\n"}, ("./start.sh",)).programs
    return program.folder


# --- what a script may set


@pytest.mark.parametrize(
    "line",
    [
        ". ./env.sh",
        'eval "$(cat env)"',
        "export $(grep -v ^# env | xargs)",
        'while read line; do export "$line"; done < env',
        "if [ -f env.sh ]; then . ./env.sh; fi",
    ],
)
def test_variables_that_are_not_known_may_change_where_python_looks(line):
    assert verdict(f"{line}\n{STARTS}") == f"? {MISSING}"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "python -m venv venv\n. venv/bin/activate",
        "export MODE=web",
        "export STARTED=$(date)",
        "export A=$(a) B=$(b)",
        "read answer",
    ],
)
def test_a_variable_that_is_named_changes_nothing_else(line):
    assert verdict(f"{line}\n{STARTS}") == MISSING


def test_an_exported_value_that_is_made_at_run_time_is_not_known():
    above = {"web/main.py": "import backend\napp = 1\n", "backend/__init__.py": ""}
    missing = "ModuleNotFoundError: No module named 'backend'"
    assert verdict(f"export WHERE=$(pwd)\ncd web\n{STARTS}", above) == missing
    assert verdict(f"export PYTHONPATH=$(pwd)\ncd web\n{STARTS}", above) == f"? {missing}"
    [program] = resolve({**FILES, "s.sh": "export PORT=$(cat port)\nuvicorn main:app --port $PORT\n"}, ("sh", "s.sh")).programs
    assert program.listen == ("127.0.0.1", None)


# --- what a script may make


@pytest.mark.parametrize(
    "line",
    [
        "git clone https://example.org/x.git x",
        "cp -r lib/backend .",
        "tar -xf code.tar",
        "pip install ./lib",
        "python -m pip install -e lib",
        "poetry install",
        "curl -o backend/db.py https://example.org",
        "echo 'x = 1' > backend/db.py",
        "if [ ! -d x ]; then git clone https://example.org/x.git x; fi",
    ],
)
def test_modules_that_a_script_may_bring_are_likely_missing(line):
    assert verdict(f"{line}\n{STARTS}") == f"? {MISSING}"


@pytest.mark.parametrize(
    "line", ["git rev-parse HEAD", "pip list", "curl -fsS https://example.org", "mkdir -p logs", "echo x > started"]
)
def test_a_command_that_brings_no_modules_leaves_them_missing(line):
    assert verdict(f"{line}\n{STARTS}") == MISSING


@pytest.mark.parametrize("line", ["mkdir -p /app/run/now", "[ -d run ] || mkdir -p run/now", "mkdir run && mkdir run/now"])
def test_a_folder_that_a_script_makes_is_there(line):
    assert folder(f"{line}\ncd /app/run/now\nuvicorn main:app") == "/app/run/now"
    assert "can't cd" not in verdict(f"{line}\ncd run/now\n{STARTS}")


def test_a_file_that_a_script_writes_is_there():
    assert verdict("cat > conf.py\nexec gunicorn -c conf.py main:app", {"main.py": "app = 1\n"}) == ""
    assert verdict("cat x\nexec gunicorn -c conf.py main:app", {"main.py": "app = 1\n"}) == "Error: 'conf.py' doesn't exist"


def test_a_folder_that_git_ignores_or_a_script_fetches_is_likely_missing():
    assert verdict("cd build", hidden=("build",)) == "? ./start.sh: 3: cd: can't cd to build"
    assert verdict("git clone https://example.org/x.git\ncd x") == "? ./start.sh: 4: cd: can't cd to x"
    assert verdict("cd build") == "./start.sh: 3: cd: can't cd to build"


def test_a_virtual_environment_of_its_own_is_no_doubt():
    [program] = resolve(FILES, ("sh", "-c", ". venv/bin/activate && uvicorn main:app")).programs
    assert (program.loose, isinstance(program.entry, Module)) == (None, True)
