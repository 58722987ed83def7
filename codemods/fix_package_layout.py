"""Copy a package to a folder of its own name.

`COPY . .` with `backend/` as the build context puts the content of `backend/` into `/app`, and the folder's name is lost:
code that says `from backend.db import …` stops with `No module named 'backend'`. Copied to `/app/backend` it is found from
`/app`. What else the Dockerfile and the commands say of the old place follows: requirements, scripts, WORKDIR, PYTHONPATH, and
modules that are started by name.

Before:                                   After:

    WORKDIR /app                              WORKDIR /app
    COPY . .                                  COPY . ./backend
    CMD ["uvicorn", "api:app"]                CMD ["uvicorn", "backend.api:app"]

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.engine.boot.program import Module, Program, Script
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.build import build
from bot.engine.image.stage import Image
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, MissingModule, Weakness
from bot.engine.model.tree import Splice, Tree, name, splice
from bot.engine.report import Report
from codemods import _command

CODEMOD = Codemod(answers=("module-not-found", "entry-not-found"), since="0.1", rank=35)
_FOLLOWING = ("RUN", "WORKDIR", "ENV", "CMD", "ENTRYPOINT")
_PATH = re.compile(r"(?<![\w$}/.-])(?:\.{0,2}/)?[\w-]+(?:[./][\w-]+)+/?(?![\w(/-]|:(?!/))")


class _Move(NamedTuple):
    """A COPY whose content goes one folder deeper."""

    item: Instruction
    old: str  # where it went, in the image
    new: str


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the deeper folder for each COPY of a folder that is called like the missing module."""
    image = report.image
    if image is None or not isinstance(finding, Fault) or not isinstance(finding.detail, MissingModule):
        return
    top = finding.detail.name.partition(".")[0]
    moves = list(_moves(image, top))
    if not moves:
        yield Skip(f"no folder `{top}` is copied without its name")
    for move in moves:
        changed = _moved(move, report, image, tree)
        if changed is not None:
            where = f"`{image.context.tree_path(_source(move.item))}/`"
            rationale = (
                f"The code says `{top}.…`, and the Dockerfile copies what is in {where} to {move.old}, without its name."
            )
            yield Proposal(changed, rationale)


def _moves(image: Image, top: str) -> Iterator[_Move]:
    workdir = "/"
    for item in image.instructions:
        if item.name == "WORKDIR":
            workdir = posixpath.normpath(posixpath.join(workdir, item.value))
        if item.name != "COPY" or item.flag("from") is not None or len(item.words) != 2 or item.heredocs:
            continue
        source = _source(item)
        old = posixpath.normpath(posixpath.join(workdir, item.words[1].value))
        if name(image.context.tree_path(source)) == top and image.context.kind(source) == "folder" and "$" not in old:
            yield _Move(item, old, posixpath.join(old, top))


def _source(item: Instruction) -> str:
    return posixpath.normpath("/" + item.words[0].value)[1:]


def _moved(move: _Move, report: Report, image: Image, tree: Tree) -> Tree | None:
    """Return the tree with the COPY changed, and everything that named the old place."""
    deeper = tree.write(image.dockerfile, splice(image.file.text, [_destination(move)]))
    built = build(deeper, image.dockerfile, image.context.root, report.target.build, "")
    edits = [_destination(move), *_paths(move, image, built)]
    changed: Tree | None = tree.write(image.dockerfile, splice(image.file.text, edits))
    for booted in report.started:
        for program in booted.programs:
            word = _entry(program, move, image, built)
            if word and changed is not None:
                changed = _command.replace_word(changed, program.origin, *word)
    return changed


def _destination(move: _Move) -> Splice:
    """Return the edit of the COPY's last word, written as it was: relative, or with a slash at its end."""
    word = move.item.words[1]
    top = name(move.new)
    written = word.value
    if written.rstrip("/") in ("", "."):
        return Splice(word.start, word.end, f"./{top}" if written.startswith(".") else f"/{top}")
    return Splice(word.start, word.end, f"{written.rstrip('/')}/{top}{'/' if written.endswith('/') else ''}")


def _paths(move: _Move, image: Image, built: Image) -> Iterator[Splice]:
    """Yield the edits of what names a file by a path that it does not have any more."""
    workdir = "/"
    for item in image.instructions:
        if item.name in _FOLLOWING and item.start > move.item.start:
            if item.name == "WORKDIR":
                found = _follow(item.value, workdir, move, image, built)
                at = image.file.text.find(item.value, item.start, item.end)
                if found and at >= 0:
                    yield Splice(at, at + len(item.value), found)
            else:
                for match in _PATH.finditer(image.file.text, item.start, item.end):
                    found = _follow(match[0], workdir, move, image, built)
                    if found:
                        yield Splice(match.start(), match.end(), found)
        if item.name == "WORKDIR":
            workdir = posixpath.normpath(posixpath.join(workdir, item.value))


def _follow(written: str, workdir: str, move: _Move, image: Image, built: Image) -> str | None:
    """Return what a path is called afterwards; None where it leads to the same as before."""
    path = posixpath.normpath(posixpath.join(workdir, written))
    target = _target(path, move, image, built)
    if target is None:
        return None
    if written.startswith("/"):
        return target
    return f"{'./' if written.startswith('./') else ''}{posixpath.relpath(target, workdir)}"


def _target(path: str, move: _Move, image: Image, built: Image) -> str | None:
    """Return where a file or folder lies afterwards, if that is not where it was."""
    rest = posixpath.relpath(path, move.old)
    if rest == "." or rest.startswith("..") or image.files.find(path) is None or built.files.find(path) is not None:
        return None
    target = posixpath.join(move.new, rest)
    return target if built.files.find(target) else None


def _entry(program: Program, move: _Move, image: Image, built: Image) -> tuple[str, str] | None:
    """Return the word that names a program's entry point, and what it is called afterwards."""
    if isinstance(program.entry, Script):
        target = _target(program.entry.path, move, image, built)
        found = _follow(program.entry.written, program.folder, move, image, built) if target else None
        in_dockerfile = program.origin.kind in ("CMD", "ENTRYPOINT") and _PATH.fullmatch(program.entry.written)
        return (program.entry.written, found) if found and not in_dockerfile else None
    if isinstance(program.entry, Module):
        base = posixpath.join(program.folder, program.entry.name.replace(".", "/"))
        for path in (f"{base}.py", f"{base}/__init__.py"):
            target = _target(path, move, image, built)
            if target and program.folder == move.old:
                return program.entry.written, f"{name(move.new)}.{program.entry.written}"
    return None
