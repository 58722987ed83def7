"""Tell Render in which folder a service lies.

Without `rootDir` a service's commands run in the root of the clone, and a Dockerfile is looked for there; with it, in that
folder. `pip install -r requirements.txt` for an app in `backend/` then stops with `Could not open requirements file`.

Before:                                   After:

    - type: web                               - type: web
      name: api                                 name: api
      buildCommand: pip install -r              rootDir: backend
        requirements.txt                        buildCommand: pip install -r
                                                  requirements.txt

References: https://render.com/docs/monorepo-support, https://render.com/docs/blueprint-spec
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.image.build import build
from bot.engine.model.findings import Fault, MissingFile, MissingSource, Weakness
from bot.engine.model.toml import Path
from bot.engine.model.tree import Tree, name, parent
from bot.engine.platforms import survey
from bot.engine.report import Report
from codemods import _yaml

CODEMOD = Codemod(
    answers=(
        "copy-source-missing",
        "dockerfile-not-found",
        "entry-not-found",
        "no-dockerfile",
        "project-metadata-missing",
        "requirements-missing",
        "root-dir-missing",
        "run-file-missing",
        "script-missing",
    ),
    since="0.1",
    platform="render",
)
_BEHIND = ("name", "runtime", "env", "type")
_PLACES = ("rootDir", "dockerfilePath", "dockerContext")
_MOST = 6  # folders that are tried


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose a folder, or the paths of a Dockerfile and its context; the simulation says which of them deploys."""
    if report.target.platform != "render" or not isinstance(finding, Fault):
        return
    config, service = report.target.config, report.target.key
    meant = next((key for key in report.target.ignored if key.near in _PLACES and key.path[:-1] == service), None)
    if meant is not None:
        yield Skip(f"`{meant.path[-1]}` may say it")
        return
    if report.target.build.native:
        now = report.target.build.native.folder
        for folder in _folders(finding, tree, config, now):
            without = "`rootDir` names another folder" if now else "without `rootDir` its commands run in the root of the clone"
            rationale = f"The service lies in {folder}/, and {without}."
            yield from _with(tree, config, service, {"rootDir": folder}, rationale)
        return
    known = [report.image.dockerfile] if report.image else survey.dockerfiles(tree)[:_MOST]
    for path in known:
        for context in dict.fromkeys((parent(path), "")):
            built = build(tree, path, context, report.target.build, "")
            if any(isinstance(fault.detail, MissingSource) for fault in built.faults):
                continue  # another context that lacks something is no better
            rationale = f"The Dockerfile lies at {path}, and what it copies in {context or 'the root'}{'/' if context else ''}."
            values = {"dockerfilePath": f"./{path}", "dockerContext": f"./{context}" if context else "."}
            if not context and _written(tree.text(config), (*service, "rootDir")):
                above = {"rootDir": None, **values}
                yield from _with(tree, config, service, above, f"{rationale} `rootDir` leaves the rest of the root out.")
            yield from _with(tree, config, service, values, rationale)


def _folders(fault: Fault, tree: Tree, config: str, now: str) -> list[str]:
    """Return folders that hold what the build misses: first the one in which the Blueprint lay."""
    wanted = name(fault.detail.path) if isinstance(fault.detail, MissingFile) else "requirements.txt"
    gone = fault.code == "root-dir-missing"
    names = {"main.py", "requirements.txt"} if gone else {"main.py", wanted}
    found = [parent(path) for path in survey.files(tree) if name(path) in names]
    likely = parent(tree.origin(config))
    folders = sorted({folder for folder in found if folder not in ("", now)}, key=lambda each: (each.count("/"), each))
    first = [tree.other_case(now) if gone else None, likely if likely in folders else None]
    return list(dict.fromkeys([*(folder for folder in first if folder), *folders]))[:_MOST]


def _with(tree: Tree, config: str, service: Path, values: Mapping[str, str | None], rationale: str) -> Iterator[Proposal]:
    """Propose values of a service's keys; None takes a key away."""
    text: str | None = tree.text(config)
    for key, value in values.items():
        if text is not None and value is None:
            text = _yaml.delete(text, (*service, key))
        if text is None or value is None or _same(text, (*service, key), value):
            continue
        text = _yaml.set_value(text, (*service, key), value) or _yaml.insert(text, service, _BEHIND, key, value)
    if text is not None and text != tree.text(config):
        yield Proposal(tree.write(config, text), rationale)


def _same(text: str, path: Path, value: str) -> bool:
    return posixpath.normpath(_written(text, path) or ".") == posixpath.normpath(value)


def _written(text: str, path: Path) -> str:
    """Return what a key says, "" where it is not there."""
    from bot.engine.model import yaml

    span = yaml.read(text).spans.get(path)
    return text[span.start : span.end].strip("\"' ") if span else ""
