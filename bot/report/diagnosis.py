"""The diagnosis of a log, for a terminal and as JSON."""

from __future__ import annotations

import json
from typing import Any

from bot.engine.model.findings import Weakness
from bot.evidence.catalogue import PLATFORM, Signature
from bot.evidence.diagnosis import Diagnosis, Explained, Named, Shown, filled
from bot.report.repairs import Repair, Repairs
from bot.report.text import Page
from codemods import Shelf

VERSION = 1
_WIDTH = 100
_FRAMES = 4


def text(found: Diagnosis, name: str, left_out: int, repository: str | None, repairs: Repairs, colour: bool) -> str:
    """Return what `bot diagnose` prints."""
    page = Page(colour)
    if left_out:
        page.line(page.style(f"{left_out} bytes in the middle of the log were not read", "dim"))
    if found.first:
        _first(page, found, name)
        _repository(page, found, repository, repairs)
        _steps(page, found)
    if found.telling:
        _telling(page, found, repository)
    for other in found.others:
        page.line(
            page.style(f"also in the log, line {other.line.number}: ", "dim"), other.line.text[:200], _title(other.signature)
        )
    if found.recovered:
        page.line(page.style("A later deploy in this log went through: this one may be history.", "yellow"))
    return str(page)


def _title(signature: Signature | None) -> str:
    return f" ({signature.title[0].lower()}{signature.title[1:]})" if signature else ""


def _first(page: Page, found: Diagnosis, name: str) -> None:
    first = found.first
    assert first
    known = first.signature
    weak = known is not None and known.kind == "symptom"
    page.line(page.style("the last that the log says" if weak else "first cause", "bold"), f"  {name}:{first.line.number}")
    for line in first.above:
        page.line(page.style(f"  {line.text[:300]}", "dim"))
    page.line("  ", page.style(first.line.text[:1000], "yellow" if weak else "red"))
    if known:
        page.line(f"  {known.title} ", page.style(f"({known.stage}, {known.id})", "dim"))
        _wrapped(page, "  ", known.meaning)
    else:
        page.line("  No signature of the catalogue names this line.")
    for site in first.sites[-_FRAMES:]:
        function = f" in {site.function}" if site.function and site.function != "<module>" else ""
        if site.path:
            page.line(
                "    ", page.style(f"{site.path}:{site.line}", "cyan"), f"{function} ", page.style(f"({site.written})", "dim")
            )
        else:
            page.line(page.style(f"    {site.written}:{site.line}{function}", "dim"))
    for line in first.led_to:
        page.line(page.style(f"  led to, line {line.number}: ", "dim"), line.text[:300])
    if weak:
        page.line("  What it follows from is not in this log, or no signature knows it: the lines below may tell.")


def _repository(page: Page, found: Diagnosis, repository: str | None, repairs: Repairs) -> None:
    if repository is None:
        return
    first = found.first
    assert first
    page.line()
    for each in found.explained:
        _explained(page, each, repairs)
    for unmet in found.unmet:
        page.line(page.style("confirmed: ", "green"), f"{unmet.assumption.name} is not there: {unmet.assumption.reason}")
        if unmet.assumption.command:
            page.line("    by hand: ", unmet.assumption.command)
    if found.explained or found.unmet:
        return
    known = first.signature
    if known and known.stage == PLATFORM:
        page.line("No file of the repository decides this.")
    elif known and known.kind != "symptom":
        do = f"; do: {filled(known.do[0], first, found.app)}" if known.do else ""
        front = "The log shows this line, which the files don't explain (`bot check` foresees nothing like it): most likely "
        _wrapped(page, "", f"{front}{known.title[0].lower()}{known.title[1:]}{do}")
    else:
        page.line("The files don't explain this line: `bot check` foresees nothing like it.")


def _explained(page: Page, each: Explained, repairs: Repairs) -> None:
    fault, target = each.fault, each.report.target
    word = page.style("confirmed: ", "green") if each.confirmed else page.style("may be: ", "yellow")
    place = f" at {fault.place.path}:{fault.place.line}" if fault.place else ""
    page.line(word, page.style(fault.code, "bold"), f"{place}  {target.platform} · {target.app or target.config}")
    if each.how != "line":
        page.line(page.style(f"    foreseen as: {fault.message}", "dim"))
    elif each.line.number:
        page.line(page.style(f"    foreseen, and in the log at line {each.line.number}", "dim"))
    _wrapped(page, "    ", fault.reason)
    if repair := repairs.of(fault):
        page.line("    repair: ", page.style(repair.codemod, "cyan"), f" ({repair.safety}): `bot fix{_options(each, repair)}`")


def _options(each: Explained, repair: Repair) -> str:
    """Return the options of `bot fix` that make it repair a finding."""
    if isinstance(each.fault, Weakness):
        return f" {repair.selected}"
    likely = each.fault.confidence == "likely"
    by_log = likely and each.how == "line"
    unsafe = repair.safety != "safe" or (likely and not by_log)
    return (" --unsafe" if unsafe else "") + (" --log LOG" if by_log else "")


def _steps(page: Page, found: Diagnosis) -> None:
    first = found.first
    assert first
    known = first.signature
    if known is None:
        return
    page.line()
    for number, step in enumerate(known.do):
        _wrapped(page, "what to do: " if number == 0 else "            ", filled(step, first, found.app), " " * 12)
    if known.stage in ("config", "build", "release") and known.kind != "symptom":
        page.line(page.style("meanwhile:   what runs is the version that was deployed before, not this code", "dim"))
    commands = [*known.look]
    commands += known.fly if found.platform in ("fly", None) else ()
    commands += known.render if found.platform in ("render", None) else ()
    for number, command in enumerate(commands):
        page.line("look closer: " if number == 0 else "             ", page.style(filled(command, first, found.app), "bold"))
    if not found.explained and known.faults:
        page.line("read more:   ", page.style(f"bot explain {known.faults[0]}", "bold"))
        if answers := _answers(known):
            page.line(page.style(f"codemods that answer it: {', '.join(answers[:6])} (`bot fix` beside the repository)", "dim"))


def _telling(page: Page, found: Diagnosis, repository: str | None) -> None:
    if found.first is None:
        page.line("No line of this log is known to name a cause: it may end before the failure, or begin after it.")
        page.line("A whole log helps: `fly logs`, `fly deploy --verbose`, the build's page on Render, `gh run view --log`.")
        if repository is not None:
            page.line("What the repository itself shows: `bot check`.")
    page.line("The most telling lines:" if len(found.telling) > 1 else "The most telling line:")
    width = max((len(str(line.number)) for line in found.telling), default=1)
    for line in found.telling:
        page.line(page.style(f"  {line.number:>{width}} | ", "dim"), line.text[:300])


def _wrapped(page: Page, front: str, words: str, indent: str | None = None) -> None:
    import textwrap

    again = front if indent is None else indent
    for line in textwrap.wrap(words, _WIDTH, initial_indent=front, subsequent_indent=again, break_on_hyphens=False) or [front]:
        page.line(line)


def document(found: Diagnosis, name: str, left_out: int, repository: str | None, repairs: Repairs) -> str:
    """Return the document of `bot diagnose --format json`, as docs/diagnose.schema.json describes it."""
    return json.dumps(
        {
            "version": VERSION,
            "log": name,
            "left_out": left_out,
            "repository": repository,
            "platform": found.platform,
            "app": found.app,
            "cause": _named(found.first, found) if found.first else None,
            "others": [_named(each, found) for each in found.others],
            "explained": [_fault(each, repairs) for each in found.explained],
            "assumptions": [
                {
                    "name": each.assumption.name,
                    "command": each.assumption.command,
                    "reason": each.assumption.reason,
                    "config": each.report.target.config,
                    "evidence": _line(each.line),
                }
                for each in found.unmet
            ],
            "telling": [_line(line) for line in found.telling],
            "recovered": found.recovered,
        },
        indent=2,
    )


def _line(line: Shown) -> dict[str, Any]:
    return {"line": line.number, "text": line.text}


def _named(named: Named, found: Diagnosis) -> dict[str, Any]:
    known = named.signature
    commands = [] if known is None else [*known.look, *(known.fly if found.platform != "render" else ()),
                                         *(known.render if found.platform != "fly" else ())]  # fmt: skip
    return {
        "evidence": _line(named.line),
        "signature": known.id if known else None,
        "kind": known.kind if known else "general",
        "stage": known.stage if known else None,
        "title": known.title if known else None,
        "meaning": known.meaning if known else None,
        "faults": list(known.faults) if known else [],
        "codemods": list(_answers(known)) if known else [],
        "steps": [filled(step, named, found.app) for step in known.do] if known else [],
        "commands": [filled(command, named, found.app) for command in commands],
        "frames": [
            {"written": site.written, "path": site.path, "line": site.line, "function": site.function} for site in named.sites
        ],
        "led_to": [_line(line) for line in named.led_to],
        "above": [_line(line) for line in named.above],
    }


def _answers(known: Signature) -> tuple[str, ...]:
    """Return the codemods that answer a signature: those that it names, or all that answer its faults."""
    shelf = Shelf()
    return known.codemods or tuple(dict.fromkeys(name for code in known.faults for name in shelf.answering(code)))


def _fault(each: Explained, repairs: Repairs) -> dict[str, Any]:
    repair = repairs.of(each.fault)
    place = each.fault.place
    return {
        "config": each.report.target.config,
        "code": each.fault.code,
        "stage": each.fault.stage,
        "message": each.fault.message,
        "path": place.path if place else None,
        "line": place.line if place else None,
        "confirmed": each.confirmed,
        "how": each.how,
        "evidence": _line(each.line),
        "codemod": repair.codemod if repair else None,
        "safety": repair.safety if repair else None,
    }
