"""Rate limits that a health check uses up: it asks every few seconds, from one address, as long as the machine lives.

slowapi (`default_limits` with its middleware, or `@limiter.limit` on the route) and Flask-Limiter (`default_limits` of a
limiter that the app has). A limit is read as `limits` reads it: `5/minute`, `50 per hour;10 per 2 minutes`. fastapi-limiter is
a dependency: up to 0.1 `RateLimiter(times=2, seconds=5)`, since then `RateLimiter(limiter=Limiter(Rate(2, 5000)))`.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from bot.engine.boot import bodies, web
from bot.engine.boot.bodies import Function
from bot.engine.boot.finder import Loaded
from bot.engine.boot.modules import imported_as
from bot.engine.boot.told import Reader
from bot.engine.boot.values import dotted
from bot.engine.boot.walk import Walk
from bot.engine.model.findings import Place, Route, TurnedAway
from bot.engine.model.target import Check

_SKIPS = "skip_limiter"  # the decorator of fastapi-limiter
INTERVAL = 15.0  # seconds between checks, where the config does not say
_LIMITERS = ("slowapi.Limiter", "slowapi.extension.Limiter", "flask_limiter.Limiter", "flask_limiter.extension.Limiter")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "month": 2592000, "year": 31104000}
_LIMIT = re.compile(r"\s*(\d+)\s*(?:/|per)\s*(\d+)?\s*(second|minute|hour|day|month|year)s?\s*", re.I)


class _Limiter(NamedTuple):
    """A limiter that a module makes."""

    loaded: Loaded
    name: str
    made: ast.Call
    flask: bool


def used_up(limit: str, interval: float) -> bool:
    """Say whether checks alone use up a limit, which may be several of them."""
    parts = [_LIMIT.fullmatch(part) for part in re.split(r"[;,|]", limit)]
    if not parts or None in parts:
        return False
    told = [(int(part[1]), int(part[2] or 1) * _SECONDS[part[3].lower()]) for part in parts if part]
    return any(seconds / interval > count for count, seconds in told)


def limited(walk: Walk, app: tuple[Loaded, str], check: Check, layers: tuple[str, ...]) -> TurnedAway | None:
    """Return the limit that a check uses up; `layers` are the names of the app's middleware."""
    found = _limiters(walk)
    routes = web.routes(walk, *app)
    route = routes.answering(check.path or "/", check.method) if routes is not None else None
    if route is not None and (turned := _depending(walk, route, check)) is not None:
        return turned
    if routes is None or len(found) != 1:
        return None
    limiter = found[0]
    function = bodies.function_at(walk.tree, route.handler) if route is not None else None
    if route is None or function is None or limiter.flask != (routes.app.framework == "flask"):
        return None
    place = route.handler or route.place
    for decorator in function.decorator_list:
        verb = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator).rpartition(".")[2]
        if verb == "exempt":
            return None
        if verb in ("limit", "shared_limit"):
            given = decorator.args[0] if isinstance(decorator, ast.Call) and decorator.args else None
            text = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""
            return _about(limiter, check, text, place, place)
    if not (_is_on(walk, limiter) if limiter.flask else any(name.startswith("SlowAPI") for name in layers)):
        return None
    if _may_be_exempt(walk, limiter):
        return None
    for text in _defaults(walk, limiter):
        if turned := _about(limiter, check, text, Place(limiter.loaded.found.tree or "", limiter.made.lineno), place):
            return turned
    return None


def _about(limiter: _Limiter, check: Check, limit: str, place: Place, route: Place) -> TurnedAway | None:
    if not used_up(limit, check.interval or INTERVAL):
        return None
    path, module = check.path or "/", limiter.loaded.name
    return TurnedAway("limit", path, 429, place, check.place, module, limit=limit, header=limiter.name, sure=False, route=route)


def _depending(walk: Walk, route: Route, check: Check) -> TurnedAway | None:
    """Return the limit that a dependency of fastapi-limiter holds a route to, where checks use it up."""
    from bot.engine.boot import guards  # only where an app has dependencies

    handler = bodies.function_at(walk.tree, route.handler)
    if handler is None or any(dotted(each).rpartition(".")[2] == _SKIPS for each in handler.decorator_list):
        return None
    for place in route.guards:
        loaded, node = guards.written(walk, place)
        asked = node.args[0] if isinstance(node, ast.Call) and node.args else None
        made = loaded.facts.constants.get(asked.id) if loaded is not None and isinstance(asked, ast.Name) else asked
        if loaded is None or not isinstance(made, ast.Call) or bodies.last(made) != "RateLimiter":
            continue
        rate = _rate(made, Reader(walk, loaded))
        if rate is not None and rate[1] / (check.interval or INTERVAL) > rate[0]:
            limit = f"{rate[0]} per {rate[1]:g} seconds"
            named = "" if any(each.arg == "times" for each in made.keywords) else _SKIPS
            told = TurnedAway("limit", check.path or "/", 429, place, check.place, loaded.name, limit=limit, header=named)
            return told._replace(sure=False, route=route.handler)
    return None


def _rate(made: ast.Call, reader: Reader) -> tuple[int, float] | None:
    """Return how many requests in how many seconds a RateLimiter lets through."""
    given = {each.arg: each.value for each in made.keywords if each.arg}
    if "limiter" not in given:
        units = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600}
        told = {name: reader.told(node).value for name, node in given.items() if name in (*units, "times")}
        numbers = {name: value for name, value in told.items() if isinstance(value, int) and not isinstance(value, bool)}
        seconds = sum(units[name] * value for name, value in numbers.items() if name in units)
        return (numbers.get("times", 1), seconds) if len(numbers) == len(told) and seconds else None
    limiter = given["limiter"]
    made_at = reader.constants.get(limiter.id) if isinstance(limiter, ast.Name) else limiter
    rate = made_at.args[0] if isinstance(made_at, ast.Call) and bodies.last(made_at) == "Limiter" and made_at.args else None
    rate = reader.constants.get(rate.id, rate) if isinstance(rate, ast.Name) else rate
    if not isinstance(rate, ast.Call) or bodies.last(rate) != "Rate" or len(rate.args) != 2:
        return None
    count, seconds = reader.told(rate.args[0]).value, _duration(rate.args[1])
    return (count, seconds) if isinstance(count, int) and seconds else None


def _duration(node: ast.expr) -> float:
    """Return a duration of pyrate-limiter in seconds: `Duration.MINUTE`, `Duration.SECOND * 5`, a number of milliseconds."""
    match node:
        case ast.Constant(value=int(number)):
            return number / 1000
        case ast.Attribute(attr=unit) if unit.lower() in _SECONDS:
            return _SECONDS[unit.lower()]
        case ast.BinOp(left=left, op=ast.Mult(), right=ast.Constant(value=int(number))):
            return _duration(left) * number
    return 0


def _limiters(walk: Walk) -> list[_Limiter]:
    """Return the limiters that modules of the repository make."""
    found: dict[str, _Limiter] = {}
    for loaded in walk.loaded.values():
        if loaded is None or loaded.found.tree is None or loaded.found.kind == "outside":
            continue
        known: dict[str, str] | None = None
        for name, made in loaded.facts.constants.items():
            if isinstance(made, ast.Call) and dotted(made.func).rpartition(".")[2] == "Limiter":
                known = imported_as(loaded.facts) if known is None else known
                first, _, rest = dotted(made.func).partition(".")
                full = f"{known.get(first, first)}.{rest}" if rest else known.get(first, first)
                if full in _LIMITERS:
                    found[loaded.found.tree] = _Limiter(loaded, name, made, full.startswith("flask"))
    return list(found.values())


def _defaults(walk: Walk, limiter: _Limiter) -> list[str]:
    keyword = "default_limits"
    given = {each.arg: each.value for each in limiter.made.keywords}
    off = given.get("enabled", given.get("auto_check"))
    if keyword not in given or None in given or (off is not None and not (isinstance(off, ast.Constant) and off.value is True)):
        return []
    items = Reader(walk, limiter.loaded).items(given[keyword])
    return [item.text for item in items if item.text is not None]


def _is_on(walk: Walk, limiter: _Limiter) -> bool:
    """Say whether a limiter of Flask has an app."""
    given = [each for each in limiter.made.args if dotted(each) in ("app", "application")]
    if given or any(keyword.arg == "app" for keyword in limiter.made.keywords):
        return True
    return _written(walk, rf"\b{re.escape(limiter.name)}\.init_app\(")


def _may_be_exempt(walk: Walk, limiter: _Limiter) -> bool:
    """Say whether a filter, or a call for something else than a function, may let requests through."""
    return _written(walk, rf"\b{re.escape(limiter.name)}\.(?:request_filter\b|exempt\()")


def _written(walk: Walk, pattern: str) -> bool:
    paths = {loaded.found.tree for loaded in walk.loaded.values() if loaded and loaded.found.tree}
    return any(re.search(pattern.encode(), walk.tree.read(path)) for path in sorted(paths))


def by_hand(function: Function, tests: tuple[ast.expr, ...], reader: Reader, check: Check) -> str | None:
    """Return the limit of a middleware that counts itself, where checks use it up: `len(hits) >= 5` in its window."""
    counts = [count for test in tests for count in _counts(test, reader)]
    windows = {each for name, each in _numbers(reader) if re.search(r"(?i)window|period|second|interval|ttl", name)}
    seconds = windows.pop() if len(windows) == 1 else 60
    for count in counts:
        if seconds / (check.interval or INTERVAL) > count:
            return f"{count} per {seconds} seconds"
    return None


def _counts(test: ast.expr, reader: Reader) -> list[int]:
    found = []
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Gt | ast.GtE):
            value = reader.told(node.comparators[0]).value
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                found.append(value)
    return found


def _numbers(reader: Reader) -> list[tuple[str, int]]:
    """Return the numbers that names stand for."""
    told = [(name, reader.told(node).value) for name, node in reader.constants.items()]
    return [(name, value) for name, value in told if isinstance(value, int) and not isinstance(value, bool)]
