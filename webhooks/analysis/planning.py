"""The plan of one target among all: every other one is simulated beside it, so that no repair of it breaks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.engine.codemod import Codemod, Find, Proposal, Propose, Registry, Skip
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree
from bot.engine.plan import Allowed, Plan, Step, plan, same_target
from bot.engine.report import Report
from bot.engine.simulate import Options

_Key = tuple[tuple[str, ...], str, str]  # a finding, the codemod, the rationale


class _OneTarget:
    """A registry whose codemods propose something for one target alone; it keeps in mind which files they edit."""

    def __init__(self, registry: Registry, wanted: Report, tree: Tree) -> None:
        self.registry = registry
        self.wanted = wanted
        self.tree = tree
        self.touched: dict[_Key, set[str]] = {}

    def answering(self, code: str) -> tuple[str, ...]:
        return self.registry.answering(code)

    def finders(self) -> tuple[str, ...]:
        return self.registry.finders()

    def opt_in(self) -> tuple[str, ...]:
        return self.registry.opt_in()

    def data(self, name: str) -> Codemod:
        return self.registry.data(name)

    def find(self, name: str) -> Find:
        return self.registry.find(name)

    def propose(self, name: str) -> Propose:
        def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
            if same_target(self.wanted, self.tree, [report], tree) is None:
                return
            before = set(tree.changes())
            for proposal in self.registry.propose(name)(finding, report, tree):
                if isinstance(proposal, Proposal):
                    edited = [change for change in proposal.tree.changes() if change not in before]
                    paths = {path for change in edited for path in (change.path, change.old) if path}
                    self.touched[finding.identity, name, proposal.rationale] = paths
                yield proposal

        return propose


def plan_one(report: Report, tree: Tree, registry: Registry, options: Options, allowed: Allowed) -> tuple[Plan, Reasons]:
    """Plan the repair of the target of a report; the second value tells why each file is edited."""
    one = _OneTarget(registry, report, tree)
    made = plan(tree, one, options, allowed)
    return made, Reasons(made.steps, one.touched)


class Reasons:
    """Why a file is edited: the rationales of the steps that touched it, in their order."""

    def __init__(self, steps: tuple[Step, ...], touched: Mapping[_Key, set[str]]) -> None:
        self._steps = [(step, touched.get((step.finding.identity, step.codemod, step.rationale), set())) for step in steps]

    def of(self, path: str, old: str | None) -> tuple[str, ...]:
        """Return the rationales for a file by its name now and its name before."""
        found = [step.rationale for step, paths in self._steps if path in paths or old in paths]
        return tuple(dict.fromkeys(found))
