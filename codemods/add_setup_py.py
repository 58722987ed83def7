"""Make a project of the folder that pip is asked to install.

`pip install -e .` and `pip install .` want a pyproject.toml or a setup.py in that folder, and the build context often is a
folder below the one that has it: `ERROR: file:///app does not appear to be a Python project: neither 'setup.py' nor
'pyproject.toml' found.` A small pyproject.toml says which packages there are and takes the requirements from the
requirements.txt beside it; where the repository has a setup.py elsewhere, one is written here, too.

Where the code says `backend.…` and the folder that is installed *is* `backend/`, the folder is mapped to that name, which works
for editable installs and others. A file that is there is never replaced.

Before:                                   After:

    backend/requirements.txt                  backend/pyproject.toml
    backend/api/service.py                      [tool.setuptools]
                                                package-dir = { backend = "." }
                                              backend/requirements.txt
                                              backend/api/service.py

References: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html,
https://setuptools.pypa.io/en/latest/userguide/package_discovery.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import requirements
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.requirements import Line
from bot.engine.model.tree import Tree, Unreadable, join, name, newline
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _packages

CODEMOD = Codemod(answers=("project-metadata-missing",), since="0.1", rank=70)
_OF_PIP = re.compile(r"does not appear to be a Python project|is not installable\.")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SCRIPTED = re.compile(r"\bsetup\.py\b")


class _Project(NamedTuple):
    """What is written: the distribution's name, the name that the folder itself has for its code, and what lies in it."""

    called: str
    mapped: str | None
    layout: _packages.Layout
    requires: bool  # a requirements.txt lies beside it whose lines setuptools can read


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the file that pip looks for, in the folder that it installs."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile):
        return
    if not _OF_PIP.search(finding.message):
        yield Skip("another tool than pip looks for the project, and wants more than a list of packages")
        return
    found = image.files.find(finding.detail.path)
    if found is None or found.tree is None or not tree.is_folder(found.tree):
        yield Skip(f"what lies in {finding.detail.path} is no folder of the repository")
        return
    folder = found.tree
    if any(tree.kind(path) or tree.hidden(path) for path in _metadata(folder)):
        yield Skip(f"{folder or 'the root'} has metadata, and the image does not")
        return
    project = _project(tree, folder, report)
    if project.mapped is None and not project.layout.packages and not project.layout.modules:
        yield Skip(f"{folder or 'the root'} holds no Python")
        return
    scripted = _by_script(tree, report)
    path = join(folder, "setup.py" if scripted else "pyproject.toml") or ""
    text = (_setup(project) if scripted else _pyproject(project)).replace("\n", _ending(tree, folder, report))
    where = f"`{folder}/`" if folder else "the repository's root"
    rationale = f"pip is asked to install {where} as a project, and nothing there says what that consists of."
    yield Proposal(tree.write(path, text), rationale)


def _ending(tree: Tree, folder: str, report: Report) -> str:
    """Return how the lines of a neighbour end."""
    path = join(folder, "requirements.txt") or ""
    return newline(
        tree.text_if_any(path if tree.is_file(path) else report.image.dockerfile if report.image else report.target.config)
    )


def _metadata(folder: str) -> list[str]:
    return [join(folder, file) or "" for file in ("pyproject.toml", "setup.py")]


def _project(tree: Tree, folder: str, report: Report) -> _Project:
    layout = _packages.layout(tree, folder)
    own = name(folder)
    mapped = own if own.isidentifier() and not {own, "src"} & {*layout.packages, *layout.modules} else None
    mapped = mapped if mapped and _packages.imports(tree, folder, mapped) else None
    lines = _lines(tree, join(folder, "requirements.txt") or "")
    asked = {line.value for line in lines or ()}
    names = [each for each in (report.target.app, own, "app") if each and _NAME.fullmatch(each)]
    called = next((each for each in names if requirements.normal(each) not in asked), "app")
    return _Project(called, mapped, layout, bool(lines))


def _lines(tree: Tree, path: str) -> tuple[Line, ...] | None:
    """Return the lines of a requirements file that holds requirements alone: setuptools reads nothing else."""
    try:
        text = requirements.decode(tree.read(path)) if tree.is_file(path) else ""
    except Unreadable:
        return None
    read = requirements.read(text)
    written = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    plain = all(line.kind == "name" and "--" not in line.rest for line in read) and len(written) == len(read)
    return read if plain else None


def _by_script(tree: Tree, report: Report) -> bool:
    """Say whether the repository does it with a setup.py: it has one elsewhere, or its build runs one."""
    files = survey.files(tree)
    elsewhere = any(name(path) == "setup.py" for path in files)
    modern = any(name(path) == "pyproject.toml" and "\n[project]" in f"\n{tree.text_if_any(path)}" for path in files)
    run = report.image is not None and any(
        item.name == "RUN" and _SCRIPTED.search(item.value) for item in report.image.file.instructions
    )
    return run or (elsewhere and not modern)


def _pyproject(project: _Project) -> str:
    lines = [
        "[build-system]",
        'requires = ["setuptools>=64"]',
        'build-backend = "setuptools.build_meta"',
        "",
        "[project]",
        f'name = "{project.called}"',
        'version = "0.1.0"',
    ]
    if project.requires:
        lines.append('dynamic = ["dependencies"]')
    if project.mapped:
        lines += ["", "[tool.setuptools]", f'package-dir = {{ {project.mapped} = "." }}']
    elif section := _packages.for_setuptools(project.layout):
        lines += ["", section.rstrip("\n")]
    if project.requires:
        lines += ["", "[tool.setuptools.dynamic]", 'dependencies = { file = ["requirements.txt"] }']
    return "\n".join(lines) + "\n"


def _setup(project: _Project) -> str:
    aside = [*project.layout.aside] if project.mapped else []
    layout = project.layout
    lines = ["from pathlib import Path", ""] if project.requires else []
    lines += ["from setuptools import find_namespace_packages, setup", ""]
    if project.requires:
        lines += ['REQUIREMENTS = Path(__file__).with_name("requirements.txt").read_text(encoding="utf-8").splitlines()', ""]
    arguments = [f'name="{project.called}"', 'version="0.1.0"']
    if project.mapped:
        exclude = f"exclude={_listed(f'{each}*' for each in aside)}" if aside else ""
        found = f'*(f"{project.mapped}.{{name}}" for name in find_namespace_packages({exclude}))'
        arguments += [f'package_dir={{"{project.mapped}": "."}}', f'packages=["{project.mapped}", {found}]']
    elif layout.packages:
        include = _listed(f"{each}*" for each in layout.packages)
        arguments.append(f"packages=find_namespace_packages(include={include})")
    else:
        arguments.append(f"py_modules={_listed(layout.modules)}")
    if project.requires:
        required = 'line for line in REQUIREMENTS if line.strip() and not line.startswith("#")'
        arguments.append(f"install_requires=[{required}]")
    return "\n".join([*lines, "setup(", *(f"    {argument}," for argument in arguments), ")", ""])


def _listed(names: Iterator[str] | tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{each}"' for each in names) + "]"
