import pytest

from tests.codemods import reasons
from tests.tools import DOCKERFILE, HEALTHY, MAIN, check_noop, check_transformed

NAME = "fix-file-name"
LIST = HEALTHY["requirements.txt"]
UNLISTED = {path: content for path, content in HEALTHY.items() if path != "requirements.txt"}


@pytest.mark.parametrize(
    "slip",
    [
        "requirement.txt",
        "requirments.txt",
        "requirements .txt",
        "requirements,txt",
        "requirements.txt.txt",
    ],
)
def test_a_list_of_requirements_with_a_slip_in_its_name(slip: str):
    check_transformed(NAME, {**UNLISTED, slip: LIST}, {slip: "", "requirements.txt": LIST})


def test_a_module_with_a_comma_for_its_dot():
    files = {**HEALTHY, "main.py": MAIN + "from app import db\n", "app/__init__.py": "# ours\n", "app/db,py": "x = 1\n"}
    files["main.py"] = MAIN + "import app.db\n"
    check_transformed(NAME, files, {"app/db,py": "", "app/db.py": "x = 1\n"})


def test_an_entry_point_with_an_ending_too_many():
    files = {path: content for path, content in HEALTHY.items() if path != "main.py"}
    check_transformed(NAME, {**files, "main.py.txt": MAIN}, {"main.py.txt": "", "main.py": MAIN})


@pytest.mark.parametrize("slip", ["Dockerfile.txt", "dockerfile.txt", "Dockerfle", "Dockerfilee"])
def test_a_dockerfile(slip: str):
    files = {path: content for path, content in HEALTHY.items() if path != "Dockerfile"}
    check_transformed(NAME, {**files, slip: DOCKERFILE}, {slip: "", "Dockerfile": DOCKERFILE})


def test_a_name_that_others_use_stays_and_copy_names_it():
    files = {**UNLISTED, "requirement.txt": LIST, "Makefile.sh": "pip install -r requirement.txt\n"}
    after = DOCKERFILE.replace("COPY requirements.txt .", "COPY requirement.txt ./requirements.txt")
    check_transformed(NAME, files, {"Dockerfile": after})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("requirements.txt .", "appreqs.txt ./requirements.txt"),
        ("requirements.txt requirements.txt", "appreqs.txt requirements.txt"),
        ("./requirements.txt /app/", "./appreqs.txt /app/requirements.txt"),
    ],
)
def test_a_list_that_was_called_otherwise_on_purpose(before: str, after: str):
    files = {**UNLISTED, "appreqs.txt": LIST, "Dockerfile": DOCKERFILE.replace("requirements.txt .", before)}
    check_transformed(NAME, files, {"Dockerfile": DOCKERFILE.replace("requirements.txt .", after)}, unsafe=True)


def test_a_list_that_was_called_otherwise_takes_a_judgement():
    assert check_noop(NAME, {**UNLISTED, "appreqs.txt": LIST}, unsafe=False).dropped[-1].suggestion


@pytest.mark.parametrize("files", [HEALTHY, {**HEALTHY, "requirement.txt": LIST}])
def test_a_file_that_is_there_is_left_alone(files: dict[str, str]):
    check_noop(NAME, files)


def test_what_is_no_list_of_requirements_is_none():
    files = {**UNLISTED, "requirement.txt": "The app must be fast.\n"}
    assert "0 lists of requirements could be meant by requirements.txt" in reasons(NAME, files)


def test_lists_for_something_else_are_not_taken():
    files = {**UNLISTED, "requirements-dev.txt": LIST, "requirements-test.txt": LIST}
    assert "0 lists of requirements could be meant by requirements.txt" in reasons(NAME, files)


def test_of_two_none_is_taken():
    files = {**UNLISTED, "requirement.txt": LIST, "requirements .txt": LIST}
    assert "2 files could be meant by requirements.txt" in reasons(NAME, files)
    assert "2 lists of requirements could be meant by requirements.txt" in reasons(
        NAME, {**UNLISTED, "apireqs.txt": LIST, "webreqs.txt": LIST}
    )


def test_another_module_with_nearly_the_name_is_another_module():
    check_noop(NAME, {**HEALTHY, "main.py": MAIN + "import models\n", "model.py": "", "modelss.py": ""})


def test_upper_and_lower_case_are_the_matter_of_another_codemod():
    check_noop(NAME, {**UNLISTED, "Requirements.txt": LIST})


def test_a_text_that_is_no_dockerfile_is_none():
    files = {path: content for path, content in HEALTHY.items() if path != "Dockerfile"}
    check_noop(NAME, {**files, "Dockerfle": "see the wiki\n"})
