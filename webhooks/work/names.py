"""How our branches, checks and marks are called: by these names we find again what we made."""

from __future__ import annotations

import hashlib

OWN_BRANCHES = "deploymend/"
CHECK = "Deploymend"


def branch(fingerprint: str, base: str, default: str) -> str:
    """Return the branch for a cause: named by its fingerprint and, where that is not the default one, by its base."""
    if base == default:
        return f"{OWN_BRANCHES}{fingerprint}"
    return f"{OWN_BRANCHES}{fingerprint}-{hashlib.sha256(base.encode()).hexdigest()[:6]}"
