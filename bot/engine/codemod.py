"""What a codemod is to the engine: which findings it answers, and what it proposes. The engine knows none by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

from bot.engine.model.findings import Fault, Safety, Stage, Weakness
from bot.engine.model.tree import Tree
from bot.engine.report import Report


class Codemod(NamedTuple):
    """The data of a codemod; its name is the file's, its title and page are the docstring's.

    `along` says when its weakness is repaired although nobody selected it: together with a fault in the same `file`, since it
    is part of the same mistake; or once every fault of its `target` is gone of which some were repaired, since it stops that
    deploy next wherever something outside of the repository isn't as hoped. A deploy that was never broken keeps it.
    `rank` is convention: of equal repairs, that with the lower rank is taken. `opt_in`: its weakness is only looked for when it
    is selected by name, or, with `along="target"`, once the last fault of a target has been repaired. `last`: it is only asked
    where no other codemod gets the deploy further.
    """

    answers: tuple[str, ...]
    since: str
    along: Literal["", "file", "target"] = ""
    rank: int = 50
    platform: str | None = None  # the one that it knows; None: all
    opt_in: bool = False
    last: bool = False


class Proposal(NamedTuple):
    """A changed tree, and why. `manual` are steps for a person, `command` how to deploy from now on where that changed.

    `through` is a stage that the deploy has to get past for the edit to make sense at all.
    """

    tree: Tree
    rationale: str
    safety: Safety = "safe"
    manual: tuple[str, ...] = ()
    command: str | None = None
    through: Stage | None = None


class Skip(NamedTuple):
    """Why a codemod that answers a finding proposes nothing. `command` is the tool that would do it, outside of the engine."""

    reason: str
    command: str | None = None


class Propose(Protocol):
    """The function `propose` of a codemod's file."""

    def __call__(self, finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
        """Yield changed trees, best first, or the reason for none."""
        ...


class Find(Protocol):
    """The function `find` of a file that answers a weakness."""

    def __call__(self, report: Report, tree: Tree) -> Iterator[Weakness]:
        """Yield the weaknesses of a target."""
        ...


class Registry(Protocol):
    """Hands out codemods by name, loading no more than is asked for."""

    def answering(self, code: str) -> tuple[str, ...]:
        """Return the names of the codemods that answer a finding, in the order of convention."""
        ...

    def finders(self) -> tuple[str, ...]:
        """Return the names of those that find weaknesses."""
        ...

    def opt_in(self) -> tuple[str, ...]:
        """Return the names of those that find one only when they are selected."""
        ...

    def data(self, name: str) -> Codemod:
        """Return a codemod's data."""
        ...

    def propose(self, name: str) -> Propose:
        """Return a codemod's `propose`."""
        ...

    def find(self, name: str) -> Find:
        """Return a codemod's `find`."""
        ...
