"""Make the folder that the app needs as it starts.

git keeps no empty folders. A `static/` or `logs/` that lies on the laptop is not in a clone when it is empty, or holds ignored
files alone, and the image has none: `RuntimeError: Directory 'static' does not exist`. A `.gitkeep` in it brings the folder
into every clone; where git ignores the folder, the Dockerfile makes it.

It takes `--unsafe`: the folder may be meant to hold what something makes. One that is called like the output of a frontend's
build (`dist`, `build`, `out`) would be served empty, so it is left to a person.

Before:                                   After:

    main.py, Dockerfile                       main.py, Dockerfile, static/.gitkeep

References: https://git.github.io/htmldocs/gitfaq.html, https://www.starlette.io/staticfiles/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.findings import Fault, MissingData, Weakness
from bot.engine.model.tree import Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("app-folder-missing",), since="0.1", rank=60)
_BUILT = ("dist", "build", "out", ".next", "node_modules")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a `.gitkeep` where the folder would be copied from, else a RUN that makes it."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingData):
        return
    path = finding.detail.path
    if posixpath.basename(path) in _BUILT:
        yield Skip(f"{path} looks like what a frontend's build makes: build it in the Dockerfile")
        return
    where = image.files.origin(path)
    if where is None:
        yield Skip(f"nothing that the Dockerfile copies would hold {path}")
        return
    context, source = where
    kept = f"{context.tree_path(source)}/.gitkeep"
    rationale = f"The app needs {source}/ as it starts, and git keeps no empty folder."
    if context.rules.excludes(source):
        yield Skip(f"{context.excluded_by(source) or context.rules.path} keeps {source} out")
    elif not tree.unversioned(kept):
        yield Proposal(tree.write(kept, ""), rationale, "unsafe")
    elif image.instructions:
        copies = [item for item in image.instructions if item.name in ("COPY", "ADD")]
        inside = posixpath.relpath(path, image.workdir)
        line = f"RUN mkdir -p {path if inside.startswith('..') else inside}"
        above = copies[-1] if copies else image.instructions[0]  # what holds the folder came with the stage it starts from
        edit = dockerfile.insert_after(image.file, above, line)
        yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale, "unsafe")
