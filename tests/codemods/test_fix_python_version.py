import pytest

from tests.codemods import check_noop, reasons
from tests.tools import MAIN, check_transformed, only

NAME = "fix-python-version"
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: PYTHON_VERSION # the one of the laptop
        value: {} # exactly
"""


def files(version: str) -> dict[str, str]:
    return {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN, "render.yaml": BLUEPRINT.format(version)}


@pytest.mark.parametrize(
    ("written", "wanted"), [("3.12", '"3.12.8"'), ("'3.11'", "'3.11.11'"), ('"3.9"', '"3.9.21"'), ("3.10", '"3.10.16"')]
)
def test_the_patch_release_is_named(written: str, wanted: str):
    check_transformed(NAME, files(written), {"render.yaml": BLUEPRINT.format(wanted)})


def test_the_words_of_the_log():
    [fault] = only(files("3.10")).faults
    assert (fault.code, fault.stage, fault.confidence) == ("python-version-incomplete", "build", "certain")
    assert fault.message.endswith("e.g. 3.8.1. You have requested 3.1.")  # the number 3.1
    assert only(files("'3.10'")).faults[0].message.endswith("You have requested 3.10.")


@pytest.mark.parametrize("version", ["3.12.8", "'3.11.4'", "python-3.11.4", "3.13.0"])
def test_a_full_version_is_left_alone(version: str):
    check_noop(NAME, files(version))
    assert only(files(version)).faults == ()


def test_a_version_that_nobody_knows():
    assert reasons(NAME, files("3.99")) == {"which Python is meant can't be told"}


def test_a_file_may_leave_the_patch_out():
    blueprint = BLUEPRINT.partition("    envVars")[0]
    assert only({**files("3.12"), "render.yaml": blueprint, ".python-version": "3.12\n"}).faults == ()


def test_one_of_a_group_is_told_and_left_alone():
    group = BLUEPRINT.partition("      - key")[0] + "      - fromGroup: shared\n"
    group += "envVarGroups:\n  - name: shared\n    envVars:\n      - key: PYTHON_VERSION\n        value: 3.12\n"
    assert reasons(NAME, {**files("3.12"), "render.yaml": group}) == {"the variable is not written in this service"}
