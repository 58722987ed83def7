"""What holds for every codemod, however the file that it edits is laid out.

Each case is a small repository with one file to edit. Comments, blank lines, indentation and line endings are strewn over that
file; the repair must then come to the same as in the plain file, read by somebody else's parser, and leave alone every line
that it does not edit in the plain file.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import dockerfile
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from bot.engine.image import ignore
from bot.engine.simulate import Options
from codemods.index import NAMES
from tests.bot.engine.boot.test_django_checks import FILES as SHOP
from tests.bot.engine.boot.test_django_checks import SETTINGS, STACK
from tests.bot.engine.boot.test_limits import ROUTE, SLOW
from tests.bot.engine.boot.test_limits import files as limited
from tests.bot.engine.image.managers.test_uv import FILES as LOCKED
from tests.bot.engine.image.managers.test_uv import SPACE
from tests.bot.engine.index import WEB, Dist, Index
from tests.codemods import test_normalize_database_url as urls
from tests.codemods.test_exempt_health_from_rate_limit import COUNTING
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, planned, result

TEXT = st.text("ab #='\"[]{}$\\é🚂", max_size=12)
COMMENT = st.builds("{}# {}".format, st.sampled_from(["", "  "]), TEXT)
PLAIN_GAP = st.lists(st.one_of(st.just(""), st.builds("# {}".format, TEXT)), max_size=3)  # `  # x` is a pattern
GAP = st.lists(st.one_of(st.just(""), st.just("  "), COMMENT), max_size=3)


class Layout(NamedTuple):
    """How a file is laid out: what stands before each line, how deep it is indented, and how lines end."""

    gaps: list[list[str]]
    indents: list[str]
    tails: list[str]
    ending: str
    closed: bool  # the last line has an end


class Case(NamedTuple):
    """A repository that a codemod repairs, and the file that is laid out anew."""

    codemod: str
    files: dict[str, str]
    edited: str
    kind: str = "toml"  # or "dockerfile", "ignore", "python", "requirements", "yaml"
    unsafe: bool = False
    after: str | None = None  # what the file is called afterwards
    sorted: bool = True  # the lines keep their order
    options: Options = Options()


def _instructions(text: str) -> object:
    """Return what BuildKit's parser makes of a file; the indentation of continued lines stays in its words as white space."""
    items = dockerfile.parse_string(text)
    return [(i.cmd, i.sub_cmd, i.json, i.flags, [" ".join(word.split()) for word in i.value]) for i in items]


def _patterns(text: str) -> object:
    """Return the rules of an ignore file, by the reader that moby's vectors hold."""
    return [(rule.pattern, rule.includes) for rule in ignore.read(text).rules]


def _requirements(text: str) -> object:
    """Return what pip's own parser makes of each line, in their order."""
    lines = (re.sub(r"(?:^|\s+)#.*$", "", line).strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def _lines(text: str) -> object:
    """Return the lines without comments, of what no parser reads before it is repaired."""
    return [line for line in (re.sub(r"(?:^|\s+)#.*$", "", line).strip() for line in text.splitlines()) if line]


PARSERS: dict[str, Callable[[str], object]] = {
    "toml": tomllib.loads,
    "dockerfile": _instructions,
    "lines": _lines,
    "ignore": _patterns,
    "requirements": _requirements,
    "yaml": yaml.safe_load,
    "python": lambda text: ast.dump(ast.parse(text)),
}
# codemods that edit no line of a file that is there, so that its layout can't matter
WITHOUT_LAYOUT = {
    "add-dockerfile": "the whole file is new",
    "keep-empty-folder": "the whole file is new",
    "add-requirements-file": "the whole file is new",
    "add-setup-py": "the whole file is new",
    "set-executable-bit": "the mode changes, and no byte",
    "update-lock-file": "uv alone writes uv.lock, always in the same layout",
}

GROUP = FLY.replace("[http_service]\n", '[processes]\n  web = "{}"\n\n[http_service]\n  processes = ["web"]\n')
SERVER = "uvicorn {} --host 0.0.0.0 --port 8080"
BACKEND = {"backend/main.py": MAIN, "backend/requirements.txt": "fastapi\nuvicorn\n"}
SHARED = {"shared/__init__.py": "", "main.py": "from fastapi import FastAPI\nimport shared\n\napp = FastAPI()\n"}
MIXED = DOCKERFILE.replace("COPY requirements", "COPY shared ./shared\nCOPY backend/requirements").replace(
    "COPY . .", "COPY backend ."
)
HTTPS = SETTINGS.replace('["shop.fly.dev"]', '["*"]') + "SECURE_SSL_REDIRECT = True\n"
PROXY = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
WORKFLOW = """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: flyctl deploy --remote-only
        working-directory: backend
        env:
          TOKEN: secret
"""
SERVED = "\n\n@app.get('/health')\ndef health():\n    return 1\n"
BARE = FLY[: FLY.index("[http")]
CHECKED = """\
[[services]]
  internal_port = 3000
  protocol = "tcp"

  [[services.ports]]
    port = 443

[checks.alive]
  port = 3000
  type = "tcp"
"""
EMPTY = FLY.replace("[http_service]\n", '[[services]]\n  http_checks = []\n  processes = ["app"]\n') + (
    '\n  [[services.http_checks]]\n    path = "/docs"\n'
)


def listing(lines: str) -> dict[str, str]:
    return {**HEALTHY, "requirements.txt": f"fastapi\n{lines}\nuvicorn\n"}


IMPORTING = {**HEALTHY, "main.py": f"import requests\n{MAIN}"}
PROJECT = """\
[project]
name = "demo"
version = "1"
dependencies = [
  "fastapi",
  "uvicorn>=0.30",
]
"""
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    rootDir: backend
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
"""

INDEX = Options(
    package_index=Index(
        {
            **WEB,
            "pymupdf": {"1.24.9": Dist(), "1.24.11": Dist()},
            "first": {"1.0": Dist(("second<2",))},
            "second": {"1.5": Dist(), "2.0": Dist()},
            "old": {"1.0": Dist(python="<3.11")},
        }
    )
)
MANAGED = """\
FROM python:3.11-slim
RUN pip install poetry
ENV POETRY_VIRTUALENVS_CREATE=false
WORKDIR /app
COPY pyproject.toml ./
RUN pip check && \\
    poetry install
COPY . .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
"""
POETRY = """\
[tool.poetry]
name = "demo"
package-mode = false

[tool.poetry.dependencies]
python = "^3.10"
fastapi = "*"
uvicorn = "*"

[tool.other]
x = 1
"""
WITH_POETRY = {**HEALTHY, "pyproject.toml": POETRY, "Dockerfile": MANAGED}
SYNC = MANAGED.replace("poetry install", "uv sync --frozen").replace("install poetry", "install uv")

APT = "RUN apt-get update \\\n  && apt-get install -y \\\n  curl\n"

SERVER_CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]\n'
APP = "WORKDIR /app\nCOPY . .\n"
SLIM, BUILDER = "FROM python:3.11-slim\n", "FROM python:3.11-slim AS builder\nCOPY requirements.txt .\n"
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"
WEB = "RUN useradd -m web\nUSER web\n"


def _image(*lines: str) -> dict[str, str]:
    return {**HEALTHY, "Dockerfile": "".join(lines) + SERVER_CMD}


CASES = [
    Case("add-env-path", _image(SLIM, APP, VENV), "Dockerfile", "dockerfile"),
    Case(
        "add-missing-extra",
        {
            **HEALTHY,
            "requirements.txt": "fastapi>=0.1\nuvicorn\n",
            "Dockerfile": DOCKERFILE.replace('"uvicorn", "main:app"', '"fastapi", "run"'),
        },
        "requirements.txt",
        "requirements",
        unsafe=True,
    ),
    Case("add-missing-requirement", {**WITH_POETRY, "main.py": f"import redis\n{MAIN}"}, "pyproject.toml"),
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
        _image(SLIM, APP, "RUN pip install -r requirements.txt\n", WEB, "RUN mkdir logs\n"),
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-install-user",
        {
            **_image(SLIM, APP, WEB, "ENV PATH=/home/web/.local/bin:$PATH\nRUN pip install --user .\n"),
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
        {**BACKEND, "render.yaml": BLUEPRINT.replace("startCommand: ", "startCommand: cd backend && ")},
        "render.yaml",
        "yaml",
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
        _image(SLIM, APP, "RUN pip install --user -r requirements.txt\nENV PATH=/root/.local/bin:$PATH\n", WEB),
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
    Case("add-missing-requirement", IMPORTING, "requirements.txt", "requirements"),
    Case(
        "add-missing-requirement",
        {**IMPORTING, "requirements.txt": "aiofiles\nfastapi\nsqlalchemy>=2\nuvicorn\n"},
        "requirements.txt",
        "requirements",
    ),
    Case(
        "add-missing-requirement",
        {**IMPORTING, "Dockerfile": DOCKERFILE.replace("-r requirements.txt", "fastapi \\\n  'uvicorn>=0.30'")},
        "Dockerfile",
        "dockerfile",
    ),
    Case(
        "add-missing-requirement",
        {
            **IMPORTING,
            "pyproject.toml": PROJECT,
            "Dockerfile": DOCKERFILE.replace("requirements.txt .", ". .").replace("-r requirements.txt", "."),
        },
        "pyproject.toml",
        unsafe=True,
    ),
    Case(
        "align-cmd-processes",
        {**HEALTHY, "Dockerfile": DOCKERFILE, "fly.toml": GROUP.format(SERVER.format("old:app"))},
        "fly.toml",
    ),
    Case("add-http-service", {**HEALTHY, "fly.toml": f'{BARE}\n[[vm]]\n  memory = "1gb"\n'}, "fly.toml", unsafe=True),
    Case("add-http-service", {**HEALTHY, "fly.toml": BARE}, "fly.toml", unsafe=True),
    Case(
        "align-health-path",
        {**HEALTHY, "fly.toml": FLY + '\n  [[http_service.checks]]\n    path = "/up"\n', "main.py": f"{MAIN}{SERVED}"},
        "fly.toml",
    ),
    Case(
        "align-health-path",
        {**HEALTHY, "fly.toml": FLY + '\n[checks.alive]\n  type = "http"\n', "main.py": f"{MAIN}{SERVED}"},
        "fly.toml",
    ),
    Case("align-port", {**HEALTHY, "fly.toml": FLY.replace("8080", "8000")}, "fly.toml"),
    Case("align-port", {**HEALTHY, "fly.toml": FLY.replace("[http_service]\n  internal_port = 8080", CHECKED)}, "fly.toml"),
    Case(
        "bind-all-interfaces",
        {**HEALTHY, "Dockerfile": DOCKERFILE.replace('"0.0.0.0"', '"127.0.0.1"')},
        "Dockerfile",
        "dockerfile",
    ),
    Case("bind-all-interfaces", {**HEALTHY, "fly.toml": GROUP.format("uvicorn main:app --port 8080")}, "fly.toml"),
    Case(
        "copy-missing-package",
        {**HEALTHY, **SHARED, "Dockerfile": DOCKERFILE.replace(". .", "main.py .")},
        "Dockerfile",
        "dockerfile",
    ),
    Case("drop-unknown-key", {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")}, "fly.toml"),
    Case(
        "fix-build-command",
        {**BACKEND, "render.yaml": BLUEPRINT.replace("pip install -r requirements.txt", "docker build -t api .")},
        "render.yaml",
        "yaml",
        unsafe=True,
    ),
    Case("exempt-health-from-https-redirect", {**SHOP, "shop/settings.py": HTTPS}, "shop/settings.py", "python", unsafe=True),
    Case("exempt-health-from-https-redirect", {**SHOP, "shop/settings.py": HTTPS + PROXY}, "fly.toml"),
    Case("exempt-health-from-rate-limit", limited(SLOW + ROUTE), "main.py", "python", unsafe=True),
    Case("exempt-health-from-rate-limit", limited(COUNTING), "main.py", "python", unsafe=True),
    Case(
        "exempt-health-from-trusted-host",
        {
            **SHOP,
            **HEALTHY,
            "fly.toml": SHOP["fly.toml"],
            "main.py": f"from starlette.middleware.trustedhost import TrustedHostMiddleware\n{MAIN}"
            "app.add_middleware(TrustedHostMiddleware, allowed_hosts=['demo.fly.dev'])\n",
        },
        "main.py",
        "python",
        unsafe=True,
    ),
    Case(
        "exempt-health-from-trusted-host",
        {**SHOP, "shop/settings.py": SETTINGS.replace(f"[{STACK}]", f"[\n    {STACK}\n]")},
        "shop/settings.py",
        "python",
        unsafe=True,
    ),
    Case("fix-config-value", {**HEALTHY, "fly.toml": FLY.replace("8080", '"8080"')}, "fly.toml"),
    Case(
        "fix-config-value",
        {**HEALTHY, "fly.toml": FLY.replace("[http_service]", "  [build.args]\n  A = 1\n  B = 3.10\n[http_service]")},
        "fly.toml",
    ),
    Case(
        "fix-config-value",
        {**HEALTHY, "fly.toml": FLY + '  auto_stop_machines = "pause"\n'},
        "fly.toml",
        unsafe=True,
    ),
    Case(
        "fix-copy-source",
        {**BACKEND, "backend/fly.toml": FLY, "backend/Dockerfile": DOCKERFILE.replace("COPY requ", "COPY backend/requ")},
        "backend/Dockerfile",
        "dockerfile",
    ),
    Case(
        "fix-dockerfile-path",
        {**BACKEND, "backend/Dockerfile": DOCKERFILE, "backend/fly.toml": FLY.replace('"Dock', '"backend/Dock')},
        "backend/fly.toml",
    ),
    Case(
        "fix-dockerfile-path",
        {
            **BACKEND,
            "backend/docker/Dockerfile": DOCKERFILE,
            "backend/fly.toml": FLY.replace('  dockerfile = "Dockerfile"\n', ""),
        },
        "backend/fly.toml",
    ),
    Case(
        "fix-entrypoint", {**HEALTHY, "Dockerfile": DOCKERFILE.replace("main:app", "src.main:app")}, "Dockerfile", "dockerfile"
    ),
    Case("fix-entrypoint", {**HEALTHY, "fly.toml": GROUP.format(SERVER.format("src.main:app"))}, "fly.toml"),
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
    Case("fix-foreign-requirement", listing("pywin32==306"), "requirements.txt", "requirements"),
    Case("fix-requirement-pin", listing("pymupdf==1.24.10"), "requirements.txt", "requirements", True, options=INDEX),
    Case("fix-requirement-syntax", listing("requests==-2.31.0"), "requirements.txt", "lines"),
    *(
        Case("normalize-database-url", {**urls.FILES, **files}, edited, "python", unsafe=True)
        for files, edited in (
            ({"config.py": urls.SETTINGS}, "config.py"),
            (
                {"config.py": urls.SETTINGS.replace("BaseSettings\n", "BaseSettings\nfrom pydantic import Field\n", 1)},
                "config.py",
            ),
            ({"db.py": urls.ENGINE.replace("  # from the platform", "")}, "db.py"),
        )
    ),
    Case("pin-python-version", listing("old==1.0"), "Dockerfile", "dockerfile", True, options=INDEX),
    Case("relax-conflicting-pin", listing("first==1.0\nsecond==2.0"), "requirements.txt", "requirements", True, options=INDEX),
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
    Case(
        "fix-render-keys",
        {**BACKEND, "render.yaml": BLUEPRINT.replace("rootDir", "rootDirectory")},
        "render.yaml",
        "yaml",
    ),
    Case(
        "fix-render-paths",
        {**BACKEND, "render.yaml": BLUEPRINT.replace("    rootDir: backend\n", "")},
        "render.yaml",
        "yaml",
    ),
    Case(
        "fix-render-variables",
        {**BACKEND, "render.yaml": f"{BLUEPRINT}    envVars:\n      - key: LEVEL\n        value: info\n        sync: false\n"},
        "render.yaml",
        "yaml",
        unsafe=True,
    ),
    Case(
        "fix-render-services",
        {**BACKEND, "render.yaml": BLUEPRINT.replace("type: web", "type: web_service")},
        "render.yaml",
        "yaml",
        unsafe=True,
    ),
    Case(
        "fix-python-version",
        {**BACKEND, "render.yaml": f"{BLUEPRINT}    envVars:\n      - key: PYTHON_VERSION\n        value: '3.12'\n"},
        "render.yaml",
        "yaml",
    ),
    Case(
        "move-render-database",
        {**BACKEND, "render.yaml": f"{BLUEPRINT}  - type: postgres\n    name: db\n    databaseName: shop\n"},
        "render.yaml",
        "yaml",
        unsafe=True,
        sorted=False,  # what stands above the database goes along with it
    ),
    Case(
        "fix-table-list",
        {**HEALTHY, "fly.toml": FLY + '\n  [http_service.checks]\n  [http_service.checks.one]\n    path = "/docs"\n'},
        "fly.toml",
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
        "merge-process-groups",
        {
            **HEALTHY,
            "fly.toml": GROUP.format(SERVER.format("main:app")).replace(
                "\n\n[http", f'\n  app = "{SERVER.format("main:app")}"\n\n[http'
            ),
        },
        "fly.toml",
    ),
    Case(
        "move-fly-toml",
        {**BACKEND, "backend/fly.toml": FLY, "backend/Dockerfile": MIXED, "shared/__init__.py": ""},
        "backend/fly.toml",
        after="fly.toml",
    ),
    Case(
        "move-fly-toml",
        {
            **BACKEND,
            "backend/fly.toml": FLY,
            "backend/Dockerfile": MIXED,
            "shared/__init__.py": "",
            ".github/workflows/deploy.yml": WORKFLOW,
        },
        ".github/workflows/deploy.yml",
        "yaml",
    ),
    Case("move-render-yaml", {**BACKEND, "backend/render.yaml": BLUEPRINT}, "backend/render.yaml", "yaml", True, "render.yaml"),
    Case(
        "name-packages",
        {
            **HEALTHY,
            "pyproject.toml": PROJECT.replace("-", ""),
            "Dockerfile": DOCKERFILE.replace("requirements.txt .", ". .").replace("-r requirements.txt", "."),
            "app/__init__.py": "",
            "core/__init__.py": "",
        },
        "pyproject.toml",
        unsafe=True,
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
    Case("repair-toml", {**HEALTHY, "fly.toml": EMPTY}, "fly.toml"),
    Case("repair-toml", {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = 'x#1'\n  A = 'x#2'\n"}, "fly.toml", unsafe=True),
    Case("repair-toml", {**HEALTHY, "fly.toml": FLY + "\n[build]\n  ignorefile = 'x'\n"}, "fly.toml", sorted=False),
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
    Case(
        "use-binary-driver",
        {**HEALTHY, "requirements.txt": "fastapi\npsycopg2==2.9.9\nuvicorn\n"},
        "requirements.txt",
        "requirements",
    ),
    Case("unignore-needed-file", {**HEALTHY, ".dockerignore": "venv\n*.txt\n.env\n"}, ".dockerignore", "ignore"),
    Case("unignore-needed-file", {**HEALTHY, ".dockerignore": "venv\nrequirements.txt\n.env\n"}, ".dockerignore", "ignore"),
    Case("verify-import-at-build", HEALTHY, "Dockerfile", "dockerfile", unsafe=True),
    Case("wrap-shell-command", {**HEALTHY, "fly.toml": GROUP.format("cd /app && " + SERVER.format("main:app"))}, "fly.toml"),
    Case("wrap-shell-command", {**HEALTHY, "Dockerfile": DOCKERFILE.replace('"8080"', '"$PORT"')}, "Dockerfile", "dockerfile"),
]


@st.composite
def layouts(draw: st.DrawFn, case: Case) -> Layout:
    count = len(case.files[case.edited].splitlines())
    indent = st.just(None) if case.kind in ("python", "yaml") else st.sampled_from([None, "", " ", "    ", "\t"])
    comment = TEXT.map(lambda words: "  # " + words.rstrip("\\"))  # pip joins a line that ends in \ with the next one
    tail = st.one_of(st.just(""), comment) if case.kind in ("toml", "requirements", "lines") else st.just("")
    return Layout(
        [draw(PLAIN_GAP if case.kind == "ignore" else GAP) for _ in range(count + 1)],
        [draw(indent) for _ in range(count)],
        [draw(tail) for _ in range(count)],
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.booleans()),
    )


def laid_out(text: str, layout: Layout) -> str:
    """Return a file's lines in another layout."""
    lines = []
    for line, gap, indent, tail in zip(text.splitlines(), layout.gaps, layout.indents, layout.tails, strict=False):
        lines += gap
        lines.append((line if indent is None else indent + line.lstrip()) + (tail if line else ""))
    lines += layout.gaps[-1]
    return layout.ending.join(lines) + (layout.ending if layout.closed else "")


def kept(lines: list[str], edited: set[str]) -> list[str]:
    """Return the lines that no edit touches: what is not blank, and not one of the edited statements."""
    found = [line for line in lines if line.strip() and line.partition("  # ")[0].strip() not in edited]
    return [line.rstrip("\r") for line in found]


def ident(case: Case) -> str:
    return f"{case.codemod}-{case.edited.rpartition('/')[2]}"


def test_every_codemod_has_a_case():
    assert {case.codemod for case in CASES} == set(NAMES) - set(WITHOUT_LAYOUT)


@pytest.mark.parametrize("case", CASES, ids=ident)
def test_the_layout_of_a_file_makes_no_difference(case: Case):
    plain = result(planned(case.files, case.codemod, case.unsafe, case.options), case.files)
    place = case.after or case.edited
    before, after = case.files[case.edited].splitlines(), plain[place].splitlines()
    edited = {line.strip() for line in (Counter(before) - Counter(after)) + (Counter(after) - Counter(before))}
    assert edited or case.after  # a move alone edits no line

    @settings(max_examples=25, deadline=None)
    @given(layout=layouts(case))
    def holds(layout: Layout) -> None:
        files = {**case.files, case.edited: laid_out(case.files[case.edited], layout)}
        made = planned(files, case.codemod, case.unsafe, case.options)
        assert made.steps, [dropped.reason for dropped in made.dropped]
        repaired = result(made, files)
        assert PARSERS[case.kind](repaired[place]) == PARSERS[case.kind](plain[place])
        assert not planned(repaired, case.codemod, case.unsafe, case.options).tree.changes()
        assert {path for path in files if repaired.get(path) != files[path]} == {
            p for p in files if plain.get(p) != case.files[p]
        }
        untouched = [kept(text.split("\n"), edited) for text in (files[case.edited], repaired[place])]
        assert sorted(untouched[0]) == sorted(untouched[1])
        assert not case.sorted or untouched[0] == untouched[1]
        assert ("\r\n" in repaired[place]) == (layout.ending == "\r\n")
        assert repaired[place].count("\n") in (
            repaired[place].count("\r\n"),
            repaired[place].count("\n") * (layout.ending == "\n"),
        )

    holds()
