"""Writes docs/reference.md out of the pages of codemods, faults and weaknesses, the settings and the exit codes.

usage: python tools/docs.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def text() -> str:
    """Return the whole reference."""
    from bot.outside.settings import KEYS
    from bot.report import pages
    from codemods import Shelf

    shelf = Shelf()
    out = [
        "# Reference",
        "",
        "Written by `tools/docs.py` from the program's own pages; `bot explain NAME` prints the same.",
        "",
    ]
    out += ["## Exit codes", "", "| code | `bot check` | `bot fix` | `bot verify` |", "|---|---|---|---|"]
    nothing, kept = "nothing certain stops the deploy or keeps the app from answering", "no certain fault is left"
    out += [f"| 0 | {nothing} | {kept} | every target boots and answers |"]
    left = "one is left (`--strict`: of any kind), or `--verify` did not keep the repair"
    out += [f"| 1 | something certain does (`--strict`: or something likely) | {left} | one does not |"]
    unsure = "the same, or a target could not be verified"
    out += [f"| 2 | usage or internal error, no target | the same, and nothing was written | {unsure} |"]
    ended = "ended by Ctrl-C, by SIGTERM; what was started is removed before"
    out += [f"| 130, 143 | ended by Ctrl-C, by SIGTERM | the same; all is written or nothing | {ended} |", ""]
    out += _real_boots()
    out += [
        "## Settings",
        "",
        "In `deploymend.toml`, or in pyproject.toml under `[tool.deploymend]`; the command line goes before them.",
        "",
    ]
    out += ["| key | type | meaning |", "|---|---|---|"]
    names = {str: "string", list: "list of strings", bool: "true or false"}
    out += [f"| `{key}` | {names[kind]} | {meaning} |" for key, (kind, meaning) in KEYS.items()]
    out += ["", "Environment: `NO_COLOR` (any value) turns colours off.", ""]
    out += ["## Codemods", ""]
    for name in shelf.names():
        page = shelf.page(name)
        out += [
            f"### {name}",
            "",
            page.title,
            "",
            page.text,
            "",
            f"Answers: {', '.join(f'`{code}`' for code in page.codemod.answers)}",
            "",
        ]
    for sort, heading in (("fault", "Faults"), ("weakness", "Weaknesses")):
        out += [f"## {heading}", ""]
        for code, entry in pages.entries().items():
            if entry.sort == sort:
                answered = ", ".join(f"`{name}`" for name in shelf.answering(code)) or "no codemod yet"
                out += [
                    f"### {code}",
                    "",
                    f"{entry.title} (stage: {entry.stage}).",
                    "",
                    entry.text,
                    "",
                    f"Answered by: {answered}",
                    "",
                ]
    return "\n".join(out).rstrip() + "\n"


def _real_boots() -> list[str]:
    """Return the options of real boots, as the command line has them."""
    from bot.cli import verify_options

    out = ["## Real boots", "", "Options of `bot verify` and of `bot fix --verify`:", "", "| option | meaning |", "|---|---|"]
    for option, meaning in verify_options():
        out.append(f"| `{option}` | {meaning} |")
    return [*out, ""]


def main() -> int:
    """Write the file; with --check only say whether it is up to date."""
    path = ROOT / "docs" / "reference.md"
    if "--check" in sys.argv:
        if path.is_file() and path.read_text() == text():
            return 0
        print("docs/reference.md is out of date: run python tools/docs.py")
        return 1
    path.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
