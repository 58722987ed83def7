"""What Django answers a health check with before a view sees it: its middleware, asked in order.

From Django 5.2: `http/request.py` (`get_host` raises `DisallowedHost`, a 400, for a Host that ALLOWED_HOSTS does not name),
`middleware/common.py` and `middleware/cache.py` (they ask for it), `middleware/security.py` (SECURE_SSL_REDIRECT is a 301).
Middleware of the repository is read; behind one that nobody knows, nothing is said. `contrib/auth/middleware.py`:
LoginRequiredMiddleware sends who is not logged in to another page (302).
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.boot import handling, instances, refusing
from bot.engine.boot.asked import Outcome, Request, Roles
from bot.engine.boot.django_settings import List, Settings
from bot.engine.boot.finder import Loaded
from bot.engine.boot.importer import Importer
from bot.engine.boot.modules import parsed
from bot.engine.boot.told import Item
from bot.engine.boot.values import dotted
from bot.engine.model.findings import Place, TurnedAway
from bot.engine.model.target import Asked, Check
from bot.engine.model.tree import Unreadable

if TYPE_CHECKING:
    from bot.engine.boot.django_views import View

COMMON = "django.middleware.common.CommonMiddleware"
_ASKING = frozenset(
    f"django.middleware.{name}"
    for name in ("common.CommonMiddleware", "cache.FetchFromCacheMiddleware", "cache.CacheMiddleware")
)
_SECURITY = "django.middleware.security.SecurityMiddleware"
_LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
_TRANSPARENT = (  # they leave a plain GET of a path that is no file alone
    "django. whitenoise. corsheaders. debug_toolbar. django_prometheus. django_htmx. allauth. csp. simple_history. axes."
    " crum. reversion. django_structlog. servestatic. querycount. django_browser_reload. livereload. hijack. impersonate."
    " oauth2_provider. waffle. django_otp. django_user_agents. compression_middleware. django_permissions_policy."
).split()
_LOCAL = re.compile(r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?|testserver|\.localhost|")
_APPLICATIONS = ("get_wsgi_application", "get_asgi_application")
_HANDING = ("WhiteNoise", "ServeStatic", "SentryWsgiMiddleware", "SentryAsgiMiddleware", "ProtocolTypeRouter")


def turned_away(walk: Importer, app: tuple[Loaded, str] | None, check: Check, asked: Asked) -> TurnedAway | None:
    """Return what turns a check away; None where nothing is known to do so."""
    settings = walk.django
    if settings is None or check.path is None or not is_plain(app):
        return None
    return _Stack(walk, settings, check, asked).turned_away()


def may_answer(middleware: List) -> str | None:
    """Return why one of the middleware may answer what no view does; None where each hands requests on."""
    for item in middleware:
        name = item.text or ""
        known = name in _ASKING or name == _SECURITY or name.startswith(tuple(_TRANSPARENT))
        if not known or "Fallback" in name:
            return f"{item.place.path}:{item.place.line} names middleware that may answer requests itself"
    return None


def is_plain(app: tuple[Loaded, str] | None) -> bool:
    """Say whether an application is Django's own (None: as `manage.py` makes it), or in something that hands requests on."""
    if app is None:
        return True
    loaded, name = app
    made = loaded.facts.constants.get(name)
    while isinstance(made, ast.Call):
        called = dotted(made.func).rpartition(".")[2]
        if called in _APPLICATIONS:
            return True
        inner = made.args[0] if called in _HANDING and made.args else None
        if isinstance(inner, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in inner.keys]
            inner = inner.values[keys.index("http")] if "http" in keys else None
        made = loaded.facts.constants.get(dotted(inner)) if isinstance(inner, ast.Name) else inner
    return False


class _Stack:
    def __init__(self, walk: Importer, loaded: Loaded, check: Check, asked: Asked) -> None:
        self.walk = walk
        self.settings = Settings(walk, loaded)
        self.check = check
        self.asked = asked
        self.headers = {key.lower(): value for key, value in check.headers.items()}
        self.path = (check.path or "/").partition("?")[0]
        self.hosts = self.settings.lists("ALLOWED_HOSTS")

    def turned_away(self) -> TurnedAway | None:
        """Ask the middleware in order, for each list that MIDDLEWARE may come to."""
        lists = self.settings.lists("MIDDLEWARE") or []
        found = [self.through(each) for each in lists]
        if not found or None in found:
            return None
        first = found[0]
        return first._replace(sure=first.sure and len(found) == 1) if first else None

    def through(self, middleware: List) -> TurnedAway | None:
        if not middleware:
            return None
        top = middleware[0].place
        refused = self.refused()
        for item in middleware:
            name = item.text
            if name is None:
                return None
            if name in _ASKING:
                if refused:
                    return self.refusal(item, top, refused)
            elif name == _SECURITY:
                redirects, sure = self.redirects()
                if redirects:
                    return self.refusal(item, top, refused) if refused else self.redirect(item, top, sure)
            elif not name.startswith(tuple(_TRANSPARENT)):
                outcome = self.own(name, bool(refused))
                if isinstance(outcome, TurnedAway):
                    return outcome._replace(sure=outcome.sure and item.why == "told")
                if outcome == "host" and refused:
                    return self.refusal(item, top, refused)
                if outcome != "on":
                    return None
        view = self.view() if any(item.text == _LOGIN for item in middleware) else None  # asked behind all the others
        return self.login(view) if view is not None and not view.open else None

    # --- hosts

    def refused(self) -> tuple[tuple[str, ...], bool] | None:
        """Return the hosts that are allowed, and whether that is sure, where the check's is not among them."""
        host = self.headers.get("host", "")
        if self.settings.flag("USE_X_FORWARDED_HOST")[0]:
            host = self.headers.get("x-forwarded-host", host)
        host = _domain(host)
        states = self.hosts or []
        if not states or (host and _LOCAL.fullmatch(host)):
            return None
        for state in states:
            told = [item.text for item in state if item.text is not None]
            sure = all(item.why == "told" for item in state)
            if any(item.why == "open" for item in state) or not (sure or any(map(_is_public, told))):
                return None  # with nothing but a default for one's own machine, a variable has to be set
            if any(_allows(pattern, host or self.asked.host) for pattern in told):
                return None
            if not host and self.asked.perhaps_other and any(map(_is_public, told)):
                return None
        sure = len(states) == 1 and all(item.why == "told" for item in states[0])
        return tuple(dict.fromkeys(item.text for state in states for item in state if item.text)), sure

    def refusal(self, item: Item, top: Place, refused: tuple[tuple[str, ...], bool]) -> TurnedAway:
        allowed, sure = refused
        return self.about("django-host", 400, item, top, sure)._replace(allowed=allowed)

    # --- https

    def redirects(self) -> tuple[bool, bool]:
        """Return whether SECURE_SSL_REDIRECT answers this check, and whether that is sure."""
        on, sure = self.settings.flag("SECURE_SSL_REDIRECT")
        if not on:
            return False, True
        for value, _ in self.settings.values("SECURE_PROXY_SSL_HEADER"):
            header, _, wanted = str(value).partition(":")
            name = header.removeprefix("HTTP_").replace("_", "-").lower()
            if value is None or (name in self.headers and self.headers[name] == wanted):
                return False, True
        exempt = self.settings.lists("SECURE_REDIRECT_EXEMPT") or []
        for item in (item for state in exempt for item in state):
            if item.text is None or _matches(item.text, self.path.lstrip("/")):
                return False, True
        return True, sure

    def redirect(self, item: Item, top: Place, sure: bool) -> TurnedAway:
        told = [str(value) for value, _ in self.settings.values("SECURE_PROXY_SSL_HEADER")]
        header = "X-Forwarded-Proto" if told == ["HTTP_X_FORWARDED_PROTO:https"] else ""
        switch = self.settings.place("SECURE_SSL_REDIRECT") or top
        return self.about("django-https", 301, item, switch, sure)._replace(header=header)

    def about(self, by: str, status: int, item: Item, top: Place, sure: bool) -> TurnedAway:
        path = self.check.path or "/"
        module = next((name for name, each in self.walk.loaded.items() if each and each.found.tree == top.path), "")
        certain = sure and item.why == "told"
        return TurnedAway(by, path, status, top, self.check.place, module, sure=certain)  # type: ignore[arg-type]

    # --- middleware of the repository

    def own(self, name: str, bad_host: bool) -> TurnedAway | Outcome:
        """Return what a middleware does with the check."""
        module, _, last = name.rpartition(".")
        loaded = self.walk.loaded.get(module)
        if loaded is None or loaded.found.tree is None:
            return "unknown"
        try:
            body = parsed(self.walk.tree.read(loaded.found.tree)).body
        except (SyntaxError, Unreadable):
            return "unknown"
        named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        node = next((each for each in body if isinstance(each, named) and each.name == last), None)
        asked = of_class(node) if isinstance(node, ast.ClassDef) else _of_factory(node)
        if not isinstance(asked, Handler):
            return asked
        request = Request(self.path, self.check.method, self.asked.host, self.headers, bad_host)
        ended = handling.ended(asked.function, asked.roles, request, self.walk.scope(self.walk.frame(loaded)), asked.attributes)
        refusal = refusing.refusal(ended, asked.function)
        if refusal is not None:
            place = Place(loaded.found.tree, asked.function.lineno, asked.function.col_offset + 1)
            told = TurnedAway("auth", self.check.path or "/", refusal.status, place, self.check.place, module)
            return told._replace(sure=refusal.sure)
        return next(iter(ended.found)) if len(ended.found) == 1 else "unknown"

    # --- users

    def view(self) -> View | None:
        """Return the view that the checked path is answered by, where that is followed."""
        from bot.engine.boot import django_views  # few projects ask everybody for a user

        return django_views.view(self.walk, self.path)

    def login(self, view: View) -> TurnedAway:
        """Return what LoginRequiredMiddleware does, which sends to a page to log in."""
        return TurnedAway("django-login", self.check.path or "/", 302, view.place, self.check.place, route=view.defined)


def _is_public(host: str) -> bool:
    return _LOCAL.fullmatch(host.lower()) is None


def _domain(host: str) -> str:
    """Return a Host without its port, as Django's `split_domain_port`."""
    plain = re.fullmatch(r"(.*?)(?::\d+)?", host.lower())
    return (plain[1] if plain else host).rstrip(".")


def _allows(pattern: str, host: str) -> bool:
    pattern = pattern.lower()
    return pattern in ("*", host) or (pattern.startswith(".") and (host.endswith(pattern) or host == pattern[1:]))


def _matches(pattern: str, path: str) -> bool:
    """Say whether a pattern of SECURE_REDIRECT_EXEMPT finds a path; one that is not plain may."""
    plain = re.fullmatch(r"\^?/?([\w/.-]*(?:\\[-./])?[\w/.-]*)\$?", pattern)
    if plain is None:
        return True
    text = re.sub(r"\\(.)", r"\1", pattern.removeprefix("^").removesuffix("$"))
    if pattern.startswith("^") and pattern.endswith("$"):
        return path == text
    if pattern.startswith("^"):
        return path.startswith(text)
    return path.endswith(text) if pattern.endswith("$") else text in path


class Handler(NamedTuple):
    """The function of a middleware that is asked first, what its parameters are, and what `self.name` stands for in it."""

    function: ast.FunctionDef
    roles: Roles
    attributes: dict[str, ast.expr]


def of_class(node: ast.ClassDef) -> Handler | Outcome:
    """Return what is asked of a class of middleware: its `__call__`, else its `process_request`; or what it comes to."""
    bases = [dotted(base).rpartition(".")[2] for base in node.bases]
    if node.decorator_list or any(base not in ("object", "MiddlewareMixin") for base in bases):
        return "unknown"
    methods = {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}
    following = ["self.get_response"]
    if start := methods.get("__init__"):
        given = start.args.args[1].arg if len(start.args.args) > 1 else ""
        for each in ast.walk(start):
            if isinstance(each, ast.Assign) and dotted(each.value) == given and given:
                following += [dotted(target) for target in each.targets]
    called = methods.get("__call__")
    if called is not None and "process_request" not in methods:
        request = called.args.args[1].arg if len(called.args.args) > 1 else "request"
        return Handler(called, Roles(request, tuple(following), kind="django"), instances.attributes(node))
    asked = methods.get("process_request")
    if asked is None:
        return "on" if called is None and "MiddlewareMixin" in bases else "unknown"
    if called is not None or "MiddlewareMixin" not in bases or len(asked.args.args) < 2:
        return "unknown"
    return Handler(asked, Roles(asked.args.args[1].arg, (), silent="on", kind="django"), instances.attributes(node))


def _of_factory(node: ast.stmt | None) -> Handler | Outcome:
    """`def middleware(get_response): def inner(request): …; return inner`."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return "unknown"
    inner = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    given = node.args.args
    if len(inner) != 1 or len(given) != 1 or len(inner[0].args.args) != 1:
        return "unknown"
    return Handler(inner[0], Roles(inner[0].args.args[0].arg, (given[0].arg,), kind="django"), {})
