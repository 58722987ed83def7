"""Name the Dockerfile where it really is.

`[build] dockerfile` is relative to the folder of the config, never to the folder that the deploy is started from, so
`backend/fly.toml` with `dockerfile = "backend/Dockerfile"` looks for `backend/backend/Dockerfile` and stops with
`dockerfile '…' not found`. Without the key flyctl takes `Dockerfile` in the folder that the deploy is started from, and
stops with `app does not have a Dockerfile …` where there is none.

The Dockerfile whose path ends as the one that the config names is taken. Where the config names none, it is the only
Dockerfile of the repository. Another one may build another app, so it takes `--unsafe` to name a Dockerfile in another folder
than the config says, the one that is called after the config or its folder (`Dockerfile.backend`), or the only one for Python
that no other config names.

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
from bot.engine.platforms import fly
from bot.engine.report import Report
from codemods import _dockerfiles, _toml

CODEMOD = Codemod(answers=("dockerfile-not-found", "no-dockerfile"), since="0.1", platform="fly")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose every Dockerfile of the repository, those of the wanted name first."""
    config = report.target.config
    wanted = finding.detail.wanted if isinstance(finding, Fault) and isinstance(finding.detail, MissingDockerfile) else None
    if config.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    found = _dockerfiles.known(tree)
    if report.target.build.place:
        named = [path for path in found if wanted and name(path).lower() == name(wanted).lower()]
        clear = [path for path in named if _same_end(path, wanted or "", alone=len(named) == 1)]
        akin = [path for path in named if path not in clear]
    else:
        clear = found if len(found) == 1 else []
        akin = _called_after(found, report)
    if not clear and not akin:
        others = _dockerfiles.meant(tree, report.target, report.start.directory)
        akin = others if len(others) == 1 else []
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
            yield Skip("the config has no plain [build] table")
            return
        safety: Safety = "safe" if clear == [path] and not _of_another_app(tree, path, config) else "unsafe"
        rationale = (
            f"flyctl looks for the Dockerfile from the config's folder (`{parent(config) or '.'}/`), and it lies at `{path}`."
        )
        yield Proposal(tree.write(config, changed), rationale, safety, through="build")


def _same_end(path: str, wanted: str, alone: bool) -> bool:
    """Say whether one of two paths ends with the whole of the other, as it does when only the folders in front are wrong.

    A bare file name as the common end is enough for a Dockerfile that stands `alone` with its name.
    """
    shorter, longer = sorted((path.lower(), wanted.lower()), key=len)
    return longer == shorter or (longer.endswith("/" + shorter) and (alone or "/" in shorter))


def _called_after(found: list[str], report: Report) -> list[str]:
    """Return the Dockerfiles that are called after the config or its folder."""
    words = set(re.split(r"[./_-]", report.target.config.lower())) - {"fly", "toml", ""}
    return [path for path in found if words & set(re.split(r"[._-]", name(path).lower()))]


def _of_another_app(tree: Tree, path: str, config: str) -> bool:
    """Say whether another config lies beside a Dockerfile: it is that one's."""
    folder = parent(path)
    return folder != parent(config) and any(fly.is_config(entry) for entry in tree.entries(folder))
