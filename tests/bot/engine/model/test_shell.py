from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.model import shell
from bot.engine.model.shell import Command, Piece, Unclosed, Word, expand, one_word, parse, plain_words, quote, split
from tests.tools import text

SOME = settings(max_examples=150, deadline=None)


def literals(command: Command) -> list[str | None]:
    return [word.literal for word in command.words]


def lines(script: str) -> list[str]:
    """Return the script's commands as words, `…` for what has to be expanded."""
    return [" ".join("…" if word is None else word for word in literals(command)) for command in parse(script).commands]


def always(script: str) -> list[str]:
    """Return the commands that run in any case."""
    wanted = parse(script).commands
    return [line for line, command in zip(lines(script), wanted, strict=True) if not command.optional]


def only(script: str) -> Command:
    (command,) = parse(script).commands
    return command


def word(script: str) -> Word:
    """Return the one argument of a command."""
    return only(f"echo {script}").words[1]


# --- commands and what joins them


@pytest.mark.parametrize("operator", ["&&", "||", ";", "|", "|&", "&", "\n"])
def test_operators_join_commands(operator: str):
    first, second = parse(f"cd app {operator} python main.py").commands
    assert (literals(first), literals(second)) == (["cd", "app"], ["python", "main.py"])
    assert (first.joined, first.then, second.joined, second.then) == ("", operator, operator, "")


def test_operators_need_no_blanks_around_them():
    assert lines("a&&b||c;d|e&f") == ["a", "b", "c", "d", "e", "f"]


def test_an_operator_at_the_end_of_a_line_joins_the_next_one():
    first, second = parse("a &&\n\n  # why\n  b\n").commands
    assert (first.then, second.joined) == ("&&", "&&")


def test_blank_lines_and_comments_say_nothing():
    assert lines("#!/bin/sh\n\n# comment && more\na # b\n   \nc #\n") == ["a", "c"]
    assert parse("").commands == ()
    assert parse("# only").commands == ()


def test_a_hash_inside_a_word_is_no_comment():
    assert lines("a b#c '#d' \\#e") == ["a b#c #d #e"]


@pytest.mark.parametrize("script", ["a \\\n b", "a \\\r\n b", "a\\\n b", "  a   b  "])
def test_continued_lines_are_one_command(script: str):
    assert lines(script) == ["a b"]


def test_spans_are_those_of_the_script():
    script = "# x\r\nif true; then\r\n  a 'b c' \\\r\n    > out # why\r\nfi\r\nd\r\n"
    commands = parse(script).commands
    assert [script[command.start : command.end] for command in commands] == ["true", "a 'b c' \\\r\n    > out", "d"]
    assert [script[word.start : word.end] for word in (*commands[1].words, *commands[1].redirects)] == ["a", "'b c'", "out"]


def test_windows_line_endings_make_no_difference():
    script = 'set -e\na && \\\n  b "c\nd"\ncat <<EOF\nx\nEOF\nif e; then\n  f\nfi\n'
    assert lines(script.replace("\n", "\r\n")) == [line.replace("\n", "\r\n") for line in lines(script)]


# --- words and quotes


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ("'a b'", "a b"),
        ('"a b"', "a b"),
        ("a\\ b", "a b"),
        ("a'b'\"c\"d", "abcd"),
        ("''", ""),
        ("'a\\b'", "a\\b"),
        ('"a\\b"', "a\\b"),
        ('"a\\"b\\\\c\\$d\\`e"', 'a"b\\c$d`e'),
        ('"a\\\nb"', "ab"),
        ("a\\\nb", "ab"),
        ("'$X `y` \"z\"'", '$X `y` "z"'),
        ("\\$X", "$X"),
        ("'a\nb'", "a\nb"),
        ('"a;b&&c|d#e"', "a;b&&c|d#e"),
        ("$", "$"),
        ("a$", "a$"),
        ("--flag=é", "--flag=é"),
        ("*.py", "*.py"),
    ],
)
def test_a_literal_word(written: str, value: str):
    assert word(written).literal == value


def test_a_word_knows_whether_it_was_quoted():
    assert [found.quoted for found in only("a 'b' \"c\" \\d $E").words] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a 'b", ["a b"]),
        ('a "b', ["a b"]),
        ("a b\\", ["a b"]),
        ("a ${B", ["a …"]),
        ("a ${B:-'c", ["a …"]),
        ("a $(b; c", ["a …"]),
        ("a `b; c", ["a …"]),
        ("a <<EOF\nb", ["a"]),
        ("(a", ["a"]),
        ("if a; then b", ["a", "b"]),
        ("f() {", []),
        ("case x in", []),
    ],
)
def test_what_is_never_closed_ends_with_the_script(script: str, expected: list[str]):
    assert lines(script) == expected


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        ("$X", (Piece("variable", "X"),)),
        ("${X}", (Piece("variable", "X"),)),
        ('"$X"', (Piece("variable", "X"), Piece("text", ""))),
        ("a$X-b", (Piece("text", "a"), Piece("variable", "X"), Piece("text", "-b"))),
        ("$X_Y.z", (Piece("variable", "X_Y"), Piece("text", ".z"))),
        ("$1", (Piece("variable", "1"),)),
        ("$10", (Piece("variable", "1"), Piece("text", "0"))),
        ("$@", (Piece("variable", "@"),)),
        ("$?", (Piece("variable", "?"),)),
        ("${X:-8080}", (Piece("variable", "X", ":-", (Piece("text", "8080"),)),)),
        ("${X-8080}", (Piece("variable", "X", "-", (Piece("text", "8080"),)),)),
        ('${X:-"80 80"}', (Piece("variable", "X", ":-", (Piece("text", "80 80"),)),)),
        ("${X:-'8080'}", (Piece("variable", "X", ":-", (Piece("text", "8080"),)),)),
        ("${X:-$Y}", (Piece("variable", "X", ":-", (Piece("variable", "Y"),)),)),
        ("${X:-${Y:-z}}", (Piece("variable", "X", ":-", (Piece("variable", "Y", ":-", (Piece("text", "z"),)),)),)),
        ("${X:+y}", (Piece("variable", "X", ":+", (Piece("text", "y"),)),)),
        ("${X:?must be set}", (Piece("variable", "X", ":?", (Piece("text", "must be set"),)),)),
        ("${X%/*}", (Piece("unknown", "${X%/*}"),)),
        ("${#X}", (Piece("unknown", "${#X}"),)),
        ("${X[0]}", (Piece("unknown", "${X[0]}"),)),
        ("$(nproc)", (Piece("unknown", "$(nproc)"),)),
        ("$(a $(b) c)", (Piece("unknown", "$(a $(b) c)"),)),
        ("`nproc --all`", (Piece("unknown", "`nproc --all`"),)),
        ("$((1 + 2))", (Piece("unknown", "$((1 + 2))"),)),
        ('"a $(b "c")"', (Piece("text", "a "), Piece("unknown", '$(b "c")'), Piece("text", ""))),
    ],
)
def test_what_has_to_be_expanded(written: str, pieces: tuple[Piece, ...]):
    found = word(written)
    assert found.pieces == pieces
    assert found.literal is None


# --- assignments and redirections


def test_assignments_stand_before_the_command():
    command = only("A=1 B='x y' C=$D E= python F=2")
    assert [(name, value.literal) for name, value in command.assignments] == [("A", "1"), ("B", "x y"), ("C", None), ("E", "")]
    assert literals(command) == ["python", "F=2"]


def test_assignments_alone_are_a_command_without_words():
    command = only("PORT=${PORT:-8080}")
    assert command.words == ()
    ((name, value),) = command.assignments
    assert (name, value.pieces[-1]) == ("PORT", Piece("variable", "PORT", ":-", (Piece("text", "8080"),)))


@pytest.mark.parametrize("script", ["'A'=1", "1A=2", "=x", "A-B=1", '"A=1"', "a A=1"])
def test_what_looks_like_an_assignment_and_is_none(script: str):
    assert only(script).assignments == ()


def test_an_array_is_an_assignment_that_is_not_followed():
    first, second = parse('args=(--host "0.0.0.0")\nuvicorn "${args[@]}"').commands
    assert [(name, value.pieces) for name, value in first.assignments] == [("args", (Piece("unknown", '(--host "0.0.0.0")'),))]
    assert (first.words, second.optional, second.words[0].literal) == ((), False, "uvicorn")


@pytest.mark.parametrize(
    ("script", "files"),
    [
        ("a > out", ["out"]),
        ("a >out 2>err <in >>log", ["out", "err", "in", "log"]),
        ("a &> both", ["both"]),
        ("a &>> both", ["both"]),
        ("a >| out", ["out"]),
        ("a 2>&1", []),
        ("a >&2 <&-", []),
        ("a >& both", ["both"]),
        ("> out a", ["out"]),
        ("a > 'x y'", ["x y"]),
        ("a <<< 'here is text'", ["here is text"]),
    ],
)
def test_redirections_are_no_words(script: str, files: list[str]):
    command = only(script)
    assert literals(command) == ["a"]
    assert [found.literal for found in command.redirects] == files


def test_a_number_in_front_of_a_redirection_is_no_word_and_one_inside_a_word_is():
    assert lines("a 1 2>x") == ["a 1"]
    assert lines("a b2>x") == ["a b2"]


@pytest.mark.parametrize("begin", ["<<EOF", "<< EOF", "<<'EOF'", '<<"EOF"', "<<\\EOF", "1<<EOF"])
def test_the_lines_of_a_here_document_are_no_commands(begin: str):
    assert lines(f"cat {begin} > out\nrm -rf /\n EOF\nEOF\nb") == ["cat", "b"]


def test_a_here_document_with_a_dash_may_be_indented():
    assert lines("cat <<-EOF\n\ta\n\tEOF\nb") == ["cat", "b"]
    assert lines("cat <<-END-1.x\n\tEND-1.x\nb") == ["cat", "b"]


def test_two_here_documents_follow_each_other():
    assert lines("a <<A <<B && b\none\nA\ntwo\nB\nc") == ["a", "b", "c"]


# --- branches, loops, functions, groups


@pytest.mark.parametrize(
    ("script", "certain", "maybe"),
    [
        ("if a; then b; elif c; then d; else e; fi; f", ["f"], ["a", "b", "c", "d", "e"]),
        ("if a\nthen\n  b\nfi\nc", ["c"], ["a", "b"]),
        ("while a; do b; done; c", ["c"], ["a", "b"]),
        ("until a; do b; done\nc", ["c"], ["a", "b"]),
        ("for x in 1 2; do a; done; b", ["b"], ["a"]),
        ("for x in $(ls)\ndo\n  a\ndone\nb", ["b"], ["a"]),
        ("(a && b); c", ["c"], ["a", "b"]),
        ("(a; (b)); c", ["c"], ["a", "b"]),
        ("{ a; b; }; c", ["c"], ["a", "b"]),
        ("f() { a; }\nb", ["b"], ["a"]),
        ("f ()\n{\n  a\n}\nb", ["b"], ["a"]),
        ("function f {\n  a\n}\nb", ["b"], ["a"]),
        ("function f() {\n  a\n}\nb", ["b"], ["a"]),
        ("if a; then if b; then c; fi; fi; d", ["d"], ["a", "b", "c"]),
        ("! a; b", ["a", "b"], []),
        ("time a", ["a"], []),
        ("}\nfi\nif a; then b; fi", [], ["a", "b"]),
    ],
)
def test_what_may_not_run_is_optional(script: str, certain: list[str], maybe: list[str]):
    assert always(script) == certain
    assert [line for line in lines(script) if line not in certain] == maybe
    assert parse(script).unknown is None


def test_reserved_words_are_words_where_no_command_begins():
    assert lines("echo if then fi done { }") == ["echo if then fi done { }"]
    assert lines("'if' a") == ["if a"]


def test_a_case_statement_is_not_followed_and_its_patterns_are_no_commands():
    script = parse("case $1 in\n  web) a ;;\n  'x y') b;;\n  *) c\nesac\nd")
    assert script.unknown == "a case statement"
    assert [(literals(command), command.optional) for command in script.commands] == [
        (["a"], True),
        (["b"], True),
        (["c"], True),
        (["d"], False),
    ]


def test_a_bash_test_is_one_command():
    first, second = parse('[[ -f a && "$B" > c || (x) ]] && d').commands
    assert [word.literal for word in first.words][:4] == ["[[", "-f", "a", "&&"]
    assert (first.then, literals(second)) == ("&&", ["d"])
    assert first.redirects == ()


def test_an_entry_script():
    script = text("""
        #!/bin/bash
        set -e

        # migrate first
        if [ "$MIGRATE" = "1" ]; then
          python manage.py migrate --noinput
        fi

        exec gunicorn config.wsgi:application \\
          --bind "0.0.0.0:${PORT:-8000}" \\
          --workers 2
    """)
    assert always(script) == ["set -e", "exec gunicorn config.wsgi:application --bind … --workers 2"]
    assert lines(script)[1:3] == ["[ … = 1 ]", "python manage.py migrate --noinput"]


@given(st.text(" \n\r\tab'\"\\$`(){}[]<>&|;#=:-!*fidoen", max_size=40))
@SOME
def test_no_script_raises_and_spans_stay_inside(script: str):
    for command in parse(script).commands:
        assert 0 <= command.start <= command.end <= len(script)
        assert all(command.start <= found.start <= found.end <= command.end for found in command.words)
        assert command.words or command.assignments


def test_a_word_nested_beyond_all_measure_is_unknown():
    assert word("${A:-" * 5000 + "x" + "}" * 5000).pieces[0].kind == "unknown"


# --- expanding


def known(name: str) -> str | None:
    return {"A": "1", "EMPTY": "", "SECRET": None}.get(name, "")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("plain", "plain"),
        ("$A", "1"),
        ("x${A}y", "x1y"),
        ("'$A'", "$A"),
        ("$UNSET", ""),
        ("$SECRET", None),
        ("a$SECRET", None),
        ("${SECRET:-x}", None),
        ("${UNSET:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${A:-x}", "1"),
        ("${UNSET-x}", "x"),
        ("${UNSET:=x}", "x"),
        ("${A:+x}", "x"),
        ("${UNSET:+x}", ""),
        ("${UNSET:+$SECRET}", ""),
        ("${A:-$SECRET}", "1"),
        ("${UNSET:-$SECRET}", None),
        ("${UNSET:-$A}", "1"),
        ('"${UNSET:-a b}"', "a b"),
        ("${A:?needed}", "1"),
        ("$(hostname)", None),
        ("${A%x}", None),
    ],
)
def test_expanding_a_word(written: str, value: str | None):
    assert expand(word(written), known) == value


# --- words of ENV, ARG and LABEL


def test_plain_words_know_no_operators_and_no_comments():
    found = plain_words("a;b  c&&d\t'e f' #g >h ")
    assert [(one.literal, one.start, one.end) for one in found] == [
        ("a;b", 0, 3),
        ("c&&d", 5, 9),
        ("e f", 10, 15),
        ("#g", 16, 18),
        (">h", 19, 21),
    ]


def test_all_of_a_text_as_one_word():
    assert one_word("a 'b  c'  $D").pieces == (Piece("text", "a b  c  "), Piece("variable", "D"))


def test_an_assignment_without_its_name():
    assert shell.without(plain_words("A='x y'$B")[0], "A=").pieces == (Piece("text", "x y"), Piece("variable", "B"))


# --- as google/shlex splits, which flyctl uses


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \t\r\n ", []),
        ("a b\tc\nd\r\ne", ["a", "b", "c", "d", "e"]),
        ("cd app && python main.py", ["cd", "app", "&&", "python", "main.py"]),
        ("a;b $PORT `x` > out", ["a;b", "$PORT", "`x`", ">", "out"]),
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        ("a''b '' \"\"", ["ab", "", ""]),
        ('a\\ b \\"c', ["a b", '"c']),
        ('\'a\\b\' "a\\b" "\\""', ["a\\b", "ab", '"']),
        ("a # b\nc #d", ["a", "c"]),
        ("a#b '#c' \"\"#d", ["a#b", "#c", "#d"]),
        ("\\\na", ["\na"]),
        ("é “x”", ["é", "“x”"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_splitting_a_command(text: str, words: list[str]):
    assert split(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a 'b", "EOF found when expecting closing quote"),
        ('a "b', "EOF found when expecting closing quote"),
        ("it's", "EOF found when expecting closing quote"),
        ("a\\", "EOF found after escape character"),
        ('a "b\\', "EOF found after escape character"),
    ],
)
def test_a_quote_that_is_never_closed(text: str, words: str):
    with pytest.raises(Unclosed, match=f"^{words}$"):
        split(text)


PARTS = st.one_of(
    st.text("ab./-_=$&|;é0", max_size=4),
    st.text('ab #;$"\\\n', max_size=4).map(lambda inner: f"'{inner}'"),
    st.text("ab #;$'\n", max_size=4).map(lambda inner: f'"{inner}"'),
    st.sampled_from(["\\ ", "\\'", '\\"', "\\\\", '"\\""', '"\\\\"']),
)
ORDINARY = st.lists(st.lists(PARTS, max_size=3).map("".join), max_size=5).map(" ".join)


@given(ORDINARY, st.sampled_from(["", " # it's a comment", "\n#x\ny"]))
@SOME
def test_ordinary_commands_are_split_as_python_splits_them(command: str, more: str):
    assert split(command + more) == shlex.split(command + more, comments=True)


@given(ORDINARY, st.sampled_from([" 'a b", ' "a', " it's", " \\", ' "a\\', ' "\\"']))
@SOME
def test_what_is_never_closed_is_refused_where_python_refuses_it(command: str, more: str):
    with pytest.raises(ValueError, match=r"^No (?:closing quotation|escaped character)$"):
        shlex.split(command + more, comments=True)
    with pytest.raises(Unclosed, match=r"^EOF found "):
        split(command + more)


# --- quoting


@given(st.text(st.characters(codec="utf-8"), max_size=20))
@SOME
def test_a_quoted_text_is_one_word_again(value: str):
    assert shlex.split(quote(value)) == [value]
    assert split(quote(value)) == [value]
    if "\r" not in value:
        assert only(f"echo {quote(value)}").words[1].literal == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("a.b/c-d_e:f=g,h@i%j+k", "a.b/c-d_e:f=g,h@i%j+k"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", "'it'\"'\"'s'"),
        ("$X", "'$X'"),
        ("a\n", "'a\n'"),
        ("*", "'*'"),
    ],
)
def test_only_what_needs_quotes_gets_them(value: str, written: str):
    assert quote(value) == written


def test_variables_that_double_each_other_come_to_nothing_known():
    values = {"A": "x" * 60_000}
    assert expand(one_word("$A"), values.get) == values["A"]
    assert expand(one_word("$A$A"), values.get) is None
