"""Bring a file's name and the name that it is asked for together.

A slip of the finger, or an editor that added `.txt`: `app/main,py`, `requirement.txt`, `requirements .txt`, `Dockerfile.txt`.
The deploy looks for the usual name and stops: `"/requirements.txt": not found`, `No module named 'app.main'`.

Exactly one file beside the path that is asked for must be meant, by its name, and a list of requirements or a Dockerfile by its
content too. A file that is only misspelt is renamed, unless something else in the repository uses the name that it has. A list
of requirements that was given a name on purpose (`appreqs.txt`) keeps it, and COPY names it with `--unsafe`.

Before:                                   After:

    requirement.txt                           requirements.txt
    Dockerfile: COPY requirements.txt .       Dockerfile: COPY requirements.txt .

References: https://docs.docker.com/reference/dockerfile/#copy
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile, requirements
from bot.engine.model.findings import Fault, MissingSource, Weakness
from bot.engine.model.tree import Tree, name, parent, splice
from bot.engine.report import Report
from codemods import _paths

CODEMOD = Codemod(
    answers=(
        "copy-source-missing",
        "dockerfile-not-found",
        "entry-not-found",
        "module-not-found",
        "no-dockerfile",
        "requirements-missing",
        "run-file-missing",
        "script-missing",
    ),
    since="0.1",
    rank=20,
)
_LIST = re.compile(r"requirements[\w.-]*\.txt", re.I)
_ANOTHER_LIST = re.compile(r"[\w-]*req(?:uirement)?s?\.(?:txt|in)", re.I)
_INSTRUCTION = re.compile(r"(?:\s*(?:#[^\n]*)?\n)*\s*(?:ARG\s|FROM\s)", re.I)
_ALIKE = 0.9  # of a name's letters


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose to rename the file that is meant, or to name it as it is called."""
    if not isinstance(finding, Fault):
        return
    wanted = _paths.wanted(finding, report)
    if finding.code == "no-dockerfile":
        wanted = [path for path in [*wanted, f"{report.start.directory}/Dockerfile".lstrip("/")] if path][:1]
    for path in wanted:
        if tree.kind(path) is not None or tree.unversioned(path):
            continue
        meant = _misspelt(tree, path)
        if len(meant) == 1:
            yield from _renamed(tree, meant[0], path, report, finding)
        elif not meant and _LIST.fullmatch(name(path)) and not tree.other_case(path):
            yield from _named(tree, path, report, finding)
        elif meant:
            yield Skip(f"{len(meant)} files could be meant by {path}")


def _misspelt(tree: Tree, wanted: str) -> list[str]:
    """Return the files beside a path whose names are slips of its own."""
    found = []
    for entry, kind in tree.entries(parent(wanted)).items():
        path = f"{parent(wanted)}/{entry}".lstrip("/")
        if kind != "file" or entry.lower() == name(wanted).lower() or not tree.is_file(path):
            continue
        if _plain(entry) == name(wanted).lower() or _is_alike(tree, path, name(wanted)):
            found.append(path)
    return sorted(found)


def _plain(entry: str) -> str:
    """Return a name without the usual slips: blanks, a comma for a dot, one ending too many."""
    plain = re.sub(r"\s+", "", entry.lower()).replace(",", ".")
    stem = plain.removesuffix(".txt")
    return (
        stem if stem != plain and (stem.endswith((".py", ".txt", ".toml", ".sh", ".lock")) or stem == "dockerfile") else plain
    )


def _is_alike(tree: Tree, path: str, wanted: str) -> bool:
    """Say whether a file has nearly the name that is wanted, and the content that belongs to it."""
    import difflib  # for a name that is not found

    if difflib.SequenceMatcher(None, name(path).lower(), wanted.lower()).ratio() < _ALIKE:
        return False
    if _LIST.fullmatch(wanted):
        return not _LIST.fullmatch(name(path)) and _is_list(tree, path)
    return wanted.lower() == "dockerfile" and _INSTRUCTION.match(tree.text_if_any(path)) is not None


def _is_list(tree: Tree, path: str) -> bool:
    """Say whether a file holds nothing but requirements, be it none yet."""
    lines = [line.split("#")[0].strip() for line in tree.text_if_any(path).lstrip("\ufeff").splitlines()]
    lines = [line for line in lines if line]
    return all(line.startswith("-") or _is_requirement(line) for line in lines)


def _is_requirement(line: str) -> bool:
    return requirements.requirement(line) is not None and re.match(r"[\w.-]+\s*(?:$|[\[=<>!~;@])", line) is not None


def _renamed(tree: Tree, old: str, new: str, report: Report, fault: Fault) -> Iterator[Proposal | Skip]:
    user = _paths.other_user(tree, old)
    if user is None:
        yield Proposal(tree.move(old, new), f"The file is called `{name(old)}`, and `{name(new)}` is meant.")
        return
    changed = _copied_as(tree, old, report, fault)
    if changed is not None:
        yield Proposal(changed, f"The file is called `{name(old)}`, and {user} uses it by that name.")
    else:
        yield Skip(f"{user} uses the name `{name(old)}`")


def _named(tree: Tree, wanted: str, report: Report, fault: Fault) -> Iterator[Proposal | Skip]:
    """Propose the one list of requirements beside a path, under the name that it has."""
    folder = parent(wanted)
    paths = [f"{folder}/{entry}".lstrip("/") for entry in sorted(tree.entries(folder)) if _ANOTHER_LIST.fullmatch(entry)]
    lists = [path for path in paths if tree.is_file(path) and _is_list(tree, path)]
    if len(lists) != 1:
        yield Skip(f"{len(lists)} lists of requirements could be meant by {wanted}")
        return
    changed = _copied_as(tree, lists[0], report, fault)
    if changed is None:
        yield Skip(f"{lists[0]} may be meant by {wanted}")
    else:
        yield Proposal(changed, f"The requirements stand in `{name(lists[0])}`.", "unsafe")


def _copied_as(tree: Tree, found: str, report: Report, fault: Fault) -> Tree | None:
    """Return the tree in which COPY names a file as it is called and puts it where the Dockerfile goes on to look for it."""
    image = report.image
    if image is None or not isinstance(fault.detail, MissingSource):
        return None
    item = image.file.instructions[fault.detail.instruction]
    word, target = item.words[fault.detail.word], item.words[-1]
    if item.name != "COPY" or len(item.words) != 2 or "$" in word.value:
        return None
    wanted = posixpath.basename(word.value)
    source = posixpath.join(posixpath.dirname(word.value), name(found))
    edits = [dockerfile.replace_word(word, source, item.json)]
    if _is_folder(image, target.value):
        edits.append(dockerfile.replace_word(target, posixpath.join(target.value, wanted), item.json))
    return tree.write(image.dockerfile, splice(image.file.text, edits))


def _is_folder(image: Image, target: str) -> bool:
    found = image.files.find(posixpath.join(image.workdir, target))
    return target.endswith(("/", ".")) or (found is not None and found.kind == "folder")
