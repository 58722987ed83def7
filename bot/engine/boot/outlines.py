"""Reads modules of installed distributions as outlines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.engine.boot import modules
from bot.engine.boot.facts import Attempt, Branch, Event, Import, PathChange, Registration, Stop
from bot.engine.boot.values import Scope, truth
from bot.engine.model.index import Python
from bot.engine.model.outline import UNSEEN, Catch, Guarded, Maybe, Needs, Outline, Step

_MAKING = re.compile(rb"\bsys\.modules\b|\b__path__\b|\bmeta_path\b|\bpath_hooks\b")


def read(source: bytes, path: str, python: Python) -> Outline:
    """Return the outline of a module by its source, its path in site-packages and the version of Python that imports it."""
    facts = modules.read_once(source, python)
    if facts.error or not (facts.events or facts.names):
        return UNSEEN
    folder, _, file = path.rpartition("/")
    package, own = folder.replace("/", "."), file.removesuffix(".py")
    name = package if own == "__init__" else f"{package}.{own}" if package else own
    scope = Scope(f"/{path}", "/", {}, False, facts.constants, python, name, package)
    reader = _Reader(scope)
    steps = tuple(reader.steps(facts.events))
    stars = tuple((star.module, star.level) for star in facts.stars)
    makes = reader.searches or _MAKING.search(source) is not None
    return Outline(facts.names, stars, facts.dynamic, makes, () if reader.searches else steps)


class _Reader:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.searches = False  # whether the module changes how others are found

    def steps(self, events: Iterable[Event]) -> Iterator[Step]:
        for event in events:
            match event:
                case Import():
                    yield Needs(event.module, event.names, event.level, event.line)
                case PathChange() | Registration():
                    self.searches = True
                case Branch():
                    yield from self.branch(event)
                case Attempt():
                    yield self.attempt(event)
                case Stop():
                    return
                case _:
                    pass

    def branch(self, event: Branch) -> Iterator[Step]:
        decided = truth(event.test, self.scope) if event.test is not None else None
        if decided is not None:
            yield from self.steps(event.body if decided else event.orelse)
            return
        for steps in (tuple(self.steps(event.body)), tuple(self.steps(event.orelse))):
            if steps:
                yield Maybe(steps)

    def attempt(self, event: Attempt) -> Guarded:
        handlers = tuple(Catch(each.catches, each.raises, tuple(self.steps(each.body))) for each in event.handlers)
        return Guarded(tuple(self.steps(event.body)), handlers, tuple(self.steps(event.orelse)))
