import pytest

from bot.engine.simulate import Options
from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, MAIN, check_noop, check_transformed, planned, text

NAME = "tolerate-missing-database"
DB = text(
    """
    from sqlalchemy import create_engine
    from sqlalchemy.orm import declarative_base

    engine = create_engine("postgresql://localhost/demo")
    Base = declarative_base()
    """
)
IMPORT = text(
    """
    from fastapi import FastAPI
    from sqlalchemy import text

    from db import Base, engine

    Base.metadata.create_all(bind=engine)  # for development
    app = FastAPI()
    """
)
LIFESPAN = text(
    """
    import logging
    from contextlib import asynccontextmanager

    from fastapi import FastAPI

    from db import Base, engine

    logger = logging.getLogger(__name__)


    @asynccontextmanager
    async def lifespan(app):
        # tables
        async with engine.begin() as conn:
            await conn.run_sync(Base.metadata.create_all)
        yield


    app = FastAPI(lifespan=lifespan)
    """
)
FILES = {
    **HEALTHY,
    "requirements.txt": "fastapi\nuvicorn\nsqlalchemy[asyncio]<2.1\npsycopg2-binary\nasyncpg\n",
    "main.py": IMPORT,
    "db.py": DB,
}
ASYNC = {
    **FILES,
    "main.py": LIFESPAN,
    "db.py": DB.replace("sqlalchemy import create_engine", "sqlalchemy.ext.asyncio import create_async_engine").replace(
        'create_engine("postgresql', 'create_async_engine("postgresql+asyncpg'
    ),
}


def test_tables_are_created_where_the_database_answers():
    after = text(
        """
        import logging
        from fastapi import FastAPI
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        from db import Base, engine

        try:
            Base.metadata.create_all(bind=engine)  # for development
        except (OSError, SQLAlchemyError):
            logging.getLogger(__name__).exception("The database does not answer: its tables were not created")
        app = FastAPI()
        """
    )
    made = check_transformed(NAME, FILES, {"main.py": after}, unsafe=True)
    assert made.steps[0].manual == ("`fly mpg attach … -a demo`: what needs DATABASE_URL fails until then.",)


def test_so_are_those_of_a_lifespan():
    after = LIFESPAN.replace(
        "    async with engine.begin() as conn:\n        await conn.run_sync(Base.metadata.create_all)\n",
        "    try:\n        async with engine.begin() as conn:\n            await conn.run_sync(Base.metadata.create_all)\n"
        "    except (OSError, SQLAlchemyError):\n"
        '        logger.exception("The database does not answer: its tables were not created")\n',
    ).replace("import FastAPI\n\n", "import FastAPI\nfrom sqlalchemy.exc import SQLAlchemyError\n\n", 1)
    check_transformed(NAME, ASYNC, {"main.py": after}, unsafe=True)


@pytest.mark.parametrize(
    "files",
    [
        {"db.py": DB.replace("postgresql://localhost/demo", "sqlite:///demo.db")},
        {"db.py": "import os\n" + DB.replace('"postgresql://localhost/demo"', 'os.environ["DATABASE_URL"]')},
        {"main.py": MAIN},
        {
            "main.py": IMPORT.replace("Base.metadata", "try:\n    Base.metadata").replace(
                "ment\n", "ment\nexcept Exception:\n    pass\n"
            )
        },
    ],
)
def test_what_is_no_server_or_is_tried_already_stays(files):
    given = Options(secrets=("DATABASE_URL",))
    check_noop(NAME, {**FILES, **files}, options=given)


def test_more_than_tables_is_not_tried():
    files = {**ASYNC, "main.py": LIFESPAN.replace("_all)\n", "_all)\n        await conn.execute(seed())\n")}
    assert any("does more than to create tables" in each for each in reasons(NAME, files))


def test_it_goes_along_with_the_repair_of_a_broken_deploy():
    assert not planned(FILES, unsafe=True).tree.changes()
    broken = {**FILES, "fly.toml": FLY.replace("8080", "9000")}
    assert [step.codemod for step in planned(broken, unsafe=True).steps] == ["align-port", NAME]
