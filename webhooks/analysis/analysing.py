"""The analysis of one commit: simulate, match the log, plan each target's repair, and put it into words."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from bot.engine.evidence import Log
from bot.engine.model import diff
from bot.engine.model.tree import Change as Changed
from bot.engine.model.tree import Source, Tree, Unreadable
from bot.engine.plan import Allowed, Plan, same_target, weaknesses
from bot.engine.report import Report
from bot.engine.simulate import Options, simulate
from bot.evidence import reading
from bot.evidence.diagnosis import Diagnosis, diagnose
from bot.outside import settings
from bot.report import pull_request as words
from codemods import Shelf
from webhooks.analysis import causes, formatters
from webhooks.analysis.model import Analysis, Change, Finding, Level, Repair, Request
from webhooks.analysis.planning import Reasons, plan_one

_TARGETS = 8  # that are planned for: those first that the log is about
_ANNOTATIONS = 100


class _Unusable(Exception):
    """The repository's own settings can't be used; the text says why."""


class _Commit(NamedTuple):
    """A commit with all that was found in it."""

    request: Request
    tree: Tree
    options: Options
    allowed: Allowed
    log: Log | None
    reports: tuple[Report, ...]
    found: Diagnosis | None

    def weight(self, report: Report) -> int:
        """Return how much the failure is about a target, least first."""
        return causes.weight(report, self.found, self.request.platform)

    def is_meant(self, report: Report) -> bool:
        """Say whether the failure is about a target: the log says so, or nothing says otherwise."""
        return self.weight(report) == min(map(self.weight, self.reports))


def analysed(request: Request, source: Source) -> Analysis:
    """Return what becomes of a commit; a repository that can't be read ends in a summary that says so."""
    try:
        commit = _opened(request, Tree(source))
        return _planned(commit)
    except _Unusable as error:
        return Analysis(summary=words.unusable(str(error)), unreadable=True)
    except Unreadable as error:
        return Analysis(summary=words.unusable(f"`{error.path}` can't be used: {error.reason}."), unreadable=True)


def _opened(request: Request, tree: Tree) -> _Commit:
    try:
        stored = settings.read(tree)
    except settings.BadSettings as error:
        raise _Unusable(f"{error}.") from None
    shelf = Shelf()
    unknown = [name for name in (*(stored.select or ()), *stored.ignore) if name not in shelf.names()]
    if unknown:
        raise _Unusable(f"The settings name a codemod that is not there: `{unknown[0]}`.")
    config = posixpath.normpath(stored.config) if stored.config else None
    if config and not tree.is_file(config):
        raise _Unusable(f"The settings name a config that is not there: `{config}`.")
    start = None if stored.start is None else posixpath.normpath(stored.start).strip("/")
    start = "" if start == "." else start
    if start and not tree.is_folder(start):
        raise _Unusable(f"The settings name a folder that is not there: `{start}`.")
    log = reading.read(request.log.encode("utf-8", "replace")) if request.log.strip() else None
    log = log if log and log.lines else None
    options = Options(config, stored.app, stored.process, start, stored.exclude, stored.secrets, None, log)
    allowed = Allowed(request.unsafe or stored.unsafe, stored.select, stored.ignore)
    reports = tuple(weaknesses(simulate(tree, options), tree, shelf, allowed))
    if not reports and (config or stored.app):
        raise _Unusable(f"The settings choose `{stored.app or config}`, and nothing of that name is deployed.")
    found = diagnose(log, reports, tree) if log else None
    return _Commit(request, tree, options, allowed, log, reports, found)


def _planned(commit: _Commit) -> Analysis:
    order = sorted(commit.reports, key=commit.weight)
    broken = [report for report in order if report.faults]
    repairs: list[Repair] = []
    plans: list[tuple[Report, Plan]] = []
    seen: set[tuple[Change, ...]] = set()
    for report in broken[:_TARGETS]:
        made, reasons = _plan(commit, report)
        plans.append((report, made))
        repair = _repair(commit, report, made, reasons)
        if repair and repair.changes not in seen:  # two targets with the same diff are one repair
            seen.add(repair.changes)
            repairs.append(repair)
    findings = tuple(each for report in order for each in _findings(commit, report))[:_ANNOTATIONS]
    known = tuple(dict.fromkeys(causes.fingerprint(report.target, fault) for report in order for fault in report.faults))
    if any(repair.meant for repair in repairs):
        return Analysis(tuple(repairs), findings, causes=known)
    summary, manual = words.nothing_to_repair(tuple(order), commit.found, plans, commit.log is not None)
    return Analysis(tuple(repairs), findings, summary, manual=manual, causes=known)


def _plan(commit: _Commit, report: Report) -> tuple[Plan, Reasons]:
    """Plan with what is safe; judgement calls, where they are allowed, only for what that leaves."""
    made, reasons = plan_one(report, commit.tree, Shelf(), commit.options, commit.allowed._replace(unsafe=False))
    after = same_target(report, commit.tree, list(made.after), made.tree)
    if not commit.allowed.unsafe or (after is not None and not after.faults):
        return made, reasons
    return plan_one(report, commit.tree, Shelf(), commit.options, commit.allowed)


def _repair(commit: _Commit, report: Report, made: Plan, reasons: Reasons) -> Repair | None:
    cause, explained = causes.answered(report, made, commit.found)
    edits = made.tree.changes()
    if cause is None or not edits:
        return None
    changes = [_change(commit.tree, edit) for edit in edits]
    meant = commit.is_meant(report)
    first = commit.found.first if commit.found and meant else None
    number = explained.line.number if explained else first.line.number if first else None
    about = commit.request.about
    case = words.Case(
        before=report,
        cause=cause,
        plan=made,
        after=same_target(report, commit.tree, list(made.after), made.tree),
        files=tuple(_edited(edit, change, reasons) for edit, change in zip(edits, changes, strict=True)),
        diagnosis=commit.found,
        explained=explained,
        excerpt=causes.excerpt(commit.log, number),
        told=words.Told(about.repository, commit.request.sha, about.check, about.failed_url),
    )
    target = report.target
    return Repair(
        fingerprint=causes.fingerprint(target, causes.first(report, made) or cause),
        target=target.config,
        app=target.app,
        title=words.title(case.error),
        body=words.body(case),
        commit_message=words.commit_message(words.title(case.error), [step.rationale for step in made.steps]),
        changes=tuple(changes),
        manual=case.manual,
        level="certain" if case.sure else "likely",
        findings=tuple(_findings(commit, report)),
        platform=target.platform,
        meant=meant,
        complete=case.after is not None and case.after.reached == "ok",
    )


def _change(tree: Tree, edit: Changed) -> Change:
    content = formatters.formatted(tree, edit)
    added, removed = words.counted(edit.before, content)
    patch = _patch(tree, edit._replace(after=content))
    return Change(edit.path, edit.old, edit.executable, content, added, removed, patch)


def _patch(tree: Tree, edit: Changed) -> str:
    """Return the diff of one file alone."""
    edits: dict[str, bytes | None] = {edit.path: edit.after}
    origins = {}
    if edit.old is not None and edit.old != edit.path:
        edits[edit.old] = None
        origins[edit.path] = edit.old
    return diff.unified(Tree(tree.source, edits, origins, frozenset({edit.path} if edit.executable else ())))


def _edited(edit: Changed, change: Change, reasons: Reasons) -> words.Edited:
    why = reasons.of(edit.path, edit.old)
    executable = edit.mode_changed or (edit.old is None and edit.executable)
    return words.Edited(edit.path, edit.old, change.added, change.removed, why, executable)


def _findings(commit: _Commit, report: Report) -> list[Finding]:
    """Return the places of a target's faults, for annotations."""
    found = []
    for fault in report.faults:
        if fault.place and commit.tree.is_file(fault.place.path):
            title, message = words.annotation(fault)
            level: Level = "failure" if fault.confidence == "certain" else "warning"
            found.append(Finding(fault.place.path, fault.place.line, title, message, level))
    return list(dict.fromkeys(found))
