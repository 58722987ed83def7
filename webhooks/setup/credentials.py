"""The App's credentials on their way: out of GitHub's answer, into the data folder, or onto the page as secrets to set."""

from __future__ import annotations

import os
import secrets
import shlex
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from webhooks import values
from webhooks.credentials import FILE, Credentials


class Unexpected(Exception):
    """An answer of GitHub lacks what we need; one sentence, without anything of the answer."""


def from_answer(answer: Any) -> Credentials:
    """Read GitHub's answer to a conversion; raises Unexpected."""
    readers = {"id": values.number(1, 2**53), "pem": values.pem, "webhook_secret": values.secret, "slug": values.slug}
    found: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            found[name] = read(answer[name])
        except (KeyError, TypeError, ValueError):
            raise Unexpected(f"GitHub's answer has no usable `{name}`.") from None
    return Credentials(found["id"], found["pem"], found["webhook_secret"], found["slug"])


def key_trouble(pem: str) -> str | None:
    """Return in one sentence why a private key can't sign for an App, or None when it can."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "The App's private key can't be read: it is damaged, or not the whole of the file that GitHub made."
    return None if isinstance(key, RSAPrivateKey) else "The App's private key is no RSA key, and the keys of GitHub's Apps are."


def unwritable(data: Path) -> str | None:
    """Return why credentials could not be stored, as a sentence, or None; tries it with a file that it removes."""
    probe = data / f".{FILE}.{secrets.token_hex(6)}"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        probe.unlink()
    except OSError as error:
        return f"The data folder {data} can't be written ({error.strerror})."
    return None


def fleeting(data: Path) -> bool:
    """Whether the platform that we run on forgets the data folder at the next start, because no volume is mounted there."""
    if "FLY_APP_NAME" not in os.environ and "RENDER" not in os.environ:
        return False
    there = next((folder for folder in (data, *data.absolute().parents) if folder.exists()), Path("/"))
    return there.stat().st_dev == Path("/").stat().st_dev


def settings(kept: Credentials) -> dict[str, str]:
    """Return the credentials as the environment variables that the service reads."""
    named = {"DEPLOYMEND_APP_ID": str(kept.app_id), "DEPLOYMEND_SLUG": kept.slug or ""}
    named |= {"DEPLOYMEND_WEBHOOK_SECRET": kept.webhook_secret, "DEPLOYMEND_PRIVATE_KEY": kept.private_key}
    return {name: value for name, value in named.items() if value}


def fly_command(kept: Credentials, app: str | None = None) -> str:
    """Return the command that sets them as secrets of a Fly app; the values go through standard input, not through argv.

    `fly secrets import` reads NAME=value lines; a value of several lines stands between triple quotes.
    Source: superfly/flyctl internal/command/secrets/parser.go.
    """
    lines = []
    for name, value in settings(kept).items():
        lines.append(f'{name}="""{value.strip()}"""' if "\n" in value.strip() else f"{name}={value.strip()}")
    target = f" -a {shlex.quote(app)}" if app else ""
    return "\n".join([f"fly secrets import{target} <<'END'", *lines, "END"])


def env_file(kept: Credentials) -> str:
    """Return them as lines of an env file; the key's line breaks are written as \\n, which the service reads."""
    return "\n".join(f"{name}={value.strip()}".replace("\n", "\\n") for name, value in settings(kept).items())
