"""How each kind of setting is read: out of a variable's text, or out of a TOML value. A ValueError ends a sentence ("is …")."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from bot.evidence.redaction import redact

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_PEM = re.compile(r"\s*-----BEGIN (?:RSA )?PRIVATE KEY-----\n.+\n-----END (?:RSA )?PRIVATE KEY-----\s*", re.DOTALL)
_SHORTEST_SECRET = 16  # shorter ones can be guessed
ENGINES = ("docker", "podman", "buildah")
LEVELS = ("debug", "info", "warning", "error")

_OWNED = re.compile(r"[a-z0-9][a-z0-9-]{0,62}=[\w.-]{1,100}/[\w.-]{1,100}")


def text(value: Any) -> str:
    """Read text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is a text that is not empty")
    return value.strip()


def number(least: int, most: int) -> Callable[[Any], int]:
    """Return a reader of whole numbers between two."""

    def reading(value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value.strip()):
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"is a number from {least} to {most}")
        return value

    return reading


def flag(value: Any) -> bool:
    """Read true or false; as text also 1, 0, yes, no, on and off."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if not isinstance(value, str) or value.strip().lower() not in words:
        raise ValueError("is true or false")
    return words[value.strip().lower()]


def names(value: Any) -> tuple[str, ...]:
    """Read a list; as text its items stand on lines of their own, or between commas."""
    if isinstance(value, str):
        value = re.split(r"[,\n]", value)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("is a list of texts")
    return tuple(item.strip() for item in value if item.strip())


def hosts(value: Any) -> tuple[str, ...]:
    """Read a list of host names."""
    found = tuple(name.lower() for name in names(value))
    if not all(_HOST.fullmatch(name) and ".." not in name for name in found):
        raise ValueError("is a list of host names (no scheme, no port, no path)")
    return found


def owners(value: Any) -> tuple[str, ...]:
    """Read a list of `app=owner/name`."""
    found = names(value)
    if not all(_OWNED.fullmatch(name) for name in found):
        raise ValueError("is a list of `app=owner/name`")
    return found


def secret(value: Any) -> str:
    """Read a secret: one that can't be guessed."""
    if not isinstance(value, str) or len(value.strip()) < _SHORTEST_SECRET:
        raise ValueError(f"is too short: a secret has {_SHORTEST_SECRET} characters or more")
    return value.strip()


def pem(value: Any) -> str:
    """Read a private key; variables often hold its line breaks as `\\n`."""
    key = value.replace("\\n", "\n").replace("\r\n", "\n") if isinstance(value, str) else ""
    if not _PEM.fullmatch(key):
        raise ValueError("is no private key in PEM form")
    return key.strip() + "\n"


def slug(value: Any) -> str:
    """Read the App's name in URLs, as GitHub makes it of its title; `bot` suffixes are taken off."""
    name = value.strip().lower().removesuffix("[bot]") if isinstance(value, str) else ""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,99}", name):
        raise ValueError("is an App's name in URLs, such as my-deploymend")
    return name


def url(value: Any) -> str:
    """Read the address of a server, without a slash at the end."""
    address = value.strip().rstrip("/") if isinstance(value, str) else ""
    parts = urlsplit(address) if address.isprintable() and " " not in address else urlsplit("")
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError("is an address such as https://host (no user, no query)")
    return address


def web_of(base_url: str) -> str:
    """Return where GitHub's pages are, if its API is there: github.com, a tenant of ghe.com, or an Enterprise Server."""
    parts = urlsplit(base_url)
    host = parts.netloc
    if host == "api.github.com" or host.endswith(".ghe.com"):
        host = host.removeprefix("api.")
    return f"{parts.scheme}://{host}"


def database(value: Any) -> str:
    """Read the address of a Postgres database; it can hold a password, so it is never shown."""
    address = value.strip() if isinstance(value, str) else ""
    if not re.match(r"postgres(?:ql)?(?:\+psycopg)?://", address):
        raise ValueError("is no address of a Postgres database (postgresql://…)")
    return address


def level(value: Any) -> str:
    """Read how much is logged."""
    name = value.strip().lower() if isinstance(value, str) else ""
    if name not in LEVELS:
        raise ValueError(f"is one of {', '.join(LEVELS)}")
    return name


def engine(value: Any) -> str:
    """Read which container engine builds and boots."""
    if value not in ENGINES:
        raise ValueError(f"is one of {', '.join(ENGINES)}")
    return str(value)


def shown(value: Any) -> str:
    """Return a value for a sentence: short, on one line, nothing that a terminal would obey."""
    quoted = redact(ascii(value))
    return quoted if len(quoted) <= 60 else quoted[:57] + "…"
