import pytest

from bot.engine.readings import REFUSED
from tests.tools import DOCKERFILE, MAIN, reports

SERVICE = """\
services:
  - type: web
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    plan: free
"""
FILES = {"requirements.txt": "fastapi\nuvicorn\n", "main.py": MAIN, "Dockerfile": DOCKERFILE}


def found(blueprint: str, **more: str) -> list[str]:
    """Return what the sync refuses; the services work otherwise, so that each is a likely fault."""
    faults = [fault for report in reports({**FILES, "render.yaml": blueprint, **more}) for fault in report.faults]
    assert {(fault.code, fault.stage, fault.confidence) for fault in faults} <= {(REFUSED, "config", "likely")}, faults
    return [fault.message for fault in faults]


def variables(*lines: str) -> str:
    return SERVICE + "    envVars:\n" + "".join(f"      {line}\n" for line in lines)


def test_a_healthy_blueprint_is_taken():
    assert found(SERVICE) == []
    healthy = variables(
        "- key: A\n        value: '1'",
        "- key: B\n        sync: false",
        "- key: C\n        generateValue: true",
        "- key: D\n        fromDatabase: { name: db, property: connectionString }",
        "- key: E\n        fromService: { name: cache, type: keyvalue, property: connectionString }",
        "- fromGroup: shared",
        "- fromGroup: one-of-the-dashboard",
    )
    more = "  - type: keyvalue\n    name: cache\n    ipAllowList: []\n"
    more += "databases:\n  - name: db\nenvVarGroups:\n  - name: shared\n    envVars: [{ key: X, value: y }]\n"
    assert found(healthy + more) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("    pythonVersion: 3.12\n", "field pythonVersion not found in type file.Service"),
        ("    dockerfilePath: ./Dockerfile\n", "non-docker runtime python cannot have dockerfilePath"),
        ("    dockerContext: .\n", "non-docker runtime python cannot have dockerContext"),
        ("    preDeployCommand: echo\n", "pre-deploy command is not supported for free tier services"),
        ("    disk: { name: d, mountPath: /data }\n", "disks are not supported for free tier services"),
    ],
)
def test_what_a_native_service_can_not_have(line: str, message: str):
    assert found(SERVICE + line) == [message]


def test_what_a_docker_service_can_not_have():
    docker = SERVICE.replace("runtime: python", "runtime: docker")
    messages = [f"docker runtime must not have {key}" for key in ("startCommand", "buildCommand")]
    assert [message for message in found(docker) if "must not" in message] == messages


def test_a_native_service_without_a_start_command():
    blueprint = "\n".join(line for line in SERVICE.splitlines() if "startCommand" not in line) + "\n"
    assert found(blueprint) == ["non-docker, non-static, non-image runtime python must have startCommand"]


@pytest.mark.parametrize("kind", ["psql", "postgres", "web_service", "starter"])
def test_a_type_that_render_does_not_have(kind: str):
    assert found(SERVICE.replace("type: web", f"type: {kind}")) == [f'unknown type "{kind}"']
    other = f"  - type: {kind}\n    name: other\n"
    assert found(SERVICE + other) == [f'unknown type "{kind}"']


def test_a_store_that_does_not_say_who_may_reach_it():
    assert found(SERVICE + "  - type: redis\n    name: cache\n") == ["must specify IP allow list"]


def test_keys_at_the_top():
    assert found(SERVICE + "envVars: []\n") == ["field envVars not found in type file.Spec"]
    assert found("x-env: &env\n  plan: free\n" + SERVICE) == []


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["- key: A", "  value: x", "  sync: false"], "cannot simultaneously specify fields value and sync"),
        (["- key: A", "  generateValue: true", "  sync: false"], "cannot simultaneously specify fields generateValue and sync"),
        (["- key: A"], "must be from group or have a key and value"),
        (["- value: x"], "must be from group or have a key and value"),
        (["- key: A", "  value: x", "  secret: true"], "field secret not found in type file.…"),
        (
            ["- key: A", "  fromService: { name: api, type: web, property: url }"],
            "invalid service property: url. Valid properties are connectionString, host, hostport, port.",
        ),
        (
            ["- key: A", "  fromService: { name: api, type: web, envVarKey: NOPE }"],
            'environment variable not found: "NOPE" for api',
        ),
        (["- key: A", "  fromService: { name: apii, type: web, property: host }"], "service …apii… not found"),
        (["- key: A", "  fromService: { name: api, type: web, envVar: A }"], "field envVar not found in type file.…"),
    ],
)
def test_variables(lines: list[str], message: str):
    assert found(variables(*lines)) == [message]


def test_references_to_what_the_workspace_may_have():
    lines = ["- key: A", "  fromDatabase: { name: elsewhere, property: host }"]
    assert found(variables(*lines) + "databases:\n  - name: main-db\n") == []
    lines[1] = lines[1].replace("elsewhere", "main_db")
    assert found(variables(*lines) + "databases:\n  - name: main-db\n") == ["database …main_db… not found"]


def test_beside_what_stops_the_service_it_is_a_weakness():
    [report] = reports(
        {**FILES, "render.yaml": SERVICE.replace("plan: free", "rootDirectory: x"), "requirements.txt": "uvicorn\n"}
    )
    assert [fault.code for fault in report.faults] == ["module-not-found"]
    assert [weakness.message for weakness in report.weaknesses] == ["field rootDirectory not found in type file.Service"]


def test_the_whole_file_is_told_once():
    two = SERVICE + SERVICE.partition("\n")[2].replace("name: api", "name: other") + "  - type: redis\n    name: cache\n"
    assert found(two) == ["must specify IP allow list"]
