"""Ask for a version that there is, and that has what is imported from it.

A pin may name a version that was withdrawn or never released (`No matching distribution found for pymupdf==1.24.10`), or one
that the image's Python can't take. A requirement without a bound brings whatever is newest on the day of the build: a library
that moved a module or a name then stops the app at its first import (`No module named 'stripe.error'`). The nearest version
that there is, or the newest one that still has what is asked for, takes its place. Which one that is the package index tells,
so this repair needs `--deep` (`--resolve` for versions alone); it is a suggestion, because another version is other code.

Before (requirements.txt):                After:

    pymupdf==1.24.10                          pymupdf==1.24.11
    stripe                                    stripe<13

References: https://pip.pypa.io/en/stable/user_guide/#pinned-version-numbers
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import resolving
from bot.engine.image.stage import Image
from bot.engine.model.findings import BadRequirement, Clash, Fault, Lacking, Weakness
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _pins, _pythons, _requirements
from codemods._versions import Found, History, below

CODEMOD = Codemod(
    answers=("library-incompatible", "requirement-not-found", "versions-clash", "wheel-missing"), since="0.1", rank=40
)
_PIN = re.compile(r"\s*\(?\s*(?:===?|~=)\s*-?v?(\d[\w.]*)")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose another version of the distribution that is refused, or that lacks something."""
    if not isinstance(finding, Fault) or report.image is None:
        return
    if isinstance(finding.detail, Clash):
        yield from _apart(finding.detail, report.image, tree)
        return
    if report.package_index is None:
        yield Skip("the package index has to be asked: --deep does")
        return
    history = History(report.package_index, report.image)
    match finding.detail:
        case BadRequirement(why="python" | "wheel") if not report.image.base.settled and _pythons.better(tree, report):
            yield Skip("no version of Python is written down, and another one than the platform's own suits the requirements")
        case BadRequirement(names=(name,), why="version" | "python" | "wheel"):
            yield from _another(name, report.image, history, tree)
        case Lacking() as lacking:
            yield from _moved(lacking, report.image, history, tree)
        case BadRequirement(why="name"):
            yield Skip("the package index has nothing of that name")


def _another(name: str, image: Image, history: History, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the nearest version that can be installed."""
    for asked in _asked(image, name):
        pin = _PIN.match(asked.line.rest)
        found = history.nearest(name, pin[1]) if pin else None
        if found is None:
            yield Skip(f"no version of `{name}` is near `{asked.line.rest or 'that'}` and suits the image")
            continue
        written = f"{name}{asked.line.rest.partition(';')[0].strip()}"
        why = f"`{written}` can't be installed here, and {found.version} is the nearest that can."
        yield from _changed(tree, asked, f"=={found.version}", why)


def _moved(lacking: Lacking, image: Image, history: History, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose an older version of what lacks something, or versions of two distributions that go together."""
    name = lacking.distribution
    if lacking.importer is not None:
        yield from _together(lacking.importer, image, history, tree)
    missing = f"{lacking.module}.{lacking.name}" if lacking.name else lacking.module
    found = history.newest_with(lacking)
    if found is None:
        yield Skip(f"no older version of `{name}` that was looked into has `{missing}`")
        return
    why = f"`{missing}` is imported, and {name} {found.version} is the newest version that has it."
    yield from _asking(name, _specifier(image, found), why, image, tree)


def _apart(clash: Clash, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose other versions of a distribution that does not work with its neighbours."""
    why = f"`{clash.distribution}{clash.specifier}` works with what else is installed."
    yield from _asking(*clash, why, image, tree)


def _asking(name: str, specifier: str, why: str, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a specifier for a distribution: on the lines that ask for it, else on a new one."""
    asked = _asked(image, name)
    for each in asked:
        yield from _changed(tree, each, specifier, why)
    for manifest in _requirements.manifests(image)[:1] if not asked else ():
        added = _requirements.added(tree, manifest, f"{name}{specifier}")
        yield added if isinstance(added, Skip) else Proposal(added, why, "unsafe")


def _together(name: str, image: Image, history: History, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the version of a distribution that goes with everything else that the image is asked to install."""
    asked = (each.line for manifest in _requirements.manifests(image) for each in manifest.asked)
    lines = dict.fromkeys(line for each in asked if (line := resolving.written(each)))
    version = history.version_beside(name, tuple(lines))
    why = f"Installed one after the other, the requirements don't fit each other; {name} {version} fits the rest."
    for each in _asked(image, name) if version else ():
        yield from _changed(tree, each, f"=={version}", why)


def _asked(image: Image, name: str) -> list[Requirement]:
    return [asked for manifest in _requirements.manifests(image) for asked in manifest.asked if asked.line.value == name]


def _specifier(image: Image, found: Found) -> str:
    """Return how a manifest would write a version: fixed where everything in it is, else below what came after it."""
    manifests = _requirements.manifests(image)
    if found.following is None or (manifests and manifests[0].pinned):
        return f"=={found.version}"
    return below(found.following)


def _changed(tree: Tree, asked: Requirement, specifier: str, why: str) -> Iterator[Proposal | Skip]:
    changed = _pins.bounded(tree, asked, specifier)
    yield Skip(changed) if isinstance(changed, str) else Proposal(changed, why, "unsafe")
