"""How our branches, checks and marks are called: by these names we find again what we made."""

from __future__ import annotations

import hashlib

from webhooks.events import OUR_BRANCHES

CHECK = "Deploymend"


def branch(fingerprint: str, base: str, default: str) -> str:
    """Return the branch for a cause: named by its fingerprint and, where that is not the default one, by its base."""
    if base == default:
        return f"{OUR_BRANCHES}{fingerprint}"
    return f"{OUR_BRANCHES}{fingerprint}-{hashlib.sha256(base.encode()).hexdigest()[:6]}"


def job(full_name: str, sha: str, attempt: int) -> str:
    """Return the id of the one job of a commit and attempt; by it a job is unique."""
    return f"{full_name}@{sha}:{attempt}"
