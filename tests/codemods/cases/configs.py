"""Repairs of what the platforms read: fly.toml, render.yaml, and what deploys them."""

from __future__ import annotations

from tests.bot.engine.boot.test_django_checks import FILES as SHOP
from tests.codemods.cases.parts import BACKEND, HTTPS, Case
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN

GROUP = FLY.replace("[http_service]\n", '[processes]\n  web = "{}"\n\n[http_service]\n  processes = ["web"]\n')
SERVER = "uvicorn {} --host 0.0.0.0 --port 8080"
MIXED = DOCKERFILE.replace("COPY requirements", "COPY shared ./shared\nCOPY backend/requirements").replace(
    "COPY . .", "COPY backend ."
)
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
TWICE = (
    FLY
    + """
[[services]]
  internal_port = 8080
  protocol = "tcp"

  [[services.ports]]
    port = 443
    handlers = ["tls", "http"]

  [[services.http_checks]]
    path = "/docs"
"""
)
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: python
    rootDir: backend
    buildCommand: pip install -r requirements.txt
    startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
"""

MIGRATING = {
    **HEALTHY,
    "requirements.txt": "fastapi\nuvicorn\nalembic\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/env.py": "from alembic import context\n",
}

CASES = [
    Case(
        "split-migrations",
        {**MIGRATING, "fly.toml": GROUP.format("sh -c 'alembic upgrade head && uvicorn main:app --host 0.0.0.0 --port 8080'")},
        "fly.toml",
        "toml",
    ),
    Case(
        "run-migrations",
        {**MIGRATING, "migrations/versions/1.py": "revision = '1'\n"},
        "fly.toml",
        "toml",
        unsafe=True,
    ),
    Case(
        "fix-release-command",
        {
            **HEALTHY,
            "fly.toml": FLY + '\n[deploy]\n  release_command = "python create_tables.py"\n',
            "scripts/create_tables.py": "import os\n",
        },
        "fly.toml",
        "toml",
    ),
    Case(
        "fix-start-command",
        {**BACKEND, "render.yaml": BLUEPRINT.replace("startCommand: ", "startCommand: cd backend && ")},
        "render.yaml",
        "yaml",
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
    Case("bind-all-interfaces", {**HEALTHY, "fly.toml": GROUP.format("uvicorn main:app --port 8080")}, "fly.toml"),
    Case("drop-unknown-key", {**HEALTHY, "fly.toml": FLY.replace("[build]", "[build]\n  context = '.'")}, "fly.toml"),
    Case(
        "fix-build-command",
        {**BACKEND, "render.yaml": BLUEPRINT.replace("pip install -r requirements.txt", "docker build -t api .")},
        "render.yaml",
        "yaml",
        unsafe=True,
    ),
    Case("exempt-health-from-https-redirect", {**SHOP, "shop/settings.py": HTTPS + PROXY}, "fly.toml"),
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
    Case("fix-entrypoint", {**HEALTHY, "fly.toml": GROUP.format(SERVER.format("src.main:app"))}, "fly.toml"),
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
    Case("merge-services", {**HEALTHY, "fly.toml": TWICE}, "fly.toml", "toml"),
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
    Case("repair-toml", {**HEALTHY, "fly.toml": EMPTY}, "fly.toml"),
    Case("repair-toml", {**HEALTHY, "fly.toml": FLY + "\n[env]\n  A = 'x#1'\n  A = 'x#2'\n"}, "fly.toml", unsafe=True),
    Case("repair-toml", {**HEALTHY, "fly.toml": FLY + "\n[build]\n  ignorefile = 'x'\n"}, "fly.toml", sorted=False),
    Case("wrap-shell-command", {**HEALTHY, "fly.toml": GROUP.format("cd /app && " + SERVER.format("main:app"))}, "fly.toml"),
]
