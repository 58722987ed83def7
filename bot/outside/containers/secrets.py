"""What only the platform holds: values from a person's file, made-up ones in their place, and their blotting out."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

from bot.engine.model import dotenv

_LARGEST = 1024 * 1024  # bytes of a file of variables
_SHORTEST = 4  # characters of a value that is blotted out: a shorter one is in every log
_SHAPES = (  # of a name → a value of the form that libraries want; nothing answers at any of them
    (re.compile(r"REDIS|CELERY_BROKER|BROKER_URL"), "redis://127.0.0.1:6379/0"),
    (re.compile(r"MONGO"), "mongodb://127.0.0.1:27017/app"),
    (re.compile(r"RABBIT|AMQP"), "amqp://guest:guest@127.0.0.1:5672/"),
    (re.compile(r"MYSQL"), "mysql://app:app@127.0.0.1:3306/app"),
    (re.compile(r"SENTRY|DSN$"), "https://0123456789abcdef0123456789abcdef@o0.ingest.sentry.io/1"),
    (re.compile(r"(?:URL|URI|ENDPOINT|ORIGINS?)$"), "https://example.org"),
    (re.compile(r"(?:HOST|HOSTNAME|DOMAIN|SERVER)$"), "example.org"),
    (re.compile(r"(?:EMAIL|MAIL_FROM|SENDER)"), "someone@example.org"),
    (re.compile(r"PORT$"), "5432"),
    (re.compile(r"(?:_ID|_IDS|TIMEOUT|LIMIT|SECONDS|MINUTES|DAYS|COUNT|SIZE)$"), "1"),
    (re.compile(r"^(?:DEBUG|ENABLE|USE)|(?:ENABLED|DEBUG)$"), "false"),
)


class Hidden(dict[str, str]):
    """Variables whose values don't show where they are printed by mistake."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Hidden({', '.join(self)})"


class Unusable(Exception):
    """A file of variables that can't be read; the text says why."""


def read(path: str) -> Hidden:
    """Return the variables of a file (`NAME=value` lines, as python-dotenv reads them); raises `Unusable`."""
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror or 'it cannot be read'}") from None
    if len(data) > _LARGEST:
        raise Unusable(f"{path}: more than {_LARGEST // 1024 // 1024} MB is no file of variables")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(f"{path}: it is not UTF-8 text") from None
    entries = (entry for entry in dotenv.read(text) if entry.value is not None or entry.raw)
    return Hidden((entry.key, entry.raw.strip("\"'") if entry.value is None else entry.value) for entry in entries)


def stand_in(name: str, database: str | None = None) -> str:
    """Return a made-up value for a variable; `database` is the URL's form where it is one of a database."""
    upper = name.upper()
    if database is not None:
        return database
    if re.search(r"(?:DATABASE|DB|POSTGRES\w*|PG)_?(?:URL|URI|DSN)$", upper):
        return "postgresql://app:app@127.0.0.1:5432/app"
    if re.search(r"FERNET|ENCRYPTION", upper):  # such keys are checked as they are read
        return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
    shaped = next((value for pattern, value in _SHAPES if pattern.search(upper)), None)
    return shaped or f"stand-in-for-{name.lower().replace('_', '-')}-0123456789abcdef0123456789abcdef"


def blotted(text: str, values: Iterable[str]) -> str:
    """Return text without the values of secrets."""
    pieces = {piece for value in values for piece in (value, *value.splitlines()) if len(piece) >= _SHORTEST}
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, "***")
    return text
