"""The App's credentials as /setup keeps them: `app.json` in the data folder, which its owner alone can read."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import NamedTuple

from webhooks import values

FILE = "app.json"
_LARGEST = 64 * 1024


class Unusable(Exception):
    """The file is there and can't be used; the sentence says why and holds nothing of it."""


class Credentials(NamedTuple):
    """What GitHub gives an App when it is made; the names in the file are those of GitHub's answer."""

    app_id: int  # id
    private_key: str  # pem
    webhook_secret: str  # webhook_secret
    slug: str | None = None  # slug

    def __repr__(self) -> str:
        return f"Credentials(app_id={self.app_id}, slug={self.slug!r})"


def load(data: Path) -> Credentials | None:
    """Read the credentials of a data folder, None where /setup has stored none; raises `Unusable`."""
    path = data / FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unusable(f"{path} can't be read ({error.strerror}).") from None
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise Unusable(f"{path} is no file.")
        if os.name == "posix" and mode & 0o077:
            raise Unusable(f"{path} holds the App's private key and others can read it: chmod 600 {path}")
        raw = file.read(_LARGEST + 1)
    try:
        found = json.loads(raw)
        slug = found.get("slug")
        return Credentials(
            values.number(1, 2**53)(found["id"]),
            values.pem(found["pem"]),
            values.secret(found["webhook_secret"]),
            None if slug is None else values.slug(slug),
        )
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise Unusable(f"{path} does not hold the credentials of an App: remove it and open /setup again.") from None


def save(data: Path, kept: Credentials) -> Path:
    """Store the credentials, whole or not at all, and return the file; raises OSError."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, fresh = data / FILE, data / f"{FILE}.new"
    fresh.unlink(missing_ok=True)
    content = {"id": kept.app_id, "slug": kept.slug, "pem": kept.private_key, "webhook_secret": kept.webhook_secret}
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # never readable by others, not even at first
    with open(descriptor, "w", encoding="ascii") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    return path
