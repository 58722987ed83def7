"""What the service writes about itself: one line of JSON an event, with the delivery that it concerns.

Every text passes the redactor before it is written, and JSON escapes whatever is no plain ASCII, so that nothing which
somebody wrote into a payload can forge a line or reach a terminal.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TextIO

from bot.evidence.redaction import redact

_LONGEST = 4_000  # of one text
_READ = 20_000  # no more of a text is looked at, so that a huge one takes no time
_FRAMES = 12
_WORD = re.compile("[a-z_. ]{0,18}")  # too short and too plain for any secret that the redactor knows
_NOTHING: Mapping[str, str] = MappingProxyType({})
_concerned: ContextVar[Mapping[str, str]] = ContextVar("concerned", default=_NOTHING)


@contextmanager
def concerning(**names: str) -> Iterator[None]:
    """Put names (`delivery`, `job`) into every line that is written inside, also by tasks and threads that start there."""
    token = _concerned.set({**_concerned.get(), **names})
    try:
        yield
    finally:
        _concerned.reset(token)


def log(name: str, message: str, /, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one line; `message` is a fixed text of ours, what varies stands in the fields."""
    logging.getLogger(name).log(level, "%s", message, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """Makes one line of JSON of a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a record whose arguments don't fit its message is written as it stands."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": told(message),
        }
        line |= {name: told(value) for name, value in _concerned.get().items()}
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line |= {name: _field(value) for name, value in fields.items() if name not in line}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def told(text: str) -> str:
    """Return text in which nothing stands that looks like a secret, cut to a length."""
    if _WORD.fullmatch(text):
        return text
    lines = (redact(line) for line in text[:_READ].split("\n"))
    whole = "\n".join(lines)
    return whole if len(whole) <= _LONGEST else whole[:_LONGEST] + "…"


def _field(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return told(str(value))


def _error(error: BaseException) -> dict[str, Any]:
    """Name an error and the way to it; no source lines and no values."""
    frames = traceback.extract_tb(error.__traceback__, limit=-_FRAMES)
    where = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "reason": told(str(error)), "where": where}


def install(level: str, stream: TextIO | None = None) -> logging.Handler:
    """Send all that is logged in this process through `JsonLines` to standard error, and return the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "dbos", "sqlalchemy", "httpx", "github"):
        adopt(name)
    logging.getLogger("uvicorn.access").disabled = True  # each delivery has a line of ours
    logging.getLogger("uvicorn.error").addFilter(_not_twice)
    for name in ("httpx", "httpcore", "github", "urllib3", "asyncio"):  # they would write every address
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    return handler


def _not_twice(record: logging.LogRecord) -> bool:
    """Leave out an error of the application: it has been written where the delivery was still known."""
    return not str(record.msg).startswith("Exception in ASGI application")


def adopt(name: str) -> None:
    """Take away a library's own handlers, again after it has set them up: its lines go the way of all others."""
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.propagate = True
