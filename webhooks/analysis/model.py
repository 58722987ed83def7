"""What goes into an analysis and what comes out of it, as plain data and as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from bot.report.pull_request.case import is_workflow

Level = Literal["failure", "warning", "notice"]


class Told(NamedTuple):
    """What GitHub told of the failure: the repository (owner/name), the name of the check that failed, and its page."""

    repository: str = ""
    check: str = ""
    failed_url: str = ""


class Request(NamedTuple):
    """What is to be analysed.

    `folder` is the bare object store that holds the commit `sha`, `log` the evidence (may be empty), `platform` the one on
    which the deploy failed, where that is known. `unsafe` lets judgement calls be made; a repository's own settings can, too.
    """

    folder: str
    sha: str
    log: str = ""
    platform: str | None = None
    unsafe: bool = False
    about: Told = Told()


class Limits(NamedTuple):
    """What an analysis may use."""

    memory_mb: int = 1024
    cpu_seconds: int = 120
    seconds: float = 180
    files: int = 256
    answer: int = 32 * 1024 * 1024  # bytes


class Change(NamedTuple):
    """A file that a repair changes, with its whole content; `old` is its name before, None where it is new.

    `added` and `removed` count lines; `patch` is the diff, for a person.
    """

    path: str
    old: str | None
    executable: bool
    content: bytes
    added: int
    removed: int
    patch: str = ""

    @property
    def workflow(self) -> bool:
        """Whether GitHub takes it only from an App with the permission `workflows`."""
        return is_workflow(self.path, self.old)


class Finding(NamedTuple):
    """A place in the repository at which something was found, for an annotation."""

    path: str
    line: int
    title: str
    message: str
    level: Level


class Repair(NamedTuple):
    """One pull request: what it changes and what it says.

    `fingerprint` names the cause; `meant` says that the failure is about this target, by the log, the app's name or the
    platform, or that nothing says otherwise;
    `complete` that the simulated deploy reaches its end with it.
    """

    fingerprint: str
    target: str  # the config
    app: str | None
    title: str
    body: str
    commit_message: str
    changes: tuple[Change, ...]
    manual: tuple[str, ...]
    level: Literal["certain", "likely"]
    findings: tuple[Finding, ...]
    platform: str = ""
    meant: bool = True
    complete: bool = True


class Analysis(NamedTuple):
    """The outcome. `wanted` are paths whose content was missing: then nothing else counts. `trouble` says why there is none.

    `summary` is what there is to say where nothing that the failure is about can be repaired; `manual` are the steps for a
    person in that case. `causes` are the fingerprints of all faults, repaired or not; of an `unreadable` repository none is
    known, which doesn't mean that there is none.
    """

    repairs: tuple[Repair, ...] = ()
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    wanted: tuple[str, ...] = ()
    trouble: str | None = None
    manual: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    unreadable: bool = False


class Malformed(Exception):
    """What was read is no request and no answer."""


def dump_request(request: Request) -> bytes:
    """Return a request as JSON."""
    return _json({**request._asdict(), "about": request.about._asdict()})


def load_request(data: bytes) -> Request:
    """Return the request that JSON holds; raises `Malformed`."""
    try:
        read = json.loads(data)
        return Request(**{**read, "about": Told(**read["about"])})
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(str(error)) from None


def dump(analysis: Analysis) -> bytes:
    """Return an outcome as JSON."""
    repairs = [_repair(repair) for repair in analysis.repairs]
    return _json({**analysis._asdict(), "repairs": repairs, "findings": [each._asdict() for each in analysis.findings]})


def load(data: bytes) -> Analysis:
    """Return the outcome that JSON holds; raises `Malformed`."""
    try:
        read = json.loads(data)
        read["repairs"] = tuple(_read_repair(repair) for repair in read["repairs"])
        read["findings"] = tuple(Finding(**each) for each in read["findings"])
        for name in ("wanted", "manual", "causes"):
            read[name] = tuple(read[name])
        return Analysis(**read)
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(str(error)) from None


def _repair(repair: Repair) -> dict[str, Any]:
    changes = [{**each._asdict(), "content": base64.b64encode(each.content).decode()} for each in repair.changes]
    return {**repair._asdict(), "changes": changes, "findings": [each._asdict() for each in repair.findings]}


def _read_repair(read: Mapping[str, Any]) -> Repair:
    changes = tuple(Change(**{**each, "content": base64.b64decode(each["content"], validate=True)}) for each in read["changes"])
    findings = tuple(Finding(**each) for each in read["findings"])
    return Repair(**{**read, "changes": changes, "findings": findings, "manual": tuple(read["manual"])})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode()  # a lone surrogate of a file's name has to come through
