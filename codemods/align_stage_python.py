"""Give the final stage the Python that its packages were installed for.

The builder starts from `python:3.11-slim`, the final stage from `python:3.12-slim`: what is copied lies in `lib/python3.11`,
where Python 3.12 does not look, and compiled modules would not load in it. The version of the builder is taken, as the packages
were chosen for it; that is a judgement call, since the newer one may be meant.

Before:                                   After:

    FROM python:3.11-slim AS builder          FROM python:3.11-slim AS builder
    …                                         …
    FROM python:3.12-slim                     FROM python:3.11-slim

References: https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, Misplaced, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("packages-of-other-python",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the builder's version in the last FROM."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, Misplaced):
        return
    install = next((each for each in image.installs if each.place == finding.detail.place and each.version), None)
    word = image.instructions[0].words[0] if image.instructions and image.instructions[0].words else None
    if install is None or install.version is None or image.base.python is None or word is None:
        return
    was, now = (".".join(map(str, version)) for version in (install.version, image.base.python))
    written = list(re.finditer(rf"(?<![\d.]){re.escape(now)}(?![\d.])", word.value))
    if len(written) != 1 or "$" in word.value or "@" in word.value:
        yield Skip(f"the final stage's version is not written as {now}")
        return
    at = word.start + written[0].start()
    rationale = f"The packages were installed for Python {was}, and the final stage has {now}."
    edited = splice(image.file.text, [Splice(at, at + len(now), was)])
    yield Proposal(tree.write(image.dockerfile, edited), rationale, "unsafe")
