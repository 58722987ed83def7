import pytest

from tests.bot.engine.boot.test_filling import MAIN, settings
from tests.codemods import reasons
from tests.tools import check_noop, check_transformed

NAME = "settings-ignore-extra"
ENV = "NAME=a\nOTHER=b\n"
FIELD = 'name: str = ""\n'
CALL = "model_config = SettingsConfigDict"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'{CALL}(env_file=".env")\n', f'{CALL}(env_file=".env", extra="ignore")\n'),
        (f'{CALL}(env_file=".env",)\n', f'{CALL}(env_file=".env", extra="ignore",)\n'),
        (f'{CALL}(env_file=".env", extra="forbid")\n', f'{CALL}(env_file=".env", extra="ignore")\n'),
        ('model_config = {"env_file": ".env"}\n', 'model_config = {"env_file": ".env", "extra": "ignore"}\n'),
        (
            f'{CALL}(\n    env_file=".env",  # beside main.py\n)\n',
            f'{CALL}(\n    env_file=".env",  # beside main.py\n    extra="ignore",\n)\n',
        ),
        (
            f'{CALL}(\n    env_file=".env"  # beside main.py\n)\n',
            f'{CALL}(\n    env_file=".env",  # beside main.py\n    extra="ignore"\n)\n',
        ),
        (
            f'{CALL}(env_prefix="",\n                 env_file=".env")\n',
            f'{CALL}(env_prefix="",\n                 env_file=".env",\n                 extra="ignore")\n',
        ),
        (
            'model_config = {\n    "env_file": ".env"\n}\n',
            'model_config = {\n    "env_file": ".env",\n    "extra": "ignore"\n}\n',
        ),
        (
            'class Config:\n    env_file = ".env"  # beside main.py\n\n    case_sensitive = False\n',
            'class Config:\n    env_file = ".env"  # beside main.py\n\n    case_sensitive = False\n    extra = "ignore"\n',
        ),
        ('class Config:\n    extra = "forbid"  # no\n    env_file = ".env"\n', None),
    ],
)
def test_a_configuration_gets_the_option_in_its_style(before: str, after: str | None) -> None:
    wanted = after or before.replace('"forbid"', '"ignore"')
    check_transformed(NAME, settings(FIELD + before, __env=ENV), {"config.py": settings(FIELD + wanted)["config.py"]})


def test_the_quotes_are_those_of_the_file() -> None:
    files = settings(f'{FIELD}{CALL}(env_file=".env")\n'.replace('"', "'"), __env=ENV)
    after = settings(f'{FIELD}{CALL}(env_file=".env", extra="ignore")\n'.replace('"', "'"))
    check_transformed(NAME, files, {"config.py": after["config.py"]})


@pytest.mark.parametrize("value", ['SettingsConfigDict(extra="ignore")', '{"extra": "ignore"}'])
def test_a_class_without_a_configuration_gets_one(value: str) -> None:
    main = MAIN.replace("Settings()", 'Settings(_env_file=".env")')
    body = f'"""What the app is told."""\n\n{FIELD}'
    files = {**settings(body, __env=ENV), "main.py": main}
    after = settings(body.replace("name:", f"model_config = {value}\n\nname:"))["config.py"]
    if value.startswith("{"):
        files["config.py"], after = (each.replace(", SettingsConfigDict", "") for each in (files["config.py"], after))
    check_transformed(NAME, files, {"config.py": after})


def test_a_configuration_that_is_inherited_is_edited_where_it_stands() -> None:
    head = 'class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_file=".env")\n'
    files = settings(FIELD, head, __env=ENV)
    files["config.py"] = files["config.py"].replace("class Settings(BaseSettings)", "class Settings(Base)")
    check_transformed(NAME, files, {"config.py": files["config.py"].replace('".env")', '".env", extra="ignore")')})


def test_a_class_in_another_module_of_a_package() -> None:
    files = settings(f'{FIELD}{CALL}(env_file=".env")\n', __env=ENV)
    files["app/core/config.py"] = files.pop("config.py") + "\n\nsettings = Settings()\n"
    files["main.py"] = MAIN.replace("from config import Settings", "from app.core.config import settings").replace(
        "settings = Settings()\n", ""
    )
    after = files["app/core/config.py"].replace('".env")', '".env", extra="ignore")')
    check_transformed(NAME, files, {"app/core/config.py": after})


@pytest.mark.parametrize(
    "files",
    [
        settings(f'{FIELD}{CALL}(env_file=".env", extra="ignore")\n', __env=ENV),
        settings(f'{FIELD}{CALL}(env_file=".env")\n', __env="NAME=a\n"),
        settings(f'{FIELD}{CALL}(env_file=".env")\n', __env=ENV, __dockerignore=".env*\n"),
        settings(FIELD, __env=ENV),
    ],
)
def test_noop(files: dict[str, str]) -> None:
    check_noop(NAME, files)


def test_a_configuration_on_one_line_is_left_alone() -> None:
    files = settings(f'{FIELD}class Config: env_file = ".env"\n', __env=ENV)
    assert reasons(NAME, files) == {"the configuration of `Settings` (config.py) is written in a way that is not edited"}
