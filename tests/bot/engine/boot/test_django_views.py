"""Whom Django asks for a user, on paper and by the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.findings import TurnedAway
from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_checks import FILES, SETTINGS
from tests.tools import faults

STACK = [
    "sessions.middleware.SessionMiddleware",
    "middleware.common.CommonMiddleware",
    "auth.middleware.AuthenticationMiddleware",
]
NAMED = [f"django.{'contrib.' if not each.startswith('middleware') else ''}{each}" for each in STACK]
NAMED.append("django.contrib.auth.middleware.LoginRequiredMiddleware")
LOGIN = f"""\
SECRET_KEY = "x"
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = {NAMED}
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
ROOT_URLCONF = "shop.urls"
"""
OPEN = "from django.contrib.auth.decorators import login_not_required\n"
VIEWS = """\
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.http import require_GET


@require_GET
def health(request):
    return HttpResponse("ok")


class Health(View):
    def get(self, request):
        return HttpResponse("ok")
"""
URLS = "from django.urls import include, path, re_path\n\nfrom shop import views\n\nurlpatterns = [{}]\n"
WSGI = FILES["shop/wsgi.py"].replace("application = get", "import django\n\ndjango.setup()\napplication = get")
INCLUDED = "path('', include('shop.more')), path('health', views.health)"


def shop(urls: str, views: str = VIEWS, settings: str = LOGIN, **more: str) -> dict[str, str]:
    written = {"shop/settings.py": settings, "shop/urls.py": URLS.format(urls), "shop/views.py": views}
    return {**FILES, "requirements.txt": "django>=5.1\ngunicorn\n", **written, **more}


PATH = "path('health', views.health)"
OPENED = OPEN + VIEWS.replace("@require", "@login_not_required\n@require")
# what it shows: (files, whether the check is sent to a page to log in)
TABLE: dict[str, tuple[dict[str, str], bool]] = {
    "a view like any other": (shop(PATH), True),
    "an open view": (shop(PATH, OPENED), False),
    "opened below another decorator": (shop(PATH, OPEN + VIEWS.replace("_GET\ndef", "_GET\n@login_not_required\ndef")), False),
    "opened by the URLs": (
        {**shop("path('health', login_not_required(views.health))"), "shop/urls.py": OPEN
         + URLS.format("path('health', login_not_required(views.health))")},
        False,
    ),
    "a class": (shop("path('health', views.Health.as_view())"), True),
    "an open class": (
        shop(
            "path('health', views.Health.as_view())",
            OPEN + VIEWS.replace("class H", "@method_decorator(login_not_required, name='dispatch')\nclass H"),
        ),
        False,
    ),
    "a lambda": (shop("path('health', lambda request: views.HttpResponse('ok'))"), True),
    "a pattern": (shop("re_path(r'^health/?$', views.health)"), True),
    "a pattern that takes any name": (shop("path('<slug:page>', views.health)"), True),
    "the first that matches": (
        shop("path('health', views.Health.as_view()), " + PATH, OPENED),
        True,
    ),
    "URLs that are included": (
        {**shop(INCLUDED), "shop/more.py": URLS.format("path('health', views.health)")},
        True,
    ),
    "URLs without the path": ({**shop(INCLUDED), "shop/more.py": URLS.format("path('up', views.health)")}, True),
    "no middleware that asks": (shop(PATH, settings=LOGIN.replace(f", '{NAMED[-1]}'", "")), False),
}  # fmt: skip


def run(there: dict[str, str]) -> list[tuple[int, str]]:
    found = faults(there)
    return [(each.detail.status, each.code) for each in found if isinstance(each.detail, TurnedAway)]


@pytest.mark.parametrize("name", TABLE)
def test_a_check_is_sent_to_log_in_as_by_the_real_one(name: str, tmp_path: Path):
    there, wanted = TABLE[name]
    real = {**there, "shop/wsgi.py": WSGI}
    assert answers(tmp_path, real, "shop.wsgi:application", "/health") == [302 if wanted else 200]
    assert run(there) == ([(302, "health-auth")] if wanted else [])


@pytest.mark.parametrize(
    "urls",
    [
        "path('up', views.health)",
        "path('health/<int:number>', views.health)",
        "re_path(r'^(health|up)$', views.health)",
        "path('health', elsewhere.health)",
        "path('health', views.make())",
        "*more",
    ],
)
def test_what_was_not_followed_is_no_fault(urls: str):
    assert run(shop(urls)) == []


MIDDLEWARE = """\
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse


class Keys:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.headers.get("X-API-Key"):
            return JsonResponse({"detail": "no key"}, status=401)
        return self.get_response(request)
"""
OWN = SETTINGS.replace('["shop.fly.dev"]', '["*"]').replace("MIDDLEWARE = [", 'MIDDLEWARE = ["shop.own.Keys", ')


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (MIDDLEWARE, 401),
        (MIDDLEWARE.replace('return JsonResponse({"detail": "no key"}, status=401)', "raise PermissionDenied"), 403),
        (MIDDLEWARE.replace('request.headers.get("X-API-Key")', 'request.META.get("HTTP_X_API_KEY")'), 401),
        (MIDDLEWARE.replace("if not", "if request.path != '/health' and not"), None),
    ],
)
def test_middleware_of_one_s_own(code: str, wanted: int | None, tmp_path: Path):
    there = {**FILES, "shop/settings.py": OWN, "shop/own.py": code}
    assert answers(tmp_path, there, "shop.wsgi:application", "/health") == [wanted or 200]
    assert run(there) == ([(wanted, "health-auth")] if wanted else [])


def test_hosts_are_asked_about_before_users():
    there = shop(PATH, settings=LOGIN.replace('["*"]', '["shop.fly.dev"]'))
    assert run(there) == [(400, "health-host")]


def test_render_follows_to_the_page():
    blueprint = "services:\n  - type: web\n    name: shop\n    runtime: docker\n    healthCheckPath: /health\n"
    there = {**shop(PATH), "render.yaml": blueprint}
    del there["fly.toml"]
    assert [each.code for each in faults(there) if each.stage == "health"] == []
