from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Dockerfile, Heredoc, Instruction, read
from tests.bot.engine.model.dockerfiles import BACKTICK, FILES, HEREDOCS, ODD, PLAIN, instruction, parsed

SOME = settings(max_examples=150, deadline=None)

COMPOUND = ("HEALTHCHECK", "ONBUILD")  # the instruction inside is not looked into: harmless


def last_line(file: Dockerfile, item: Instruction) -> int:
    return file.text.count("\n", 0, item.end) + (not file.text[: item.end].endswith("\n"))


def check_like_buildkit(content: str) -> None:
    """Assert that BuildKit's parser and ours see the same instructions, or refuse them with the same words."""
    file = read(content)
    expected = parsed(content)
    if isinstance(expected, str):
        assert file.problem is not None
        assert file.problem.message == expected or not content  # the builder looks at an empty file before its parser
        return
    assert [(item.name, item.line, last_line(file, item)) for item in file.instructions] == [
        ((command.cmd or "").upper(), command.start_line, command.end_line) for command in expected
    ]
    for item, command in zip(file.instructions, expected, strict=True):
        if item.name in COMPOUND:
            continue
        assert [(heredoc.word, _without_tabs(heredoc.content)) for heredoc in item.heredocs] == [
            (heredoc.name, _without_tabs(heredoc.content)) for heredoc in command.heredocs
        ]
        assert item.json == command.json
        if "escape" in content:  # the binding splits flags off by itself, and knows no other escape character
            continue
        assert tuple(flag.value for flag in item.flags) == command.flags
        if item.json or item.name in ("FROM", "COPY", "ADD", "EXPOSE", "VOLUME"):
            assert tuple(item.argv) == command.value
        elif item.name in dockerfile.INSTRUCTIONS and item.name not in ("ENV", "ARG", "LABEL"):
            assert item.value == "".join(command.value)


def _without_tabs(content: str) -> str:
    return "".join(line.lstrip("\t") for line in content.splitlines(keepends=True))


def check_spans(content: str) -> None:
    """Assert that every word and flag can be found in the file where it is said to stand."""
    file = read(content)
    end = 0
    for item in file.instructions:
        assert end <= item.start <= item.end <= len(content)
        end = item.end
        assert content.count("\n", 0, item.start) + 1 in range(item.line, last_line(file, item) + 1)
        for piece in (*item.flags, *item.words):
            assert item.start < piece.start < piece.end <= item.end
            written = content[piece.start : piece.end]
            if "\n" not in written and not item.json and not set("\"'\\`") & set(written):
                assert written == piece.value
            if item.json and piece in item.words and "\n" not in written:
                assert read(f"FROM a\nCMD [{written}]").instructions[1].argv == [piece.value]


# --- the same instructions as BuildKit's parser


@pytest.mark.parametrize("content", FILES)
def test_instructions_are_those_of_buildkit(content: str):
    check_like_buildkit(content)


@pytest.mark.parametrize("content", FILES)
def test_words_and_flags_stand_where_they_are_said_to(content: str):
    check_spans(content)


PIECES = st.sampled_from(
    [
        "\\\n",
        "\n",
        "\r\n",
        "\\",
        '"',
        "'",
        "[",
        "]",
        ",",
        '["a"]',
        "#",
        "# x\n",
        " ",
        "\t",
        "--x=y ",
        "-- ",
        "<<EOF ",
        "EOF\n",
        "$X",
        "`",
    ]
)


@given(st.sampled_from([PLAIN, HEREDOCS, BACKTICK, *ODD]), st.integers(0, 900), st.integers(0, 4), st.lists(PIECES, max_size=2))
@settings(max_examples=400, deadline=None)
def test_a_damaged_file_is_read_as_buildkit_reads_it(content: str, where: int, gone: int, pieces: list[str]):
    where = min(where, len(content))
    damaged = content[:where] + "".join(pieces) + content[where + gone :]
    check_spans(damaged)
    if any(f"<<{blank}" in damaged for blank in " \t\\") or _trailing_list(damaged):
        return  # the bound version is older than these rules
    if ("<<" in damaged and "${" in damaged) or ("escape" in damaged and set("<[") & set(damaged)):
        return  # what a broken ${…} makes of a heredoc is nobody's business
    check_like_buildkit(damaged)


def _trailing_list(content: str) -> bool:
    """Say whether text may follow a list in brackets, which older versions ignored and newer ones take for shell text."""
    return any("[" in item.value and not item.json for item in read(content).instructions)


@given(st.text("FROMRUNCPYENV ab\n\\#\"'[]<=-$\t\r", max_size=60))
@SOME
def test_no_text_raises(content: str):
    check_spans(content)


# --- what current BuildKit does otherwise than the bound version


def test_white_space_may_stand_behind_a_heredocs_arrows():
    _, run, command = read("FROM a\nRUN cat << EOF\nx\nEOF\nCMD b\n").instructions
    assert run.heredocs == (Heredoc("EOF", "x\n", True),)
    assert command.name == "CMD"


@pytest.mark.parametrize("content", ['["a"] b', '["a"], "b"]'])
def test_text_behind_a_list_makes_it_shell_text(content: str):
    item = read(f"FROM a\nCMD {content}").instructions[1]
    assert not item.json
    assert item.value == content


# --- instructions


def test_flags_by_name():
    copy = instruction('COPY --from=base --chown="a b" --link x y')
    assert (copy.flag("from"), copy.flag("chown"), copy.flag("link"), copy.flag("chmod")) == ("base", "a b", "", None)
    assert copy.argv == ["x", "y"]


def test_another_escape_character_is_the_one_of_flags_too():
    copy = read("# escape=`\nFROM a\nCOPY --from=x` y C:\\a\\ D:\\").instructions[1]
    assert (copy.flag("from"), copy.argv) == ("x y", ["C:\\a\\", "D:\\"])


def test_a_value_joins_its_lines():
    assert instruction("RUN a \\\n  b \\\n\n # c\n && d").value == "a   b  && d"


def test_lines_are_counted_from_one():
    assert [(found.name, found.line) for found in read(PLAIN).instructions][:5] == [
        ("ARG", 2),
        ("FROM", 4),
        ("ENV", 5),
        ("ENV", 8),
        ("WORKDIR", 9),
    ]


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        ("<<EOF", Heredoc("EOF", "a $b\n\tc\n", True)),
        ("<<-EOF", Heredoc("EOF", "a $b\nc\n", True)),
        ("<<'EOF'", Heredoc("EOF", "a $b\n\tc\n", False)),
        ('<<-"EOF"', Heredoc("EOF", "a $b\nc\n", False)),
        ("0<<EOF", Heredoc("EOF", "a $b\n\tc\n", True)),
    ],
)
def test_a_heredoc(begin: str, expected: Heredoc):
    content = f"RUN cat {begin} > x\na $b\n\tc\nEOF\n"
    assert instruction(content).heredocs == (expected,)
    assert read(f"FROM a\n{content}CMD b").instructions[2].name == "CMD"


def test_a_no_break_space_is_no_space():
    file = read("FROM a\nCOPY\u00a0a b\n")
    assert file.problem is not None
    assert file.problem.message.startswith("dockerfile parse error on line 2: unknown instruction: COPY\u00a0a")
