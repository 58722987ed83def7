from __future__ import annotations

import dockerfile as buildkit  # BuildKit's own parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model import dockerfile, shell
from bot.engine.model.dockerfile import (
    Dockerfile,
    Heredoc,
    Instruction,
    expand,
    insert_after,
    insert_before,
    json_list,
    pairs,
    read,
)
from bot.engine.model.tree import splice
from tests.tools import text

SOME = settings(max_examples=150, deadline=None)

PLAIN = text("""
    # syntax=docker/dockerfile:1
    ARG VERSION=3.12

    FROM --platform=linux/amd64 python:${VERSION}-slim AS base
    ENV A=b C="d e" \\
        F='g h'
    # a comment
    env OLD form of  it
    WORKDIR   /app
    COPY --chown=app:app --link requirements.txt  ./
    RUN --mount=type=cache,target=/root/.cache --network=none \\
        # why
        pip install -r requirements.txt && \\

        echo "a # b" 'c \\
    d'
    COPY ["a b.txt", "c\\u00e9\\n", "/app/"]
    USER app
    EXPOSE 8080 9090/udp
    VOLUME /data /more
    LABEL a=b "c d"="e f"
    STOPSIGNAL SIGTERM
    SHELL ["/bin/bash", "-c"]
    MAINTAINER me and you
    ONBUILD RUN echo later
    HEALTHCHECK --interval=5s CMD curl -f http://localhost/
    ENTRYPOINT ["python", "-m"]
    CMD main
""")
HEREDOCS = text("""
    FROM python
    RUN <<EOF
    set -e
      pip install x # no comment
    # nor this \\
    EOF
    COPY --chmod=644 <<one <<-"t w o" 3<<'three' /etc/
    1 $A
    one
    \ttabs
    \tt w o
    3
    three
    RUN cat <<A > /x && b <<B
    A
    B
    RUN ["sh", "-c", "cat <<EOF"]
    RUN cat<<EOF || echo "<<EOF" '<<EOF' a<<EOF <<<EOF
    ONBUILD COPY <<EOF /x
    y
    EOF
    RUN x <<E"O"F
    EOF
    CMD a <<EOF
""")
BACKTICK = text("""
    # escape=`
    # syntax=x
    FROM windows
    RUN a `
      # comment
      b \\
    COPY --from=x` y C:\\a\\ D:\\
    RUN c ``
    ENV A=b` c
""")
ODD = [
    "from a\nrun b\n",
    "FROM a\nRUN\\\n b\n",
    "FROM a\nRUN b \\  \t\n  c\\\n",
    "FROM a\nRUN b \\\\\nRUN c\n",
    "FROM a\n\\\n  RUN b\n",
    "FROM a\n  \tRUN  \t b  \t\n",
    "FROM a\nRUN b \\\n#c\\\n\n\n\\\nd\n\nCMD e",
    "FROM a\nRUN b \\\n  #c\n",
    "FROM a\nRUN b # c\n",
    "\ufeffFROM a\nRUN b\n",
    "\ufeff# escape=`\nFROM a\nRUN b `\n c",
    "# comment\n# escape=`\nFROM a\nRUN b `\nCMD c",
    "\n# escape=`\nFROM a\nRUN b `\nCMD c",
    "#escape = `  \nFROM a\nRUN b `\n c",
    "FROM a\nRUN b\rc\nCMD d\r\n",
    "FROM a\r\nRUN b \\\r\n  c\r\nRUN <<EOF\r\nx\r\nEOF\r\nCMD d\r\n",
    "FROM a\nRUN b\x0bc\x0cd\nCMD\x0be",
    "FROM a\nRUN b\u2028c\x85d",
    "FROM a\nCOPY b\u00a0c /d",
    "FROM a\nCMD [ ]",
    'FROM a\nCMD [ "b" , "c" ]  ',
    'FROM a\nCMD ["b",]',
    "FROM a\nCMD ['b']",
    'FROM a\nCMD ["b" "c"]',
    'FROM a\nCMD ["b", "\\q"]',
    'FROM a\nCMD ["\\/\\b\\f\\r\\t\\"\\\\", "\\ud83d\\ude00", "é"]',
    'FROM a\nCMD [\\\n"b", \\\n"c"]',
    'FROM a\nCMD\t["b"]',
    "FROM a\nCMD [b] || c",
    "FROM a\nRUN -- b",
    "FROM a\nRUN --b -- --c d",
    'FROM a\nCOPY --x="a b" --y=\'c d\'e --z=f\\ g --q="h\\"i" j k',
    "FROM a\nCOPY --x y --z",
    "FROM a\nRUN --x",
    "FROM a\nRUN --mount=type=cache \\\n  --mount=type=bind \\\n b",
    "FROM a\nRUN - --b",
    "FROM a\nENV b='c\\\n  d' e=f",
    "FROM a\nUNKNOWN b c\n",
    "FROM a\nRUN",
    "FROM a\nRUN <<EOF\nEOF",
    "FROM a\nRUN <<-EOF b\n\t\tEOF\nCMD c",
    "FROM a\nRUN b <<'E F' <<G\nEOF\nE F\nG\nG\nCMD c",
    "FROM a\nRUN <<$X <<${Y} <<\\Z\n$X\n${Y}\nZ\nCMD c",
    "FROM a\nRUN b 'open <<EOF\nCMD c",
    "FROM a\nRUN b $((1<<2)) ${X:-y} $Z <<EOF\nEOF\nCMD c",
    "FROM a\nRUN b ${X <<EOF\nCMD c",
    "FROM a\nRUN b <<EOF \\\n && c\nx\nEOF\nCMD d",
    "FROM a\nADD <<a.txt /b\na\na.txt\n",
    'FROM a\nRUN b <<"" <<-\nCMD c',
]
FILES = [PLAIN, HEREDOCS, BACKTICK, *ODD, PLAIN.replace("\n", "\r\n"), HEREDOCS.replace("\n", "\r\n"), PLAIN.rstrip("\n")]
COMPOUND = ("HEALTHCHECK", "ONBUILD")  # the instruction inside is not looked into: harmless


def last_line(file: Dockerfile, item: Instruction) -> int:
    return file.text.count("\n", 0, item.end) + (not file.text[: item.end].endswith("\n"))


def parsed(content: str) -> list[buildkit.Command] | str:
    """Return what BuildKit's parser makes of a file, or why it refuses it."""
    try:
        return list(buildkit.parse_string(content))
    except buildkit.GoParseError as error:
        return str(error)


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


def item(content: str) -> Instruction:
    """Return the instruction behind FROM."""
    return read(f"FROM a\n{content}").instructions[1]


def test_flags_by_name():
    copy = item('COPY --from=base --chown="a b" --link x y')
    assert (copy.flag("from"), copy.flag("chown"), copy.flag("link"), copy.flag("chmod")) == ("base", "a b", "", None)
    assert copy.argv == ["x", "y"]


def test_another_escape_character_is_the_one_of_flags_too():
    copy = read("# escape=`\nFROM a\nCOPY --from=x` y C:\\a\\ D:\\").instructions[1]
    assert (copy.flag("from"), copy.argv) == ("x y", ["C:\\a\\", "D:\\"])


def test_a_value_joins_its_lines():
    assert item("RUN a \\\n  b \\\n\n # c\n && d").value == "a   b  && d"


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
    assert item(content).heredocs == (expected,)
    assert read(f"FROM a\n{content}CMD b").instructions[2].name == "CMD"


def test_a_no_break_space_is_no_space():
    file = read("FROM a\nCOPY\u00a0a b\n")
    assert file.problem is not None
    assert file.problem.message.startswith("dockerfile parse error on line 2: unknown instruction: COPY\u00a0a")


# --- what BuildKit refuses, in its words (version 0.32.2 gave them for these very files)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "the Dockerfile cannot be empty"),
        ("\n \n", 1, "file with no instructions"),
        ("# only a comment\n", 1, "file with no instructions"),
        ("ARG A=b\n", 1, "dockerfile contains no stages to build"),
        ("RUN a\n", 1, "no build stage in current context"),
        ("ARG A\nENV B=c\nFROM d\n", 2, "no build stage in current context"),
        ("FROM a\nRUN <<EOF\nb\n", 2, "unterminated heredoc"),
        ("FROM a\nCMD ['b']\nCMD [\"b\", 1]", 3, "when using JSON array syntax, arrays must be comprised of strings only"),
        ("FROM a\nENV B\n", 2, "ENV must have two arguments"),
        ("FROM a\nLABEL b\n", 2, "LABEL must have two arguments"),
        ("FROM a\nENV B=c d\n", 2, 'Syntax error - can\'t find = in "d". Must be of the form: name=value'),
        ('FROM a\nENV B=c "d\\e"\n', 2, 'Syntax error - can\'t find = in "\\"d\\\\e\\"". Must be of the form: name=value'),
        ("# escape=x\nFROM a\n", 1, "invalid escape token 'x' does not match ` or \\"),
        ("BAD\nFROM a\nENV B\n", 3, "ENV must have two arguments"),
    ],
)
def test_a_file_that_is_refused(content: str, line: int, words: str):
    assert read(content).problem == (line, words)


NO_DESTINATION = "requires at least two arguments, but only one was provided. Destination could not be determined"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("COPI a b", "unknown instruction: COPI (did you mean COPY?)"),
        ("copi a b", "unknown instruction: copi (did you mean copy?)"),
        ("Copi a b", "unknown instruction: Copi (did you mean copy?)"),
        ("import os", "unknown instruction: import"),
        ("<<<<<<< HEAD", "unknown instruction: <<<<<<<"),
        ("RUNpip install", "unknown instruction: RUNpip"),
        ("R x", "unknown instruction: R (did you mean …?)"),
        ("COPY", f"COPY {NO_DESTINATION}"),
        ("COPY .", f"COPY {NO_DESTINATION}"),
        ('ADD ["."]', f"ADD {NO_DESTINATION}"),
        ("COPY --chown=a .", f"COPY {NO_DESTINATION}"),
        ("COPY <<EOF\nEOF", f"COPY {NO_DESTINATION}"),
        ("COPY a <<EOF\nEOF", "COPY cannot accept a heredoc as a destination"),
        ("FROM b c", "FROM requires either one or three arguments"),
        ("FROM", "FROM requires either one or three arguments"),
        ("FROM b is c", "FROM requires either one or three arguments"),
        ("FROM b AS 1c", 'invalid name for build stage: "1c", name can\'t start with a number or contain symbols'),
        ("WORKDIR", "WORKDIR requires exactly one argument"),
        ("USER", "USER requires exactly one argument"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("ENV", "ENV requires at least one argument"),
        ("ARG", "ARG requires at least one argument"),
        ("ENV =b", "ENV names can not be blank"),
        ("ARG B=c =d", "ARG names can not be blank"),
        ("SHELL bash", "SHELL requires the arguments to be in JSON form"),
        ("HEALTHCHECK curl x", 'Unknown type "CURL" in HEALTHCHECK (try CMD)'),
        ("HEALTHCHECK --interval=5s CMD", "Missing command after HEALTHCHECK CMD"),
    ],
)
def test_an_instruction_that_is_refused(content: str, words: str):
    assert read(f"FROM a\nRUN x\n{content}\nBAD\n").problem == (3, f"dockerfile parse error on line 3: {words}")


@pytest.mark.parametrize("content", [PLAIN, HEREDOCS.replace("CMD a <<EOF\n", ""), BACKTICK.replace("` c", "=c")])
def test_what_builds_is_not_refused(content: str):
    assert read(content).problem is None


@pytest.mark.parametrize(
    "content",
    [
        "FROM a AS Build-1.x_y",
        "FROM --platform=$BUILDPLATFORM a",
        "ENV b =c",
        "ENV A=$(b)",
        "LABEL a.b='c d'",
        "ARG B C=d",
        "HEALTHCHECK NONE",
        "HEALTHCHECK cmd x",
        "CMD []",
        "CMD",
        "RUN",
        "COPY <<EOF /x\nEOF",
        "maintainer me",
    ],
)
def test_an_instruction_that_is_accepted(content: str):
    assert read(f"FROM a\n{content}\n").problem is None


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
def test_a_line_before_an_instruction(ending: str):
    content = "\ufeffFROM a\n\n  RUN b\n# d\nCMD f".replace("\n", ending)
    file = read(content)
    before = [splice(content, [insert_before(file, item, "USER x")]) for item in file.instructions[1:]]
    assert before == [
        "\ufeffFROM a\n\nUSER x\n  RUN b\n# d\nCMD f".replace("\n", ending),
        "\ufeffFROM a\n\n  RUN b\n# d\nUSER x\nCMD f".replace("\n", ending),
    ]


def test_a_byte_order_mark_stays_in_front_of_a_line_before_the_first_instruction():
    content = "\ufeffFROM a\n"
    file = read(content)
    assert splice(content, [insert_before(file, file.instructions[0], "ARG X")]) == "\ufeffARG X\nFROM a\n"


@ENDINGS
def test_a_line_behind_a_last_line_without_an_ending(ending: str):
    content = f"FROM a{ending}CMD b"
    file = read(content)
    changed = splice(content, [insert_after(file, file.instructions[1], "USER x")])
    assert changed == f"FROM a{ending}CMD b{ending}USER x"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=8), max_size=4))
@SOME
def test_a_list_reads_as_its_words(words: list[str]):
    assert item(f"CMD {json_list(words)}").argv == words
    assert item(f"CMD {json_list(words)}").json


def test_a_list_looks_as_people_write_it():
    assert json_list(["python", "-m", 'a "b"']) == '["python", "-m", "a \\"b\\""]'
