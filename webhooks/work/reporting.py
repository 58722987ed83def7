"""The last steps: the check run on the commit that failed, the answer to a comment, and the end."""

from __future__ import annotations

import asyncio

from bot.report import pull_request as words
from bot.report.markdown import prose
from bot.report.pull_request import replies
from bot.report.pull_request.checks import CheckRun, Opened
from webhooks import journal
from webhooks.analysis import Analysis, Repair
from webhooks.github import marker
from webhooks.jobs.steps import step
from webhooks.work import names, preparing
from webhooks.work.context import current
from webhooks.work.records import About, Asked, Found, Outcome, Place


@step("report", seconds=300)
async def report(about: About, place: Place, found: Found, outcomes: tuple[Outcome, ...]) -> str:
    """Write the one check run of a commit that failed: the pull request, or the honest reason for none."""
    context = current()
    if place.refused:
        analysis, run = Analysis(), words.left_alone(place.refused)
    elif found.trouble:
        analysis, run = Analysis(), words.in_trouble(found.trouble)
    else:
        analysis = await preparing.kept(context, about)
        run = _run(about, place, analysis, outcomes)
    details = next((each.url for each in outcomes if each.state == "open"), None)
    installation = context.installation(about.installation)
    annotations = analysis.findings if place.head == about.sha else ()  # of another commit, the lines may be others
    external = f"{about.full_name}@{about.sha}"
    return await asyncio.to_thread(
        lambda: installation.ensure_check(
            about.full_name,
            about.sha,
            names.CHECK,
            external,
            run.title,
            run.summary,
            run.text,
            run.conclusion,
            annotations,
            details,
        )
    )


def _run(about: About, place: Place, analysis: Analysis, outcomes: tuple[Outcome, ...]) -> CheckRun:
    opened = [_opened(analysis.repairs[each.at], each) for each in outcomes if each.state == "open"]
    if opened:
        return words.with_repairs(opened)
    if outcomes:
        why = " ".join(dict.fromkeys(each.why for each in outcomes if each.why))
        by_hand = [_by_hand(analysis.repairs[each.at], each.left) for each in outcomes if each.left]
        if not by_hand:
            return words.left_alone(why)
        return words.without_repair("\n\n".join((prose(why), *by_hand)), [path for each in outcomes for path in each.left])
    if place.foreign and analysis.repairs:
        repairs = "\n\n".join(f"### {prose(repair.title, 80)}\n\n{repair.body}" for repair in analysis.repairs)
        why = "This commit belongs to a fork, to which nothing is pushed. This is the repair:"
        return words.without_repair(f"{why}\n\n{repairs}", analysis.repairs[0].manual)
    if not analysis.causes and place.head != about.sha:
        return words.left_alone(f"At {place.head[:7]}, the newest commit of {place.base}, nothing stops the deploy any more.")
    return words.without_repair(analysis.summary, analysis.manual)


def _by_hand(repair: Repair, left: tuple[str, ...]) -> str:
    return words.without_workflows(repair.body, [(each.path, each.patch) for each in repair.changes if each.path in left])


def _opened(repair: Repair, outcome: Outcome) -> Opened:
    left = (*repair.manual, *outcome.left)
    return Opened(repair.title, outcome.url, repair.body, left, repair.level == "likely")


@step("reply", seconds=120)
async def reply(about: About, place: Place, found: Found, outcomes: tuple[Outcome, ...], asked: Asked) -> str:
    """Answer the comment that wanted a repair with what became of it."""
    if place.refused or found.trouble:
        text = replies.refused(asked.command, place.refused or found.trouble)
    else:
        analysis = await preparing.kept(current(), about)
        standing = [each for each in outcomes if each.state == "open"]
        if standing:
            lines = [replies.opened(analysis.repairs[each.at].title, each.url) + prose(each.why) for each in standing]
            text = "\n\n".join(lines)
        elif outcomes:
            text = replies.refused(asked.command, " ".join(dict.fromkeys(each.why for each in outcomes if each.why)))
        else:
            text = replies.nothing(_run(about, place, analysis, outcomes).summary)
    installation = current().installation(about.installation)
    mark = marker("answer", str(asked.comment))
    return await asyncio.to_thread(installation.ensure_comment, about.full_name, asked.number, text, mark)


@step("finish", seconds=60)
async def finish(about: About, told: str) -> None:
    """Count a job, and remove what was kept for it, in the database and on the disk."""
    context = current()
    begun = await asyncio.to_thread(context.store.started, about.job)
    seconds = max(0.0, context.store.clock() - begun) if begun else 0.0
    context.metrics.job(told, seconds)
    journal.log("webhooks.work", "job done", outcome=told, seconds=round(seconds, 1))
    await asyncio.to_thread(context.store.forget_job, about.job)
    await asyncio.to_thread(context.tidy, about.job)
