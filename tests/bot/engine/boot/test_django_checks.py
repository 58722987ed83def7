"""What Django answers a health check with, on paper and by the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.findings import Fault, TurnedAway
from bot.engine.simulate import Options
from tests.bot.engine.boot.answers import answers
from tests.tools import FLY, faults

DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8080"]
"""
CHECKED = FLY + '\n  [[http_service.checks]]\n    path = "/health"\n    interval = "15s"\n'
SENDING = CHECKED + "    headers = {{ {} }}\n"
WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()
"""
STACK = '"django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"'
SETTINGS = f"""\
SECRET_KEY = "x"
DEBUG = False
ALLOWED_HOSTS = ["shop.fly.dev"]
MIDDLEWARE = [{STACK}]
ROOT_URLCONF = "shop.urls"
"""
URLS = """\
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("health", lambda request: HttpResponse("ok"))]
"""
FILES = {
    "fly.toml": CHECKED,
    "Dockerfile": DOCKERFILE,
    "requirements.txt": "django\ngunicorn\nwhitenoise\n",
    "shop/__init__.py": "",
    "shop/wsgi.py": WSGI,
    "shop/settings.py": SETTINGS,
    "shop/urls.py": URLS,
}
OWN = SETTINGS.replace("MIDDLEWARE = [", 'MIDDLEWARE = ["shop.own.Own", ')
MIXIN = "from django.http import HttpResponse\nfrom django.utils.deprecation import MiddlewareMixin\n"
CLASS = """\
from django.http import HttpResponse, JsonResponse

PATHS = {"/health", "/ready"}


class Own:
    paths = ("/health",)

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
"""


def own(body: str) -> dict[str, str]:
    return {"shop/settings.py": OWN, "shop/own.py": CLASS + "".join(f"        {line}\n" for line in body.splitlines())}


def settings(**changes: str) -> dict[str, str]:
    """Return settings with other values of some names."""
    text = SETTINGS
    for name, value in changes.items():
        lines = [f"{name} = {value}" if line.startswith(f"{name} =") else line for line in text.splitlines()]
        text = "\n".join([*lines, *([] if f"{name} =" in text else [f"{name} = {value}"]), ""])
    return {"shop/settings.py": text}


# what it shows: (files, headers of the check, the status that it is turned away with, None where a view answers it)
TABLE: dict[str, tuple[dict[str, str], dict[str, str], int | None]] = {
    "the machine's address is not allowed": ({}, {}, 400),
    "nothing is allowed": (settings(ALLOWED_HOSTS="[]"), {}, 400),
    "nor while debugging": (settings(ALLOWED_HOSTS="[]", DEBUG="True"), {}, 400),
    "everything is allowed": (settings(ALLOWED_HOSTS='["shop.fly.dev", "*"]'), {}, None),
    "a Host that is allowed": ({}, {"Host": "shop.fly.dev"}, None),
    "a Host with a port": ({}, {"Host": "Shop.fly.dev:8080"}, None),
    "a Host below a domain": (settings(ALLOWED_HOSTS='[".fly.dev"]'), {"Host": "shop.fly.dev"}, None),
    "another Host": ({}, {"Host": "shop.example"}, 400),
    "a Host that a proxy forwards": (settings(USE_X_FORWARDED_HOST="True"), {"X-Forwarded-Host": "shop.fly.dev"}, None),
    "a forwarded Host that nobody reads": ({}, {"X-Forwarded-Host": "shop.fly.dev"}, 400),
    "nobody asks for the Host": (settings(MIDDLEWARE='["django.middleware.security.SecurityMiddleware"]'), {}, None),
    "a redirect asks for it": (
        settings(MIDDLEWARE='["django.middleware.security.SecurityMiddleware"]', SECURE_SSL_REDIRECT="True"),
        {},
        400,
    ),
    "HTTPS alone": (settings(SECURE_SSL_REDIRECT="True"), {"Host": "shop.fly.dev"}, 301),
    "HTTPS alone, but for a path": (
        settings(SECURE_SSL_REDIRECT="True", SECURE_REDIRECT_EXEMPT='[r"^health$"]'),
        {"Host": "shop.fly.dev"},
        None,
    ),
    "HTTPS alone, but for another path": (
        settings(SECURE_SSL_REDIRECT="True", SECURE_REDIRECT_EXEMPT='[r"^healthz$"]'),
        {"Host": "shop.fly.dev"},
        301,
    ),
    "HTTPS as a proxy tells it": (
        settings(SECURE_SSL_REDIRECT="not DEBUG", SECURE_PROXY_SSL_HEADER='("HTTP_X_FORWARDED_PROTO", "https")'),
        {"Host": "shop.fly.dev", "X-Forwarded-Proto": "https"},
        None,
    ),
    "a proxy that tells nothing": (
        settings(SECURE_SSL_REDIRECT="not DEBUG", SECURE_PROXY_SSL_HEADER='("HTTP_X_FORWARDED_PROTO", "https")'),
        {"Host": "shop.fly.dev"},
        301,
    ),
    "a middleware answers first": (own('if request.path == "/health":\n    return HttpResponse("ok")'), {}, None),
    "it answers one of several": (own('if request.path in PATHS:\n    return JsonResponse({"a": 1})'), {}, None),
    "it answers what it was told": (own('if request.path.rstrip("/") in self.paths:\n    return HttpResponse()'), {}, None),
    "it answers below a path": (
        own('path = request.path_info\nif path.startswith("/hea"):\n    return HttpResponse()'),
        {},
        None,
    ),
    "it answers another path": (
        own('if request.path == "/healthz":\n    return HttpResponse("ok")\nreturn self.get_response(request)'),
        {},
        400,
    ),
    "it hands everything on": (
        own('response = self.get_response(request)\nresponse["X-By"] = "me"\nreturn response'),
        {},
        400,
    ),
    "it asks for the Host itself": (
        own('host = request.get_host()\nif host:\n    return HttpResponse("ok")'),
        {},
        400,
    ),
    "it answers before a view": (
        {
            "shop/settings.py": OWN,
            "shop/own.py": f"{MIXIN}\n\nclass Own(MiddlewareMixin):\n    def process_request(self, request):\n"
            "        if request.path == '/health':\n            return HttpResponse('ok')\n",
        },
        {},
        None,
    ),
    "it does nothing before a view": (
        {
            "shop/settings.py": OWN,
            "shop/own.py": f"{MIXIN}\n\nclass Own(MiddlewareMixin):\n    def process_request(self, request):\n"
            "        request.started = 1\n",
        },
        {},
        400,
    ),
    "a function answers first": (
        {
            "shop/settings.py": OWN,
            "shop/own.py": "from django.http import HttpResponse\n\n\ndef Own(following):\n    def inner(request):\n"
            "        if request.path == '/health':\n            return HttpResponse('ok')\n"
            "        return following(request)\n    return inner\n",
        },
        {},
        None,
    ),
    "it stands too late": (
        {
            **own('if request.path == "/health":\n    return HttpResponse("ok")\nreturn self.get_response(request)'),
            "shop/settings.py": SETTINGS.replace(f"[{STACK}]", f'[{STACK}, "shop.own.Own"]'),
        },
        {},
        400,
    ),
    "a list that is put together": (
        {
            "shop/base.py": SETTINGS,
            "shop/settings.py": 'from shop.base import *\n\nALLOWED_HOSTS += ["shop.example"]\n'
            'MIDDLEWARE.insert(0, "shop.own.Own")\n',
            "shop/own.py": own("return self.get_response(request)")["shop/own.py"],
        },
        {},
        400,
    ),
}


def config(headers: dict[str, str]) -> str:
    return SENDING.format(", ".join(f'{key} = "{value}"' for key, value in headers.items())) if headers else CHECKED


@pytest.mark.parametrize("name", TABLE)
def test_a_check_is_answered_as_by_the_real_one(name: str, tmp_path: Path):
    files, headers, wanted = TABLE[name]
    whole = {**FILES, **files}
    [real] = answers(tmp_path, {path: text for path, text in whole.items() if path.endswith(".py")}, "shop.wsgi:application",
                     "/health", headers)  # fmt: skip
    assert real == (wanted or 200)
    found = faults({**whole, "fly.toml": config(headers)})
    assert [fault.detail.status for fault in found if isinstance(fault.detail, TurnedAway)] == ([wanted] if wanted else [])
    assert all(fault.confidence == "certain" for fault in found)


# --- what may be otherwise


def found(text: str, options: Options = Options(), toml: str = CHECKED, **more: str) -> list[tuple[str, str]]:
    whole = {**FILES, "shop/settings.py": text, "fly.toml": toml, **more}
    return [(fault.code, fault.confidence) for fault in faults(whole, options=options)]


def hosts(value: str, before: str = "") -> str:
    return before + SETTINGS.replace('["shop.fly.dev"]', value)


@pytest.mark.parametrize(
    "value",
    [
        'os.environ.get("HOSTS", "shop.fly.dev").split(",")',
        '[host.strip() for host in os.getenv("HOSTS", "a,b").split(",") if host.strip()]',
        '["shop.fly.dev", os.environ["HOST"]]',
        'env.list("HOSTS", default=["shop.fly.dev"])',
        'env("HOSTS", default="shop.fly.dev").split(",")',
        '["shop.fly.dev"] + env.list("HOSTS", [])',
        '["shop.fly.dev"] if env.bool("STRICT", True) else ["*"]',
    ],
)
def test_a_variable_may_allow_more(value: str):
    before = "import os\n\nimport environ\n\nenv = environ.Env()\n"
    text = hosts(value, before)
    requirements = {"requirements.txt": FILES["requirements.txt"] + "django-environ\n"}
    assert found(text, **requirements) == [("health-host", "likely")]


@pytest.mark.parametrize(
    "value",
    [
        'os.environ.get("HOSTS", "*").split(",")',
        'os.environ["HOSTS"].split(",")',
        'os.environ.get("HOSTS", "").split(",")',
        'os.environ.get("HOSTS", "localhost,127.0.0.1").split(",")',
        '["shop.fly.dev", *more()]',
        "[socket.gethostbyname(socket.gethostname())]",
        '["shop.fly.dev"] if unknown() else ["*"]',
        '["shop.fly.dev"]\ntry:\n    from shop.local import *\nexcept ImportError:\n    ALLOWED_HOSTS = ["*"]',
        '["shop.fly.dev"]\nif unknown():\n    ALLOWED_HOSTS = ["*"]',
        '["shop.fly.dev"]\nadjust(locals())',
        '["shop.fly.dev"]\nfor host in more():\n    ALLOWED_HOSTS = [host]',
    ],
)
def test_what_may_allow_the_check_is_no_fault(value: str):
    before = "import os, socket\nfrom json import dumps as more, loads as unknown, load as adjust\n\n"
    assert found(hosts(value, before)) == []


def test_the_config_sets_the_variable():
    text = hosts('os.environ.get("HOSTS", "*").split(",")', "import os\n\n")
    assert found(text, toml=CHECKED + '\n[env]\n  HOSTS = "shop.fly.dev,shop.example"\n') == [("health-host", "certain")]
    text = hosts('os.environ.get("HOSTS", "shop.fly.dev").split(",")', "import os\n\n")
    assert found(text, toml=CHECKED + '\n[env]\n  HOSTS = "*"\n') == []
    assert found(text, Options(secrets=("HOSTS",))) == []


def test_both_ways_of_a_branch_refuse():
    assert found(
        hosts('["a.example"]\nif unknown():\n    ALLOWED_HOSTS = ["b.example"]', "from json import loads as unknown\n")
    ) == [("health-host", "likely")]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (SETTINGS.replace("[" + STACK, '["ready.Middleware", ' + STACK), {}),  # nobody knows what it answers
        (OWN, own("if self.busy(request):\n    return HttpResponse()\nreturn self.get_response(request)")),
        (OWN, own('request.META["HTTP_HOST"] = "shop.fly.dev"\nreturn self.get_response(request)')),
        (OWN, own("request.get_host = lambda: 'shop.fly.dev'\nreturn self.get_response(request)")),
        (OWN, own("allow(request)\nreturn self.get_response(request)")),
        (
            OWN,
            own(
                "try:\n    request.get_host()\nexcept Exception:\n    return HttpResponse()\nreturn self.get_response(request)"
            ),
        ),
        (SETTINGS, {"shop/wsgi.py": WSGI.replace("get_wsgi_application()", "Ready(get_wsgi_application())")}),
        (SETTINGS.replace("ALLOWED_HOSTS", "ALLOWED"), {}),
    ],
)
@pytest.mark.usefixtures("names_given")
def test_what_may_answer_before_is_no_fault(text: str, more: dict[str, str]):
    ready = {
        "ready.py": "from django.utils.deprecation import MiddlewareMixin as Base\n\n\nclass Middleware(Base):\n    pass\n"
    }
    assert found(text, **{**ready, **{path: code for path, code in more.items() if path != "shop/settings.py"}}) == []


def test_a_server_of_development():
    run = DOCKERFILE.partition("CMD")[0] + 'CMD ["python", "manage.py", "runserver", "0.0.0.0:8080"]\n'
    manage = (
        "import os\nimport sys\n\nfrom django.core.management import execute_from_command_line\n\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nexecute_from_command_line(sys.argv)\n"
    )
    more = {"Dockerfile": run, "manage.py": manage}
    assert [fault.code for fault in faults({**FILES, **more})] == ["health-host"]


@pytest.mark.parametrize(
    "toml",
    [
        FLY,
        FLY + '\n  [[http_service.tcp_checks]]\n    interval = "15s"\n',
        FLY.replace("[http_service]", "[[services]]\n  protocol = 'tcp'")
        + '\n  [[services.tcp_checks]]\n    interval = "15s"\n',
        FLY + '\n[checks.alive]\n  type = "tcp"\n  port = 8080\n',
    ],
)
def test_a_check_of_the_port_alone_asks_no_app(toml: str):
    assert [code for code, _ in found(SETTINGS, toml=toml) if code.startswith("health")] == []


@pytest.mark.parametrize(
    "toml",
    [
        FLY.replace("[http_service]", "[[services]]\n  protocol = 'tcp'")
        + '\n  [[services.http_checks]]\n    path = "/health"\n',
        FLY + '\n[checks.alive]\n  type = "http"\n  port = 8080\n  path = "/health"\n',
    ],
)
def test_other_ways_to_write_a_check(toml: str):
    assert found(SETTINGS, toml=toml) == [("health-host", "certain")]


def render(value: str, **more: str) -> list[Fault]:
    blueprint = (
        "services:\n  - type: web\n    name: shop\n    runtime: docker\n    healthCheckPath: /health\n"
        "    envVars:\n      - key: PORT\n        value: 8080\n"
    )
    files = {path: text for path, text in FILES.items() if path != "fly.toml"}
    return faults({**files, "render.yaml": blueprint, "shop/settings.py": hosts(value), **more})


@pytest.mark.parametrize("value", ['["shop.onrender.com"]', '[".onrender.com"]', '["shop.example"]', '["*"]'])
def test_render_asks_with_the_name_of_the_service_or_a_domain(value: str):
    assert render(value) == []


def test_render_is_refused_where_only_this_machine_is_allowed():
    [fault] = render('["localhost", "127.0.0.1"]')
    assert (fault.code, fault.confidence) == ("health-host", "certain")
    assert render('["*"]\nSECURE_SSL_REDIRECT = True') == []  # Render takes a redirect


def test_the_words():
    [fault] = faults(FILES)
    assert fault.message == "Invalid HTTP_HOST header: '172.19.…:8080'. You may need to add '172.19.…' to ALLOWED_HOSTS."
    assert fault.reason == (
        "GET /health is answered with 400: the check comes with `172.19.…` as its Host, and ALLOWED_HOSTS allows shop.fly.dev."
    )
    assert (fault.place.path, fault.place.line) == ("fly.toml", 10)  # type: ignore[union-attr]
