"""Alembic's environment as a migration runs it. The words are those of alembic 1.13, 1.15, 1.16 and 1.20, tried."""

import pytest

from tests.bot.engine.boot.tools import boot, resolve
from tests.tools import text

UP = ("alembic", "upgrade", "head")
INI = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"
ENV = text(
    """
    from alembic import context
    from app.models import Base

    target_metadata = Base.metadata


    def run_migrations_offline():
        import nothing_of_the_kind


    def run_migrations_online():
        import app.engine


    if context.is_offline_mode():
        run_migrations_offline()
    else:
        run_migrations_online()
    """
)
FILES = {
    "alembic.ini": INI,
    "migrations/env.py": ENV,
    "app/models.py": "class Base:\n    metadata = None\n",
    "app/engine.py": "",
}
NEW = "COPY . .\nRUN pip install alembic\n"
OLD = "COPY . .\nRUN pip install alembic==1.13.3\n"
NO_KEY = "FAILED: No 'script_location' key found in configuration."
NO_FILE = "FAILED: No config file 'alembic.ini' found, or file has no '[alembic]' section"
NO_FOLDER = "FAILED: Path doesn't exist: {}.  Please use the 'init' command to create a new scripts folder."
NO_ENV = "ImportError: Can't find Python file migrations/env.py"
PROJECT = '[tool.alembic]\nscript_location = "%(here)s/migrations"\nprepend_sys_path = ["."]\n'


def without(name: str, **more: str) -> dict[str, str]:
    return {path: source for path, source in FILES.items() if path != name} | more


def test_the_environment_is_run_against_a_database():
    booted = boot(FILES, UP, dockerfile=NEW)
    assert (booted.verdict, booted.unknowns) == ("", [])
    assert booted.program.listen is None


def test_what_the_environment_imports_is_followed():
    assert boot(without("app/models.py"), UP, dockerfile=NEW).verdict == "ModuleNotFoundError: No module named 'app.models'"
    assert boot(without("app/engine.py"), UP, dockerfile=NEW).verdict == "ModuleNotFoundError: No module named 'app.engine'"


def test_the_script_leaves_the_current_folder_out_and_python_m_does_not():
    bare = FILES | {"alembic.ini": INI.replace("prepend_sys_path = .\n", "")}
    assert boot(bare, UP, dockerfile=NEW).verdict == "ModuleNotFoundError: No module named 'app'"
    assert boot(bare, ("python", "-m", *UP), dockerfile=NEW).verdict == ""
    assert boot(bare, UP, {"PYTHONPATH": "/app"}, NEW).verdict == ""
    own = bare | {"migrations/env.py": "import os, sys\nsys.path.append(os.getcwd())\n" + ENV}
    assert boot(own, UP, dockerfile=NEW).verdict == ""


@pytest.mark.parametrize(
    "entries", ["%(here)s", "src, .", "src:.", "src .", ".\npath_separator = os", "src;.\npath_separator = ;"]
)
def test_entries_are_parted_as_alembic_does(entries):
    assert boot(FILES | {"alembic.ini": INI.replace("= .", f"= {entries}")}, UP, dockerfile=NEW).verdict == ""


@pytest.mark.parametrize(
    ("files", "argv", "new", "old"),
    [
        (without("alembic.ini"), UP, NO_KEY, NO_FILE),
        (without("alembic.ini"), ("alembic", "-c", "x.ini", *UP[1:]), NO_KEY, NO_FILE.replace("alembic.ini", "x.ini")),
        (FILES | {"alembic.ini": "[loggers]\n"}, UP, NO_KEY, NO_FILE),
        (
            {"alembic.ini": "[alembic]\nscript_location = gone\n"},
            UP,
            NO_FOLDER.format("gone"),
            NO_FOLDER.format("'/app/gone'"),
        ),
        (without("migrations/env.py", **{"migrations/x.mako": ""}), UP, NO_ENV, NO_ENV),
    ],
)
def test_what_alembic_says_where_something_is_missing(files, argv, new, old):
    assert boot(files, argv, dockerfile=NEW).verdict == new
    assert boot(files, argv, dockerfile=OLD).verdict == old


@pytest.mark.parametrize(
    ("files", "argv"),
    [
        (without("alembic.ini", **{"conf/db.ini": INI}), ("alembic", "-c", "conf/db.ini", "upgrade", "head")),
        (without("alembic.ini", **{"pyproject.toml": PROJECT}), UP),
        (FILES | {"alembic.ini": INI.replace("migrations", "%(here)s/migrations/")}, UP),
        ({"a/" + path: source for path, source in FILES.items()}, ("sh", "-c", "cd a && alembic upgrade head")),
    ],
)
def test_a_config_that_is_found(files, argv):
    assert boot(files, argv, dockerfile=NEW).verdict == ""


def test_the_variable_names_the_config():
    files = without("alembic.ini", **{"db.ini": INI})
    assert boot(files, UP, {"ALEMBIC_CONFIG": "db.ini"}, NEW).verdict == ""


@pytest.mark.parametrize(
    ("files", "argv"),
    [
        ({}, ("alembic", "history")),
        ({}, ("alembic", "--name", "other", "upgrade", "head")),
        ({"alembic.ini": "[alembic]\nscript_location = app:migrations\n"}, UP),
        ({"alembic.ini": "[alembic\n"}, UP),
    ],
)
def test_what_is_not_followed_is_no_fault(files, argv):
    assert not resolve(files, argv, dockerfile=NEW).faults


def test_a_config_that_the_build_may_have_made_is_not_missed():
    assert not resolve(
        {}, UP, dockerfile="COPY . .\nRUN pip install alembic && curl https://x.dev/a | sh\nRUN make ini\n"
    ).faults
