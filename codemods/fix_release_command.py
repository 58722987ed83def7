"""Let a release command find what it runs.

A release command starts in the image's WORKDIR, without a shell on Fly, in a machine of its own. One that was written for
another folder ends there. `FAILED: No 'script_location' key found in configuration.` is Alembic without its alembic.ini (up to
1.15 `FAILED: No config file 'alembic.ini' found, or file has no '[alembic]' section`), `can't open file
'/app/create_tables.py'` a script that lies in scripts/, and `No module named 'app'` an alembic.ini that does not put the
current folder on sys.path, which Alembic's script leaves out. The command, or that file, names what the image has, where
exactly one thing can be meant. Start commands that migrate with Alembic before they serve are mended alike.

Before:                                           After:

    [deploy]                                          [deploy]
      release_command = "alembic upgrade head"          release_command = "alembic -c backend/alembic.ini upgrade head"

References: https://fly.io/docs/reference/configuration/#run-one-off-commands-before-releasing-a-deployment,
https://render.com/docs/deploys#pre-deploy-command, https://alembic.sqlalchemy.org/en/latest/tutorial.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.boot.program import Program
from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model.findings import Fault, MissingFile, MissingModule, Weakness
from bot.engine.model.tree import Splice, Tree, newline, splice
from bot.engine.report import Booted, Report
from codemods import _command, _lines, wrap_shell_command

CODEMOD = Codemod(
    answers=("launcher-usage", "script-missing", "entry-not-found", "module-not-found"),
    since="0.1",
    rank=10,
)
_ASIDE = frozenset("test tests testing venv .venv env node_modules site-packages".split())
_LOCATION = re.compile(r"^script_location[ \t]*=[^\n]*(?:\n|$)", re.M)
_PREPEND = re.compile(r"^prepend_sys_path[ \t]*=[ \t]*([^\r\n]*)", re.M)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the command with the file, the module or the folder that is there."""
    image, booted, program = report.image, _booted(finding, report), None
    if booted:
        released = booted is report.release
        program = next((each for each in booted.programs if released or each.launcher == "alembic"), None)
    if image is None or booted is None or program is None or not isinstance(finding, Fault):
        return
    match finding.detail:
        case MissingFile(path=path) if program.launcher == "alembic" and posixpath.basename(path).endswith(".ini"):
            yield from _config(path, finding, program, booted, report, tree)
        case MissingFile(path=path) if program.launcher == "python":
            yield from _script(path, program, image, tree)
        case MissingModule(name=name, entry=True) if program.launcher == "python":
            yield from _module(name, program, image, tree)
        case MissingModule() if program.launcher == "alembic":
            yield from _path(program, image, tree)


def _booted(finding: Fault | Weakness, report: Report) -> Booted | None:
    booted = (*report.processes, *([report.release] if report.release else ()))
    return next((each for each in booted if each.process.name == finding.process), None)


def _meant(image: Image, base: str) -> list[str]:
    """Return the files of the image with a name, but for tests and installed ones."""
    found = [path for path, _ in image.files.files("/", base) if posixpath.basename(path) == base]
    return [path for path in found if _ASIDE.isdisjoint(path.split("/"))]


def _config(path: str, fault: Fault, program: Program, booted: Booted, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one config of Alembic that the image has: by its path, else from its folder."""
    image = report.image
    found = _meant(image, posixpath.basename(path)) if image else []
    if len(found) != 1:
        yield Skip(f"{len(found)} files of the image are called {posixpath.basename(path)}")
        return
    relative = posixpath.relpath(found[0], program.folder)
    why = f"Alembic's config lies at {found[0]}; the command runs in {program.folder}."
    named = next((pair for pair in zip(program.argv, program.argv[1:], strict=False) if pair[0] in ("-c", "--config")), None)
    old, new = (named, (named[0], relative)) if named else (("alembic",), ("alembic", "-c", relative))
    changed = _command.replace_words(tree, program.origin, old, new)
    if changed:
        yield Proposal(changed, why)
    folder = posixpath.dirname(relative)
    for line in _lines.started(fault, report, tree) if not named else ():
        changed = _lines.edited(tree, line, lambda text: _from_folder(text, folder))
        if changed:
            yield Proposal(changed, why)
            wrapped = wrap_shell_command.in_config(changed, booted.origin) if booted.origin else None
            if wrapped and report.target.platform == "fly":
                yield Proposal(wrapped, why)


def _from_folder(text: str, folder: str) -> str | None:
    """Return a line that migrates in a folder, and goes on in its own."""
    found = list(re.finditer(r"(?<![\w./-])(?:python3? -m )?alembic(?=\s)[^&;|\n]*", text))
    if len(found) != 1:
        return None
    start, command, rest = found[0].start(), found[0][0].rstrip(), text[found[0].start() + len(found[0][0].rstrip()) :]
    inner = f"cd {folder} && {command}"
    return text[:start] + (f"({inner}){rest}" if re.match(r"\s*(?:&&|;|\n)", rest) else inner + rest)


def _script(wanted: str, program: Program, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one file of that name that the image has elsewhere: by its path, else as a module of the current folder."""
    base = posixpath.basename(wanted)
    found = _meant(image, base)
    if len(found) != 1:
        yield Skip(f"{len(found)} files of the image are called {base}")
        return
    written = next((word for word in program.argv if posixpath.normpath(posixpath.join(program.folder, word)) == wanted), None)
    relative = posixpath.relpath(found[0], program.folder)
    name = _dotted(relative)
    for new in ((relative,), *([("-m", name)] if name else [])):
        changed = _command.replace_words(tree, program.origin, (written,), new) if written else None
        if changed:
            yield Proposal(changed, f"The image has {base} at {found[0]}.")


def _module(name: str, program: Program, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the one module with the last part of that name."""
    base = name.rpartition(".")[2] + ".py"
    found = _meant(image, base)
    real = _dotted(posixpath.relpath(found[0], program.folder)) if len(found) == 1 else None
    changed = _command.replace_word(tree, program.origin, name, real) if real else None
    if changed:
        yield Proposal(changed, f"The module lies at {found[0]}: `{real}` from {program.folder}.")
    else:
        yield Skip(f"{len(found)} files of the image are called {base}")


def _dotted(relative: str) -> str | None:
    parts = relative.removesuffix(".py").split("/")
    return ".".join(parts) if all(part.isidentifier() for part in parts) else None


def _path(program: Program, image: Image, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose that Alembic puts the current folder, or its config's, first on sys.path."""
    argv = program.argv
    written = next((argv[at + 1] for at, word in enumerate(argv[:-1]) if word in ("-c", "--config")), "alembic.ini")
    found = image.files.find(posixpath.join(program.folder, written))
    if found is None or found.tree is None:
        return
    text = tree.text(found.tree)
    old, after = _PREPEND.search(text), _LOCATION.search(text)
    if after is None:
        yield Skip(f"{found.tree} has no script_location")
        return
    for entry in (".", "%(here)s"):
        line = f"prepend_sys_path = {entry}"
        whole = text[after.start() : after.end()].endswith("\n")
        fresh = f"{line}{newline(text)}" if whole else f"{newline(text)}{line}"
        edit = Splice(old.start(), old.end(), line) if old else Splice(after.end(), after.end(), fresh)
        why = f"Alembic's script leaves the current folder out of sys.path unless {found.tree} says otherwise."
        yield Proposal(tree.write(found.tree, splice(text, [edit])), why)
