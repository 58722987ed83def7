"""Install the distribution that brings what it needs for the one that has to be built, or that looks for it in the system.

`psycopg2` publishes no wheel for Linux: pip builds it, and a slim image has neither a compiler nor PostgreSQL's headers
(`Error: pg_config executable not found.`). `psycopg2-binary` is the same module with both built in, in the same versions; an
old one has no wheel for a newer Python and stays. `pycryptodome` goes on where `pycrypto` ended, with versions of its own: that
is a suggestion.

`opencv-python` and `psycopg` have wheels, and look for shared libraries that a slim image does not have (`ImportError:
libGL.so.1: cannot open shared object file`, `no pq wrapper available`). `opencv-python-headless` is the same without windows,
which a server has none of, and `psycopg[binary]` brings its library along.

Before (requirements.txt):                After:

    psycopg2==2.9.9                           psycopg2-binary==2.9.9

References: https://www.psycopg.org/docs/install.html#quick-install
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import packages
from bot.engine.image.compiled import NEEDS
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, MissingSystem, Weakness
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree
from bot.engine.report import Report
from codemods import _code, _requirements

CODEMOD = Codemod(answers=("system-package-missing", "system-library-missing"), since="0.1", rank=30)
# the first psycopg2-binary with a wheel for each Python 3 (https://pypi.org/project/psycopg2-binary/#history, tried with pip)
_WHEELS = {9: (2, 8, 6), 10: (2, 9, 1), 11: (2, 9, 5), 12: (2, 9, 9), 13: (2, 9, 10), 14: (2, 9, 11)}
# distributions that look for shared libraries of the system, and the same with those, or without need for them
_CARRYING = {
    "opencv-python": "opencv-python-headless",
    "opencv-contrib-python": "opencv-contrib-python-headless",
    "psycopg": "psycopg[binary]",
}
_WINDOWS = re.compile(r"\bcv2\.(?:imshow|namedWindow|waitKey)\b")
_PINNED = re.compile(r"={2,3}\s*(\d+)\.(\d+)(?:\.(\d+))?")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the other name, with the version that is written."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingSystem) or report.image is None:
        return
    name = finding.detail.distribution
    if name in _CARRYING and finding.code == "system-library-missing":
        yield from _carrying(report.image, tree, name)
        return
    need = NEEDS.get(name or "")
    if need is None or need.instead is None:
        return
    manifests = _requirements.manifests(report.image, tree)
    both = any(asked.line.value == need.instead for manifest in manifests for asked in manifest.asked)
    for asked in (asked for manifest in manifests for asked in manifest.asked if asked.line.value == name):
        changed, why = _edited(tree, asked, need.instead, both, report.image.base.python)
        if isinstance(changed, str):
            yield Skip(changed)
        else:
            yield Proposal(changed, f"`{name}` has to be built, {why}.", "safe" if name == "psycopg2" else "unsafe")


def _carrying(image: Image, tree: Tree, name: str) -> Iterator[Proposal | Skip]:
    """Propose the distribution that needs nothing of the system."""
    asked = [each for manifest in _requirements.manifests(image, tree) for each in manifest.asked]
    instead, other = _CARRYING[name], next((each.line.value for each in asked if name in packages.needs(each.line.value)), None)
    shown = _code.holding(tree, _WINDOWS) if name.startswith("opencv") else None
    if other or shown:
        yield Skip(f"{other} asks for `{name}` itself" if other else f"{shown} opens windows")
        return
    for each in asked:
        if each.line.value == name:
            plain, _, extra = instead.rstrip("]").partition("[")
            extras = sorted({*each.line.extras, *filter(None, (extra,))})
            changed = _requirements.replaced(tree, each, f"{plain}[{','.join(extras)}]" if extras else plain)
            why = f"`{name}` looks for libraries of the system, and `{instead}` does without"
            yield Skip(changed) if isinstance(changed, str) else Proposal(changed, f"{why}.")


def _edited(tree: Tree, asked: Requirement, instead: str, both: bool, python: tuple[int, int] | None) -> tuple[Tree | str, str]:
    """Return the tree that installs the other distribution, or why there is none, and what that one is."""
    if both:
        return _requirements.dropped(tree, asked), f"and `{instead}`, which has a wheel, is asked for as well"
    written, pinned = asked.line.rest.partition(";")[0].strip(), _PINNED.match(asked.line.rest)
    if asked.line.value != "psycopg2":
        if written:
            return f"`{instead}` has other versions than `{asked.line.value}{written}`", ""
    elif pinned and python and tuple(int(part or 0) for part in pinned.groups()) < _WHEELS.get(python[1], (2, 7, 4)):
        return f"`{instead}{written}` has no wheel for Python {python[0]}.{python[1]}", ""
    return _requirements.replaced(tree, asked, instead), f"and `{instead}` has a wheel"
