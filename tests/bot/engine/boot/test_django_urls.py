"""What a Django project answers a checked path with, on paper and by the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.model.findings import Unanswered
from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_checks import CHECKED, FILES, settings
from tests.tools import faults, only

HEAD = "from django.http import HttpResponse\nfrom django.urls import include, path, re_path\n\n"
VIEW = "def view(request, **found):\n    return HttpResponse('ok')\n\n"
OPEN = settings(ALLOWED_HOSTS='["*"]', INSTALLED_APPS="[]")


def urls(patterns: str, **more: str) -> dict[str, str]:
    """Return a project with these entries of `urlpatterns`, and with more modules."""
    modules = {f"shop/{name}.py": HEAD + VIEW + text for name, text in more.items()}
    return {**FILES, **OPEN, "shop/urls.py": f"{HEAD}{VIEW}urlpatterns = [{patterns}]\n", **modules}


# what it shows: (files, the path, the status that is no answer, None where a view answers)
TABLE: dict[str, tuple[dict[str, str], str, int | None]] = {
    "a path": (urls("path('health', view)"), "/health", None),
    "another path": (urls("path('status', view)"), "/health", 404),
    "the slash is sent on": (urls("path('health/', view)"), "/health", 301),
    "the slash too many": (urls("path('health', view)"), "/health/", 404),
    "nobody sends it on": (
        {**urls("path('health/', view)"), **settings(ALLOWED_HOSTS='["*"]', APPEND_SLASH="False")},
        "/health",
        404,
    ),
    "without the middleware": (
        {**urls("path('health/', view)"), **settings(ALLOWED_HOSTS='["*"]', MIDDLEWARE="[]")},
        "/health",
        404,
    ),
    "the root": (urls("path('', view)"), "/", None),
    "no root": (urls("path('api/', view)"), "/", 404),
    "a converter": (urls("path('<slug:page>', view)"), "/health", None),
    "one that takes slashes": (urls("path('<path:page>', view)"), "/a/health", None),
    "an expression": (urls(r"re_path(r'^health/$', view)"), "/health/", None),
    "its last slash is optional": (urls(r"re_path(r'^health/?$', view)"), "/health", None),
    "it differs": (urls(r"re_path(r'^healthz\.txt$', view)"), "/healthz.html", 404),
    "it goes on": (urls(r"re_path(r'^health', view)"), "/healthcheck", None),
    "a module that is included": (
        urls("path('api/', include('shop.api'))", api="urlpatterns = [path('health', view)]\n"),
        "/api/health",
        None,
    ),
    "what it does not have": (
        urls("path('api/', include('shop.api'))", api="urlpatterns = [path('health', view)]\n"),
        "/api/status",
        404,
    ),
    "a list that is included": (urls("path('api/', include([path('health', view)]))"), "/api/health", None),
    "with a name": (urls("path('api/', include(([path('health', view)], 'api')))"), "/api/status", 404),
    "added later": (
        {**urls(""), "shop/urls.py": f"{HEAD}{VIEW}urlpatterns = []\nurlpatterns += [path('health', view)]\n"},
        "/health",
        None,
    ),
    "appended": (
        {**urls(""), "shop/urls.py": f"{HEAD}{VIEW}urlpatterns = []\nurlpatterns.append(path('health', view))\n"},
        "/health",
        None,
    ),
    "a sum, with what only DEBUG serves": (
        {
            **urls(""),
            "shop/urls.py": f"{HEAD}from django.conf.urls.static import static\n\n{VIEW}"
            "urlpatterns = [path('health', view)] + static('/media/', document_root='media')\n",
        },
        "/media/x",
        404,
    ),
    "a branch of DEBUG": (
        {
            **urls(""),
            "shop/urls.py": f"{HEAD}from django.conf import settings\n\n{VIEW}"
            "urlpatterns = []\nif settings.DEBUG:\n    urlpatterns += [path('health', view)]\n",
        },
        "/health",
        404,
    ),
}  # fmt: skip


def config(path: str) -> str:
    return CHECKED.replace('"/health"', f'"{path}"')


@pytest.mark.parametrize("name", TABLE)
def test_a_path_is_answered_as_by_the_real_one(name: str, tmp_path: Path) -> None:
    files, path, wanted = TABLE[name]
    [real] = answers(tmp_path, {at: text for at, text in files.items() if at.endswith(".py")}, "shop.wsgi:application", path)
    assert real == (wanted or 200)
    report = only({**files, "fly.toml": config(path)})
    assert [fault.detail.status for fault in report.faults if isinstance(fault.detail, Unanswered)] == (
        [wanted] if wanted else []
    )
    assert report.checked


@pytest.mark.parametrize(
    "patterns",
    [
        "path('', include('rest.urls'))",
        "*router.urls",
        "path('', site.urls)",
        "path(health(), view)",
        "path('api/', include('shop.nothing')), path('', include(router.urls))",
    ],
)
def test_what_is_not_followed_may_answer(patterns: str) -> None:
    files = urls(patterns)
    files["shop/urls.py"] = "from rest import health, router, site\n" + files["shop/urls.py"]
    report = only({**files, "requirements.txt": "django\ngunicorn\nrest\n"})
    assert [fault for fault in report.faults if isinstance(fault.detail, Unanswered)] == []
    assert not report.checked


def test_but_only_below_its_prefix() -> None:
    files = urls("path('admin/', admin.site.urls)")
    files["shop/urls.py"] = "from django.contrib import admin\n" + files["shop/urls.py"]
    assert [fault.code for fault in faults(files)] == ["health-path"]
    assert [fault.code for fault in faults({**files, "fly.toml": config("/admin/login/")})] == []


@pytest.mark.parametrize(
    "more",
    [
        settings(ALLOWED_HOSTS='["*"]', MIDDLEWARE='["health.middleware.Check"]'),
        settings(ALLOWED_HOSTS='["*"]', WHITENOISE_ROOT='"public"'),
        settings(ALLOWED_HOSTS='["*"]', MIDDLEWARE='["django.contrib.flatpages.middleware.FlatpageFallbackMiddleware"]'),
        {"shop/urls.py": f"{HEAD}{VIEW}urlpatterns = []\nhandler404 = 'shop.urls.view'\n"},
    ],
)
def test_something_else_may_answer(more: dict[str, str]) -> None:
    files = {**urls("path('status', view)"), "requirements.txt": "django\ngunicorn\nhealth\nwhitenoise\n", **more}
    assert [fault for fault in faults(files) if isinstance(fault.detail, Unanswered)] == []


def test_render_takes_the_redirect_of_a_slash() -> None:
    blueprint = (
        "services:\n  - type: web\n    name: shop\n    runtime: docker\n    healthCheckPath: /health\n"
        "    envVars:\n      - key: PORT\n        value: 8080\n"
    )
    files = {path: text for path, text in urls("path('health/', view)").items() if path != "fly.toml"}
    assert faults({**files, "render.yaml": blueprint}) == []
