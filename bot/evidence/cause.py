"""Finds the first cause in a log, and not the last noise.

A log is cut into attempts (a deploy that begins anew), and the last one that failed counts. In a build, the step that
failed is asked for the first line that names a cause. At a start, it is what came last before the process ended, since
what an app survives is no cause: a traceback whose exception ended it, at the first of its chain that is known. Whatever
follows (workers that exit, restarts, checks that time out) is a consequence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from bot.engine.evidence import Log
from bot.evidence import tracebacks
from bot.evidence.catalogue import Known, Signature
from bot.evidence.tracebacks import Trace

_NEW = ("==> Verifying app config", "==> Cloning from", "==> Downloading cache", "Waiting for a runner to pick up this job")
_IMAGE = re.compile(r"\bdeployment-([0-9A-HJKMNP-TV-Z]{20,30})\b")
_WENT_WELL = (
    "==> Your service is live",
    "Visit your newly deployed app at",
    "is now deployed",
    "state: started, health: passing",
)
_ENDINGS = frozenset("SystemExit KeyboardInterrupt CancelledError GeneratorExit StopIteration StopAsyncIteration".split())
_OF_THE_HANDLER = frozenset(("NameError", "UnboundLocalError"))
_ANY = "python-exception"  # what is known of an exception of which nothing is
_NEAR = 8  # lines between an exception and the end that it brings
_ABOVE = 12  # lines above one that are looked at for what takes its meaning
_TIERS = {"cause": 0, "general": 1, "symptom": 2}


class Cause(NamedTuple):
    """What is taken for the first cause: a line of the log (`at`, by index), what is known of it, what it led to, and what it
    belongs to: the lines of a message of several lines that stand above it."""

    at: int
    signature: Signature | None
    captured: dict[str, str]
    frames: tuple[tracebacks.Frame, ...] = ()
    led_to: tuple[int, ...] = ()
    above: tuple[int, ...] = ()

    @property
    def tier(self) -> int:
        """How much it says: 0 for what names a cause."""
        return _TIERS[self.signature.kind] if self.signature else 1


class Findings(NamedTuple):
    """The first cause, other causes that the same attempt shows, and whether a later attempt in the log went well."""

    cause: Cause | None
    others: tuple[Cause, ...]
    recovered: bool


def find(log: Log, known: Iterable[Known]) -> Findings:
    """Return what a log shows."""
    known = tuple(known)
    hits = _hits(log, known)
    anything = next((each.signature for each in known if each.signature.id == _ANY), None)
    chains = tracebacks.chains(log.lines)
    ends = _attempts(log)
    last: Cause | None = None
    for start, stop in reversed(ends):
        inside = {index: hit for index, hit in hits.items() if start <= index < stop}
        traces = [chain for chain in chains if start <= chain[0].start < stop]
        attempt = _Attempt(log, start, stop, inside, traces, anything)
        cause = attempt.cause()
        if cause and cause.tier < _TIERS["symptom"]:
            well = any(mark in line for line in log.normal[cause.at :] for mark in _WENT_WELL)
            return Findings(cause, attempt.others(cause), well)
        last = last or cause
    return Findings(last, (), False)


def _hits(log: Log, known: Iterable[Known]) -> dict[int, Cause]:
    """Return by line the signature that says most of it; of two that say as much, the first in the catalogue."""
    found: dict[int, Cause] = {}
    for each in known:
        for wording in each.wordings:
            for index, captured in log.find(wording):
                if _excluded(log, index, each.signature):
                    continue
                hit = Cause(index, each.signature, captured)
                if index not in found or hit.tier < found[index].tier:
                    found[index] = hit
    return found


def _excluded(log: Log, at: int, signature: Signature) -> bool:
    """Say whether a line, or what stands around it, is such that the signature is not meant."""
    below = log.normal[at + 1] if at + 1 < len(log.normal) else ""
    above = log.normal[max(0, at - _ABOVE) : at] if signature.unless_before else []
    return (
        any(text in log.normal[at] for text in signature.unless)
        or any(text in below for text in signature.unless_next)
        or any(text in line for text in signature.unless_before for line in above)
    )


def _attempts(log: Log) -> list[tuple[int, int]]:
    """Return where each attempt begins and ends: at a deploy that starts, and where another image is run."""
    starts = [0]
    image = ""
    for index, text in enumerate(log.normal):
        if text.startswith(_NEW):
            starts.append(index)
            image = ""
        elif "deployment-" in text and (named := _IMAGE.search(text)):
            if image and named[1] != image:
                starts.append(index)
            image = named[1]
    return [(start, stop) for start, stop in zip(starts, [*starts[1:], len(log.normal)], strict=True) if start < stop]


class _Attempt:
    def __init__(
        self,
        log: Log,
        start: int,
        stop: int,
        hits: dict[int, Cause],
        chains: list[tuple[Trace, ...]],
        unknown: Signature | None,
    ) -> None:
        self.log = log
        self.start, self.stop = start, stop
        self.chained = {index: chain for chain in chains for index in range(chain[0].start, chain[-1].end + 1)}
        self.hits = hits
        self.unknown = unknown
        self.raised = [cause for chain in chains if (cause := self.of_chain(chain))]
        used = {*self.chained, *(cause.at for cause in self.raised)}
        self.plain = [self.whole(hits[index]) for index in sorted(hits) if index not in used]

    def cause(self) -> Cause | None:
        return self.of_step() or self.before_end() or self.anything()

    # --- a build

    def of_step(self) -> Cause | None:
        """Return the first cause in the step of a build that failed."""
        failed = self.failed_step()
        if failed is None:
            return None
        step, at = failed
        inside = [each for each in self.all(0, 1) if self.log.lines[each.at].step == step and each.at <= at]
        for tier in (0, 1):
            found = [each for each in inside if each.tier == tier]
            if found:
                return found[0]
            beyond = [each for each in self.all(tier) if at <= each.at or self.log.lines[each.at].step == "block"]
            if beyond:
                return beyond[0]
        return None

    def failed_step(self) -> tuple[str, int] | None:
        """Return the step that a builder says has failed, and where it says so."""
        step = ""
        for index in range(self.start, self.stop):
            line, text = self.log.lines[index], self.log.normal[index]
            if line.step.startswith("#") and text.startswith("ERROR: ") and "did not complete" in text:
                return line.step, index
            if line.step.startswith("#") and text.startswith("ERROR: failed to calculate checksum"):
                return line.step, index
            if text.startswith(("Error: building at STEP", "error building at STEP", "The command '/bin/sh -c")):
                return step or line.step, index
            if text.startswith(
                ("ERROR: failed to solve", "error: failed to solve", "failed to solve", "ERROR: failed to build")
            ):
                return "block", index
            step = line.step or step
        return None

    # --- a start

    def before_end(self) -> Cause | None:
        """Return what came last before a process or a deploy ended."""
        for end in [each for each in self.plain if each.tier == 2]:
            raised = [each for each in self.raised if self.reach(each) < end.at]
            plain = [each for each in self.plain if each.tier == 0 and each.at < end.at]
            fatal = self.first_in_row(raised) if raised else None
            if fatal and plain and plain[-1].at > self.reach(fatal) and end.at - self.reach(fatal) > _NEAR:
                fatal = None
            chosen = fatal or (plain[-1] if plain else None)
            if chosen is None:
                chosen = next((each for each in self.plain if each.tier == 1 and each.at < end.at), None)
            if chosen:
                return self.first_like(chosen)
        return None

    def anything(self) -> Cause | None:
        """Return the first cause of a log that shows no end."""
        for found in (self.all(0), self.raised, self.all(1), self.all(2)):
            if found:
                return found[0]
        return None

    # --- what there is

    def all(self, *tiers: int) -> list[Cause]:
        found = [*self.raised, *self.plain]
        return sorted((each for each in found if each.tier in tiers), key=lambda each: each.at)

    def reach(self, raised: Cause) -> int:
        """Return where the chain of tracebacks ends that a cause is of."""
        return self.chained[raised.at][-1].end if raised.at in self.chained else raised.at

    def first_in_row(self, raised: list[Cause]) -> Cause:
        """Return the last of some exceptions; of programs that a script starts one after the other, that of the first."""
        for before, after in zip(reversed(raised[:-1]), reversed(raised), strict=False):
            starts = self.chained[after.at][0].start if after.at in self.chained else after.at
            between = self.log.normal[self.reach(before) + 1 : starts]
            if before.tier or before.at not in self.chained or any(line.strip() for line in between):
                return after
        return raised[0]

    def first_like(self, cause: Cause) -> Cause:
        """Return the first time that a log says the same, or of what stops before anything runs, the first of all."""
        stage = cause.signature.stage if cause.signature else ""
        if stage in ("config", "build") and cause.at not in self.chained:
            return next(each for each in self.plain if each.tier == 0 and each.signature and each.signature.stage == stage)
        same = next(each for each in (*self.all(0, 1), cause) if self.log.normal[each.at] == self.log.normal[cause.at])
        if same.frames or same.at in self.chained:
            return same
        before = [each for each in self.plain if each.tier == same.tier and each.at <= same.at]
        while len(before) > 1 and before[-2].signature == same.signature:  # told in several lines, one after the other
            before.pop()
        return before[-1] if before else same

    def of_chain(self, chain: tuple[Trace, ...]) -> Cause | None:
        """Return what a chain of tracebacks began with: its first exception of which something is known.

        An exception in the code that handles another is a cause of its own where that code can't run at all: the other may
        well have been expected.
        """
        told = [(trace, self.said(trace)) for trace in chain if trace.short not in _ENDINGS]
        if not told:
            return None
        if told[-1][0].short in _OF_THE_HANDLER:
            trace, cause = told[-1]
        else:
            best = min((cause.tier for _, cause in told if cause.signature), default=1)
            trace, cause = next(((t, c) for t, c in told if c.signature and c.tier == best), told[0])
        rest = tuple(each.end for each, _ in told if each.end != trace.end)
        return cause._replace(frames=trace.frames, led_to=rest)

    def said(self, trace: Trace) -> Cause:
        """Return what is known of the exception of a traceback: by its line, or by the lines of its message below."""
        if trace.short == "SyntaxError":  # the line at fault stands above it
            for at in range(max(trace.start, trace.end - 4), trace.end):
                if at in self.hits and self.hits[at].tier == 0:
                    return self.hits[at]
        below = range(trace.end, min(self.stop, trace.end + 12))
        for tier in (0, 1):
            for index in below:
                hit = self.hits.get(index)
                if hit and hit.tier == tier:
                    return hit._replace(above=tuple(range(max(trace.end, index - 3), index)))
                if index > trace.end and (index in self.chained or not self.continues(index)):
                    break
        return Cause(trace.end, self.unknown, {})

    def whole(self, cause: Cause) -> Cause:
        """Return a line of pydantic's with the one above it, which names the field."""
        told = "[type=" in self.log.normal[cause.at] or "(type=" in self.log.normal[cause.at]
        return cause._replace(above=(cause.at - 1,)) if told and cause.at > self.start else cause

    def continues(self, index: int) -> bool:
        """Say whether a line goes on with an exception's message: pydantic's field names stand at the margin."""
        text = self.log.lines[index].text
        return text.startswith((" ", "\t")) or " " not in text.strip() or text.lstrip().startswith("(")

    def others(self, cause: Cause) -> tuple[Cause, ...]:
        """Return what else names a cause, once for each signature, the nearest first."""
        seen = {cause.signature.id if cause.signature else ""}
        found = []
        for each in self.all(0):
            name = each.signature.id if each.signature else ""
            if name not in seen:
                seen.add(name)
                found.append(each)
        return tuple(found[:3])
