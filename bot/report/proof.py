"""Proofs for people: text for a terminal, markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.model.findings import STAGES
from bot.engine.model.proof import Attempt, Proof
from bot.report.markdown import code, fence, prose
from bot.report.text import Page

_LINES = 20  # of a log that are shown


def sentence(attempt: Attempt) -> str:
    """Return what became of an attempt in one line: `boot failed: …`, or `GET /health → 200 in 1.2 s`."""
    match attempt.reached:
        case "ok" if attempt.asked:
            return f"{attempt.asked} → {attempt.status} in {attempt.answered} s"
        case "ok":
            return attempt.says
        case "unsupported":
            return f"not verified: {attempt.says}"
    return f"{attempt.reached} failed: {attempt.says}"


def text(proofs: Sequence[Proof], colour: bool, quiet: bool, verbose: bool) -> str:
    """Return what `bot verify` prints."""
    page = Page(colour)
    for proof in proofs:
        shown = f"  {proof.platform} · {proof.config} · process {proof.process} · {proof.engine}"
        page.line(page.style(proof.app or "(no app name)", "bold"), shown)
        for when, attempt in _attempts(proof):
            if not quiet:
                _stages(page, attempt)
            page.line(f"  {when}", page.style(sentence(attempt), _colour(attempt)))
            if attempt.log and not quiet and attempt is proof.last:
                shown_lines = attempt.log.splitlines()[0 if verbose else -_LINES :]
                for line in shown_lines:
                    page.line(page.style(f"    | {line}", "dim"))
        for note in () if quiet else _notes(proof):
            page.line(f"  {note}")
        page.line()
    return str(page).rstrip("\n")


def _attempts(proof: Proof) -> list[tuple[str, Attempt]]:
    if proof.after is None:
        return [("", proof.before)]
    return [("before: ", proof.before), ("after: ", proof.after)]


def _colour(attempt: Attempt) -> str:
    return {"ok": "green", "unsupported": "yellow"}.get(attempt.reached, "red")


def _stages(page: Page, attempt: Attempt) -> None:
    """Show the stages that were really passed, and the one that stopped it."""
    if attempt.reached == "unsupported":
        return
    order = STAGES.index(attempt.reached) if attempt.reached != "ok" else len(STAGES)
    marks = []
    for index, stage in enumerate(STAGES):
        if index == order:
            marks.append(page.style(f"✗ {stage}", "red"))
        else:
            passed = index < order and stage not in attempt.left_out
            marks.append(page.style(f"✓ {stage}" if passed else f"- {stage}", "green" if passed else "dim"))
    page.lines.append("  " + "  ".join(marks))


def _notes(proof: Proof) -> list[str]:
    """Return what was not as on the platform, one sentence each."""
    found = [f"repaired with {', '.join(proof.repaired)}"] if proof.repaired else []
    found += [f"secrets from the file: {', '.join(proof.given)}"] if proof.given else []
    found += [f"made-up values stood in for: {', '.join(proof.stood_in)}"] if proof.stood_in else []
    if proof.missing:
        found.append(f"not set: {', '.join(proof.missing)} (--env-file gives values, --fake-secrets stands in for them)")
    return [*found, *proof.notes]


def markdown(proofs: Sequence[Proof]) -> str:
    """Return what goes into a pull request: what comes from outside is code in it, no markup and no mention."""
    out: list[str] = []
    for proof in proofs:
        out += [f"**{prose(proof.app or proof.config)}** ({prose(proof.config)}, built and booted with {proof.engine}):", ""]
        for when, attempt in _attempts(proof):
            out.append(f"- {when}{_code(attempt)}")
        out += [f"- {prose(note)}" for note in _notes(proof)]
        if proof.last.log:
            log = fence(proof.last.log.splitlines()[-_LINES:])
            out += ["", "<details><summary>The end of the log</summary>", "", *log, "", "</details>"]
        out.append("")
    return "\n".join(out).rstrip("\n")


def _code(attempt: Attempt) -> str:
    head, colon, rest = sentence(attempt).partition(": ")
    if attempt.reached == "ok" or not colon:
        return code(sentence(attempt))
    return f"{head}: {code(rest)}"
