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
