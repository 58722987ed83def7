import pytest

from tests.codemods import check_noop, reasons
from tests.tools import MAIN, check_transformed, planned

NAME = "fix-render-variables"
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
{}
      - key: LAST # stays
        value: x
databases:
  - name: main-db
envVarGroups:
  - name: common
    envVars:
      - key: MODE
        value: production
"""


def files(*lines: str) -> dict[str, str]:
    text = BLUEPRINT.format("\n".join(f"      {line}" for line in lines))
    return {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN, "render.yaml": text}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["- key: LEVEL", "  value: info # for now", "  sync: false"], ["- key: LEVEL", "  value: info # for now"]),
        (["- key: LEVEL", "  sync: true", "  value: info"], ["- key: LEVEL", "  value: info"]),
        (["- sync: false", "  key: LEVEL", "  value: info"], ["- key: LEVEL", "  value: info"]),
        (["- key: TOKEN", '  value: ""', "  sync: false # asked for"], ["- key: TOKEN", "  sync: false # asked for"]),
        (["- key: SALT", "  generateValue: true", "  sync: false"], ["- key: SALT", "  generateValue: true"]),
        (["- key: TOKEN", "  fromSecret: api-token"], ["- key: TOKEN", "  sync: false"]),
        (
            ["- key: URL", "  fromDatabase:", "    name: main_db", "    property: connectionString"],
            ["- key: URL", "  fromDatabase:", "    name: main-db", "    property: connectionString"],
        ),
        (["- fromGroup: comon"], ["- fromGroup: common"]),
    ],
)
def test_a_variable_gets_one_source(before: list[str], after: list[str]):
    made = check_transformed(NAME, files(*before), files(*after), unsafe=True)
    assert made.after[0].reached == "ok"
    assert not planned(files(*before)).tree.changes()  # the file alone can't tell


def test_what_is_not_known_is_said():
    lines = ["- key: URL", "  fromService: { name: api, type: web, property: url }"]
    assert reasons(NAME, files(*lines)) == {"what `fromService.property` should be is not known"}


@pytest.mark.parametrize(
    "lines",
    [
        ["- key: A", "  value: x", "- key: B", "  sync: false"],
        ["- fromGroup: one-of-the-dashboard"],
        ["- key: A", "  fromDatabase: { name: another, property: host }"],
    ],
)
def test_what_the_sync_takes_is_left_alone(lines: list[str]):
    check_noop(NAME, files(*lines))
