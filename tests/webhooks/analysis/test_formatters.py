"""The repository's own formatter counts for the lines that a repair touches, and for no other."""

from __future__ import annotations

import pytest

from bot.engine.model.tree import Change, Tree
from tests.tools import Dictionary
from webhooks.analysis.formatters import Style, declared, formatted

CLEAN = 'import os\n\nx = "a"\n\n\ndef f():\n    return 1\n'
SPRAWLING = "import os\nx = 'a'\ndef f(): return 1\n"
LONG = "print('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbb', os)\n"
WRAPPED = "print(\n    {0}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{0},\n    {0}bbbbbbbbbbbbbbbbbbbbbb{0},\n    os,\n)\n"
BLACK = "[tool.black]\nline-length = 60\n"


def laid_out(settings: dict[str, str], before: str | None, after: str, path: str = "app/main.py") -> str:
    files = {**settings, **({path: before} if before is not None else {})}
    edit = Change(path, None if before is None else path, (before or "").encode(), after.encode(), False)
    return formatted(Tree(Dictionary(files)), edit).decode()


def test_a_file_in_the_declared_form_stays_in_it():
    made = laid_out({"pyproject.toml": BLACK}, CLEAN, CLEAN + "\n\n" + LONG)
    assert made == CLEAN + "\n\n" + WRAPPED.format('"')


def test_of_another_file_only_our_long_line_is_wrapped_with_its_quotes():
    made = laid_out({"pyproject.toml": BLACK}, SPRAWLING, SPRAWLING + "y = 'b'\n" + LONG + "z = 'c'\n")
    assert made == SPRAWLING + "y = 'b'\n" + WRAPPED.format("'") + "z = 'c'\n"


def test_several_long_lines_are_wrapped():
    made = laid_out({"pyproject.toml": BLACK}, SPRAWLING, LONG + SPRAWLING + LONG)
    assert made == WRAPPED.format("'") + SPRAWLING + WRAPPED.format("'")


def test_without_a_declared_formatter_our_text_stays():
    assert laid_out({"pyproject.toml": "[tool.mypy]\n"}, CLEAN, CLEAN + LONG) == CLEAN + LONG


def test_the_quotes_of_ruff_are_the_declared_ones():
    single = CLEAN.replace('"', "'")
    made = laid_out({"ruff.toml": '[format]\nquote-style = "single"\n'}, single, single + '\n\ny = "b"\n')
    assert made == single + "\n\ny = 'b'\n"


def test_line_endings_survive():
    crlf = CLEAN.replace("\n", "\r\n")
    made = laid_out({"pyproject.toml": BLACK}, crlf, crlf + "\r\n\r\ny = 'b'\r\n")
    assert made == crlf + '\r\n\r\ny = "b"\r\n'


def test_lines_that_are_not_ours_are_not_laid_out_with_them():
    before = "f(\n    one, two\n)\n"  # in form as long as it fits: Ruff would join it
    after = before.replace("one, two", "one, two, threeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee")
    assert laid_out({"pyproject.toml": BLACK}, before, after) == after


def test_what_does_not_parse_stays():
    assert laid_out({"pyproject.toml": BLACK}, "print 'x'\n", "print 'x'\n" + LONG) == "print 'x'\n" + LONG


def test_a_docstring_that_would_mean_something_else_stays():
    after = CLEAN + '\n\ndef g():\n    """   says   """\n'
    assert laid_out({"pyproject.toml": BLACK}, CLEAN, after) == after


def test_a_new_file_is_laid_out_as_a_whole():
    assert laid_out({"pyproject.toml": BLACK}, None, "x = 'a'\n") == 'x = "a"\n'


def test_other_files_are_not_touched():
    assert laid_out({"pyproject.toml": BLACK}, "a\n", "a\nb  =  'c'\n", "fly.toml") == "a\nb  =  'c'\n"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": "[tool.black]\nskip-string-normalization = true\n"}, Style(quotes="preserve")),
        ({"pyproject.toml": "[tool.black]\nskip-magic-trailing-comma = true\nline-length = 99\n"}, Style(99, commas=False)),
        (
            {"pyproject.toml": '[tool.ruff]\nline-length = 100\n[tool.ruff.format]\nindent-style = "tab"\n'},
            Style(100, indent="tab"),
        ),
        ({"app/.ruff.toml": "line-length = 70\n", "ruff.toml": "line-length = 90\n"}, Style(70)),
        ({"app/ruff.toml": 'extend = "../base/ruff.toml"\n', "base/ruff.toml": "line-length = 90\n"}, Style(90)),
        ({"app/ruff.toml": 'extend = "../pyproject.toml"\n', "pyproject.toml": "[tool.ruff]\nline-length = 91\n"}, Style(91)),
        ({"app/ruff.toml": 'extend = "ruff.toml"\nline-length = 80\n'}, Style(80)),
        ({"app/ruff.toml": 'extend = "../../outside.toml"\n'}, Style()),
        ({"ruff.toml": "line-length = 'x'\n[format]\nquote-style = '\"; evil'\n"}, Style()),
        ({"pyproject.toml": "[tool.black\n"}, None),
        ({}, None),
    ],
)
def test_the_declared_style(files: dict[str, str], wanted: Style | None):
    assert declared(Tree(Dictionary({**files, "app/main.py": ""})), "app/main.py") == wanted
