"""Repairs of Dockerfiles and ignore files."""

from __future__ import annotations

from tests.bot.engine.image.managers.test_uv import FILES as LOCKED
from tests.bot.engine.image.managers.test_uv import SPACE
from tests.codemods.cases.parts import BACKEND, IMPORTING, INDEX, MANAGED, POETRY, WITH_POETRY, Case, listing
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

SHARED = {"shared/__init__.py": "", "main.py": "from fastapi import FastAPI\nimport shared\n\napp = FastAPI()\n"}
SYNC = MANAGED.replace("poetry install", "uv sync --frozen").replace("install poetry", "install uv")
APT = "RUN apt-get update \\\n  && apt-get install -y \\\n  curl\n"
SERVER_CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
AS_WEB = "RUN useradd -m web\nUSER web\n"
APP = "WORKDIR /app\nCOPY . .\n"
SLIM, BUILDER = "FROM python:3.11-slim\n", "FROM python:3.11-slim AS builder\nCOPY requirements.txt .\n"
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"


def _image(*lines: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": "".join(lines) + SERVER_CMD}


CASES = [
    Case(
        "reorder-dependency-layer",
        _image(SLIM, APP, "RUN pip install -r requirements.txt\n"),
        "Dockerfile",
        "dockerfile",
        sorted=False,
    ),
    Case("add-env-path", _image(SLIM, APP, VENV), "Dockerfile", "dockerfile"),
    Case("add-user", _image(SLIM, APP, "RUN pip install -r requirements.txt\nUSER web\n"), "Dockerfile", "dockerfile"),
    Case(
        "align-stage-python",
        _image(BUILDER, VENV, "FROM python:3.12-slim\nCOPY --from=builder /opt /opt\nENV PATH=/opt/venv/bin:$PATH\n", APP),
        "Dockerfile",
        "dockerfile",
        unsafe=True,
    ),
    Case("copy-beside-manifest", {**LOCKED, "fly.toml": FLY, "Dockerfile": SYNC}, "Dockerfile", "dockerfile"),
    Case(
        "copy-venv-to-final-stage",
        _image(BUILDER, VENV, SLIM, "ENV PATH=/opt/venv/bin:$PATH\n", APP),
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "copy-workspace-members",
        {**SPACE, "fly.toml": FLY, "Dockerfile": SYNC.replace("pyproject.toml ./", "pyproject.toml uv.lock ./")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-build-user",
        _image(SLIM, APP, "RUN pip install -r requirements.txt\n", AS_WEB, "RUN mkdir logs\n"),
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-install-user",
        {
            **_image(SLIM, APP, AS_WEB, "ENV PATH=/home/web/.local/bin:$PATH\nRUN pip install --user .\n"),
            "pyproject.toml": '[project]\nname = "demo"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n',
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-poetry-options",
        {**WITH_POETRY, "Dockerfile": MANAGED.replace("poetry install", "poetry install --no-dev")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-start-command",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace('"uvicorn"', '"venv/bin/uvicorn"')},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "replace-source",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace("RUN pip", "RUN python -m venv v\nRUN source v/bin/activate && pip")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-stage-copy",
        _image(BUILDER, VENV, SLIM, "COPY --from=builder /opt/venv /venv\nENV PATH=/venv/bin:$PATH\n", APP),
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-user-site",
        _image(SLIM, APP, "RUN pip install --user -r requirements.txt\nENV PATH=/root/.local/bin:$PATH\n", AS_WEB),
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "install-package-manager",
        {**WITH_POETRY, "Dockerfile": MANAGED.replace("RUN pip install poetry\n", "")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "leave-project-out",
        {**WITH_POETRY, "pyproject.toml": POETRY.replace("package-mode = false\n", "")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "use-system-environment",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace("RUN pip", "RUN pip install uv\nRUN uv pip")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "add-missing-requirement",
        {**IMPORTING, "Dockerfile": DOCKERFILE.replace("-r requirements.txt", "fastapi \\\n  'uvicorn>=0.30'")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "bind-all-interfaces",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace('"0.0.0.0"', '"127.0.0.1"')},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "copy-missing-package",
        {**HEALTHY, **SHARED, "Dockerfile": DOCKERFILE.replace(". .", "main.py .")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-copy-source",
        {**BACKEND, "backend/fly.toml": FLY, "backend/Dockerfile": DOCKERFILE.replace("COPY requ", "COPY backend/requ")},
        "backend/Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-entrypoint", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("main:app", "src.main:app")}, "Dockerfile", "dockerfile"
    ),
    Case(
        "fix-double-bind",
        {
            **HEALTHY,
            "Dockerfile": DOCKERFILE[: DOCKERFILE.index("CMD")]
            + 'CMD ["gunicorn", \\\n  "-b", "0.0.0.0:8080", \\\n  "-b", "[::]:8080", \\\n  "main:app"]\n',
            "requirements.txt": "fastapi\ngunicorn\n",
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case("pin-python-version", listing("old==1.0"), "Dockerfile", "dockerfile", True, options=INDEX),
    Case(
        "fix-path-case",
        {
            **{path: text for path, text in HEALTHY.items() if path != "requirements.txt"},
            "Requirements.txt": "fastapi\nuvicorn\n",
            "tox.ini": "deps = -r Requirements.txt\n",
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case("add-dockerignore", {**HEALTHY, ".dockerignore": "*.md\n.git\n", ".env": "KEY=1\n"}, ".dockerignore", "ignore"),
    Case(
        "copy-missing-file",
        {
            **HEALTHY,
            "Dockerfile": DOCKERFILE.replace("COPY . .", "COPY main.py ./"),
            "main.py": f"open('data/a.txt')\n{MAIN}",
            "data/a.txt": "x\n",
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-file-name",
        {**{path: text for path, text in HEALTHY.items() if path != "requirements.txt"}, "appreqs.txt": "fastapi\nuvicorn\n"},
        "Dockerfile",
        "dockerfile",
        unsafe=True,
    ),
    Case(
        "fix-ignore-pattern",
        {**HEALTHY, ".dockerignore": "*.md\nvenv\\\n**\\pip-log.txt\n.env\n"},
        ".dockerignore",
        "ignore",
        True,
    ),
    Case(
        "install-system-package",
        {**HEALTHY, "requirements.txt": "fastapi\nuvicorn\nmysqlclient\n"},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "install-system-package",
        {
            **HEALTHY,
            "requirements.txt": "fastapi\nuvicorn\nmysqlclient\n",
            "Dockerfile": DOCKERFILE.replace(
                "COPY requ", "RUN apt-get update && \\\n  apt-get install -y \\\n  curl\nCOPY requ"
            ),
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "install-system-package",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace('CMD ["', 'ENTRYPOINT ["tini", "--"]\nCMD ["')},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "install-as-root",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .\n", f"COPY . .\nRUN useradd app\nUSER app\n{APT}")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-apt-install",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace("COPY . .\n", "COPY . .\nRUN apt-get install \\\n  curl \\\n  git\n")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "rename-system-package",
        {
            **HEALTHY,
            "Dockerfile": DOCKERFILE.replace("3.11-slim", "3.11-slim-trixie").replace(
                "COPY . .\n", f"COPY . .\n{APT.replace('curl', 'libgl1-mesa-glx')}"
            ),
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "change-debian-release",
        {
            **HEALTHY,
            "Dockerfile": DOCKERFILE.replace("3.11-slim", "3.9-slim-buster").replace("COPY . .\n", f"COPY . .\n{APT}"),
        },
        "Dockerfile",
        "dockerfile",
        unsafe=True,
    ),
    Case(
        "fix-healthcheck-command",
        {
            **HEALTHY,
            "Dockerfile": DOCKERFILE.replace(
                "CMD", "HEALTHCHECK --interval=30s \\\n  CMD curl -f http://localhost:8080/ || exit 1\nCMD"
            ),
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-package-layout",
        {
            "backend/fly.toml": FLY,
            "backend/Dockerfile": DOCKERFILE.replace("main:app", "backend.main:app"),
            **BACKEND,
        },
        "backend/Dockerfile",
        "dockerfile",
    ),
    Case(
        "set-pythonpath",
        {
            **HEALTHY,
            "Dockerfile": DOCKERFILE.replace("COPY . .\n", "COPY . .\nWORKDIR /app/backend\n"),
            "backend/main.py": "from fastapi import FastAPI\nimport backend.db\n\napp = FastAPI()\n",
            "backend/db.py": "",
        },
        "Dockerfile",
        "dockerfile",
    ),
    Case("unignore-needed-file", {**HEALTHY, ".dockerignore": "venv\n*.txt\n.env\n"}, ".dockerignore", "ignore"),
    Case("unignore-needed-file", {**HEALTHY, ".dockerignore": "venv\nrequirements.txt\n.env\n"}, ".dockerignore", "ignore"),
    Case("verify-import-at-build", HEALTHY, "Dockerfile", "dockerfile", unsafe=True),
    Case("wrap-shell-command", {**HEALTHY, "Dockerfile": DOCKERFILE.replace('"8080"', '"$PORT"')}, "Dockerfile", "dockerfile"),
    Case(
        "set-exposed-port",
        _image(SLIM, APP, "RUN pip install -r requirements.txt\nEXPOSE $PORT\n"),
        "Dockerfile",
        "dockerfile",
    ),
]
