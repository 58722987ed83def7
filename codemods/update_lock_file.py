"""Give the project in uv.lock the version that pyproject.toml has.

uv.lock also holds the version of the project itself, so that a release which only raises it stops every build with
`uv sync --locked`: `The lockfile at uv.lock needs to be updated`. That one line is all that `uv lock` would write, and it is
written here. Whatever else differs only the tool can choose: then its command is named, and nothing is edited. Dropping
`--locked` would install what nobody tried.

Before (pyproject.toml has 0.2.0):        After:

    [[package]]                               [[package]]
    name = "demo"                             name = "demo"
    version = "0.1.0"                         version = "0.2.0"

References: https://docs.astral.sh/uv/concepts/projects/sync/, https://python-poetry.org/docs/cli/#lock,
https://pipenv.pypa.io/en/latest/locking.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import manifests
from bot.engine.image.locks import fresh
from bot.engine.image.locks.lock import Unusable
from bot.engine.image.locks.uv import UvLock
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Tree, Unreadable, join, parent
from bot.engine.report import Report

CODEMOD = Codemod(answers=("lock-stale",), since="0.1")
_COMMANDS = {"uv.lock": "uv lock", "poetry.lock": "poetry lock", "pdm.lock": "pdm lock", "Pipfile.lock": "pipenv lock"}


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the project's version in uv.lock where that is all; else name the command, and the folder to run it in."""
    path = finding.detail.path if isinstance(finding, Fault) and isinstance(finding.detail, MissingFile) else ""
    name = posixpath.basename(path)
    if name not in _COMMANDS or report.image is None:
        return
    lock = _in_tree(path, report, tree)
    changed = _raised(tree, lock) if lock and name == "uv.lock" else None
    if lock and changed is not None:
        yield Proposal(tree.write(lock, changed), f"{lock} differs from pyproject.toml in the project's own version alone.")
        return
    command = _COMMANDS[name]
    where = parent(lock) if lock else ""
    yield Skip(f"`{command}`, run in {where or 'the root'}, makes the lock anew: only it can choose the versions", command)


def _in_tree(path: str, report: Report, tree: Tree) -> str | None:
    """Return where in the repository a lock of the image lies: also one of a stage that is not the last."""
    assert report.image is not None
    found = report.image.files.find(path)
    if found and found.tree:
        return found.tree
    beside = join(report.image.context.root, posixpath.basename(path))
    return beside if beside and tree.is_file(beside) else None


def _raised(tree: Tree, path: str) -> str | None:
    """Return a uv.lock in which the projects have the versions of their manifests; None where more than that differs."""
    try:
        text = tree.text(path)
        lock = UvLock(text)
        for package in lock.own():
            manifest = join(parent(path), posixpath.join(package.source, "pyproject.toml"))
            project = manifests.read(tree, manifest) if manifest and tree.is_file(manifest) else None
            version = manifests.table(project.data.get("project")).get("version") if project else None
            if project is None or not isinstance(version, str) or fresh.uv_differs(project, lock) is None:
                continue
            block = re.compile(rf'(\[\[package\]\]\r?\nname = "{re.escape(package.name)}"\r?\nversion = ")[^"\n]*(?=")')
            text = block.sub(lambda found, version=version: found[1] + version, text, count=1)  # type: ignore[misc]
            if fresh.uv_differs(project, UvLock(text)) is not None:
                return None
    except (Unreadable, Unusable):
        return None
    return text if text != tree.text(path) else None
