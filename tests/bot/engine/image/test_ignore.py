"""The reading of `.dockerignore`, held against what moby's own matcher does.

dockerignore.json was produced once by moby/patternmatcher's `MatchesUsingParentResults`, walked as tonistiigi/fsutil's
`filter.go` does (built with Debian's Go 1.19): for each ignore file which of the paths are lost, or why it is refused.
"""

import json
from pathlib import Path

import pytest

from bot.engine.image import ignore
from bot.engine.image.patterns import compiled, well_formed
from tests.bot.engine.image.building import image, messages

FOUND = json.loads(Path(__file__).with_name("dockerignore.json").read_text())
SENT = "failed to match excludepatterns: "


@pytest.mark.parametrize("vector", FOUND["vectors"], ids=lambda vector: repr(vector["text"]))
def test_an_ignore_file_means_what_moby_says(vector: dict[str, object]):
    rules = ignore.read(str(vector["text"]))
    if "error" in vector:
        assert rules.problem
        words = rules.problem.message.removeprefix(SENT)
        assert ("new: " if rules.problem.builder else "match: ") + words == vector["error"]
    else:
        assert rules.problem is None
        assert [path for path in FOUND["paths"] if rules.excludes(path)] == vector["lost"]


def test_the_rule_that_decides_is_named_by_its_line():
    rules = ignore.read("# docs\n*.md\r\n!README.md\n")
    assert rules.deciding("notes.md") == ignore.Rule("*.md", False, 2)
    assert rules.deciding("README.md") is None


def test_a_refused_pattern_is_named_as_it_is_written_and_the_others_count():
    rules = ignore.read("*.md\n  venv\\  \n", "web.dockerignore")
    assert rules.problem == ignore.Problem(2, "venv\\", "syntax error in pattern", True)
    assert rules.excludes("a.md")


def test_what_the_builder_refuses_goes_before_what_only_a_client_refuses():
    problem = ignore.read("**\\pip-log.txt\nvenv\\\n").problem
    assert problem
    assert (problem.line, problem.builder) == (2, True)


def test_a_pattern_that_takes_long_counts_as_one_that_keeps_nothing_out():
    slow = "a**" * 12 + "b"
    assert not ignore.read(f"{slow}\n").excludes("ab")
    assert not ignore.read(f"*\n!{slow}\n").excludes("ab")


@pytest.mark.parametrize("pattern", ["[" * 5000, "[a" * 3000, "\\" * 4001, "[a-" * 3000 + "]", "[" + "a" * 5000])
def test_no_pattern_takes_long_to_be_checked(pattern: str):
    assert not well_formed(pattern)


def test_a_class_by_name_matches_nothing_here():
    expression = compiled("[[:alpha:]].py")
    assert expression
    assert not expression.match("a.py")


# --- the build that they stop


def ignoring(rules: str, dockerfile: str = "COPY . .\n", **more: object):
    return image(dockerfile, files={"main.py": "", ".dockerignore": rules}, **more)


def test_a_pattern_that_the_builder_refuses_stops_the_build_at_its_line():
    fault = ignoring("*.md\nvenv\\\n").faults[0]
    assert (fault.code, fault.confidence) == ("ignore-pattern-invalid", "certain")
    assert fault.message == "Error: building: failed to solve: syntax error in pattern"
    assert fault.place
    assert (fault.place.path, fault.place.line) == (".dockerignore", 2)


def test_a_lone_exclamation_mark_is_refused_in_words_of_its_own():
    assert messages(ignoring("!\n")) == ['Error: building: failed to solve: illegal exclusion pattern: "!"']


def test_a_pattern_that_does_not_compile_stops_the_client():
    words = f"Error: building: failed to solve: error from sender: {SENT}syntax error in pattern"
    assert messages(ignoring("**\\pip-log.txt\n")) == [words]


def test_the_client_walks_through_no_context_that_nothing_is_copied_from():
    assert messages(ignoring("**\\pip-log.txt\n", "RUN echo\n")) == []


@pytest.mark.parametrize("rules", ["*.md\n", "**/*.pyc\n", "a\\ b\n", "[a-c].py\n", "!main.py\n", "docs\\*\n"])
def test_patterns_that_moby_takes_stop_nothing(rules: str):
    assert messages(ignoring(rules)) == []
