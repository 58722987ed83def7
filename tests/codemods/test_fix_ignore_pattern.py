import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, check_noop, check_transformed, planned, result

NAME = "fix-ignore-pattern"


def ignoring(rules: str, **more: str) -> dict[str, str]:
    return {**HEALTHY, ".dockerignore": rules, **more}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("venv\\\n", "venv/\n"),
        ("# tools\n  **\\pip-log.txt  \n*.pyc\n", "# tools\n  **/pip-log.txt  \n*.pyc\n"),
        ("docs\\pages\\\n!docs\\pages\\keep\\\n", "docs/pages/\n!docs/pages/keep/\n"),
        ("a\n!\nb\n", "a\nb\n"),
        ("venv\\", "venv/"),
    ],
)
def test_patterns_that_are_refused_are_written_as_the_builder_takes_them(before: str, after: str):
    check_transformed(NAME, ignoring(before), {".dockerignore": after}, unsafe=True)


def test_all_lines_of_the_same_mistake_follow():
    before = "venv\\\n**\\pip-log.txt\nbuild\\temp\n"
    check_transformed(NAME, ignoring(before), {".dockerignore": "venv/\n**/pip-log.txt\nbuild/temp\n"})


def test_a_pattern_that_means_nothing_is_mended_where_it_is_asked_for():
    check_transformed(NAME, ignoring("docs\\build\n"), {".dockerignore": "docs/build\n"})


def test_the_ignore_file_beside_the_dockerfile():
    files = {**HEALTHY, "Dockerfile.dockerignore": "venv\\\n"}
    check_transformed(NAME, files, {"Dockerfile.dockerignore": "venv/\n"})


def test_a_bracket_that_a_file_is_called_with():
    check_transformed(NAME, ignoring("[draft\n", **{"[draft": ""}), {".dockerignore": "\\[draft\n"})


@pytest.mark.parametrize("rules", ["a\\ b\n", "\\#x\n", "\\!x\n", "\\[draft]\n", "*.md\nvenv/\n", "# venv\\\n", ""])
def test_escapes_that_are_meant_stay(rules: str):
    check_noop(NAME, ignoring(rules))


def test_brackets_that_nobody_is_called_with_are_left_to_a_person():
    assert "what .dockerignore:1 means by `[a` is not clear" in reasons(NAME, ignoring("[a\n"))


def test_what_a_person_did_not_ask_for_stays():
    files = ignoring("docs\\build\n")
    assert result(planned(files, unsafe=True), files) == files


def test_a_pattern_that_would_hide_what_is_needed_is_not_mended():
    files = ignoring("venv\\\napp\\data\n", **{"app/data/__init__.py": "", "Dockerfile": DOCKERFILE})
    files["main.py"] += "import app.data\n"
    made = planned(files, NAME, unsafe=True)
    assert result(made, files)[".dockerignore"] == "venv/\napp\\data\n"
