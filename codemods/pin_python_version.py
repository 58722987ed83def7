"""Run on a Python that the requirements have wheels for.

Wheels with binaries are made for certain versions of Python. A list that was frozen on 3.11 can't be installed on 3.13 without
a compiler (`Failed building wheel for pandas`), and a release may not allow an older or newer Python at all (`No matching
distribution found`). On Render a service without a version gets the default of the day on which it was made. Where most pins
fit another Python, that one is named: in the Dockerfile's FROM, in PYTHON_VERSION where the Blueprint sets it, else in a file
`.python-version`. The package index tells which one, so this needs `--resolve`; it is a suggestion.

Before:                                   After:

    requirements.txt: pandas==2.0.3           … and a .python-version: 3.11

References: https://render.com/docs/python-version, https://docs.docker.com/reference/dockerfile/#from
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.findings import BadRequirement, Fault, Weakness
from bot.engine.model.index import Python
from bot.engine.model.tree import Splice, Tree, Unreadable, splice
from bot.engine.report import Report
from codemods import _pythons, _yaml

CODEMOD = Codemod(answers=("requirement-not-found", "wheel-missing"), since="0.1", rank=45)
_PATCH = {13: 4, 12: 8, 11: 11, 10: 16, 9: 21}  # Render wants a whole version: one of each that python.org has
_MOST = 2
_TAG = re.compile(r"((?:[\w./-]*/)?python:)3\.\d+(?:\.\d+)?")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the Pythons for which the most of the pinned requirements have wheels, the nearest first."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, BadRequirement) or report.image is None:
        return
    if finding.detail.why not in ("python", "wheel"):
        return
    if report.package_index is None:
        yield Skip("the package index has to be asked: --resolve does")
        return
    found = _pythons.better(tree, report)
    if not found:
        yield Skip("no other Python suits more of the requirements")
    for python in found[:_MOST]:
        changed = _changed(tree, report, python)
        why = f"More of the pinned requirements can be installed on Python {python[0]}.{python[1]}."
        yield Skip(changed) if isinstance(changed, str) else Proposal(changed, why, "unsafe")


def _changed(tree: Tree, report: Report, python: Python) -> Tree | str:
    native, image = report.target.build.native, report.image
    try:
        if native is not None:
            return _of_service(tree, report, python)
        return _of_images(tree, image.dockerfile, python) if image else "there is no image"
    except Unreadable as error:
        return str(error)


def _of_service(tree: Tree, report: Report, python: Python) -> Tree | str:
    """Name the version where Render looks: in PYTHON_VERSION where that is set, else in .python-version."""
    config, key = report.target.config, report.target.key
    text = tree.text(config)
    variables = _yaml.find(text, (*key, "envVars"))
    for number, variable in enumerate(variables if isinstance(variables, list) else ()):
        if isinstance(variable, dict) and variable.get("key") == "PYTHON_VERSION":
            whole = f"{python[0]}.{python[1]}.{_PATCH[python[1]]}"
            changed = _yaml.set_value(text, (*key, "envVars", number, "value"), whole)
            return tree.write(config, changed) if changed is not None else f"{config} is not edited"
    return tree.write(".python-version", f"{python[0]}.{python[1]}\n")


def _of_images(tree: Tree, path: str, python: Python) -> Tree | str:
    """Name the version in every FROM of an image of Python, which have to agree."""
    text = tree.text(path)
    edits = []
    for found in re.finditer(r"(?im)^[ \t]*(?:FROM[ \t]+(?:--\S+[ \t]+)*|ARG[ \t]+\w+=)(\S+)", text):
        tag = _TAG.match(found[1].strip("\"'"))
        if tag:
            start = text.index(tag[0], found.start(1))
            edits.append(Splice(start, start + len(tag[0]), f"{tag[1]}{python[0]}.{python[1]}"))
    return tree.write(path, splice(text, edits)) if edits else f"{path} names no version of Python"
