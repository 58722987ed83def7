"""Expose the port that the service has, where a variable without a value should say it.

`EXPOSE $PORT` is read while the image is built. Fly and Render set PORT when the app starts, so at that time the variable is
empty: BuildKit exposes nothing and says nothing, buildah and podman refuse the line (`EXPOSE requires at least one argument`).
EXPOSE only documents a port, and no platform needs it; it is right once it names the port that the service has. The line is put
right when the deploy is repaired (or with `--select set-exposed-port`).

Before:                                   After (fly.toml has `internal_port = 8080`):

    EXPOSE $PORT                              EXPOSE 8080

References: https://docs.docker.com/reference/dockerfile/#expose; buildah and podman tried on 2026-11-29.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.stage import Image
from bot.engine.model import dockerfile
from bot.engine.model.dockerfile import Instruction
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Tree, splice
from bot.engine.report import Report

CODEMOD = Codemod(answers=("expose-unset",), since="0.1", along="target")
_VARIABLE = re.compile(r"\$(?:(?P<bare>\w+)|\{(?P<braced>\w+)\})")


def find(report: Report, tree: Tree) -> Iterator[Weakness]:
    """Yield each EXPOSE of a variable that has no value while the image is built."""
    if report.image is None:
        return
    for item, name in _unset(report.image):
        reason = f"{name} has no value while the image is built: nothing is exposed, and buildah and podman refuse the line."
        place = Place(report.image.dockerfile, item.line)
        yield Weakness("expose-unset", "build", f"EXPOSE ${name} exposes nothing", reason, place, subject=name)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the port of the one service that there is."""
    image = report.image
    ports = {service.port for service in report.target.services}
    if image is None or not isinstance(finding, Weakness):
        return
    if len(ports) != 1:
        yield Skip("which port the service has is not clear")
        return
    [port] = ports
    words = [item.words[0] for item, name in _unset(image) if name == finding.subject]
    edits = [dockerfile.replace_word(word, str(port), False) for word in words]
    yield Proposal(tree.write(image.dockerfile, splice(image.file.text, edits)), f"The service's port is {port}.")


def _unset(image: Image) -> Iterator[tuple[Instruction, str]]:
    """Yield the EXPOSE lines of the final stage that name one variable alone, which no ENV and no ARG may give a value."""
    given = {name for name, value in image.env.items() if value != ""}
    given |= {word.value.partition("=")[0] for item in image.file.instructions if item.name == "ARG" for word in item.words}
    for item in image.instructions:
        if item.name == "EXPOSE" and len(item.words) == 1:
            found = _VARIABLE.fullmatch(item.words[0].value)
            name = (found["bare"] or found["braced"]) if found else ""
            if name and name not in given:
                yield item, name
