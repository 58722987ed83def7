"""A shelf of our own for the tests of the plan: repairs that do exactly what a test is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.engine.codemod import Codemod, Proposal, Propose, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.plan import Allowed, Plan, plan
from bot.engine.report import Report
from bot.engine.simulate import Options
from tests.tools import tree

Repair = Callable[[Tree], Proposal | Skip | None]


class Edits:
    """A registry of repairs, each a function from a tree to a proposal; every one answers every fault.

    Those whose names begin with `last` are asked last.
    """

    def __init__(self, **repairs: Repair) -> None:
        self.repairs = repairs
        self.asked: list[str] = []

    def answering(self, code: str) -> tuple[str, ...]:
        return tuple(self.repairs)

    def opt_in(self) -> tuple[str, ...]:
        return ()

    def finders(self) -> tuple[str, ...]:
        return ()

    def data(self, name: str) -> Codemod:
        return Codemod((), "0.1", last=name.startswith("last"))

    def propose(self, name: str) -> Propose:
        def made(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
            self.asked.append(finding.code if isinstance(finding, Fault) else "")
            proposal = self.repairs[name](tree)
            if proposal is not None:
                yield proposal

        return made

    def find(self, name: str) -> Callable[[Report, Tree], Iterator[Weakness]]:
        raise KeyError(name)


def replaces(path: str, old: str, new: str, **others: str) -> Repair:
    """Return a repair that replaces a passage of a file where it stands there, and writes other files along with it."""

    def made(tree: Tree) -> Proposal | None:
        content = tree.text(path)
        if old not in content:
            return None
        edited = tree.write(path, content.replace(old, new))
        for other, body in others.items():
            edited = edited.write(other, body)
        return Proposal(edited, "it helps")

    return made


def with_edits(files: dict[str, str], **repairs: Repair) -> Plan:
    return plan(tree(files), Edits(**repairs), Options(), Allowed())


def reached(made: Plan) -> list[str]:
    return [report.reached for report in made.after]


def names(made: Plan) -> list[str]:
    return [step.codemod for step in made.steps]


def rejected(made: Plan) -> list[str]:
    assert not made.tree.changes()
    return [dropped.reason for dropped in made.dropped if not dropped.suggestion]
