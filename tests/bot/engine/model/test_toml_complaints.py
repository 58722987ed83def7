from __future__ import annotations

import pytest

from bot.engine.model import toml

# --- go-toml's complaints, as version 2.4.3 gave them for these very documents


def complaint(document: str) -> tuple[int, int, str] | None:
    read = toml.read(document)
    if not read.problems:
        return None
    return (*read.row_and_column(read.problems[0].start), read.problems[0].message)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("[build]\n[build]\n", (2, 2, "table build already exists")),
        ("[a.b]\n[a.b]\n", (2, 2, "table b already exists")),
        ("[a]\n[a.b]\n[a]\n", (3, 2, "table a already exists")),
        ("[[a]]\n[a.b]\n[ a . b ]\n", (3, 3, "table b already exists")),
        ("[[a]]\n[a]\n", (2, 2, "table a already exists as an array of tables")),
        ("a.b = 1\n[a]\n", (2, 2, "table a already exists as defined by a dotted key")),
        ("[a]\nb.c = 1\n[a.b]\n", (3, 2, "table b already exists as defined by a dotted key")),
        ("env = 1\n[env]\n", (2, 2, "key env should be a table, not a value")),
        ("a = {}\n[a]\n", (2, 2, "key a should be a table, not a value")),
        ("[[a]]\nb = 1\n[a.b]\n", (3, 2, "key b should be a table, not a value")),
        ("services = []\n[[services.ports]]\n", (2, 3, "key services already exists as a value")),
        ("a = 1\n[a.b.c]\n", (2, 2, "key a already exists as a value")),
        (
            "[[services]]\nhttp_checks = []\n[[services.http_checks]]\n",
            (3, 3, "key http_checks already exists as a value, but should be an array table"),
        ),
        ("[vm]\n[[vm]]\n", (2, 3, "key vm already exists as a table, but should be an array table")),
        ("[vm.x]\n[[vm]]\n", (2, 3, "key vm already exists as a table, but should be an array table")),
        ("[a]\nb.c = 1\n[[a.b]]\n", (3, 3, "key b already exists as a kv-table, but should be an array table")),
    ],
)
def test_a_table_that_clashes(document: str, expected: tuple[int, int, str]):
    assert complaint(document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('app = "a"\napp = "b"\n', (2, 1, "key app is already defined")),
        ('"app" = 1\n  app = 2\n', (2, 3, "key app is already defined")),
        ("a.b = 1\na.b = 2\n", (2, 1, "key b is already defined")),
        ("a = 1\na.b = 2\n", (2, 1, "key a is already defined")),
        ("a = {}\na.b = 2\n", (2, 1, "key a is already defined")),
        ("a = [1]\na.b = 2\n", (2, 1, "key a is already defined")),
        ("[a.b]\n[a]\nb.c = 1\n", (3, 1, "key b is already defined")),
        ("[a.b.c]\n[a]\nb.d = 1\n", (3, 1, "key b is already defined")),
        ("[a.b]\n[a]\nb = 1\n", (3, 1, "key b is already defined")),
        ("a = {b = 1, b = 2}\n", (1, 1, "key b is already defined")),
        ("  x.a = [{b.c = 1, b = 2}]\n", (1, 3, "key b is already defined")),
    ],
)
def test_a_key_that_is_there_already(document: str, expected: tuple[int, int, str]):
    assert complaint(document) == expected


@pytest.mark.parametrize(
    "document",
    [
        "[a.b]\n[a]\n",
        "[[a]]\n[a.b]\n[[a]]\n[a.b]\n",
        "[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]\n",
        "[a]\nb.c = 1\nb.d = 2\n[a.b.e]\n",
        "[a]\n[b]\n[a.c]\n",
        "[[a]]\nb = 1\n[[a]]\nb = 2\n",
        "a = [{b = 1}, {b = 2}]\n",
    ],
)
def test_tables_in_any_order_are_no_clash(document: str):
    assert complaint(document) is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("app: x", (1, 4, "expected '=' after key")),
        ("app", (1, 3, "expected '=' after key")),
        ("a = 1\ndiff --git\n", (2, 6, "expected '=' after key")),
        ("a\n= 1", (1, 2, "expected '=' after key")),
        ("app = ", (1, 6, "expected value, not end of input")),
        ("app =\n", (1, 6, "unexpected character U+000A at start of value")),
        ("app = demo\n", (1, 7, "unexpected character U+0064 'd' at start of value")),
        ("app = “demo”\n", (1, 7, "unexpected character U+00E2 'â' at start of value")),
        ("app = tru\n", (1, 7, 'expected keyword "true"')),
        ("app = frontend\n", (1, 7, 'expected keyword "false"')),
        ("app = iad\n", (1, 7, 'expected keyword "inf"')),
        ("app = nginx\n", (1, 7, 'expected keyword "nan"')),
        ("memory = 256mb\n", (1, 13, "strings must be quoted")),
        ("interval = 1.5s\n", (1, 15, "strings must be quoted")),
        ("address = 0.0.0.0\n", (1, 14, "expected newline but got U+002E '.'")),
        ('a = "x" - y\n', (1, 9, "expected newline but got U+002D '-'")),
        ("a = 1 b = 2\n", (1, 7, "expected newline but got U+0062 'b'")),
        ("a = 1\rb = 2\n", (1, 6, "expected newline but got U+000D")),
        ("[build", (1, 6, "expected ']' to close table name")),
        ("[build\n", (1, 7, "expected ']' to close table name")),
        ("[a b]\n", (1, 4, "expected ']' to close table name")),
        ("[[build]\n", (1, 8, "expected ']]' to close array table name")),
        ("[[build]", (1, 8, "expected ']]' to close array table name")),
        ("[build]]\n", (1, 8, "expected newline but got U+005D ']'")),
        ("[", (1, 1, "expected key but reached end of input")),
        ("[]", (1, 2, "invalid character at start of key: U+005D ']'")),
        ("= 1", (1, 1, "invalid character at start of key: U+003D '='")),
        ("a. = 1", (1, 4, "invalid character at start of key: U+003D '='")),
        ("{{ app }}\n", (1, 1, "invalid character at start of key: U+007B '{'")),
        ("<<<<<<< HEAD\n", (1, 1, "invalid character at start of key: U+003C '<'")),
        ("\ufeffapp = 1\n", (1, 1, "invalid character at start of key: U+00EF 'ï'")),
        ("état = 1\n", (1, 1, "invalid character at start of key: U+00C3 'Ã'")),
    ],
)
def test_what_is_no_statement(document: str, expected: tuple[int, int, str]):
    assert complaint(document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('a = "x\nb = 1\n', (1, 7, "basic strings cannot have new lines")),
        ('a = "x\r\nb = 1\r\n', (1, 7, "basic strings cannot have new lines")),
        ("a = 'x\n", (1, 7, "literal strings cannot have new lines")),
        ('a = "x', (1, 6, "unterminated basic string")),
        ("a = 'x", (1, 6, "unterminated literal string")),
        ('a = "\x07"\n', (1, 6, "basic strings cannot have control characters")),
        ("a = '\x07'\n", (1, 6, "literal strings cannot have control characters")),
        ('a = """x\n', (1, 9, 'multiline basic string not terminated by """')),
        ("a = '''x\n", (1, 9, "multiline literal string not terminated by '''")),
        ('a = """x""""""\n', (1, 9, "too many quotes at the end of a multiline basic string")),
        ('a = """x\ry"""\n', (1, 9, "carriage returns must be followed by a newline character")),
        ("a = '''\x00'''\n", (1, 8, "multiline literal strings cannot have control characters")),
        ('a = "C:\\path"\n', (1, 8, "invalid escape character U+0070 'p'")),
        ('a = "\\u12"', (1, 6, "unicode escape sequence is too short")),
        ('a = "\\u12xy"\n', (1, 10, "invalid hexadecimal digit in unicode escape sequence")),
        ('a = "\\ud800"\n', (1, 6, "escape sequence is not a valid unicode code point")),
        ('a = "\\', (1, 6, "need a character after \\")),
        ("a = 1 # \x07\n", (1, 9, "control characters are not allowed in comments")),
        ("# x\ry\n", (1, 4, "carriage returns are not allowed in comments")),
    ],
)
def test_strings_and_comments_that_are_refused(document: str, expected: tuple[int, int, str]):
    assert complaint(document) == expected


@pytest.mark.parametrize(
    ("value", "column", "message"),
    [
        ("01", 1, "integers cannot have leading zeroes"),
        ("+00", 2, "integers cannot have leading zeroes"),
        ("1_", 2, "number must have at least one digit between underscores"),
        ("1__2", 2, "number must have at least one digit between underscores"),
        ("0x", 1, "radix prefix must be followed by at least one digit"),
        ("0b2", 1, "radix prefix must be followed by at least one digit"),
        ("-0x1", 1, "sign is not allowed on numbers with a radix prefix"),
        ("1.x", 3, "decimal point must be followed by a digit"),
        ("1e", 2, "exponent must contain at least one digit"),
        ("+", 1, "expected number after sign"),
        ("-x", 2, "expected digit but got U+0078 'x'"),
        ("+in", 2, 'expected "inf"'),
        ("9223372036854775808", 1, "decimal number is too large to fit in a 64-bit signed integer"),
        ("0xffffffffffffffff", 1, "hexadecimal number is too large to fit in a 64-bit signed integer"),
        ("1e999", 1, 'unable to parse float: strconv.ParseFloat: parsing "1e999": value out of range'),
        ("2023-02-29", 9, "impossible date"),
        ("2023-13-01", 6, "impossible date"),
        ("25:00:00", 1, "hour cannot be greater 23"),
        ("12:60:00", 4, "minutes cannot be greater 59"),
        ("12:00:60", 7, "seconds cannot be greater than 59"),
        ("2024-1-1", 1, "dates are expected to have the format YYYY-MM-DD"),
        ("2024-01-01T1", 12, "times are expected to have the format HH:MM[:SS[.NNNNNN]]"),
    ],
)
def test_numbers_and_dates_that_are_refused(value: str, column: int, message: str):
    assert complaint(f"a={value}") == (1, column + 2, message)


@pytest.mark.parametrize("value", ["9223372036854775807", "-9223372036854775808", "2024-02-29", "1900-02-28", "23:59:59"])
def test_the_largest_that_is_not_refused(value: str):
    assert complaint(f"a = {value}") is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("a = [1, 2\n", (1, 10, "array is incomplete")),
        ("a = [1\n[b]\n", (2, 1, "expected ',' or ']' after array value")),
        ("a = [1 2]\n", (1, 8, "expected ',' or ']' after array value")),
        ("a = [, 1]\n", (1, 6, "expected value but got U+002C ','")),
        ("a = [1,, 2]\n", (1, 8, "expected value but got U+002C ','")),
        ("a = {b = 1\n", (1, 11, "inline table is incomplete")),
        ("a = {b = 1 c = 2}\n", (1, 12, "expected ',' or '}' after inline table key-value")),
        ("a = {, b = 1}\n", (1, 6, "unexpected comma in inline table")),
        ("a = {b}\n", (1, 7, "expected '=' after key")),
    ],
)
def test_arrays_and_inline_tables_that_are_refused(document: str, expected: tuple[int, int, str]):
    assert complaint(document) == expected


def test_columns_are_counted_in_bytes():
    assert complaint('"é" = x') == (1, 8, "unexpected character U+0078 'x' at start of value")


def test_a_line_is_read_to_its_end_before_its_key_is_compared():
    assert complaint('a = 1\na = "x\n') == (2, 7, "basic strings cannot have new lines")
    assert complaint("[a]\n[a] x\n") == (2, 5, "expected newline but got U+0078 'x'")


def test_a_key_that_is_there_already_goes_before_a_value_that_is_impossible():
    assert complaint("a = 1\na = 2023-02-29\n") == (2, 1, "key a is already defined")
