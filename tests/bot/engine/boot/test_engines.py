"""Engines and the URLs that they are made of. What SQLAlchemy says is what 1.4.54, 2.0.58 and 2.1.9 said on Python 3.11."""

import pytest

from bot.engine.model.target import Provided
from tests.bot.engine.boot.tools import Booted, boot
from tests.tools import text

pytestmark = pytest.mark.usefixtures("names_given")

SCRIPT = ("python", "main.py")
PLUGIN = "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:"
NOT_ASYNC = (
    "sqlalchemy.exc.InvalidRequestError: The asyncio extension requires an async driver to be used. "
    "The loaded 'psycopg2' is not async."
)
OLD, NEW = "postgres://u:p@h:5432/d?sslmode=disable", "postgresql://u:p@h/d"
ASYNC = "import os\nfrom sqlalchemy.ext.asyncio import create_async_engine\n\n{}engine = create_async_engine({})\n"
SYNC = "import os\nfrom sqlalchemy import create_engine\n\n{}engine = create_engine({})\n"
READ = "os.environ['DATABASE_URL']"
ALL = "'sqlalchemy[asyncio]' asyncpg pydantic-settings"
SETTINGS = text(
    """
    from pydantic_settings import BaseSettings, SettingsConfigDict
    from pydantic import Field, PostgresDsn, field_validator


    class Settings(BaseSettings):
        {}


    settings = Settings()
    """
)


def missing(module: str) -> str:
    return f"ModuleNotFoundError: No module named '{module}'"


def given(url: str, known: str = "told", variable: str = "DATABASE_URL"):
    return lambda name: Provided(url, "the platform gives", known) if name == variable else None  # type: ignore[arg-type]


def made(install: str, code: str, url: str | None = OLD, known: str = "told", **files: str) -> Booted:
    named = {name.replace("__", "/") + ".py": source for name, source in files.items()}
    provided = given(url, known) if url else None
    return boot({"main.py": code, **named}, SCRIPT, None, f"COPY . .\nRUN pip install {install}\n", provided)


# install, asynchronous, the URL, what a real run said; "" where the engine was made
TRIED = [
    ("sqlalchemy==1.4.54 psycopg2-binary", False, OLD, f"{PLUGIN}postgres"),
    ("sqlalchemy==1.4.54 psycopg2-binary", False, NEW, ""),
    ("sqlalchemy==1.3.24 psycopg2-binary", False, OLD, ""),  # (its changelog: dropped in 1.4)
    ("sqlalchemy==1.4.54 greenlet asyncpg", True, NEW, missing("psycopg2")),
    ("sqlalchemy==2.0.40 psycopg2-binary asyncpg", True, NEW, NOT_ASYNC),
    ("sqlalchemy==2.0.40 psycopg2-binary asyncpg", True, OLD, f"{PLUGIN}postgres"),
    ("sqlalchemy==2.0.40 'psycopg[binary]'", True, NEW, missing("psycopg2")),
    ("sqlalchemy==2.0.40 psycopg2-binary", False, NEW, ""),
    ("'sqlalchemy[asyncio]' asyncpg", True, NEW, missing("psycopg")),
    ("'sqlalchemy[asyncio]' asyncpg psycopg2-binary", True, NEW, missing("psycopg")),
    ("'sqlalchemy[asyncio]' asyncpg", True, "postgresql+asyncpg://h/d", ""),
    ("'sqlalchemy[asyncio]' asyncpg", True, "postgres+asyncpg://h/d", f"{PLUGIN}postgres.asyncpg"),
    ("'sqlalchemy[asyncio]' asyncpg psycopg2-binary", True, "postgresql+psycopg2://h/d", NOT_ASYNC),
    ("'sqlalchemy[asyncio]' 'psycopg[binary]'", True, NEW, ""),
    ("'sqlalchemy[asyncio]' 'psycopg[binary]'", True, OLD, f"{PLUGIN}postgres"),
    ("sqlalchemy 'psycopg[binary]'", False, OLD, f"{PLUGIN}postgres"),
    ("sqlalchemy 'psycopg[binary]'", False, NEW, ""),
    ("sqlalchemy psycopg2-binary", False, NEW, missing("psycopg")),
]


@pytest.mark.parametrize(("install", "is_async", "url", "wanted"), TRIED)
def test_what_sqlalchemy_says_to_a_url_of_the_platform(install, is_async, url, wanted):
    code = (ASYNC if is_async else SYNC).format("", READ)
    assert made(install, code, url).verdict == (f"? {wanted}" if wanted else "")


@pytest.mark.parametrize(("install", "is_async", "url", "wanted"), TRIED)
def test_a_url_that_is_written_down_is_certain(install, is_async, url, wanted):
    code = (ASYNC if is_async else SYNC).format("", READ)
    booted = boot({"main.py": code}, SCRIPT, {"DATABASE_URL": url}, f"COPY . .\nRUN pip install {install}\n")
    assert booted.verdict == wanted


BROKEN = {
    "a constant": {"main": ASYNC.format(f"URL = {READ}\n", "URL")},
    "getenv with a default": {"main": ASYNC.format("", "os.getenv('DATABASE_URL', 'postgresql+asyncpg://localhost/d')")},
    "an or": {"main": ASYNC.format("", "os.environ.get('DATABASE_URL') or 'postgresql+asyncpg://localhost/d'")},
    "by keyword": {"main": ASYNC.format("", f"url={READ}, echo=True")},
    "sqlmodel": {"main": f"import os\nfrom sqlmodel import create_engine\nengine = create_engine({READ})\n"},
    "a config module": {"main": "from config import URL\n" + ASYNC.format("", "URL"), "config": f"import os\nURL = {READ}\n"},
    "a module's attribute": {
        "main": "import config\n" + ASYNC.format("", "config.URL"),
        "config": f"import os\nURL = {READ}\n",
    },
    "a package's module": {
        "main": "from app import config\n" + ASYNC.format("", "config.URL"),
        "app__config": f"import os\nURL = {READ}\n",
    },
    "a class of values": {"main": ASYNC.format(f"class Config:\n    URL = {READ}\n\n", "Config.URL")},
    "an object's attribute": {
        "main": ASYNC.format(f"class Config:\n    def __init__(self):\n        self.url = {READ}\n\nc = Config()\n", "c.url")
    },
    "a function": {"main": ASYNC.format(f"def url():\n    return {READ}\n\n", "url()")},
    "only the old form is mended": {
        "main": ASYNC.format(f"URL = {READ}\nif URL.startswith('postgres://'):\n    URL = 'postgresql' + URL[8:]\n", "URL")
    },
    "mended wrongly": {"main": ASYNC.format("", f"{READ}.replace('postgres://', 'postgres+asyncpg://')")},
    "settings": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.database_url"),
        "config": SETTINGS.format("database_url: str"),
    },
    "settings in capitals": {
        "main": "from config import settings\n" + ASYNC.format("", "str(settings.DATABASE_URL)"),
        "config": SETTINGS.format("DATABASE_URL: PostgresDsn"),
    },
    "settings by alias": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.db"),
        "config": SETTINGS.format("db: str = Field(alias='DATABASE_URL')"),
    },
    "settings by prefix": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.url"),
        "config": SETTINGS.format("url: str\n    model_config = SettingsConfigDict(env_prefix='DATABASE_')"),
    },
    "settings from a function": {
        "main": "from config import get\n" + ASYNC.format("", "get().database_url"),
        "config": "from functools import lru_cache\n"
        + SETTINGS.format("database_url: str").replace("settings =", "@lru_cache\ndef get():\n    return"),
    },
    "settings of a base": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.database_url"),
        "config": SETTINGS.format("database_url: str").replace(
            "settings = Settings", "class Production(Settings):\n    debug: bool = False\n\n\nsettings = Production"
        ),
    },
    "a property of settings": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.url"),
        "config": SETTINGS.format("database_url: str\n\n    @property\n    def url(self):\n        return self.database_url"),
    },
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_url_is_followed_to_the_engine(name):
    files = {key: source for key, source in BROKEN[name].items() if key != "main"}
    for url in (OLD, NEW):
        install = f"{ALL} sqlmodel psycopg2-binary" if name == "sqlmodel" else ALL
        booted = made(install, BROKEN[name]["main"], url, **files)
        assert booted.verdict.startswith("? ")
        assert booted.faults[0].code == ("optional-package-missing" if (name, url) == ("sqlmodel", NEW) else "database-url")
        assert booted.faults[0].place.path == "main.py"


def validated(
    body: str, decorator: str = "@field_validator('database_url', mode='before')\n    @classmethod"
) -> dict[str, str]:
    lines = [f"        {line}" for line in body.splitlines()]
    function = "\n".join([f"    {decorator}", "    def anything(cls, value):", *lines])
    return {
        "main": "from config import settings\n" + ASYNC.format("", "settings.database_url"),
        "config": SETTINGS.format("database_url: str\n\n" + function),
    }


SOUND = {
    "replaced twice": {
        "main": ASYNC.format(
            "", f"{READ}.replace('postgres://', 'postgresql://').replace('postgresql://', 'postgresql+asyncpg://')"
        )
    },
    "rebound": {
        "main": ASYNC.format(
            f"URL = {READ}\nif URL.startswith(('postgres://', 'postgresql://')):\n"
            "    URL = 'postgresql+asyncpg://' + URL.split('://', 1)[1]\n",
            "URL",
        )
    },
    "a function": {
        "main": ASYNC.format(
            "def fit(url):\n    for old in ('postgres://', 'postgresql://'):\n        if url.startswith(old):\n"
            "            return url.replace(old, 'postgresql+asyncpg://', 1)\n    return url\n\n",
            f"fit({READ})",
        )
    },
    "a function of another module": {
        "main": "from config import url\n" + ASYNC.format("", "url()"),
        "config": f"import os\n\ndef url():\n    return f\"postgresql+asyncpg://{{{READ}.partition('://')[2]}}\"\n",
    },
    "make_url": {
        "main": "from sqlalchemy import make_url\n"
        + ASYNC.format("", f"make_url({READ}).set(drivername='postgresql+asyncpg')"),
    },
    "an expression": {"main": "import re\n" + ASYNC.format("", f"re.sub('^postgres(ql)?:', 'postgresql+asyncpg:', {READ})")},
    "a validator": validated("return 'postgresql+asyncpg://' + value.partition('://')[2]"),
    "a validator of pydantic 1": validated(
        "if value and '+asyncpg' not in value:\n    value = 'postgresql+asyncpg:' + value.split(':', 1)[1]\nreturn value",
        "@validator('database_url', pre=True)",
    ),
    "a validator with a loop": validated(
        "for old in ['postgres://', 'postgresql://']:\n    if value.startswith(old):\n"
        "        return value.replace(old, 'postgresql+asyncpg://')\nreturn value"
    ),
    "a validator that is not followed": validated("return convert(value)"),
    "a validator of the whole": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.database_url"),
        "config": SETTINGS.format(
            "database_url: str\n\n    @model_validator(mode='after')\n    def fit(self):\n"
            "        self.database_url = fitting(self.database_url)\n        return self"
        ),
    },
    "an annotation": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.database_url"),
        "config": SETTINGS.format("database_url: Annotated[str, BeforeValidator(fit)]"),
    },
    "a property": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.url"),
        "config": SETTINGS.format(
            "database_url: str\n\n    @property\n    def url(self) -> str:\n"
            "        scheme, rest = self.database_url.split('://', 1)\n        return f'postgresql+asyncpg://{rest}'"
        ),
    },
    "a method": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.url()"),
        "config": SETTINGS.format(
            "database_url: str\n\n    def url(self):\n        return 'postgresql+asyncpg://' + self.database_url.split('//')[1]"
        ),
    },
    "set when the object is made": {
        "main": "from config import settings\n" + ASYNC.format("", "settings.database_url"),
        "config": SETTINGS.format("database_url: str").replace("Settings()", "Settings(database_url=fit())"),
    },
    "another variable": {"main": ASYNC.format("", "os.environ['OTHER']")},
    "tried": {"main": ASYNC.format("", READ).replace("engine =", "try:\n    engine =") + "except Exception:\n    pass\n"},
    "a function of one's own": {"main": f"import os, sqlalchemy\ndef create_engine(u): pass\ncreate_engine({READ})\n"},
    "made later": {"main": ASYNC.format("def later():\n    ", READ)},
}


@pytest.mark.parametrize("name", SOUND)
def test_a_url_that_is_made_to_suit_or_that_is_not_followed(name):
    files = {key: source for key, source in SOUND[name].items() if key != "main"}
    for url in (OLD, NEW):
        assert made(ALL, SOUND[name]["main"], url, **files).verdict == ""


@pytest.mark.parametrize(
    ("install", "code", "known", "wanted"),
    [
        (ALL, ASYNC.format("", READ), "guessed", f"? {PLUGIN}postgres"),
        (ALL, ASYNC.format("", "os.getenv('DATABASE_URL', 'sqlite+aiosqlite:///x')"), "guessed", ""),
        (ALL, ASYNC.format("", "os.getenv('DATABASE_URL', 'sqlite+aiosqlite:///x')"), "named", ""),
        (ALL, ASYNC.format("", "os.getenv('DATABASE_URL', 'sqlite+aiosqlite:///x')"), "told", f"? {PLUGIN}postgres"),
        ("'sqlalchemy[asyncio]' aiosqlite", ASYNC.format("", READ), "guessed", ""),
        ("sqlalchemy==2.0.40 psycopg2-binary", SYNC.format("", READ), "guessed", ""),
        ("sqlalchemy==2.0.40 psycopg2-binary", SYNC.format("", READ), "named", f"? {PLUGIN}postgres"),
        ("sqlalchemy==2.0.40", SYNC.format("", READ), "named", ""),
    ],
)
def test_what_is_only_guessed_has_to_be_meant(install, code, known, wanted):
    assert made(install, code, OLD, known).verdict == wanted


@pytest.mark.parametrize(
    ("install", "code", "wanted"),
    [
        (ALL, ASYNC, "postgresql+asyncpg"),
        ("'sqlalchemy[asyncio]' 'psycopg[binary]'", ASYNC, "postgresql+psycopg"),
        ("sqlalchemy==1.4.54 greenlet 'psycopg[binary]'", ASYNC, ""),
        ("sqlalchemy==2.0.40 psycopg2-binary", SYNC, "postgresql"),
        ("sqlalchemy psycopg2-binary", SYNC, "postgresql+psycopg2"),
        ("sqlalchemy psycopg2-binary 'psycopg[binary]'", SYNC, "postgresql"),
        ("sqlalchemy 'psycopg[binary]'", SYNC, "postgresql+psycopg"),
        ("sqlalchemy pg8000", SYNC, "postgresql+pg8000"),
        ("sqlalchemy asyncpg", SYNC, ""),
    ],
)
def test_which_form_an_engine_needs(install, code, wanted):
    (fault,) = made(install, code.format("", READ)).faults
    assert (fault.detail.wanted, fault.detail.scheme, fault.detail.given) == (wanted, "postgres", True)


def test_engines_that_fail_alike_are_one_fault():
    code = ASYNC.format("", READ) + f"other = create_async_engine({READ})\n"
    (fault,) = made(ALL, code).faults
    assert [place.line for place in fault.detail.places] == [4, 5]


def test_code_that_goes_round_in_circles_ends():
    code = "def a(u):\n    return b(u)\n\ndef b(u):\n    return a(u) + a(u)\n\n"
    assert made(ALL, ASYNC.format(code, f"a({READ})")).verdict == ""
    both = SETTINGS.format(
        "@property\n    def one(self):\n        return self.two\n\n    @property\n    def two(self):\n        return self.one"
    )
    assert made(ALL, "from config import settings\n" + ASYNC.format("", "settings.one"), config=both).verdict == ""
