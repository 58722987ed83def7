"""Steps that the build has to take: a generated client, collected static files."""

from __future__ import annotations

import pytest

from bot.engine.model.findings import Fault
from tests.bot.engine.boot.test_django_checks import FILES, settings
from tests.tools import FLY, HEALTHY, MAIN, faults

STORES = '{"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}'
SHOP = {
    **FILES,
    **settings(
        ALLOWED_HOSTS='["*"]',
        INSTALLED_APPS='["django.contrib.staticfiles"]',
        STORAGES=STORES,
        STATIC_URL='"static/"',
        STATIC_ROOT='"staticfiles"',
    ),
    "shop/urls.py": "from django.urls import path\n\nfrom shop import views\n\nurlpatterns = [path('health', views.home)]\n",
    "shop/views.py": "from django.shortcuts import render\n\n\ndef home(request):\n    return render(request, 'home.html')\n",
    "shop/templates/home.html": "{% extends 'base.html' %}\n",
    "shop/templates/base.html": "{% load static %}\n<link href=\"{% static 'site.css' %}\">\n",
    "shop/static/site.css": "",
    "manage.py": "import sys\n",
}
MISSING = "ValueError: Missing staticfiles manifest entry for 'site.css'"
PRISMA = {
    **HEALTHY,
    "requirements.txt": "fastapi\nuvicorn\nprisma\n",
    "main.py": f"from prisma import Prisma\n\ndb = Prisma()\n{MAIN}",
    "schema.prisma": 'generator client {\n  provider = "prisma-client-py"\n}\n',
}


def of_shop(**changes: str) -> list[Fault]:
    """Return the faults of the shop, with other contents of `views`, `urls`, `settings` …"""
    found = {path: changes.get(path.rpartition("/")[2].partition(".")[0], text) for path, text in SHOP.items()}
    return faults(found)


def test_a_page_whose_static_files_nobody_collects() -> None:
    [fault] = of_shop()
    assert (fault.code, fault.stage, fault.confidence, fault.message) == ("static-not-collected", "health", "likely", MISSING)
    assert (fault.place.path, fault.place.line) == ("shop/templates/base.html", 2)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("urls", "views"),
    [
        (
            "from django.urls import path\nfrom django.views.generic import TemplateView\n\n"
            "urlpatterns = [path('health', TemplateView.as_view(template_name='home.html'))]\n",
            "",
        ),
        (
            "from django.urls import path\n\nfrom . import views\n\nurlpatterns = [path('health', views.Home.as_view())]\n",
            "from django.views.generic import TemplateView\n\n\nclass Home(TemplateView):\n    template_name = 'home.html'\n",
        ),
        (
            "from django.urls import path\n\nfrom shop.views import Home\n\nurlpatterns = [path('health', Home.as_view())]\n",
            "from django.views.generic import TemplateView\n\n\nclass Home(TemplateView):\n    template_name = 'home.html'\n",
        ),
    ],
)
def test_views_that_are_classes(urls: str, views: str) -> None:
    assert [fault.message for fault in of_shop(urls=urls, views=views)] == [MISSING]


@pytest.mark.parametrize(
    "more",
    [
        {"Dockerfile": FILES["Dockerfile"].replace("CMD", "RUN python manage.py collectstatic --noinput\nCMD")},
        {"start.sh": "python manage.py collectstatic --noinput && exec gunicorn shop.wsgi\n"},
        {"staticfiles/staticfiles.json": "{}"},
        {"shop/settings.py": SHOP["shop/settings.py"].replace("CompressedManifest", "Compressed")},
        {"shop/settings.py": SHOP["shop/settings.py"].replace("DEBUG = False", "DEBUG = True")},
        {"shop/templates/base.html": "<p>no file</p>\n"},
        {"shop/views.py": SHOP["shop/views.py"].replace("    return", "    if request.GET:\n        return None\n    return")},
        {"fly.toml": FLY, "shop/urls.py": SHOP["shop/urls.py"].replace("'health'", "'shop/'")},
    ],
)
def test_nothing_is_missing_or_nothing_shows_it(more: dict[str, str]) -> None:
    assert [fault for fault in faults({**SHOP, **more}) if fault.code == "static-not-collected"] == []


def test_without_a_check_the_front_page_counts() -> None:
    files = {**SHOP, "fly.toml": FLY, "shop/urls.py": SHOP["shop/urls.py"].replace("'health'", "''")}
    assert [fault.message for fault in faults(files)] == [MISSING]


def test_a_client_that_nobody_generates() -> None:
    [fault] = faults(PRISMA)
    assert (fault.code, fault.confidence) == ("client-not-generated", "likely")
    assert fault.message.startswith("RuntimeError: The Client hasn't been generated yet")


@pytest.mark.parametrize(
    "more",
    [
        {"Dockerfile": HEALTHY["Dockerfile"].replace("CMD", "RUN prisma generate\nCMD")},
        {"build.sh": "pip install -r requirements.txt\nprisma db push\n"},
        {"main.py": f"import prisma\n{MAIN}"},
        {"main.py": f"try:\n    from prisma import Prisma\nexcept Exception:\n    Prisma = None\n{MAIN}"},
    ],
)
def test_a_client_that_is_generated_or_not_needed(more: dict[str, str]) -> None:
    assert faults({**PRISMA, **more}) == []


def test_a_comment_runs_nothing() -> None:
    text = HEALTHY["Dockerfile"].replace("CMD", "# RUN prisma generate\nCMD")
    assert [fault.code for fault in faults({**PRISMA, "Dockerfile": text})] == ["client-not-generated"]
