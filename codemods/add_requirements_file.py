"""Write the list of requirements that a build installs from and that the repository does not have.

`pip install -r requirements.txt` (which is also what Render runs where a Blueprint names no build command) stops with
`Could not open requirements file: [Errno 2] No such file or directory: 'requirements.txt'` where nobody ever wrote one. It
begins with the servers that the processes start; what the code imports is added to it by `add-missing-requirement`. Where
another list, a project's metadata or a lock lies in the repository, that is meant, and nothing is written.

Before:                                   After:

    app.py, render.yaml                       … and requirements.txt: gunicorn

References: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.boot.launchers import BROUGHT_BY
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import packages
from bot.engine.model.findings import Fault, Weakness
from bot.engine.model.tree import Tree, name, parent
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _paths

CODEMOD = Codemod(answers=("copy-source-missing", "requirements-missing"), since="0.1", rank=80)
_WANTED = re.compile(r"requirements\.txt", re.I)
_LISTS = re.compile(
    r".*req(?:uirement)?s?[\w.-]*\.(?:txt|in|pip)|pyproject\.toml|setup\.(?:py|cfg)|pipfile(?:\.lock)?|environment\.ya?ml"
    r"|(?:uv|poetry|pdm)\.lock",
    re.I,
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a list of the servers that are started; unsafe, since versions are left open."""
    if not isinstance(finding, Fault):
        return
    wanted = next((path for path in _paths.wanted(finding, report) if _WANTED.fullmatch(name(path))), None)
    if wanted is None or tree.kind(wanted) is not None:
        return
    files = survey.files(tree)
    other = next((path for path in files if _LISTS.fullmatch(name(path)) or "requirements" in parent(path).split("/")), None)
    if other or tree.hidden(wanted) or tree.unversioned(wanted):
        yield Skip(f"{other} may be meant" if other else f"git ignores {wanted}")
        return
    folder = parent(wanted)
    if not any(path.endswith(".py") and path.startswith(f"{folder}/" if folder else "") for path in files):
        yield Skip("no Python lies beside it")
        return
    started = [program.launcher for booted in report.processes for program in booted.programs]
    servers = sorted({given for each in started if packages.known(given := BROUGHT_BY.get(each, each))})
    text = "".join(f"{server}\n" for server in servers)
    rationale = f"The build installs from {wanted}, and the repository has no list of requirements at all."
    manual = ("`pip freeze` in an environment in which the app runs tells the versions to write behind the names.",)
    yield Proposal(tree.write(wanted, text), rationale, "unsafe", manual)
