"""The check run on the failed commit: its title, its summary and its annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from bot.engine.model.findings import Assumption, Fault
from bot.engine.plan import Plan
from bot.engine.platforms import rules
from bot.engine.report import Report
from bot.evidence.catalogue import PLATFORM
from bot.evidence.diagnosis import Diagnosis, Named, filled
from bot.report import pages
from bot.report.markdown import code, commands, fence, joined, link, plain, prose, safe, section

ROOM = 65_000  # GitHub takes 65,535 characters of a summary, and of a text
_STEPS, _REASONS, _FAULTS = 20, 8, 10

Conclusion = Literal["neutral", "action_required", "success"]


class CheckRun(NamedTuple):
    """What a check run says; `neutral` turns no commit red a second time."""

    title: str
    summary: str
    text: str = ""
    conclusion: Conclusion = "neutral"


class Opened(NamedTuple):
    """A pull request that answers a cause: its title, its page, its body, and what is left for a person."""

    title: str
    url: str
    body: str
    manual: tuple[str, ...] = ()
    likely: bool = False


def with_repairs(opened: Sequence[Opened]) -> CheckRun:
    """Return the check run of a commit whose causes are answered by pull requests, at least one."""
    first = opened[0]
    lines = [f"- {link(prose(each.title, 80), each.url)}" + (" (likely)" if each.likely else "") for each in opened]
    manual = tuple(dict.fromkeys(step for each in opened for step in each.manual))
    summary = joined(
        [
            (100, "The cause was found, and it can be repaired:\n\n" + "\n".join(lines)),
            (50, section("To do by hand", *(f"- {prose(step)}" for step in manual[:_STEPS]))),
        ],
        ROOM,
    )
    more = f" and {len(opened) - 1} more" if len(opened) > 1 else ""
    return CheckRun(plain(first.title, 72) + more, summary, first.body, "action_required" if manual else "neutral")


def without_repair(summary: str, manual: Sequence[str] = ()) -> CheckRun:
    """Return the check run of a commit for which there is no pull request; `summary` is markdown and says why."""
    title = "No repair: there is something to do by hand" if manual else "No repair"
    return CheckRun(title, joined([(100, summary)], ROOM), "", "action_required" if manual else "neutral")


def left_alone(reason: str) -> CheckRun:
    """Return the check run of a commit that was not looked at (a fork, an archived or huge repository), or not acted on."""
    return CheckRun("Left alone", prose(reason) + "\n")


def unpushed(reason: str, title: str, body: str, patch: str) -> CheckRun:
    """Return the check run of a commit that can be repaired and to whose repository nothing is pushed, as to a fork."""
    lines = patch.rstrip("\n").split("\n")
    shown = fence(lines, "diff", 500)
    told = [(100, f"{prose(reason)} This is what would be changed:"), (50, "\n".join(shown))]
    return CheckRun(plain(title, 72), joined(told, ROOM), body)


def in_trouble(sentence: str) -> CheckRun:
    """Return the check run of a commit whose analysis did not come to an end."""
    return CheckRun(
        "The analysis did not come to an end", f"{prose(sentence)}\n\n`/deploymend retry` in a comment starts it again.\n"
    )


def annotation(fault: Fault) -> tuple[str, str]:
    """Return the title and the message of an annotation, which GitHub shows as plain text."""
    entry = pages.entries().get(fault.code)
    title = entry.title if entry else fault.code
    return safe(f"{title} ({fault.code})", 200), "\n".join((safe(fault.message, 1000), safe(fault.reason, 1000)))


# --- why there is no repair


def unusable(sentence: str) -> str:
    """Return the summary where the repository can't be looked at."""
    return f"The repository could not be analysed: {prose(sentence)}\n"


def nothing_to_repair(
    reports: Sequence[Report], found: Diagnosis | None, plans: Sequence[tuple[Report, Plan]], with_log: bool
) -> tuple[str, tuple[str, ...]]:
    """Return why nothing is repaired, in markdown, and the steps that are left for a person.

    `reports` are all targets, those first that the log is about; `plans` what was tried for those that fail.
    """
    steps = _steps(found)
    unmet = [each.assumption for each in found.unmet] if found else []
    manual = tuple(dict.fromkeys([*(each.command for each in unmet if each.command), *steps]))
    if not reports:
        front = "There is no Fly.io config (`fly.toml`, `fly.json`, `fly.yaml`) and no `render.yaml` with a service in Python."
    else:
        front = "\n".join(_target(report) for report in reports[:_FAULTS])
    text = joined(
        [
            (100, front),
            (90, section("What the log shows", *_log(found, with_log))),
            (80, section("To do by hand", *_by_hand(unmet, steps))),
            (70, section("Why nothing is changed", *(line for report, made in plans for line in _tried(report, made)))),
        ],
        ROOM,
    )
    return text, manual[:_STEPS]


def _target(report: Report) -> str:
    target = report.target
    front = f"- {code(target.config)} ({rules.of(target.platform).name}{f', {code(target.app)}' if target.app else ''}): "
    if report.faults:
        fault = report.faults[0]
        at = f" at {code(f'{fault.place.path}:{fault.place.line}')}" if fault.place else ""
        return f"{front}the simulated deploy stops{at}: {code(fault.message)}: {prose(fault.reason)}"
    if report.reached == "ok":
        return f"{front}the simulated deploy reaches its end; nothing in the files stops it."
    unknown = f" ({prose(str(report.unknowns[0]))})" if report.unknowns else ""
    return f"{front}nothing is found that stops it, and it could not be followed to its end{unknown}."


def _log(found: Diagnosis | None, with_log: bool) -> list[str]:
    if found is None:
        return [] if with_log else ["No log was to be had: a log is what tells more."]
    if found.first is None:
        return ["No line of it is known to name a cause. These tell most:", "", *fence(line.text for line in found.telling)]
    named = found.first
    lines = fence([*(line.text for line in named.above), named.line.text])
    known = named.signature
    if known:
        lines += ["", f"{known.title}: {known.meaning}"]
    if known and known.stage == PLATFORM:
        lines += ["", "No file of the repository decides this."]
    if found.recovered:
        lines += ["", "A later deploy in this log went through: this one may be history."]
    return lines


def _steps(found: Diagnosis | None) -> list[str]:
    named: Named | None = found.first if found else None
    if found is None or named is None or named.signature is None:
        return []
    return [filled(step, named, found.app) for step in named.signature.do]


def _by_hand(unmet: Sequence[Assumption], steps: Sequence[str]) -> list[str]:
    asked = dict.fromkeys(each.command for each in unmet if each.command)
    lines = [*commands(asked), ""] if asked else []
    return [*lines, *(f"- {prose(step)}" for step in steps[:_STEPS])]


def _tried(report: Report, made: Plan) -> list[str]:
    """Return why the codemods that answer the first fault of a target were not used."""
    lines = []
    if report.faults and report.faults[0].confidence == "likely":
        lines.append(
            f"- {code(report.target.config)}: the fault is likely and not certain, and no line of the log shows it."
            " `unsafe = true` in `deploymend.toml` lets it be repaired."
        )
    first = report.faults[0].identity if report.faults else None
    dropped = [each for each in made.dropped if each.finding.identity == first]
    for each in list(dict.fromkeys(dropped))[:_REASONS]:
        judged = " (a judgement call: `unsafe = true` in `deploymend.toml` lets it be made)" if each.suggestion else ""
        lines.append(f"- {code(each.codemod)}: {prose(each.reason)}{judged}")
    return lines or [f"- {code(report.target.config)}: no codemod answers what stops it."]
