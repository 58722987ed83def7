"""What was predicted here was tried with buildah: which server starts, and the words where it does not."""

import pytest

from bot.engine.model.findings import Misplaced
from bot.engine.report import Report
from tests.tools import FLY, HEALTHY, only

CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
MODULE = CMD.replace('"uvicorn"', '"python", "-m", "uvicorn"')
BUILDER = "FROM python:3.11-slim AS builder\nCOPY requirements.txt .\n"
FINAL = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"
NOT_SPAWNED = (
    "ERROR Error: failed to spawn command: uvicorn main:app --host 0.0.0.0 --port 8080: No such file or directory (os error 2)"
)
UNSEEN = "ModuleNotFoundError: No module named 'uvicorn'"
DENIED = NOT_SPAWNED.replace("No such file or directory (os error 2)", "Permission denied (os error 13)")
LIB, BIN = "/usr/local/lib/python3.11/site-packages", "/usr/local/bin"


def deployed(dockerfile: str, **more: str) -> Report:
    return only({**HEALTHY, "Dockerfile": dockerfile, **more})


def found(dockerfile: str, **more: str) -> list[tuple[str, str, str]]:
    return [(fault.code, fault.confidence, fault.message) for fault in deployed(dockerfile, **more).faults]


def pip(where: str = "pip install", stage: str = "") -> str:
    return f"{stage}RUN {where} -r requirements.txt\n"


VENV = pip("python -m venv /opt/venv && /opt/venv/bin/pip install")
ON_PATH = 'ENV PATH="/opt/venv/bin:$PATH"\n'


@pytest.mark.parametrize(
    "dockerfile",
    [
        FINAL + pip() + CMD,
        FINAL + VENV + ON_PATH + CMD,
        FINAL + ON_PATH + pip("python -m venv /opt/venv && pip install") + CMD,
        FINAL + VENV + CMD.replace('"uvicorn"', '"/opt/venv/bin/uvicorn"'),
        FINAL + VENV + MODULE.replace('"python"', '"/opt/venv/bin/python"'),
        FINAL + pip("python -m venv venv && venv/bin/pip install") + CMD.replace('"uvicorn"', '"venv/bin/uvicorn"'),
        FINAL + VENV + "CMD . /opt/venv/bin/activate && exec uvicorn main:app --host 0.0.0.0 --port 8080\n",
        FINAL + VENV + "CMD /bin/bash -c 'source /opt/venv/bin/activate; exec uvicorn main:app --host 0.0.0.0 --port 8080'\n",
        FINAL + VENV + 'ENV VIRTUAL_ENV=/opt/venv\nENV PATH="$VIRTUAL_ENV/bin:$PATH"\n' + CMD,
        FINAL + pip("pip install --user") + "ENV PATH=/root/.local/bin:$PATH\n" + CMD,
        FINAL + pip("pip install --user") + MODULE,
        FINAL + "RUN useradd -m web\nUSER web\n" + pip() + MODULE,
        FINAL + "RUN useradd -m web\nUSER web\nENV PATH=/home/web/.local/bin:$PATH\n" + pip() + CMD,
        FINAL + pip("pip install --target /deps") + "ENV PYTHONPATH=/deps\n" + MODULE,
        FINAL + pip("pip install --target .") + MODULE,
        FINAL + pip("pip install --prefix /p") + f"ENV PYTHONPATH=/p/lib/python3.11/site-packages PATH=/p/bin:$PATH\n{CMD}",
        FINAL + "RUN python -m venv --system-site-packages /opt/venv\n" + ON_PATH + pip("/usr/local/bin/pip install") + MODULE,
        # stages
        BUILDER + pip() + FINAL + f"COPY --from=builder {LIB} {LIB}\nCOPY --from=builder {BIN} {BIN}\n" + CMD,
        BUILDER + pip() + FINAL + f"COPY --from=builder {LIB}/ {LIB}/\nCOPY --from=builder {BIN}/uvicorn {BIN}/uvicorn\n" + CMD,
        BUILDER + pip() + FINAL + f"COPY --from=builder {LIB} {LIB}\n" + MODULE,
        BUILDER + pip() + FINAL + "COPY --from=builder /usr/local /usr/local\n" + CMD,
        BUILDER + pip("pip install --prefix=/install") + FINAL + "COPY --from=builder /install /usr/local\n" + CMD,
        BUILDER + pip("pip install --user") + FINAL + "COPY --from=builder /root/.local /usr/local\n" + CMD,
        BUILDER
        + pip("pip install --user")
        + FINAL
        + "RUN useradd web\nCOPY --from=builder /root/.local /home/web/.local\nENV PATH=/home/web/.local/bin:$PATH\nUSER web\n"
        + CMD,
        BUILDER + VENV + FINAL + "COPY --from=builder /opt/venv /opt/venv\n" + ON_PATH + CMD,
        BUILDER + VENV + FINAL + "COPY --from=builder /opt /opt\n" + ON_PATH + CMD,
        BUILDER + VENV + FINAL + "COPY --from=builder /opt/venv /v\nENV PATH=/v/bin:$PATH\n" + MODULE,
        BUILDER + pip("pip install --target /deps") + FINAL + "COPY --from=builder /deps /d\nENV PYTHONPATH=/d\n" + MODULE,
        BUILDER.replace("3.11", "3.12") + pip() + FINAL + "COPY --from=builder /usr/local /usr/local\n" + CMD,
        BUILDER.replace("3.11", "3.12")
        + pip()
        + FINAL
        + f"COPY --from=builder /usr/local/lib /usr/local/lib\nCOPY --from=builder {BIN} {BIN}\n"
        + CMD,
        BUILDER + pip() + "FROM builder\nWORKDIR /app\nCOPY . .\n" + CMD,
        BUILDER + pip("pip install poetry") + FINAL + pip() + CMD,
        BUILDER
        + pip("pip wheel -w /wheels")
        + FINAL
        + "COPY --from=builder /wheels /wheels\nRUN pip install /wheels/*\n"
        + CMD,
        # what is not known
        "FROM example.org/own:1\nWORKDIR /app\nCOPY . .\n" + VENV + CMD,
        FINAL + VENV + "ARG MORE\nENV PATH=$MORE$(x):$PATH\n" + CMD.replace("CMD", "# nobody knows\nCMD"),
    ],
)
def test_a_server_that_is_reached(dockerfile):
    assert found(dockerfile) == []


@pytest.mark.parametrize(
    ("dockerfile", "code", "message", "cause"),
    [
        (FINAL + VENV + CMD, "environment-not-used", NOT_SPAWNED, "path"),
        (FINAL + VENV + MODULE, "environment-not-used", "python: No module named uvicorn", "path"),
        (FINAL + VENV + "CMD uvicorn main:app --port 8080 --host 0.0.0.0\n", "environment-not-used", None, "path"),
        (FINAL + pip("pip install --user") + CMD, "environment-not-used", NOT_SPAWNED, "path"),
        (FINAL + "RUN useradd -m web\nUSER web\n" + pip() + CMD, "environment-not-used", NOT_SPAWNED, "path"),
        (FINAL + pip("pip install --target /deps") + MODULE, "environment-not-used", "python: No module named uvicorn", "path"),
        (FINAL + pip("pip install --prefix /p") + "ENV PATH=/p/bin:$PATH\n" + CMD, "environment-not-used", UNSEEN, "path"),
        (
            BUILDER
            + pip("pip install --user")
            + FINAL.replace("3.11-slim", "3.11-slim-bookworm")
            + "RUN adduser --system --group web\nCOPY --from=builder /root/.local /home/web/.local\n"
            + "ENV PATH=/home/web/.local/bin:$PATH\nUSER web\n"  # whose home is /nonexistent
            + CMD,
            "environment-not-used",
            UNSEEN,
            "path",
        ),
        (
            FINAL + pip("pip install --user") + "ENV PATH=/root/.local/bin:$PATH\nRUN useradd web\nUSER web\n" + CMD,
            "packages-not-readable",
            DENIED,
            "denied",
        ),
        (
            FINAL + pip("pip install --user") + "RUN useradd web\nUSER web\n" + MODULE,
            "packages-not-readable",
            "python: No module named uvicorn",
            "denied",
        ),
        (BUILDER + VENV + FINAL + ON_PATH + CMD, "packages-not-copied", NOT_SPAWNED, "left"),
        (BUILDER + pip() + FINAL + CMD, "packages-not-copied", NOT_SPAWNED, "left"),
        (BUILDER + pip() + FINAL + f"COPY --from=builder {LIB} {LIB}\n" + CMD, "packages-not-copied", NOT_SPAWNED, "scripts"),
        (
            BUILDER + VENV + FINAL + "COPY --from=builder /opt/venv /v\nENV PATH=/v/bin:$PATH\n" + CMD,
            "environment-moved",
            NOT_SPAWNED,
            "moved",
        ),
        (
            BUILDER + VENV + FINAL + "COPY --from=builder /opt/venv /v\n" + CMD.replace('"uvicorn"', '"/v/bin/uvicorn"'),
            "environment-moved",
            NOT_SPAWNED.replace("uvicorn", "/v/bin/uvicorn", 1),
            "moved",
        ),
        (
            BUILDER
            + VENV
            + FINAL
            + "COPY --from=builder /opt/venv /v\nCMD . /v/bin/activate && uvicorn main:app --port 8080\n",
            "environment-moved",
            None,
            "moved",
        ),
        (
            BUILDER + VENV + FINAL.replace("3.11", "3.12") + "COPY --from=builder /opt/venv /opt/venv\n" + ON_PATH + CMD,
            "packages-of-other-python",
            NOT_SPAWNED,
            "python",
        ),
        (
            BUILDER
            + pip()
            + FINAL.replace("3.11", "3.12")
            + f"COPY --from=builder {LIB} {LIB}\nCOPY --from=builder {BIN}/uvicorn {BIN}/uvicorn\n"
            + MODULE,
            "packages-of-other-python",
            "python: No module named uvicorn",
            "python",
        ),
        (
            BUILDER
            + pip()
            + FINAL.replace("3.11", "3.12")
            + f"COPY --from=builder {LIB} {LIB}\nCOPY --from=builder {BIN} {BIN}\n"
            + CMD,
            "packages-of-other-python",
            "/usr/local/bin/python3.11: error while loading shared libraries: libpython3.11.so.1.0: cannot open shared object"
            " file: No such file or directory",
            "python",
        ),
    ],
)
def test_a_server_that_is_not_reached(dockerfile, code, message, cause):
    [fault] = [each for each in deployed(dockerfile).faults if each.stage == "boot"]
    assert (fault.code, fault.confidence) == (code, "certain")
    assert message is None or fault.message == message
    assert isinstance(fault.detail, Misplaced)
    assert fault.detail.cause == cause


def test_an_app_of_ones_own_misses_its_first_import():
    files = {
        "main.py": "import fastapi\nimport uvicorn\n\napp = fastapi.FastAPI()\nuvicorn.run(app, host='0.0.0.0', port=8080)\n"
    }
    start = 'CMD ["python", "main.py"]\n'
    assert found(FINAL + VENV + start, **files) == [
        ("environment-not-used", "certain", "ModuleNotFoundError: No module named 'fastapi'")
    ]
    assert found(FINAL + VENV + start.replace('"python"', '"/opt/venv/bin/python"'), **files) == []
    assert found(FINAL + pip() + start, **files) == []


def test_what_follows_is_judged_as_if_it_were_reached():
    files = {"main.py": "import requests\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"}
    assert [fault[0] for fault in found(FINAL + VENV + CMD, **files)] == ["environment-not-used", "module-not-found"]


def test_what_nothing_installs_at_all_is_a_matter_of_requirements():
    files = {"requirements.txt": "fastapi\n"}
    assert [fault[0] for fault in found(FINAL + VENV + ON_PATH + CMD, **files)] == ["launcher-not-installed"]
    assert [fault[0] for fault in found(BUILDER + pip() + FINAL + CMD, **files)][:1] == ["launcher-not-installed"]


def test_an_install_that_may_bring_it_leaves_it_likely():
    lines = FINAL + "RUN python -m venv /opt/venv && /opt/venv/bin/pip install https://example.org/x.whl\n" + CMD
    assert found(lines)[0][:2] == ("environment-not-used", "likely")


def test_uv_run_uses_the_environment_of_the_project():
    lines = FINAL + "RUN pip install uv\n" + pip("python -m venv .venv && .venv/bin/pip install")
    assert found(lines + CMD.replace('"uvicorn"', '"uv", "run", "uvicorn"')) == []
    assert [fault[0] for fault in found(lines + CMD)] == ["environment-not-used"]


def test_another_user_than_the_images_runs_the_server():
    gosu = FINAL + "RUN apt-get update && apt-get install -y gosu && useradd -m web\n" + pip("pip install --user")
    path = "ENV PATH=/root/.local/bin:$PATH\n"
    assert [fault[0] for fault in found(gosu + path + CMD.replace('"uvicorn"', '"gosu", "web", "uvicorn"'))] == [
        "packages-not-readable"
    ]
    assert found(gosu + path + CMD) == []


def test_a_user_that_is_not_there_is_said_at_the_start():
    assert found(FINAL + pip() + "USER web\n" + CMD) == [
        ("user-unknown", "certain", "unable to find user web: no matching entries in passwd file")
    ]
    assert found(FINAL + pip() + "USER 1000\n" + CMD) == []
    assert found(FINAL + pip() + "RUN useradd web\nUSER web\n" + CMD) == []


# --- what an entry script writes

SCRIPT = {"start.sh": "#!/bin/sh\nset -e\n{}\nexec uvicorn main:app --host 0.0.0.0 --port 8080\n"}
AS_WEB = FINAL + pip() + 'RUN useradd -m web\n{}USER web\nCMD ["sh", "start.sh"]\n'


def started(command: str, before: str = "", **more: str) -> list[tuple[str, str, str]]:
    return found(AS_WEB.format(before), **{"start.sh": SCRIPT["start.sh"].format(command), **more})


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("mkdir -p /app/logs", "mkdir: cannot create directory ‘/app/logs’: Permission denied"),
        ("touch db.sqlite3", "touch: cannot touch 'db.sqlite3': Permission denied"),
        ("echo $(date) > /app/started", "…: cannot create /app/started: Permission denied"),
    ],
)
def test_an_entry_script_that_may_not_write_ends_there(command, message):
    assert started(command) == [("write-denied", "certain", message)]


@pytest.mark.parametrize(
    ("command", "before"),
    [
        ("mkdir -p /app/logs", "RUN chown web /app\n"),
        ("mkdir -p /tmp/logs ~/x", ""),
        ("mkdir -p /app/logs || true", ""),
        ('if [ -n "$X" ]; then mkdir /app/logs; fi', ""),
        ("mkdir -p /app", ""),
        ("cat < main.py > /dev/null", ""),
        ("echo hi > /tmp/x", ""),
    ],
)
def test_an_entry_script_that_may_write_or_goes_on(command, before):
    assert started(command, before) == []


# --- volumes

MOUNT = FLY + '\n[mounts]\n  source = "data"\n  destination = "{}"\n'


def mounted(path: str, **more: str) -> list[tuple[str, str, str]]:
    return found(FINAL + pip() + CMD, **{"fly.toml": MOUNT.format(path), **more})


def test_a_volume_hides_what_the_image_has():
    assert mounted("/app") == [
        ("volume-hides-files", "likely", 'ERROR:    Error loading ASGI app. Could not import module "main".')
    ]
    files = {"main.py": "import lib.db\nfrom fastapi import FastAPI\n\napp = FastAPI()\n", "lib/db.py": ""}
    assert mounted("/app/lib", **files) == [("volume-hides-files", "likely", "ModuleNotFoundError: No module named 'lib.db'")]
    assert mounted("/usr/local")[0][0] == "volume-hides-files"


@pytest.mark.parametrize("path", ["/data", "/app/data", "/app/static", "/var/lib/x"])
def test_a_volume_beside_the_code_hides_nothing_that_is_missed(path):
    assert mounted(path, **{"static/a.css": ""}) == []


def test_a_volume_counts_for_its_processes():
    config = 'app = "demo"\n[processes]\n  web = "uvicorn main:app --host 0.0.0.0 --port 8080"\n  worker = "python main.py"\n'
    config += '[http_service]\n  internal_port = 8080\n  processes = ["web"]\n'
    config += '[[mounts]]\n  source = "d"\n  destination = "/app"\n  processes = ["worker"]\n'
    report = deployed(FINAL + pip() + CMD, **{"fly.toml": config})
    assert [(fault.code, fault.process) for fault in report.faults] == [("volume-hides-files", "worker")]


def test_fly_gives_the_mount_point_to_the_images_user():
    assert started("mkdir -p /data/uploads", "RUN mkdir /data\n") != []
    assert started("mkdir -p /data/uploads", "RUN mkdir /data\n", **{"fly.toml": MOUNT.format("/data")}) == []


def test_a_release_command_has_no_volumes():
    config = MOUNT.format("/data") + '[env]\n  DATABASE_URL = "sqlite:////data/app.db"\n[deploy]\n  release_command = "{}"\n'
    files = {
        "alembic.ini": "[alembic]\nscript_location = alembic\n",
        "alembic/env.py": "",
        "requirements.txt": "fastapi\nuvicorn\nalembic\n",
    }
    says = ("release-without-volume", "likely", "sqlite3.OperationalError: unable to open database file")
    assert found(FINAL + pip() + CMD, **{"fly.toml": config.format("alembic upgrade head"), **files}) == [says]
    assert found(FINAL + pip() + CMD, **{"fly.toml": config.format("alembic current"), **files}) == []
    assert (
        found(FINAL + pip() + "RUN mkdir /data\n" + CMD, **{"fly.toml": config.format("alembic upgrade head"), **files}) == []
    )
