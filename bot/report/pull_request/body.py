"""The body of a pull request: what failed, why, what changes, how sure that is, and what is left for a person."""

from __future__ import annotations

from bot.engine.model import shell
from bot.engine.model.findings import Assumption
from bot.engine.platforms import rules
from bot.report.markdown import LIMIT, code, commands, fence, joined, link, prose, section
from bot.report.pull_request import chain, proofs
from bot.report.pull_request.case import Case, Edited

ROOM = LIMIT - 2_000  # for the body; the rest is for a marker
_FILES, _REASONS, _DROPPED, _STEPS, _LINES = 40, 6, 12, 30, 40
_TOLD = 20_000  # characters, after which files are listed without the reasons
_STAGES = {
    "config": "is refused with its config",
    "build": "stops in the build",
    "release": "stops at the release command",
    "boot": "does not start",
    "port": "starts, and nobody reaches it",
    "health": "fails its health check",
}

_UNDO = (
    "Close this pull request: nothing has changed, and it is not opened again for the same cause. Once it is merged, revert it"
    " with GitHub's button, or in a clone (without `-m 1` where it was squashed or rebased):",
    "",
    "```sh",
    "git revert -m 1 MERGE_COMMIT",
    "```",
)


def body(case: Case, room: int = ROOM) -> str:
    """Return the body in markdown, without marker, at most `room` characters; what does not fit is left out whole."""
    return joined(
        [
            (100, section("What failed", *_failed(case))),
            (90, section("Why", *chain.shown(case.before, case.cause))),
            (95, section("What changes", *_changes(case))),
            (40, section("Considered and not done", *_dropped(case))),
            (80, section(proofs.HEADING, *_proof(case))),
            (85, section("To do by hand", *by_hand(case))),
            (60, section("How to undo it", *_UNDO)),
            (70, section("See it for yourself", *_local(case))),
        ],
        room,
    )


# --- what failed


def _failed(case: Case) -> list[str]:
    target = case.before.target
    app = f"The deploy of {code(target.app)}" if target.app else "The deploy"
    where = f" ({rules.of(target.platform).name}, {code(target.config)})"
    lines = [f"{app}{where} {_STAGES[case.cause.stage]}:", ""]
    if case.excerpt:
        lines += fence(case.excerpt[:_LINES])
    else:
        lines += fence([case.error])
    source = ""
    if case.told.check:
        check = f"the check {code(case.told.check, 100)}"
        source = f"From {link(check, case.told.url) if case.told.url else check}"
        source += f" at the commit {code(case.told.sha[:12])}. " if case.told.sha else ". "
    return [*lines, "", source + _tie(case)]


def _tie(case: Case) -> str:
    """Say what the log and the simulated deploy have to do with each other."""
    if not case.excerpt:
        return "No log was to be had: the line is what the simulated deploy foresees."
    if case.explained is None:
        return f"The files don't explain the last of it; the simulated deploy stops at {code(case.cause.message)}"
    if case.explained.how == "line":
        return "The simulated deploy foresees the error."
    sort = "it" if case.explained.how == "same" else "an error of this sort"
    return f"The simulated deploy foresees {sort} as {code(case.cause.message)}"


# --- what changes


def _changes(case: Case) -> list[str]:
    lines: list[str] = []
    above: tuple[str, ...] = ()
    for file in case.files[:_FILES]:
        told = file if sum(map(len, lines)) < _TOLD else file._replace(reasons=())
        lines += _file(told, bool(above) and told.reasons == above)
        above = told.reasons
    if len(case.files) > _FILES:
        lines.append(f"- and {len(case.files) - _FILES} more files")
    steps = case.plan.steps if case.plan else ()
    deploying = dict.fromkeys(step.command for step in steps if step.command)
    if deploying:
        lines += ["", "From now on it is deployed with:", "", *commands(deploying)]
    return lines


def _file(file: Edited, same: bool) -> list[str]:
    how = "new" if file.old is None else f"was {code(file.old)}" if file.old != file.path else ""
    marks = [how, f"+{file.added} −{file.removed}", "executable from now on" if file.made_executable else ""]
    front = f"- {code(file.path)} ({', '.join(mark for mark in marks if mark)})"
    reasons = ["for the same reason"] if same else [prose(reason) for reason in file.reasons[:_REASONS]]
    if len(reasons) == 1:
        return [f"{front}: {reasons[0]}"]
    return [front + (":" if reasons else ""), *(f"  - {reason}" for reason in reasons)]


def _dropped(case: Case) -> list[str]:
    """Return what else was thought of for what is repaired here: judgement calls first, then what would not do."""
    if case.plan is None:
        return []
    repaired = {finding.identity for step in case.plan.steps for finding in (step.finding, *step.repaired)}
    mine = [each for each in case.plan.dropped if each.finding.identity in repaired]
    mine.sort(key=lambda each: not each.suggestion)
    ordered = dict.fromkeys((each.codemod, each.reason, each.suggestion) for each in mine)
    lines = []
    for name, reason, suggestion in list(ordered)[:_DROPPED]:
        why = " It is a judgement call, which is left to you." if suggestion else ""
        lines.append(f"- {code(name)}: {prose(reason)}{why}")
    return lines


# --- how sure


def _proof(case: Case) -> list[str]:
    """Say how much is behind the repair: the level first, then what is not known."""
    after = case.after
    left = after.faults if after else ()
    level = "Simulated." if case.sure else "Likely."
    if after is None:
        return []
    if after.reached == "ok":
        end = "With these changes the simulated deploy reaches its end: it builds, starts, listens and answers."
    elif left:
        end = "With these changes the simulated deploy gets further, and not to its end."
    else:
        end = "With these changes nothing is found any more that stops the deploy; it could not be followed to its end."
    lines = [f"**{level}** {end} None of its code was run for that."]
    if not case.sure:
        lines += [
            "",
            "What is repaired is likely and not certain: something outside of the repository could make it work.",
        ]
    judged = dict.fromkeys(step.codemod for step in case.plan.steps if step.safety != "safe") if case.plan else {}
    if judged:
        lines += ["", f"A judgement call, so look at it before you merge: {', '.join(code(name) for name in judged)}."]
    notes = [f"- still in the way: {code(fault.message)}: {prose(fault.reason)}" for fault in left[:_DROPPED]]
    unknowns = [str(unknown) for unknown in after.unknowns] if after.reached != "ok" else []
    notes += [f"- not followed: {prose(unknown)}" for unknown in unknowns[:_REASONS]]
    return [*lines, "", *notes] if notes else lines


# --- what a person does


def by_hand(case: Case) -> list[str]:
    """Return the steps that only a person can do, as commands where they are some."""
    sentences = [f"- {prose(step)}" for step in case.manual[:_STEPS]]
    report = case.after or case.before
    missing = [each for each in report.assumptions if each.kind != "start" and not _is_told(case, each)]
    unmet = [each for each in report.assumptions if each.kind != "start" and _is_told(case, each)]
    lines = sentences
    for group, words in ((unmet, "The log shows that this is not there:"), (missing, "Where it is not set yet:")):
        asked = dict.fromkeys(each.command for each in group if each.command)
        told = [each for each in group if not each.command]
        if asked:
            lines += ["", words, "", *commands(asked)] if lines else [words, "", *commands(asked)]
        lines += [f"- {code(each.name)}: {prose(each.reason)}" for each in told[:_STEPS]]
    return lines


def _is_told(case: Case, assumption: Assumption) -> bool:
    return assumption.evidence is not None or any(
        unmet.assumption.name == assumption.name for unmet in (case.diagnosis.unmet if case.diagnosis else ())
    )


def local_command(case: Case) -> str:
    """Return the command that shows the same on a person's own machine."""
    target = case.before.target
    words = ["bot", "check", "--config", target.config]
    if target.key and target.app:
        words += ["--app", target.app]
    return " ".join(shell.quote(word) for word in words)


def _local(case: Case) -> list[str]:
    at = f" at {code(case.told.sha[:12])}" if case.told.sha else ""
    return [
        f"In a clone{at}, this shows where the deploy stops and why, without running anything:",
        "",
        *commands([local_command(case)]),
    ]
