"""Copy from an earlier stage what is there, all of it, and to the place that it was made for.

Four slips of `COPY --from`: the folder of a Python that the stage does not have (`lib/python3.11` in 3.12); the home folder of
a user, although root installed with `--user` there (`"/home/app/.local": not found`); `site-packages` without the scripts in
/usr/local/bin (`uvicorn` is not found, and `python -m uvicorn` works); and a virtual environment that is copied to another path
than it was made for, so that its scripts start a Python which is not there.

Before:                                                     After:

    COPY --from=builder /home/app/.local /home/app/.local       COPY --from=builder /root/.local /home/app/.local

References: https://docs.docker.com/reference/dockerfile/#copy---from
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.sites import SYSTEM
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, Misplaced, MissingInStage, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("copy-source-missing", "packages-not-copied", "environment-moved"), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the path that the stage has, the scripts beside the modules, or one path for an environment in all stages."""
    image, detail = report.image, finding.detail if isinstance(finding, Fault) else None
    if image is None:
        return
    if isinstance(detail, MissingInStage):
        yield from _other_source(image, detail, tree)
    elif isinstance(detail, Misplaced) and detail.cause == "scripts":
        yield from _scripts(image, detail, tree)
    elif isinstance(detail, Misplaced) and detail.cause == "moved":
        for old, new in ((detail.prefix, detail.made), (detail.made, detail.prefix)):
            if edits := _renamed(image, old, new):
                rationale = f"The scripts of an environment name its own path, so it is made and copied as {new}."
                yield Proposal(tree.write(image.dockerfile, splice(image.file.text, edits)), rationale)
                return


def _other_source(image: Image, detail: MissingInStage, tree: Tree) -> Iterator[Proposal | Skip]:
    item = image.file.instructions[detail.instruction]
    word = item.words[detail.word]
    if detail.meant is None or "$" in word.value:
        yield Skip(f"what is meant by {detail.path} is not clear")
        return
    slash = "/" if word.value.endswith("/") else ""
    edits = [dockerfile.replace_word(word, detail.meant + slash, item.json)]
    target = item.words[-1]
    if "site-packages" in detail.path and target.value.rstrip("/") == detail.path:
        edits.append(dockerfile.replace_word(target, detail.meant + ("/" if target.value.endswith("/") else ""), item.json))
    rationale = f"The stage `{detail.stage}` has no {detail.path}: there it is {detail.meant}."
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, edits)), rationale)


def _scripts(image: Image, detail: Misplaced, tree: Tree) -> Iterator[Proposal | Skip]:
    for item in image.instructions:
        if item.name == "COPY" and item.flag("from") and item.argv and item.argv[0].rstrip("/").endswith("site-packages"):
            line = f"COPY --from={item.flag('from')} {SYSTEM}/bin {SYSTEM}/bin"
            edit = dockerfile.insert_after(image.file, item, line)
            rationale = f"{detail.name} is started by its script in {SYSTEM}/bin, which is not copied."
            yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)
            return
    yield Skip("no COPY of site-packages stands in the final stage")


def _renamed(image: Image, old: str, new: str) -> list[Splice]:
    """Return the edits that put one path in place of another, wherever it is written out; none where it is not."""
    found = re.finditer(rf"(?<![\w./-]){re.escape(old)}(?![\w.-])", image.file.text)
    return [Splice(each.start(), each.end(), new) for each in found]
