"""Tell the build backend which packages the project consists of.

Without a word on it setuptools takes every folder at the top that could be a package, and gives up where there are several:
`Multiple top-level packages discovered in a flat-layout: ['app', 'data', 'static']`. hatchling and poetry-core look for a
package that carries the project's name, and give up where there is none. The folders that hold Python are named instead, less
tests and the like.

Before (pyproject.toml):                  After:

    [project]                                 [project]
    name = "demo"                             name = "demo"

                                              [tool.setuptools.packages.find]
                                              include = ["app*"]

References: https://setuptools.pypa.io/en/latest/userguide/package_discovery.html,
https://hatch.pypa.io/latest/plugins/builder/wheel/#default-file-selection,
https://python-poetry.org/docs/pyproject/#packages
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Tree, newline, parent
from bot.engine.report import Report
from codemods import _packages

CODEMOD = Codemod(answers=("project-build-failed",), since="0.1")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the packages of the project's folder; unsafe for a project whose modules lie at the top as well."""
    if report.image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile):
        return
    found = report.image.files.find(finding.detail.path)
    if found is None or found.tree is None:
        yield Skip("the project has no pyproject.toml in the image")
        return
    text = tree.text(found.tree)
    layout = _packages.layout(tree, parent(found.tree))
    if not layout.packages and not layout.modules:
        yield Skip("no folder of the project holds Python")
        return
    section = _section(toml.read(text), layout)
    if section is None:
        yield Skip(f"{found.tree} says something of its packages already")
        return
    ending = newline(text)
    gap = "" if text.endswith(ending * 2) else ending if text.endswith(ending) else ending * 2
    rationale = f"Nothing says which of the folders beside {found.tree} are packages of the project."
    changed = tree.write(found.tree, f"{text}{gap}{section.replace(chr(10), ending)}")
    yield Proposal(changed, rationale, "unsafe" if layout.modules else "safe")


def _section(document: toml.Document, layout: _packages.Layout) -> str | None:
    """Return the table that names the packages; None where there is one that says something of them."""
    tool = document.data.get("tool")
    system = document.data.get("build-system")
    backend = system.get("build-backend", "setuptools") if isinstance(system, dict) else "setuptools"
    match re.split(r"[.:]", str(backend))[0]:
        case "setuptools":
            return None if isinstance(tool, dict) and "setuptools" in tool else _packages.for_setuptools(layout)
        case "hatchling":
            listed = ", ".join(f'"{name}"' for name in layout.packages)
            taken = isinstance(tool, dict) and "hatch" in tool
            return f"[tool.hatch.build.targets.wheel]\npackages = [{listed}]\n" if listed and not taken else None
        case "poetry":
            listed = ", ".join(f'{{ include = "{name}" }}' for name in layout.packages)
            taken = isinstance(tool, dict) and "poetry" in tool
            return f"[tool.poetry]\npackages = [{listed}]\n" if listed and not taken else None
    return None
