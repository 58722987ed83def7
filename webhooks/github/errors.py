"""What can go wrong when we talk to GitHub or to a platform: one sentence each, in which no secret can stand."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from typing import cast

import requests
from github import BadAttributeException, GithubException
from github.Requester import Requester

from bot.evidence.redaction import redact

_WAIT = 60.0  # seconds: GitHub's own advice where a limit doesn't say when it ends
_LONGEST = 300  # characters of GitHub's own words that we repeat

# what PyGithub and requests raise: AssertionError and RuntimeError for an answer that leads to another host, KeyError for one
# that lacks what it must have, ValueError for one that is no JSON
RAISED = (
    GithubException,
    BadAttributeException,
    requests.RequestException,
    json.JSONDecodeError,
    AssertionError,
    RuntimeError,
    KeyError,
)


class Failed(Exception):
    """What we asked for did not happen; the text is one sentence for people."""


class Trouble(Failed):
    """The network or the other side failed: worth another try after a while."""


class Gone(Failed):
    """What we asked for is not there, or may not be seen by us."""


class Denied(Failed):
    """We may not do that: a permission is missing, the App is suspended, the repository is archived."""


class Refused(Failed):
    """The request was understood and turned down: another try won't change that."""


class Limited(Failed):
    """A rate limit is used up until `retry_at` (seconds since 1970); nothing should be asked before."""

    def __init__(self, sentence: str, retry_at: float) -> None:
        super().__init__(sentence, retry_at)
        self.retry_at = retry_at

    def __str__(self) -> str:
        return str(self.args[0])


def failure(error: BaseException, doing: str) -> Failed:
    """Return what one of `RAISED` means for somebody who wanted to do `doing` ("read the branches of owner/name").

    The result holds neither the error nor a URL: requests' errors carry the request with its Authorization.
    """
    match error:
        case GithubException():
            headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
            return answered(error.status, headers, error.data, doing)
        case requests.Timeout():
            return Trouble(f"Can't {doing}: GitHub did not answer in time.")
        case requests.exceptions.SSLError():
            return Trouble(f"Can't {doing}: GitHub's certificate was not accepted.")
        case requests.RequestException():
            return Trouble(f"Can't {doing}: GitHub could not be reached.")
        case _:
            return Trouble(f"Can't {doing}: GitHub's answer was not what it should be.")


def answered(status: int, headers: Mapping[str, str], data: object, doing: str, who: str = "GitHub") -> Failed:
    """Return what an answer with this status, these headers (names in lower case) and this body means."""
    said = words(data)
    if limited(status, headers, said):
        at = retry_at(headers)
        return Limited(
            f"Can't {doing}: {who}'s rate limit is used up until {time.strftime('%H:%M:%S', time.gmtime(at))} UTC.", at
        )
    because = f" ({said})" if said else ""
    if status >= 500:
        return Trouble(f"Can't {doing}: {who} answered {status}.")
    if status in (404, 410):
        return Gone(f"Can't {doing}: {who} knows no such thing, or we may not see it{because}.")
    if status in (401, 403, 451):
        needed = re.sub(r"[^a-z_=;, ]", "", headers.get("x-accepted-github-permissions", "")).replace("=", ": ")
        return Denied(f"Can't {doing}: {who} does not allow it{because}{f'; it needs {needed}' if needed else ''}.")
    if status in (408, 409):  # 409: GitHub is busy with the same thing
        return Trouble(f"Can't {doing}: {who} answered {status}{because}.")
    return Refused(f"Can't {doing}: {who} answered {status}{because}.")


def limited(status: int, headers: Mapping[str, str], said: str) -> bool:
    """Return whether an answer says that a rate limit is used up, the primary one or a secondary one.

    Source: GitHub's "Rate limits for the REST API": 403 or 429 with `x-ratelimit-remaining: 0`, with `retry-after`, or with
    words about a secondary limit.
    """
    if status == 429:
        return True
    used_up = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or Requester.isRateLimitError(said)
    return status == 403 and used_up


def retry_at(headers: Mapping[str, str]) -> float:
    """Return when to ask again: `retry-after`, else `x-ratelimit-reset` of a limit that is used up, else in a minute."""
    now = time.time()
    after = _number(headers.get("retry-after"))
    if after is not None:
        return now + max(after, 1.0)
    reset = _number(headers.get("x-ratelimit-reset"))
    if reset is not None and headers.get("x-ratelimit-remaining") == "0":
        return max(reset + 1.0, now + 1.0)  # it is not said when in that second
    return now + _WAIT


def words(data: object) -> str:
    """Return what the body of an error says, on one line, short and redacted."""
    if isinstance(data, bytes):
        data = data.decode("utf-8", "replace")
    if not isinstance(data, dict):
        return ""
    told = [str(data.get("message") or "")]
    errors = data.get("errors")
    for one in errors if isinstance(errors, list) else ():
        told.append(str(one.get("message") or one.get("code") or "") if isinstance(one, dict) else str(one))
    text = redact(" ".join(" ".join(told).split()))
    return text[:_LONGEST].rstrip(". ")


def _number(text: str | None) -> float | None:
    try:
        number = float(cast(str, text))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
