"""Move the config to the folder from which the build can see everything that the Dockerfile copies.

flyctl takes the build context from the folder in which the deploy is started, which is the config's own unless a command
in the repository says otherwise, and no key of the config can change that. A Dockerfile in `backend/` that copies
`shared_core` from beside it never finds it:
`failed to calculate checksum of ref …: "/shared_core": not found`. With the config in the root, `fly deploy` starts there.
The other way round, a config in the root whose only Dockerfile copies what lies beside it belongs next to that Dockerfile.

Paths inside the config are rewritten, and the workflows and scripts that call flyctl follow along. A file that is there is
never replaced.

Before:                                   After:

    backend/fly.toml                          fly.toml
      [build]                                   [build]
        dockerfile = "Dockerfile"                 dockerfile = "backend/Dockerfile"
    .github/workflows/deploy.yml              .github/workflows/deploy.yml
      - run: flyctl deploy                      - run: flyctl deploy
        working-directory: backend

References: https://fly.io/docs/launch/monorepo/, https://fly.io/docs/reference/configuration/#the-build-section
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from bot.engine.codemod import Codemod, Proposal, Skip
from bot.engine.model import toml
from bot.engine.model.findings import Fault, Place, Weakness
from bot.engine.model.tree import Tree, join, name, parent, position
from bot.engine.platforms import fly, starts, survey
from bot.engine.report import Report
from codemods import _deploy, _dockerfiles, _toml

CODEMOD = Codemod(
    answers=("copy-source-missing", "dockerfile-not-found", "no-dockerfile", "requirements-missing"),
    since="0.1",
    platform="fly",
)


def propose(finding: Fault | Weakness, report: Report, tree: Tree) -> Iterator[Proposal | Skip]:
    """Propose every folder above the config, the root first, and the folders that hold a Dockerfile."""
    old = report.target.config
    if report.start.why.startswith("--from"):
        yield Skip("the folder that the deploy is started from was given with --from")
        return
    if old.endswith((".json", ".yaml")):
        yield Skip("only TOML is edited")
        return
    for folder in _folders(tree, old, report):
        new = f"{folder}/{name(old)}" if folder else name(old)
        if name(new) in tree.entries(folder):
            yield Skip(f"{new} is there already, and no file is replaced")
            continue
        yield moved(tree, report, old, new, folder) or Skip(f"the paths in {old} can't be counted from {folder or 'the root'}")


def _folders(tree: Tree, config: str, report: Report) -> list[str]:
    """Return where the config could lie instead, in the order of convention."""
    folders: list[str] = []
    above = parent(config)
    while above:
        above = parent(above)
        folders.insert(0, above)
    if report.image is None and report.target.build.dockerfile is None:
        fitting = _dockerfiles.meant(tree, report.target, parent(config)) or survey.dockerfiles(tree)
        beside = {parent(path) for path in fitting if name(path) in ("Dockerfile", "dockerfile")}
        if len(beside) == 1:  # of several, each may build another app
            folders += sorted(beside - {parent(config)} - set(folders))
    elif report.image is not None and parent(report.image.dockerfile) not in (parent(config), *folders):
        folders.append(parent(report.image.dockerfile))
    return folders


def moved(tree: Tree, report: Report, old: str, new: str, folder: str) -> Proposal | None:
    """Return the tree with the config at its new place and everything that names it following."""
    moved = tree.move(old, new)
    text = _paths_rewritten(tree, report, tree.text(old), parent(old), folder)
    text = _local_files_rewritten(tree, text, report.start.directory, folder) if text is not None else None
    if text is None:
        return None
    moved = moved.write(new, text)
    known = starts.find(tree, survey.evidence(tree))
    moved, manual = _deploy.follow(moved, [deploy for deploy in known if _deploys(deploy, old)], old, folder, new)
    said = [deploy for deploy in starts.in_comments(old, tree.text(old)) if _deploys(deploy, old)]
    manual += tuple(f"A comment in {new}, line {deploy.place.line}, tells how it was deployed until now." for deploy in said)
    unclear = [
        f"{place.path}:{place.line}" for place in starts.unclear(tree, survey.evidence(tree)) if _is_new(tree, place, known)
    ]
    if unclear:
        manual = (*manual, f"{', '.join(unclear)} deploys from a folder that was not followed: see that it is the right one.")
    ignore = f"{report.start.directory}/.dockerignore" if report.start.directory else ".dockerignore"
    if tree.is_file(ignore) and report.start.directory != folder:
        shared = f"{folder}/.dockerignore" if folder else ".dockerignore"
        manual = (
            *manual,
            f"{ignore} is no longer read: the build context is now the folder of {new}, whose own file is {shared}.",
        )
    where = f"`{folder}/`" if folder else "the repository's root"
    what = f"`{parent(old) or '.'}/`"
    rationale = (
        f"flyctl builds with the folder of the config as its context, and {what} does not hold all that the Dockerfile copies. "
        f"With {name(new)} in {where}, the build sees it."
    )
    return Proposal(moved, rationale, "safe", manual, fly.deploy_command(folder, new), through="build")


def _deploys(deploy: starts.Deploy, config: str) -> bool:
    """Say whether a command deploys this config, by its name or from its folder."""
    return (deploy.config or join(deploy.directory, "fly.toml")) == config


def _is_new(tree: Tree, place: Place, known: list[starts.Deploy]) -> bool:
    """Say whether a line is no part of a step whose commands were followed; those count as standing in its first line."""
    steps = [deploy for deploy in known if deploy.step is not None and deploy.place.path == place.path]
    text = tree.text(place.path)
    return not any(deploy.place.line <= place.line <= position(text, deploy.end)[0] for deploy in steps)


def _paths_rewritten(tree: Tree, report: Report, text: str, old: str, new: str) -> str | None:
    """Return the config's text with its paths counted from the new folder; None when they lead nowhere from there."""
    written = _of_build(text, "dockerfile")
    if written is None:
        found = fly.dockerfile_in(tree, report.start.directory)
        if found is None and fly.dockerfile_in(tree, new) is None:
            named = [path for path in _dockerfiles.meant(tree, report.target, old) if parent(path) == new]
            return _toml.insert_string(text, "build", "dockerfile", name(named[0])) if len(named) == 1 else None
        if found is None:
            return text
        return (
            text
            if fly.dockerfile_in(tree, new) == found
            else _toml.insert_string(text, "build", "dockerfile", _relative(found, new))
        )
    for base in (old, new):  # where it leads today, else where it would lead from the new place
        path = join(base, written.lstrip("/"))
        if path and tree.is_file(path):
            relative = written if base == new else _relative(path, new)
            changed = _toml.set_string(text, ("build", "dockerfile"), relative) if relative != written else text
            return _ignorefile_rewritten(changed, old, new) if changed is not None else None
    return None


def _of_build(text: str, key: str) -> str | None:
    build = toml.read(text).data.get("build")
    value = build.get(key) if isinstance(build, dict) else None
    return value if isinstance(value, str) and value else None


def _ignorefile_rewritten(text: str, old: str, new: str) -> str:
    value = _of_build(text, "ignorefile")
    path = join(old, value) if value else None
    changed = _toml.set_string(text, ("build", "ignorefile"), _relative(path, new)) if path else None
    return changed or text


def _local_files_rewritten(tree: Tree, text: str, old: str, new: str) -> str | None:
    """Return the config's text with the `local_path` of each [[files]], which counts from where the deploy is started."""
    listed = toml.read(text).data.get("files")
    changed: str | None = text
    for index, entry in enumerate(listed if isinstance(listed, list) and old != new else ()):
        value = entry.get("local_path") if isinstance(entry, dict) else None
        path = join(old, value) if isinstance(value, str) and not value.startswith("/") else None
        if path and changed is not None and tree.is_file(path):
            changed = _toml.set_string(changed, ("files", index, "local_path"), _relative(path, new))
    return changed


def _relative(path: str, folder: str) -> str:
    return posixpath.relpath(path, folder or ".")
