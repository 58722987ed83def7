"""The report for a terminal: each target with its stages, the faults with the lines that cause them, and what to do."""

from __future__ import annotations

from bot.engine.model.findings import STAGES, Fault, Place, Stage, Weakness
from bot.engine.model.tree import Change, Tree, Unreadable
from bot.engine.plan import Plan
from bot.engine.report import Report
from bot.report.repairs import Repair, Repairs

_STYLES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}


class _Styled(str):
    """Text whose escape sequences are our own."""

    __slots__ = ()


class Page:
    """Collects lines; colours them when that is wanted, and lets no control character of a repository through."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour
        self.lines: list[str] = []

    def style(self, text: str, *styles: str) -> str:
        """Return `text` in colour."""
        text = clean(text)
        if not self.colour:
            return text
        return _Styled(f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m")

    def line(self, *parts: str) -> None:
        """Add a line; parts that come from `style` are taken as they are."""
        self.lines.append("".join(part if isinstance(part, _Styled) else clean(part) for part in parts).rstrip())

    def __str__(self) -> str:
        return "\n".join(self.lines)


def clean(text: str) -> str:
    """Return text on one line, without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " if c in "\n\t" else "\ufffd" for c in text)


def patch(diff: str) -> str:
    """Return a diff to look at; one that `git apply` is to read needs every byte."""
    return "\n".join(clean(line.removesuffix("\r")) for line in diff.split("\n"))


def check(reports: tuple[Report, ...], tree: Tree, repairs: Repairs, colour: bool, quiet: bool, verbose: bool) -> str:
    """Return what `bot check` prints."""
    page = Page(colour)
    for report in reports:
        if quiet and not report.faults:
            continue
        _target(page, report)
        if not quiet:
            _stages(page, report)
        for fault in report.faults:
            _fault(page, fault, tree, repairs, verbose)
        if not quiet:
            _notes(page, report, repairs, verbose)
        page.line()
    if not quiet or page.lines:
        page.line(_summary(page, reports, repairs))
    return str(page)


def _target(page: Page, report: Report) -> None:
    target = report.target
    where = f"`{report.start.directory}/`" if report.start.directory else "the repository's root"
    page.line(page.style(target.app or "(no app name)", "bold"), f"  {target.platform} · {target.config}")
    place = f" ({report.start.place.path}:{report.start.place.line})" if report.start.place else ""
    page.line(page.style(f"  deployed from {where}: {report.start.why}{place}", "dim"))


def _stages(page: Page, report: Report) -> None:
    marks = []
    for stage in STAGES:
        faults = [fault for fault in report.faults if fault.stage == stage]
        if any(fault.confidence == "certain" for fault in faults):
            marks.append(page.style(f"✗ {stage}", "red"))
        elif faults:
            marks.append(page.style(f"? {stage}", "yellow"))
        elif _applies(report, stage):
            marks.append(page.style(f"✓ {stage}", "green"))
        else:
            marks.append(page.style(f"- {stage}", "dim"))
    page.lines.append("  " + "  ".join(marks))


def _applies(report: Report, stage: Stage) -> bool:
    """Say whether a stage was looked at."""
    match stage:
        case "config":
            return True
        case "build":
            return report.image is not None
        case "release":
            return report.release is not None and bool(report.release.programs)
        case "boot":
            return any(program.entry for booted in report.processes for program in booted.programs)
        case "port":
            return any(program.listen and program.listen.port for booted in report.processes for program in booted.programs)
        case "health":
            return report.checked
    return False


def _fault(page: Page, fault: Fault, tree: Tree, repairs: Repairs, verbose: bool) -> None:
    page.line()
    sure = page.style(fault.confidence, _colour(fault))
    process = f" in process `{fault.process}`" if fault.process else ""
    page.lines.append(f"  {page.style(fault.code, 'bold')} ({sure}, {fault.stage}{clean(process)})")
    page.line("    ", page.style(fault.message, _colour(fault)))
    if fault.evidence:
        page.line(page.style("    confirmed", "green"), f" by the log, line {fault.evidence.line}")
    if fault.place:
        _frame(page, fault.place, tree)
    if len(fault.chain) > 1:
        page.line("    imported by: ", " → ".join(fault.chain))
    page.line(f"    {fault.reason}")
    repair = repairs.of(fault)
    if repair:
        doubtful = repair.safety == "safe" and fault.confidence == "likely"
        safety = "safe, but the fault is only likely" if doubtful else repair.safety
        unsafe = "" if _is_plain(fault, repair) else " --unsafe"
        page.line("    repair: ", page.style(repair.codemod, "cyan"), f" ({safety}): `bot fix{unsafe}`")
    elif verbose:
        for reason in repairs.reasons(fault):
            page.line(page.style(f"    no repair by {reason}", "dim"))


def _is_plain(fault: Fault, repair: Repair) -> bool:
    """Say whether `bot fix` repairs a fault without --unsafe."""
    return repair.safety == "safe" and fault.confidence == "certain"


def _colour(fault: Fault) -> str:
    return "red" if fault.confidence == "certain" else "yellow"


def _frame(page: Page, place: Place, tree: Tree) -> None:
    """Show the line at fault with its neighbours."""
    page.line("    ", page.style(f"--> {place.path}:{place.line}:{place.column}", "dim"))
    try:
        lines = tree.text(place.path).removesuffix("\n").split("\n")
    except Unreadable:
        return
    width = len(str(place.line + 1))
    for number in (place.line - 1, place.line, place.line + 1):
        if not 1 <= number <= len(lines):
            continue
        mark = ">" if number == place.line else " "
        text = lines[number - 1].removesuffix("\r").expandtabs(4)
        page.line(f"    {mark} {number:>{width}} | {text[:160]}")


def _notes(page: Page, report: Report, repairs: Repairs, verbose: bool) -> None:
    for weakness in report.weaknesses:
        _weakness(page, weakness, repairs)
    for assumption in report.assumptions:
        page.line(
            "  assumed: ",
            assumption.name,
            f": {assumption.reason}",
            f" `{assumption.command}`" if assumption.command else "",
        )
        if assumption.evidence:
            page.line(page.style("    not so", "red"), f": the log shows it in line {assumption.evidence.line}")
        if assumption.message:
            page.line(page.style(f"    without it: {assumption.message}", "dim"))
    shown = report.unknowns if verbose else report.unknowns[:3]
    for unknown in shown:
        page.line(page.style(f"  not followed: {unknown}", "dim"))
    if len(report.unknowns) > len(shown):
        page.line(
            page.style(f"  and {len(report.unknowns) - len(shown)} more that were not followed (--verbose lists them)", "dim")
        )


def _weakness(page: Page, weakness: Weakness, repairs: Repairs) -> None:
    place = f" ({weakness.place.path}:{weakness.place.line})" if weakness.place else ""
    page.line("  ", page.style("weakness", "yellow"), f" {weakness.code}: {weakness.message}{place}")
    page.line(f"    {weakness.reason}")
    repair = repairs.of(weakness)
    if repair:
        page.line("    repair: ", page.style(repair.codemod, "cyan"), f": `bot fix {repair.selected}`")


def _summary(page: Page, reports: tuple[Report, ...], repairs: Repairs) -> str:
    faults = [fault for report in reports for fault in report.faults]
    certain = sum(fault.confidence == "certain" for fault in faults)
    likely = len(faults) - certain
    targets = f"{len(reports)} target{'s' if len(reports) != 1 else ''}"
    if not faults:
        unknown = sum(report.reached == "unknown" for report in reports)
        rest = f", {unknown} of them could not be followed to the end" if unknown else ""
        return page.style(f"{targets}: nothing found that stops the deploy{rest}", "green")
    found = [f"{certain} certain fault{'s' if certain != 1 else ''}"] if certain else []
    found += [f"{likely} likely fault{'s' if likely != 1 else ''}"] if likely else []
    text = f"{targets}: {' and '.join(found)}"
    repaired = [(fault, repair) for fault in faults if (repair := repairs.of(fault))]
    if repaired:
        unsafe = "" if any(_is_plain(*each) for each in repaired) else " --unsafe"
        text += f"; {len(repaired)} can be repaired (`bot fix{unsafe} --diff` shows how)"
    return page.style(text, "bold")


def fix(plan: Plan, changes: list[Change], colour: bool, quiet: bool, verbose: bool, written: bool) -> str:
    """Return what `bot fix` prints: what was done, what is left for a person, and how to deploy from now on."""
    page = Page(colour)
    if not plan.steps:
        page.line("Nothing was changed.")
    for number, step in enumerate(plan.steps, start=1):
        place = f" at {step.finding.place.path}:{step.finding.place.line}" if step.finding.place else ""
        evidence = step.finding.evidence if isinstance(step.finding, Fault) else None
        told = f" (the log shows it in line {evidence.line})" if evidence else ""
        page.line(f"{number}. ", page.style(step.codemod, "cyan", "bold"), f" repairs {step.finding.code}{place}{told}")
        page.line(page.style(f"   {step.finding.message}", "dim"))
        page.line(f"   {step.rationale}")
    if plan.steps:
        page.line()
        for change in changes:
            moved = f" (was {change.old})" if change.old not in (None, change.path) else " (new)" if change.old is None else ""
            page.line("changed " if written else "would change ", page.style(change.path, "bold"), moved)
    for step in plan.steps:
        for manual in step.manual:
            page.line(page.style("by hand: ", "yellow"), manual)
    commands = dict.fromkeys(step.command for step in plan.steps if step.command)
    for command in commands:
        page.line("deploy with: ", page.style(command, "bold"))
    _left(page, plan, quiet, verbose)
    return str(page)


def _left(page: Page, plan: Plan, quiet: bool, verbose: bool) -> None:
    faults = [(report, fault) for report in plan.after for fault in report.faults]
    for report, fault in faults:
        if quiet and fault.confidence == "likely":
            continue
        place = f" ({fault.place.path}:{fault.place.line})" if fault.place else ""
        owner = f"{report.target.config}: " if len(plan.after) > 1 else ""
        page.line(page.style(f"left ({fault.confidence}): ", _colour(fault)), owner, fault.message, place)
        page.line(f"   {fault.reason}")
    if not faults:
        unknown = [report.target.config for report in plan.after if report.reached == "unknown"]
        rest = f" ({', '.join(unknown)} could not be followed to the end)" if unknown else ""
        page.line(page.style(f"The simulated deploy reaches its end{rest}.", "green"))
    for dropped in plan.dropped if verbose or any(dropped.suggestion for dropped in plan.dropped) else ():
        if dropped.suggestion:
            page.line("suggested with --unsafe: ", page.style(dropped.codemod, "cyan"), f": {dropped.reason}")
        elif verbose:
            page.line(page.style(f"not used: {dropped.codemod}: {dropped.reason}", "dim"))
