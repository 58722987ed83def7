from __future__ import annotations

import codecs

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from bot.engine.model.requirements import Line, decode, normal, read, requirement

SOME = settings(max_examples=150, deadline=None)

PLAIN = "Flask==3.0\nuvicorn[standard]>=0.30\n"


def names(text: str) -> list[str]:
    return [line.value for line in read(text)]


def one(text: str) -> Line:
    (line,) = read(text)
    return line


# --- bytes


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16"),
        codecs.BOM_UTF16_LE + PLAIN.replace("\n", "\r\n").encode("utf-16-le"),
    ],
)
def test_a_byte_order_mark_says_how_to_decode(data: bytes):
    assert names(decode(data)) == ["flask", "uvicorn"]


def test_bytes_that_are_no_utf_8_are_latin_1():
    assert decode(b"flask # caf\xe9\n") == "flask # café\n"


def test_half_a_character_is_no_error():
    assert decode(codecs.BOM_UTF16_LE + b"f\x00l") == "f�"


# --- names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flask", Line("name", "flask", (), "", 1)),
        ("  flask  ", Line("name", "flask", (), "", 1)),
        ("Flask_SQLAlchemy==3.0", Line("name", "flask-sqlalchemy", (), "==3.0", 1)),
        ("zope.interface >= 5, < 7", Line("name", "zope-interface", (), ">= 5, < 7", 1)),
        ("uvicorn[standard]>=0.30", Line("name", "uvicorn", ("standard",), ">=0.30", 1)),
        ("uvicorn [ standard , Extra_One ] ~= 1.0", Line("name", "uvicorn", ("standard", "extra-one"), "~= 1.0", 1)),
        ("uvicorn[]", Line("name", "uvicorn", (), "", 1)),
        ("x (>=1.0)", Line("name", "x", (), "(>=1.0)", 1)),
        ("tomli; python_version < '3.11'", Line("name", "tomli", (), "; python_version < '3.11'", 1)),
        ('a>=1;sys_platform=="win32"#x', Line("name", "a", (), '>=1;sys_platform=="win32"#x', 1)),
        ("a==1 --hash=sha256:00 --hash=sha256:11", Line("name", "a", (), "==1", 1)),
        ("a==1 --hash sha256:00", Line("name", "a", (), "==1", 1)),
        ("a --no-binary :all:", Line("name", "a", (), "", 1)),
        ("a @ https://host/a.whl", Line("name", "a", (), "@ https://host/a.whl", 1)),
        ("a@https://host/a.whl", Line("name", "a", (), "@https://host/a.whl", 1)),
        ("a[b]@git+https://host/a", Line("name", "a", ("b",), "@git+https://host/a", 1)),
        ("a @ file:///app/a", Line("name", "a", (), "@ file:///app/a", 1)),
    ],
)
def test_a_requirement(text: str, expected: Line):
    assert one(text) == expected


@pytest.mark.parametrize("text", ["==1.0", "<<<<<<< HEAD", "[extra]"])
def test_what_is_no_requirement(text: str):
    assert requirement(text) is None
    assert read(text) == (Line("invalid", text, (), "", 1, text),)


def test_nothing_is_no_requirement():
    assert requirement("") is None
    assert read("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a[b]",
        "a==1",
        "a == 1.0.post1",
        "a>=1,<2",
        "a>=1, <2,",
        "a (>=1,<2)",
        "a~=1.4.5a4",
        "a==1.*",
        "a!=1.5.*",
        "a==2.1.0+cpu",
        "a===whatever",
        "a==1!2.0rc1.post1.dev3",
        "a==v1.0-1",
        "a>=1; python_version > '3'",
        "a; sys_platform == 'win32'",
        "a==-2.31.0",
        "a=2.0",
        "a 2.0",
        "a>2.0.*",
        "a==2.x",
        "a==",
        "a==1 b",
        "a=>1",
        "a>=1 <2",
        "a==1.0.",
        "a<>1",
        "a^1.0",
        "a>=1+cpu",
    ],
)
def test_what_pip_can_read_is_what_packaging_can(text: str):
    try:
        Requirement(text)
    except InvalidRequirement:
        assert one(text).text == text
    else:
        assert one(text).valid


_PIECES = st.sampled_from([*"=<>!~-.*+,;( )", "1", "0", "==", ">=", "a", "rc", "post", "dev", "1.2", " "])


@SOME
@given(st.lists(_PIECES, max_size=8).map("".join))
def test_any_specifier_is_judged_as_packaging_does(specifier: str):
    text = f"name {specifier}"
    assume(" -" not in text)  # for pip an option begins there
    line = requirement(text)
    try:
        Requirement(text)
    except InvalidRequirement:
        assert line is None or not line.valid or ";" in text  # a marker is not judged
    else:
        assert line is not None
        assert line.valid


def test_a_requirement_alone_has_no_line():
    assert requirement('Uvicorn[standard]>=1; python_version >= "3.9"') == Line(
        "name", "uvicorn", ("standard",), '>=1; python_version >= "3.9"', 0
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [("Flask", "flask"), ("a__b", "a-b"), ("a.-_b", "a-b"), ("A.B", "a-b"), ("typing_extensions", "typing-extensions")],
)
def test_names_in_the_index_spelling(written: str, name: str):
    assert normal(written) == name


# --- comments and continued lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# comment\n\n   # another\nflask # why\n", [("flask", "", 4)]),
        ("flask\t#tab\n", [("flask", "", 1)]),
        ("flask#not-a-comment\n", [("flask", "#not-a-comment", 1)]),
        ("a\r\nb\r\n", [("a", "", 1), ("b", "", 2)]),
        ("a==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb\n", [("a", "==1", 1), ("b", "", 4)]),
        ("\n\na\\\n==1\n", [("a", "==1", 3)]),
        ("a # x \\\nb\nc\n", [("a", "", 1), ("c", "", 3)]),
        ("# x \\\nb\n", [("b", "", 2)]),
        ("a \\\n# x\n==1\nb\n", [("a", "", 1), ("b", "", 4)]),
        ("a \\\n\nb\n", [("a", "", 1), ("b", "", 3)]),
        ("a \\", [("a", "", 1)]),
        ("a==\\\r\n1\r\nb", [("a", "==1", 1), ("b", "", 3)]),
    ],
)
def test_comments_and_continued_lines(text: str, expected: list[tuple[str, str, int]]):
    assert [(line.value, line.rest, line.line) for line in read(text) if line.kind == "name"] == expected


# --- other files


@pytest.mark.parametrize(
    "text",
    [
        "-r base.txt",
        "-rbase.txt",
        "-r  base.txt",
        "--requirement base.txt",
        "--requirement=base.txt",
        '-r "base.txt"',
        "-r base.txt # x",
    ],
)
def test_another_requirements_file(text: str):
    assert one(text) == Line("nested", "base.txt", (), "", 1)


@pytest.mark.parametrize("text", ["-c limits.txt", "-climits.txt", "--constraint limits.txt", "--constraint=limits.txt"])
def test_a_constraints_file(text: str):
    assert one(text) == Line("constraint", "limits.txt", (), "", 1)


def test_a_file_by_its_address_or_in_another_folder():
    assert names("-r https://host/base.txt\n-r ../base.txt\n") == ["https://host/base.txt", "../base.txt"]


# --- paths and addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".", Line("path", ".", (), "", 1)),
        ("./lib", Line("path", "./lib", (), "", 1)),
        ("../lib", Line("path", "../lib", (), "", 1)),
        ("/app/lib", Line("path", "/app/lib", (), "", 1)),
        ("lib/sub", Line("path", "lib/sub", (), "", 1)),
        ("lib\\sub", Line("path", "lib\\sub", (), "", 1)),
        (".[dev,Test_Two]", Line("path", ".", ("dev", "test-two"), "", 1)),
        ("./lib ; python_version < '3.9'", Line("path", "./lib", (), "", 1)),
        ("./lib[x]; python_version < '3.9'", Line("path", "./lib", ("x",), "", 1)),
        ("./lib --hash=sha256:00", Line("path", "./lib", (), "", 1)),
        ("a-1.0-py3-none-any.whl", Line("path", "a-1.0-py3-none-any.whl", (), "", 1)),
        ("wheels/a-1.0.tar.gz", Line("path", "wheels/a-1.0.tar.gz", (), "", 1)),
        ("-e .", Line("path", ".", (), "editable", 1)),
        ("-e.", Line("path", ".", (), "editable", 1)),
        ("-e '.[dev]'", Line("path", ".", ("dev",), "editable", 1)),
        ("--editable ./lib", Line("path", "./lib", (), "editable", 1)),
        ("--editable=lib", Line("path", "lib", (), "editable", 1)),
    ],
)
def test_a_path(text: str, expected: Line):
    assert one(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://host/a-1.0.whl", "https://host/a-1.0.whl"),
        ("git+https://host/a.git@main#egg=My_App", "my-app"),
        ("git+https://host/a.git#subdirectory=x&egg=a", "a"),
        ("git+ssh://git@host/a.git", "git+ssh://git@host/a.git"),
        ("-e git+https://host/a.git#egg=a", "a"),
        ("-e git@host:a.git", "git@host:a.git"),
        ("file:///app/a.whl", "file:///app/a.whl"),
        ("hg+http://host/a", "hg+http://host/a"),
        ("HTTPS://host/a.whl", "HTTPS://host/a.whl"),
    ],
)
def test_an_address(text: str, value: str):
    line = one(text)
    assert (line.kind, line.value) == ("url", value)


@pytest.mark.parametrize(
    "text",
    [
        "-i https://host/simple",
        "--index-url https://host/simple",
        "--extra-index-url=https://host",
        "--no-index",
        "-f ./wheels",
        "--pre",
    ],
)
def test_any_other_option(text: str):
    assert one(text) == Line("option", text, (), "", 1)


@given(st.text("ab=<>;[]@./\\#- \"'\n\r\t\u2028:+rce", max_size=40))
@SOME
def test_no_text_raises_and_every_line_is_of_the_file(text: str):
    lines = read(text)
    assert [line.line for line in lines] == sorted(line.line for line in lines)
    assert all(1 <= line.line <= len(text.splitlines()) for line in lines)
    assert all(line.value == normal(line.value) for line in lines if line.kind == "name")


@pytest.mark.parametrize("line", ["fastapi{}x", "./fastapi{}x", "fastapi{}# no", "-e .{}[a"])
def test_a_line_of_blanks_takes_no_time(line):
    assert len(read(line.format(" " * 200_000))) == 1
