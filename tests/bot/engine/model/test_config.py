from __future__ import annotations

import pytest

from bot.engine.model import config
from bot.engine.model.findings import Place
from tests.tools import text

TOML = text("""
    app = "demo"

    [build]
      dockerfile = "Dockerfile"

    [[services]]
      internal_port = 8080
    [[services]]
      [[services.ports]]
        port = 443
""")
YAML = text("""
    app: demo
    build:
      dockerfile: Dockerfile
    services:
      - internal_port: 8080
      - ports:
          - port: 443
""")
JSON = text("""
    {
    \t"app": "demo",
    \t"build": {"dockerfile": "Dockerfile"},
    \t"services": [{"internal_port": 8080}, {"ports": [{"port": 443}]}]
    }
""")
DATA = {
    "app": "demo",
    "build": {"dockerfile": "Dockerfile"},
    "services": [{"internal_port": 8080}, {"ports": [{"port": 443}]}],
}


@pytest.mark.parametrize(("path", "content"), [("fly.toml", TOML), ("fly.yaml", YAML), ("fly.json", JSON)])
def test_the_three_formats_say_the_same(path: str, content: str):
    loaded = config.load(path, content)
    assert (loaded.path, loaded.text, loaded.problem) == (path, content, None)
    assert loaded.data == DATA


@pytest.mark.parametrize("path", ["fly.toml", "fly.production", "fly.yml", "sub/fly"])
def test_any_other_suffix_is_toml(path: str):
    assert config.load(path, TOML).data == DATA
    assert config.load(path, YAML).problem is not None


@pytest.mark.parametrize(
    ("path", "content", "build", "port"),
    [
        ("fly.toml", TOML, (4, 3), (10, 5)),
        ("fly.yaml", YAML, (3, 3), (7, 9)),
        ("fly.json", JSON, (3, 12), (4, 52)),
    ],
)
def test_a_key_has_its_place(path: str, content: str, build: tuple[int, int], port: tuple[int, int]):
    loaded = config.load(path, content)
    assert loaded.place("build", "dockerfile") == Place(path, *build)
    assert loaded.place("services", 1, "ports", 0, "port") == Place(path, *port)


def test_a_key_that_is_not_written_has_the_place_of_its_nearest_parent():
    loaded = config.load("fly.toml", TOML)
    assert loaded.place("build", "image") == Place("fly.toml", 3, 2)
    assert loaded.place("services", 1, "checks", 0) == Place("fly.toml", 8, 3)
    assert loaded.place("mounts", 0, "source") == Place("fly.toml", 1)
    assert loaded.place() == Place("fly.toml", 1)


def test_a_broken_toml_file_says_why_and_keeps_what_can_be_read():
    loaded = config.load("fly.toml", 'app = "demo"\nregion = iad\n[build]\n[build]\n')
    assert loaded.problem is not None
    assert loaded.problem.message == 'expected keyword "inf"'
    assert loaded.data == {"app": "demo", "build": {}}


@pytest.mark.parametrize(("path", "content"), [("fly.yaml", "app: a: b\n"), ("fly.json", '{"app": "demo"')])
def test_a_broken_yaml_or_json_file_says_why_and_is_empty(path: str, content: str):
    loaded = config.load(path, content)
    assert loaded.problem is not None
    assert (loaded.data, loaded.spans) == ({}, {})
    assert loaded.place("app") == Place(path, 1)


@pytest.mark.parametrize(
    ("path", "content"), [("fly.yaml", "- app\n"), ("fly.json", '["app"]'), ("fly.yaml", ""), ("fly.toml", "")]
)
def test_a_file_that_is_no_table_says_nothing(path: str, content: str):
    loaded = config.load(path, content)
    assert (loaded.data, loaded.problem) == ({}, None)


def test_what_is_json_and_not_yaml_is_read():
    loaded = config.load("fly.json", '{"app": "\\ud83d\\ude00"}')
    assert (loaded.data, loaded.problem) == ({"app": "😀"}, None)


def test_names_match_in_any_case_and_the_exact_one_first():
    loaded = config.load("fly.toml", 'App = "one"\nENV = {A = "1"}\n[Build]\n[build]\nimage = "x"\n')
    assert loaded.get("app") == "one"
    assert loaded.get("App") == "one"
    assert loaded.table("build") == {"image": "x"}
    assert loaded.table("Build") == {}
    assert loaded.table("env") == {"A": "1"}
    assert loaded.get("missing") is None


def test_keys_inside_a_table_are_looked_up_alike():
    assert config.lookup({"a": 1, "A": 2}, "A") == 2
    assert config.lookup({"Abc": 1}, "aBC") == 1
    assert config.lookup({"Abc": 1}, "ab") is None


def test_a_value_that_is_no_table_is_an_empty_one():
    loaded = config.load("fly.toml", "build = 1\n[[services]]\n")
    assert loaded.table("build") == {}
    assert loaded.table("services") == {}
    assert loaded.get("services") == [{}]
