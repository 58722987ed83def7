"""Install where the user of the app may read.

`pip install --user` as root goes to /root/.local, and /root is closed to others: after `USER app`, PATH leads to programs that
may not be started (`Permission denied`), and Python passes the folder over (`No module named 'fastapi'`). In one stage `--user`
is dropped, and the packages are everybody's; copied from a builder, they go to the home folder of the user.

Before:                                       After:

    COPY --from=builder /root/.local /root/.local   COPY --from=builder /root/.local /home/app/.local
    ENV PATH=/root/.local/bin:$PATH                 ENV PATH=/home/app/.local/bin:$PATH
    USER app                                        USER app

References: https://docs.python.org/3/library/site.html#site.USER_BASE
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, Misplaced, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("packages-not-readable",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the install without `--user`, or a copy in the user's own home."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, Misplaced):
        return
    prefix, home = finding.detail.prefix, image.users.home(image.user)
    dropped = _without_user(image)
    if dropped:
        yield Proposal(
            tree.write(image.dockerfile, splice(image.file.text, dropped)),
            f"Packages in {prefix} are for root alone, and the app does not run as root.",
        )
    elif home and home.startswith("/home/") and (edits := _at_home(image, prefix, f"{home}/.local")):
        yield Proposal(
            tree.write(image.dockerfile, splice(image.file.text, edits)),
            f"The app runs as {image.user.partition(':')[0]}, whose own packages lie in {home}/.local.",
        )
    else:
        yield Skip(f"{prefix} is not copied to a place that can be changed")


def _without_user(image: Image) -> list[Splice]:
    """Return the edits that drop `--user` from the installs of the final stage."""
    found = []
    for item in image.instructions:
        if item.name == "RUN" and not item.json:
            text = image.file.text[item.start : item.end]
            matches = re.finditer(r"\bpip3? install\b[^&|;\n]*?([ \t]+--user)(?=\s)", text)
            found += [Splice(item.start + each.start(1), item.start + each.end(1), "") for each in matches]
    return found


def _at_home(image: Image, prefix: str, target: str) -> list[Splice]:
    """Return the edits of the final stage that copy to the user's site, and lead PATH there."""
    edits = []
    for item in image.instructions:
        if item.name == "COPY" and item.flag("from") and item.words and item.words[-1].value.rstrip("/") == prefix:
            edits.append(Splice(item.words[-1].start, item.words[-1].end, target))
        elif item.name == "ENV":
            text = image.file.text[item.start : item.end]
            matches = re.finditer(rf"(?<![\w./-]){re.escape(prefix)}(?=/bin\b)", text)
            edits += [Splice(item.start + each.start(), item.start + each.end(), target) for each in matches]
    return edits if any(edit.text == target for edit in edits) else []
