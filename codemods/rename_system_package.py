"""Ask for a system package by the name that it has in the image's Debian release.

Packages are renamed, replaced and dropped from one Debian release to the next, and names of Ubuntu's are none of Debian's:
`E: Package 'libgl1-mesa-glx' has no installation candidate`, `E: Unable to locate package software-properties-common`. The
name is replaced where it stands, or left out where nothing needs it. Another version (openjdk-11 is default-jre-headless now)
is a judgement call.

Before:                                   After:

    RUN apt-get update \\                      RUN apt-get update \\
      && apt-get install -y \\                   && apt-get install -y \\
        libgl1-mesa-glx \\                         libgl1 \\
        libglib2.0-0                             libglib2.0-0

References: https://packages.debian.org; https://www.debian.org/releases/trixie/release-notes/issues.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model.dockerfile import Dockerfile, Instruction
from bot.engine.model.findings import Fault, MissingPackage, Safety, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _debian, _dockerfile

CODEMOD = Codemod(answers=("system-package-gone",), since="0.1", rank=30)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the name of today, or the line without the package."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, MissingPackage) or report.image is None:
        return
    detail, file, release = finding.detail, report.image.file, finding.detail.release
    items = [file.instructions[number] for number in _dockerfile.instructions(report, finding)]
    places = [_places(file, item, detail.name) for item in items]
    if any(len(found) != 1 for found in places):
        yield Skip(f"`{detail.name}` does not stand in the RUN exactly once")
        return
    answer = _debian.answer(detail.name, release, file.text) if _debian.gone(detail.name, release) else _unpinned(detail.name)
    if answer is None:
        yield Skip(f"nothing is known to take the place of {detail.name} in {release}")
        return
    edits = [_edit(file, item, found[0], answer) for item, found in zip(items, places, strict=True)]
    if None in edits:
        yield Skip(f"{detail.name} is all that is installed, or a comment belongs to it")
        return
    what = f"is {' '.join(answer.names)}" if answer.names else "is gone, and nothing needs it"
    if answer.names == (detail.name,):
        what = "has another version"
    rationale = f"In Debian {release} {detail.name} {what}."
    safety: Safety = "safe" if answer.same else "unsafe"
    yield Proposal(tree.write(report.image.dockerfile, splice(file.text, list(filter(None, edits)))), rationale, safety)


def _edit(file: Dockerfile, item: Instruction, place: re.Match[str], answer: _debian.Answer) -> Splice | None:
    if not answer.names:
        return _without(file, item, place)
    return Splice(place.start(), place.end(), " ".join(answer.names))


def _unpinned(name: str) -> _debian.Answer:
    """A package that is there, and not in the version that is asked for."""
    return _debian.Answer((name,), False)


def _places(file: Dockerfile, item: Instruction, name: str) -> list[re.Match[str]]:
    """Return where a package stands in a RUN, with its version."""
    written = re.compile(rf"(?<![\w.:/+=-]){re.escape(name)}(?:=[^\s\"',;&|]+)?(?![\w.+:/-])")
    return [
        found for found in written.finditer(file.text, item.start, item.end) if not _dockerfile.commented(file, found.start())
    ]


def _without(file: Dockerfile, item: Instruction, place: re.Match[str]) -> Splice | None:
    """Leave a package out: with the line that it has for itself, else with the blank in front of it."""
    text = file.text
    begin, end = text.rfind("\n", 0, place.start()) + 1, text.find("\n", place.end())
    rest = text[place.end() : len(text) if end < 0 else end]
    alone = not text[begin : place.start()].strip()
    before = re.search(r"(\S+)(?:[ \t]*\\\r?\n)?[ \t]*\Z", text[item.start : place.start()])
    after = re.match(r"[ \t]*(?:\\\r?\n[ \t]*)?([^\s&|;\\]+)", text[place.end() : item.end])
    others = before is not None and (not before[1].startswith("-") and before[1] != "install")
    if before is None or not (others or (after and not after[1].startswith("#"))):
        return None
    if alone and rest.strip() == "\\" and end >= 0:
        return Splice(begin, end + 1, "")
    if "#" in text[item.start + before.end(1) : place.start()]:
        return None
    return Splice(item.start + before.end(1), place.end(), "")
