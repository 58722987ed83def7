"""Make a build command do what the build can do.

Render's native build has Python, pip and what pip installed. `docker build` does not work there (`docker: command not
found`): the service is built without Docker, so its requirements are installed instead. A tool of a package that nothing
installs and nothing imports (`playwright install` after playwright left the requirements) is left out. So is the `activate` of
an environment that nothing makes, also in a RUN, and a `cd` into the folder that the build is in already (`rootDir: backend`
with `cd backend && …`). Where the repository has another manifest than the command wants (`poetry install`, and there is only
requirements.txt; or the other way), that is installed.

Before:                                   After:

    buildCommand: docker build -t app .       buildCommand: pip install -r requirements.txt

References: https://render.com/docs/native-runtimes, https://render.com/docs/monorepo-support
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import shell, yaml
from bot.engine.model.findings import Fault, MissingFile, Weakness
from bot.engine.model.tree import Splice, Tree, Unreadable, join, name, splice
from bot.engine.platforms import render, survey
from bot.engine.report import Report
from codemods import _lines, _yaml

_MANIFESTS = ("project-metadata-missing", "requirements-missing", "lock-missing")
_ABSENT = ("environment-not-made", "folder-missing", "needs-bash")
CODEMOD = Codemod(answers=("program-missing", *_ABSENT, *_MANIFESTS), since="0.1", rank=40)
_INSTALLS = (  # what stands beside the command, and how that is installed on Render; the first that is there counts
    ("uv.lock", "uv sync --frozen"),
    ("poetry.lock", "poetry install --no-root"),
    ("Pipfile", "pipenv install"),
    ("requirements.txt", render.DEFAULT_BUILD),
)
_PREPARES = re.compile(
    r"pip3?\s+install\s+(?:-\S+\s+)*(?:(?:poetry|pipenv|uv|pdm)\S*\s*)+|poetry\s+(?:config|self)\s.*|pipenv --.*"
)
_INSTALLING = re.compile(
    r"(?:python3?\s+-m\s+)?(?:(?:poetry|pipenv|pdm)\s+(?:install|sync)|uv\s+sync|pip3?\s+install\s.*-r)\b.*"
)
_RUNNER = re.compile(r"(?<![^\s;&|\"'(])(?:poetry|pipenv|pdm)[ \t]+run[ \t]+(?=[\w./])")
_CONTAINERS = ("docker", "docker-compose", "podman")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the build command without what is not there, or with what is there in its place."""
    if not isinstance(finding, Fault) or finding.process:
        return
    if finding.code in _ABSENT:
        for changed, why in _lines.proposals(finding, _lines.built(finding, report, tree), tree):
            elsewhere = finding.code == "folder-missing" and report.target.build.native is None  # COPY may be what is wrong
            yield Proposal(changed, why, "unsafe" if elsewhere else "safe")
    elif finding.code in _MANIFESTS:
        yield from _with_manifest(report, tree)
    else:
        yield from _without_program(finding, report, tree)


def _without_program(finding: Fault, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the build command without the program, or with pip in its place."""
    native = report.target.build.native
    if native is None or not isinstance(finding.detail, MissingFile):
        return
    program = name(finding.detail.path)
    if program not in _CONTAINERS and (user := _user(tree, program)):
        yield Skip(f"{user} imports {program}")
        return
    kept = _without(native.command, program)
    if kept == "" and tree.is_file(join(native.folder, "requirements.txt") or ""):
        kept = render.DEFAULT_BUILD
    config, path = report.target.config, (*report.target.key, "buildCommand")
    changed = _written(tree.text(config), path, program, kept) if kept else None
    if changed is None:
        yield Skip("what else the build command should do is not known")
        return
    rationale = f"Render's native build has no `{program}`."
    yield Proposal(tree.write(config, changed), rationale, "unsafe")


def _with_manifest(report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to install what the repository has, in place of a manifest that it lacks."""
    native = report.target.build.native
    found = [(name, command) for name, command in _INSTALLS if native and tree.is_file(join(native.folder, name) or "")]
    if native is None or not found:
        return
    config, path = report.target.config, (*report.target.key, "buildCommand")
    for manifest, command in found:
        kept = _replaced(native.command, command)
        changed = _yaml.set_value(tree.text(config), path, kept) if kept and kept != native.command else None
        if changed:
            why = f"The build wants a manifest that the repository does not have, and there is {manifest}."
            edited = tree.write(config, changed)
            yield Proposal(_without_runner(edited, report) if "pip install" in command else edited, why, "unsafe")


def _without_runner(tree: Tree, report: Report) -> Tree:
    """Return the tree with commands that no tool of the missing project starts: `poetry run` wants a pyproject.toml."""
    config = report.target.config
    for option in ("startCommand", "preDeployCommand"):
        key = (*report.target.key, option)
        span = yaml.read(tree.text(config)).spans.get(key)
        line = _lines.Line(config, span.start, span.end, key) if span else None
        tree = (_lines.edited(tree, line, lambda text: _RUNNER.sub("", text)) if line else None) or tree
    return tree


def _replaced(script: str, command: str) -> str | None:
    """Return a list of commands with another in place of the one that installs; what only prepares that goes."""
    parsed = shell.parse(script)
    if parsed.unknown or any(each.optional or each.then not in ("&&", ";", "") for each in parsed.commands):
        return None
    kept: list[str] = []
    for each in parsed.commands:
        text = script[each.start : each.end].strip()
        if _PREPARES.fullmatch(text):
            continue
        kept += [command if _INSTALLING.fullmatch(text) else text, "; " if each.then == ";" else " && "]
    return "".join(kept[:-1]) if kept.count(command) == 1 else None


def _user(tree: Tree, module: str) -> str | None:
    """Return a file that imports a module."""
    imports = re.compile(rf"^\s*(?:import|from)\s+{re.escape(module)}\b", re.M)
    for path in survey.files(tree):
        if path.endswith(".py"):
            try:
                if imports.search(tree.text(path)):
                    return path
            except Unreadable:
                continue
    return None


def _without(script: str, program: str) -> str | None:
    """Return a list of commands, joined as they were, less those of one program; None where there is more to it."""
    parsed = shell.parse(script)
    if parsed.unknown or any(command.optional or command.then not in ("&&", ";", "\n", "") for command in parsed.commands):
        return None
    if parsed.commands and parsed.commands[-1].then == "&&":
        return None
    kept, joint = "", "&&"
    for command in parsed.commands:
        if not command.words or name(command.words[0].literal or "") != program:
            kept += ("" if not kept else f" {joint} " if joint == "&&" else "; ") + script[command.start : command.end].strip()
            joint = "&&"
        joint = joint if command.then == "&&" else ";"
    return kept


def _written(text: str, path: tuple[str | int, ...], program: str, command: str) -> str | None:
    """Return the Blueprint with another build command; in a block, the lines of the program alone go."""
    span = yaml.read(text).spans.get(path)
    if span is None:
        return None
    block = text[span.start : span.end]
    if "\n" not in block:
        return _yaml.set_value(text, path, command)
    lines = block.splitlines(keepends=True)
    kept = [line for line in lines if not re.match(rf"\s*{re.escape(program)}\s", line)]
    changed = splice(text, [Splice(span.start, span.end, "".join(kept))])
    value = _yaml.find(changed, path)
    whole = isinstance(value, str) and _without(value, program) == command
    return changed if whole and len(kept) < len(lines) else None
