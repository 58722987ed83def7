"""Write a requirement as pip reads it.

pip refuses a whole requirements file for one line that it can't read (`Invalid requirement: 'requests==-2.31.0'`): a sign in
front of a version, one `=` where two are meant, `=>` for `>=`, a name and a version with nothing between them, `2.x`. What was
meant is plain in each of these, and no deploy works with the line as it is. Marks of a merge are left to a person.

Before (requirements.txt):                After:

    requests==-2.31.0                         requests==2.31.0
    flask=2.0                                 flask==2.0

References: https://pip.pypa.io/en/stable/reference/requirement-specifiers/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model import requirements
from bot.engine.model.findings import BadRequirement, Fault, Weakness
from bot.engine.model.requirements import Requirement
from bot.engine.model.tree import Tree, Unreadable
from bot.engine.report import Report
from codemods import _requirements

CODEMOD = Codemod(answers=("requirement-invalid",), since="0.1", rank=20)
_REST = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\]\s*)?)(?P<rest>[^;#]*?)(?P<tail>\s*(?:[;#].*)?)$")
_MEANT = (  # what is written for a specifier, and what is meant
    (re.compile(r"^=(?!=)\s*(?=[\dv])"), "=="),
    (re.compile(r"^=>"), ">="),
    (re.compile(r"^=<"), "<="),
    (re.compile(r"^(==|>=|<=|~=)\s*[-–]\s*(?=\d)"), r"\1"),
    (re.compile(r"^(?:==|>=|~=)\s*(?:latest)?$"), ""),
    (re.compile(r"^(?=v?\d)"), "=="),
    (re.compile(r"^(==\s*\d+(?:\.\d+)*)\.[xX]$"), r"\1.*"),
    (re.compile(r"^((?:>=?|<=?)\s*\d+(?:\.\d+)*)\.\*$"), r"\1"),
    (re.compile(r"(?<=\d)\.$"), ""),
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the line as it was meant."""
    if not isinstance(finding, Fault) or not isinstance(finding.detail, BadRequirement) or report.image is None:
        return
    for asked in _refused(report.image, finding.detail.names[0]):
        changed = _changed(tree, asked)
        yield Skip(changed) if isinstance(changed, str) else Proposal(changed, f"pip can't read `{asked.line.text}`.")


def _refused(image: Image, name: str) -> Iterator[Requirement]:
    for manifest in _requirements.manifests(image):
        yield from (asked for asked in manifest.asked if asked.line.value == name and not asked.line.valid)


def _changed(tree: Tree, asked: Requirement) -> Tree | str:
    path, number = asked.place.path, asked.place.line
    where = f"{path}:{number}"
    try:
        lines = tree.text(path).splitlines(keepends=True)
    except Unreadable as error:
        return str(error)
    if not path.endswith((".txt", ".in")) or not 0 < number <= len(lines):
        return f"{where} is not edited"
    body = lines[number - 1].rstrip("\r\n")
    match = _REST.fullmatch(body.strip())
    meant = _meant(match["rest"].strip()) if match else None
    if match is None or meant is None:
        return f"what {where} asks for is not plain"
    name = match["name"].rstrip() if meant != match["rest"].strip() else match["name"]
    written = f"{name}{meant}{match['tail']}"
    line = requirements.requirement(re.split(r"\s#", written, maxsplit=1)[0])
    if line is None or not line.valid:
        return f"what {where} asks for is not plain"
    indent, end = len(body) - len(body.lstrip()), len(body.rstrip())
    lines[number - 1] = f"{body[:indent]}{written}{lines[number - 1][end:]}"
    return tree.write(path, "".join(lines))


def _meant(rest: str) -> str | None:
    """Return the specifier that is meant; None where that is not plain."""
    for pattern, written in _MEANT:
        changed = pattern.sub(written, rest, count=1)
        if changed != rest:
            return changed
    return None
