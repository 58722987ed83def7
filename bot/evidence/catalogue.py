"""The catalogue of failure signatures: what a line of a log means, and what to do about it.

One entry each in the files of `signatures/`, by area. `bot check` reads none of them; `bot diagnose` reads them all.
"""

from __future__ import annotations

import pkgutil
import tomllib
from functools import cache
from typing import Any, Literal, NamedTuple

from bot.engine.evidence import Wording
from bot.engine.model.findings import STAGES

AREAS = ("config", "flyctl", "machines", "render", "docker", "system", "pip", "managers", "launchers", "libraries",
         "databases", "serving", "python", "actions", "endings")  # fmt: skip
PLATFORM = "platform"  # the stage of what neither a file nor the code decides: addresses, names, regions, registries
WHERE = (*STAGES, PLATFORM)

Kind = Literal["cause", "general", "symptom"]


class Signature(NamedTuple):
    """What is known of one failure.

    `kind`: a `cause` names what is wrong; what is `general` says that something is (an exception of any sort); a `symptom`
    follows from something else and is a cause only where the log holds nothing better. `lines` are the wordings of the
    log's line, `unless` texts that a line must not hold, `unless_next` the one below it, `unless_before` those above it.
    `faults` are the codes of what the simulation predicts by it, `codemods` those that answer it (none: all that answer the
    faults). `do` are steps for a person; `look` are commands to look closer, `fly` and `render` those of one platform;
    `{app}` in them is the app's name, other names are what `lines` captured.
    """

    id: str
    title: str
    stage: str
    lines: tuple[str, ...]
    meaning: str
    kind: Kind = "cause"
    unless: tuple[str, ...] = ()
    unless_next: tuple[str, ...] = ()
    unless_before: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    codemods: tuple[str, ...] = ()
    do: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    fly: tuple[str, ...] = ()
    render: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Known(NamedTuple):
    """A signature, ready to be looked for."""

    signature: Signature
    wordings: tuple[Wording, ...]


def parsed(data: bytes) -> list[Signature]:
    """Return the signatures of one file; raises `ValueError` or `TypeError` for one that is not in the form."""
    entries = tomllib.loads(data.decode())["signature"]
    return [Signature(**{key: _value(value) for key, value in entry.items()}) for entry in entries]


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@cache
def signatures() -> tuple[Signature, ...]:
    """Return all signatures, in the order in which they are looked at: of two for one line, the first counts."""
    found: list[Signature] = []
    for area in AREAS:
        data = pkgutil.get_data(__package__, f"signatures/{area}.toml")
        found += parsed(data or b"signature = []")
    return tuple(found)


@cache
def known() -> tuple[Known, ...]:
    """Return all signatures with their wordings."""
    return tuple(Known(each, tuple(Wording(line, captures=True) for line in each.lines)) for each in signatures())


def answering(fault: str) -> tuple[Signature, ...]:
    """Return the signatures whose line a fault is predicted by."""
    return tuple(each for each in signatures() if fault in each.faults)
