"""What the middleware of Starlette and FastAPI answers a health check with, on paper and by the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.findings import TurnedAway
from tests.bot.engine.boot.answers import answers
from tests.tools import FLY, HEALTHY, faults

pytestmark = pytest.mark.usefixtures("names_given")

CHECKED = FLY + '\n  [[http_service.checks]]\n    path = "/health"\n    interval = "15s"\n'
HEAD = """\
from fastapi import FastAPI, Request
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse

HOSTS = ["demo.fly.dev", "*.example.com"]
PATHS = {"/health", "/ready"}
"""
MADE = "app = FastAPI()\n"
ROUTE = "\n\n@app.get('/health')\ndef health():\n    return 1\n"
TRUSTED = "app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)\n"
HTTPS = "app.add_middleware(HTTPSRedirectMiddleware)\n"


def function(*body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body)
    return f"@app.middleware('http')\nasync def own(request: Request, call_next):\n{lines}"


def dispatching(*body: str) -> str:
    lines = "".join(f"        {line}\n" for line in body)
    return f"class Own(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n{lines}"


def calling(base: str, *body: str) -> str:
    lines = "".join(f"        {line}\n" for line in body)
    init = "" if base else "    def __init__(self, app):\n        self.app = app\n\n"
    return f"class Own{base}:\n{init}    async def __call__(self, scope, receive, send):\n{lines}"


OWN = "app.add_middleware(Own)\n"
SUB = "app.add_middleware(Own, allowed_hosts=HOSTS)\n"
ON = "return await call_next(request)"
SUPER = "await super().__call__(scope, receive, send)"
EXEMPT = ("if scope['type'] == 'http' and scope['path'] == '/health':", "    await self.app(scope, receive, send)", "else:")

# what it shows: (code, headers of the check, the status that it is turned away with, None where the route answers it)
TABLE: dict[str, tuple[str, dict[str, str], int | None]] = {
    "known hosts alone": (MADE + TRUSTED, {}, 400),
    "a host that is known": (MADE + TRUSTED, {"Host": "demo.fly.dev"}, None),
    "a host with a port": (MADE + TRUSTED, {"Host": "demo.fly.dev:8080"}, None),
    "a host below a domain": (MADE + TRUSTED, {"Host": "a.example.com"}, None),
    "the domain itself": (MADE + TRUSTED, {"Host": "example.com"}, 400),
    "all hosts": (MADE + TRUSTED.replace("HOSTS", "['demo.fly.dev', '*']"), {}, None),
    "no hosts named": (MADE + TRUSTED.replace(", allowed_hosts=HOSTS", ""), {}, None),
    "HTTPS alone": (MADE + HTTPS, {}, 307),
    "a scheme that nobody believes": (MADE + HTTPS, {"X-Forwarded-Proto": "https"}, 307),
    "the last one is asked first": (MADE + TRUSTED + HTTPS, {}, 307),
    "the first one is asked last": (MADE + HTTPS + TRUSTED, {}, 400),
    "one that lets everything through": (MADE + TRUSTED + "app.add_middleware(GZipMiddleware)\n", {}, 400),
    "those of the constructor": (
        "app = FastAPI(middleware=[Middleware(GZipMiddleware), Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)])\n",
        {},
        400,
    ),
    "in their order": (
        "app = FastAPI(middleware=[Middleware(HTTPSRedirectMiddleware),"
        " Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)])\n",
        {},
        307,
    ),
    "a function that makes the app": (
        "def make():\n    app = FastAPI()\n    " + TRUSTED + "    return app\n\napp = make()\n",
        {},
        400,
    ),
    "a function that is given the app": (
        "def put(on):\n    " + TRUSTED.replace("app.", "on.") + "\n" + MADE + "put(app)\n",
        {},
        400,
    ),
    "a branch that is gone": (MADE + "if HOSTS == []:\n    " + TRUSTED, {}, None),
    "a function answers first": (
        MADE + TRUSTED + function("if request.url.path == '/health':", "    return PlainTextResponse('ok')", ON),
        {},
        None,
    ),
    "a function answers too late": (
        MADE + function("if request.url.path == '/health':", "    return PlainTextResponse('ok')", ON) + TRUSTED,
        {},
        400,
    ),
    "a function answers other paths": (
        MADE + TRUSTED + function("if request.url.path == '/up':", "    return PlainTextResponse('ok')", ON),
        {},
        400,
    ),
    "a function adds a header": (
        MADE + TRUSTED + function("answer = await call_next(request)", "answer.headers['x'] = 'y'", "return answer"),
        {},
        400,
    ),
    "a class hands on": (dispatching("request.state.at = 1", ON) + MADE + TRUSTED + OWN, {}, 400),
    "a class answers": (
        dispatching("if request.url.path in PATHS:", "    return JSONResponse({'ok': 1}, status_code=200)", ON)
        + MADE
        + TRUSTED
        + OWN,
        {},
        None,
    ),
    "an app of its own answers": (
        calling(
            "",
            "if scope['type'] == 'http' and scope['path'] == '/health':",
            "    answer = PlainTextResponse('ok')",
            "    await answer(scope, receive, send)",
            "    return",
            "await self.app(scope, receive, send)",
        )
        + MADE
        + TRUSTED
        + OWN,
        {},
        None,
    ),
    "an app of its own hands on": (
        calling(
            "",
            "if scope['type'] != 'http':",
            "    return await self.app(scope, receive, send)",
            "if scope.get('path', '') == '/up':",
            "    await PlainTextResponse('ok')(scope, receive, send)",
            "else:",
            "    await self.app(scope, receive, send)",
        )
        + MADE
        + TRUSTED
        + OWN,
        {},
        400,
    ),
    "a class made from it": (calling("(TrustedHostMiddleware)", *EXEMPT, f"    {SUPER}") + MADE + SUB, {}, None),
    "for another path": (
        calling("(TrustedHostMiddleware)", *EXEMPT, f"    {SUPER}").replace("/health", "/up") + MADE + SUB,
        {},
        400,
    ),
    "one that changes nothing": ("class Own(TrustedHostMiddleware):\n    pass\n\n" + MADE + SUB, {}, 400),
}


def config(headers: dict[str, str]) -> str:
    inner = ", ".join(f'{key} = "{value}"' for key, value in headers.items())
    return CHECKED + (f"    headers = {{ {inner} }}\n" if headers else "")


@pytest.mark.parametrize("name", TABLE)
def test_a_check_is_answered_as_by_the_real_one(name: str, tmp_path: Path):
    code, headers, wanted = TABLE[name]
    source = HEAD + code + ROUTE
    assert answers(tmp_path, {"main.py": source}, "main:app", "/health", headers) == [wanted or 200]
    found = faults({**HEALTHY, "main.py": source, "fly.toml": config(headers)})
    assert [fault.detail.status for fault in found if isinstance(fault.detail, TurnedAway)] == ([wanted] if wanted else [])
    assert all(fault.confidence == "certain" for fault in found)


def found(code: str, toml: str = CHECKED, **more: str) -> list[tuple[str, str]]:
    return [(fault.code, fault.confidence) for fault in faults({**HEALTHY, "main.py": code, "fly.toml": toml, **more})]


@pytest.mark.parametrize(
    "hosts",
    [
        "os.getenv('HOSTS', 'demo.fly.dev').split(',')",
        "['demo.fly.dev', os.environ['HOST']]",
        "['a.example'] if os.getenv('A') else HOSTS",
    ],
)
def test_a_variable_may_allow_more(hosts: str):
    code = "import os\n" + HEAD + MADE + TRUSTED.replace("=HOSTS", f"={hosts}") + ROUTE
    assert found(code) == [("health-host", "likely")]


@pytest.mark.parametrize(
    "code",
    [
        MADE + TRUSTED.replace("HOSTS", "settings.hosts"),
        MADE + TRUSTED.replace("HOSTS", "os.environ['HOSTS'].split(',')"),
        MADE + TRUSTED.replace("HOSTS", "os.getenv('HOSTS', 'localhost').split(',')"),
        MADE + TRUSTED + "app.add_middleware(Unknown)\n",
        MADE + TRUSTED + function("if is_busy(request):", "    return PlainTextResponse()", ON),
        MADE + TRUSTED + function("request.scope['headers'] = []", ON),
        MADE + TRUSTED + "for each in MORE:\n    app.add_middleware(each)\n",
        "app = FastAPI(middleware=MORE)\n" + TRUSTED.replace("app.", "other."),
        "app = Wrapped(FastAPI())\n",
    ],
)
def test_what_may_let_the_check_in_is_no_fault(code: str):
    assert [each for each in found("import os\n" + HEAD + code + ROUTE) if each[0] != "health-path"] == []


def test_a_branch_that_may_run():
    code = HEAD + "from json import loads as strict\n" + MADE + "if strict('1'):\n    " + TRUSTED + ROUTE
    assert found(code) == [("health-host", "likely")]


def test_a_script_that_serves_its_app():
    run = HEALTHY["Dockerfile"].partition("CMD")[0] + 'CMD ["python", "main.py"]\n'
    for served in ("app", "'main:app'"):
        code = f"{HEAD}{MADE}{TRUSTED}{ROUTE}\n\nif __name__ == '__main__':\n    import uvicorn\n\n"
        code += f"    uvicorn.run({served}, host='0.0.0.0', port=8080)\n"
        assert found(code, Dockerfile=run) == [("health-host", "certain")]


@pytest.mark.parametrize("told", ['"--forwarded-allow-ips=*"', '"--forwarded-allow-ips", "*"'])
def test_a_server_that_believes_the_proxy(told: str):
    dockerfile = HEALTHY["Dockerfile"].replace('"8080"', f'"8080", {told}')
    toml = config({"X-Forwarded-Proto": "https"})
    assert found(HEAD + MADE + HTTPS + ROUTE, toml, Dockerfile=dockerfile) == []
    assert found(HEAD + MADE + HTTPS + ROUTE, toml) == [("health-https", "certain")]


def test_render_takes_a_redirect_and_asks_with_the_name_of_the_service():
    blueprint = "services:\n  - type: web\n    name: demo\n    runtime: docker\n    healthCheckPath: /health\n"
    files = {path: text for path, text in HEALTHY.items() if path != "fly.toml"}
    for code in (HTTPS, TRUSTED, TRUSTED.replace("HOSTS", "['demo.onrender.com']")):
        assert faults({**files, "render.yaml": blueprint, "main.py": HEAD + MADE + code + ROUTE}) == []
    code = TRUSTED.replace("HOSTS", "['localhost']")
    [fault] = faults({**files, "render.yaml": blueprint, "main.py": HEAD + MADE + code + ROUTE})
    assert (fault.code, fault.confidence) == ("health-host", "certain")
