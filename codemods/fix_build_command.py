"""Make a build command do what the build can do.

Render's native build has Python, pip and what pip installed. `docker build` does not work there (`docker: command not
found`): the service is built without Docker, so its requirements are installed instead. A tool of a package that nothing
installs and nothing imports (`playwright install` after playwright left the requirements) is left out.

Before:                                   After:

    buildCommand: docker build -t app .       buildCommand: pip install -r requirements.txt

References: https://render.com/docs/native-runtimes
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
from codemods import _yaml

CODEMOD = Codemod(answers=("program-missing",), since="0.1", rank=40, platform="render")
_CONTAINERS = ("docker", "docker-compose", "podman")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the build command without the program, or with pip in its place."""
    native = report.target.build.native
    if native is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingFile):
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
