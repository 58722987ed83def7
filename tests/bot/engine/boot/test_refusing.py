"""Who brings no key is turned away: what a health check is answered with, on paper and by the real frameworks."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from bot.engine.model.findings import TurnedAway
from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_stack import CHECKED, config
from tests.tools import HEALTHY, faults

FAST = """\
import os

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Security
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware

API_KEY = os.getenv("API_KEY", "secret")
OPEN = {"/docs", "/health"}
CLOSED = ["/admin", "/api"]
"""
MADE = "app = FastAPI()\n"
HEALTH = "\n\n@app.get('/health')\ndef health():\n    return 1\n"
ON = "    return await call_next(request)\n"
MIDDLEWARE = "@app.middleware('http')\nasync def check_key(request: Request, call_next):\n"
KEYLESS = "    if not request.headers.get('X-API-Key'):\n        return JSONResponse({}, status_code=401)\n"
WRONG = "    if request.headers.get('X-API-Key') != API_KEY:\n        return JSONResponse({}, status_code=403)\n"
DEEPER = textwrap.indent(KEYLESS, "    ")
RAISED = KEYLESS.replace("return JSONResponse({}, ", "raise HTTPException(")
CAUGHT = "    try:\n" + textwrap.indent(RAISED, "    ") + "    except HTTPException:\n        pass\n"
LOGIN = "    if not request.cookies.get('session'):\n        return RedirectResponse('/login')\n"
ANY = "    if any(request.url.path.startswith(each) for each in CLOSED):\n        return None\n"
BLOCKED = "    if is_blocked(request.client.host):\n        return JSONResponse({}, status_code=403)\n"
CLASS = """\
class Keys(BaseHTTPMiddleware):
    open_paths = ("/docs",)

    async def dispatch(self, request, call_next):
        if request.url.path in self.open_paths:
            return await call_next(request)
        token = request.headers.get("Authorization", "")
        if not token.startswith("Bearer "):
            return JSONResponse({"detail": "who are you?"}, 401)
        return await call_next(request)


app = FastAPI()
app.add_middleware(Keys)
"""
VERIFY = """\
async def verify(x_api_key: str | None = Header(None)):
    if x_api_key is None:
        raise HTTPException(status_code=401)


app = FastAPI(dependencies=[Depends(verify)])
"""
ROUTER = """\
async def verify(request: Request):
    if "X-API-Key" not in request.headers:
        raise HTTPException(403, "no key")


router = APIRouter({own})


@router.get("/health")
def health():
    return 1


app = FastAPI()
app.include_router(router{more})
"""
BACKEND = """\
class Backend(AuthenticationBackend):
    async def authenticate(self, conn):
        if "Authorization" not in conn.headers:
            {}
        return AuthCredentials(["authenticated"]), SimpleUser("a")


app = FastAPI()
app.add_middleware(AuthenticationMiddleware, backend=Backend(){})
"""
SCHEME = 'scheme = APIKeyHeader(name="X-API-Key"{})\n\n\ndef verify(key: str = Security(scheme)):\n'
NO_KEY = "    if not key:\n        raise HTTPException(status_code=401)\n\n\n"
FLASK = """\
from flask import Flask, abort, jsonify, make_response, redirect, request, session

OPEN = ["health"]
app = Flask(__name__)
app.secret_key = "x"
"""
BEFORE = "\n\n@app.before_request\ndef check_key():\n"
NO_HEADER = "    if not request.headers.get('X-API-Key'):\n"
VIEW = "\n\n@app.route('/health')\ndef health():\n    return 'ok'\n"
KEY = {"X-API-Key": "secret"}

# what it shows: (code, headers of the check, the status that it is turned away with, None where the route answers it)
TABLE: dict[str, tuple[str, dict[str, str], int | None]] = {
    "a function without a key": (MADE + MIDDLEWARE + KEYLESS + ON + HEALTH, {}, 401),
    "a check that brings a key": (MADE + MIDDLEWARE + KEYLESS + ON + HEALTH, KEY, None),
    "a path that is open": (
        MADE + MIDDLEWARE + "    if request.url.path in OPEN:\n    " + ON + KEYLESS + ON + HEALTH,
        {},
        None,
    ),
    "other paths are closed": (
        MADE + MIDDLEWARE + ANY + ON + HEALTH,
        {},
        None,
    ),
    "closed paths by their beginning": (
        MADE + MIDDLEWARE + "    if request.url.path.startswith('/api'):\n" + DEEPER + ON + HEALTH,
        {},
        None,
    ),
    "an exception that nobody turns into an answer": (
        MADE + MIDDLEWARE + RAISED + ON + HEALTH,
        {},
        500,
    ),
    "a class that wants a token": (CLASS + HEALTH, {}, 401),
    "a class with an open path": (CLASS.replace("/docs", "/health") + HEALTH, {}, None),
    "a page to log in": (
        MADE + MIDDLEWARE + LOGIN + ON + HEALTH,
        {},
        307,
    ),
    "a dependency of the app": (VERIFY + HEALTH, {}, 401),
    "a dependency that the check satisfies": (VERIFY + HEALTH, KEY, None),
    "a dependency with a header that is required": (
        VERIFY.replace(" | None = Header(None)", " = Header(...)") + HEALTH,
        {},
        422,
    ),
    "a dependency of the router": (ROUTER.format(own="dependencies=[Depends(verify)]", more=""), {}, 403),
    "a dependency of the inclusion": (ROUTER.format(own="", more=", dependencies=[Depends(verify)]"), {}, 403),
    "a dependency of another router": (
        ROUTER.format(own="dependencies=[Depends(verify)]", more="").replace("/health", "/items") + HEALTH,
        {},
        None,
    ),
    "a dependency of the route": (
        VERIFY.replace("dependencies=[Depends(verify)]", "") + HEALTH.replace("h')", "h', dependencies=[Depends(verify)])"),
        {},
        401,
    ),
    "a parameter of the route": (
        VERIFY.replace("dependencies=[Depends(verify)]", "") + HEALTH.replace("()", "(user=Depends(verify))"),
        {},
        401,
    ),
    "a scheme": ("app = FastAPI(dependencies=[Depends(HTTPBearer())])\n" + HEALTH, {}, 401),
    "a scheme that the check satisfies": (
        "app = FastAPI(dependencies=[Depends(HTTPBearer())])\n" + HEALTH,
        {"Authorization": "Bearer x"},
        None,
    ),
    "a scheme that refuses by itself": (
        SCHEME.format("") + "    return key\n\n\napp = FastAPI(dependencies=[Depends(verify)])\n" + HEALTH,
        {},
        401,
    ),
    "a scheme that leaves it to the function": (
        SCHEME.format(", auto_error=False") + NO_KEY + "app = FastAPI(dependencies=[Depends(verify)])\n" + HEALTH,
        {},
        401,
    ),
    "a dependency that hands on": (
        "async def session():\n    yield 1\n\n\napp = FastAPI(dependencies=[Depends(session)])\n" + HEALTH,
        {},
        None,
    ),
    "a backend that lets strangers in": (BACKEND.format("return None", "") + HEALTH, {}, None),
    "a backend that does not": (BACKEND.format("raise AuthenticationError('who?')", "") + HEALTH, {}, 400),
    "a backend with an answer": (
        BACKEND.format(
            "raise AuthenticationError('who?')", ", on_error=lambda conn, error: JSONResponse({}, status_code=401)"
        )
        + HEALTH,
        {},
        401,
    ),
    "Flask: an answer with a status": (
        FLASK + BEFORE + NO_HEADER + "        return jsonify(error='no key'), 401\n" + VIEW,
        {},
        401,
    ),
    "Flask: abort": (FLASK + BEFORE + NO_HEADER + "        abort(403)\n" + VIEW, {}, 403),
    "Flask: a response that is made": (
        FLASK + BEFORE + NO_HEADER + "        return make_response('no key', 401)\n" + VIEW,
        {},
        401,
    ),
    "Flask: a check that brings a key": (FLASK + BEFORE + NO_HEADER + "        abort(401)\n" + VIEW, KEY, None),
    "Flask: a path that is open": (
        FLASK + BEFORE + "    if request.path == '/health':\n        return None\n" + NO_HEADER + "        abort(401)\n" + VIEW,
        {},
        None,
    ),
    "Flask: a view that is open": (
        FLASK + BEFORE + "    if request.endpoint in OPEN:\n        return\n" + NO_HEADER + "        abort(401)\n" + VIEW,
        {},
        None,
    ),
    "Flask: nobody is logged in": (
        FLASK + BEFORE + "    if 'user' not in session:\n        return redirect('/login')\n" + VIEW,
        {},
        302,
    ),
    "Flask: a function that protects an app": (
        FLASK + "\n\ndef check_key():\n" + NO_HEADER + "        abort(401)\n\n\ndef protect(on):\n"
        "    on.before_request(check_key)\n\n\nprotect(app)\n" + VIEW,
        {},
        401,
    ),
    "Flask: the first that answers": (
        FLASK + "\n\n@app.before_request\ndef early():\n    if request.path == '/health':\n        return 'ok'\n"
        + BEFORE + NO_HEADER + "        abort(401)\n" + VIEW,
        {},
        None,
    ),
}  # fmt: skip


def files(code: str, headers: dict[str, str] | None = None) -> dict[str, str]:
    source = code if "Flask(" in code else FAST + code
    command = "gunicorn main:app --bind 0.0.0.0:8080" if "Flask(" in code else "uvicorn main:app --host 0.0.0.0 --port 8080"
    return {
        **HEALTHY,
        "fly.toml": config(headers or {}),
        "Dockerfile": HEALTHY["Dockerfile"].partition("CMD")[0] + f"CMD {command}\n",
        "requirements.txt": "fastapi\nflask\ngunicorn\nuvicorn\n",
        "main.py": source,
    }


def codes(code: str) -> list[tuple[str, str]]:
    return [(fault.code, fault.confidence) for fault in faults(files(code))]


@pytest.mark.parametrize("name", TABLE)
def test_a_check_is_refused_as_by_the_real_one(name: str, tmp_path: Path):
    code, headers, wanted = TABLE[name]
    there = files(code, headers)
    if wanted != 500:
        assert answers(tmp_path, {"main.py": there["main.py"]}, "main:app", "/health", headers) == [wanted or 200]
    found = faults(there)
    assert [fault.detail.status for fault in found if isinstance(fault.detail, TurnedAway)] == ([wanted] if wanted else [])
    assert [(fault.code, fault.confidence) for fault in found] == ([("health-auth", "certain")] if wanted else [])


def test_an_exception_of_a_middleware_is_raised_by_the_real_one(tmp_path: Path):
    code = files(TABLE["an exception that nobody turns into an answer"][0])["main.py"]
    with pytest.raises(AssertionError, match="HTTPException"):
        answers(tmp_path, {"main.py": code}, "main:app", "/health")


@pytest.mark.parametrize(
    "code",
    [
        MADE + MIDDLEWARE + WRONG + ON + HEALTH,
        MADE + MIDDLEWARE + WRONG.replace("if ", "if API_KEY and ") + ON + HEALTH,
        VERIFY.replace("is None", "!= API_KEY") + HEALTH,
        FLASK.replace("from flask", "import os\n\nfrom flask")
        + BEFORE
        + "    if request.headers.get('X-API-Key') != os.environ.get('API_KEY'):\n        abort(401)\n"
        + VIEW,
    ],
)
def test_a_variable_may_let_the_check_in(code: str):
    assert codes(code) == [("health-auth", "likely")]


@pytest.mark.parametrize(
    "code",
    [
        MADE + MIDDLEWARE + "    if request.url.path not in PUBLIC:\n" + DEEPER + ON + HEALTH,
        MADE + MIDDLEWARE + BLOCKED + ON + HEALTH,
        MADE
        + MIDDLEWARE
        + "    try:\n"
        + textwrap.indent(RAISED, "    ")
        + "    except HTTPException:\n        pass\n"
        + ON
        + HEALTH,
        FLASK + "from guard import check\n\napp.before_request(check)\n" + VIEW,
        FLASK + BEFORE + "    if request.path in PUBLIC:\n        return None\n" + NO_HEADER + "        abort(401)\n" + VIEW,
    ],
)
def test_what_was_not_followed_is_no_fault(code: str):
    assert [each for each in codes(code) if each[0] == "health-auth"] == []


def test_no_check_is_no_fault():
    there = files(MADE + MIDDLEWARE + KEYLESS + ON + HEALTH)
    assert faults({**there, "fly.toml": CHECKED[: CHECKED.index("\n  [[")] + "\n"}) == []


def test_render_follows_a_redirect_and_takes_no_401():
    blueprint = "services:\n  - type: web\n    name: demo\n    runtime: docker\n    healthCheckPath: /health\n"
    for name, wanted in (("a page to log in", []), ("a function without a key", ["health-auth"])):
        there = {**files(TABLE[name][0]), "render.yaml": blueprint}
        del there["fly.toml"]
        assert [fault.code for fault in faults(there)] == wanted
