import textwrap
from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_limits import BARE, EARLY, FLASK, FUNCTION, HAND, ROUTE, SLOW, VIEW, files
from tests.codemods import reasons
from tests.tools import check_noop, check_transformed

NAME = "exempt-health-from-rate-limit"
COUNTING = HAND + "app.add_middleware(Limit, most=MOST)\n" + BARE
PURE = """\
from fastapi import FastAPI
from fastapi.responses import JSONResponse


class Limit:
    def __init__(self, app):
        self.app = app
        self.seen = 0

    async def __call__(self, scope, receive, send):
        \"\"\"Count.\"\"\"
        self.seen += 1
        if self.seen > 3:
            await JSONResponse({}, status_code=429)(scope, receive, send)
            return
        await self.app(scope, receive, send)


app = FastAPI()
app.add_middleware(Limit)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SLOW + ROUTE, SLOW + ROUTE.replace("\ndef", "\n@limiter.exempt\ndef")),
        (
            SLOW.replace("3/", "99/") + ROUTE.replace("\ndef", "\n@limiter.limit('3/minute')  # few\nasync def"),
            SLOW.replace("3/", "99/") + ROUTE.replace("\ndef", "\n@limiter.exempt  # few\nasync def"),
        ),
        (FLASK + VIEW, FLASK + VIEW.replace("\ndef", "\n@limiter.exempt\ndef")),
        (
            COUNTING,
            COUNTING.replace(
                "        if request.url.path in",
                f"{textwrap.indent(EARLY, '    ')}        if request.url.path in",
            ),
        ),
        (HAND + FUNCTION + BARE, HAND + FUNCTION.replace("    at =", f"{EARLY}    at =") + BARE),
        (
            PURE + BARE,
            PURE.replace(
                "        self.seen += 1",
                '        if scope["type"] == "http" and scope["path"] == "/health":\n'
                "            return await self.app(scope, receive, send)\n        self.seen += 1",
            )
            + BARE,
        ),
    ],
)
def test_the_path_is_left_out(before: str, after: str, tmp_path: Path):
    check_transformed(NAME, files(before), {"main.py": after}, unsafe=True)
    assert answers(tmp_path, {"main.py": before}, "main:app", "/health", times=4) == [200, 200, 200, 429]
    assert answers(tmp_path, {"main.py": after}, "main:app", "/health", times=4) == [200] * 4


@pytest.mark.parametrize(
    "code",
    [
        SLOW + ROUTE.replace("\ndef", "\n@limiter.exempt\ndef"),
        SLOW.replace("3/minute", "60/minute") + ROUTE,
        FLASK.replace("200 per day", "20000 per day").replace("3 per", "10 per") + VIEW,
        HAND + "app.add_middleware(Limit)\n" + BARE,
        HAND + "app.add_middleware(Limit, most=MOST, open_paths=['/health'])\n" + BARE,
    ],
)
def test_a_check_that_is_not_limited(code: str):
    check_noop(NAME, files(code))


def test_a_limiter_that_the_route_s_module_does_not_know():
    made = "from slowapi import Limiter\nfrom slowapi.util import get_remote_address\n\n"
    made += "limiter = Limiter(key_func=get_remote_address, default_limits=['3/minute'])\n"
    code = SLOW.partition("limiter =")[0] + "import limits_\n\napp = FastAPI()\napp.state.limiter = limits_.limiter\n"
    code += "app.add_middleware(SlowAPIMiddleware)\n" + ROUTE
    found = reasons(NAME, {**files(code), "limits_.py": made})
    assert any("the limit is not written plainly" in each for each in found), found


DEPENDING = """\
from fastapi import Depends, FastAPI
from fastapi_limiter.depends import RateLimiter
from pyrate_limiter import Duration, Limiter, Rate

limiter = Limiter(Rate(3, Duration.MINUTE))
app = FastAPI(dependencies=[Depends(RateLimiter(limiter=limiter))])


@app.get("/health")
async def health():
    return {"ok": True}


@app.get("/items")
async def items():
    return []
"""
SKIPPING = "from fastapi_limiter.decorators import skip_limiter\nfrom fastapi_limiter.depends"
OLD = DEPENDING.replace("limiter=limiter", "times=50, hours=1").replace("limiter = Limiter(Rate(3, Duration.MINUTE))\n", "")
OLD = OLD.replace("from pyrate_limiter import Duration, Limiter, Rate\n", "")


def depending(code: str) -> dict[str, str]:
    return {**files(code), "requirements.txt": "fastapi\nfastapi-limiter\nuvicorn\n"}


@pytest.mark.parametrize("rate", ["Duration.MINUTE", "Duration.SECOND * 60", "60000"])
def test_a_dependency_of_fastapi_limiter(rate: str):
    before = DEPENDING.replace("Duration.MINUTE", rate)
    after = before.replace("from fastapi_limiter.depends", SKIPPING)
    after = after.replace("\nasync def health", "\n@skip_limiter\nasync def health")
    check_transformed(NAME, depending(before), {"main.py": after}, unsafe=True)
    check_noop(NAME, depending(after))
    check_noop(NAME, depending(before.replace("Rate(3", "Rate(30")))


def test_an_older_fastapi_limiter_moves_to_the_other_routes():
    depends = "dependencies=[Depends(RateLimiter(times=50, hours=1))]"
    after = OLD.replace(f"FastAPI({depends})", "FastAPI()").replace('"/items"', f'"/items", {depends}')
    check_transformed(NAME, depending(OLD), {"main.py": after}, unsafe=True)
    check_noop(NAME, depending(OLD.replace("times=50", "times=500")))


def test_a_list_of_open_paths_gets_one_more():
    before = HAND.replace("open_paths=()", "open_paths=('/docs',)").replace("in self.open_paths", "in OPEN_PATHS")
    before = before.replace("MOST = 3", "MOST = 3\nOPEN_PATHS = {'/docs', '/openapi.json'}")
    before += "app.add_middleware(Limit, most=MOST)\n" + BARE
    after = before.replace("'/openapi.json'}", "'/openapi.json', '/health'}")
    check_transformed(NAME, files(before), {"main.py": after}, unsafe=True)
