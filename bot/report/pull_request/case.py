"""A deploy that failed, as the words are made of it: plain data."""

from __future__ import annotations

from typing import NamedTuple

from bot.engine.model.findings import Fault
from bot.engine.plan import Plan
from bot.engine.report import Report
from bot.evidence.diagnosis import Diagnosis, Explained


class Edited(NamedTuple):
    """A file that the repair changes, how many lines come and go, and why: the rationale of every edit in it."""

    path: str
    old: str | None  # its name before; None: it is new
    added: int
    removed: int
    reasons: tuple[str, ...]
    made_executable: bool = False


def is_workflow(*paths: str | None) -> bool:
    """Say whether GitHub takes a change of these paths only from an App with the permission `workflows`."""
    return any(path is not None and path.startswith(".github/workflows/") for path in paths)


def counted(before: bytes, after: bytes) -> tuple[int, int]:
    """Return how many lines a change adds and removes."""
    import difflib

    added = removed = 0
    for tag, old, old_end, new, new_end in difflib.SequenceMatcher(
        None, before.splitlines(), after.splitlines(), autojunk=False
    ).get_opcodes():
        if tag != "equal":
            added, removed = added + new_end - new, removed + old_end - old
    return added, removed


class Told(NamedTuple):
    """What GitHub told of the failure: the repository (owner/name), the commit, the check that failed and its page."""

    repository: str = ""
    sha: str = ""
    check: str = ""
    url: str = ""


class Case(NamedTuple):
    """One target that fails, and what becomes of it with the repair.

    `cause` is the fault that the pull request answers, `before` the simulated deploy; `excerpt` are the lines of the log
    around the one that shows the cause; `explained` says how that line and the fault hang together.
    """

    before: Report
    cause: Fault
    plan: Plan | None = None
    after: Report | None = None
    files: tuple[Edited, ...] = ()
    diagnosis: Diagnosis | None = None
    explained: Explained | None = None
    excerpt: tuple[str, ...] = ()
    told: Told = Told()

    @property
    def error(self) -> str:
        """The line that names the error, as the person saw it where there is a log."""
        if self.explained and self.explained.how == "same":
            return self.explained.line.text
        return self.cause.message

    @property
    def sure(self) -> bool:
        """Whether nothing outside of the repository can make the deploy work as it is."""
        steps = self.plan.steps if self.plan else ()
        return all(step.finding.confidence == "certain" for step in steps if isinstance(step.finding, Fault))

    @property
    def manual(self) -> tuple[str, ...]:
        """What is left for a person, beside values that only the platform holds."""
        steps = self.plan.steps if self.plan else ()
        return tuple(dict.fromkeys(each for step in steps for each in step.manual))
