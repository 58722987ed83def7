"""Build on a Debian release that has what the image installs.

Two ways to lose the ground under a Dockerfile. A release goes from the mirrors to the archive, as buster did in 2025
(`E: The repository 'http://deb.debian.org/debian buster Release' does not have a Release file.`): the tag names the next one
that the same Python was built on. Or an unpinned tag like `python:3.11-slim` moves on to the next release (bookworm until
August 2025, trixie since), where a package is gone that nothing replaces: the tag names the release that had it.

Before:                                   After:

    FROM python:3.9-slim-buster               FROM python:3.9-slim-bullseye

References: https://hub.docker.com/_/python; https://www.debian.org/releases/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import debian, systems
from bot.engine.model.findings import Fault, MissingPackage, UnreadyInstall, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _debian, _dockerfile

CODEMOD = Codemod(answers=("release-archived", "system-package-gone"), since="0.1", rank=60)
_IMAGE = re.compile(r"(?:docker\.io/)?(?:library/)?python:(?P<tag>(?P<version>\d+\.\d+)(?:\.\d+)?(?:-[\w.]+)*)")


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the tag of another release."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, UnreadyInstall | MissingPackage):
        return
    if report.image is None:
        return
    file, archived = report.image.file, isinstance(finding.detail, UnreadyInstall)
    words = {_dockerfile.origin(file, number).words[0] for number in _dockerfile.instructions(report, finding)}
    edits = []
    for word in words:
        image = _IMAGE.fullmatch(word.value)
        if image is None:
            yield Skip("the image is not named as a tag of python")
            return
        major, minor = image["version"].split(".")
        siblings = systems.siblings(image["tag"], (int(major), int(minor)))
        tag = _newer(image["tag"], siblings) if archived else _older(image["tag"], siblings, report)
        if tag is None:
            yield Skip(f"no other Debian release is known for {word.value}")
            return
        edits.append(Splice(word.start + image.start("tag"), word.end, tag))
    rationale = "That release of Debian has what the image installs."
    yield Proposal(tree.write(report.image.dockerfile, splice(file.text, edits)), rationale, "unsafe")


def _newer(tag: str, siblings: tuple[str, ...]) -> str | None:
    """Return a tag that names an archived release with the oldest one that is still served."""
    old = next((name for name in systems.ARCHIVED if name in tag), None)
    served = [name for name in siblings if name in debian.RELEASES]
    return tag.replace(old, served[-1]) if old and served else None


def _older(tag: str, siblings: tuple[str, ...], report: Report) -> str | None:
    """Return a tag without a release with the one that has all packages, if one of them is gone for good from today's."""
    if any(name in tag for name in systems.DEBIAN.values()):
        return None
    details = [fault.detail for fault in report.faults if isinstance(fault.detail, MissingPackage)]
    text = report.image.file.text if report.image else ""
    if all(_debian.answer(each.name, each.release, text) for each in details):
        return None  # a name of today does with less
    for name in siblings:
        if name in debian.RELEASES and all(debian.standing(each.name, name) == "there" for each in details):
            return f"{tag}-{name}"
    return None
