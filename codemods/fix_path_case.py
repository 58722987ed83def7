"""Give a file the upper and lower case that its name is used with.

Windows and macOS find `Requirements.txt` when `requirements.txt` is asked for; Linux, where the image is built and runs, does
not: `"/requirements.txt": not found`, `No module named 'models'`. The file is renamed where nothing else in the repository
spells it the old way; else the Dockerfile's line is changed.

Before:                                   After:

    Requirements.txt                          requirements.txt
    Dockerfile: COPY requirements.txt .       Dockerfile: COPY requirements.txt .

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import dockerfile
from bot.engine.model.findings import (
    Fault,
    MissingDockerfile,
    MissingFile,
    MissingModule,
    MissingName,
    MissingSource,
    Weakness,
)
from bot.engine.model.tree import Tree, Unreadable, name, parent, splice
from bot.engine.platforms import survey
from bot.engine.report import Report

CODEMOD = Codemod(
    answers=(
        "copy-source-missing",
        "dockerfile-not-found",
        "entry-not-found",
        "module-not-found",
        "name-not-found",
        "requirements-missing",
        "script-missing",
    ),
    since="0.1",
    rank=5,
)

_TEXTS = tuple(".py .txt .in .toml .cfg .ini .json .yml .yaml .sh".split())


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to rename the file, or to spell it as it is called."""
    for wanted in _wanted(finding, report):
        found = tree.other_case(wanted)
        if found is None:
            continue
        if tree.kind(found) != "file" or parent(found) != parent(wanted):
            yield Skip(f"{found} and {wanted} differ in the case of a folder, which is not renamed")
            continue
        user = _other_user(tree, found)
        if user is None:
            rationale = f"The file is called `{name(found)}` and used as `{name(wanted)}`; Linux tells the two apart."
            yield Proposal(tree.move(found, wanted), rationale)
        else:
            spelled = _spelled(finding, report, tree, found)
            yield from spelled
            if not spelled:
                yield Skip(f"{user} uses the name `{name(found)}`")


def _wanted(finding: Fault | Weakness, report: Report) -> list[str]:
    """Return the paths in the tree that the deploy looked for."""
    if not isinstance(finding, Fault):
        return []
    image = report.image
    match finding.detail:
        case MissingDockerfile(wanted=wanted):
            return [wanted] if wanted else []
        case MissingSource(source=source) if image:
            return [image.context.tree_path(source)]
        case MissingFile(path=path) if image:
            folder = image.files.find(posixpath.dirname(path))
            return [f"{folder.tree}/{name(path)}".lstrip("/")] if folder and folder.tree is not None else []
        case MissingModule(name=module) | MissingName(module=module) if image:
            return _module_files(finding, report, module)
    return []


def _module_files(finding: Fault, report: Report, module: str) -> list[str]:
    """Return where the files of a missing module would lie in the tree."""
    image = report.image
    assert image
    if isinstance(finding.detail, MissingName):
        module = f"{module}.{finding.detail.name}"
    relative = module.replace(".", "/") + ".py"
    folders = {
        posixpath.normpath(path)
        for booted in report.processes
        for program in booted.programs
        for path in (*program.front, program.folder)
    }
    found = []
    for folder in sorted(folders):
        there = image.files.find(posixpath.dirname(posixpath.join(folder, relative)))
        if there and there.tree is not None:
            path = f"{there.tree}/{posixpath.basename(relative)}".lstrip("/")
            found += [path, path.removesuffix(".py")]
    return found


def _other_user(tree: Tree, path: str) -> str | None:
    """Return a file that uses a name as it is spelled now: it would break if the file were renamed."""
    spelled, stem = re.escape(name(path)), name(path).removesuffix(".py")
    if stem != name(path):  # a module: also `package.Module` and `Module:app`
        above = name(parent(path))
        spelled += rf"|{re.escape(above)}\.{re.escape(stem)}" if above else rf"|{re.escape(stem)}(?=:\w)"
    pattern = re.compile(rf"(?<![\w.-])(?:{spelled})(?![\w-])")
    known = {*survey.dockerfiles(tree), *survey.evidence(tree)}
    for user in tree.walk("", survey.SKIPPED):
        if user == path or not (user in known or user.endswith(_TEXTS)):
            continue
        try:
            text = tree.text(user)
        except Unreadable:
            continue
        if stem in text and (_imports(text, path) if _are_modules(path, user) else pattern.search(text)):
            return user
    return None


def _are_modules(*paths: str) -> bool:
    return all(path.endswith(".py") for path in paths)


def _imports(text: str, path: str) -> bool:
    """Say whether code imports the module at `path`, as far as its name tells."""
    import ast  # needed for a module's name alone

    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return True
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names.update({node.module or ""}, (f"{node.module or ''}.{alias.name}".lstrip(".") for alias in node.names))
    dotted = path.removesuffix(".py").replace("/", ".")
    return any(f".{dotted}".endswith(f".{imported}") for imported in names if imported)


def _spelled(finding: Fault | Weakness, report: Report, tree: Tree, found: str) -> list[Proposal]:
    """Return the Dockerfile's COPY with the file's own name, and the one that keeps the wanted name in the image."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingSource):
        return []
    item = image.file.instructions[finding.detail.instruction]
    word, target = item.words[finding.detail.word], item.words[-1]
    if len(item.words) != 2 or item.flags:
        return []
    wanted = posixpath.basename(word.value)
    source = posixpath.join(posixpath.dirname(word.value), name(found))
    rationale = f"The file is called `{name(found)}`; Linux tells it from `{wanted}`."
    own = dockerfile.replace_word(word, source, item.json)
    edits = [[own]]
    if target.value.endswith(("/", ".")):
        edits.append([own, dockerfile.replace_word(target, posixpath.join(target.value, wanted), item.json)])
    return [Proposal(tree.write(image.dockerfile, splice(image.file.text, each)), rationale) for each in edits]
