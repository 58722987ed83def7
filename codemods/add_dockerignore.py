"""Write a `.dockerignore`, so that history, secrets and what tools leave behind stay out of the image.

Without one `COPY . .` copies all that lies in the folder: `.git`, a `.env` with its secrets, a virtual environment that was
made for another system, caches. Where there is one, it may leave a `.env`, a virtual environment or node_modules in.

Only what no app needs is listed, and only where nothing in the repository asks for it: `.git` stays where a version is read
from it, tests stay where a Dockerfile, or code beside them, names them, and no sources, texts or data are kept out. Where the
app reads a `.env` that lies there, the variables have to be set on the platform first, so that takes `--unsafe`.

Before:                                   After:

    Dockerfile: COPY . .                      .dockerignore:
                                                  # history, settings of one machine, secrets
                                                  .git
                                                  .env
                                                  …

References: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.filesystem import Copied
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, Place, Safety, Weakness
from bot.engine.model.tree import Tree, join, newline
from bot.engine.report import Report
from codemods._leaks import ENVIRONMENTS, is_leak

CODEMOD = Codemod(answers=("ignore-incomplete", "no-dockerignore"), since="0.1")
_LEAKS = (".env", *ENVIRONMENTS, "node_modules")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield that there is no ignore file, or what the one that is there lets into the image."""
    image = report.image
    if image is None or not image.dockerfile or not _copies_all(image):
        return
    context = image.context
    where = f"`{context.root}/`" if context.root else "the root"
    if not context.rules.path:
        reason = (
            f"All of {where} gets into the image: history, caches, and a .env or a virtual environment where one lies there."
        )
        yield Weakness("no-dockerignore", "build", f"no .dockerignore in {where}", reason, Place(image.dockerfile, 1))
        return
    entries = tree.entries(context.root)
    leaks = [
        name
        for name in _LEAKS
        if name in entries and not context.rules.excludes(name) and is_leak(tree, context.tree_path(name))
    ]
    if leaks:
        listed = ", ".join(leaks)
        message = f"{context.rules.path} lets {listed} into the image"
        reason = f"{listed} lies in {where}, and COPY takes it along."
        yield Weakness("ignore-incomplete", "build", message, reason, Place(context.rules.path, 1), subject=" ".join(leaks))


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a new ignore file, or one with more lines."""
    image = report.image
    if image is None or not isinstance(finding, Weakness):
        return
    from codemods import _dockerignore  # a plain check only looks

    context = image.context
    uses = _dockerignore.Uses(tree, context)
    safety: Safety = "unsafe" if ".env" in tree.entries(context.root) and uses.env else "safe"
    manual = (
        ("Set the variables of .env on the platform: the image does not have them any more.",) if safety == "unsafe" else ()
    )
    if finding.code == "no-dockerignore":
        path = join(context.root, ".dockerignore")
        if path is None or tree.kind(path) is not None or tree.hidden(path):
            yield Skip("a .dockerignore is there, and is not used")
            return
        rationale = "Without a .dockerignore everything in the folder gets into the image."
        end, seen = newline(image.file.text), ""
        for tests in dict.fromkeys((uses.tests, True)):  # kept where the simulation shows that the app needs them
            uses.tests = tests
            text = "".join(f"{line}{end}" for line in _dockerignore.lines(tree, context, uses))
            if text != seen:
                yield Proposal(tree.write(path, text), rationale, safety, manual)
            seen = text
        return
    path = context.rules.path
    before = tree.text(path)
    end = newline(before)
    more = "".join(f"{name}{end}" for name in finding.subject.split())
    text = before + ("" if before.endswith("\n") or not before else end) + more
    yield Proposal(tree.write(path, text), f"{path} lets through what no image needs.", safety, manual)


def _copies_all(image: Image) -> bool:
    """Say whether the final stage copies the whole context, so that what lies in its root gets into the image."""
    return any(isinstance(layer, Copied) and layer.folder and not layer.source for layer in image.files.layers)
