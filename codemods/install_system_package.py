"""Install the system packages that a requirement or a command needs.

The slim images of Python have no compiler, no headers, no git, no curl and few shared libraries. pip needs them for
distributions without a wheel (`No such file or directory: 'gcc'`) and for requirements from a git repository (`Cannot find
command 'git'`); scripts and commands call programs that are not there (`curl: not found`, `failed to spawn command: tini`), and
some wheels look for a library of the system (`libGL.so.1: cannot open shared object file`). The packages go into the
`apt-get install` (on Alpine the `apk add`) that stands above, else into one of their own, which root runs.

Before:                                   After:

    RUN pip install -r requirements.txt       RUN apt-get update \\
                                                  && apt-get install -y --no-install-recommends git \\
                                                  && rm -rf /var/lib/apt/lists/*
                                              RUN pip install -r requirements.txt

References: https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image import debian
from bot.engine.model.dockerfile import Dockerfile
from bot.engine.model.findings import Fault, MissingProgram, MissingSystem, Weakness
from bot.engine.model.tree import Splice, Tree, splice
from bot.engine.report import Report
from codemods import _debian, _dockerfile

CODEMOD = Codemod(
    answers=("system-package-missing", "system-library-missing", "program-missing", "command-not-found"), since="0.1", rank=40
)
_FIRST = ("RUN", "COPY", "ADD", "USER", "EXPOSE", "HEALTHCHECK", "VOLUME", "CMD", "ENTRYPOINT")  # what packages go in front of


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose the packages in front of the RUN that needs them, or at the head of the stage that is started."""
    detail = finding.detail if isinstance(finding, Fault) else None
    if not isinstance(finding, Fault) or not isinstance(detail, MissingSystem | MissingProgram) or report.image is None:
        return
    file, system = report.image.file, report.image.base.system
    packages = detail.packages if isinstance(detail, MissingSystem) else tuple(filter(None, (detail.package,)))
    numbers = _dockerfile.instructions(report, finding) or _head(report)
    if not file.instructions or not numbers:
        yield Skip("there is no Dockerfile to edit")
        return
    if not packages:
        yield Skip("no package of the image's system brings it")
        return
    release = system.release if system and system.release else ""
    known = {name: _today(name, release, file.text) for name in packages}
    gone = next((name for name, names in known.items() if not names), None)
    if gone:
        yield Skip(f"Debian {release} has no {gone}")
        return
    packages = tuple(dict.fromkeys(name for names in known.values() for name in names))
    manager = "apk" if system and system.family == "alpine" else "apt"
    first = {_dockerfile.start(file, number): number for number in reversed(numbers)}  # of each stage
    by_process = detail.instruction is None
    edits = [_edit(file, number, packages, manager, by_process) for number in first.values()]
    if None in edits:
        yield Skip("packages are installed as another user than root would be")
        return
    who = (detail.distribution or "A requirement") if isinstance(detail, MissingSystem) else f"`{detail.name}`"
    rationale = f"{who} needs {', '.join(packages)}, which the image lacks."
    yield Proposal(tree.write(report.image.dockerfile, splice(file.text, list(filter(None, edits)))), rationale)


def _today(name: str, release: str, text: str) -> tuple[str, ...]:
    """Return what a release calls a package; nothing where it has no such one."""
    if debian.standing(name, release) not in ("refused", "unknown"):
        return (name,)
    found = _debian.answer(name, release, text)
    return found.names if found else ()


def _head(report: Report) -> list[int]:
    """Return the instruction of the final stage in front of which packages are best installed."""
    if report.image is None:
        return []
    own = {item.start for item in report.image.instructions}
    items = enumerate(report.image.file.instructions)
    return [index for index, item in items if item.start in own and item.name in _FIRST][:1]


def _edit(file: Dockerfile, number: int, packages: tuple[str, ...], manager: str, by_process: bool) -> Splice | None:
    words = " ".join(packages)
    last = _dockerfile.end(file, number) if by_process else number
    for item in reversed(file.instructions[_dockerfile.start(file, number) : last]):
        found = _dockerfile.install(file, item, manager)
        if found is not None:
            return Splice(found, found, f" {words}")
    if not _dockerfile.by_root(file, number):
        return None
    item = file.instructions[number]
    if manager == "apk":
        return _dockerfile.line_before(file, item, f"RUN apk add --no-cache {words}")
    return _dockerfile.line_before(
        file,
        item,
        "RUN apt-get update \\",
        f"    && apt-get install -y --no-install-recommends {words} \\",
        "    && rm -rf /var/lib/apt/lists/*",
    )
