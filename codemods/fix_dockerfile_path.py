"""Name the Dockerfile where it really is.

`[build] dockerfile` is relative to the folder of the config, never to the folder that the deploy is started from, so
`backend/fly.toml` with `dockerfile = "backend/Dockerfile"` looks for `backend/backend/Dockerfile` and stops with
`dockerfile '…' not found`. Without the key flyctl takes `Dockerfile` in the folder that the deploy is started from, and
stops with `app does not have a Dockerfile …` where there is none.

A file of the wanted name elsewhere in the repository is taken, where there is one. Where the config names none, it is the
only Dockerfile of the repository, or, since another one may build another app, with `--unsafe` the one that is called after
the config or its folder (`Dockerfile.backend`).

Before (in backend/fly.toml):             After:

    [build]                                   [build]
      dockerfile = "backend/Dockerfile"         dockerfile = "Dockerfile"

References: https://fly.io/docs/reference/configuration/#specify-a-dockerfile
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import Fault, MissingDockerfile, Safety, Weakness
from bot.engine.model.tree import Tree, name, parent
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _toml

_BACKUP = re.compile(r"\.(?:bak|old|orig|example|sample|tmp|template)$|~$| copy", re.I)
CODEMOD = Codemod(answers=("dockerfile-not-found", "no-dockerfile"), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose every Dockerfile of the repository, those of the wanted name first."""
    config = report.target.config
    wanted = finding.detail.wanted if isinstance(finding, Fault) and isinstance(finding.detail, MissingDockerfile) else None
    if config.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    found = [path for path in survey.dockerfiles(tree) if not _BACKUP.search(path)]
    if report.target.build.place:
        clear = [path for path in found if wanted and name(path).lower() == name(wanted).lower()]
        akin = []
    else:
        clear = found if len(found) == 1 else []
        akin = _called_after(found, report)
    if not clear and not akin:
        yield Skip("the repository has no Dockerfile that is clearly the one meant")
    for path in dict.fromkeys((*clear, *akin)):
        relative = posixpath.relpath(path, parent(config) or ".")
        text = tree.text(config)
        if report.target.build.place:
            changed = _toml.set_string(text, ("build", "dockerfile"), relative)
        else:
            changed = _toml.insert_string(text, "build", "dockerfile", relative)
        if changed is None:
            continue
        safety: Safety = "safe" if clear == [path] else "unsafe"
        rationale = (
            f"flyctl looks for the Dockerfile from the config's folder (`{parent(config) or '.'}/`), and it lies at `{path}`."
        )
        yield Proposal(tree.write(config, changed), rationale, safety, through="build")


def _called_after(found: list[str], report: Report) -> list[str]:
    """Return the Dockerfiles that are called after the config or its folder."""
    words = set(re.split(r"[./_-]", report.target.config.lower())) - {"fly", "toml", ""}
    return [path for path in found if words & set(re.split(r"[._-]", name(path).lower()))]
