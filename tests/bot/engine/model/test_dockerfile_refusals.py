from __future__ import annotations

import pytest

from bot.engine.model.dockerfile import read
from tests.bot.engine.model.dockerfiles import BACKTICK, HEREDOCS, PLAIN

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
