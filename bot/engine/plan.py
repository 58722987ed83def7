"""The plan: simulate, propose, simulate again, until the deploy reaches the end or nothing gets it further.

A codemod proposes and the simulation decides. A proposal is kept when its fault is gone and nothing new stands at or before
the repaired point, nor in another process or target; what comes later was only hidden. Of several the one that gets the
deploy furthest is taken, then the smallest diff, then the order of convention. When no single one will do, pairs are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bot.engine.codemod import Proposal, Registry, Skip
from bot.engine.image.build import build
from bot.engine.model import diff, toml
from bot.engine.model.findings import STAGES, Fault, Safety, Weakness
from bot.engine.model.tree import Tree
from bot.engine.platforms import survey
from bot.engine.readings import progress
from bot.engine.report import Report
from bot.engine.simulate import Options, simulate

_ROUNDS = 30
_PAIRS = 40


class Allowed(NamedTuple):
    """What the person lets the plan do. `select` None: every codemod that answers a fault."""

    unsafe: bool = False
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()

    def codemod(self, name: str) -> bool:
        """Say whether a codemod may be used."""
        return name not in self.ignore and (self.select is None or name in self.select)


class Step(NamedTuple):
    """A repair that the plan makes."""

    finding: Fault | Weakness
    target: str  # the config of its target, as it is called before the plan
    codemod: str
    rationale: str
    safety: Safety
    manual: tuple[str, ...]
    command: str | None
    repaired: tuple[Fault | Weakness, ...]  # everything that is gone after it


class Dropped(NamedTuple):
    """A repair that was considered and not made, and why; `suggestion` when only `--unsafe` is missing."""

    finding: Fault | Weakness
    codemod: str
    reason: str
    suggestion: bool = False


class Plan(NamedTuple):
    """The outcome: the changed tree, the steps that lead to it, and the reports before and after."""

    tree: Tree
    steps: tuple[Step, ...]
    dropped: tuple[Dropped, ...]
    before: tuple[Report, ...]
    after: tuple[Report, ...]


class _Candidate(NamedTuple):
    reports: list[Report]
    rank: tuple[object, ...]
    steps: tuple[tuple[Fault | Weakness, str, Proposal], ...]
    owner: Report  # of the target that is repaired


def weaknesses(reports: list[Report], tree: Tree, registry: Registry, allowed: Allowed) -> list[Report]:
    """Return the reports with the weaknesses that codemods find."""
    chosen = [name for name in registry.opt_in() if name in (allowed.select or ())]
    names = [name for name in (*registry.finders(), *chosen) if name not in allowed.ignore]
    found = []
    for report in reports:
        more = [weakness for name in names for weakness in registry.find(name)(report, tree)]
        found.append(report._replace(weaknesses=(*report.weaknesses, *more)))
    return found


def plan(tree: Tree, registry: Registry, options: Options, allowed: Allowed) -> Plan:
    """Plan the repair of every target in a tree."""
    return _Planner(tree, registry, options, allowed).plan()


class _Planner:
    def __init__(self, tree: Tree, registry: Registry, options: Options, allowed: Allowed) -> None:
        self.tree = tree
        self.registry = registry
        self.options = options
        self.allowed = allowed
        self.steps: list[Step] = []
        self.dropped: list[Dropped] = []
        self.given_up: set[tuple[tuple[str, toml.Path], tuple[str, ...]]] = set()
        self.repaired: set[tuple[str, toml.Path]] = set()  # the targets that had a fault which is gone

    def simulate(self, tree: Tree) -> list[Report]:
        options = self.options
        if options.config is not None:
            moved = [change.path for change in tree.changes() if change.old == options.config]
            options = options._replace(config=moved[0] if moved else options.config)
        return weaknesses(simulate(tree, options), tree, self.registry, self.allowed)

    def plan(self) -> Plan:
        before = reports = self.simulate(self.tree)
        tree = self.tree
        for _ in range(_ROUNDS * len(before)):
            candidate = self.next_fault(tree, reports) or self.next_weakness(tree, reports)
            if candidate is None:
                break
            edited = candidate.steps[-1][2].tree
            gone = _gone(reports, tree, candidate.reports, edited)
            owner = tree.origin(candidate.owner.target.config)
            if isinstance(candidate.steps[0][0], Fault):
                self.repaired.add(_owner(candidate.owner, tree))
            for finding, name, proposal in candidate.steps:
                self.steps.append(_step(finding, owner, name, proposal, gone))
            tree, reports = edited, candidate.reports
        return Plan(tree, tuple(self.steps), tuple(dict.fromkeys(self.dropped)), tuple(before), tuple(reports))

    # --- faults

    def next_fault(self, tree: Tree, reports: list[Report]) -> _Candidate | None:
        """Return the best repair of the first fault that has one."""
        for report in reports:
            for fault in report.faults:
                key = (report.target.identity, fault.identity)
                if key in self.given_up or (fault.confidence == "likely" and not self.allowed.unsafe):
                    continue
                best = self.best(fault, report, tree, reports) or self.best_pair(fault, report, tree, reports)
                if best:
                    return best
                self.given_up.add(key)
        return None

    def best(self, fault: Fault, report: Report, tree: Tree, reports: list[Report]) -> _Candidate | None:
        names = list(self.answering(fault, report))
        last = [name for name in names if self.registry.data(name).last]
        first = [name for name in names if name not in last]
        return self.best_of(first, fault, report, tree, reports) or self.best_of(last, fault, report, tree, reports)

    def best_of(self, names: list[str], fault: Fault, report: Report, tree: Tree, reports: list[Report]) -> _Candidate | None:
        accepted = []
        proposals = ((name, proposal) for name in names for proposal in self.proposed(name, fault, report, tree))
        for order, (name, proposal) in enumerate(proposals):
            after = self.simulate(proposal.tree)
            reason = _rejected(fault, report, reports, after, tree, proposal)
            if reason:
                self.dropped.append(Dropped(fault, name, reason))
            elif proposal.safety == "unsafe" and not self.allowed.unsafe:
                self.dropped.append(Dropped(fault, name, proposal.rationale, suggestion=True))
            else:
                rank = _rank(same_target(report, tree, after, proposal.tree), proposal.tree, order)
                accepted.append(_Candidate(after, rank, ((fault, name, proposal),), report))
        return max(accepted, key=lambda candidate: candidate.rank) if accepted else None

    def best_pair(self, fault: Fault, report: Report, tree: Tree, reports: list[Report]) -> _Candidate | None:
        """Try a second edit on top of each proposal that does not do alone."""
        accepted: list[_Candidate] = []
        tried = 0
        for name, proposal in self.proposals(fault, report, tree):
            if proposal.safety == "unsafe" and not self.allowed.unsafe:
                continue
            middle = self.simulate(proposal.tree)
            other = same_target(report, tree, middle, proposal.tree)
            if other is None or not other.faults:
                continue
            for second, more in self.proposals(other.faults[0], other, proposal.tree):
                tried += 1
                if tried > _PAIRS or (more.safety == "unsafe" and not self.allowed.unsafe):
                    continue
                after = self.simulate(more.tree)
                if (
                    _rejected(fault, report, reports, after, tree, more._replace(through=more.through or proposal.through))
                    is None
                ):
                    steps = ((fault, name, proposal), (other.faults[0], second, more))
                    rank = _rank(same_target(report, tree, after, more.tree), more.tree, tried)
                    accepted.append(_Candidate(after, rank, steps, report))
        return max(accepted, key=lambda candidate: candidate.rank) if accepted else None

    def proposals(self, finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[tuple[str, Proposal]]:
        for name in self.answering(finding, report):
            for proposal in self.proposed(name, finding, report, tree):
                yield name, proposal

    def answering(self, finding: Fault | Weakness, report: Report) -> Iterator[str]:
        for name in self.registry.answering(finding.code):
            if self.allowed.codemod(name) and self.registry.data(name).platform in (None, report.target.platform):
                yield name

    def proposed(self, name: str, finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal]:
        for proposal in self.registry.propose(name)(finding, report, tree):
            if isinstance(proposal, Skip):
                self.dropped.append(Dropped(finding, name, proposal.reason))
            else:
                yield proposal

    # --- weaknesses

    def next_weakness(self, tree: Tree, reports: list[Report]) -> _Candidate | None:
        """Return a repair of a weakness that was selected, or that goes along with a repaired fault."""
        for report in reports:
            for weakness in (*report.weaknesses, *self.besides(report, tree)):
                key = (report.target.identity, weakness.identity)
                if key in self.given_up:  # repaired before: another repair brought it back
                    continue
                best = self.repair(weakness, report, tree, reports)
                if best:
                    self.given_up.add(key)
                    return best
        return None

    def repair(self, weakness: Weakness, report: Report, tree: Tree, reports: list[Report]) -> _Candidate | None:
        for name in self.answering(weakness, report):
            selected = self.allowed.select is not None and name in self.allowed.select
            if not selected and not self.goes_along(name, weakness, report, tree):
                continue
            for proposal in self.proposed(name, weakness, report, tree):
                if proposal.safety == "unsafe" and not self.allowed.unsafe:
                    continue
                after = self.simulate(proposal.tree)
                other = same_target(report, tree, after, proposal.tree)
                more = self.besides(other, proposal.tree) if other else [weakness]
                left = [known.identity for known in (*(_findings(other) if other else ()), *more)]
                if weakness.identity not in left and not _new_faults(reports, tree, after, proposal.tree):
                    return _Candidate(after, (), ((weakness, name, proposal),), report)
        return None

    def goes_along(self, name: str, weakness: Weakness, report: Report, tree: Tree) -> bool:
        """Say whether a weakness that nobody selected is repaired with what was."""
        match self.registry.data(name).along:
            case "file":
                return weakness.place is not None and weakness.place.path in {change.path for change in tree.changes()}
            case "target":
                return self.is_repaired(report, tree)
        return False

    def is_repaired(self, report: Report, tree: Tree) -> bool:
        """Say whether a target had faults and has none any more."""
        return not report.faults and _owner(report, tree) in self.repaired

    def besides(self, report: Report, tree: Tree) -> list[Weakness]:
        """Return the weaknesses that are looked for only in a target whose last fault has been repaired."""
        if not self.is_repaired(report, tree):
            return []
        names = [name for name in self.registry.opt_in() if self.allowed.codemod(name) and self.registry.data(name).along]
        selected = self.allowed.select or ()
        return [each for name in names if name not in selected for each in self.registry.find(name)(report, tree)]


def _step(finding: Fault | Weakness, target: str, name: str, proposal: Proposal, gone: tuple[Fault | Weakness, ...]) -> Step:
    return Step(finding, target, name, proposal.rationale, proposal.safety, proposal.manual, proposal.command, gone)


def same_target(report: Report, tree: Tree, after: list[Report], edited: Tree) -> Report | None:
    """Return the report of the same target in an edited tree, where its config may have moved."""
    wanted = _owner(report, tree)
    return next((other for other in after if _owner(other, edited) == wanted), None)


def _owner(report: Report, tree: Tree) -> tuple[str, toml.Path]:
    """Return what a target is known by through edits: where its config lay before any move, and its name or place in that."""
    key, app = report.target.key, report.target.app
    return tree.origin(report.target.config), (app,) if key and app else key


def _gone(before: list[Report], tree: Tree, after: list[Report], edited: Tree) -> tuple[Fault | Weakness, ...]:
    """Return the findings that an edit made away with, in whichever target they stood."""
    gone: list[Fault | Weakness] = []
    for report in before:
        same = same_target(report, tree, after, edited)
        left = {finding.identity for finding in _findings(same)} if same else set()
        gone += [finding for finding in _findings(report) if finding.identity not in left]
    return tuple(gone)


def _findings(report: Report) -> list[Fault | Weakness]:
    return [finding for found in (report.faults, report.weaknesses) for finding in found]


def _new_faults(before: list[Report], tree: Tree, after: list[Report], edited: Tree) -> list[Fault]:
    """Return the faults that an edit brings to the targets, without those that were only hidden."""
    known = {_owner(report, tree): report for report in before}
    found: list[Fault] = []
    for report in after:
        old = known.get(_owner(report, edited))
        beside = {weakness.identity for weakness in old.weaknesses} if old else set()
        fresh = [fault for fault in report.faults if fault.identity not in beside]
        found += [fault for fault in fresh if old is None or _is_new(fault, old.faults, report.faults)]
    return found


def _is_new(fault: Fault, before: Iterable[Fault], after: Iterable[Fault]) -> bool:
    """Say whether a fault was neither there nor hidden: behind one of the same process, or of the whole, that is gone."""
    left = {other.identity for other in after}
    return all(
        other.identity != fault.identity
        and (other.identity in left or other.position >= fault.position or other.process not in ("", fault.process))
        for other in before
    )


def _rejected(
    fault: Fault, report: Report, before: list[Report], after: list[Report], tree: Tree, proposal: Proposal
) -> str | None:
    """Return why an edit does not get the deploy further; None when it does."""
    same = same_target(report, tree, after, proposal.tree)
    if same is None:
        return "the target would be gone"
    if fault.identity in {other.identity for other in same.faults}:
        return "the same fault would remain"
    known = {other.identity for other in _findings(report)}  # what was a weakness beside the fault is nothing new
    for other in same.faults:
        stays = proposal.through is not None and STAGES.index(other.stage) <= STAGES.index(proposal.through)
        if other.identity in known and not stays:
            continue
        same_line = other.place == fault.place and other.code == fault.code
        elsewhere = bool(fault.process) and other.process not in ("", fault.process)
        falls = _is_new(other, report.faults, same.faults) if elsewhere else other.position <= fault.position
        if falls or same_line or stays:
            return f"it would stop at: {other.message}"
    if report.followed and report.image and not same.followed and fault.stage != "config":
        return "the deploy could not be followed any more"
    fresh = _new_faults(
        [other for other in before if other is not report], tree, [other for other in after if other is not same], proposal.tree
    )
    if fresh:
        return f"another target would stop at: {fresh[0].message}"
    return _shared_with(fault, report, before, tree, proposal.tree) or _other_build_broken(tree, proposal.tree)


def _shared_with(fault: Fault, report: Report, before: list[Report], tree: Tree, edited: Tree) -> str | None:
    """Return why an edit of a file that another target is built from is not ours to make: that one has no such fault."""
    changed = {change.old or change.path for change in edited.changes()} - {
        change.old or change.path for change in tree.changes()
    }
    for other in before:
        if other is report or other.image is None or fault.message in {theirs.message for theirs in other.faults}:
            continue
        if tree.origin(other.image.dockerfile) in changed:
            return f"{other.image.dockerfile} also builds {other.target.config}, which has no such fault"
    return None


def _other_build_broken(tree: Tree, edited: Tree) -> str | None:
    """Return why an edit is not ours to make: docker-compose or a workflow builds the same Dockerfile and would stop."""
    moved = {change.old: change.path for change in edited.changes()}
    for other in survey.other_builds(tree):
        path = moved.get(tree.origin(other.dockerfile), other.dockerfile)
        if not edited.is_file(path):
            continue
        before = build(tree, other.dockerfile, other.context, other.wanted, "").faults
        after = build(edited, path, other.context, other.wanted, "").faults
        for fault in after:
            if _is_new(fault, before, after):
                where = f"`{other.context}/`" if other.context else "the root"
                return f"{other.place.path}:{other.place.line} builds {path} in {where}, which would stop at: {fault.message}"
    return None


def _rank(same: Report | None, edited: Tree, order: int) -> tuple[object, ...]:
    reached = progress(same) if same else (-1, 0, 0)
    return (reached[0], reached[1], reached[2], -diff.size(edited), -order)
