import textwrap
from pathlib import Path

import pytest

from tests.bot.engine.boot.answers import answers
from tests.bot.engine.boot.test_django_views import LOGIN, MIDDLEWARE, OPEN, OWN, PATH, URLS, VIEWS, WSGI, shop
from tests.bot.engine.boot.test_refusing import (
    BACKEND,
    BEFORE,
    CLASS,
    DEEPER,
    FLASK,
    HEALTH,
    KEYLESS,
    MADE,
    NO_HEADER,
    ON,
    ROUTER,
    SCHEME,
    VERIFY,
    VIEW,
    WRONG,
    files,
)
from tests.bot.engine.boot.test_refusing import MIDDLEWARE as FUNCTION
from tests.codemods import reasons
from tests.tools import check_noop, check_transformed

NAME = "exempt-health-from-auth"
ITEMS = "\n\n@app.get('/items')\ndef items():\n    return []\n"
EARLY = '    if request.url.path == "/health":\n        return await call_next(request)\n'
LISTED = "    if request.url.path in OPEN_PATHS:\n        return await call_next(request)\n"
FLASK_ITEMS = "\n\n@app.route('/items')\ndef items():\n    return 'none'\n"
PURE = """\
class Keys:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        headers = dict(scope["headers"])
        if scope["type"] == "http" and b"x-api-key" not in headers:
            await JSONResponse({"detail": "no key"}, status_code=401)(scope, receive, send)
            return
        await self.app(scope, receive, send)


app = FastAPI()
app.add_middleware(Keys)
"""
ROUTED = """\
items = APIRouter(prefix="/items")


@items.get("/")
def listed():
    return []


async def verify(key: str = Header(...)):
    if key != "secret":
        raise HTTPException(status_code=401)


app = FastAPI(title="Shop", dependencies=[Depends(verify)])
app.include_router(items)
"""
WITH_KEY = "async def verify(\n    x_api_key: str | None = Header(None),  # anybody's\n):\n"
ASYNC = VERIFY.replace("async def verify(x_api_key: str | None = Header(None)):\n", WITH_KEY)
KNOWING = '    if request.url.path == "/health":\n        return\n'

GUARDED = ROUTER.format(own="dependencies=[Depends(verify)]", more="")
GUARDED = GUARDED.replace("\n\napp =", ITEMS.replace("@app", "@router") + "\n\napp =")
REST = FUNCTION + LISTED + KEYLESS + ON + HEALTH + ITEMS
CLOSED = "    if request.url.path in CLOSED_PATHS:\n" + DEEPER + ON + HEALTH + ITEMS
LISTING = (
    BEFORE + "    if request.endpoint in OPEN:\n        return\n" + NO_HEADER + "        abort(401)\n" + VIEW + FLASK_ITEMS
)
ABORTED = NO_HEADER + "        abort(401)\n" + VIEW + FLASK_ITEMS
NONE = "    if not key:\n        raise HTTPException(status_code=401)\n    return key\n\n\n"
MANUAL = NONE + "app = FastAPI(dependencies=[Depends(verify)])\n" + HEALTH + ITEMS
BARE_VIEWS = VIEWS.replace("@require_GET\n", "")
OF_A_ROUTE = VERIFY.replace("(dependencies=[Depends(verify)])", "()") + HEALTH.replace("()", "(user=Depends(verify))")
LAMBDA = "lambda request: views.HttpResponse('ok')"

# what it shows: (before, after, a path that stays closed and its status)
TABLE: dict[str, tuple[str, str, tuple[str, int]]] = {
    "a function": (
        MADE + FUNCTION + KEYLESS + ON + HEALTH + ITEMS,
        MADE + FUNCTION + EARLY + KEYLESS + ON + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a function with a docstring": (
        MADE + FUNCTION + '    """Wants a key."""  # or else\n' + KEYLESS + ON + HEALTH + ITEMS,
        MADE + FUNCTION + '    """Wants a key."""  # or else\n' + EARLY + KEYLESS + ON + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a likely one": (
        MADE + FUNCTION + WRONG + ON + HEALTH + ITEMS,
        MADE + FUNCTION + EARLY + WRONG + ON + HEALTH + ITEMS,
        ("/items", 403),
    ),
    "a list of the module": (
        "OPEN_PATHS = [\n    '/docs',  # for people\n    '/redoc'\n]\n" + MADE + REST,
        "OPEN_PATHS = [\n    '/docs',  # for people\n    '/redoc',\n    '/health'\n]\n" + MADE + REST,
        ("/items", 401),
    ),
    "a set of the module": (
        'OPEN_PATHS = frozenset({"/docs"})\n' + MADE + FUNCTION + LISTED + KEYLESS + ON + HEALTH + ITEMS,
        'OPEN_PATHS = frozenset({"/docs", "/health"})\n' + MADE + FUNCTION + LISTED + KEYLESS + ON + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a list that is written in the test": (
        MADE + FUNCTION + '    if request.url.path not in ["/docs"]:\n' + DEEPER + ON + HEALTH + ITEMS,
        MADE + FUNCTION + '    if request.url.path not in ["/docs", "/health"]:\n' + DEEPER + ON + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "closed paths stay closed": (
        'CLOSED_PATHS = ["/items", "/health"]\n' + MADE + FUNCTION + CLOSED,
        'CLOSED_PATHS = ["/items", "/health"]\n' + MADE + FUNCTION + EARLY + CLOSED,
        ("/items", 401),
    ),
    "a class with a list": (
        CLASS + HEALTH + ITEMS,
        CLASS.replace('("/docs",)', '("/docs", "/health")') + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a class without": (
        CLASS.replace("in self.open_paths", "== '/docs'") + HEALTH + ITEMS,
        CLASS.replace("in self.open_paths", "== '/docs'").replace(
            "        if request.url", textwrap.indent(EARLY, "    ") + "        if request.url", 1
        )
        + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "an app of ASGI": (
        PURE + HEALTH + ITEMS,
        PURE.replace(
            "        headers =",
            '        if scope["type"] == "http" and scope["path"] == "/health":\n'
            "            return await self.app(scope, receive, send)\n        headers =",
        )
        + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a dependency of the app": (
        VERIFY + HEALTH + ITEMS,
        VERIFY.replace("verify(x", "verify(request: Request, x").replace("    if x", KNOWING + "    if x") + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a dependency over several lines": (
        ASYNC + HEALTH + ITEMS,
        ASYNC.replace("(\n    x", "(\n    request: Request,\n    x").replace("    if x", KNOWING + "    if x") + HEALTH + ITEMS,
        ("/items", 401),
    ),
    "a dependency of a router": (
        GUARDED,
        GUARDED.replace('    if "X', KNOWING + '    if "X'),
        ("/items", 403),
    ),
    "a scheme that leaves it to the function": (
        SCHEME.format(", auto_error=False") + MANUAL,
        SCHEME.format(", auto_error=False").replace("verify(", "verify(request: Request, ")
        + KNOWING.replace("return", "return None")
        + MANUAL,
        ("/items", 401),
    ),
    "a scheme": (
        "app = FastAPI(dependencies=[Depends(HTTPBearer())])\n" + HEALTH + ITEMS,
        "app = FastAPI()\n" + HEALTH + ITEMS.replace("'/items'", "'/items', dependencies=[Depends(HTTPBearer())]"),
        ("/items", 401),
    ),
    "a header that is required": (
        ROUTED + HEALTH + ITEMS.replace("/items'", "/more', dependencies=[Depends(HTTPBearer())]"),
        ROUTED.replace(', dependencies=[Depends(verify)])', ")").replace("(items)", "(items, dependencies=[Depends(verify)])")
        + HEALTH + ITEMS.replace("/items'", "/more', dependencies=[Depends(verify), Depends(HTTPBearer())]"),
        ("/items/", 422),
    ),
    "a backend": (
        BACKEND.format("raise AuthenticationError('who?')", "") + HEALTH + ITEMS,
        BACKEND.format("raise AuthenticationError('who?')", "").replace(
            '        if "Auth', '        if conn.url.path == "/health":\n            return None\n        if "Auth'
        )
        + HEALTH + ITEMS,
        ("/items", 400),
    ),
    "Flask: an answer": (
        FLASK + BEFORE + NO_HEADER + "        return jsonify(error='no key'), 401\n" + VIEW + FLASK_ITEMS,
        FLASK + BEFORE + "    if request.path == '/health':\n        return None\n" + NO_HEADER
        + "        return jsonify(error='no key'), 401\n" + VIEW + FLASK_ITEMS,
        ("/items", 401),
    ),
    "Flask: abort": (
        FLASK + BEFORE + ABORTED,
        FLASK + BEFORE + "    if request.path == '/health':\n        return\n" + ABORTED,
        ("/items", 401),
    ),
    "Flask: a list of views": (
        FLASK.replace('"health"', '"static"') + LISTING,
        FLASK.replace('"health"', '"static", "health"') + LISTING,
        ("/items", 401),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_path_alone_is_let_through(name: str, tmp_path: Path):
    before, after, (closed, status) = TABLE[name]
    first, then = files(before), files(after)["main.py"]
    check_transformed(NAME, first, {"main.py": then}, unsafe=True)
    assert answers(tmp_path, {"main.py": first["main.py"]}, "main:app", "/health")[0] in (400, 401, 403, 422)
    assert answers(tmp_path, {"main.py": then}, "main:app", "/health") == [200]
    assert answers(tmp_path, {"main.py": then}, "main:app", closed) == [status]


# --- Django


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (shop(PATH), {"shop/views.py": OPEN + VIEWS.replace("@require", "@login_not_required\n@require")}),
        (
            shop(PATH, BARE_VIEWS),
            {"shop/views.py": OPEN + BARE_VIEWS.replace("def health", "@login_not_required\ndef health")},
        ),
        (
            shop("path('health', views.Health.as_view())"),
            {"shop/urls.py": OPEN + URLS.format("path('health', login_not_required(views.Health.as_view()))")},
        ),
        (
            shop(f"path('health', {LAMBDA})"),
            {"shop/urls.py": OPEN + URLS.format(f"path('health', login_not_required({LAMBDA}))")},
        ),
    ],
)  # fmt: skip
def test_a_view_is_open_to_all(before: dict[str, str], after: dict[str, str], tmp_path: Path):
    more = ", path('account', views.Health.as_view())])"
    before, after = ({path: text.replace(")])", f"){more[:-1]}") for path, text in each.items()} for each in (before, after))
    check_transformed(NAME, before, after, unsafe=True)
    real = {**before, **after, "shop/wsgi.py": WSGI}
    assert answers(tmp_path, real, "shop.wsgi:application", "/health") == [200]


def test_a_middleware_of_django_hands_the_path_on(tmp_path: Path):
    from tests.bot.engine.boot.test_django_checks import FILES

    there = {**FILES, "shop/settings.py": OWN, "shop/own.py": MIDDLEWARE}
    early = '        if request.path == "/health":\n            return self.get_response(request)\n'
    after = {"shop/own.py": MIDDLEWARE.replace("        if not", f"{early}        if not")}
    check_transformed(NAME, there, after, unsafe=True)
    assert answers(tmp_path, {**there, **after}, "shop.wsgi:application", "/health") == [200]
    assert answers(tmp_path, {**there, **after}, "shop.wsgi:application", "/items") == [401]


# --- nothing to do


@pytest.mark.parametrize(
    "code",
    [
        MADE + FUNCTION + EARLY + KEYLESS + ON + HEALTH,
        CLASS.replace("/docs", "/health") + HEALTH,
        ROUTER.format(own="dependencies=[Depends(verify)]", more="").replace("/health", "/items") + HEALTH,
        VERIFY.replace("(dependencies=[Depends(verify)])", "()") + HEALTH + ITEMS.replace("()", "(user=Depends(verify))"),
        BACKEND.format("return None", "") + HEALTH,
        FLASK + BEFORE + "    if request.endpoint in OPEN:\n        return\n" + NO_HEADER + "        abort(401)\n" + VIEW,
    ],
)
def test_a_check_that_is_let_in(code: str):
    check_noop(NAME, files(code))


def test_no_check_and_open_views():
    there = files(MADE + FUNCTION + KEYLESS + ON + HEALTH)
    check_noop(NAME, {**there, "fly.toml": there["fly.toml"][: there["fly.toml"].index("\n  [[")] + "\n"})
    check_noop(NAME, shop(PATH, OPEN + VIEWS.replace("@require", "@login_not_required\n@require")))
    check_noop(NAME, shop(PATH, settings=LOGIN.replace(", 'django.contrib.auth.middleware.LoginRequiredMiddleware'", "")))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (OF_A_ROUTE, "the route asks"),
        ("app = FastAPI(dependencies=[Depends(HTTPBearer())])\n" + HEALTH, "not written plainly"),  # nothing else is served
        (VERIFY + HEALTH + "\n\ndef again():\n    return verify('x')\n", "not written plainly"),
        (
            "app = FastAPI(dependencies=[Depends(HTTPBearer())])\n" + HEALTH + ITEMS + "\n\nimport copy\n\ncopy.copy(app)\n",
            "not written plainly",
        ),
        (
            ROUTER.format(own="dependencies=[Depends(HTTPBearer())]", more="") + ITEMS,
            "not written plainly",
        ),
    ],
)  # fmt: skip
def test_what_is_not_written_plainly_is_left_alone(code: str, reason: str):
    found = reasons(NAME, files(code))
    assert any(reason in each for each in found), found


def test_a_page_is_not_opened():
    there = files(MADE + FUNCTION + KEYLESS + ON + HEALTH.replace("/health", "/"))
    there["fly.toml"] = there["fly.toml"].replace('"/health"', '"/"')
    assert reasons(NAME, there) == {"the checked path is a page that asks for a user: better check one that is meant for it"}
