"""One walk over the tree: which files may be configs of a platform, and which may say how a deploy is started."""

from __future__ import annotations

import re

from bot.engine.model.target import Target
from bot.engine.model.tree import Tree, Unreadable, name
from bot.engine.platforms import builds, fly, render, starts
from bot.engine.platforms.before import Doubt
from bot.engine.platforms.builds import OtherBuild

SKIPPED = frozenset(
    ".git node_modules bower_components __pycache__ site-packages .tox .nox .mypy_cache .ruff_cache .pytest_cache"
    " .venv venv vendor third_party third-party .terraform .next .svn .hg Pods".split()
)
_NAMING = frozenset(["", *"yml yaml toml md mdx rst sh bash zsh ps1 bat cmd mk just".split()])  # what deploys are written in
_CODE = frozenset("json json5 txt py js mjs ts rb tf".split())  # these too, not far from the root


def files(tree: Tree) -> list[str]:
    """Return the repository's own files."""
    return _walk(tree, "", ())


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
    configs, blueprints, evidence = [], [], []
    for path in _walk(tree, "", exclude):
        if fly.is_config(path):
            configs.append(path)
        elif render.is_config(path):
            blueprints.append(path)
        elif starts.is_evidence(path):
            evidence.append(path)
    deploys = starts.find(tree, evidence) if start is None else []
    if config is not None:
        blueprints = [path for path in blueprints if path == config]
        configs = [] if blueprints else [config]
        deploys = [deploy for deploy in deploys if deploy.config in (None, config)]
    else:
        deploys = [deploy for deploy in deploys if not deploy.config or not _excluded(deploy.config, exclude)]
    known = [path for path in configs if tree.is_file(path)]
    return [*fly.targets(tree, known, deploys, start), *render.targets(tree, blueprints)]


def doubts(tree: Tree, config: str) -> list[Doubt]:
    """Return why a config that no followed command deploys may be deployed from another folder than its own.

    A deploy with a `--config` that can't be told may be its own, and a file that names it from the root may deploy it from
    there. Without `--config`, flyctl takes the one that lies where it is started.
    """
    files = _walk(tree, "", ())
    for place in starts.unclear(tree, [path for path in files if starts.is_evidence(path)]):
        command = re.match(r"(?:.*\\\r?\n)*.*", "\n".join(tree.text(place.path).split("\n")[place.line - 1 :]))
        if command and re.search(r"\s(?:-c|--config)\b", command[0]):
            return [Doubt("start", f"{place.path}:{place.line} deploys with a config, or from a folder, that was not followed")]
    for path in files if "/" in config else ():
        line = _line_naming(tree, path, config) if _may_name(path, config) else None
        if line is not None:
            return [Doubt("start", f"{path}:{line} names {config}, and what it does was not followed")]
    return []


def _may_name(path: str, config: str) -> bool:
    """Say whether a file may hold a deploy of some sort: a task, another CI, a script, a text."""
    last = name(path)
    suffix = last.rpartition(".")[2] if "." in last[1:] else ""
    ours = path in (config, "deploymend.toml") or is_dockerfile(last) or last.endswith("ignore")
    return not ours and ((path.count("/") < 4 and suffix in _NAMING) or (path.count("/") < 2 and suffix in _CODE))


def _line_naming(tree: Tree, path: str, config: str) -> int | None:
    """Return the line of a file that names a config, where it does something with it; in a text, where it deploys it."""
    try:
        text = tree.text(path)
    except Unreadable:
        return None
    for number, line in enumerate(text.split("\n") if config in text else (), start=1):
        listed = line.strip().lstrip("-!/ \t\"'").rstrip(",\"'") == config  # of paths that something watches
        told = path.endswith((".md", ".mdx", ".rst")) and "deploy" not in line
        setting = name(path) == "pyproject.toml" and line.lstrip().startswith("config")  # our own
        if config in line and not (listed or told or setting):
            return number
    return None


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
