from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model import yaml
from bot.engine.model.toml import Path, Span
from tests.tools import text

SOME = settings(max_examples=150, deadline=None)

WORKFLOW = text("""
    # deploys
    name: "Deploy"
    on:
      push:
        branches: [main, 'release/**']
    jobs:
      deploy:
        runs-on: ubuntu-latest
        timeout-minutes: 15
        steps:
          - uses: actions/checkout@v4
          - name: Deploy
            run: |
              cd backend
              flyctl deploy --remote-only
            env: { TOKEN: "${{ secrets.TOKEN }}" }
""")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("8080", 8080),
        ("-1", -1),
        ("+12", 12),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_plain_words_are_values_by_the_core_schema(written: str, value: object):
    found = yaml.read(f"a: {written}\n").data
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_not_a_number_is_one():
    value = yaml.read("a: .nan").data
    assert isinstance(value, dict)
    assert math.isnan(value["a"])


@pytest.mark.parametrize(
    "word",
    "on off yes no y n tRUE 1_000 1:30 12:30:00 2024-01-01 0b1 1.2.3 1gb 08:00 +.nan . -x 0x 1e __ $PORT ${{x}} a:b <<".split(),
)
def test_other_plain_words_are_strings(word: str):
    assert yaml.read(f"a: {word}\n").data == {"a": word}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"8080"', "8080"),
        ("'true'", "true"),
        ('""', ""),
        ('"\\u00e9\\n"', "é\n"),
        ("'it''s'", "it's"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"),
        ("|\n  12\n", "12\n"),
    ],
)
def test_quoted_words_and_blocks_are_strings(written: str, value: str):
    assert yaml.read(f"a: {written}").data == {"a": value}


def test_keys_are_strings_whatever_they_look_like():
    assert yaml.read("on: 1\n8080: 2\ntrue: 3\n~: 4\n").data == {"on": 1, "8080": 2, "true": 3, "~": 4}


def test_a_workflow():
    read = yaml.read(WORKFLOW)
    assert read.problem is None
    steps: list[object] = [
        {"uses": "actions/checkout@v4"},
        {
            "name": "Deploy",
            "run": "cd backend\nflyctl deploy --remote-only\n",
            "env": {"TOKEN": "${{ secrets.TOKEN }}"},
        },
    ]
    assert read.data == {
        "name": "Deploy",
        "on": {"push": {"branches": ["main", "release/**"]}},
        "jobs": {"deploy": {"runs-on": "ubuntu-latest", "timeout-minutes": 15, "steps": steps}},
    }


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("name",), "name", '"Deploy"'),
        (("on", "push", "branches"), "branches", "[main, 'release/**']"),
        (("on", "push", "branches", 1), "", "'release/**'"),
        (("jobs", "deploy", "timeout-minutes"), "timeout-minutes", "15"),
        (("jobs", "deploy", "steps", 0, "uses"), "uses", "actions/checkout@v4"),
        (("jobs", "deploy", "steps", 1, "name"), "name", "Deploy"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "# é 😀\n"])
def test_spans_of_keys_and_values(path: Path, key: str, value: str, ending: str, start: str):
    document = start + WORKFLOW.replace("\n", ending)
    span = yaml.read(document).spans[path]
    assert document[span.key_start : span.key_end] == key
    assert document[span.start : span.end] == value


def test_the_span_of_a_list_element_begins_behind_its_dash():
    assert yaml.read("- x\n- y\n").spans == {(0,): Span(2, 2, 2, 3), (1,): Span(6, 6, 6, 7)}


@pytest.mark.parametrize("empty", ["", "# nothing\n", "---\n", "~", "\ufeff"])
def test_an_empty_document_has_no_value(empty: str):
    read = yaml.read(empty)
    assert (read.data, read.problem) == (None, None)


def test_the_first_of_several_documents_counts():
    read = yaml.read("---\na: 1\n---\nb: 2\n--- [")
    assert (read.data, read.problem) == ({"a": 1}, None)


def test_an_alias_shares_what_its_anchor_names():
    data = yaml.read("a: &x [1, 2]\nb: *x\n").data
    assert data == {"a": [1, 2], "b": [1, 2]}
    assert isinstance(data, dict)
    assert data["a"] is data["b"]


def test_an_alias_of_itself_is_refused():
    problem = yaml.read("a: &x\n  b: *x\n").problem
    assert problem
    assert problem.message == "anchor value contains itself"


def test_aliases_that_come_to_very_much_are_refused():
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    read = yaml.read("\n".join(lines))
    assert read.problem
    assert read.problem.message == "document contains excessive aliasing"


def test_of_a_key_set_twice_the_later_one_counts():
    read = yaml.read("a: 1\na: 2\n")
    assert read.data == {"a": 2}
    assert read.spans[("a",)] == Span(5, 6, 8, 9)


@pytest.mark.parametrize(
    ("document", "at", "words"),
    [
        ("a: b: c\n", 4, "mapping values are not allowed in this context"),
        ("a: [1\nb: 2\n", 7, "did not find expected ',' or ']'"),
        ('é: "x\n', 6, "found unexpected end of stream"),
        ("\ufeffa: b: c\n", 5, "mapping values are not allowed in this context"),
        ("a:\n\tb: 1\n", 3, "found character that cannot start any token"),
        ("a: *nope\n", 3, "found undefined alias"),
        ("a: \x07\n", 0, "unacceptable character #x0007: control characters are not allowed"),
    ],
)
def test_what_does_not_parse_says_why_and_where(document: str, at: int, words: str):
    read = yaml.read(document)
    assert (read.data, read.spans) == (None, {})
    assert read.problem is not None
    assert (read.problem.start, read.problem.message) == (at, words)


@pytest.mark.parametrize("level", ["[", "{a: ", "- ", "? "])
def test_a_text_nested_beyond_all_measure_is_refused_and_not_recursed_into(level: str):
    read = yaml.read(level * 100_000)
    assert read.problem is not None
    assert read.problem.message == "nested too deeply"


@given(st.text(max_size=40))
@SOME
def test_no_text_raises(document: str):
    read = yaml.read(document)
    assert read.problem is None or (read.data is None and 0 <= read.problem.start <= len(document))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=6), inner, max_size=3
        )
    ),
)


@given(JSON, st.sampled_from([None, 2, "\t"]))
@SOME
def test_json_is_read_as_json(value: object, indent: int | str | None):
    read = yaml.read(json.dumps(value, indent=indent))
    assert read.problem is None
    assert read.data == value
