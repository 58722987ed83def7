"""One walk over the tree: which files may be configs of a platform, and which may say how a deploy is started."""

from __future__ import annotations

from bot.engine.model.target import Target
from bot.engine.model.tree import Tree, name
from bot.engine.platforms import builds, fly, starts
from bot.engine.platforms.builds import OtherBuild

SKIPPED = frozenset(
    ".git node_modules bower_components __pycache__ site-packages .tox .nox .mypy_cache .ruff_cache .pytest_cache"
    " .venv venv vendor third_party third-party .terraform .next .svn .hg Pods".split()
)


def evidence(tree: Tree) -> list[str]:
    """Return the files that may hold deploy commands."""
    return [path for path in _walk(tree, "", ()) if starts.is_evidence(path)]


def other_builds(tree: Tree) -> list[OtherBuild]:
    """Return the builds of the tree's Dockerfiles that are no deploy."""
    return builds.find(tree, [path for path in _walk(tree, "", ()) if builds.is_evidence(path)])


def dockerfiles(tree: Tree) -> list[str]:
    """Return every file that is called like a Dockerfile."""
    return [path for path in _walk(tree, "", ()) if is_dockerfile(name(path))]


def is_dockerfile(last: str) -> bool:
    """Say whether a file's name is one that people give a Dockerfile."""
    lower = last.lower()
    return (lower.startswith("dockerfile") and not lower.endswith((".dockerignore", ".md"))) or lower.endswith(".dockerfile")


def targets(tree: Tree, config: str | None, start: str | None, exclude: tuple[str, ...]) -> list[Target]:
    """Return every target of the tree, or those of one config."""
    configs, evidence = [], []
    for path in _walk(tree, "", exclude):
        if fly.is_config(path):
            configs.append(path)
        elif starts.is_evidence(path):
            evidence.append(path)
    deploys = starts.find(tree, evidence) if start is None else []
    if config is not None:
        configs = [config]
        deploys = [deploy for deploy in deploys if deploy.config in (None, config)]
    else:
        deploys = [deploy for deploy in deploys if not deploy.config or not _excluded(deploy.config, exclude)]
    known = [path for path in configs if tree.is_file(path)]
    return list(fly.targets(tree, known, deploys, start))


def _excluded(path: str, exclude: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in exclude)


def _walk(tree: Tree, folder: str, exclude: tuple[str, ...]) -> list[str]:
    """Return the files below `folder`, without virtual environments, vendored code and what the settings exclude."""
    entries = tree.entries(folder)
    if "pyvenv.cfg" in entries:
        return []
    found = []
    for entry in sorted(entries):
        path = f"{folder}/{entry}" if folder else entry
        if entry in SKIPPED or _excluded(path, exclude):
            continue
        if entries[entry] == "file":
            found.append(path)
        elif entries[entry] == "folder":
            found.extend(_walk(tree, path, exclude))
    return found
