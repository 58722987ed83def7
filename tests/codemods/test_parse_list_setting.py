import pytest

from tests.bot.engine.boot.test_filling import BASE, MAIN, env, settings
from tests.codemods import reasons
from tests.tools import check_noop, check_transformed, text

NAME = "parse-list-setting"
FIELD = "origins: list[str] = []\n"
SPLITTING = """
@field_validator("origins", mode="before")
@classmethod
def split(cls, value):
    return value.split(",") if isinstance(value, str) else value
"""
HEAD = "from pydantic import field_validator\n"
BLUEPRINT = text("""
    services:
      - type: web
        name: demo
        runtime: docker
        envVars:
          - key: LEVEL
            value: info
          - key: ORIGINS
            value: https://a.example, https://b.example  # the pages
""")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("https://a.example,https://b.example", '["https://a.example", "https://b.example"]'),
        ("https://a.example, https://b.example,", '["https://a.example", "https://b.example"]'),
        ("*", '["*"]'),
        ("", "[]"),
    ],
)
def test_a_value_of_the_config_is_written_as_json(value: str, written: str) -> None:
    files = settings(FIELD, fly__toml=env(LEVEL="info", ORIGINS=value))
    made = check_transformed(NAME, files, {"fly.toml": env(LEVEL="info", ORIGINS=written)}, unsafe=True)
    assert [step.safety for step in made.steps] == ["safe"]


def test_a_list_as_python_writes_it() -> None:
    files = settings(FIELD, fly__toml=env(LEVEL="info").replace("'info'", "'info'\n  ORIGINS = \"['a', 'b']\"  # pages"))
    after = files["fly.toml"].replace("\"['a', 'b']\"", '\'["a", "b"]\'')
    check_transformed(NAME, files, {"fly.toml": after}, unsafe=True)


def test_a_value_of_a_blueprint() -> None:
    files = {**settings(FIELD), "render.yaml": BLUEPRINT}
    del files["fly.toml"]
    after = BLUEPRINT.replace("https://a.example, https://b.example", r'"[\"https://a.example\", \"https://b.example\"]"')
    check_transformed(NAME, files, {"render.yaml": after}, unsafe=True)


@pytest.mark.parametrize(("before", "after"), [("a,b", '["a", "b"]'), ("'a,b'", '\'["a", "b"]\'')])
def test_a_value_of_an_env_file(before: str, after: str) -> None:
    body = f'model_config = SettingsConfigDict(env_file=".env")\n{FIELD}'
    lines = "# for a laptop\nORIGINS={}  # pages\n"
    check_transformed(NAME, settings(body, __env=lines.format(before)), {".env": lines.format(after)}, unsafe=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from typing import List\n", "from typing import List, Annotated\n"),
        ("from typing import Annotated\n", None),
        ("from typing import (\n    List,\n)\n", "from typing import (\n    List,\n    Annotated,\n)\n"),
    ],
)
def test_a_field_with_a_validator_is_left_to_it(before: str, after: str | None) -> None:
    files = settings(FIELD + SPLITTING, before + HEAD, fly__toml=env(ORIGINS="a,b"))
    wanted = files["config.py"].replace(before, after or before).replace("list[str]", "Annotated[list[str], NoDecode]")
    wanted = wanted.replace("SettingsConfigDict\n", "SettingsConfigDict, NoDecode\n")
    made = check_transformed(NAME, files, {"config.py": wanted}, unsafe=True)
    assert [step.safety for step in made.steps] == ["unsafe"]


def test_the_first_name_that_comes_from_typing() -> None:
    files = settings(FIELD + SPLITTING, HEAD, fly__toml=env(ORIGINS="a,b"))
    wanted = files["config.py"].replace("list[str]", "Annotated[list[str], NoDecode]")
    wanted = "from typing import Annotated\n" + wanted.replace("SettingsConfigDict\n", "SettingsConfigDict, NoDecode\n")
    check_transformed(NAME, files, {"config.py": wanted}, unsafe=True)


def test_an_older_version_has_no_such_word() -> None:
    files = settings(FIELD + SPLITTING, HEAD, fly__toml=env(ORIGINS="a,b"))
    files["requirements.txt"] = "fastapi\nuvicorn\npydantic-settings==2.6.1\n"
    check_transformed(NAME, files, {"fly.toml": env(ORIGINS='["a", "b"]')}, unsafe=True)


def test_what_others_read_as_well_is_a_judgement_call() -> None:
    files = {**settings(FIELD, fly__toml=env(ORIGINS="a,b")), "job.py": 'import os\nos.getenv("ORIGINS").split(",")\n'}
    made = check_transformed(NAME, files, {"fly.toml": env(ORIGINS='["a", "b"]')}, unsafe=True)
    assert [(step.safety, "job.py reads `ORIGINS`, too" in step.rationale) for step in made.steps] == [("unsafe", True)]


@pytest.mark.parametrize(
    "files",
    [
        settings(FIELD, fly__toml=env(ORIGINS='["a"]')),
        settings("origins: str = ''\n", fly__toml=env(ORIGINS="a,b")),
        settings(FIELD, fly__toml=env(ORIGINS="{a: b}")),
        settings("origins: dict[str, str] = {}\n", fly__toml=env(ORIGINS="a,b")),
        settings("origins: int = 1\n", fly__toml=env(ORIGINS="many")),
        {**settings(FIELD, fly__toml=env(ORIGINS="a,b")), "main.py": MAIN.replace("settings = Settings()\n", "")},
    ],
)
def test_noop(files: dict[str, str]) -> None:
    check_noop(NAME, files)


def test_without_unsafe_nothing_is_edited_since_a_secret_may_set_it() -> None:
    check_noop(NAME, settings(FIELD, fly__toml=env(ORIGINS="a,b")), unsafe=False)


def test_a_value_of_the_dockerfile_is_left_alone() -> None:
    dockerfile = BASE["Dockerfile"].replace("COPY .", "ENV ORIGINS=a,b\nCOPY .", 1)
    assert reasons(NAME, settings(FIELD, Dockerfile=dockerfile)) == {"`ORIGINS` does not stand on a line of fly.toml"}
