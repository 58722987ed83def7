from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_views import LOGIN, shop
from tests.codemods import reasons
from tests.tools import DOCKERFILE, FLY, HEALTHY, check_noop, check_transformed, planned

NAME = "align-health-path"
PLAIN = LOGIN.replace(", 'django.contrib.auth.middleware.LoginRequiredMiddleware'", "")
CHECK = FLY + "\n  [[http_service.checks]]\n    interval = '10s'\n    path = '{}'  # asked every ten seconds\n"
TOP = FLY + '\n[checks.alive]\n  type = "http"\n  port = 8080\n  path = "{}"\n'
BLUEPRINT = """\
services:
  - type: web
    name: api
    runtime: docker
    healthCheckPath: {}  # asked every ten seconds
"""


def app(*paths: str) -> str:
    routes = (path if "@" in path else f'@app.get("{path}")' for path in paths)
    return "from fastapi import FastAPI\n\napp = FastAPI()\n" + "".join(
        f"\n\n{route}\ndef f{at}():\n    return 1\n" for at, route in enumerate(routes)
    )


def asking(path: str, *paths: str, config: str = CHECK) -> dict[str, str]:
    return {**HEALTHY, "fly.toml": config.replace("{}", path), "main.py": app(*paths)}


@pytest.mark.parametrize("config", [CHECK, TOP])
@pytest.mark.parametrize(
    ("asked", "served", "after"),
    [
        ("/up", ["/", "/health"], "/health"),
        ("/", ["/health"], "/health"),
        ("/health", ["/healthz", "/items"], "/healthz"),
        ("/health", ["/api/health", "/ping", "/healthz"], "/api/health"),
        ("/healthz", ["/api/v1/health", "/ping"], "/api/v1/health"),
        ("/health", ["/ping", "/jobs/status"], "/ping"),
        ("/health", ["/health/live"], "/health/live"),
        ("/health", ["/health/"], "/health/"),
        ("/api/health/", ["/api/health", "/health"], "/api/health"),
        ("/api/health", ["/Health"], "/Health"),
        ("/health?full=1", ["/healthcheck"], "/healthcheck"),
    ],
)
def test_the_one_health_check_is_asked_for(config: str, asked: str, served: list[str], after: str):
    before = asking(asked, *served, config=config)
    check_transformed(NAME, before, {"fly.toml": config.replace("{}", after)})


@pytest.mark.parametrize(
    ("asked", "served", "after"),
    [
        ("/up", ["/"], "/"),
        ("/up", ["/health", "/api/healthz"], "/health"),
        ("/up", ["/chat/health", "/"], "/chat/health"),
        ("/up", ["/ping", "/api/ready"], "/ping"),
    ],
)
def test_one_of_several_or_the_front_page_is_a_suggestion(asked: str, served: list[str], after: str):
    before = asking(asked, *served)
    check_transformed(NAME, before, {"fly.toml": CHECK.replace("{}", after)}, unsafe=True)
    cautious = planned(before, NAME)
    assert not cautious.tree.changes()
    assert [dropped.suggestion for dropped in cautious.dropped] == [True]


@pytest.mark.parametrize(
    ("check", "after"),
    [
        ("[[http_service.checks]]\n  interval = '5s'\n", "[[http_service.checks]]\n  path = '/health'\n  interval = '5s'\n"),
        ("[[http_service.checks]]\n", '[[http_service.checks]]\n  path = "/health"\n'),
        ("[checks.a]\n\ttype = 'http'\n", "[checks.a]\n\tpath = '/health'\n\ttype = 'http'\n"),
        ("checks = [{ path = '/up' }]\n", "checks = [{ path = '/health' }]\n"),
        (
            "[[http_service.checks]]\n  path = '/up'\n[[http_service.checks]]\n  interval = '5s'\n"
            "[checks.a]\n  type = 'http'\n  path = '/'\n",
            "[[http_service.checks]]\n  path = '/health'\n[[http_service.checks]]\n  path = '/health'\n  interval = '5s'\n"
            "[checks.a]\n  type = 'http'\n  path = '/health'\n",
        ),
    ],
)
def test_every_form_of_a_check_and_all_that_fail_together(check: str, after: str):
    head = "[http_service]\n"
    before = {**asking("/", "/health"), "fly.toml": head + check}
    check_transformed(NAME, before, {"fly.toml": head + after})


def test_the_checks_of_a_service_of_the_old_form():
    services = "[[services]]\n  internal_port = 8080\n  [[services.http_checks]]\n    path = '{}'\n"
    check_transformed(NAME, asking("/up", "/health", config=services), {"fly.toml": services.replace("{}", "/health")})


@pytest.mark.parametrize(("written", "after"), [("'HEAD'", "'GET'"), ('"post"', '"get"')])
def test_a_method_that_the_path_does_not_take(written: str, after: str):
    config = CHECK + "    method = {}\n"
    before = asking("/health", "/health", config=config.replace("= {}", f"= {written}"))
    check_transformed(NAME, before, {"fly.toml": before["fly.toml"].replace(written, after)})


def test_flask_with_a_blueprint():
    code = (
        "from flask import Blueprint, Flask\n\napi = Blueprint('api', __name__)\n\n\n@api.route('/health')\ndef health():\n"
        "    return 'ok'\n\n\napp = Flask(__name__)\napp.register_blueprint(api, url_prefix='/api')\n"
    )
    dockerfile = DOCKERFILE[: DOCKERFILE.index("CMD")] + 'CMD ["gunicorn", "-b", "0.0.0.0:8080", "main:app"]\n'
    files = {**asking("/health"), "main.py": code, "Dockerfile": dockerfile, "requirements.txt": "flask\ngunicorn\n"}
    check_transformed(NAME, files, {"fly.toml": CHECK.replace("{}", "/api/health")})


def test_render_takes_it_from_the_blueprint():
    files = {path: text for path, text in asking("", "/health").items() if path != "fly.toml"}
    before = {**files, "render.yaml": BLUEPRINT.format("/up")}
    check_transformed(NAME, before, {"render.yaml": BLUEPRINT.format("/health")})


@pytest.mark.parametrize(
    "files",
    [
        asking("/health", "/health"),
        asking("/docs", "/health"),
        asking("/items/1", "/items/{id}"),
        {**asking("/up", "/health"), "main.py": app("/health") + "\napp.mount('/x', app)\n"},
        asking("/health", "/healthz", config=FLY),
    ],
)
def test_a_path_that_is_served_or_not_known_is_left_alone(files: dict[str, str]):
    assert not check_noop(NAME, files).dropped


@pytest.mark.parametrize(
    "served",
    [
        [],
        ["/items", "/streams/live"],
        ["/{kind}/health"],
        ["@app.post('/health')"],
        ["@app.get('/health', dependencies=[Depends(get_current_user)])"],
    ],
)
def test_without_a_route_that_answers_nothing_is_guessed(served: list[str]):
    files = asking("/up", *served)
    files["main.py"] = files["main.py"].replace(
        "import FastAPI\n", "import Depends, FastAPI\n\n\ndef get_current_user(): ...\n"
    )
    assert reasons(NAME, files) == {"the app answers no path that is clearly its health check"}


def test_a_route_that_redirects_or_wants_a_user_is_no_answer():
    code = "from fastapi import Depends, FastAPI\nfrom fastapi.responses import RedirectResponse\n\napp = FastAPI()\n\n\n"
    code += "def user(): ...\n\n\n@app.get('/')\ndef home():\n    return RedirectResponse('/docs')\n\n\n"
    code += "@app.get('/health')\ndef health(who=Depends(user)):\n    return who\n"
    found = reasons(NAME, {**asking("/up"), "main.py": code})
    assert found == {"the app answers no path that is clearly its health check"}


def test_a_check_in_braces_without_a_path_is_left_alone():
    config = "[http_service]\nchecks = [{ interval = '5s' }]\n"
    assert reasons(NAME, asking("", "/health", config=config)) == {"the check is not a table of its own"}


def test_a_config_in_json_is_not_edited():
    files = {path: text for path, text in asking("", "/health").items() if path != "fly.toml"}
    files["fly.json"] = '{"app": "demo", "http_service": {"internal_port": 8080, "checks": [{"path": "/up"}]}}'
    assert reasons(NAME, files) == {"only TOML is edited"}


SLASHED = shop("path('health/', views.health), path('', views.Health.as_view())", settings=PLAIN)


@pytest.mark.parametrize(
    "urls",
    [
        "path('health/', views.health), path('', views.Health.as_view())",
        "path('health/', views.Health.as_view())",
        "path('items/', views.health), re_path(r'^health/$', lambda request: views.HttpResponse('ok'))",
    ],
)
def test_the_slash_that_django_appends(urls: str, tmp_path: Path):
    before = shop(urls, settings=PLAIN)
    assert answers(tmp_path, before, "shop.wsgi:application", "/health") == [301]
    assert answers(tmp_path, before, "shop.wsgi:application", "/health/") == [200]
    check_transformed(NAME, before, {"fly.toml": before["fly.toml"].replace('"/health"', '"/health/"')})


@pytest.mark.parametrize(
    "before",
    [
        shop("path('health', views.health), path('health/', views.health)", settings=PLAIN),
        shop("path('<slug:name>', views.health), path('health/', views.health)", settings=PLAIN),
        shop("path('health/', views.health)", settings=PLAIN.replace("django.middleware.common.", "shop.own.")),
    ],
)
def test_a_path_that_django_does_not_redirect(before: dict[str, str]):
    check_noop(NAME, before)


def test_the_slash_that_flask_wants(tmp_path: Path):
    code = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route('/health/')\ndef health():\n    return 'ok'\n"
    before = {**HEALTHY, "requirements.txt": "flask\ngunicorn\n", "fly.toml": CHECK.replace("{}", "/health"), "main.py": code}
    before["Dockerfile"] = DOCKERFILE.partition("CMD")[0] + "CMD gunicorn main:app --bind 0.0.0.0:8080\n"
    assert answers(tmp_path, before, "main:app", "/health") == [308]
    check_transformed(NAME, before, {"fly.toml": CHECK.replace("{}", "/health/")})


def test_render_follows_the_slash():
    there = {**SLASHED, "render.yaml": BLUEPRINT.replace("{}", "/health")}
    del there["fly.toml"]
    check_noop(NAME, there)
