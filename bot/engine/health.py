"""The health stage: what the checks of a process are answered with, by what stands before the routes, and by the routes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from bot.engine.boot.finder import Loaded
from bot.engine.boot.program import Program
from bot.engine.boot.start import Started
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Failing, Fault, MissingStep, Place, TurnedAway, Unknown
from bot.engine.model.target import Check, Process, Service, Target
from bot.engine.platforms.rules import Rules

if TYPE_CHECKING:
    from bot.engine.boot.web import Routes

App = tuple[Loaded, str]  # the module that holds an app, and the app's name there
_PREFIXES = ("--root-path", "--url-prefix", "--url-path-prefix")  # options that take a prefix off, or put one before, a path
_CODES = {  # and which comes first, where one repair uncovers another
    "django-host": ("health-host", 0),
    "host": ("health-host", 0),
    "django-https": ("health-https", 1),
    "https": ("health-https", 1),
    **dict.fromkeys(("auth", "before", "backend", "dependency", "django-login"), ("health-auth", 2)),
    "limit": ("health-rate-limit", 3),
}
_ROUTES_STEP = 4
_RENDERS = re.compile(r"render_template\(|TemplateResponse\(")


class Health(NamedTuple):
    """What came of the checks; `checked`: they were held against all routes of the app."""

    faults: tuple[Fault, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    checked: bool = False


def health(rules: Rules, target: Target, process: Process, program: Program, started: Started) -> Health:
    """Hold the checks of a process against the app that it serves."""
    app = started.app or started.walk.app
    if app is None and started.walk.django is None:
        return Health()
    services = [service for service in target.services if process.name in service.processes]
    served = program.listen.port if program.listen else None
    if served is None and len({service.port for service in services}) > 1:
        return Health()  # which of them the app answers is not known
    checks = [
        (service, check)
        for service in services
        for check in service.checks
        if check.path is not None and rules.serves({service.port}, served)
    ]
    if any(word.startswith(_PREFIXES) for word in program.argv):
        return Health()
    if not checks:
        return _unchecked(process, started.walk, app, services)
    refused: list[Fault] = []
    passing = []
    for service, check in checks:
        turned = _turned_away(rules, target, program, started.walk, app, check)
        if turned is not None and not rules.takes(turned.status):
            refused.append(_refused(rules, service, process, check, turned))
        else:
            passing.append((service, check))
    found = _routes(rules, process, started.walk, app, passing) if passing else Health()
    return found._replace(faults=(*refused, *found.faults))


def _turned_away(
    rules: Rules, target: Target, program: Program, walk: Walk, app: App | None, check: Check
) -> TurnedAway | None:
    asked = rules.asked(target)
    if walk.django is not None:
        from bot.engine.boot import django_checks  # only where Django's checks are asked for

        return django_checks.turned_away(walk, app, check, asked)
    if app is None:
        return None
    from bot.engine.boot import stack  # only where the checks of such an app are asked for

    return stack.turned_away(walk, app, check, asked, _trusts(program))


def _trusts(program: Program) -> bool:
    """Say whether the server believes a proxy's `X-Forwarded-Proto`, whoever it is: uvicorn, and gunicorn with its workers."""
    told = program.env.get("FORWARDED_ALLOW_IPS")
    words = " ".join(program.argv)
    return told == "*" or bool(re.search(r"--forwarded-allow-ips[= ]['\"]?\*", words))


def _refused(rules: Rules, service: Service, process: Process, check: Check, turned: TurnedAway) -> Fault:
    """Return the fault of a check that is turned away, in the words of the app's log, or the platform's."""
    host = rules.shown
    says = f"{check.method} {check.path} is answered with {turned.status}"
    words = rules.unhealthy(service, says, check.place)
    message, reason = words.message, words.reason
    if turned.by in ("django-host", "host"):
        sent = check.headers.get("Host", host)
        listed = ", ".join(turned.allowed) or "no host at all"
        setting = "ALLOWED_HOSTS" if turned.by == "django-host" else f"TrustedHostMiddleware ({_where(turned)})"
        reason = f"{says}: the check comes with `{sent}` as its Host, and {setting} allows {listed}."
    if turned.by == "django-host":
        sent = check.headers.get("Host", f"{host}:{service.port}")
        message = f"Invalid HTTP_HOST header: '{sent}'. You may need to add '{sent.partition(':')[0]}' to ALLOWED_HOSTS."
    elif turned.by in ("django-https", "https"):
        by = "SECURE_SSL_REDIRECT" if turned.by == "django-https" else f"HTTPSRedirectMiddleware ({_where(turned)})"
        reason = f"{words.reason} {by} sends what comes over plain HTTP, as the check does, to HTTPS."
    elif turned.by == "limit":
        reason = f"{says} once {turned.limit} ({_where(turned)}) are used up: checks come all the time, from one address."
    elif turned.by != "host":
        reason = f"{says}: {_where(turned)} asks for a key or a user, and the check brings none."
    if not turned.sure and turned.by != "limit":
        reason += " Not certain: a variable may say otherwise."
    code, step = _CODES[turned.by]
    fault = words._replace(code=code, message=message, reason=reason).fault(step, process.name, turned)
    return fault if turned.sure else fault._replace(confidence="likely")


def _where(turned: TurnedAway) -> str:
    return f"{turned.place.path}:{turned.place.line}"


def _routes(rules: Rules, process: Process, walk: Walk, app: App | None, checks: list[tuple[Service, Check]]) -> Health:
    """Hold the checked paths against the routes of the app."""
    found = _found(walk, app)
    if found is None:
        return Health()
    faults: list[Fault] = []
    for service, check in checks:
        status = found.status(check.path or "/", check.method)
        if status is None:
            failing = _failing(process, walk, app, found, check.path or "/", check.place)
            faults += [failing] if failing else []
        elif not rules.takes(status):
            says = f"{check.method} {check.path} is answered with {status}"
            words = rules.unhealthy(service, says, check.place)
            faults.append(words.fault(_ROUTES_STEP, process.name, found.about(check, status)))
    unknown = (Unknown(f"the routes are not all known: {found.open}", checks[0][1].place),) if found.open else ()
    return Health(tuple(faults), unknown, found.open is None)


def _found(walk: Walk, app: App | None) -> Routes | None:
    """Return the routes of the app; None where they are not read. Only where a path is checked, or a page renders something."""
    if walk.django is not None:
        from bot.engine.boot import django_urls

        return django_urls.routes(walk, app)
    if app is None:
        return None
    from bot.engine.boot import web

    return web.routes(walk, *app)


def _unchecked(process: Process, walk: Walk, app: App | None, services: list[Service]) -> Health:
    """Look at the page that everybody opens first, where nothing asks for a path."""
    if not services or any(check.path for each in services for check in each.checks):
        return Health()
    source = app[0].found.tree if app is not None else None
    if walk.django is None and (source is None or _RENDERS.search(walk.tree.text_if_any(source)) is None):
        return Health()
    found = _found(walk, app)
    failing = _failing(process, walk, app, found, "/", None) if found is not None else None
    return Health((failing,)) if failing else Health()


def _failing(process: Process, walk: Walk, app: App | None, routes: Routes, path: str, check: Place | None) -> Fault | None:
    """Return the fault of a path whose function renders a template that is not there, or names what nobody collected."""
    if walk.django is not None:
        return _uncollected(process, walk, routes, path, check)
    from bot.engine.boot import bodies, rendering, web  # only for a route that is known

    route = routes.answering(path, "GET")
    made = bodies.made(walk, *app, web.FRAMEWORKS) if app and route is not None and routes.open is None else None
    found = rendering.lacking(walk, made, route) if made is not None and route is not None else None
    if found is None:
        return None
    asked = f"{path}, which the check asks for," if check is not None else path
    reason = f"{asked} is answered with 500: it renders {found.name}, and the image has no {found.path}."
    message = f"jinja2.exceptions.TemplateNotFound: {found.name}"
    detail = Failing(path, found.name, routes.found, routes.app, check)
    fault = Fault("template-missing", "health", _ROUTES_STEP, process.name, "likely", message, reason, found.place)
    return fault._replace(detail=detail)


def _uncollected(process: Process, walk: Walk, routes: Routes, path: str, check: Place | None) -> Fault | None:
    """Return the fault of a page of Django whose static files are in no manifest."""
    from bot.engine.boot import steps  # only for a route that is known

    found = steps.uncollected(walk, routes, path)
    if found is None:
        return None
    asked = f"{path}, which the check asks for," if check is not None else path
    reason = f"{asked} is answered with 500: {found.template} names {found.file}, and nothing runs `collectstatic`."
    message = f"ValueError: Missing staticfiles manifest entry for '{found.file}'"
    place = Place(found.template, found.line)
    fault = Fault("static-not-collected", "health", _ROUTES_STEP, process.name, "likely", message, reason, place)
    return fault._replace(detail=MissingStep("python manage.py collectstatic --noinput"))
