"""What stops a settings object from being made; the words were tried, see `fields.py`."""

from __future__ import annotations

import pytest

from bot.engine.model.findings import ForbiddenKeys, UnreadValue
from tests.tools import FLY, HEALTHY, faults, only, text

EXTRA = "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings"
LIST = 'pydantic_settings.exceptions.SettingsError: error parsing value for field "origins" from source "EnvSettingsSource"'
BASE = {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\npydantic-settings\n"}
MAIN = text(
    """
    from fastapi import FastAPI
    from config import Settings

    settings = Settings()
    app = FastAPI()
    """
)


def settings(body: str, head: str = "", **files: str) -> dict[str, str]:
    """Return an app whose class of settings has this body."""
    lines = "".join(f"    {line}\n" if line else "\n" for line in text(body).splitlines())
    source = f"from pydantic_settings import BaseSettings, SettingsConfigDict\n{head}\n\nclass Settings(BaseSettings):\n{lines}"
    return {**BASE, "main.py": MAIN, "config.py": source, **{name.replace("__", "."): each for name, each in files.items()}}


def env(**variables: str) -> str:
    """Return a fly.toml that sets variables."""
    return FLY + "\n[env]\n" + "".join(f"  {name} = {value!r}\n" for name, value in variables.items())


CONFIG = 'model_config = SettingsConfigDict(env_file=".env")\nname: str = ""\n'


def test_a_key_that_no_field_has() -> None:
    [fault] = faults(settings(CONFIG, __env="NAME=a\nOTHER=b\n"))
    assert (fault.code, fault.stage, fault.confidence, fault.message) == ("settings-extra-key", "boot", "certain", EXTRA)
    assert fault.detail == ForbiddenKeys(("other",), ".env", "config.py", "Settings")
    assert fault.chain == ("main.py:4",)


def test_several_keys_are_counted_and_their_values_are_not_told() -> None:
    [fault] = faults(settings(CONFIG, __env="A=hush\nB=2\n"))
    assert fault.message == EXTRA.replace("1 validation error", "2 validation errors")
    assert "hush" not in fault.reason


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ('class Config:\n    env_file = ".env"\n', ("other",)),
        ('model_config = {"env_file": ".env", "extra": "forbid"}\n', ("other",)),
        ('model_config = SettingsConfigDict(env_file=(".env.local", ".env"))\n', ("other",)),
        ('model_config = SettingsConfigDict(env_file=".env", case_sensitive=True)\n', ("OTHER",)),
        ('model_config = SettingsConfigDict(env_file=".env", env_prefix="APP_")\n', ("other",)),
        ('model_config = SettingsConfigDict(env_file=Path(__file__).parent / ".env")\n', ("other",)),
    ],
)
def test_the_ways_to_name_the_file(body: str, keys: tuple[str, ...]) -> None:
    [fault] = faults(settings(body, "from pathlib import Path\n", __env="OTHER=b\n"))
    assert isinstance(fault.detail, ForbiddenKeys)
    assert fault.detail.keys == keys


@pytest.mark.parametrize(
    "body",
    [
        CONFIG.replace(")", ', extra="ignore")'),
        CONFIG.replace(")", ', extra="allow")'),
        CONFIG.replace(".env", ".env.local"),
        CONFIG.replace(")", ', dotenv_filtering="only_existing")'),
        CONFIG + "other: str\n",
        CONFIG + 'b: str = Field("", validation_alias=AliasChoices("x", "other"))\n',
        CONFIG + "other_: dict[str, str] = {}\n" + "oth: Nested\n",
        CONFIG + '@model_validator(mode="before")\ndef drop(cls, data):\n    return {}\n',
        CONFIG + "@classmethod\ndef settings_customise_sources(cls, settings_cls, *sources):\n    return ()\n",
        CONFIG + "def __init__(self):\n    super().__init__(_env_file=None)\n",
        'model_config = SettingsConfigDict(env_file=os.environ["ENV_FILE"])\n',
        'model_config = SettingsConfigDict(**COMMON, env_file=".env")\n',
    ],
)
@pytest.mark.usefixtures("names_given")
def test_what_leaves_keys_alone(body: str) -> None:
    head = "import os\nfrom pydantic import AliasChoices, Field, model_validator\n"
    assert not faults(settings(body, head, __env="OTHER=b\n"))


def test_files_that_are_not_in_the_image() -> None:
    assert not faults(settings(CONFIG, __env="OTHER=b\n", __dockerignore=".env\n"))
    assert not faults({**settings(CONFIG), "conf/.env": "OTHER=b\n"})


def test_keys_without_a_value_and_lines_that_are_none() -> None:
    assert not faults(settings(CONFIG, __env="OTHER=\n# OTHER=b\nnot a line\n"))


def test_a_class_that_nothing_makes_at_start_and_one_whose_failure_is_caught() -> None:
    lazy = MAIN.replace("settings = Settings()", "def settings():\n    return Settings()")
    assert not faults({**settings(CONFIG, __env="OTHER=b\n"), "main.py": lazy})
    caught = MAIN.replace(
        "settings = Settings()", "try:\n    settings = Settings()\nexcept ValidationError:\n    settings = None"
    )
    assert not faults({**settings(CONFIG, __env="OTHER=b\n"), "main.py": f"from pydantic import ValidationError\n{caught}"})


@pytest.mark.parametrize("call", ["Settings(_env_file=None)", "Settings(**given)", "Settings(_env_prefix='APP_')"])
def test_an_object_that_is_made_otherwise(call: str) -> None:
    main = MAIN.replace("Settings()", call)
    assert not faults({**settings(CONFIG, __env="OTHER=b\n"), "main.py": f"given = {{}}\n{main}"})


def test_a_file_that_the_call_names() -> None:
    main = MAIN.replace("Settings()", "Settings(_env_file='.env')")
    [fault] = faults({**settings('name: str = ""\n', __env="OTHER=b\n"), "main.py": main})
    assert fault.code == "settings-extra-key"


def test_a_configuration_that_is_inherited() -> None:
    head = 'class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_file=".env")\n'
    files = settings('name: str = ""\n', head, __env="OTHER=b\n")
    files["config.py"] = files["config.py"].replace("class Settings(BaseSettings)", "class Settings(Base)")
    [fault] = faults(files)
    assert isinstance(fault.detail, ForbiddenKeys)
    assert fault.detail.owner == "Base"


def test_pydantic_1_never_minds() -> None:
    files = settings('class Config:\n    env_file = ".env"\n', __env="OTHER=b\n")
    old = files["config.py"].replace(
        "pydantic_settings import BaseSettings, SettingsConfigDict", "pydantic import BaseSettings"
    )
    assert not faults({**files, "config.py": old, "requirements.txt": "fastapi\nuvicorn\npydantic<2\n"})


@pytest.mark.parametrize("hint", ["List[str]", "list[str]", "set[int]", "'list[str]'", "tuple[str, ...]", "dict[str, str]"])
def test_a_list_that_is_fed_with_commas(hint: str) -> None:
    [fault] = faults(settings(f"origins: {hint} = []\n", "from typing import List\n", fly__toml=env(ORIGINS="a,b")))
    assert (fault.code, fault.confidence, fault.message) == ("settings-value-invalid", "likely", LIST)
    assert isinstance(fault.detail, UnreadValue)
    assert (fault.detail.variable, fault.detail.value, fault.detail.env_file) == ("ORIGINS", "a,b", None)


def test_a_validator_comes_too_late_for_a_list() -> None:
    body = (
        'origins: list[str] = []\n\n@field_validator("origins", mode="before")\ndef split(cls, v):\n    return v.split(",")\n'
    )
    [fault] = faults(settings(body, "from pydantic import field_validator\n", fly__toml=env(ORIGINS="a,b")))
    assert isinstance(fault.detail, UnreadValue)
    assert fault.detail.early


def test_where_a_value_comes_from_and_what_goes_before() -> None:
    body = 'model_config = SettingsConfigDict(env_file=".env")\norigins: list[str] = []\n'
    [fault] = faults(settings(body, __env="ORIGINS=a,b\n"))
    assert fault.message == LIST.replace("EnvSettings", "DotEnvSettings")
    assert not faults(settings(body, __env="ORIGINS=a,b\n", fly__toml=env(ORIGINS='["a"]')))
    [fault] = faults(settings(body, Dockerfile=BASE["Dockerfile"].replace("COPY .", "ENV ORIGINS=a\nCOPY .", 1)))
    assert fault.message == LIST


def test_older_versions_have_their_own_words() -> None:
    files = settings("origins: list[str] = []\n", fly__toml=env(ORIGINS="a,b"))
    [fault] = faults({**files, "requirements.txt": "fastapi\nuvicorn\npydantic-settings==2.6.1\n"})
    assert fault.message == LIST.replace("exceptions", "sources")
    old = files["config.py"].replace(
        "pydantic_settings import BaseSettings, SettingsConfigDict", "pydantic import BaseSettings"
    )
    [fault] = faults({**files, "config.py": old, "requirements.txt": "fastapi\nuvicorn\npydantic<2\n"})
    assert fault.message == 'pydantic.env_settings.SettingsError: error parsing env var "origins"'


@pytest.mark.parametrize(
    ("hint", "value"), [("int", "many"), ("bool", "perhaps"), ("float", "x"), ("Optional[int]", ""), ("int | None", "x")]
)
def test_numbers_and_booleans(hint: str, value: str) -> None:
    [fault] = faults(settings(f"n: {hint} = 1\n", "from typing import Optional\n", fly__toml=env(N=value)))
    assert (fault.code, fault.message) == ("settings-value-invalid", EXTRA)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("n: list[str] = []\n", '["a", "b"]'),
        ("n: str = ''\n", "a,b"),
        ("n: list[str] | str = ''\n", "a,b"),
        ("n: Annotated[list[str], NoDecode] = []\n", "a,b"),
        ("n: int = 1\n", " 5 "),
        ("n: bool = True\n", "Off"),
        ("n: float = 1\n", "1e3"),
        ("n: ClassVar[int] = 1\n", "x"),
        ("model_config = SettingsConfigDict(enable_decoding=False)\nn: list[str] = []\n", "a,b"),
        ("model_config = SettingsConfigDict(env_ignore_empty=True)\nn: int = 1\n", ""),
        ('n: int = Field(1, alias="other")\n', "x"),
        ('n: int = 1\n\n@field_validator("n", mode="before")\ndef known(cls, v):\n    return 1\n', "x"),
        ('n: Optional[list[str]] = None\n\n@field_validator("n", mode="before")\ndef known(cls, v):\n    return []\n', "a,b"),
    ],
)
def test_values_that_suit(body: str, value: str) -> None:
    head = "from typing import Annotated, ClassVar, Optional\nfrom pydantic import Field, field_validator\n"
    head += "from pydantic_settings import NoDecode\n"
    assert not faults(settings(body, head, fly__toml=env(N=value)))


def test_both_versions_may_be_tried_in_turn() -> None:
    files = settings(CONFIG, __env="OTHER=b\n")
    one = "from pydantic_settings import BaseSettings, SettingsConfigDict"
    both = f"try:\n    {one}\nexcept ImportError:\n    from pydantic import BaseSettings"
    [fault] = faults({**files, "config.py": files["config.py"].replace(one, both)})
    assert fault.message == EXTRA


def assumed(files: dict[str, str]) -> list[str]:
    """Return the variables that a deploy is assumed to have; it reaches its end with them."""
    report = only(files)
    assert report.reached == "ok"
    return [each.name for each in report.assumptions if each.kind == "variable"]


def test_what_has_no_default_is_assumed_to_be_set() -> None:
    report = only(settings("database_url: str\nkey: str = Field(...)\n", "from pydantic import Field\n"))
    [url, key] = report.assumptions
    assert (url.name, key.name) == ("DATABASE_URL", "KEY")
    assert url.command == "fly secrets set DATABASE_URL=… -a demo"
    assert url.message == "pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings"
    assert url.reason == "`Settings.database_url` (config.py:6) has no default, and the start makes the settings."
    assert url.chain == ("main.py:4", "config.py:6")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("key: str = Field(alias='api_token')\n", "API_TOKEN"),
        ("key: str = Field(validation_alias=AliasChoices('api', 'token'))\n", "API"),
        ("model_config = SettingsConfigDict(env_prefix='app_')\nkey: str\n", "APP_KEY"),
        ("model_config = SettingsConfigDict(case_sensitive=True)\nkey: str\n", "key"),
        ("inner: Inner = Field(default_factory=Inner)\n", "TOKEN"),
        ("key: Optional[str]\n", "KEY"),
    ],
)
def test_how_the_variable_is_called(body: str, name: str) -> None:
    head = (
        "from typing import Optional\nfrom pydantic import AliasChoices, Field\n\nclass Inner(BaseSettings):\n    token: str\n"
    )
    assert assumed(settings(body, head)) == [name]


@pytest.mark.parametrize(
    "body",
    [
        "key: str = ''\n",
        "key: str = Field('')\n",
        "key: str = Field(default_factory=str)\n",
        "key: ClassVar[str]\n",
        "_key: str\n",
        "model_config = SettingsConfigDict(env_file='.env')\nname: str\n",
        "model_config = SettingsConfigDict(env_nested_delimiter='__')\ndb: Nested\n",
        "model_config = SettingsConfigDict(secrets_dir='/run/secrets')\nkey: str\n",
        "fly: str = Field(alias='FLY_APP_NAME')\n",
        "key: str\n\n@model_validator(mode='before')\ndef fill(cls, data):\n    return {'key': 'x'}\n",
    ],
)
@pytest.mark.usefixtures("names_given")
def test_what_is_filled_without_a_secret(body: str) -> None:
    head = "from typing import ClassVar\nfrom pydantic import Field, model_validator\n"
    assert assumed(settings(body, head, __env="NAME=a\n", fly__toml=env(DB__HOST="h"))) == []


def test_what_the_call_or_the_code_itself_fills() -> None:
    files = settings("key: str\n")
    assert assumed({**files, "main.py": MAIN.replace("Settings()", "Settings(key='x')")}) == []
    set_before = MAIN.replace("settings =", "os.environ.setdefault('KEY', 'x')\nsettings =")
    assert assumed({**files, "main.py": f"import os\n{set_before}"}) == []


def test_pydantic_1_needs_nothing_for_what_may_be_none() -> None:
    files = settings("key: Optional[str]\nother: str\n", "from typing import Optional\n")
    old = files["config.py"].replace(
        "pydantic_settings import BaseSettings, SettingsConfigDict", "pydantic import BaseSettings"
    )
    report = only({**files, "config.py": old, "requirements.txt": "fastapi\nuvicorn\npydantic<2\n"})
    [assumption] = report.assumptions
    assert (assumption.name, assumption.message) == (
        "OTHER",
        "pydantic.error_wrappers.ValidationError: 1 validation error for Settings",
    )
