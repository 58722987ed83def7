import pytest

from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned, result

NAME = "add-health-check"
CODE = """\
from fastapi import FastAPI
from pymongo import MongoClient

app = FastAPI()
client = MongoClient("mongodb://db.example.com")
notes = client["demo"]["notes"]


def latest():
    return notes.find_one()


@app.get("/")
def index():
    return {"latest": latest()}
"""
HEALTH = '\n\n@app.get("/health")\ndef health():\n    return {"status": "ok"}\n'
CHECK = """
  [[http_service.checks]]
    grace_period = "10s"
    interval = "30s"
    method = "GET"
    timeout = "5s"
    path = "/health"
"""
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: docker
    dockerfilePath: Dockerfile  # of the app
"""


def files(code: str = CODE, config: str = FLY) -> dict[str, str]:
    found = {**HEALTHY, "main.py": code, "requirements.txt": "fastapi\nuvicorn\npymongo\nrequests\n"}
    return {**found, "fly.toml": config}


def blueprint(code: str) -> dict[str, str]:
    found = files(code)
    del found["fly.toml"]
    return {**found, "render.yaml": BLUEPRINT}


@pytest.mark.parametrize(
    ("config", "after"),
    [
        (FLY, FLY + CHECK),
        (
            FLY + '\n  [http_service.concurrency]\n    type = "requests"\n\n[[vm]]\n  size = "small"\n',
            FLY + '\n  [http_service.concurrency]\n    type = "requests"\n' + CHECK + '\n[[vm]]\n  size = "small"\n',
        ),
        ("[[services]]\ninternal_port = 8080\n", "[[services]]\ninternal_port = 8080\n\n[[services.http_checks]]\n  {}"),
        (FLY + '\n  [[http_service.checks]]\n    path = "/"\n', FLY + '\n  [[http_service.checks]]\n    path = "/health"\n'),
    ],
)
def test_a_route_and_a_check(config: str, after: str):
    lines = "\n  ".join(line.strip() for line in CHECK.strip().splitlines()[1:]) + "\n"
    after = after.replace("{}", lines)
    check_transformed(NAME, files(config=config), {"fly.toml": after, "main.py": CODE + HEALTH}, unsafe=True)


def test_render():
    after = BLUEPRINT + "    healthCheckPath: /health\n"
    check_transformed(NAME, blueprint(CODE), {"render.yaml": after, "main.py": CODE + HEALTH}, unsafe=True)


def test_a_health_check_that_is_there_is_asked_for():
    code = CODE + HEALTH.replace("/health", "/healthz")
    check_transformed(NAME, files(code), {"fly.toml": FLY + CHECK.replace("/health", "/healthz")}, unsafe=True)


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace("latest()}", "1}"),
        CODE.replace('"/")', '"/latest")'),
        CODE.replace("from pymongo import MongoClient", "from sqlite3 import connect as MongoClient"),
        CODE.replace("    return notes.find_one()", "    def later():\n        return notes.find_one()\n\n    return later"),
    ],
)
def test_a_page_that_answers_by_itself(code: str):
    check_noop(NAME, files(code))


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace("latest()}", "requests.get(URL).json()}").replace("from pymongo", "import requests\nfrom pymongo"),
        CODE.replace("client =", "try:\n    client =")
        .replace("notes =", "    notes =")
        .replace('["notes"]\n', '["notes"]\nexcept OSError:\n    notes = None\n'),
    ],
)
def test_other_ways_to_ask(code: str):
    assert planned(files(code), NAME, unsafe=True).steps


def test_what_is_asked_is_named_as_it_is_written():
    chained = files(CODE.replace("notes.find_one()", "list(notes.find().sort('_id', -1))"))
    assert planned(chained, NAME, unsafe=True).steps[0].finding.message == "/ asks `notes.find().sort` before it answers"


def test_a_check_that_asks_a_health_path_is_left_alone():
    check_noop(NAME, files(CODE + HEALTH, FLY + CHECK))


def test_an_app_that_boots_is_left_alone_and_a_repaired_one_is_not():
    assert not planned(files(), unsafe=True).tree.changes()
    broken = files()
    broken["Dockerfile"] = broken["Dockerfile"].replace("0.0.0.0", "127.0.0.1")
    made = planned(broken, unsafe=True)
    assert [step.codemod for step in made.steps] == ["bind-all-interfaces", NAME]
    assert result(made, broken)["main.py"] == CODE + HEALTH
    assert [step.codemod for step in planned(broken).steps] == ["bind-all-interfaces"]


def test_a_config_that_is_written_otherwise():
    assert reasons(NAME, files(config="http_service = { internal_port = 8080 }\n")) == {
        "the check is not written in a way that is edited"
    }
