"""Edits of what an image installs from: requirements files, manifests with a lock or without, the words of a `pip install`."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.engine.codemod import Skip
from bot.engine.image import manifests as projects
from bot.engine.image import packages
from bot.engine.image.stage import Image, Install
from bot.engine.model import dockerfile, requirements, shell
from bot.engine.model.findings import Place
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Splice, Tree, Unreadable, join, name, newline, parent, splice
from codemods import _manifests

_TOOLS = {  # lock: what adds a requirement to the manifest and to it, and what makes it anew
    "uv.lock": ("uv add", "uv lock"),
    "poetry.lock": ("poetry add", "poetry lock"),
    "pdm.lock": ("pdm add", "pdm lock"),
    "Pipfile.lock": ("pipenv install", "pipenv lock"),
}
_PIP = re.compile(r"\bpip[\d.]*\s+(?:-\S+\s+)*install\b")
_WRITTEN = re.compile(r"(?im)^#.*\bauto-?generated\b")
_COMPILED = re.compile(r"(?m)^#[ \t]+(pip-compile|uv pip compile)\b([^\r\n]*)")


class Manifest(NamedTuple):
    """A file that an install reads its requirements from, with what it asks for.

    `lock` has to follow it; `follows`: the build makes that anew where it does not.
    """

    path: str
    asked: tuple[Requirement, ...]
    lock: str | None = None
    follows: bool = False

    def tool(self, requirement: str | None = None) -> str:
        """Return the command that adds a requirement here and to the lock, or makes the lock anew."""
        add, renew = _TOOLS.get(name(self.lock or ""), ("", ""))
        return f"{add} {shell.quote(requirement)}" if requirement else renew

    @property
    def pinned(self) -> bool:
        """Every version in it is fixed."""
        return bool(self.asked) and all(asked.line.rest.startswith(("==", "===")) for asked in self.asked)


def manifests(image: Image, tree: Tree | None = None) -> list[Manifest]:
    """Return the files that the image's installs read, those that ask for most first.

    Without a tree those of package managers are left out: their locks hold the versions.
    """
    bases = {(image.dockerfile, item.line) for item in image.file.instructions if item.name == "FROM"}
    found: dict[str, list[Requirement]] = {}
    locked: dict[str, Manifest] = {}
    for install in image.installs:
        if install.manifest:
            if tree is not None:
                locked[install.manifest] = _declared(tree, install, install.manifest)
            continue
        for asked in install.requirements:
            if (asked.place.path, asked.place.line) not in bases:  # what the base brings is asked for by nobody
                found.setdefault(asked.place.path, []).append(asked)
        for path in install.files:  # also one that asks for nothing yet
            found.setdefault(path, [])
    listed = [Manifest(path, tuple(asked), *_beside(tree, path)) for path, asked in found.items() if path not in locked]
    return sorted((*locked.values(), *listed), key=lambda manifest: -len(manifest.asked))


def _beside(tree: Tree | None, path: str) -> tuple[str | None, bool]:
    """Return the lock that lies beside a manifest and that the build does not look at."""
    names = {"pyproject.toml": ("uv.lock", "poetry.lock", "pdm.lock"), "Pipfile": ("Pipfile.lock",)}.get(name(path), ())
    return next((lock for each in names if tree and (lock := join(parent(path), each)) and tree.is_file(lock)), None), True


def _declared(tree: Tree, install: Install, path: str) -> Manifest:
    """Return a manifest with what it declares itself, not what its lock chose."""
    lock, follows = (install.lock, install.follows) if install.lock else _beside(tree, path)
    try:
        project = projects.pipfile(tree, path) if path.endswith("Pipfile") else projects.read(tree, path)
    except Unreadable:
        return Manifest(path, install.requirements, lock, follows)
    groups = (project.main, *project.extras.values(), *project.groups.values())
    return Manifest(path, tuple(each for group in groups for each in group), lock, follows)


def added(tree: Tree, manifest: Manifest, requirement: str) -> Tree | Skip:
    """Return the tree with one requirement more, or why that is not done."""
    try:
        text = _text(tree, manifest.path)
    except Unreadable as error:
        return Skip(str(error))
    if manifest.lock and not manifest.follows:
        return _behind(manifest, requirement)
    if manifest.path.endswith((".txt", ".in")):
        if _WRITTEN.search(text):
            return _compiled(tree, manifest, text, requirement)
        if "--hash" in text:
            return Skip(f"{manifest.path} pins hashes: `pip-compile` has to write them")
        return _written(tree, manifest.path, _in_lines(text, manifest, requirement))
    if name(manifest.path) in ("pyproject.toml", "Pipfile"):
        changed = _manifests.added(text, manifest.path, requirement)
        said = f"{manifest.path} has no list of dependencies that is edited"
        return tree.write(manifest.path, changed) if changed else Skip(said)
    said = f"{manifest.path}:{manifest.asked[0].place.line if manifest.asked else 1} is not edited"
    if manifest.path.endswith((".yaml", ".yml")):
        return Skip(said)
    changed = _in_command(text, manifest, requirement)
    return tree.write(manifest.path, changed) if changed else Skip(said)


def _behind(manifest: Manifest, requirement: str) -> Skip:
    """Say which command edits a manifest together with the lock that the build installs from."""
    command = manifest.tool(requirement)
    return Skip(f"{manifest.lock} has to follow {manifest.path}: `{command}` does both", command)


def extended(tree: Tree, manifest: Manifest, asked: Requirement, written: str) -> Tree | Skip:
    """Return the tree with a requirement written with more extras, its version and marker kept; or why that is not done."""
    if manifest.lock and not manifest.follows:
        return _behind(manifest, written)
    changed = replaced(tree, asked, written)
    return Skip(changed) if isinstance(changed, str) else changed


def _compiled(tree: Tree, manifest: Manifest, text: str, requirement: str) -> Tree | Skip:
    """Add to what a compiled file is made from, and to the file itself where its tool would write no more than that."""
    plain = requirements.normal(re.split(r"[\[=<>!~; ]", requirement, maxsplit=1)[0])
    source, shown, command = _made_from(tree, manifest, text)
    if source is None:
        return Skip(f"{manifest.path} is written by a tool: what it is made from has to name `{requirement}`")
    asked = tuple(Requirement(line, Place(manifest.path, 1)) for line in requirements.read(tree.text(source)))
    lines = tuple(each._replace(place=each.place._replace(path=source, line=each.line.line)) for each in asked)
    version, bare = packages.version(plain), requirement.partition("=")[0]
    there = {each.line.value for each in manifest.asked}
    if "--hash" in text or version is None or not packages.needs(plain) <= there or not lines:
        said = f"{manifest.path} is made from {source}: name `{bare}` there, and run `{command}`"
        return Skip(said, command)
    edited = tree.write(source, _in_lines(tree.text(source), Manifest(source, lines), bare))
    return edited.write(manifest.path, _in_compiled(text, manifest, f"{bare}=={version}", shown))


def _made_from(tree: Tree, manifest: Manifest, text: str) -> tuple[str | None, str, str]:
    """Return the file that a compiled one is made from, as its header shows it, and the command."""
    header = _COMPILED.search(text)
    words = header[2].split() if header else []
    named = [word for word in words if word.endswith(".in")] or ["requirements.in"]
    command = " ".join((header[1], *words)) if header else "pip-compile"
    for folder in (parent(manifest.path), ""):
        path = join(folder, named[0])
        if len(named) == 1 and header and path and tree.is_file(path):
            return path, named[0], command
    return None, "", command


def _in_compiled(text: str, manifest: Manifest, pin: str, shown: str) -> str:
    """Put a pin among those of a compiled file, with the note of where it is from that its tool writes."""
    ending = newline(text)
    note = f"    # via -r {shown}{ending}" if re.search(r"(?m)^    # via", text) else ""
    lines = text.splitlines(keepends=True)
    own = requirements.normal(pin.partition("=")[0].partition("[")[0])
    at = next((each.place.line - 1 for each in manifest.asked if each.line.value > own), len(lines))
    gap = ending if at == len(lines) and text and not text.endswith("\n") else ""
    return "".join([*lines[:at], f"{gap}{pin}{ending}{note}", *lines[at:]])


def replaced(tree: Tree, asked: Requirement, written: str) -> Tree | str:
    """Return the tree with a requirement written otherwise, its version and marker kept."""
    path, line = asked.place.path, asked.place.line
    if name(path) in ("pyproject.toml", "Pipfile"):
        changed = _manifests.replaced(tree.text(path), path, asked.line.value, written)
        return tree.write(path, changed) if changed is not None else f"{path}:{line} is not edited"
    text = _lines_of(tree, path)
    if text is None:
        return f"{path} is not edited"
    lines = text.splitlines(keepends=True)
    found = re.match(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*(?:\s*\[[^\]]*\])?", lines[line - 1]) if 0 < line <= len(lines) else None
    if found is None:
        return f"{path}:{line} is not edited"
    indent = found[0][: len(found[0]) - len(found[0].lstrip())]
    lines[line - 1] = indent + written + lines[line - 1][found.end() :]
    return _written(tree, path, "".join(lines))


def dropped(tree: Tree, asked: Requirement) -> Tree | str:
    """Return the tree without a requirement's line."""
    path, line = asked.place.path, asked.place.line
    text = _lines_of(tree, path)
    lines = text.splitlines(keepends=True) if text is not None else []
    if not 0 < line <= len(lines) or lines[line - 1].rstrip("\r\n").endswith("\\"):
        return f"{path} is not edited"
    return _written(tree, path, "".join([*lines[: line - 1], *lines[line:]]))


def _lines_of(tree: Tree, path: str) -> str | None:
    """Return the text of a requirements file whose lines may be edited: one without hashes."""
    try:
        text = _text(tree, path)
    except Unreadable:
        return None
    editable = path.endswith((".txt", ".in")) and "--hash" not in text and not _COMPILED.search(text)
    return text if editable else None


def _text(tree: Tree, path: str) -> str:
    """Return a manifest's text, also of one in UTF-16; raises `Unreadable`."""
    wide = requirements.encoding(tree.read(path)) if path.endswith((".txt", ".in")) else None
    return tree.read(path).decode(wide) if wide else tree.text(path)


def _written(tree: Tree, path: str, text: str) -> Tree:
    """Return the tree with a requirements file's new text, encoded as it was."""
    return tree.write(path, text, requirements.encoding(tree.read(path)) or "utf-8")


def _in_lines(text: str, manifest: Manifest, requirement: str) -> str:
    """Put a line where the names' order asks for it, else at the end; comments above a line stay with it."""
    lines = text.splitlines(keepends=True)
    names = [(asked.line.value, asked.place.line) for asked in manifest.asked]
    in_order = len(names) > 2 and [each for each, _ in names] == sorted(each for each, _ in names)
    own = requirements.normal(re.split(r"[\[=<>!~; ]", requirement, maxsplit=1)[0])
    at = next((line - 1 for each, line in names if each > own), len(lines)) if in_order else len(lines)
    while 0 < at < len(lines) and names[0][0] < own and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at -= 1
    ending = newline(text)
    if at == len(lines):
        continued = text.rstrip("\r\n").endswith("\\")  # the end of the file ends the line, too
        gap = ending if continued or (text and not text.endswith("\n")) else ""
        return f"{text}{gap}{requirement}{ending}"
    return "".join([*lines[:at], requirement + ending, *lines[at:]])


def _in_command(text: str, manifest: Manifest, requirement: str) -> str | None:
    """Put a word behind the last requirement that the `pip install` of a RUN names."""
    word, line = manifest.asked[-1].line, manifest.asked[-1].place.line
    item = next((item for item in dockerfile.read(text).instructions if item.line == line and item.name == "RUN"), None)
    pip = _PIP.search(text, item.start, item.end) if item and not item.json else None
    if item is None or pip is None:
        return None
    spelled = "[-_.]+".join(map(re.escape, word.value.split("-")))
    pattern = re.compile(rf"(?i)(?<![\w.-]){spelled}(?![\w.-])(?:\[[^\]\s]*\])?[^\s'\"&;|\\]*['\"]?")
    found = pattern.search(text, pip.end(), item.end)
    if found is None:
        return None
    written = requirement if re.fullmatch(r"[\w.=-]+", requirement) else shell.quote(requirement)
    return splice(text, [Splice(found.end(), found.end(), f" {written}")])
