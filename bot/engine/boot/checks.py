"""Checks of a start that end it where a file is missing: `if not Path(".env").exists(): raise …`.

The code asks before it opens the file, so that Python's own error never comes: the log holds the code's words instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.engine.boot import variables
from bot.engine.boot.facts import Branch, Event, Stop
from bot.engine.boot.values import truth
from bot.engine.model.findings import MissingData, Place

if TYPE_CHECKING:
    from bot.engine.boot.importer import Frame, Importer


def follow(walk: Importer, event: Branch, frame: Frame) -> None:
    """Note the file without which a branch ends the program and that the image does not have; only in code that surely runs."""
    tree, test = frame.loaded.found.tree, event.test
    stops = {side: _stop(body) for side, body in ((True, event.body), (False, event.orelse))}
    if test is None or tree is None or walk.failures.unsure or not any(stops.values()):
        return
    absent: dict[str, tuple[bool, str]] = {}

    def lacks(path: str) -> str | None:
        found = walk.files.absent(path)
        if found is None:
            return walk.files.lies(path)
        absent[path] = found
        return ""

    scope = walk.scope(frame)
    taken = truth(test, scope._replace(there=lacks))
    stop = stops[taken] if taken is not None else None
    if stop is None or not absent or truth(test, scope._replace(there=lambda path: "file")) is taken:
        return
    path, (certain, reason) = next(iter(absent.items()))
    place = Place(tree, test.lineno, test.col_offset + 1)
    words = variables.words(stop, event.body if taken else event.orelse, scope, walk, frame)
    message = words or f"FileNotFoundError: [Errno 2] No such file or directory: {path!r}"
    detail = MissingData(walk.files.full(path) or path, False)
    walk.failures.chain.append(f"{tree}:{test.lineno}")
    walk.failures.fail("app-file-missing", message, reason, place, detail, certain, "other")
    walk.failures.chain.pop()


def _stop(body: tuple[Event, ...]) -> Stop | None:
    """Return what ends the program in a branch, if something does."""
    return next((each for each in body if isinstance(each, Stop) and not each.returns), None)
