from __future__ import annotations

import datetime
import math
import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model import toml
from bot.engine.model.toml import Document, Path, Span
from bot.engine.model.toml_scalars import Moment
from tests.tools import text

SOME = settings(max_examples=150, deadline=None)

FLY = text("""
    # fly.toml app configuration file
    app = "demo"  # the name
    primary_region = 'iad'
    kill_timeout = 5

    [build]
      dockerfile = "Dockerfile"
      args = { PYTHON = "3.12", "a b" = 'c' }

    [env]
      PORT = "8080"
      nested.key = 1
      nested.other = 2.5

    [http_service]
      internal_port = 8_080
      force_https = true
      processes = ["app", 'web',]
      [http_service.concurrency]
        type = "requests"
      [[http_service.checks]]
        path = "/health"
        interval = "10s"
      [[http_service.checks]]
        path = \"""
    /other\"""

    [[vm]]
      memory = "1gb"
      [vm.deep]
        x = [
          1, # one
          [2, {y = 3}],
        ]
    [[vm]]
      size = ""
""")

DOCUMENTS = [
    "",
    "\n\n# only a comment",
    FLY,
    FLY.replace("\n", "\r\n"),
    'a = "\\u00e9\\U0001F600\\t\\"\\\\"\nb = \'C:\\path\'\n',
    'a = """\none\\\n   two  \\  \n\n three\\nfour ""quoted"" """\n',
    "a = '''\nit''s \\n '''\nb = ''''one''''\nc = \"\"\"\"\"two\"\"\"\"\"\n",
    "a = 0xDEAD_beef\nb = 0o17\nc = 0b1_0\nd = -0\ne = +1_000\nf = 1e3\ng = -1.5E-2\nh = 6.02_3e+2_3\n",
    "a = inf\nb = -inf\nc = +nan\nd = true\ne = false\n",
    "a = 1979-05-27\nb = 07:32:00.5\nc = 1979-05-27 07:32:00\nd = 1979-05-27t07:32:00z\ne = 1979-05-27T00:32:00-07:00\n",
    '"" = 1\n"a.b" = 2\n\'c "d"\' = 3\n1 . 2 = 4\n- = 5\n_ = 6\n',
    "[ a . 'b c' ]\n[a]\nx = 1\n[[a.list]]\n[a.list.sub]\n[[a.list]]\ny = {}\n",
    "[a]\nb.c = 1\n[a.b.d]\ne = 2\n[a.f]\n",
    "a = []\nb = [ ]\nc = [[],[[]],[ # comment\n]]\nd = [{x=1},{x=2}]\ne = {f.g = 1, f.h = {}}\n",
    "a=1#no space\nb = 2 \t # tabs\n\t[c]\t# d\n",
]


def plain(value: object) -> object:
    """Make values of the two parsers comparable: dates as one word, NaN equal to itself."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, Moment | datetime.date | datetime.time):
        return "a moment"
    return (type(value).__name__, value)


def at(document: Document, path: Path) -> object:
    node: object = document.data
    for part in path:
        node = node[part]  # type: ignore[index]
    return node


def check_spans(document: Document) -> None:
    """Every value's span reads as that value again, every key's span as the end of that key."""
    for path, span in document.spans.items():
        written = document.text[span.start : span.end]
        if written.startswith("[") and span.key_start > span.start:  # a header
            assert document.text[span.key_start : span.key_end] == written.strip("[]").strip(" \t")
            assert list(toml.read(written).spans)[-1] in (tuple(p for p in path if isinstance(p, str)), _listed(path))
            continue
        assert plain(tomllib.loads(f"x = {written}")["x"]) == plain(at(document, path)), path
        if isinstance(path[-1], str):
            key = list(toml.read(document.text[span.key_start : span.key_end] + " = 1").spans)[-1]
            assert path[-len(key) :] == key
        else:
            assert (span.key_start, span.key_end) == (span.start, span.start)


def _listed(path: Path) -> Path:
    return (*(part for part in path if isinstance(part, str)), 0)


# --- values


@pytest.mark.parametrize("document", DOCUMENTS)
def test_values_equal_those_of_tomllib(document: str):
    read = toml.read(document)
    assert read.problems == []
    assert plain(read.data) == plain(tomllib.loads(document))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_values_equal_those_of_tomlkit(document: str):
    assert plain(toml.read(document).data) == plain(tomlkit.parse(document).unwrap())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_spans_read_as_their_values(document: str):
    check_spans(toml.read(document))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_statements_cover_every_line_that_says_something(document: str):
    at = 0
    for statement in toml.read(document).statements:
        between = document[at : statement.start].splitlines()
        assert all(not line.strip() or line.strip().startswith("#") for line in between)
        assert document[: statement.start].endswith("\n") or statement.start == 0
        assert document[: statement.end].endswith("\n") or statement.end == len(document)
        assert statement.problem is None
        at = statement.end


def test_spans_of_a_dotted_key_a_header_and_an_element():
    document = toml.read('[a . "b"]\nc.d = [10, 20]\n')
    assert document.spans[("a", "b")] == Span(1, 8, 0, 9)
    assert document.spans[("a", "b", "c", "d")] == Span(10, 13, 16, 24)
    assert document.spans[("a", "b", "c", "d", 1)] == Span(21, 21, 21, 23)


def test_statements_have_their_kind_and_path():
    read = toml.read("x = 1\n[a]\ny.z = [\n1]\n[[b]]\n[[b]]\nc = 1\n[b.d]\n")
    assert [(found.kind, found.path) for found in read.statements] == [
        ("key", ("x",)),
        ("table", ("a",)),
        ("key", ("a", "y", "z")),
        ("array", ("b", 0)),
        ("array", ("b", 1)),
        ("key", ("b", 1, "c")),
        ("table", ("b", 1, "d")),
    ]
    assert read.text[read.statements[2].start : read.statements[2].end] == "y.z = [\n1]\n"


def test_a_date_keeps_its_spelling_and_is_no_plain_string():
    value = toml.read("a = 1979-05-27 07:32:00Z").data["a"]
    assert isinstance(value, Moment)
    assert value == "1979-05-27 07:32:00Z"


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("a = {\n  x = 1,\n  y = 2, # comment\n}\n", {"x": 1, "y": 2}),
        ("a = {x = 1,}", {"x": 1}),
        ("a = {\r\n}", {}),
        ('a = "\\e[0m\\x41"', "\x1b[0mA"),
        ('a = """\\x41\\e"""', "A\x1b"),
        ("a = 07:32", Moment("07:32")),
        ("a = 1979-05-27T07:32Z", Moment("1979-05-27T07:32Z")),
    ],
)
def test_toml_1_1_is_accepted(document: str, value: object):
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(document)
    read = toml.read(document)
    assert read.problems == []
    assert read.data == {"a": value}


# --- generated documents

KEYS = st.one_of(
    st.text("abcXYZ019_-", min_size=1, max_size=4), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=4)
)
SCALARS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.dates(),
    st.times(timezones=st.none()),
    st.datetimes(min_value=datetime.datetime(1000, 1, 1), timezones=st.one_of(st.none(), st.just(datetime.UTC))),
)
DATA = st.dictionaries(
    KEYS,
    st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3))),
    max_size=4,
)


@given(DATA)
@SOME
def test_what_tomlkit_writes_is_read_as_tomllib_reads_it(data: dict[str, object]):
    document = tomlkit.dumps(data)
    read = toml.read(document)
    assert read.problems == []
    assert plain(read.data) == plain(tomllib.loads(document))
    check_spans(read)


WORDS = 'a b.c "x" \'y\' = = [ ] [[ ]] { } , 1 0 -2 1.5 1_0 0x1f true inf 2024-01-31 12:30:00 """z""" \\u0041 # . é'
PIECES = st.sampled_from([*WORDS.split(" "), "\n", "\n", "\r\n", "\t"])


@given(st.lists(PIECES, max_size=12).map(" ".join))
@SOME
def test_whatever_tomllib_accepts_is_read_alike(document: str):
    try:
        expected = tomllib.loads(document)
    except tomllib.TOMLDecodeError:
        toml.read(document)  # must not raise
        return
    read = toml.read(document)
    assert read.problems == []
    assert plain(read.data) == plain(expected)


@given(st.sampled_from(DOCUMENTS[2:]), st.integers(0, 900), st.integers(0, 5), PIECES)
@SOME
def test_a_damaged_document_is_refused_or_read_as_tomllib_reads_it(document: str, where: int, gone: int, piece: str):
    where = min(where, len(document))
    damaged = document[:where] + piece + document[where + gone :]
    read = toml.read(damaged)
    try:
        expected = tomllib.loads(damaged)
    except tomllib.TOMLDecodeError:
        pass
    else:
        assert read.problems == []
        assert plain(read.data) == plain(expected)
    for problem in read.problems:
        assert 0 <= problem.start <= problem.end <= len(damaged)
        row, column = read.row_and_column(problem.start)
        assert 1 <= row <= damaged.count("\n") + 1
        assert column >= 1


# --- files that do not parse


def test_what_a_broken_file_means_is_read_all_the_same():
    read = toml.read('app = "demo"\nregion = iad\n[env]\nPORT = "80\nHOST = "x"\n[[vm]]\nmemory = 1gb\ncpus = 2\n')
    assert read.data == {"app": "demo", "env": {"HOST": "x"}, "vm": [{"cpus": 2}]}
    assert [read.row_and_column(problem.start)[0] for problem in read.problems] == [2, 4, 7]


def test_the_second_half_of_a_table_opened_twice_joins_the_first():
    read = toml.read("[build]\na = 1\n[env]\n[build]\nb = 2\n")
    assert read.data == {"build": {"a": 1, "b": 2}, "env": {}}
    assert [statement.problem is not None for statement in read.statements] == [False, False, False, True, False]


def test_a_key_set_twice_has_its_later_value():
    read = toml.read("a = 1\na = 2\n")
    assert read.data == {"a": 2}
    assert read.statements[1].problem == read.problems[0]


def test_a_list_gives_way_to_the_tables_that_follow_it():
    read = toml.read("[[services]]\nhttp_checks = []\n[[services.http_checks]]\npath = '/'\n")
    assert read.data == {"services": [{"http_checks": [{"path": "/"}]}]}


def test_behind_an_array_that_is_never_closed_reading_goes_on_in_the_next_line():
    read = toml.read('a = [1,\nregion = "iad"\n[env]\nPORT = "80"\n')
    assert read.data == {"env": {"PORT": "80"}}
    assert [(found.path, found.problem is None) for found in read.statements] == [
        ((), False),
        (("env",), True),
        (("env", "PORT"), True),
    ]


def test_every_line_keeps_its_statement_in_a_broken_file():
    read = toml.read("a = \nb = 1\n[c\nd = 2\n")
    assert [(statement.start, statement.problem is None) for statement in read.statements] == [
        (0, False),
        (5, True),
        (11, False),
        (14, True),
    ]


# --- writing a string


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(['"', "'", "'old'", '"""', ""]))
@SOME
def test_a_quoted_string_reads_as_itself(value: str, like: str):
    assert tomllib.loads(f"a = {toml.quoted(value, like)}")["a"] == value
    assert toml.read(f"a = {toml.quoted(value, like)}\nb = 1").data == {"a": value, "b": 1}
    assert "\n" not in toml.quoted(value, like)


@pytest.mark.parametrize(
    ("value", "like", "written"),
    [
        ("x", '"', '"x"'),
        ("x", "'", "'x'"),
        ("x", "'old'", "'x'"),
        ("it's", "'", '"it\'s"'),
        ('say "hi"', '"', '"say \\"hi\\""'),
        ("C:\\x", "'", "'C:\\x'"),
        ("a\tb\n", "'", '"a\\tb\\n"'),
        ("café", '"', '"café"'),
        ("\x7f", '"', '"\\u007F"'),
    ],
)
def test_a_quoted_string_keeps_the_style_where_it_can(value: str, like: str, written: str):
    assert toml.quoted(value, like) == written
