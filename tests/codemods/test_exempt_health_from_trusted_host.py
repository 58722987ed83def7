from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_checks import CHECKED, FILES, SETTINGS, STACK
from tests.codemods import reasons
from tests.tools import FLY, HEALTHY, check_noop, check_transformed, planned, result

NAME = "exempt-health-from-trusted-host"
MIDDLEWARE = '''\
"""Answers the platform's health check, which comes with the machine's own address as its Host."""

from django.http import HttpResponse
from django.utils.deprecation import MiddlewareMixin


class HealthCheckMiddleware(MiddlewareMixin):
    """Stands first in MIDDLEWARE: ALLOWED_HOSTS holds for everything else."""

    def process_request(self, request):
        if request.path == "/health":
            return HttpResponse("ok")
        return None
'''
NEW = {"shop/health.py": MIDDLEWARE}


def listed(text: str) -> str:
    return SETTINGS.replace(f"[{STACK}]", text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"[{STACK}]", f'["shop.health.HealthCheckMiddleware", {STACK}]'),
        (f"[\n    {STACK},\n]", f'[\n    "shop.health.HealthCheckMiddleware",\n    {STACK},\n]'),
        (
            "[  # asked in order\n\n    # about hosts\n    'django.middleware.common.CommonMiddleware',  # the one\n\t]",
            "[  # asked in order\n    'shop.health.HealthCheckMiddleware',\n\n    # about hosts\n"
            "    'django.middleware.common.CommonMiddleware',  # the one\n\t]",
        ),
        (f"(\n  {STACK},\n)", f'(\n  "shop.health.HealthCheckMiddleware",\n  {STACK},\n)'),
        (
            '["django.middleware.gzip.GZipMiddleware"] + [\n  "django.middleware.common.CommonMiddleware"]',
            '["shop.health.HealthCheckMiddleware", "django.middleware.gzip.GZipMiddleware"] + [\n'
            '  "django.middleware.common.CommonMiddleware"]',
        ),
    ],
)
def test_a_middleware_answers_before_all_others(before: str, after: str):
    check_transformed(
        NAME, {**FILES, "shop/settings.py": listed(before)}, {"shop/settings.py": listed(after), **NEW}, unsafe=True
    )


def test_the_quotes_of_the_file():
    text = SETTINGS.replace('"', "'")
    after = text.replace(
        "[" + STACK[:1].replace('"', "'") + "django.middleware.sec",
        "['shop.health.HealthCheckMiddleware', 'django.middleware.sec",
    )
    middleware = MIDDLEWARE.replace('"/health"', "'/health'").replace('"ok"', "'ok'")
    check_transformed(
        NAME, {**FILES, "shop/settings.py": text}, {"shop/settings.py": after, "shop/health.py": middleware}, unsafe=True
    )


def test_several_paths():
    more = CHECKED + '\n  [[http_service.checks]]\n    path = "/readyz?full=1"\n'
    made = planned({**FILES, "fly.toml": more}, NAME, unsafe=True)
    assert '        if request.path in ("/health", "/readyz"):\n' in result(made, FILES)["shop/health.py"]
    assert made.after[0].faults == ()


def test_settings_of_a_package():
    files = {path: text for path, text in FILES.items() if path != "shop/settings.py"}
    more = {
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": SETTINGS,
        "shop/settings/live.py": "from .base import *\n\nALLOWED_HOSTS = ['.fly.dev']\n",
        "shop/wsgi.py": FILES["shop/wsgi.py"].replace("shop.settings", "shop.settings.live"),
        "shop/health.py": "READY = True\n",
    }
    entry = 'MIDDLEWARE = ["shop.health_middleware.HealthCheckMiddleware", '
    after = {
        "shop/settings/base.py": SETTINGS.replace("MIDDLEWARE = [", entry),
        "shop/health_middleware.py": MIDDLEWARE,
    }
    check_transformed(NAME, {**files, **more}, after, unsafe=True)


def test_settings_beside_the_code():
    files = {path.removeprefix("shop/"): text.replace("shop.", "") for path, text in FILES.items()}
    files["settings.py"] = SETTINGS.replace("shop.urls", "urls")
    del files["__init__.py"]
    entry = 'MIDDLEWARE = ["health_middleware.HealthCheckMiddleware", '
    after = {"settings.py": files["settings.py"].replace("MIDDLEWARE = [", entry), "health_middleware.py": MIDDLEWARE}
    check_transformed(NAME, files, after, unsafe=True)


@pytest.mark.parametrize(
    ("hosts", "sent"),
    [
        ('["shop.example", ".fly.dev"]', "demo.fly.dev"),
        ('["demo.fly.dev"]', "demo.fly.dev"),
        ('["localhost", ".shop.example"]', "shop.example"),
    ],
)
def test_a_page_is_asked_for_with_a_host_that_is_allowed(hosts: str, sent: str):
    check = FLY + "\n  [[http_service.checks]]\n    path = '/'\n    interval = '15s'\n"
    before = {**FILES, "fly.toml": check, "shop/settings.py": SETTINGS.replace('["shop.fly.dev"]', hosts)}
    check_transformed(NAME, before, {"fly.toml": check + f"    headers = {{ Host = '{sent}' }}\n"}, unsafe=True)


def test_a_check_that_sends_headers_already():
    check = FLY + '\n  [[http_service.checks]]\n    path = "/"\n    [http_service.checks.headers]\n      Accept = "*/*"\n'
    after = check.replace("      Accept", '      Host = "shop.fly.dev"\n      Accept')
    check_transformed(NAME, {**FILES, "fly.toml": check}, {"fly.toml": after}, unsafe=True)


# --- Starlette

HEAD = """\
import os

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

# what the app is called
HOSTS = ["demo.fly.dev"]
"""
APP = """\

# the app
app = FastAPI(title="x")
app.add_middleware({}, allowed_hosts=HOSTS)


@app.get("/health")
def health():
    return {{"ok": True}}
"""
CLASS = """\


class TrustedHostExceptHealth(TrustedHostMiddleware):
    \"\"\"Lets the health check through, which comes with the machine's own address as its Host.\"\"\"

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/health":
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

"""
SERVED = {**HEALTHY, "fly.toml": CHECKED, "main.py": HEAD + APP.format("TrustedHostMiddleware")}


def test_the_middleware_of_starlette_hands_the_path_on(tmp_path: Path):
    after = HEAD + CLASS + APP.format("TrustedHostExceptHealth")
    check_transformed(NAME, SERVED, {"main.py": after}, unsafe=True)
    assert answers(tmp_path, {"main.py": after}, "main:app", "/health") == [200]
    assert answers(tmp_path, {"main.py": after}, "main:app", "/docs") == [400]
    assert answers(tmp_path, {"main.py": SERVED["main.py"]}, "main:app", "/health") == [400]


@pytest.mark.parametrize(
    "before",
    [
        (
            "def create():\n    app = FastAPI()\n"
            "    app.add_middleware(\n        {},  # ours\n        allowed_hosts=HOSTS,\n    )\n"
            "    return app\n\n\napp = create()\n"
        ),
        ("app = FastAPI(middleware=[Middleware({}, allowed_hosts=HOSTS)])\n"),
        ("app: FastAPI = FastAPI()\nN = 1\napp.add_middleware({}, allowed_hosts=HOSTS)\n"),
    ],
)
def test_where_the_class_stands(before: str):
    head = HEAD + "from starlette.middleware import Middleware\n"
    wanted = head + CLASS + "\n" + before.format("TrustedHostExceptHealth")
    check_transformed(
        NAME, {**SERVED, "main.py": head + "\n" + before.format("TrustedHostMiddleware")}, {"main.py": wanted}, unsafe=True
    )


def test_a_page_of_starlette_is_asked_for_with_a_host():
    check = CHECKED.replace("/health", "/")
    before = {**SERVED, "fly.toml": check}
    check_transformed(NAME, before, {"fly.toml": check + '    headers = { Host = "demo.fly.dev" }\n'}, unsafe=True)


@pytest.mark.parametrize(
    "code",
    [
        HEAD + CLASS + APP.format("TrustedHostExceptHealth"),
        HEAD + APP.format("TrustedHostMiddleware").replace("HOSTS", '["*"]'),
        HEAD + "def TrustedHostExceptHealth(): ...\n" + APP.format("TrustedHostMiddleware"),
        "from fastapi import FastAPI\nfrom hosts import put\n\napp = FastAPI()\nput(app)\n",
        HEAD.replace("from fastapi.mid", "TYPES = 1\nif TYPES:\n    from fastapi.mid") + APP.format("TrustedHostMiddleware"),
    ],
)
def test_what_is_not_edited_in_starlette(code: str):
    hosts = (
        "def put(app):\n    from fastapi.middleware.trustedhost import TrustedHostMiddleware\n\n"
        "    app.add_middleware(TrustedHostMiddleware, allowed_hosts=['demo.fly.dev'])\n"
    )
    check_noop(NAME, {**SERVED, "hosts.py": hosts, "main.py": code})


# --- in general


def test_it_is_a_suggestion_without_unsafe():
    made = planned(FILES, NAME)
    assert not made.tree.changes()
    assert [dropped.suggestion for dropped in made.dropped] == [True]


def test_real_django_answers_the_check_and_still_refuses_the_rest(tmp_path: Path):
    after = result(planned(FILES, NAME, unsafe=True), FILES)
    code = {path: text for path, text in after.items() if path.endswith(".py")}
    assert answers(tmp_path, code, "shop.wsgi:application", "/health") == [200]
    assert answers(tmp_path, code, "shop.wsgi:application", "/") == [400]
    asgi = {"shop/asgi.py": FILES["shop/wsgi.py"].replace("wsgi", "asgi")}
    assert answers(tmp_path, {**code, **asgi}, "shop.asgi:application", "/health") == [200]
    assert answers(tmp_path, {**code, **asgi}, "shop.asgi:application", "/") == [400]


@pytest.mark.parametrize(
    "files",
    [
        {"shop/settings.py": SETTINGS.replace('["shop.fly.dev"]', '["*"]')},
        {"fly.toml": CHECKED + '    headers = { Host = "shop.fly.dev" }\n'},
        {"fly.toml": FLY},
        {"shop/settings.py": SETTINGS.replace("MIDDLEWARE = [", 'MIDDLEWARE = ["shop.health.HealthCheckMiddleware", '), **NEW},
    ],
)
def test_a_check_that_is_let_in(files: dict[str, str]):
    check_noop(NAME, {**FILES, **files})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"shop/settings.py": SETTINGS.replace('["shop.fly.dev"]', '["localhost"]')}, "the app allows no public host at all"),
        ({"shop/settings.py": listed(STACK)}, "MIDDLEWARE is not a list of strings"),
        ({"fly.toml": FLY + 'checks = [{ path = "/" }]\n'}, "the check is not a table of its own"),
        (
            {f"shop/{name}.py": "" for name in ("health", "health_middleware", "healthcheck_middleware")},
            "there is no free name",
        ),
    ],
)
def test_what_is_left_to_a_person(files: dict[str, str], reason: str):
    assert any(reason in each for each in reasons(NAME, {**FILES, **files}))
