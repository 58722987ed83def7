import pytest

from tests.bot.engine.boot.tools import Booted, boot

SCRIPT = ("python", "main.py")
FORM = 'RuntimeError: Form data requires "python-multipart" to be installed.'
EMAIL = "ImportError: email-validator is not installed, run `pip install 'pydantic[email]'`"
GREENLET = "ImportError: The SQLAlchemy asyncio module requires that the Python 'greenlet' library is installed."
JINJA = "ImportError: jinja2 must be installed to use Jinja2Templates"
MODEL = "from pydantic import BaseModel, EmailStr\n\n\nclass User(BaseModel):\n    email: {}\n"
ROUTE = "from fastapi import Depends, FastAPI, File, Form, UploadFile\nfrom typing import Annotated\n"
ROUTE += "from fastapi.security import OAuth2PasswordRequestForm\n\napp = FastAPI()\n\n\n"
ROUTE += "@app.post('/')\nasync def take({}):\n    ...\n"
ENGINE = "from sqlalchemy import create_engine\n\nengine = create_engine({})\n"


def missing(module: str) -> str:
    return f"ModuleNotFoundError: No module named '{module}'"


def installing(install: str, code: str, **more) -> Booted:
    return boot({"main.py": code}, SCRIPT, dockerfile=f"COPY . .\nRUN pip install {install}\n", **more)


@pytest.mark.parametrize(
    ("install", "code", "wanted"),
    [
        ("fastapi", ROUTE.format("file: UploadFile"), FORM),
        ("fastapi", ROUTE.format("file: bytes = File(...)"), FORM),
        ("fastapi", ROUTE.format("name: Annotated[str, Form()]"), FORM),
        ("fastapi", ROUTE.format("form: OAuth2PasswordRequestForm = Depends()"), FORM),
        ("fastapi==0.104.1", ROUTE.format("*, file: UploadFile | None = None"), FORM),
        ("fastapi uvicorn", ROUTE.format("file: UploadFile") + "import uvicorn\nuvicorn.run(app)\n", FORM),
        ("fastapi multipart", ROUTE.format("file: UploadFile"), FORM),  # another distribution of nearly that name
        ("fastapi", MODEL.format("EmailStr"), EMAIL),
        ("pydantic", MODEL.format("list[EmailStr] | None = None"), EMAIL),
        ("'pydantic<2'", MODEL.format("EmailStr"), EMAIL.replace("'", "")),
        ("fastapi", "from starlette.middleware.sessions import SessionMiddleware", missing("itsdangerous")),
        ("fastapi", "from starlette.middleware import sessions", missing("itsdangerous")),
        ("fastapi", "from fastapi.templating import Jinja2Templates", JINJA),
        ("sqlalchemy", "from sqlalchemy.ext.asyncio import create_async_engine", GREENLET),
        ("sqlalchemy", ENGINE.format("'postgresql+asyncpg://u:p@h/d'"), missing("asyncpg")),
        ("'sqlalchemy<2.1'", ENGINE.format("'postgresql://u:p@h/d'"), missing("psycopg2")),
        ("sqlalchemy psycopg2-binary", ENGINE.format("url='postgresql://u:p@h/d'"), missing("psycopg")),
        ("sqlalchemy", ENGINE.format("'mysql+pymysql://u:p@h/d'"), missing("pymysql")),
    ],
)
def test_a_feature_whose_package_nothing_installs(install, code, wanted):
    booted = installing(install, code)
    assert booted.verdict == wanted
    assert (booted.faults[0].code, booted.faults[0].place.path) == ("optional-package-missing", "main.py")


@pytest.mark.parametrize(
    ("install", "code"),
    [
        ("fastapi python-multipart", ROUTE.format("file: UploadFile")),
        ("'fastapi[standard]'", ROUTE.format("file: UploadFile")),
        ("fastapi", ROUTE.format("name: str")),
        ("fastapi", ROUTE.replace("@app.post('/')\n", "").format("file: UploadFile")),
        ("fastapi wtforms", "from wtforms import Form\n" + ROUTE.replace("Form, ", "").format("form: Form = 1")),
        ("'pydantic[email]'", MODEL.format("EmailStr")),
        ("fastapi email-validator", MODEL.format("EmailStr")),
        ("fastapi", MODEL.format("str")),
        ("fastapi itsdangerous", "from starlette.middleware.sessions import SessionMiddleware"),
        ("fastapi jinja2", "from fastapi.templating import Jinja2Templates"),
        ("'sqlalchemy[asyncio]'", "from sqlalchemy.ext.asyncio import create_async_engine"),
        ("sqlalchemy==2.0.30", "from sqlalchemy.ext.asyncio import create_async_engine"),
        ("sqlalchemy", ENGINE.format("'sqlite:///x.db'")),
        ("sqlalchemy", "import os\n" + ENGINE.format("os.environ['DATABASE_URL']")),
        ("'sqlalchemy<2.1' psycopg2-binary", "import os\n" + ENGINE.format("os.environ['DATABASE_URL']")),
        ("sqlalchemy psycopg2-binary 'psycopg[binary]'", "import os\n" + ENGINE.format("os.environ['DATABASE_URL']")),
        (
            "sqlalchemy psycopg2-binary",
            "import os\nurl = os.environ['DATABASE_URL'].replace('s://', 's+psycopg2://')\n" + ENGINE.format("url"),
        ),
        ("sqlalchemy asyncpg", ENGINE.format("'postgresql+asyncpg://u:p@h/d'")),
        ("sqlalchemy==2.0.30 psycopg2-binary", ENGINE.format("'postgresql://u:p@h/d'")),
        ("-r https://example.org/all.txt", ROUTE.format("file: UploadFile")),
    ],
)
def test_a_feature_that_has_what_it_needs(install, code):
    assert installing(install, code).verdict == ""


@pytest.mark.parametrize(
    ("install", "code", "wanted"),
    [
        ("fastapi our-own-thing", ROUTE.format("file: UploadFile"), FORM),
        ("fastapi", MODEL.replace("(BaseModel)", "(Ours)").format("EmailStr"), EMAIL),
        ("sqlalchemy sqlmodel==0.0.14", "from sqlalchemy.ext.asyncio import create_async_engine", GREENLET),
        ("sqlalchemy psycopg2-binary", "import os\n" + ENGINE.format("os.environ['DATABASE_URL']"), missing("psycopg")),
    ],
)
@pytest.mark.usefixtures("names_given")
def test_what_leaves_a_doubt(install, code, wanted):
    assert installing(install, code).verdict == f"? {wanted}"


def test_an_import_that_is_tried_may_fail():
    code = "try:\n    from starlette.middleware.sessions import SessionMiddleware\nexcept ImportError:\n    pass\n"
    assert installing("fastapi", code).verdict == ""
