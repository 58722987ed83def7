import pytest

from bot.engine.platforms import fly_rules, render_rules, rules
from tests.tools import MAIN, faults, only, text

FILES = {"requirements.txt": "fastapi\nuvicorn\ngunicorn\n", "main.py": MAIN}
SERVICE = """\
services:
  - type: {kind}
    name: api
    runtime: python
    buildCommand: pip install -r requirements.txt
    startCommand: {command}
    envVars:
      - key: PYTHON_VERSION
        value: 3.11.4
"""
UVICORN = "uvicorn main:app --host 0.0.0.0 --port $PORT"
DOCKERFILE = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD {}\n"
DOCKER = "services:\n  - type: web\n    name: api\n    runtime: docker\n"


def blueprint(command: str = UVICORN, more: str = "", kind: str = "web") -> str:
    return SERVICE.format(kind=kind, command=command) + "".join(f"    {line}\n" for line in text(more).splitlines())


def codes(command: str = UVICORN, more: str = "", kind: str = "web", **files: str) -> list[tuple[str, str]]:
    found = faults({**FILES, **files, "render.yaml": blueprint(command, more, kind)})
    return [(fault.code, fault.confidence) for fault in found]


def docker(command: str, more: str = "", files=None) -> list[str]:
    whole = {**FILES, "Dockerfile": DOCKERFILE.format(command), "render.yaml": DOCKER + more, **(files or {})}
    return [fault.code for fault in faults(whole)]


def app(route: str) -> str:
    return f"from fastapi import FastAPI\nfrom fastapi.responses import RedirectResponse\n\napp = FastAPI()\n\n\n{route}"


def test_a_healthy_service_has_no_fault():
    found = only({**FILES, "render.yaml": blueprint(more="healthCheckPath: /docs\npreDeployCommand: echo ready")})
    assert (found.faults, found.unknowns, found.followed, found.checked) == ((), (), True, True)


def test_each_platform_has_its_rules():
    assert isinstance(rules.of("render"), render_rules.Render)
    assert isinstance(rules.of("fly"), fly_rules.Fly)


# --- ports


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn main:app -k uvicorn.workers.UvicornWorker",  # GUNICORN_CMD_ARGS binds it
        "gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT",
        "uvicorn main:app --host 0.0.0.0",  # the scan finds another port
        "uvicorn main:app --host 0.0.0.0 --port 8080",
        "'uvicorn main:app --host :: --port 8080'",
        "cd . && exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}",
    ],
)
def test_what_the_port_scan_finds(command: str):
    assert codes(command) == []


@pytest.mark.parametrize("command", ["uvicorn main:app", "uvicorn main:app --host 127.0.0.1 --port $PORT"])
def test_what_listens_to_itself_alone(command: str):
    assert codes(command) == [("loopback-only", "certain")]
    assert codes(command.replace("$PORT", "80"), kind="worker") == codes(command, kind="pserv") == []


def test_the_words_of_the_port_scan():
    fault = faults({**FILES, "render.yaml": blueprint("uvicorn main:app")})[0]
    assert fault.message.startswith("==> Port scan timeout reached, no open ports detected.")
    assert fault.stage == "port"
    assert "0.0.0.0:$PORT (10000 unless it is set)" in fault.reason


def test_gunicorn_in_a_container_is_bound_by_the_port():
    command = '["gunicorn", "main:app", "-k", "uvicorn.workers.UvicornWorker"]'
    assert docker(command) == []


def test_a_container_that_listens_to_itself_alone():
    assert docker('["uvicorn", "main:app"]') == ["loopback-only"]
    assert docker('["uvicorn", "main:app"]', "    dockerCommand: uvicorn main:app --host 0.0.0.0\n") == []


# --- health


@pytest.mark.parametrize(
    ("route", "path", "found"),
    [
        ("@app.get('/ok')\ndef ok():\n    return {}\n", "/ok", []),
        ("@app.get('/made', status_code=201)\ndef made():\n    return {}\n", "/made", []),
        ("@app.get('/go', status_code=307)\ndef go():\n    return RedirectResponse('/ok')\n", "/go", []),
        ("@app.get('/slash/')\ndef slash():\n    return {}\n", "/slash", []),  # 307 to the one with a slash
        ("@app.get('/ok')\ndef ok():\n    return {}\n", "/health", [("health-path", "certain")]),
        ("@app.post('/ok')\ndef ok():\n    return {}\n", "/ok", [("health-path", "certain")]),
    ],
)
def test_which_answers_a_health_check_takes(route: str, path: str, found: list[tuple[str, str]]):
    assert codes(more=f"healthCheckPath: {path}", **{"main.py": app(route)}) == found


def test_a_worker_is_not_checked():
    assert codes(more="healthCheckPath: /nowhere", kind="worker") == [("launcher-usage", "likely")]  # of $PORT alone


def test_rules_take_2xx_and_3xx():
    taken = render_rules.Render()
    assert [taken.takes(status) for status in (199, 200, 204, 301, 399, 400, 404, 500)] == [
        False,
        True,
        True,
        True,
        True,
        False,
        False,
        False,
    ]


# --- the environment


@pytest.mark.parametrize("name", ["RENDER", "RENDER_SERVICE_TYPE", "RENDER_EXTERNAL_URL", "PORT", "FROM_THE_DASHBOARD"])
@pytest.mark.parametrize("kind", ["web", "worker"])
def test_variables_that_render_may_set_are_no_fault(name: str, kind: str):
    main = f"import os\n\nVALUE = os.environ['{name}']\n{MAIN}"
    assert codes("uvicorn main:app --host 0.0.0.0 --port 10000", kind=kind, **{"main.py": main}) == []


def test_the_type_of_a_service_is_set_for_every_kind():
    taken = render_rules.Render()
    for kind in ("web", "pserv", "worker", "cron"):
        target = only({**FILES, "render.yaml": blueprint(kind=kind)}).target
        assert taken.environment(target, target.processes[0])["RENDER_SERVICE_TYPE"] == kind
    native = only({**FILES, "render.yaml": blueprint()}).target
    found = taken.environment(native, native.processes[0])
    assert (found["PORT"], found["GUNICORN_CMD_ARGS"]) == ("10000", "--bind=0.0.0.0:10000")
    own = only({**FILES, "render.yaml": blueprint() + "      - key: PORT\n        value: '80'\n"}).target
    assert taken.environment(own, own.processes[0])["PORT"] == "80"


# --- builds


def test_a_native_build_that_finds_no_requirements():
    assert codes("uvicorn main:app --host 0.0.0.0", "rootDir: backend") == [
        ("root-dir-missing", "certain"),
    ]


def test_no_dockerfile():
    found = faults({**FILES, "render.yaml": DOCKER})
    assert [(fault.code, fault.message) for fault in found] == [
        (
            "no-dockerfile",
            "error: failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory",
        )
    ]
    named = faults({**FILES, "render.yaml": DOCKER + "    dockerfilePath: ./docker/Dockerfile\n"})
    assert [(fault.code, fault.place.line) for fault in named] == [("dockerfile-not-found", 5)]


def test_of_two_readings_the_one_that_deploys_is_taken():
    inside = {f"api/{path}": content for path, content in FILES.items()}
    command = DOCKERFILE.format('["uvicorn", "main:app", "--host", "0.0.0.0"]')
    for written in ("./Dockerfile", "api/Dockerfile"):
        files = {
            **inside,
            "api/Dockerfile": command,
            "render.yaml": DOCKER + f"    rootDir: api\n    dockerfilePath: {written}\n",
        }
        assert faults(files) == []


def test_a_release_that_fails():
    assert codes(more="preDeployCommand: python migrate.py")[0][0] == "script-missing"
    assert codes(more="preDeployCommand: python migrate.py", **{"migrate.py": "print()\n"}) == []


def test_a_push_deploys():
    assert render_rules.Render().deploy_command("", "render.yaml") == ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/app/key.json", True),
        ("/app/.env", True),
        ("/app/conf/key.json", False),
        ("/app/model.pkl", False),
        ("/key.json", False),
    ],
)
def test_a_secret_file_may_lie_in_the_root_of_the_service(path: str, expected: bool):
    assert render_rules.Render().brings(path, "/app") is expected
