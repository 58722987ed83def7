"""Put an environment on PATH.

`python -m venv /opt/venv && /opt/venv/bin/pip install …` installs into an environment that nothing uses at run time: `uvicorn`
is looked for along PATH, and `. /opt/venv/bin/activate` in a RUN ends with that RUN. So it is with `pip install --user`, whose
scripts lie in `~/.local/bin`: `failed to spawn command: uvicorn …: No such file or directory`. The line stands in front of the
command, so that no install above it goes elsewhere than before. What `pip install --target` made is put on PYTHONPATH; packages
in the `.local` of a folder that is not the user's home (`adduser --system` gives it none) are found with PYTHONUSERBASE.

Before:                                   After:

    RUN /opt/venv/bin/pip install …           RUN /opt/venv/bin/pip install …
    CMD ["uvicorn", "main:app"]               ENV PATH="/opt/venv/bin:$PATH"
                                              CMD ["uvicorn", "main:app"]

References: https://docs.python.org/3/library/venv.html#how-venvs-work
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.dockerfile import insert_after
from bot.engine.model.findings import Fault, Misplaced, Weakness
from bot.engine.model.tree import Tree, newline, splice
from bot.engine.report import Report
from codemods import _dockerfile

CODEMOD = Codemod(answers=("environment-not-used",), since="0.1")
_PATH = re.compile(r"/[\w./@+-]*")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose PATH, PYTHONPATH where the modules are a bare folder, PYTHONUSERBASE where they are a user's, and both."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, Misplaced):
        return
    prefix = finding.detail.prefix
    if not image.instructions or not _PATH.fullmatch(prefix):
        yield Skip("there is no Dockerfile to edit" if not image.instructions else f"{prefix} is not edited")
        return
    kinds = {each.kind for each in image.installs if each.prefix == prefix}
    path = f'ENV PATH="{prefix}/bin:$PATH"'
    modules = f'ENV PYTHONPATH="{prefix}:$PYTHONPATH"' if image.env.get("PYTHONPATH") else f"ENV PYTHONPATH={prefix}"
    base = f"ENV PYTHONUSERBASE={prefix}"
    tries = [[path]]
    if "target" in kinds:
        tries = [[modules], [path, modules]]
    elif "user" in kinds:  # of a user whose home folder is another one
        tries = [[path], [base], [path, base]]
    for lines in tries:
        starts = [item for item in image.instructions if item.name in ("CMD", "ENTRYPOINT")]
        text = newline(image.file.text).join(lines)
        edit = (
            _dockerfile.line_before(image.file, starts[0], text)
            if starts
            else insert_after(image.file, image.instructions[-1], text)
        )
        rationale = f"{finding.detail.name} is installed in {prefix}, which the process does not look into."
        yield Proposal(tree.write(image.dockerfile, splice(image.file.text, [edit])), rationale)
