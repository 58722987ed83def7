"""What the steps of a job hand on. Each is stored with the job, so none holds a token, a log or a file."""

from __future__ import annotations

from typing import NamedTuple

from webhooks.work import names


class Asked(NamedTuple):
    """The comment that wants a job: where it stands, who wrote it, and the command."""

    number: int
    comment: int
    author: str
    command: str


class About(NamedTuple):
    """What a repair is about: the repository, the commit that failed, and which attempt it is.

    Where a comment asks for it, the attempt is the comment's id.
    """

    full_name: str
    installation: int
    sha: str
    attempt: int = 1
    asked: Asked | None = None
    branch: str = ""  # the commit's, where no failure tells it: somebody asked for the repair
    foreign: bool = False  # the commit is a fork's
    prove: bool = False  # build and boot it for real
    delivery: str = ""  # the first that told of it

    @property
    def job(self) -> str:
        """The id of its job."""
        return names.job(self.full_name, self.sha, self.attempt)


class Place(NamedTuple):
    """Where a repair goes: on top of `head`, the newest commit of `base`. `refused` says why there can be none.

    `silent`: not even a check run can, or should, be written.
    """

    refused: str = ""
    silent: bool = False
    base: str = ""
    head: str = ""
    default: str = ""
    foreign: bool = False  # the commit is a fork's: a report, and no push


class Found(NamedTuple):
    """What an analysis came to: which of its repairs the failure is about, the causes that were seen, or the trouble."""

    repairs: tuple[int, ...] = ()
    causes: tuple[str, ...] = ()
    trouble: str = ""
    unreadable: bool = False  # the repository is such that nothing can be said about its causes


class Outcome(NamedTuple):
    """What became of one repair: the number of its pull request where it stands, or why there is none.

    `at` is its place among the repairs of the analysis; `left` are what a person has to do besides.
    """

    at: int
    state: str  # pushed, open, or kept (nothing was done)
    number: int = 0
    url: str = ""
    why: str = ""
    left: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What a real boot says of a repair: proven, refuted, or not proven, and why."""

    outcome: str
    why: str
