"""The table of a replay, in Markdown: what was predicted, what really happened, what the repair came to."""

from __future__ import annotations

import re
from typing import Any

_COLUMNS = "row|predicted|real|predicted message|real message|agree|repaired with|after|diff|seconds".split("|")
_WIDEST = 90
_SAME = {
    ("port", "boot"),
    ("boot", "port"),
    ("health", "boot"),
    ("port", "health"),
}  # seen from outside, one looks like the other


def agrees(result: dict[str, Any]) -> bool | None:
    """Say whether the prediction is what happened: None where nothing real is known.

    Stages agree when they are the same, or when the real one can't be told from it from outside; a predicted message agrees
    when the real line or the log holds it, `…` standing for what only the deploy knows.
    """
    real, predicted = result.get("real"), result.get("predicted")
    if not real or real in ("unsupported", "config") or not predicted or predicted == "unknown":
        return None if real != "config" else predicted == "config"
    if "ok" in (real, predicted):
        return real == predicted
    said = f"{result.get('real_message') or ''}\n{result.get('log') or ''}"
    pattern = ".*".join(re.escape(piece) for piece in (result.get("predicted_message") or "").split("…"))
    return real == predicted or ((predicted, real) in _SAME and bool(re.search(pattern, said)))


def markdown(results: list[dict[str, Any]], about: str) -> str:
    """Return the totals and a line for each row; `about` says when and with what it was made."""
    known = [result for result in results if "skipped" not in result]
    judged = [agrees(result) for result in known]
    broken = [result for result in known if result["real"] not in ("ok", "unsupported")]
    healed = [result for result in broken if result.get("after") == "ok"]
    healthy = [result for result in known if result["real"] == "ok"]
    lines = [about, ""]
    lines.append(f"- rows: {len(results)}, of which {len(results) - len(known)} were skipped")
    lines.append(f"- the prediction agrees with the real deploy: {judged.count(True)} of {len(judged) - judged.count(None)}")
    lines.append(f"- broken: {len(broken)}, of which {len(healed)} boot after one `bot fix --unsafe`")
    lines.append(f"- healthy: {len(healthy)}, of which {sum(not r['certain'] for r in healthy)} have no certain fault")
    lines += ["", f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS)]
    lines += [f"| {' | '.join(map(_cell, _cells(result)))} |" for result in results]
    return "\n".join(lines) + "\n"


def _cells(result: dict[str, Any]) -> list[str]:
    if "skipped" in result:
        return [result["name"], f"skipped: {result['skipped']}", *[""] * (len(_COLUMNS) - 2)]
    agree = {True: "yes", False: "no", None: ""}[agrees(result)]
    found = [result["name"], result["predicted"], result["real"]]
    found += [result["predicted_message"] or "", result["real_message"] or "", agree]
    found += [", ".join(result["repaired"]), result["after"] or "", str(result["diff"]), f"{result['seconds']:.0f}"]
    return found


def _cell(text: str) -> str:
    short = text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
    return re.sub(r"[\x00-\x1f`]", " ", short).replace("|", "\\|").replace("<", "&lt;").replace("@", "&#64;")
