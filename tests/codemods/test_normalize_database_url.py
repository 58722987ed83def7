import ast
import subprocess
import sys

import pytest

from bot.engine.simulate import Options
from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, MAIN, check_noop, check_transformed, planned, result, text

NAME = "normalize-database-url"
ASYNC = "fastapi\nuvicorn\nsqlalchemy[asyncio]\nasyncpg\npydantic-settings\n"
SETTINGS = text(
    """
    from pydantic_settings import BaseSettings


    class Settings(BaseSettings):
        app_name: str = "demo"
        database_url: str = "postgresql+asyncpg://localhost/demo"

        class Config:
            env_file = ".env"


    settings = Settings()
    """
)
DB = text(
    """
    from sqlalchemy.ext.asyncio import create_async_engine

    from config import settings

    engine = create_async_engine(settings.database_url, echo=True)
    """
)
FILES = {**HEALTHY, "main.py": "import db\n" + MAIN, "requirements.txt": ASYNC, "config.py": SETTINGS, "db.py": DB}
ENGINE = text(
    """
    import os

    from sqlalchemy.ext.asyncio import create_async_engine

    # the one engine
    engine = create_async_engine(
        os.environ["DATABASE_URL"],  # from the platform
        echo=True,
    )
    """
)
VALIDATOR = '''\
    @field_validator("database_url", mode="before")
    @classmethod
    def normalize_database_url(cls, url: object) -> object:
        """Turn the URL of PostgreSQL that the platform gives into that of asyncpg."""
        scheme, _, rest = str(url).partition("://")
        if scheme not in ("postgres", "postgresql", "postgres+asyncpg"):
            return url
        return "postgresql+asyncpg://" + rest.replace("sslmode=", "ssl=")

'''
FUNCTION = '''\
def _async_url(url: str) -> str:
    """Turn the URL of PostgreSQL that the platform gives into that of asyncpg."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgres", "postgresql", "postgres+asyncpg"):
        return url
    return "postgresql+asyncpg://" + rest.replace("sslmode=", "ssl=")


'''
VALID = "from pydantic import field_validator\n" + SETTINGS.replace("    class Config", VALIDATOR + "    class Config")
REQUIRED = {"config.py": SETTINGS.replace(' = "postgresql+asyncpg://localhost/demo"', "")}
SYNC = "import os\n\nfrom sqlalchemy import create_engine\n\nengine = create_engine(os.environ['DATABASE_URL'])\n"
ATTACHED = {**HEALTHY, "main.py": "import db\n" + MAIN, "README.md": "fly postgres attach demo-db\n"}
BLUEPRINT = text(
    """
    databases:
      - name: db
    services:
      - type: web
        name: demo
        runtime: python
        buildCommand: pip install -r requirements.txt
        startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
        envVars:
          - key: PYTHON_VERSION
            value: 3.12.8
          - key: DATABASE_URL
            fromDatabase:
              name: db
              property: connectionString
    """
)


def sync(scheme: str, old: str, called: str) -> str:
    """Return what becomes of `SYNC` for a driver."""
    body = [
        "def _engine_url(url: str) -> str:",
        f'    """Turn the URL of PostgreSQL that the platform gives into that of {called}."""',
        "    scheme, _, rest = url.partition('://')",
        f"    if scheme {old}:",
        "        return url",
        f"    return '{scheme}://' + rest",
    ]
    return SYNC.replace("engine = ", "\n" + "\n".join(body) + "\n\n\nengine = ").replace(
        "os.environ['DATABASE_URL']", "_engine_url(os.environ['DATABASE_URL'])"
    )


def test_a_setting_gets_a_validator():
    made = check_transformed(NAME, FILES, {"config.py": VALID}, unsafe=True)
    assert not made.after[0].faults


def test_nothing_is_edited_without_unsafe():
    assert not planned(FILES, NAME).tree.changes()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("from pydantic import Field", "from pydantic import Field, field_validator"),
        ("from pydantic import Field, model_validator", "from pydantic import Field, field_validator, model_validator"),
        ("from pydantic import (\n    Field,\n)", "from pydantic import (\n    Field,\n    field_validator,\n)"),
        (
            "from pydantic import (\n    Field,\n    PostgresDsn\n)",
            "from pydantic import (\n    Field,\n    PostgresDsn,\n    field_validator\n)",
        ),
        ("from pydantic import field_validator", "from pydantic import field_validator"),
        (
            "from pydantic import (\n    Field,  # for later\n)",
            "from pydantic import (\n    Field,  # for later\n)\nfrom pydantic import field_validator",
        ),
        ("from pydantic import *", "from pydantic import *\nfrom pydantic import field_validator"),
    ],
)
def test_the_validator_is_imported_where_others_are(line, wanted):
    after = VALID.removeprefix("from pydantic import field_validator\n")
    check_transformed(NAME, {**FILES, "config.py": f"{line}\n{SETTINGS}"}, {"config.py": f"{wanted}\n{after}"}, unsafe=True)


@pytest.mark.parametrize("package", ["pydantic", "pydantic.v1"])
def test_pydantic_1_has_validators_of_its_own(package):
    files = {
        **FILES,
        "requirements.txt": ASYNC.replace("pydantic-settings", "pydantic<2"),
        "config.py": SETTINGS.replace("pydantic_settings import", f"{package} import"),
    }
    after = files["config.py"].replace("BaseSettings\n", "BaseSettings, validator\n", 1)
    old = (
        VALIDATOR.replace("field_validator", "validator").replace('mode="before"', "pre=True").replace("    @classmethod\n", "")
    )
    check_transformed(NAME, files, {"config.py": after.replace("    class Config", old + "    class Config")}, unsafe=True)


def test_the_quotes_and_the_indentation_of_the_file_are_kept():
    files = {**FILES, "config.py": SETTINGS.replace('"', "'").replace("    ", "\t")}
    docstring = '"""Turn the URL of PostgreSQL that the platform gives into that of asyncpg."""'
    after = VALID.replace(docstring, "DOC").replace('"', "'").replace("    ", "\t").replace("DOC", docstring)
    check_transformed(NAME, files, {"config.py": after}, unsafe=True)


@pytest.mark.parametrize(
    ("requirements", "after"),
    [
        ("sqlalchemy==1.4.54\npsycopg2-binary\n", sync("postgresql", "!= 'postgres'", "SQLAlchemy")),
        ("sqlalchemy==2.0.40\npsycopg2-binary\n", sync("postgresql", "!= 'postgres'", "SQLAlchemy")),
        (
            "sqlalchemy\npsycopg2-binary\n",
            sync("postgresql+psycopg2", "not in ('postgres', 'postgresql', 'postgres+psycopg2')", "psycopg2"),
        ),
        (
            "sqlalchemy\npsycopg[binary]\n",
            sync("postgresql+psycopg", "not in ('postgres', 'postgresql', 'postgres+psycopg')", "psycopg"),
        ),
    ],
)
def test_an_engine_of_the_environment_gets_a_function(requirements, after):
    files = {**ATTACHED, "requirements.txt": f"fastapi\nuvicorn\n{requirements}", "db.py": SYNC}
    check_transformed(NAME, files, {"db.py": after}, unsafe=True)


def test_sqlmodel_makes_the_same_engines():
    files = {
        **ATTACHED,
        "requirements.txt": "fastapi\nuvicorn\nsqlmodel\npsycopg[binary]\n",
        "db.py": SYNC.replace("from sqlalchemy", "from sqlmodel"),
    }
    after = sync("postgresql+psycopg", "not in ('postgres', 'postgresql', 'postgres+psycopg')", "psycopg")
    check_transformed(NAME, files, {"db.py": after.replace("from sqlalchemy", "from sqlmodel")}, unsafe=True)


def test_the_function_stands_above_the_comment_of_the_engine():
    after = ENGINE.replace("# the one", "\n" + FUNCTION + "# the one")
    after = after.replace('os.environ["DATABASE_URL"]', '_async_url(os.environ["DATABASE_URL"])')
    check_transformed(NAME, {**FILES, "db.py": ENGINE}, {"db.py": after}, unsafe=True)


def test_a_database_of_a_blueprint():
    files = {key: value for key, value in FILES.items() if key not in ("fly.toml", "Dockerfile")}
    check_transformed(NAME, {**files, "render.yaml": BLUEPRINT}, {"config.py": VALID}, unsafe=True)


def test_a_url_in_the_config_is_certain_and_still_code_is_edited():
    files = {**FILES, "fly.toml": FLY + '\n[env]\n  DATABASE_URL = "postgres://u:p@h/d"\n'}
    assert not planned(files, NAME).tree.changes()
    check_transformed(NAME, files, {"config.py": VALID}, unsafe=True)


def test_a_config_module_keeps_what_it_has():
    files = {
        **FILES,
        "config.py": 'import os\n\nDATABASE_URL = os.getenv("DATABASE_URL")\n',
        "db.py": DB.replace("import settings", "import DATABASE_URL").replace("settings.database_url", "DATABASE_URL"),
    }
    after = (
        files["db.py"].replace("engine =", "\n" + FUNCTION + "engine =").replace("(DATABASE_URL", "(_async_url(DATABASE_URL)")
    )
    check_transformed(NAME, files, {"db.py": after}, unsafe=True)


def test_a_function_that_makes_the_engine_at_startup():
    code = text(
        """
        import os
        from contextlib import asynccontextmanager

        from fastapi import FastAPI
        from sqlalchemy.ext.asyncio import create_async_engine


        @asynccontextmanager
        async def lifespan(app):
            app.state.engine = create_async_engine(os.environ["DATABASE_URL"])
            yield


        app = FastAPI(lifespan=lifespan)
        """
    )
    after = code.replace("@asynccontextmanager\nasync", FUNCTION + "@asynccontextmanager\nasync")
    after = after.replace('os.environ["DATABASE_URL"]', '_async_url(os.environ["DATABASE_URL"])')
    check_transformed(NAME, {**FILES, "main.py": code}, {"main.py": after}, unsafe=True)


def test_two_engines_of_one_file():
    files = {**FILES, **REQUIRED, "db.py": DB + "other = create_async_engine(url=settings.database_url)\n", "sync.py": READER}
    after = DB.replace("engine =", "\n" + FUNCTION + "engine =") + "other = create_async_engine(url=settings.database_url)\n"
    after = after.replace("settings.database_url", "_async_url(settings.database_url)")
    check_transformed(NAME, files, {"db.py": after}, unsafe=True)


READER = "import psycopg2\nfrom config import settings\n\npsycopg2.connect(settings.database_url)\n"
ASKING = "from config import settings\n\nif 'sqlite' in settings.database_url or not settings.database_url:\n    pass\n"
ENV = "from config import settings\n\nconfig.set_main_option('sqlalchemy.url', {})\n{}"


@pytest.mark.parametrize(
    "files",
    [
        {"sync.py": READER},
        {"sync.py": READER.replace("settings.database_url", "dsn=str(settings.database_url)")},
        {"sync.py": "from config import settings\n\nURL = getattr(settings, 'database_url')\n"},
        {"alembic/env.py": ENV.format("settings.database_url", "engine = create_engine(settings.database_url)\n")},
    ],
)
def test_what_could_not_use_the_new_form_keeps_the_old_one(files):
    after = DB.replace("engine =", "\n" + FUNCTION + "engine =").replace("(settings.d", "(_async_url(settings.d")
    after = after.replace("database_url,", "database_url),")
    check_transformed(NAME, {**FILES, **REQUIRED, **files}, {"db.py": after}, unsafe=True)


def test_alembic_keeps_what_it_takes_whatever_the_default_names():
    env = {"alembic/env.py": ENV.format("settings.database_url", "engine = engine_from_config(config)\n")}
    made = planned({**FILES, **env}, NAME, unsafe=True)
    assert [change.path for change in made.tree.changes()] == ["db.py"]
    assert [change.path for change in planned({**FILES, "sync.py": READER}, NAME, unsafe=True).tree.changes()] == ["config.py"]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"tests/conftest.py": READER},
        {"alembic/env.py": ENV.format("settings.database_url.replace('+asyncpg', '')", "")},
        {"alembic/env.py": ENV.format("settings.database_url", "engine = async_engine_from_config(config)\n")},
        {"other.py": ASKING},
    ],
)
def test_what_goes_with_the_new_form_leaves_the_validator(files):
    after = VALID.replace(' = "postgresql+asyncpg://localhost/demo"', "")
    check_transformed(NAME, {**FILES, **REQUIRED, **files}, {"config.py": after}, unsafe=True)


def test_the_driver_is_added_along():
    files = {**FILES, "requirements.txt": ASYNC.replace("asyncpg\n", "")}
    made = planned(files, None, unsafe=True)
    assert [step.codemod for step in made.steps] == [NAME, "add-missing-requirement"]
    assert "asyncpg" in result(made, files)["requirements.txt"]


# --- what is left alone


@pytest.mark.parametrize(
    "files",
    [
        {"config.py": VALID},
        {"config.py": SETTINGS.replace("postgresql+asyncpg", "sqlite+aiosqlite")},
        {"requirements.txt": ASYNC.replace("asyncpg", "psycopg[binary]"), **REQUIRED},
        {"db.py": DB.replace("settings.database_url", "settings.database_url.replace('postgresql:', 'postgresql+asyncpg:')")},
        {"db.py": "from urllib.parse import unquote\n" + DB.replace("settings.database_url", "unquote(settings.database_url)")},
        {"README.md": "fly secrets set DATABASE_URL=postgresql+asyncpg://…\n"},
        {"fly.toml": FLY + '\n[env]\n  DATABASE_URL = "postgresql+asyncpg://u:p@h/d"\n'},
        {
            "fly.toml": FLY + '\n[env]\n  DATABASE_URL = "sqlite+aiosqlite:////data/x.db"\n',
            "requirements.txt": ASYNC + "aiosqlite\n",
        },
        {"db.py": SYNC, "requirements.txt": "fastapi\nuvicorn\nsqlalchemy==2.0.40\npsycopg2-binary\n"},
        {
            "db.py": SYNC,
            "requirements.txt": "fastapi\nuvicorn\nsqlalchemy==1.3.24\npsycopg2-binary\n",
            "README.md": "fly pg attach",
        },
        {"db.py": "from config import settings\n"},
    ],
)
def test_what_suits_stays(files):
    assert not check_noop(NAME, {**FILES, **files}).before[0].faults


def test_a_setting_with_a_validator_of_its_own_gets_no_other():
    own = "    @field_validator('database_url')\n    @classmethod\n    def strip(cls, url):\n        return url.strip()\n\n"
    files = {**FILES, "config.py": SETTINGS.replace("    class Config", own + "    class Config")}
    made = planned(files, NAME, unsafe=True)
    assert [change.path for change in made.tree.changes()] == ["db.py"]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"db.py": DB.replace("settings.database_url", "'postgres://u:p@h/d'")}, "the URL is written in the code"),
        (
            {"requirements.txt": ASYNC.replace("asyncpg", "psycopg2-binary"), **REQUIRED, "README.md": "fly pg attach db\n"},
            "which driver is meant is not clear",
        ),
        (
            {**REQUIRED, "sync.py": READER, "main.py": "import db, more\n" + MAIN, "more.py": DB},
            "engines are made of it in several files: db.py, more.py",
        ),
        ({"db.py": DB.replace("settings.database_url", "*[settings.database_url]")}, None),
    ],
)
def test_what_is_not_clear_is_left_to_the_person(files, wanted):
    assert reasons(NAME, {**FILES, **files}) == ({wanted} if wanted else set())


def test_a_file_that_libcst_would_not_write_back_is_left_alone():
    files = {**FILES, "config.py": "\f\n" + SETTINGS, "db.py": DB}
    made = planned(files, NAME, unsafe=True)
    for path, after in result(made, files).items():
        assert path != "config.py" or after.startswith("\f\n")


def test_django_is_not_concerned():
    files = {**ATTACHED, "db.py": "import dj_database_url\nDATABASES = {'default': dj_database_url.config()}\n"}
    check_noop(NAME, {**files, "requirements.txt": "fastapi\nuvicorn\ndj-database-url\n"})


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgres://u:p@h:5432/d?sslmode=disable", "postgresql+asyncpg://u:p@h:5432/d?ssl=disable"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres+asyncpg://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
        ("sqlite+aiosqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("mysql+aiomysql://h/d", "mysql+aiomysql://h/d"),
        ("", ""),
    ],
)
def test_what_the_written_code_makes_of_urls(url, wanted):
    written = result(planned({**FILES, "db.py": ENGINE}, NAME, unsafe=True), FILES)["db.py"]
    (function,) = [each for each in ast.parse(written).body if isinstance(each, ast.FunctionDef)]
    names: dict[str, object] = {}
    exec(ast.unparse(function), names)
    assert names["_async_url"](url) == wanted  # type: ignore[operator]


def test_libcst_is_loaded_for_an_edit_alone():
    code = "import sys, codemods.normalize_database_url\nassert 'libcst' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_named_secret_is_one_that_attach_sets():
    files = {**ATTACHED, "requirements.txt": "fastapi\nuvicorn\nsqlalchemy==2.0.40\npsycopg2-binary\n", "db.py": SYNC}
    del files["README.md"]
    options = Options(secrets=("DATABASE_URL",))
    after = sync("postgresql", "!= 'postgres'", "SQLAlchemy")
    check_transformed(NAME, files, {"db.py": after}, unsafe=True, options=options)
