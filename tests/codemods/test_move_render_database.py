import pytest

from tests.codemods import check_noop, reasons
from tests.tools import MAIN, check_transformed

NAME = "move-render-database"
DATABASE = """\
  # the data
  - type: {}
    name: db
    plan: {}
    databaseName: shop # as it was
    databaseUser: shop
"""
SERVICE = """\
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    envVars:
      - key: DATABASE_URL
        {}:
          name: db
          property: connectionString
"""
LISTED = """\
databases:
  - name: db
    plan: free
    databaseName: shop # as it was
    user: shop
"""


def files(blueprint: str) -> dict[str, str]:
    return {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN, "render.yaml": blueprint}


def check(before: str, after: str) -> None:
    made = check_transformed(NAME, files(before), {"render.yaml": after}, unsafe=True)
    assert made.after[0].reached == "ok", made.after[0].faults


@pytest.mark.parametrize("kind", ["psql", "postgres", "pg", "postgresql"])
def test_a_database_goes_to_the_databases(kind: str):
    before = "services:\n" + DATABASE.format(kind, "free") + SERVICE.format("fromDatabase")
    check(before, "services:\n  # the data\n" + SERVICE.format("fromDatabase") + "\n" + LISTED)


def test_references_to_it_follow():
    service = SERVICE.format("fromService").replace("          property", "          type: psql\n          property")
    check(
        "services:\n" + service + DATABASE.format("psql", "free"),
        "services:\n" + SERVICE.format("fromDatabase") + "  # the data\n\n" + LISTED,
    )


def test_behind_the_databases_that_there_are_and_without_a_plan_that_is_gone():
    before = "databases:\n- name: other\n\nservices:\n" + DATABASE.format("psql", "starter") + SERVICE.format("fromDatabase")
    moved = LISTED.partition("\n")[2].replace("    plan: free\n", "").replace("  - ", "- ").replace("    ", "  ")
    check(before, "databases:\n- name: other\n" + moved + "\nservices:\n  # the data\n" + SERVICE.format("fromDatabase"))


def test_a_service_in_braces_is_left_alone():
    blueprint = "services:\n  - {type: psql, name: db}\n" + SERVICE.format("fromDatabase")
    assert reasons(NAME, files(blueprint)) == {"the database is not written on lines of its own"}


def test_another_unknown_type_is_left_alone():
    check_noop(NAME, files("services:\n" + DATABASE.format("mysql", "free") + SERVICE.format("fromDatabase")))


def test_a_database_in_its_place_is_left_alone():
    check_noop(NAME, files("services:\n" + SERVICE.format("fromDatabase") + LISTED))
