"""Which paths of the repository a fault is about, and who else uses a file by its name."""

from __future__ import annotations

import posixpath
import re

from bot.engine.model.findings import (
    Fault,
    MissingData,
    MissingDockerfile,
    MissingFile,
    MissingModule,
    MissingName,
    MissingSource,
    Weakness,
)
from bot.engine.model.tree import Tree, Unreadable, name, parent
from bot.engine.platforms import survey
from bot.engine.report import Report

_TEXTS = tuple(".py .txt .in .toml .cfg .ini .json .yml .yaml .sh".split())


def wanted(finding: Fault | Weakness, report: Report) -> list[str]:
    """Return the paths in the tree that the deploy looked for."""
    if not isinstance(finding, Fault):
        return []
    image = report.image
    match finding.detail:
        case MissingDockerfile(wanted=wanted):
            return [wanted] if wanted else []
        case MissingSource(source=source) if image:
            return [image.context.tree_path(source)]
        case MissingFile(path=path) | MissingData(path=path) if image:
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


def other_user(tree: Tree, path: str) -> str | None:
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
