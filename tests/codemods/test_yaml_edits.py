import pytest

from bot.engine.model import yaml
from codemods import _yaml

BLOCK = """\
# the services
services:
  - type: web  # the API
    name: "api"
    rootDir: 'backend'

    envVars:
      - key: A
        value: b
"""
FLOW = "services: [{type: web, name: 'api', 'rootDir': \"x\"}]\n"
JSON = '{"services": [{"type":"web","rootDir":"x"}]}\n'
SERVICE = ("services", 0)


def both(edit, before: str, after: str | None) -> None:
    """Assert an edit, with both kinds of line endings and without the last one."""
    windows = after and after.replace("\n", "\r\n")
    assert edit(before) == after
    assert edit(before.replace("\n", "\r\n")) == windows
    assert edit(before.rstrip("\n")) == (after and after.rstrip("\n"))


def set_value(before: str, path, value: str, after: str | None) -> None:
    both(lambda text: _yaml.set_value(text, path, value), before, after)


def rename(before: str, path, key: str, after: str | None) -> None:
    both(lambda text: _yaml.rename(text, path, key), before, after)


def insert(before: str, mapping, after: tuple[str, ...], key: str, value: str, wanted: str | None) -> None:
    both(lambda text: _yaml.insert(text, mapping, after, key, value), before, wanted)


# --- values


def test_a_value_keeps_its_quotes_and_its_comment():
    set_value(BLOCK, (*SERVICE, "type"), "worker", BLOCK.replace("web ", "worker "))
    set_value(BLOCK, (*SERVICE, "name"), "b", BLOCK.replace('"api"', '"b"'))
    set_value(BLOCK, (*SERVICE, "rootDir"), "it's", BLOCK.replace("'backend'", "'it''s'"))
    set_value(BLOCK, (*SERVICE, "envVars", 0, "value"), "c d", BLOCK.replace("value: b", "value: c d"))


def test_a_value_in_flow_style():
    set_value(FLOW, (*SERVICE, "type"), "worker", FLOW.replace("web", "worker"))
    set_value(FLOW, (*SERVICE, "type"), "a, b", FLOW.replace("web", '"a, b"'))
    set_value(JSON, (*SERVICE, "rootDir"), "y", JSON.replace('"x"', '"y"'))


def test_a_key_without_a_value_gets_one():
    set_value("a:\nb: 1\n", ("a",), "x", "a: x\nb: 1\n")
    set_value("a:  # why\nb: 1\n", ("a",), "x", "a: x  # why\nb: 1\n")
    set_value("a: ~\n", ("a",), "x", "a: x\n")


@pytest.mark.parametrize(
    "text",
    [
        "b: 1\n",
        "a: |\n  one\n  two\n",
        "a: >-\n  one\n",
        "a: [1,\n  2]\n",
        "b: &x one\na: *x\n",
        "a: &x one\nb: *x\n",
        "a: !!str one\n",
    ],
)
def test_a_value_that_is_not_a_plain_one_stays(text: str):
    assert _yaml.set_value(text, ("a",), "x") is None


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "null",
        "no",
        "Yes",
        "on",
        ".5",
        "1.5",
        "3",
        "~",
        "",
        "a: b",
        "a #b",
        "- a",
        "a:",
        " a",
        "a ",
        "x\ny",
        '"',
        "'",
        "\\",
    ],
)
def test_a_value_is_read_as_the_same_text(value: str):
    for like in ("", "'", '"'):
        written = _yaml.quoted(value, like)
        assert yaml.read(f"a: {written}\n").data == {"a": value}
        assert yaml.read(f"{{a: {written}, b: 1}}\n").data == {"a": value, "b": 1}
        assert value.lower() not in ("no", "yes", "on") or written[0] in "\"'"


@pytest.mark.parametrize("value", ["backend", "./a/b", "pip install -r requirements.txt", "a && b"[:1], "a@b", "x=1", "a:b"])
def test_plain_values_stay_plain(value: str):
    assert _yaml.quoted(value) == value


# --- keys


def test_a_key_is_called_otherwise():
    rename(BLOCK, (*SERVICE, "rootDir"), "root", BLOCK.replace("rootDir", "root"))
    rename(BLOCK, (*SERVICE, "type"), "kind", BLOCK.replace("type", "kind"))
    rename(FLOW, (*SERVICE, "type"), "kind", FLOW.replace("type", "kind"))


def test_a_key_keeps_its_quotes():
    rename(FLOW, (*SERVICE, "rootDir"), "root", FLOW.replace("'rootDir'", "'root'"))
    rename(JSON, (*SERVICE, "rootDir"), "root", JSON.replace('"rootDir"', '"root"'))


@pytest.mark.parametrize("text", ["b: 1\n", "? &k a\n: 1\n", '"\\x61": 1\n', "x: &k a\n*k : 1\n"])
def test_a_key_that_is_not_written_there_stays(text: str):
    assert _yaml.rename(text, ("a",), "b") is None


# --- new keys


def test_a_new_key_stands_behind_the_first_that_is_there():
    insert(BLOCK, SERVICE, ("name", "type"), "plan", "free", BLOCK.replace('"api"\n', '"api"\n    plan: free\n'))
    insert(BLOCK, SERVICE, ("runtime", "type"), "plan", "no", BLOCK.replace("# the API\n", '# the API\n    plan: "no"\n'))
    insert(BLOCK, (*SERVICE, "envVars", 0), ("value",), "sync", "x", BLOCK + "        sync: x\n")


def test_a_new_key_behind_an_alias():
    text = "x: &n api\nservices:\n  - name: *n\n    type: web\n"
    insert(text, SERVICE, ("name",), "plan", "free", text.replace("*n\n", "*n\n    plan: free\n"))


@pytest.mark.parametrize(
    "text",
    [
        FLOW,
        JSON,
        "services:\n  - {\n      name: api,\n      type: web\n    }\n",
        "services:\n  - name: |\n      api\n    type: web\n",
        "services:\n  - type: web\n",
        "services:\n  - name: api\n    plan: x\n",
        "services:\n  - name:\n      api\n",
        "services: text\n",
    ],
)
def test_no_key_where_the_layout_has_no_room(text: str):
    assert _yaml.insert(text, SERVICE, ("name",), "plan", "free") is None


def test_what_stands_at_a_path():
    assert _yaml.find(BLOCK, (*SERVICE, "envVars", 0, "value")) == "b"
    assert _yaml.find(BLOCK, (*SERVICE, "envVars", 7)) is None
    assert _yaml.find(BLOCK, ("services", "web")) is None
