from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_urls import urls
from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, MAIN, check_noop, check_transformed, only, planned, text

NAME = "add-health-endpoint"
CHECK = FLY + "\n  [[http_service.checks]]\n    interval = '10s'\n    path = '{}'\n"
SERVED = DOCKERFILE[: DOCKERFILE.index("CMD")] + 'CMD ["gunicorn", "-b", "0.0.0.0:8080", "main:app"]\n'
FASTAPI = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def index():
    return {"hello": "world"}  # for everybody
"""
HEALTH = '\n\n@app.get("/health")\nasync def health():\n    return {"status": "ok"}\n'
FLASK = """\
from flask import Flask, jsonify

app = Flask(__name__)

@app.route('/')
def index():
    return 'hello'

if __name__ == '__main__':
    app.run()
"""
VIEW = "\n@app.route('/health')\ndef health():\n    return jsonify({'status': 'ok'})\n"
FACTORY = """\
from flask import Blueprint, Flask

api = Blueprint("api", __name__)


@api.get("/items")
def items():
    return []


def register(app):
    app.register_blueprint(api, url_prefix="/api")


def create_app():
    app = Flask(__name__)
    register(app)
    return app


app = create_app()
"""
STARLETTE = """\
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def index(request):
    return PlainTextResponse("hello")


routes = [
    Route("/", index),
]
app = Starlette(routes=routes)
"""
PLAIN = '\n\nasync def health(request):\n    return PlainTextResponse("ok")\n'


def files(code: str, path: str = "/health", **more: str) -> dict[str, str]:
    flask = "flask" in code
    named = "flask\ngunicorn\n" if flask else "fastapi\nstarlette\nuvicorn\nlitestar\n"
    found = {
        **HEALTHY,
        "fly.toml": CHECK.format(path),
        "main.py": code,
        "requirements.txt": f"{named}sqlalchemy[asyncio]\nasyncpg\n",
    }
    return {**found, **({"Dockerfile": SERVED} if flask else {}), **{f"{name}.py": source for name, source in more.items()}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FASTAPI, FASTAPI + HEALTH),
        (MAIN, MAIN + HEALTH),
        (FASTAPI.replace("async ", ""), (FASTAPI + HEALTH).replace("async ", "")),
        (FASTAPI.replace('"', "'"), (FASTAPI + HEALTH).replace('"', "'")),
        (
            FASTAPI.replace("index():", "index() -> dict[str, str]:"),
            (FASTAPI + HEALTH).replace("():\n", "() -> dict[str, str]:\n"),
        ),
        (
            MAIN + 'from routers import router\n\napp.include_router(router)\nname = "demo"\n',
            MAIN + f'from routers import router\n\napp.include_router(router)\n{HEALTH}\n\nname = "demo"\n',
        ),
        (FLASK, FLASK.replace("\nif", f"{VIEW}\nif")),
        (
            FLASK.replace("app.route", "app.get").replace(", jsonify", ""),
            FLASK.replace("\nif", f"{VIEW}\nif")
            .replace("app.route", "app.get")
            .replace(", jsonify", "")
            .replace("jsonify({'status': 'ok'})", "{'status': 'ok'}"),
        ),
        (
            FACTORY,
            FACTORY.replace(
                "    return app",
                '\n    @app.route("/health")\n    def health():\n        return {"status": "ok"}\n\n    return app',
            ),
        ),
        (
            STARLETTE,
            STARLETTE.replace("\n\nroutes", f"{PLAIN}\n\nroutes").replace(
                "index),\n]", 'index),\n    Route("/health", health),\n]'
            ),
        ),
    ],
)
def test_a_route_in_the_file_s_own_style(before: str, after: str, tmp_path: Path):
    router = "from fastapi import APIRouter\n\nrouter = APIRouter()\n"
    more = {"routers": router} if "routers" in before else {}
    check_transformed(NAME, files(before, **more), {"main.py": after}, unsafe=True)
    sources = {f"{name}.py": source for name, source in more.items()}
    assert answers(tmp_path, {"main.py": before, **sources}, "main:app", "/health") == [404]
    assert answers(tmp_path, {"main.py": after}, "main:app", "/health") == [200]


def test_litestar():
    code = "from litestar import Litestar, get\n\n\n@get('/')\nasync def index() -> str:\n    return ''\n\n\n"
    made = "app = Litestar(route_handlers=[index])\n"
    new = "@get('/health')\nasync def health() -> dict[str, str]:\n    return {'status': 'ok'}\n\n\n"
    check_transformed(NAME, files(code + made), {"main.py": code + new + made.replace("index]", "index, health]")}, unsafe=True)


@pytest.mark.parametrize(
    ("asked", "served"), [("/healthz", "/healthz"), ("/api/health", "/api/health"), ("/api/up?x=1", "/api/up")]
)
def test_the_path_that_is_asked_for_is_answered(asked: str, served: str):
    check_transformed(NAME, files(MAIN, asked), {"main.py": MAIN + HEALTH.replace("/health", served)}, unsafe=True)


def test_a_path_that_is_no_health_check_is_not_made_one():
    after = {"main.py": MAIN + HEALTH, "fly.toml": CHECK.format("/health")}
    check_transformed(NAME, files(MAIN, "/"), after, unsafe=True)


def test_the_name_is_free_for_the_function_and_for_flask_s_endpoint():
    code = FASTAPI.replace("index", "health")
    check_transformed(NAME, files(code), {"main.py": code + HEALTH.replace("def health", "def health_check")}, unsafe=True)
    pages = "from flask import Flask, jsonify\nfrom views import health as page\n"
    code = FLASK.replace("from flask import Flask, jsonify\n", pages).replace(
        "\nif", "\napp.add_url_rule('/page', view_func=page)\n\nif"
    )
    made = planned(files(code, views="def health():\n    return 'ok'\n"), NAME, unsafe=True)
    assert "def health_check():" in made.tree.text("main.py")


# --- a database


ENGINE = "from sqlalchemy import create_engine\n\nengine = create_engine('sqlite://')\n"
READY = text(
    """
    @app.get("/health/ready")
    def ready():
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        return {"status": "ok", "region": os.getenv("FLY_REGION", ""), "version": os.getenv("FLY_IMAGE_REF", "")}
    """
)


def test_where_an_engine_is_at_hand_another_route_asks_the_database():
    code = FASTAPI.replace("app =", "from db import engine\n\napp =")
    check_transformed(NAME, files(code, db=ENGINE), {"main.py": f"import os\n\n{code}{HEALTH}\n\n{READY}"}, unsafe=True)
    code = code.replace("from fastapi", "import os\n\nfrom fastapi")
    check_transformed(NAME, files(code, db=ENGINE), {"main.py": f"{code}{HEALTH}\n\n{READY}"}, unsafe=True)


def test_an_engine_of_asyncio():
    code = FASTAPI.replace("app =", "from db import engine as db\n\napp =").replace(
        "from fastapi", "from os import getenv\nfrom fastapi"
    )
    ready = (
        READY.replace("with engine", "async with db")
        .replace("def ready", "async def ready")
        .replace("connection.exec", "await connection.exec")
    )
    made = ENGINE.replace("sqlalchemy", "sqlalchemy.ext.asyncio").replace("create_engine", "create_async_engine")
    made = made.replace("sqlite://", "postgresql+asyncpg://db/demo")
    after = f"{code}{HEALTH}\n\n{ready.replace('os.getenv', 'getenv')}"
    check_transformed(NAME, files(code, db=made), {"main.py": after}, unsafe=True)


def test_on_render_the_version_is_the_commit():
    blueprint = "services:\n  - type: web\n    name: api\n    runtime: docker\n    healthCheckPath: /health\n"
    before = files(FASTAPI.replace("app =", "from db import engine\n\napp ="), db=ENGINE)
    del before["fly.toml"]
    made = planned({**before, "render.yaml": blueprint}, NAME, unsafe=True)
    assert '{"status": "ok", "version": os.getenv("RENDER_GIT_COMMIT", "")}' in made.tree.text("main.py")


# --- where nothing is written


@pytest.mark.parametrize(
    "code",
    [
        FASTAPI + HEALTH,
        FASTAPI + "\n\napp.mount('/x', app)\n",
        FASTAPI + "\n\n@app.get('/{page}')\nasync def page(page: str):\n    return page\n",
    ],
)
def test_a_path_that_is_answered_or_may_be(code: str):
    assert not check_noop(NAME, files(code)).dropped


def test_an_existing_health_check_wins():
    before = files(FASTAPI + HEALTH, "/up")
    assert reasons(NAME, before) == {"the app has a health check: /health"}
    made = planned(before, unsafe=True)
    assert [step.codemod for step in made.steps] == ["align-health-path"]


def test_a_path_that_takes_another_method():
    assert reasons(NAME, files(FASTAPI + HEALTH.replace("get", "post"))) == {
        "the path is there: it is asked for in another way than it answers"
    }


@pytest.mark.parametrize(
    "code",
    [STARLETTE.replace("PlainTextResponse", "StreamingResponse"), FASTAPI.replace("app =", "app: object =  FastAPI(); x =")],
)
def test_an_app_that_is_made_otherwise(code: str):
    assert reasons(NAME, files(code))


def test_nothing_is_done_unasked():
    before = files(FASTAPI)
    assert [fault.confidence for fault in only(before).faults] == ["certain"]
    cautious = planned(before, NAME)
    assert not cautious.tree.changes()
    assert [dropped.suggestion for dropped in cautious.dropped] == [True]


# --- Django

URLS = """\
\"\"\"The shop.\"\"\"

from django.contrib import admin
from django.urls import include, path

# the pages
urlpatterns = [
    path('admin/', admin.site.urls),  # staff
    path('<slug:page>/', include('shop.pages')),
]
"""
ROUTED = URLS.replace(
    "from django.urls import include, path\n\n",
    "from django.http import JsonResponse\nfrom django.urls import include, path\n\n\n"
    "def health(request):\n    return JsonResponse({'status': 'ok'})\n\n\n",
).replace("patterns = [\n", "patterns = [\n    path('health', health),\n")


def django(code: str) -> dict[str, str]:
    more = {"shop/pages.py": "from django.urls import path\n\nurlpatterns = []\n"}
    return {**urls(""), **more, "shop/urls.py": code}


def test_a_view_of_django_comes_before_all_others():
    check_transformed(NAME, django(URLS), {"shop/urls.py": ROUTED}, unsafe=True)


def test_it_answers(tmp_path: Path):
    plain = URLS.replace("    path('admin/', admin.site.urls),  # staff\n", "")
    made = planned(django(plain), NAME, unsafe=True)
    files = {**django(plain), "shop/urls.py": made.tree.text("shop/urls.py")}
    assert answers(tmp_path, {p: t for p, t in files.items() if p.endswith(".py")}, "shop.wsgi:application", "/health") == [200]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from django.http import HttpResponse\nfrom django.urls import (\n    include,\n    path,\n)\n\n\n"
            'urlpatterns = [path("status/", lambda request: HttpResponse("up"))]\n',
            "from django.http import HttpResponse\nfrom django.urls import (\n    include,\n    path,\n)\n\n\n"
            'def health(request):\n    return HttpResponse("ok")\n\n\n'
            'urlpatterns = [path("health", health), path("status/", lambda request: HttpResponse("up"))]\n',
        ),
        (
            "from django.urls import re_path\nfrom shop import views\nurlpatterns = [re_path('^shop/$', views.shop)]\n",
            "from django.http import JsonResponse\nfrom django.urls import path, re_path\nfrom shop import views\n\n\n"
            "def health(request):\n    return JsonResponse({'status': 'ok'})\n\n\n"
            "urlpatterns = [path('health', health), re_path('^shop/$', views.shop)]\n",
        ),
    ],
)
def test_what_the_file_has_is_used(before: str, after: str):
    more = {"shop/views.py": "def shop(request):\n    pass\n"}
    check_transformed(NAME, {**django(before), **more}, {"shop/urls.py": after}, unsafe=True)


def test_routes_that_are_made_in_another_way_are_left():
    code = "from django.urls import path\n\nurlpatterns = []\nurlpatterns += [path('status', print)]\n"
    assert reasons(NAME, django(code)) == {"shop/urls.py lists its routes in another way"}
