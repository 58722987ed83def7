"""Add the distribution that an import, a server or a build command needs and nothing installs.

On a laptop a package is there because something else brought it, or because somebody installed it by hand once; the image
has what its manifest names: `ModuleNotFoundError: No module named 'requests'`, `gunicorn: not found`. The line goes into the
manifest that the image really installs, in its order; with a version where all the others have one and nothing that the new
distribution needs is pinned. Only distributions that the snapshot of the package index knows are added: a name that is guessed
may be a stranger's package, and a module of the repository's own is never looked up.

Before (requirements.txt):                After:

    fastapi                                   fastapi
    uvicorn                                   requests
                                              uvicorn

References: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import managers, packages, resolving, run_programs
from bot.engine.model.findings import Fault, Lacking, MissingDistribution, MissingFile, MissingModule, Weakness
from bot.engine.model.tree import Tree, join, name, parent
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _code, _requirements
from codemods._versions import History, below

CODEMOD = Codemod(
    answers=("launcher-not-installed", "module-not-found", "optional-package-missing", "program-missing"),
    since="0.1",
    rank=60,
)
_TOOLS = ("playwright", "prisma", "nltk")  # they prepare what the module of that name uses
_CURRENT = (3, 10)  # of Python: an older one may not take the release that the snapshot knows


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose one line more in each manifest that the image installs, the largest first."""
    wanted, why = _distribution(finding)
    if wanted is None or report.image is None or not isinstance(finding, Fault) or not packages.known(wanted.partition("[")[0]):
        return
    program = posixpath.basename(finding.detail.path) if isinstance(finding.detail, MissingFile) else ""
    if program in _TOOLS and not _code.importer(tree, program):
        yield Skip(f"nothing imports {program}")
        return
    own = _own(tree, finding.detail) if isinstance(finding.detail, MissingModule) else None
    if own:
        yield Skip(f"{own} may be meant")
        return
    found = _requirements.manifests(report.image, tree)
    if not found:
        yield Skip("the image installs no requirements that are read")
    for manifest in found:
        changed = _changed(tree, manifest, wanted, _Versions(report, finding))
        if isinstance(changed, Skip):
            yield changed
            continue
        rationale = f"{why} and no requirement brings `{wanted}`: {manifest.path} is what the image installs."
        manual = (f"`{manifest.tool()}` makes {manifest.lock} follow {manifest.path}.",) if manifest.lock else ()
        yield Proposal(changed, rationale, manual=manual)


def _distribution(finding: Fault | Weakness) -> tuple[str | None, str]:
    """Return the distribution that is missed, and by what."""
    match finding.detail if isinstance(finding, Fault) else None:
        case MissingDistribution(name=distribution, by=by):
            return distribution, f"{by} is started,"
        case MissingFile(path=path) if posixpath.basename(path) in {*run_programs.BROUGHT_BY} - managers.PROGRAMS:
            program = posixpath.basename(path)
            return run_programs.BROUGHT_BY[program], f"The build starts `{program}`,"
        case MissingModule(name=module, entry=False, importer=importer, wanted=wanted) if not packages.Installed().doubt(
            module
        ):
            given = (packages.provider(each) for each in (*wanted, module))
            return next(filter(None, given), None), f"{importer or 'The app'} imports `{module}`,"
    return None, ""


def _own(tree: Tree, missing: MissingModule) -> str | None:
    """Return what of the repository an import may mean, be it ignored by git: then nothing of that name is to be installed."""
    top = missing.name.partition(".")[0]
    for path in survey.files(tree):
        parts = path.split("/")
        if path.endswith(".py") and path != missing.importer and (name(path) == f"{top}.py" or top in parts[:-1]):
            return path
    for folder in dict.fromkeys(("", parent(missing.importer or ""))):
        for path in (join(folder, f"{top}.py") or "", join(folder, top) or ""):
            if tree.hidden(path) or tree.unversioned(path):
                return path
    return None


def _changed(tree: Tree, manifest: _requirements.Manifest, wanted: str, versions: _Versions) -> Tree | Skip:
    """Return the tree with one requirement more, or why that is not done."""
    plain = wanted.partition("[")[0]
    asked = next((asked for asked in manifest.asked if asked.line.value == plain), None)
    if asked is not None:
        return Skip(f"{asked.place.path}:{asked.place.line} asks for `{plain}` as it is")
    return _requirements.added(tree, manifest, versions.written(manifest, wanted))


class _Versions:
    """Finds the version to write: by the package index where it was asked, else by the snapshot."""

    def __init__(self, report: Report, finding: Fault) -> None:
        self.report = report
        self.module = finding.detail.name if isinstance(finding.detail, MissingModule) else None

    def written(self, manifest: _requirements.Manifest, wanted: str) -> str:
        """Return the requirement as the manifest writes them: with a version where every other line has one."""
        plain, image = wanted.partition("[")[0], self.report.image
        others = {asked.line.value for asked in manifest.asked}
        if self.report.package_index is not None and image is not None:
            history = History(self.report.package_index, image)
            bound = self._bound(history, plain) if self.report.package_index.deep else ""
            lines = [line for asked in manifest.asked if (line := resolving.written(asked.line))]
            version = history.version_beside(plain, (*lines, wanted + bound)) if manifest.pinned else None
            return f"{wanted}=={version}" if version else wanted + bound
        python, version = image.base.python if image else None, packages.version(plain)
        current = python is not None and python >= _CURRENT
        if not (manifest.pinned and current and version) or packages.needs(plain) & others:
            return wanted
        return f"{wanted}=={version}"

    def _bound(self, history: History, plain: str) -> str:
        """Return how to keep to the releases that have the module, where the newest one lost it."""
        fitting = history.fitting(plain)
        if self.module is None or not fitting:
            return ""
        newest = fitting[-1].version
        lacking = Lacking(plain, newest, self.module, None, None)
        found = None if history.has(lacking, newest) else history.newest_with(lacking)
        return below(found.following) if found and found.following else ""
