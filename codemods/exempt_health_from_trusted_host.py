"""Let the health check in where the app takes known hosts alone.

Fly's checks go to the machine's own address and carry it as their Host, `172.19.…:8000`, which no list of allowed hosts names:
every check is answered with 400, and once the checks fail the proxy routes nothing at all. Opening the list (`*`) would give
the restriction up for everybody; it stays, for all but the checked path.

Django looks at the Host in CommonMiddleware (and in SecurityMiddleware, where it redirects), so a small middleware that stands
first answers the path before. It answers whatever the check sends, so nothing depends on the names that the app has; the view
behind the path is not asked any more. A page that people open is no place for that: for such a path (`/`) the check sends an
allowed Host instead, `headers = { Host = "shop.fly.dev" }`. That is the smaller edit, but Fly's documentation does not say
that a check's Host can be set, so it is taken only there.

Starlette's TrustedHostMiddleware becomes a subclass of itself that hands the path on; the route still answers.

Before:                                       After (shop/health.py answers /healthz):

    MIDDLEWARE = [                                MIDDLEWARE = [
        "django.middleware.common.Comm…",             "shop.health.HealthCheckMiddleware",
                                                      "django.middleware.common.Comm…",

References: https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts,
https://fly.io/docs/reference/configuration/#http_service-checks, https://www.starlette.io/middleware/#trustedhostmiddleware
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, TurnedAway, Weakness
from bot.engine.model.tree import Tree, join
from bot.engine.report import Report
from codemods import _health, _middleware, _python

if TYPE_CHECKING:
    import libcst as cst

CODEMOD = Codemod(answers=("health-host",), since="0.1")
_LOCAL = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]", ".localhost", "testserver", ""})
_SAYS = "Lets the health check through, which comes with the machine's own address as its Host."
_CLASS = "HealthCheckMiddleware"
_SOURCE = '''\
"""Answers the platform's health check, which comes with the machine's own address as its Host."""

from django.http import HttpResponse
from django.utils.deprecation import MiddlewareMixin


class HealthCheckMiddleware(MiddlewareMixin):
    """Stands first in MIDDLEWARE: ALLOWED_HOSTS holds for everything else."""

    def process_request(self, request):
        if request.path {test}:
            return HttpResponse("ok")
        return None
'''


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a middleware before the one that refuses the check, or for a page of its own a Host that is allowed."""
    told = _health.turned(finding, report)
    if not told:
        return
    allowed = [host for host in told[0].allowed if host.lower() not in _LOCAL]
    if not allowed:
        yield Skip("the app allows no public host at all: the check is not the only one that it refuses")
    elif report.target.platform != "fly":
        yield Skip("the app has to allow its own name on the platform")
    elif not all(_health.is_clear(_health.plain(each.path)) for each in told):
        yield _with_host(told, allowed, report, tree)
    elif told[0].by == "django-host":
        yield _with_middleware(told, tree)
    else:
        yield _with_subclass(told, tree)


def _with_host(told: list[TurnedAway], allowed: list[str], report: Report, tree: Tree) -> Proposal | Skip:
    """Let the checks send a Host that the app allows."""
    config, own = report.target.config, f"{report.target.app}.fly.dev"
    fits = any(host.lower() in (own, ".fly.dev", "*.fly.dev") for host in allowed)
    host = own if fits else allowed[0].removeprefix("*").removeprefix(".")
    if not config.endswith(".toml"):
        return Skip("only TOML is edited")
    text = _health.with_headers(tree.text(config), [each.check for each in told], "Host", host)
    if text is None:
        return Skip("the check is not a table of its own, or has headers that are written otherwise")
    why = f"The check of {told[0].path} comes with a Host that the app allows, as its visitors do."
    return Proposal(tree.write(config, text), why, "unsafe")


def _with_subclass(told: list[TurnedAway], tree: Tree) -> Proposal | Skip:
    """Put on a TrustedHostMiddleware that hands the paths on."""
    path, paths = told[0].place.path, sorted({_health.plain(each.path) for each in told})
    after = _middleware.exempted(tree.text(path), told[0], "TrustedHostMiddleware", "TrustedHostExceptHealth", _SAYS, paths)
    if after is None:
        return Skip(f"the middleware is not put on plainly at {path}:{told[0].place.line}")
    why = f"{' and '.join(paths)} is answered whatever the Host; everything else goes on to be refused."
    return Proposal(tree.write(path, after), why, "unsafe")


# --- Django


def _with_middleware(told: list[TurnedAway], tree: Tree) -> Proposal | Skip:
    """Answer the paths before any other middleware is asked."""
    settings = told[0].place.path
    where = _module(told[0], tree)
    if where is None:
        return Skip(f"there is no free name for a module beside {settings}")
    path, module = where
    before = tree.text(settings)
    after = _first(before, told[0], f"{module}.{_CLASS}")
    if after is None:
        return Skip(f"MIDDLEWARE is not a list of strings at {settings}:{told[0].place.line}")
    paths = sorted({_health.plain(each.path) for each in told})
    source = _python.styled(_SOURCE.replace("{test}", _middleware.test(paths)), before)
    named = " and ".join(paths)
    why = f"{path} answers {named} before Django looks at the Host, which ALLOWED_HOSTS goes on to hold for everything else."
    return Proposal(tree.write(settings, after).write(path, source), why, "unsafe")


def _module(turned: TurnedAway, tree: Tree) -> tuple[str, str] | None:
    """Return the path and the name of a module that is free, in the package of the settings or beside them."""
    parts = turned.module.split(".")
    file = turned.place.path.removesuffix(".py").removesuffix("/__init__")
    if not parts[0] or not f"/{file}".endswith("/" + "/".join(parts)):
        return None
    root = file.removesuffix("/".join(parts)).rstrip("/")
    package = parts[0] if len(parts) > 1 else ""
    names = ("health", "health_middleware", "healthcheck_middleware") if package else ("health_middleware",)
    for name in names:
        folder = join(root, package)
        path = join(folder or "", name)
        if path and not tree.kind(f"{path}.py") and not tree.kind(path):
            return f"{path}.py", f"{package}.{name}" if package else name
    return None


def _first(text: str, turned: TurnedAway, entry: str) -> str | None:
    """Return the settings with one more entry before the one at a place."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    module = _python.parse(text)
    if module is None:
        return None
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    line = turned.place.line
    found: list[cst.List | cst.Tuple] = [
        node
        for node, position in positions.items()
        if isinstance(node, cst.List | cst.Tuple)
        and node.elements
        and isinstance(node.elements[0].value, cst.SimpleString)
        and positions[node.elements[0].value].start.line == line
        and position.start.line <= line
    ]
    if len(found) != 1:
        return None
    more = _python.insert_first(found[0], entry)
    changed = module.deep_replace(found[0], more) if more is not None else None
    return _python.written(changed, text) if isinstance(changed, cst.Module) else None
