import re

import pytest

from bot.engine.image import ignore
from bot.engine.image.context import Context
from bot.engine.model.wildcards import ANYTHING, FOLDERS, NAMES, START, Piece, expression
from tests.tools import tree


def pieces(*written: str) -> list[Piece]:
    """Return wildcards, each with the text behind it: `START`, text, wildcard, text …"""
    return [Piece(kind, list(text)) for kind, text in zip(written[::2], written[1::2], strict=True)]


@pytest.mark.parametrize(
    ("written", "path", "wanted"),
    [
        ((START, "a", NAMES, "b", NAMES, "c"), "a-b-b-c", True),
        ((START, "a", NAMES, "b", NAMES, "c"), "a-b-b-d", False),
        ((START, "a", NAMES, "b"), "a/b", False),
        ((FOLDERS, "a/", FOLDERS, "b"), "x/a/y/a/b", True),
        ((FOLDERS, "a/", FOLDERS, "b"), "a/b", True),
        ((START, "a/", ANYTHING, ""), "a/b/c", True),
        ((START, "", NAMES, "a", NAMES, "ab"), "xaaab", True),
    ],
)
def test_the_first_match_is_as_good_as_any(written, path, wanted):
    assert bool(re.fullmatch(expression(pieces(*written)), path)) is wanted


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "*b", "a" * 250),
        ("**/a/" * 15 + "b", "/".join("a" * 190)),
        ("*/*a*a*a*a*a*a*a*b", "a" * 60 + "/" + "a" * 200),
    ],
)
def test_no_pattern_takes_long(pattern, path):
    assert not ignore.read(f"{pattern}\n").excludes(path)
    assert ignore.read(f"{pattern}\n").excludes(path + "b" if "**" not in pattern else path + "/b")
    assert Context(tree({path: ""}), "", ignore.NOTHING).matches(pattern.replace("**", "*")) == []


def test_many_double_stars_inside_of_names_are_refused():
    assert ignore.read("a**a**b\n").excludes("aab")
    assert not ignore.read("a**" * 12 + "b\n").excludes("a" * 12 + "b")
