from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model import dockerfile, shell
from bot.engine.model.dockerfile import expand, insert_after, json_list, pairs, read
from bot.engine.model.tree import splice
from tests.bot.engine.model.dockerfiles import BACKTICK, FILES, HEREDOCS, PLAIN, instruction, parsed

SOME = settings(max_examples=150, deadline=None)

# --- names and values


def plain_pairs(value: str) -> list[tuple[str, str | None]]:
    return [(name, shell.expand(word, {"X": "1"}.get)) for name, word in pairs(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("A=b", [("A", "b")]),
        ("A=b C=d", [("A", "b"), ("C", "d")]),
        ("A=", [("A", "")]),
        ("A=\"b c\" D='e f' G=h\\ i", [("A", "b c"), ("D", "e f"), ("G", "h i")]),
        ("A=b=c", [("A", "b=c")]),
        ("A=$X:/more", [("A", "1:/more")]),
        ("A='$X'", [("A", "$X")]),
        ("A=${X}${Y:-z}", [("A", None)]),
        ("A=b#c", [("A", "b#c")]),
        ("A=b;c&&d", [("A", "b;c&&d")]),
        ("A", [("A", "")]),
        ("A b", [("A", "b")]),
        ("A  b  c ", [("A", "b  c")]),
        ("A $X 'b  c'", [("A", "1 b  c")]),
        ("A b=c", [("A", "b=c")]),
        ("A =b", [("A", "=b")]),
    ],
)
def test_names_and_values(value: str, expected: list[tuple[str, str | None]]):
    assert plain_pairs(value) == expected


def test_a_name_alone_has_no_pieces():
    assert pairs("VERSION")[0][1].pieces == ()
    assert pairs("VERSION=")[0][1].pieces != ()


@pytest.mark.parametrize("content", FILES)
def test_names_and_values_are_those_of_buildkit(content: str):
    expected = [command for command in parsed(content) if not isinstance(command, str)]
    expected = [command for command in expected if command.cmd.upper() in ("ENV", "LABEL")]
    found = [item for item in read(content).instructions if item.name in ("ENV", "LABEL")] if expected else []
    for item, command in zip(found, expected, strict=True):
        assert [name for name, _ in pairs(item.value)] == list(command.value[::2])


# --- arguments with variables


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a b", "a b"),
        ("$X/y", "1/y"),
        ("${X}", "1"),
        ("${Z:-y z}", None),
        ("'a b'", "a b"),
        ('"$X y"', "1 y"),
        ("a\\ b", "a b"),
        ("\\$X", "$X"),
        ("a  $X", "a  1"),
        ("$Y", None),
    ],
)
def test_an_argument_with_its_variables_filled_in(argument: str, value: str | None):
    assert expand(argument, {"X": "1"}.get) == value


# --- edits


ENDINGS = pytest.mark.parametrize("ending", ["\n", "\r\n"])


@ENDINGS
@pytest.mark.parametrize("content", [PLAIN, HEREDOCS, BACKTICK])
def test_a_replaced_word_leaves_every_other_byte(content: str, ending: str):
    file = read(content.replace("\n", ending))
    for item in file.instructions:
        for word in item.words:
            edit = dockerfile.replace_word(word, "new", item.json)
            changed = splice(file.text, [edit])
            assert changed[: edit.start] == file.text[: edit.start]
            assert changed[edit.start + len(edit.text) :] == file.text[edit.end :]
            assert edit.text == ('"new"' if item.json else "new")


@ENDINGS
def test_a_replaced_word_is_read_again(ending: str):
    content = 'FROM a\nCOPY --link x \\\n  y /z\nCMD [ "b", \\\n"c" ] # d\n'.replace("\n", ending)
    file = read(content.replace(" # d", ""))
    copy, command = file.instructions[1:]
    edits = [dockerfile.replace_word(copy.words[1], "new", False), dockerfile.replace_word(command.words[1], 'q "\\', True)]
    changed = splice(file.text, edits)
    assert changed == content.replace(" # d", "").replace("  y", "  new").replace('"c"', '"q \\"\\\\"')
    assert [found.argv for found in read(changed).instructions[1:]] == [["x", "new", "/z"], ["b", 'q "\\']]


@ENDINGS
def test_a_line_behind_an_instruction(ending: str):
    content = "FROM a\n\nRUN b \\\n  c\n# d\nRUN <<EOF\ne\nEOF\nCMD f\n".replace("\n", ending)
    file = read(content)
    after = [splice(content, [insert_after(file, item, "USER x")]) for item in file.instructions]
    assert after == [
        expected.replace("\n", ending)
        for expected in (
            "FROM a\nUSER x\n\nRUN b \\\n  c\n# d\nRUN <<EOF\ne\nEOF\nCMD f\n",
            "FROM a\n\nRUN b \\\n  c\nUSER x\n# d\nRUN <<EOF\ne\nEOF\nCMD f\n",
            "FROM a\n\nRUN b \\\n  c\n# d\nRUN <<EOF\ne\nEOF\nUSER x\nCMD f\n",
            "FROM a\n\nRUN b \\\n  c\n# d\nRUN <<EOF\ne\nEOF\nCMD f\nUSER x\n",
        )
    ]


@ENDINGS
def test_a_line_behind_a_last_line_without_an_ending(ending: str):
    content = f"FROM a{ending}CMD b"
    file = read(content)
    changed = splice(content, [insert_after(file, file.instructions[1], "USER x")])
    assert changed == f"FROM a{ending}CMD b{ending}USER x"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=8), max_size=4))
@SOME
def test_a_list_reads_as_its_words(words: list[str]):
    assert instruction(f"CMD {json_list(words)}").argv == words
    assert instruction(f"CMD {json_list(words)}").json


def test_a_list_looks_as_people_write_it():
    assert json_list(["python", "-m", 'a "b"']) == '["python", "-m", "a \\"b\\""]'
