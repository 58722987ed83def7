"""The telling line of what a build or a process printed: its first cause, as `bot diagnose` finds it, else an error in it."""

from __future__ import annotations

import re

from bot.evidence import catalogue, cause, reading
from bot.evidence.redaction import redact

_EXCEPTION = re.compile(r"(?:\w+\.)*\w+(?:Error|Exception|NotFound|Unavailable|Exit|Interrupt)(?::.*|$)")
_ERROR = re.compile(
    r"(?:ERROR|Error|error|E|FATAL|CRITICAL)\b[:\s].*|.*(?:not found|No such file or directory|Permission denied).*"
)
# what engines add in words of their own when a command fails
_NOISE = re.compile(
    r"subprocess exited with status|exit status \d|while running runtime|did not complete successfully"
    r"|^-+$|^\s*[>|]|^\S*Dockerfile:\d+|^time=|^level=|pip's dependency resolver"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STEP = re.compile(r"^#\d+ (?:\d+\.\d+ )?")  # BuildKit's plain progress
_ENDED = re.compile(r"\s*process exited with.*")  # what a runtime adds to the line of a program that is not there
_RUNTIME = re.compile(r"no such file or directory|permission denied|executable file not found", re.I)
_UNAVAILABLE = re.compile(
    r"manifest unknown|pull access denied|failed to resolve source metadata|no such host|short-name .* did not resolve"
    r"|initializing source docker://|toomanyrequests|pinging container registry|error pulling image|image not known"
    r"|Temporary failure in name resolution|Failed to establish a new connection"
    r"|failed to do request|requested access to the resource is denied|unauthorized: authentication required",
    re.I,
)
_TAIL = 40


def tail(output: str) -> str:
    """Return the last lines, without colours, a builder's step numbers and what looks like a secret."""
    lines = [_STEP.sub("", _COLOUR.sub("", line)).rstrip() for line in output.splitlines()[-400:]]
    return "\n".join(map(redact, [line for line in lines if line][-_TAIL:]))


def telling(output: str) -> str:
    """Return the line that most likely says what went wrong, without secrets; empty where nothing was printed.

    A line that the catalogue of signatures knows as a cause comes first, then the last exception, error or line at all.
    """
    log = reading.read(output.encode("utf-8", "replace"))
    first = cause.find(log, catalogue.known()).cause if log.lines else None
    if first and first.tier == 0:
        return _shown(_ENDED.sub("", log.lines[first.at].text.strip()), 400)
    lines = [_STEP.sub("", _COLOUR.sub("", line)).strip() for line in output.splitlines()]
    heard = [line for line in lines if line and not _NOISE.search(line)]
    for pattern in (_EXCEPTION, _ERROR):
        found = [line for line in heard if pattern.match(line)]
        if found:
            return _shown(_ENDED.sub("", found[-1]), 400)
    spawned = [line for line in lines if _RUNTIME.search(line)]
    return _shown(_ENDED.sub("", (spawned or heard or [""])[-1]), 400)


def unavailable(output: str) -> str | None:
    """Return the line by which an engine says that it can't have a base image, which is no fault of a repository."""
    lines = (_STEP.sub("", _COLOUR.sub("", line)).strip() for line in output.splitlines())
    return next((_shown(line, 300) for line in lines if _UNAVAILABLE.search(line)), None)


def _shown(text: str, most: int) -> str:
    """Return the start of a line without secrets: blotted out before it is cut, since half a secret is not known as one."""
    return redact(text[: 40 * most])[:most]
