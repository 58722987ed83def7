"""Writes docs/reference.md out of the pages of codemods, faults and weaknesses, the settings and the exit codes, and
docs/signatures.md out of the catalogue of failure signatures, and the table of settings in docs/service.md.

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
    out += ["## Exit codes", "", "| code | `bot check` | `bot fix` | `bot verify` | `bot diagnose` |", "|---|---|---|---|---|"]
    nothing, kept = "nothing certain stops the deploy or keeps the app from answering", "no certain fault is left"
    honest = "no line of the log is known to name a cause"
    out += [f"| 0 | {nothing} | {kept} | every target boots and answers | {honest} |"]
    left = "one is left (`--strict`: of any kind), or `--verify` did not keep the repair"
    out += [f"| 1 | something certain does (`--strict`: or something likely) | {left} | one does not | a cause is named |"]
    unsure = "the same, or a target could not be verified"
    untold = "usage or internal error, no log"
    out += [f"| 2 | usage or internal error, no target | the same, and nothing was written | {unsure} | {untold} |"]
    ended = "ended by Ctrl-C, by SIGTERM; what was started is removed before"
    out += [f"| 130, 143 | ended by Ctrl-C, by SIGTERM | the same; all is written or nothing | {ended} | the same |", ""]
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


def signatures() -> str:
    """Return the catalogue of failure signatures."""
    from bot.evidence.catalogue import WHERE, signatures
    from codemods import Shelf

    shelf = Shelf()
    found = signatures()
    out = [
        "# Failure signatures",
        "",
        f"The {len(found)} failures that `bot diagnose LOG` knows by their lines, written by `tools/docs.py` from",
        "`bot/evidence/signatures/`. `…` stands for anything. A *symptom* follows from something else in the log, a *general*",
        "line says that something is wrong and not what; both are named only where the log holds nothing better.",
        "",
    ]
    for stage in WHERE:
        out += [f"## {stage}", ""]
        for each in found:
            if each.stage != stage:
                continue
            kind = "" if each.kind == "cause" else f" ({each.kind})"
            codemods = each.codemods or tuple(dict.fromkeys(name for code in each.faults for name in shelf.answering(code)))
            out += [f"### {each.id}{kind}", "", f"{each.title}.", "", "```", *map(_as_said, each.lines), "```", ""]
            out += [each.meaning, "", *(f"- {step}" for step in each.do), ""]
            commands = (*each.look, *each.fly, *each.render)
            out += ["Look closer: " + ", ".join(_code(command) for command in commands), ""] if commands else []
            out += ["Faults: " + ", ".join(f"`{code}`" for code in each.faults), ""] if each.faults else []
            out += ["Codemods: " + ", ".join(f"`{name}`" for name in codemods), ""] if codemods else []
            out += ["Sources: " + ", ".join(each.sources), ""]
    return "\n".join(out).rstrip() + "\n"


def _as_said(line: str) -> str:
    """Return a wording as people read it: every gap is `…`."""
    import re

    return re.sub(r"…|\{([a-z][a-z0-9_]*|[A-Z]+)\}", "…", line.removeprefix("^").removesuffix("$"))


def _code(command: str) -> str:
    return f"`` {command} ``" if "`" in command else f"`{command.replace('{app}', 'APP')}`"


def service() -> str:
    """Return the page of the service, with the table of its settings as they are now."""
    from webhooks.settings import reference

    begin, end = "<!-- settings: written by tools/docs.py -->", "<!-- /settings -->"
    head, _, rest = (ROOT / "docs" / "service.md").read_text().partition(begin)
    return "\n".join([head + begin, "", *reference(), "", end + rest.partition(end)[2]])


def main() -> int:
    """Write the files; with --check only say whether they are up to date."""
    late = False
    for name, made in (("reference.md", text), ("signatures.md", signatures), ("service.md", service)):
        path = ROOT / "docs" / name
        if "--check" not in sys.argv:
            path.write_text(made())
        elif not path.is_file() or path.read_text() != made():
            print(f"docs/{name} is out of date: run python tools/docs.py")
            late = True
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
