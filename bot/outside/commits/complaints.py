"""From what git prints of an error to one of our kinds of failure and one sentence (wordings of git 2.34 to 2.51, LC_ALL=C)."""

from __future__ import annotations

import re

from bot.outside.commits.running import Done
from bot.outside.commits.terms import Access, FailureKind, GitFailed

_GONE, _LARGE, _UNSOUND, _DENIED = (
    "it is not there",
    "it is larger than allowed",
    "an object is not sound",
    "access was refused",
)

# the first that fits counts; an index-pack that says nothing was ended by a limit
_KINDS: tuple[tuple[FailureKind, str, str], ...] = (
    ("too-large", r"\A(?:fatal: )?fetch-pack: invalid index-pack output\s*\Z", _LARGE),
    ("too-large", r"File too large|died of signal 25|[Oo]ut of memory|malloc failed|mmap failed", _LARGE),
    ("missing", r"requested URL returned error: 3\d\d|unable to update url base from redir", "its address leads elsewhere"),
    ("hostile", r"fsck error|hasDot|error in (?:tree|commit) |invalid path", _UNSOUND),
    ("hostile", r"pack (?:is corrupted|has bad)|inflate returned|bad pack header", _UNSOUND),
    ("missing", r"[Rr]epository not found|not our ref|repository '[^']*' not found|returned error: 404", _GONE),
    ("missing", r"(?:[Cc]ould not|couldn't) find remote ref|src refspec|bad object|did not send all necessary objects", _GONE),
    ("refused", r"Authentication failed|could not read (?:Username|Password)|returned error: 40[13]", _DENIED),
    ("refused", r"unable to read askpass|Write access to repository not granted|Permission to \S+ denied", _DENIED),
    ("refused", r"transport '\w+' not allowed", "the protocol is not allowed"),
)
_RACE = re.compile(
    r"stale info|fetch first|non-fast-forward|needs force|already exists|cannot lock ref|incorrect old value|failed to update"
)
_STATUS = re.compile(r"^!\t[^\t\n]*\t\[(?P<by>remote )?(?:rejected|failure)\] ?(?P<why>[^\n]*)$", re.M)
_REASON = re.compile(r"^(?:remote: |fatal: |error: )?(.*\S)", re.M)


def failure(done: Done, access: Access | None, doing: str) -> GitFailed:
    """Return the failure that a git ended with; `doing` begins the sentence ("The commit can't be fetched")."""
    for kind, pattern, words in _KINDS:
        if re.search(pattern, done.errors):
            return GitFailed(kind, f"{doing}: {words}{_quoted(done.errors, pattern, access)}.")
    if done.broke_off:
        return GitFailed("hostile", f"{doing}: git broke off (code {done.code}).")
    return GitFailed("network", f"{doing}: the connection failed{_quoted(done.errors, '.', access)}.")


def refusal(done: Done, access: Access, branch: str) -> GitFailed:
    """Return why a push was not taken: the branch had moved (rejected), or the server does not let us (refused)."""
    status = _STATUS.search(done.output.decode("utf-8", "replace"))
    if status is None:
        return failure(done, access, f"The branch {branch} can't be pushed")
    why = access.without_secrets(status["why"].strip("()"))
    if _RACE.search(status["why"]):
        return GitFailed("rejected", f"The branch {branch} was not pushed: it is not where it was expected ({why}).")
    told = [line[8:] for line in done.errors.splitlines() if line.startswith("remote: ") and line[8:].strip()]
    said = access.without_secrets(told[0]) if told else ""
    return GitFailed("refused", f"The server did not take the branch {branch}: {' — '.join(filter(None, (why, said)))}.")


def _quoted(errors: str, pattern: str, access: Access | None) -> str:
    """Return the line that tells, in brackets; the last line where none does."""
    lines = [match[1] for match in _REASON.finditer(errors)]
    line = next((line for line in lines if re.search(pattern, line)), lines[-1] if lines else "")
    said = access.without_secrets(line) if access else ""
    return f" ({said.rstrip('.')})" if said else ""
