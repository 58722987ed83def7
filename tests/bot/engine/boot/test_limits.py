"""Rate limits that health checks use up, on paper and with the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.boot import limits
from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_stack import CHECKED
from tests.tools import HEALTHY, faults

SLOW = """\
from fastapi import FastAPI, Request
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address

limiter = Limiter(key_func=get_remote_address, default_limits=["3/minute"])
app = FastAPI()
app.state.limiter = limiter
app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
app.add_middleware(SlowAPIMiddleware)
"""
ROUTE = '\n\n@app.get("/health")\ndef health(request: Request):\n    return {"ok": True}\n'
FLASK = """\
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

app = Flask(__name__)
limiter = Limiter(get_remote_address, app=app, default_limits=["200 per day", "3 per minute"], storage_uri="memory://")
"""
VIEW = '\n\n@app.route("/health")\ndef health():\n    return {"ok": True}\n'
HAND = """\
import time

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware

MOST = 3


class Limit(BaseHTTPMiddleware):
    def __init__(self, app, most=100, open_paths=()):
        super().__init__(app)
        self.most = most
        self.open_paths = open_paths
        self.seen = {}

    async def dispatch(self, request, call_next):
        if request.url.path in self.open_paths:
            return await call_next(request)
        seen = self.seen.setdefault(request.client.host, [])
        if len(seen) >= self.most:
            return JSONResponse({"detail": "slow down"}, status_code=429)
        seen.append(time.time())
        return await call_next(request)


app = FastAPI()
"""
BARE = ROUTE.replace("request: Request", "")
FUNCTION = """\


COUNTS = {}


@app.middleware("http")
async def limited(request, call_next):
    at = request.client.host
    COUNTS[at] = COUNTS.get(at, 0) + 1
    if COUNTS[at] > MOST:
        return JSONResponse(status_code=429, content={})
    return await call_next(request)
"""
EARLY = '    if request.url.path == "/health":\n        return await call_next(request)\n'

# what it shows: (code, whether the fourth check in a minute is answered with 429)
TABLE: dict[str, tuple[str, bool]] = {
    "slowapi: a limit for all": (SLOW + ROUTE, True),
    "slowapi: an exempt route": (SLOW + ROUTE.replace("\ndef", "\n@limiter.exempt\ndef"), False),
    "slowapi: a limit of its own": (SLOW + ROUTE.replace("\ndef", "\n@limiter.limit('100/minute')\ndef"), False),
    "slowapi: a small limit of its own": (
        SLOW.replace("3/minute", "100/minute") + ROUTE.replace("\ndef", "\n@limiter.limit('3/minute')\ndef"),
        True,
    ),
    "slowapi: no middleware": (SLOW.replace("app.add_middleware(SlowAPIMiddleware)\n", "") + ROUTE, False),
    "slowapi: a limit that is wide enough": (SLOW.replace("3/minute", "5/minute") + ROUTE, False),
    "slowapi: switched off": (SLOW.replace("func=", "func=get_remote_address, enabled=False, x=", 1).replace(
        "x=get_remote_address, ", "") + ROUTE, False),
    "Flask: a limit for all": (FLASK + VIEW, True),
    "Flask: an exempt route": (FLASK + VIEW.replace("\ndef", "\n@limiter.exempt\ndef"), False),
    "Flask: a limit of its own": (FLASK + VIEW.replace("\ndef", "\n@limiter.limit('100/minute')\ndef"), False),
    "Flask: no app": (FLASK.replace("app=app, ", "") + VIEW, False),
    "Flask: an app later": (FLASK.replace("app=app, ", "") + "limiter.init_app(app)\n" + VIEW, True),
    "a class that counts": (HAND + "app.add_middleware(Limit, most=3)\n" + BARE, True),
    "a class that is told the path": (HAND + "app.add_middleware(Limit, most=3, open_paths=['/health'])\n" + BARE, False),
    "a class that allows a lot": (HAND + "app.add_middleware(Limit)\n" + BARE, False),
    "a class whose count is an attribute": (
        HAND.replace("self.seen = {}", "self.count = 0")
        .replace("        seen = self.seen.setdefault(request.client.host, [])\n", "")
        .replace("len(seen) >=", "self.count >=")
        .replace("seen.append(time.time())", "self.count += 1")
        + "app.add_middleware(Limit, most=3)\n"
        + BARE,
        True,
    ),
    "a function that counts": (HAND + FUNCTION + BARE, True),
    "a function that hands the path on": (HAND + FUNCTION.replace("    at =", f"{EARLY}    at =") + BARE, False),
}  # fmt: skip


def files(code: str) -> dict[str, str]:
    command = "gunicorn main:app --bind 0.0.0.0:8080" if "Flask(" in code else "uvicorn main:app --host 0.0.0.0 --port 8080"
    return {
        **HEALTHY,
        "fly.toml": CHECKED,
        "Dockerfile": HEALTHY["Dockerfile"].partition("CMD")[0] + f"CMD {command}\n",
        "requirements.txt": "fastapi\nflask\nflask-limiter\ngunicorn\nslowapi\nuvicorn\n",
        "main.py": code,
    }


@pytest.mark.parametrize("name", TABLE)
def test_checks_are_limited_as_by_the_real_ones(name: str, tmp_path: Path):
    code, wanted = TABLE[name]
    assert answers(tmp_path, {"main.py": code}, "main:app", "/health", times=4) == [200, 200, 200, 429 if wanted else 200]
    found = [(fault.code, fault.confidence) for fault in faults(files(code))]
    assert found == ([("health-rate-limit", "likely")] if wanted else [])


@pytest.mark.parametrize(
    ("limit", "interval", "wanted"),
    [
        ("5/minute", 15, False),
        ("5/minute", 10, True),
        ("5 per 1 minute", 10, True),
        ("200 per day;50 per hour", 15, True),
        ("1/second", 15, False),
        ("10 per 2 minutes", 10, True),
        ("what the environment says", 1, False),
    ],
)
def test_how_often_a_check_asks(limit: str, interval: float, wanted: bool):
    assert limits.used_up(limit, interval) is wanted


def test_the_interval_of_the_config():
    for interval, wanted in (("30s", 0), ("10s", 1), ("10000", 1), ("1m30s", 0)):
        quoted = interval if interval.isdecimal() else f'"{interval}"'
        toml = CHECKED.replace('"15s"', quoted)
        assert len(faults({**files(SLOW.replace("3/", "4/") + ROUTE), "fly.toml": toml})) == wanted, interval


@pytest.mark.parametrize(
    "more",
    [
        "\n\n@limiter.request_filter\ndef trusted():\n    return True\n",
        "limiter.exempt(api)\n",
    ],
)
def test_what_may_be_exempt_is_no_fault(more: str):
    code = FLASK + "from flask import Blueprint\napi = Blueprint('api', __name__)\n" + more + VIEW
    assert faults(files(code)) == []


def test_a_limiter_of_another_module():
    code = SLOW.replace("limiter = Limiter(key_func=get_remote_address, default_limits=", "from limits_ import limiter\nX = (")
    code = code.replace('["3/minute"])', "1,)")
    made = "from slowapi import Limiter\nfrom slowapi.util import get_remote_address\n\n"
    made += "limiter = Limiter(key_func=get_remote_address, default_limits=['3/minute'])\n"
    [fault] = faults({**files(code + ROUTE), "limits_.py": made})
    assert fault.code == "health-rate-limit"


def test_a_window_that_a_constant_names_once_more():
    code = HAND.replace("MOST = 3", "MOST = 200\nWINDOW_SECONDS = 3600")
    code = code.replace(
        "open_paths=()):", "open_paths=(), window_seconds=WINDOW_SECONDS):\n        self.window_seconds = window_seconds"
    )
    code += "app.add_middleware(Limit, most=MOST)\n" + BARE
    [fault] = faults(files(code))
    assert "429 once 200 per 3600 seconds" in fault.reason
    assert faults(files(code.replace("3600", "60"))) == []
