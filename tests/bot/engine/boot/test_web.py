import pytest

from bot.engine.boot import web
from tests.bot.engine.boot.tools import boot
from tests.tools import FLY, HEALTHY, only

pytestmark = pytest.mark.usefixtures("names_given")

API = "from fastapi import APIRouter, FastAPI\n"
SITE = "from flask import Blueprint, Flask\n"
CHECK = '\n  [[http_service.checks]]\n    method = "{}"\n    path = "{}"\n'


def routes(code: str, files=None) -> web.Routes | None:
    dockerfile = "COPY . .\nRUN pip install fastapi flask uvicorn starlette litestar flask-cors flask-restx\n"
    started = boot({"main.py": code, **(files or {})}, ("uvicorn", "main:app"), dockerfile=dockerfile).started
    assert started is not None
    assert started.app is not None
    return web.routes(started.walk, *started.app)


def status(code: str, path: str, method: str = "GET", files=None) -> int | None:
    found = routes(code, files)
    assert found is not None
    return found.status(path, method)


def checked(path: str, code: str, method: str = "GET", **more) -> list[tuple[str, str]]:
    """Return the faults of a healthy app whose config checks a path: code and certainty."""
    files = {**HEALTHY, "fly.toml": FLY + CHECK.format(method, path), "main.py": code, **more}
    return [(fault.code, fault.confidence) for fault in only(files).faults]


# --- what a path is answered with


@pytest.mark.parametrize(
    ("code", "path", "wanted"),
    [
        ("app = FastAPI()\n@app.get('/ok')\ndef ok(): ...", "/ok", None),
        ("app = FastAPI()\n@app.get('/ok')\ndef ok(): ...", "/ok?deep=1", None),
        ("app = FastAPI()\n@app.get('/ok')\ndef ok(): ...", "/", 404),
        ("app = FastAPI()\n@app.get('/ok')\ndef ok(): ...", "/ok/", 307),
        ("app = FastAPI()\n@app.get('/ok/')\ndef ok(): ...", "/ok", 307),
        ("app = FastAPI()\n@app.post('/ok')\ndef ok(): ...", "/ok", 405),
        ("app = FastAPI()\n@app.get('/items/{item}')\ndef ok(): ...", "/items/1", None),
        ("app = FastAPI()\n@app.get('/items/{item}')\ndef ok(): ...", "/items/1/2", 404),
        ("app = FastAPI()\n@app.get('/{rest:path}')\ndef ok(): ...", "/any/thing", None),
        ("app = FastAPI()", "/docs", None),
        ("app = FastAPI(docs_url='/here')", "/docs", 404),
        ("app = FastAPI()\nr = APIRouter(prefix='/v1')\n@r.get('/ok')\ndef ok(): ...\napp.include_router(r)", "/v1/ok", None),
        ("app = FastAPI()\nr = APIRouter()\n@r.get('/ok')\ndef ok(): ...\napp.include_router(r, prefix='/api')", "/ok", 404),
        (
            "app = FastAPI()\nr = APIRouter()\n@r.get('/ok')\ndef ok(): ...\napp.include_router(r, prefix='/api')",
            "/api/ok",
            None,
        ),
        ("app = FastAPI()\n@app.api_route('/ok', methods=['POST'])\ndef ok(): ...", "/ok", 405),
        ("app = FastAPI()\n@app.websocket('/ok')\ndef ok(): ...", "/ok", 404),
    ],
)
def test_fastapi_answers(code, path, wanted):
    assert status(API + code, path) == wanted


@pytest.mark.parametrize(
    ("code", "path", "method", "wanted"),
    [
        ("app = Flask(__name__)\n@app.route('/ok')\ndef ok(): ...", "/ok", "GET", None),
        ("app = Flask(__name__)\n@app.route('/ok')\ndef ok(): ...", "/ok", "HEAD", None),
        ("app = Flask(__name__)\n@app.route('/ok')\ndef ok(): ...", "/ok", "POST", 405),
        ("app = Flask(__name__)\n@app.route('/ok')\ndef ok(): ...", "/ok/", "GET", 404),
        ("app = Flask(__name__)\n@app.route('/ok/')\ndef ok(): ...", "/ok", "GET", 308),
        ("app = Flask(__name__)\n@app.post('/ok')\ndef ok(): ...", "/ok", "GET", 405),
        ("app = Flask(__name__)", "/static/x.css", "GET", None),
        ("app = Flask(__name__)\n@app.route('/<int:item>')\ndef ok(item): ...", "/7", "GET", None),
        (
            "app = Flask(__name__)\nb = Blueprint('b', __name__, url_prefix='/b')\n@b.route('/ok')\ndef ok(): ...\n"
            "app.register_blueprint(b)",
            "/b/ok",
            "GET",
            None,
        ),
    ],
)
def test_flask_answers(code, path, method, wanted):
    assert status(SITE + code, path, method) == wanted


def test_a_router_of_another_module_is_followed():
    files = {"api/__init__.py": "", "api/users.py": f"{API}router = APIRouter()\n@router.get('/me')\ndef me(): ...\n"}
    for imported, named in (("from api import users", "users.router"), ("from api.users import router as r", "r")):
        code = f"{API}{imported}\napp = FastAPI()\napp.include_router({named}, prefix='/users')\n"
        assert status(code, "/users/me", files=files) is None
        assert status(code, "/me", files=files) == 404


MADE = (
    "def register(app):\n    app.register_blueprint(pages, url_prefix='/p')\n\n\ndef create_app():\n    app = Flask(__name__)\n"
)
PAGES = "pages = Blueprint('pages', __name__)\n@pages.get('/ok')\ndef ok(): ...\n"


@pytest.mark.parametrize(
    ("code", "path", "wanted"),
    [
        (f"{PAGES}{MADE}    register(app)\n    return app\napp = create_app()\n", "/p/ok", None),
        (f"{PAGES}{MADE}    register(app)\n    return app\napp = create_app()\n", "/ok", 404),
        (f"{MADE}    @app.route('/ok')\n    def ok(): ...\n    return app\napp = create_app()\n", "/ok", None),
        (f"{MADE}    return app\napp = create_app()\n@app.route('/ok')\ndef ok(): ...\n", "/ok", None),
        (f"{MADE}    return app\napp = create_app()\n", "/ok", 404),
        (
            f"from stub import SQLAlchemy\ndb = SQLAlchemy()\n{MADE}    db.init_app(app)\n    return app\napp = create_app()\n",
            "/ok",
            404,
        ),
        ("from flask_cors import CORS\napp = Flask(__name__)\nCORS(app)\n", "/ok", 404),
        ("app = Flask(__name__)\ndef ok(): ...\napp.add_url_rule('/ok', view_func=ok)\n", "/ok", None),
    ],
)
def test_apps_that_functions_make_or_are_given(code, path, wanted):
    assert status(SITE + code, path, files={"stub.py": "class SQLAlchemy: ...\n"}) == wanted


@pytest.mark.parametrize(
    "more",
    ["    with app.app_context():\n        from flask import current_app\n", "    api.init_app(app)\n", "    unknown(app)\n"],
)
def test_what_a_function_does_with_an_app_may_not_be_followed(more):
    code = f"{SITE}from flask_restx import Api\napi = Api()\n{MADE}{more}    return app\napp = create_app()\n"
    assert status(code, "/nowhere") is None


LISTED = "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\ndef ok(request): ...\n"


@pytest.mark.parametrize(
    ("made", "path", "wanted"),
    [
        ("app = Starlette(routes=[Route('/ok', ok)])", "/ok", None),
        ("app = Starlette(routes=[Route('/ok', ok)])", "/ok/", 307),
        ("app = Starlette(routes=[Route('/ok', ok, methods=['POST'])])", "/ok", 405),
        ("app = Starlette(routes=[Mount('/api', routes=[Route('/ok', ok)])])", "/api/ok", None),
        ("app = Starlette(routes=[Mount('/files', app=ok)])", "/files/any/thing", None),
        ("routes = [Route('/ok', ok)]\napp = Starlette(routes=routes)", "/nowhere", 404),
    ],
)
def test_lists_of_routes(made, path, wanted):
    assert status(LISTED + made + "\n", path) == wanted


LITE = "from litestar import Controller, Litestar, Router, get\n@get('/ok')\nasync def ok() -> str: ...\n"


@pytest.mark.parametrize(
    ("code", "path", "wanted"),
    [
        ("app = Litestar(route_handlers=[ok])", "/ok", None),
        ("app = Litestar([ok])", "/ok/", None),
        ("app = Litestar([ok])", "/", 404),
        ("@get()\ndef root() -> str: ...\napp = Litestar([ok, root])", "/", None),
        ("api = Router(path='/api', route_handlers=[ok])\napp = Litestar(route_handlers=[api])", "/api/ok", None),
        (
            "class N(Controller):\n    path = '/n'\n    @get('/x')\n    async def x(self) -> str: ...\napp = Litestar([N])",
            "/n/x",
            None,
        ),
        ("app = Litestar([ok], path='/v1')", "/nowhere", None),
        ("app = Litestar([make()])", "/nowhere", None),
    ],
)
def test_litestar_answers(code, path, wanted):
    assert status(f"{LITE}{code}\n", path) == wanted


# --- where more may answer


@pytest.mark.parametrize(
    "code",
    [
        "app = FastAPI()\napp.mount('/', files)",
        "app = FastAPI()\napp.add_middleware(Answering)",
        "app = FastAPI()\n@app.middleware('http')\nasync def answer(request, call_next): ...",
        "app = FastAPI()\n@app.exception_handler(404)\nasync def answer(request, error): ...",
        "app = FastAPI()\nsetup(app)",
        "app = FastAPI()\napp.include_router(make_router())",
        "app = FastAPI()\nfor path in paths:\n    app.add_api_route(path, view)",
        "app = FastAPI()\n@app.get(PATH)\ndef ok(): ...",
        "app = FastAPI(routes=make_routes())",
        "routes = []\napp = FastAPI(routes=routes)\nroutes.append(more)",
        "app = FastAPI(**options)",
        "app = FastAPI(root_path='/api')",
        "app = FastAPI(exception_handlers={404: answer})",
        "async def life(server):\n    server.mount('/more', x)\n    yield\napp = FastAPI(lifespan=life)",
        "from json import dumps\napp = FastAPI(lifespan=dumps)",
        "app = FastAPI()\napp.router.routes.append(route)",
        "app = FastAPI()\nif debug:\n    app.get('/ok')(view)",
        "def make(): ...\napp = make()",
    ],
)
def test_what_may_answer_more_makes_it_unknown(code):
    found = routes(API + code)
    assert found is None or found.status("/nowhere", "GET") is None


@pytest.mark.parametrize(
    "code",
    [
        "app.add_middleware(CORSMiddleware)",
        "app.state.ready = True",
        "@app.on_event('startup')\ndef ready(): ...",
        "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run(app)",
    ],
)
def test_what_answers_nothing_leaves_it_known(code):
    assert status(f"{API}app = FastAPI()\n{code}\n", "/nowhere") == 404


def test_a_lifespan_that_adds_no_routes_leaves_it_known():
    code = "async def life(server):\n    server.state.ready = True\n    yield\napp = FastAPI(lifespan=life)\n"
    assert status(API + code, "/nowhere") == 404


def test_a_route_of_many_parameters_takes_no_time():
    code = f"app = FastAPI()\n@app.get('/{'{a}-' * 30}')\ndef ok(): ...\n"
    assert status(API + code, f"/{'a-' * 30}") is None
    assert status(API + code, f"/{'-' * 200}x") == 404


def test_another_module_that_adds_to_the_app_makes_it_unknown():
    files = {"more.py": "from main import app\n@app.get('/more')\ndef more(): ...\n"}
    assert status(f"{API}app = FastAPI()\nimport more\n", "/nowhere", files=files) is None


# --- the health stage


def test_a_checked_path_that_nothing_answers():
    code = f"{API}app = FastAPI()\n@app.get('/health')\ndef health(): ...\n"
    assert checked("/health", code) == []
    assert checked("/healthz", code) == [("health-path", "certain")]
    assert checked("/health/", code) == [("health-path", "certain")]
    assert checked("/health", code, "POST") == [("health-path", "certain")]


def test_a_checked_path_of_an_app_that_is_not_known_is_no_fault():
    code = f"{API}app = FastAPI()\nsetup(app)\n"
    report = only({**HEALTHY, "fly.toml": FLY + CHECK.format("GET", "/nowhere"), "main.py": code})
    assert report.faults == ()
    assert any(unknown.reason.startswith("the routes are not all known") for unknown in report.unknowns)


def test_a_prefix_that_the_server_is_told_makes_paths_unknown():
    dockerfile = HEALTHY["Dockerfile"].replace('"main:app"', '"main:app", "--root-path", "/api"')
    assert checked("/api/nowhere", f"{API}app = FastAPI()\n", Dockerfile=dockerfile) == []


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("gunicorn main:app", [("loopback-only", "likely")]),
        ("gunicorn main:app -b 127.0.0.1:8080", [("loopback-only", "certain")]),
        ("fastapi run main.py", [("port-mismatch", "likely")]),
        ("fastapi run main.py --port 8000", [("port-mismatch", "certain")]),
    ],
)
def test_a_secret_may_be_the_port_of_those_that_mind_it(command, wanted):
    requirements = {"requirements.txt": "fastapi[standard]\ngunicorn\n"}
    dockerfile = HEALTHY["Dockerfile"].partition("CMD")[0] + f"CMD {command}\n"
    found = only({**HEALTHY, **requirements, "Dockerfile": dockerfile}).faults
    assert [(fault.code, fault.confidence) for fault in found] == wanted


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ('"--host", "0.0.0.0", "--port", "8080"', []),
        ('"--host", "0.0.0.0", "--port", "8000"', [("port-mismatch", "certain")]),
        ('"--host", "0.0.0.0"', [("port-mismatch", "certain")]),
        ('"--port", "8080"', [("loopback-only", "certain")]),
        ('"--host", "localhost", "--port", "8080"', [("loopback-only", "certain")]),
    ],
)
def test_where_the_proxy_looks_for_the_app(arguments, wanted):
    dockerfile = HEALTHY["Dockerfile"].replace('"--host", "0.0.0.0", "--port", "8080"', arguments)
    found = only({**HEALTHY, "Dockerfile": dockerfile}).faults
    assert [(fault.code, fault.confidence) for fault in found] == wanted


def test_a_port_that_can_t_be_told_is_no_fault():
    dockerfile = (
        HEALTHY["Dockerfile"]
        .replace('["uvicorn"', '["gunicorn"')
        .replace('"--host", "0.0.0.0", "--port", "8080"', '"-c", "x.toml"')
    )
    assert only({**HEALTHY, "Dockerfile": dockerfile, "x.toml": ""}).faults[1:] == ()


def test_a_server_behind_another_one_is_perhaps_not_meant():
    command = "nginx & uvicorn main:app --port 8000"
    dockerfile = HEALTHY["Dockerfile"].partition("CMD")[0] + f"CMD {command}\n"
    found = only({**HEALTHY, "Dockerfile": dockerfile}).faults
    assert [(fault.code, fault.confidence) for fault in found] == [("loopback-only", "likely")]
