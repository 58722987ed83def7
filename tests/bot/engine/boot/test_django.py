"""Django, followed through the names in its settings."""

from __future__ import annotations

import pytest

from bot.engine.model.findings import Fault
from tests.tools import FLY, faults

DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["gunicorn", "site.wsgi:application", "--bind", "0.0.0.0:8080"]
""".replace("site", "shop")
WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()
"""
MANAGE = """\
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise ImportError("no Django") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
"""
SETTINGS = """\
INSTALLED_APPS = [
    "django.contrib.auth",
    "rest_framework",
    "cart",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "shop.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
"""
URLS = "from django.urls import include, path\n\nurlpatterns = [path('cart/', include('cart.urls'))]\n"
FILES = {
    "fly.toml": FLY,
    "Dockerfile": DOCKERFILE,
    "requirements.txt": "django\ndjangorestframework\ngunicorn\n",
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/wsgi.py": WSGI,
    "shop/settings.py": SETTINGS,
    "shop/urls.py": URLS,
    "cart/__init__.py": "",
    "cart/apps.py": "from django.apps import AppConfig\n\n\nclass CartConfig(AppConfig):\n    name = 'cart'\n",
    "cart/models.py": "from django.db import models\n",
    "cart/urls.py": "from cart import views\n\nurlpatterns = []\n",
    "cart/views.py": "",
}
MISSING = "ModuleNotFoundError: No module named '{}'"


def found(**more: str) -> list[Fault]:
    return faults({**FILES, **{path.replace("__", "/", 1) + ".py": text for path, text in more.items()}})


def messages(**more: str) -> list[tuple[str, str]]:
    return [(fault.stage, fault.message) for fault in found(**more)]


def setting(old: str, new: str) -> dict[str, str]:
    return {"shop__settings": SETTINGS.replace(old, new)}


def test_a_project_that_is_whole():
    assert found() == []


def test_an_app_that_nothing_installs():
    [fault] = found(**setting('"cart"', '"cart", "channels"'))
    assert (fault.code, fault.stage, fault.message) == ("module-not-found", "boot", MISSING.format("channels"))
    assert (fault.place.path, fault.place.line) == ("shop/settings.py", 4)  # type: ignore[union-attr]
    assert fault.chain == ("shop/wsgi.py:7", "shop/settings.py:4")


@pytest.mark.parametrize(
    "settings",
    [
        'INSTALLED_APPS = ["cart"]\nINSTALLED_APPS += ["channels"]\n',
        'INSTALLED_APPS = ["cart"]\nINSTALLED_APPS.append("channels")\n',
        'OWN = ["cart"]\nOTHERS = ("channels",)\nINSTALLED_APPS = OWN + list(OTHERS)\n',
        'INSTALLED_APPS = ["cart", *["channels"]]\n',
        'DEBUG = False\nINSTALLED_APPS = ["cart"]\nif not DEBUG:\n    INSTALLED_APPS += ["channels"]\n',
        'INSTALLED_APPS: list[str] = ["channels.apps.ChannelsConfig"]\n',
    ],
)
def test_a_list_that_is_put_together(settings: str):
    assert messages(shop__settings=settings) == [("boot", MISSING.format("channels"))]


@pytest.mark.parametrize(
    "settings",
    [
        'import os\nINSTALLED_APPS = ["cart"]\nif os.environ.get("DEBUG") == "1":\n    INSTALLED_APPS += ["nobody"]\n',
        'INSTALLED_APPS = ["nobody"]\nINSTALLED_APPS = ["cart"]\n',
        'INSTALLED_APPS = env.list("APPS", ["nobody"])\n',
        'INSTALLED_APPS = ["cart"]\ndef more():\n    INSTALLED_APPS.append("nobody")\n',
        'INSTALLED_APPS = ["cart.apps.CartConfig", "rest_framework.authtoken"]\n',
    ],
)
@pytest.mark.usefixtures("names_given")
def test_an_app_that_may_not_count_is_not_missed(settings: str):
    assert messages(shop__settings=settings) == []


def test_settings_in_several_files():
    more = {
        "shop/settings/__init__.py": "",
        "shop/settings/base.py": SETTINGS.replace('"cart"', '"cart", "channels"'),
        "shop/settings/production.py": "from .base import *\n\nINSTALLED_APPS += ['storages']\n",
        "shop/wsgi.py": WSGI.replace("shop.settings", "shop.settings.production"),
    }
    files = {path: text for path, text in {**FILES, **more}.items() if path != "shop/settings.py"}
    listed = [(fault.message, fault.place.path) for fault in faults(files)]  # type: ignore[union-attr]
    assert listed == [
        (MISSING.format("channels"), "shop/settings/base.py"),
        (MISSING.format("storages"), "shop/settings/production.py"),
    ]


def test_the_environment_names_the_settings():
    files = {**FILES, "fly.toml": FLY + '\n[env]\n  DJANGO_SETTINGS_MODULE = "shop.other"\n'}
    assert [fault.message for fault in faults(files)] == [MISSING.format("shop.other")]


def test_the_models_of_an_app():
    assert messages(cart__models="import channels\n") == [("boot", MISSING.format("channels"))]


def test_the_middleware():
    more = setting(
        '["django.middleware', '["whitenoise.middleware.WhiteNoiseMiddleware", "cart.gone.Middleware", "django.middleware'
    )
    assert messages(**more) == [("boot", MISSING.format("whitenoise")), ("boot", MISSING.format("cart.gone"))]


def test_urls_are_read_with_the_first_request():
    assert messages(cart__views="import pandas\n") == [("health", MISSING.format("pandas"))]
    assert messages(**setting("shop.urls", "shop.gone")) == [("health", MISSING.format("shop.gone"))]


@pytest.mark.parametrize(("command", "stages"), [("runserver", ["boot"]), ("migrate", ["boot"]), ("collectstatic", [])])
def test_some_commands_read_the_urls_before(command: str, stages: list[str]):
    line = f'CMD ["python", "manage.py", "{command}", "0.0.0.0:8080"]'
    files = {**FILES, "Dockerfile": DOCKERFILE.rpartition("CMD")[0] + line + "\n", "cart/views.py": "import pandas\n"}
    assert [fault.stage for fault in faults(files)] == stages


def test_a_command_imports_the_apps():
    line = 'CMD ["python", "manage.py", "runserver", "0.0.0.0:8080"]'
    more = setting('"cart"', '"cart", "channels"')
    files = {**FILES, "Dockerfile": DOCKERFILE.rpartition("CMD")[0] + line + "\n", "shop/settings.py": more["shop__settings"]}
    assert [fault.message for fault in faults(files)] == [MISSING.format("channels")]


@pytest.mark.parametrize(
    ("engine", "requirement", "message"),
    [
        ("postgresql", "psycopg2-binary", "Error loading psycopg2 or psycopg module"),
        ("postgresql", "psycopg[binary]", "Error loading psycopg2 or psycopg module"),
        ("mysql", "mysqlclient", "Error loading MySQLdb module."),
    ],
)
def test_the_driver_of_the_database(engine: str, requirement: str, message: str):
    files = {**FILES, "shop/settings.py": SETTINGS.replace("sqlite3", engine)}
    [fault] = faults(files)
    assert (fault.code, fault.stage) == ("optional-package-missing", "boot")
    assert fault.message == f"django.core.exceptions.ImproperlyConfigured: {message}"
    more = f"{files['requirements.txt']}{requirement}\n"
    gcc = DOCKERFILE.replace(
        "COPY req", "RUN apt-get update && apt-get install -y gcc pkg-config default-libmysqlclient-dev\nCOPY req"
    )
    assert faults({**files, "requirements.txt": more, "Dockerfile": gcc}) == []
