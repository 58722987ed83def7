from __future__ import annotations

from typing import NamedTuple

import pytest

from bot.engine.model.findings import Fault, Stage
from bot.engine.simulate import simulate
from codemods import Shelf
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, Files, faults, only, text, tree

FAILED = "Error: failed to fetch an image or build from source: "
NO_CHECKSUM = "error building: failed to solve: failed to compute cache key: failed to calculate checksum of ref …: "
UNREACHABLE = "WARNING The app is not listening on the expected address and will not be reachable by fly-proxy."
SPAWN = "ERROR Error: failed to spawn command: {}: No such file or directory (os error 2)"
SERVER = "uvicorn main:app --host 0.0.0.0 --port 8080"
GROUPS = text("""
    app = "demo"

    [processes]
      web = "uvicorn main:app --host 0.0.0.0 --port 8080"
      worker = "python -m worker"

    [http_service]
      internal_port = 8080
      processes = ["web"]
""")
IMPORTS_DB = "from fastapi import FastAPI\nimport db\n\napp = FastAPI()\n"
BARE = {path: content for path, content in HEALTHY.items() if path not in ("Dockerfile", "requirements.txt")}


def edited(path: str, old: str, new: str, **more: str) -> dict[str, str]:
    """Return the healthy repository with one passage changed, and with more files."""
    assert old in HEALTHY[path]
    return {**HEALTHY, path: HEALTHY[path].replace(old, new), **{name.replace("__", "."): body for name, body in more.items()}}


def below(folder: str, files: Files) -> dict[str, str | bytes]:
    return {f"{folder}/{path}": content for path, content in files.items()}


class Case(NamedTuple):
    """A repository with one fault, and what is to be said about it."""

    files: Files
    stage: Stage
    code: str
    message: str
    place: tuple[str, int]
    codemod: str | None
    confidence: str = "certain"


CASES = {
    "the config does not parse": Case(
        edited("fly.toml", "[http_service]", '[env]\n  A = "1"\n  A = "2"\n\n[http_service]'),
        "config",
        "config-syntax",
        "Error: failed loading app config from /…/fly.toml: row 8 column 3",
        ("fly.toml", 8),
        "repair-toml",
    ),
    "a value of the config has the wrong type": Case(
        edited("fly.toml", "8080", '"8080x"'),
        "config",
        "config-type",
        "✘json: cannot unmarshal string into Go struct field HTTPService.http_service.internal_port of type int",
        ("fly.toml", 7),
        None,
    ),
    "a service names a group that is not there": Case(
        edited("fly.toml", "8080\n", '8080\n  processes = ["web"]\n'),
        "config",
        "unknown-group",
        "Service specifies 'web' as one of its processes, but no processes are defined with that name; update fly.toml"
        " [processes] to add 'web' process or remove it from service's processes list",
        ("fly.toml", 8),
        None,
    ),
    "the Dockerfile that the config names is not there": Case(
        {**BARE, "requirements.txt": "fastapi\nuvicorn\n", "docker/Dockerfile": DOCKERFILE},
        "build",
        "dockerfile-not-found",
        FAILED + "dockerfile '/…/Dockerfile' not found",
        ("fly.toml", 4),
        "fix-dockerfile-path",
    ),
    "there is no Dockerfile": Case(
        {**BARE, "fly.toml": 'app = "demo"\n'},
        "build",
        "no-dockerfile",
        FAILED + "app does not have a Dockerfile or buildpacks configured."
        " See https://fly.io/docs/reference/configuration/#the-build-section",
        ("fly.toml", 1),
        "fix-dockerfile-path",
    ),
    "the context is another folder": Case(
        below("backend", edited("Dockerfile", "COPY req", "COPY backend/req")),
        "build",
        "copy-source-missing",
        FAILED + NO_CHECKSUM + '"/backend/requirements.txt": not found',
        ("backend/Dockerfile", 3),
        "fix-copy-source",
    ),
    "a source is not there": Case(
        edited("Dockerfile", "COPY . .", "COPY main.py settings.ini ./"),
        "build",
        "copy-source-missing",
        FAILED + NO_CHECKSUM + '"/settings.ini": not found',
        ("Dockerfile", 5),
        "fix-copy-source",
    ),
    "a requirements file is not there": Case(
        edited("Dockerfile", "COPY . .", "COPY . .\nRUN pip install -r dev.txt"),
        "build",
        "requirements-missing",
        "ERROR: Could not open requirements file: [Errno 2] No such file or directory: 'dev.txt'",
        ("Dockerfile", 6),
        "fix-path-case",
    ),
    "a script of the build is not there": Case(
        edited("Dockerfile", "COPY . .", "COPY . .\nRUN ./build.sh"),
        "build",
        "run-file-missing",
        "/bin/sh: 1: ./build.sh: not found",
        ("Dockerfile", 6),
        None,
    ),
    "the release command has no script": Case(
        edited("fly.toml", "[http", '[deploy]\n  release_command = "python migrate.py"\n\n[http'),
        "release",
        "script-missing",
        "python: can't open file '/app/migrate.py': [Errno 2] No such file or directory",
        ("fly.toml", 7),
        "fix-entrypoint",
    ),
    "the program is not there": Case(
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace('CMD ["uvicorn", "main:app", ', 'CMD ["./start.sh", ')},
        "boot",
        "script-missing",
        SPAWN.format("./start.sh --host 0.0.0.0 --port 8080"),
        ("Dockerfile", 6),
        "fix-entrypoint",
    ),
    "a server that nothing installs": Case(
        {**HEALTHY, "requirements.txt": "fastapi\n"},
        "boot",
        "launcher-not-installed",
        SPAWN.format(SERVER),
        ("Dockerfile", 6),
        None,
    ),
    "a command that only a shell understands": Case(
        {**HEALTHY, "fly.toml": GROUPS.replace('"uvicorn', '"cd /app && uvicorn'), "worker.py": ""},
        "boot",
        "needs-shell",
        SPAWN.format(f"cd /app && {SERVER}"),
        ("fly.toml", 4),
        "wrap-shell-command",
    ),
    "the module of the command is not there": Case(
        edited("Dockerfile", "main:app", "src.main:app"),
        "boot",
        "entry-not-found",
        "ModuleNotFoundError: No module named 'src'",
        ("Dockerfile", 6),
        "fix-entrypoint",
    ),
    "the app object is called otherwise": Case(
        edited("Dockerfile", "main:app", "main:application"),
        "boot",
        "attribute-not-found",
        'ERROR:    Error loading ASGI app. Attribute "application" not found in module "main".',
        ("Dockerfile", 6),
        "fix-entrypoint",
    ),
    "a module of the repository is not copied": Case(
        edited("Dockerfile", "COPY . .", "COPY main.py .", db__py="") | {"main.py": IMPORTS_DB},
        "boot",
        "module-not-found",
        "ModuleNotFoundError: No module named 'db'",
        ("main.py", 2),
        "copy-missing-package",
    ),
    "a name is not there": Case(
        edited("main.py", "\n\n", "\nfrom db import engine\n\n", db__py="motor = None\n"),
        "boot",
        "name-not-found",
        "ImportError: cannot import name 'engine' from 'db' (/app/db.py)",
        ("main.py", 2),
        "fix-path-case",
    ),
    "the code is no Python": Case(
        edited("main.py", "FastAPI()", "FastAPI("),
        "boot",
        "syntax-error",
        "SyntaxError: '(' was never closed",
        ("main.py", 3),
        None,
    ),
    "another port": Case(
        edited("Dockerfile", "8080", "8000"), "port", "port-mismatch", UNREACHABLE, ("Dockerfile", 6), "align-port"
    ),
    "only reachable from the machine itself": Case(
        edited("Dockerfile", '"--host", "0.0.0.0", ', ""), "port", "loopback-only", UNREACHABLE, ("Dockerfile", 6), None
    ),
    "no service": Case(
        {**HEALTHY, "fly.toml": 'app = "demo"\n'},
        "port",
        "no-services",
        "uvicorn serves HTTP, and no [http_service] or [[services]] exposes its port",
        ("fly.toml", 1),
        "add-http-service",
        "likely",
    ),
    "a checked path that is answered with 404": Case(
        edited("fly.toml", "8080\n", '8080\n\n  [[http_service.checks]]\n    path = "/health"\n'),
        "health",
        "health-path",
        "Health check on port 8080 has failed. Your app is not responding properly.",
        ("fly.toml", 10),
        "align-health-path",
    ),
}


# --- stage by stage


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_deploy_stops_there_in_the_words_of_the_log(case: Case):
    report = only(case.files)
    assert report.reached == case.stage
    [fault] = report.faults
    assert (fault.stage, fault.code, fault.confidence) == (case.stage, case.code, case.confidence)
    assert fault.message == case.message
    assert fault.place is not None
    assert (fault.place.path, fault.place.line) == case.place
    assert case.codemod is None or case.codemod in Shelf().answering(fault.code)


def test_a_healthy_app_has_no_fault():
    report = only(HEALTHY)
    assert (report.reached, report.faults, report.unknowns, report.assumptions) == ("ok", (), (), ())


@pytest.mark.parametrize(
    "changes",
    [
        {"fly.toml": FLY.replace("\n", "\r\n"), "Dockerfile": DOCKERFILE.replace("\n", "\r\n")},
        {"Dockerfile": DOCKERFILE.replace('["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]', SERVER)},
        {"fly.toml": GROUPS, "worker.py": "import main\n"},
        {"fly.toml": FLY + '  [[http_service.checks]]\n    path = "/docs"\n'},
        {"fly.toml": FLY + '[deploy]\n  release_command = "python -m migrate"\n', "migrate.py": ""},
        {"fly.toml": FLY.replace('[build]\n  dockerfile = "Dockerfile"\n', "")},
    ],
)
def test_other_ways_to_write_a_healthy_app(changes):
    assert only({**HEALTHY, **changes}).reached == "ok"


def test_faults_come_in_the_order_in_which_the_platform_meets_them():
    files = {
        **HEALTHY,
        "fly.toml": FLY.replace("8080", "8000") + '  processes = ["web"]\n',
        "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY main.py extra.py ./").replace("main:app", "main:api"),
    }
    found = faults(files)
    assert [fault.stage for fault in found] == ["config", "build", "boot"]
    assert [fault.position for fault in found] == sorted(fault.position for fault in found)


def test_behind_a_fault_the_simulation_goes_on_as_if_it_were_repaired():
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY . .\nCOPY extra.py .").replace("main:app", "main:api")
    found = faults({**HEALTHY, "Dockerfile": dockerfile, "main.py": "import extra\n" + MAIN})
    assert [fault.code for fault in found] == ["copy-source-missing", "attribute-not-found"]


# --- how sure


def sure(found: list[Fault]) -> list[str]:
    return [f"{fault.code} {fault.confidence}" for fault in found]


def test_a_source_that_git_ignores_is_likely_missing():
    assert sure(faults(edited("Dockerfile", "COPY . .", "COPY . .\nCOPY .env ."), hidden=(".env",))) == [
        "copy-source-missing likely"
    ]
    on_disk = {**edited("Dockerfile", "COPY . .", "COPY . .\nCOPY .env ."), ".env": "A=1\n"}
    assert sure(faults(on_disk, hidden=(".env",))) == ["copy-source-missing likely"]
    assert faults(on_disk) == []


def test_a_dockerfile_that_git_ignores_is_likely_missing():
    absent = {path: content for path, content in HEALTHY.items() if path != "Dockerfile"}
    assert sure(faults(absent, hidden=("Dockerfile",))) == ["dockerfile-not-found likely"]
    assert sure(faults(HEALTHY, hidden=("Dockerfile",))) == ["dockerfile-not-found likely"]


def test_a_source_that_the_ignore_file_leaves_out_is_missing_for_certain():
    assert sure(faults({**HEALTHY, ".dockerignore": "*.txt\n"})) == ["copy-source-missing certain"]


MISSING = ["the program is not there", "the module of the command is not there", "a module of the repository is not copied"]


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize(
    "opaque", ["RUN make generate", "RUN git clone https://example.org/x.git .", "RUN curl -sSf https://example.org | sh"]
)
def test_what_is_missing_behind_an_opaque_step_is_never_certain(name: str, opaque: str):
    files = CASES[name].files
    assert only(files).certain
    dockerfile = str(files["Dockerfile"]).replace("CMD", f"{opaque}\nCMD").replace("-slim", "")
    assert not only({**files, "Dockerfile": dockerfile}).certain


def test_nothing_is_missing_for_certain_from_an_unknown_image():
    dockerfile = DOCKERFILE.replace("python:3.11-slim", "registry.example.org/base:1").replace("main:app", "base.main:app")
    assert not only({**HEALTHY, "Dockerfile": dockerfile}).certain


# --- always the same


def test_simulating_twice_says_the_same():
    for case in CASES.values():
        assert [r.faults for r in simulate(tree(case.files))] == [r.faults for r in simulate(tree(case.files))]


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ('["uv", "run", "python", "main.py"]', True),
        ('["/app/.venv/bin/python", "main.py"]', True),
        ('["python3", "main.py"]', False),
    ],
)
def test_uv_runs_the_python_that_it_downloaded(command: str, missing: bool):
    files = {
        "fly.toml": FLY,
        "Dockerfile": f"FROM python:3.11-slim\nRUN pip install uv\nWORKDIR /app\nCOPY . .\nRUN uv sync\nCMD {command}\n",
        "pyproject.toml": '[project]\nname = "demo"\nversion = "1"\ndependencies = []\n',
        ".python-version": "3.12\n",
        "main.py": "import distutils\n",
    }
    assert [fault.code for fault in faults(files)] == (["module-not-found"] if missing else [])


def test_an_app_that_a_copy_only_promises_is_not_read():
    report = only({**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY Main.py ./main.py")})
    assert [fault.code for fault in report.faults] == ["copy-source-missing"]
