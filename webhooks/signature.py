"""Whether a delivery comes from GitHub: HMAC-SHA-256 of the raw body under a secret that both sides know.

Source: "Validating webhook deliveries", docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

HEADER = "X-Hub-Signature-256"
_FORM = re.compile(r"sha256=[0-9a-f]{64}")


def well_formed(headers: Sequence[str]) -> str | None:
    """Return the signature of a request that has exactly one, in GitHub's form; nothing needs to be read for any other."""
    if len(headers) != 1 or not _FORM.fullmatch(headers[0]):
        return None
    return headers[0]


def made_with(secrets: Sequence[str], body: bytes, signature: str) -> bool:
    """Say whether one of the secrets signs exactly these bytes; takes the same time whichever it is, and if none is."""
    known = False
    for secret in secrets:
        known |= hmac.compare_digest(sign(secret, body).encode(), signature.encode("utf-8", "replace"))
    return known


def sign(secret: str, body: bytes) -> str:
    """Return the signature of a body, as GitHub writes it."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
