"""A Dockerfile in place of a buildpack, which builds the folder where the deploy starts and sees nothing above it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, MissingModule, Safety
from bot.engine.model.tree import Splice, Tree, join, name, newline, parent, splice
from bot.engine.report import Report
from codemods import _dockerfiles, _packages, _toml, move_fly_toml

_KEYS = ("builder", "buildpacks")
_MOST = 12  # folders that are copied


def replaced(finding: Fault, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a Dockerfile in the folder that holds what is missing, the config beside it, and no builder."""
    missing, inner = finding.detail, report.start.directory
    if not isinstance(missing, MissingModule) or report.target.platform != "fly":
        return
    config = report.target.config
    outer = _holding(tree, inner, missing.name.partition(".")[0])
    if outer is None or parent(config) != inner or not config.endswith(".toml"):
        yield Skip("what is missing does not lie beside the folder that the buildpack sees")
        return
    wanted = join(outer, "Dockerfile") or ""
    if tree.kind(wanted) is not None or tree.hidden(wanted) or tree.other_case(wanted):
        yield Skip(f"{wanted} is there")
        return
    if not all(process.argv for process in report.target.processes):
        yield Skip("the builder says what is started, and a Dockerfile would have to")
        return
    below = posixpath.relpath(inner, outer or ".")
    source = _dockerfiles.source(tree, outer, below) or _dockerfiles.source(tree, outer, "")
    if source is None or not source.manifests:
        yield Skip("no requirements lie where the deploy is started")
        return
    text = _text(tree, report, source, outer, below).replace("\n", newline(tree.text(config)))
    moved = move_fly_toml.moved(tree.write(wanted, text), report, config, _path(outer, name(config)), outer)
    changed = _without_builder(moved.tree, _path(outer, name(config))) if moved else None
    if moved is None or changed is None:
        yield Skip("the config has no builder on a line of its own")
        return
    rationale = (
        f"The buildpack sees `{inner}/` alone, and `{missing.name}` lies outside of it: a Dockerfile in "
        f"{f'`{outer}/`' if outer else 'the root'} copies both."
    )
    yield moved._replace(tree=changed, rationale=rationale, safety=_safety(finding), through=None)


def _safety(finding: Fault) -> Safety:
    return "safe" if finding.confidence == "certain" else "unsafe"


def _path(folder: str, last: str) -> str:
    return f"{folder}/{last}" if folder else last


def _holding(tree: Tree, inner: str, top: str) -> str | None:
    """Return the nearest folder above that has a module of a name, or is the one that holds the package itself."""
    folder = inner
    while folder:
        folder = parent(folder)
        if tree.is_folder(_path(folder, top)) or tree.is_file(_path(folder, f"{top}.py")):
            return folder
    return None


def _text(tree: Tree, report: Report, source: _dockerfiles.Source, outer: str, below: str) -> str:
    port = report.target.services[0].port if report.target.services else 8080
    lines = [*_dockerfiles.head(_dockerfiles.python(tree, source.path)), *_dockerfiles.install(source), ""]
    lines += [f"COPY {each} ./{each}" for each in _needed(tree, outer, below)]
    lines += ["", "ENV PYTHONPATH=/app", f"WORKDIR /app/{below}", *_dockerfiles.tail(port, None)]
    return "\n".join(lines) + "\n"


def _needed(tree: Tree, outer: str, below: str) -> list[str]:
    """Return the folders and modules that the code needs, its own the last: what it imports, and what that imports."""
    layout = _packages.layout(tree, outer)
    beside = [*layout.packages, *(f"{stem}.py" for stem in layout.modules)]
    first = below.partition("/")[0]
    found, queue = [first], [first]
    while queue and len(found) < _MOST:
        folder = queue.pop()
        for each in beside:
            if each not in found and _packages.imports(tree, _path(outer, folder), each.removesuffix(".py")):
                found.append(each)
                queue.append(each)
    return [*sorted(found[1:]), first]


def _without_builder(tree: Tree, config: str) -> Tree | None:
    """Return the tree whose config names the Dockerfile instead of a builder."""
    text = tree.text(config)
    document = toml.read(text)
    lines = [statement for key in _KEYS if (statement := _toml.statement(document, ("build", key)))]
    span = document.spans.get(("build", "builder"))
    if not lines or span is None:
        return None
    named = _toml.statement(document, ("build", "dockerfile"))
    edits = [_toml.cut(text, line.start, line.end) for line in lines if line.path[-1] != "builder" or named]
    if not named:
        edits.append(Splice(span.key_start, span.end, f"dockerfile = {toml.quoted('Dockerfile', text[span.start : span.end])}"))
    return tree.write(config, splice(text, edits))
