from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_checks import CHECKED, FILES, SETTINGS
from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned, result

NAME = "exempt-health-from-https-redirect"
OPEN = SETTINGS.replace('["shop.fly.dev"]', '["*"]') + "SECURE_SSL_REDIRECT = not DEBUG  # always HTTPS\n"
PROXY = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")\n'
SENT = '    headers = { X-Forwarded-Proto = "https" }\n'
MAIN = """\
from fastapi import FastAPI
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware

app = FastAPI()
app.add_middleware({})


@app.get("/health")
def health():
    return {{"ok": True}}
"""
CLASS = """\


class HTTPSRedirectExceptHealth(HTTPSRedirectMiddleware):
    \"\"\"Lets the health check through, which asks over plain HTTP.\"\"\"

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/health":
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


app = """
SERVED = {**HEALTHY, "fly.toml": CHECKED, "main.py": MAIN.format("HTTPSRedirectMiddleware")}
BELIEVING = {"Dockerfile": HEALTHY["Dockerfile"].replace('"8080"', '"8080", "--forwarded-allow-ips=*"')}


def shop(text: str, toml: str = CHECKED) -> dict[str, str]:
    return {**FILES, "shop/settings.py": text, "fly.toml": toml}


def test_the_check_says_what_the_proxy_says():
    check_transformed(NAME, shop(OPEN + PROXY), {"fly.toml": CHECKED + SENT})
    check_transformed(NAME, {**SERVED, **BELIEVING}, {"fly.toml": CHECKED + SENT})


def test_headers_in_a_table_of_their_own():
    table = CHECKED + '    [http_service.checks.headers]\n      Accept = "*/*"\n'
    after = table.replace("      Accept", '      X-Forwarded-Proto = "https"\n      Accept')
    check_transformed(NAME, shop(OPEN + PROXY, table), {"fly.toml": after})


def test_django_leaves_the_path_out():
    after = OPEN.replace("HTTPS\n", 'HTTPS\nSECURE_REDIRECT_EXEMPT = [r"^health$"]\n')
    made = check_transformed(NAME, shop(OPEN), {"shop/settings.py": after}, unsafe=True)
    assert "in circles" in made.steps[0].manual[0]


def test_starlette_leaves_the_path_out():
    after = MAIN.format("HTTPSRedirectExceptHealth").replace("\napp = ", CLASS, 1)
    check_transformed(NAME, SERVED, {"main.py": after}, unsafe=True)


def test_the_real_ones_answer_the_check_and_redirect_the_rest(tmp_path: Path):
    after = result(planned(SERVED, NAME, unsafe=True), SERVED)
    assert answers(tmp_path, {"main.py": after["main.py"]}, "main:app", "/health") == [200]
    assert answers(tmp_path, {"main.py": after["main.py"]}, "main:app", "/docs") == [307]
    after = result(planned(shop(OPEN), NAME, unsafe=True), shop(OPEN))
    code = {path: text for path, text in after.items() if path.endswith(".py")}
    assert answers(tmp_path, code, "shop.wsgi:application", "/health") == [200]
    assert answers(tmp_path, code, "shop.wsgi:application", "/healthy") == [301]


def test_hosts_and_https_are_repaired_together():
    more = "\napp.add_middleware(TrustedHostMiddleware, allowed_hosts=['a.example'])\n\n\n@app"
    files = {**SERVED, "main.py": SERVED["main.py"].replace("\n\n\n@app", more)}
    files["main.py"] = "from fastapi.middleware.trustedhost import TrustedHostMiddleware\n" + files["main.py"]
    made = planned(files, unsafe=True)
    assert {step.codemod for step in made.steps} == {NAME, "exempt-health-from-trusted-host"}
    assert made.after[0].faults == ()


@pytest.mark.parametrize(
    "files",
    [
        shop(OPEN + PROXY, CHECKED + SENT),
        shop(OPEN, FLY),
        shop(OPEN + 'SECURE_REDIRECT_EXEMPT = ["^health"]\n'),
        shop(OPEN.replace("not DEBUG", "DEBUG")),
        {**SERVED, "main.py": MAIN.format("HTTPSRedirectExceptHealth").replace("\napp = ", CLASS, 1)},
    ],
)
def test_a_check_that_is_let_through(files: dict[str, str]):
    check_noop(NAME, files)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (shop(OPEN, CHECKED.replace("/health", "/")), "the checked path is a page"),
        (shop(OPEN.replace("not DEBUG ", "(\n  not DEBUG)")), "what redirects is not written plainly"),
        (shop(OPEN + "SECURE_REDIRECT_EXEMPT = ['^x$']\n"), "what redirects is not written plainly"),
        (shop(OPEN + PROXY, FLY + 'checks = [{ path = "/health" }]\n'), "the check is not a table of its own"),
    ],
)
def test_what_is_left_to_a_person(files: dict[str, str], reason: str):
    assert any(reason in each for each in reasons(NAME, files))
